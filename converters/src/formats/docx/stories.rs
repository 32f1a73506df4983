//! The stories of a document in the order they are written: headers, body, notes, footers.
//!
//! A part that a relationship names and the package lacks is a warning; a part that is there but damaged is an
//! error, because half a document that looks whole is worse than none.

use std::collections::HashSet;

use crate::limits::Meter;
use crate::markdown::{self, Writer};
use crate::ooxml::links::Links;
use crate::ooxml::{Ooxml, Relationship, document_properties};
use crate::options::HiddenContent;
use crate::output::Output;
use crate::xml::{Event, Reader, Source};
use crate::{ConvertError, Input, Options, Result, Sink};

use super::comments::Comments;
use super::notes::{NoteKind, Notes};
use super::numbering::Numbering;
use super::styles::Styles;
use super::tally::Tally;
use super::walker::{Document, Walker};

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
    let mut document = open(&mut ooxml, &relationships, options)?;
    document.tally.macros = u64::from(relationships.iter().any(|r| r.kind == "vbaProject"));
    let front =
        if options.front_matter { document_properties::read(&mut ooxml)?.into_yaml() } else { String::new() };
    let mut output = Output::new(meter, sink, document.form().part_kind(), front);
    let mut has_text = edges(&mut ooxml, &relationships, "header", &mut document, &mut output)?;
    has_text |= main_story(&mut ooxml, &main, &mut document, &mut output)?;
    for kind in [NoteKind::Footnote, NoteKind::Endnote] {
        has_text |= notes(&mut ooxml, &relationships, kind, &mut document, &mut output)?;
    }
    has_text |= edges(&mut ooxml, &relationships, "footer", &mut document, &mut output)?;
    has_text |= building_blocks(&mut ooxml, &relationships, &mut document, &mut output)?;
    if !has_text {
        return Err(ConvertError::NoText);
    }
    document.tally.report(sink);
    Ok(())
}

/// Returns the first part of this kind that the package holds.
fn find<'r>(
    ooxml: &mut Ooxml<'_>,
    relationships: &'r [Relationship],
    kind: &str,
    tally: &mut Tally,
) -> Option<&'r str> {
    let found = relationships.iter().find(|r| r.kind == kind && !r.external)?;
    if ooxml.package().contains(&found.target) {
        return Some(&found.target);
    }
    tally.missing_parts += 1;
    None
}

/// Reads what the stories look up.
fn open<'a>(
    ooxml: &mut Ooxml<'a>,
    relationships: &[Relationship],
    options: &'a Options,
) -> Result<Document<'a>> {
    let meter = ooxml.meter();
    let mut document = Document {
        meter,
        options,
        styles: Styles::default(),
        numbering: Numbering::default(),
        comments: Comments::default(),
        notes: Notes::default(),
        tally: Tally::default(),
    };
    if let Some(part) = find(ooxml, relationships, "styles", &mut document.tally)
        && let Some(mut reader) = ooxml.xml(part)?
    {
        document.styles = Styles::read(&mut reader, meter)?;
    }
    if let Some(part) = find(ooxml, relationships, "numbering", &mut document.tally)
        && let Some(mut reader) = ooxml.xml(part)?
    {
        document.numbering = Numbering::read(&mut reader, meter)?;
    }
    if let Some(part) = find(ooxml, relationships, "comments", &mut document.tally) {
        comments(ooxml, part, &mut document)?;
    }
    Ok(document)
}

fn comments(ooxml: &mut Ooxml<'_>, part: &str, document: &mut Document<'_>) -> Result<()> {
    let links = Links::read(ooxml, part, document.form())?;
    document.tally.missing_parts += links.missing();
    let Some(mut reader) = ooxml.xml(part)? else {
        return Ok(());
    };
    loop {
        match reader.next_event()? {
            Event::Start(tag) if tag.local() == b"comment" => {
                let id = tag.value(b"id").unwrap_or_default().into_owned();
                let author = tag.value(b"author").unwrap_or_default().into_owned();
                let text = one(&mut reader, document, &links, Writer::single_line(document.form()))?.0;
                let form = document.form();
                document.comments.insert(&id, &author, &text, (form, document.meter))?;
            }
            Event::Eof => return Ok(()),
            Event::Start(_) | Event::End(_) | Event::Text(_) => {}
        }
    }
}

/// Walks the element whose start tag came last; returns its Markdown and whether there is text in it.
fn one<S: Source>(
    reader: &mut Reader<S>,
    document: &mut Document<'_>,
    links: &Links,
    writer: Writer,
) -> Result<(String, bool)> {
    let mut walker = Walker::new(document, links, writer);
    walker.walk(reader, None)?;
    let has_text = walker.writer.has_text();
    Ok((walker.writer.finish(), has_text))
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
        let (text, has_text) = one(&mut reader, document, &links, Writer::with(document.form()))?;
        to_end(&mut reader)?;
        if has_text && !seen.contains(&text) {
            output.begin_section();
            output.write(&text)?;
            seen.insert(text);
        }
    }
    Ok(!seen.is_empty())
}

fn main_story(
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
    output.begin_section();
    let mut walker = Walker::new(document, &links, Writer::with(document.form()));
    walker.walk(&mut reader, Some(output))?;
    let has_text = walker.writer.has_text();
    output.write(&walker.writer.finish())?;
    to_end(&mut reader)?;
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
    let mut glossary = open(ooxml, &related, document.options)?;
    glossary.tally = std::mem::take(&mut document.tally);
    let has_text = main_story(ooxml, part, &mut glossary, output);
    document.tally = glossary.tally;
    document.tally.hidden += u64::from(*has_text.as_ref().unwrap_or(&false));
    has_text
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
                let (text, has_text) = one(&mut reader, document, &links, Writer::with(document.form()))?;
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
