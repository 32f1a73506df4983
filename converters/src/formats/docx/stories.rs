//! The stories of a document in the order they are written: headers, body, notes, footers.
//!
//! A part that a relationship names and the package lacks is a warning; a part that is there but damaged is an
//! error, because half a document that looks whole is worse than none.

use std::collections::HashSet;

use crate::limits::Meter;
use crate::markdown;
use crate::ooxml::links::Links;
use crate::ooxml::{Ooxml, Relationship, document_properties};
use crate::options::HiddenContent;
use crate::output::Output;
use crate::xml::{Event, Reader, Source};
use crate::{ConvertError, Input, Options, Result, Sink};

use super::chunks::Chunks;
use super::document::{Document, find};
use super::notes::NoteKind;
use super::tally::Tally;
use super::walker::Walker;

/// Converts the document in `input`.
pub(super) fn convert(
    input: &mut dyn Input,
    options: &Options,
    meter: &Meter,
    sink: &mut dyn Sink,
) -> Result<()> {
    let mut ooxml = Ooxml::open(input, meter)?;
    let main = ooxml.main_part()?;
    let relationships = ooxml.relationships(&main)?;
    let mut document = Document::open(&mut ooxml, &relationships, options, Tally::default())?;
    document.tally.macros = u64::from(relationships.iter().any(|r| r.kind == "vbaProject"));
    let front =
        if options.front_matter { document_properties::read(&mut ooxml)?.into_yaml() } else { String::new() };
    let mut output = Output::new(meter, sink, document.form().part_kind(), front);
    let mut has_text = edges(&mut ooxml, &relationships, "header", &mut document, &mut output)?;
    has_text |= main_story(&mut ooxml, &main, &relationships, &mut document, &mut output)?;
    has_text |= edges(&mut ooxml, &relationships, "footer", &mut document, &mut output)?;
    has_text |= building_blocks(&mut ooxml, &relationships, &mut document, &mut output)?;
    if !has_text {
        return Err(ConvertError::NoText);
    }
    document.tally.report(sink);
    Ok(())
}

/// Walks the element whose start tag came last; returns what was not handed on, and whether there is text in it.
fn walk<S: Source>(
    reader: &mut Reader<S>,
    document: &mut Document<'_>,
    links: &Links,
    output: Option<&mut Output<'_>>,
) -> Result<(String, bool)> {
    let writer = document.writer();
    let mut walker = Walker::new(document, links, writer);
    walker.walk(reader, output)?;
    let writer = walker.writer;
    document.tally.merged += writer.merged();
    let has_text = writer.has_text();
    Ok((writer.finish(), has_text))
}

/// Writes the headers or footers, each distinct text once.
fn edges(
    ooxml: &mut Ooxml<'_>,
    relationships: &[Relationship],
    kind: &str,
    document: &mut Document<'_>,
    output: &mut Output<'_>,
) -> Result<bool> {
    let mut seen = HashSet::new();
    let mut parts = HashSet::new();
    for relationship in relationships.iter().filter(|r| r.kind == kind && !r.external) {
        if !parts.insert(&relationship.target) {
            continue;
        }
        let links = Links::read(ooxml, &relationship.target, document.form())?;
        document.tally.missing_parts += links.missing();
        let Some(mut reader) = ooxml.xml(&relationship.target)? else {
            document.tally.missing_parts += 1;
            continue;
        };
        enter(&mut reader)?;
        let (text, has_text) = walk(&mut reader, document, &links, None)?;
        to_end(&mut reader)?;
        if has_text && !seen.contains(&text) {
            output.begin_section();
            output.write(&text)?;
            seen.insert(text);
        }
    }
    Ok(!seen.is_empty())
}

/// Writes the body, its notes, and the comments that neither refers to.
pub(super) fn main_story(
    ooxml: &mut Ooxml<'_>,
    part: &str,
    relationships: &[Relationship],
    document: &mut Document<'_>,
    output: &mut Output<'_>,
) -> Result<bool> {
    if !document.is_inserted {
        document.chunks = Chunks::read(ooxml, relationships)?;
    }
    output.begin_section();
    let mut has_text = body(ooxml, part, document, output)?;
    for kind in [NoteKind::Footnote, NoteKind::Endnote] {
        has_text |= notes(ooxml, relationships, kind, document, output)?;
    }
    let mut writer = document.writer();
    document.comments.take_rest().into_iter().for_each(|line| writer.quote(line));
    has_text |= writer.has_text();
    output.begin_section();
    output.write(&writer.finish())?;
    Ok(has_text)
}

/// Writes the body; returns whether there is text in it.
fn body(
    ooxml: &mut Ooxml<'_>,
    part: &str,
    document: &mut Document<'_>,
    output: &mut Output<'_>,
) -> Result<bool> {
    let links = Links::read(ooxml, part, document.form())?;
    document.tally.missing_parts += links.missing();
    let Some(mut reader) = ooxml.xml(part)? else {
        return Err(ConvertError::corrupt("the package", "its main part is missing"));
    };
    let root = enter(&mut reader)?;
    if root != b"document" && root != b"glossaryDocument" {
        return Err(ConvertError::corrupt(part, "it is not a Word document"));
    }
    let (text, has_text) = walk(&mut reader, document, &links, Some(&mut *output))?;
    to_end(&mut reader)?;
    output.write(&text)?;
    Ok(has_text)
}

/// Writes the glossary document: building blocks and placeholder texts, which are stored with the document but not
/// shown in it. They count as hidden.
fn building_blocks<'a>(
    ooxml: &mut Ooxml<'a>,
    relationships: &[Relationship],
    document: &mut Document<'a>,
    output: &mut Output<'_>,
) -> Result<bool> {
    let Some(part) = find(ooxml, relationships, "glossaryDocument", &mut document.tally) else {
        return Ok(false);
    };
    if document.options.hidden_content == HiddenContent::Exclude {
        document.tally.hidden_dropped += 1;
        return Ok(false);
    }
    // Ids of styles, lists and notes mean other things in there.
    let related = ooxml.relationships(part)?;
    let tally = std::mem::take(&mut document.tally);
    let mut glossary = Document::open(ooxml, &related, document.options, tally)?;
    glossary.notes = document.notes.following();
    let has_text = main_story(ooxml, part, &related, &mut glossary, output)?;
    document.tally = glossary.tally;
    document.tally.hidden += u64::from(has_text);
    Ok(has_text)
}

/// Writes the notes that the text refers to, each as the definition of its number.
fn notes(
    ooxml: &mut Ooxml<'_>,
    relationships: &[Relationship],
    kind: NoteKind,
    document: &mut Document<'_>,
    output: &mut Output<'_>,
) -> Result<bool> {
    let referred = document.notes.count(kind);
    if referred == 0 {
        return Ok(false);
    }
    let missing_before = document.tally.missing_parts;
    let Some(part) = find(ooxml, relationships, kind.relationship(), &mut document.tally) else {
        // Without a relationship the part is missing all the same: the text refers to it.
        document.tally.missing_parts = missing_before + 1;
        return Ok(false);
    };
    let links = Links::read(ooxml, part, document.form())?;
    document.tally.missing_parts += links.missing();
    let Some(mut reader) = ooxml.xml(part)? else {
        return Ok(false);
    };
    let (mut any, mut written) = (false, 0);
    loop {
        match reader.next_event()? {
            Event::Start(tag) if tag.local() == kind.element() => {
                let id = tag.value(b"id").unwrap_or_default();
                let Some(number) = document.notes.get(kind, &id) else {
                    reader.skip_element()?;
                    continue;
                };
                let (text, has_text) = walk(&mut reader, document, &links, None)?;
                any |= has_text;
                written += 1;
                output.begin_section();
                output.write(&markdown::note(document.form(), number, &text))?;
            }
            Event::Eof => {
                document.tally.missing_parts += referred.saturating_sub(written);
                return Ok(any);
            }
            Event::Start(_) | Event::End(_) | Event::Text(_) => {}
        }
    }
}

/// Reads the start tag of the root element and returns its local name.
fn enter<S: Source>(reader: &mut Reader<S>) -> Result<Vec<u8>> {
    loop {
        match reader.next_event()? {
            Event::Start(tag) => return Ok(tag.local().to_vec()),
            Event::Eof => return Ok(Vec::new()),
            Event::End(_) | Event::Text(_) => {}
        }
    }
}

/// Reads what follows the root element, so that the part's checks are made.
fn to_end<S: Source>(reader: &mut Reader<S>) -> Result<()> {
    while !matches!(reader.next_event()?, Event::Eof) {}
    Ok(())
}
