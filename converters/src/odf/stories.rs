//! The stories of a text or presentation in the order they are written: headers, body, notes, footers.
//!
//! Headers and footers belong to master pages; each distinct text is written once. A part that is there but
//! damaged is an error, because half a document that looks whole is worse than none.

use crate::limits::Meter;
use crate::markdown;
use crate::output::Output;
use crate::xml::{Event, Reader, Source, Tag};
use crate::{ConvertError, Input, Options, Result, Sink};

use super::distinct::Distinct;
use super::flow::{Document, Walker};
use super::objects::Objects;
use super::{Odf, attribute, raw_attribute};

/// The texts of headers or footers.
#[derive(Debug, Default)]
struct Edges {
    headers: Distinct,
    footers: Distinct,
}

/// Converts the document in `input`.
pub(crate) fn convert(
    input: &mut dyn Input,
    options: &Options,
    meter: &Meter,
    sink: &mut dyn Sink,
) -> Result<()> {
    let mut odf = Odf::open(input, meter)?;
    let front = if options.front_matter { odf.properties()?.front_matter(meter)? } else { String::new() };
    let mut document = Document::new(meter, options);
    document.tally.macros = odf.macros();
    document.objects = Objects::read(&mut odf, document.form())?;
    let edges = edges(&mut odf, &mut document)?;
    let mut output = Output::new(meter, sink, document.form().part_kind(), front);
    let mut has_text = write_all(&edges.headers.into_texts(), &mut output)?;
    has_text |= body(&mut odf, &mut document, &mut output)?;
    for (at, note) in std::mem::take(&mut document.notes).iter().enumerate() {
        has_text |= !note.trim().is_empty();
        output.begin_section();
        output.write(&markdown::note(document.form(), at as u64 + 1, note))?;
    }
    has_text |= write_all(&edges.footers.into_texts(), &mut output)?;
    let masters = std::mem::take(&mut document.masters);
    has_text |= write_all(&masters.into_used(), &mut output)?;
    if !has_text {
        return Err(ConvertError::NoText);
    }
    document.tally.report(sink);
    Ok(())
}

fn write_all(texts: &[String], output: &mut Output<'_>) -> Result<bool> {
    for text in texts {
        output.begin_section();
        output.write(text)?;
    }
    Ok(!texts.is_empty())
}

/// Reads the styles, and the headers and footers of the master pages.
fn edges(odf: &mut Odf<'_>, document: &mut Document<'_>) -> Result<Edges> {
    let mut edges = Edges::default();
    let mut master = String::new();
    let Some(mut reader) = odf.styles()? else {
        return Ok(edges);
    };
    loop {
        let event = reader.next_event()?;
        let Event::Start(tag) = event else {
            if matches!(event, Event::Eof) {
                return Ok(edges);
            }
            continue;
        };
        match tag.local() {
            b"document-styles" | b"document" | b"master-styles" => {}
            b"master-page" => {
                attribute(tag, b"style:name").unwrap_or_default().as_ref().clone_into(&mut master);
            }
            b"styles" => document.styles.common.read(&mut reader, document.meter)?,
            b"automatic-styles" => document.styles.automatic.read(&mut reader, document.meter)?,
            // In a flat file the rest is the content.
            b"body" => return Ok(edges),
            local @ (b"header" | b"header-left" | b"header-first" | b"footer" | b"footer-left"
            | b"footer-first")
                if raw_attribute(tag, b"style:display") != Some(b"false") =>
            {
                let is_header = local.starts_with(b"header");
                let text = edge(&mut reader, document)?;
                let texts = if is_header { &mut edges.headers } else { &mut edges.footers };
                if let Some(text) = text {
                    texts.add(text, document.meter)?;
                }
            }
            b"frame" if raw_attribute(tag, b"presentation:class") == Some(b"page-number") => {
                document.masters.add_number(&master, document.meter)?;
                reader.skip_element()?;
            }
            b"frame" | b"custom-shape" | b"rect" | b"ellipse" | b"g" | b"text-box" if is_shown(tag) => {
                if let Some(text) = edge(&mut reader, document)? {
                    document.masters.add(&master, text, document.meter)?;
                }
            }
            _ => reader.skip_element()?,
        }
    }
}

/// Tells whether slides show what a shape of their master page says: placeholders are only where theirs stand.
fn is_shown(tag: Tag<'_>) -> bool {
    let class = raw_attribute(tag, b"presentation:class");
    raw_attribute(tag, b"presentation:placeholder") != Some(b"true")
        && matches!(class, None | Some(b"footer" | b"header"))
}

/// Reads one header or footer; `None` if it has no text but the numbers of pages.
fn edge<S: Source>(reader: &mut Reader<S>, document: &mut Document<'_>) -> Result<Option<String>> {
    let mut walker = Walker::new(document);
    walker.walk(reader, None)?;
    let has_words = walker.has_words();
    let (text, has_text) = walker.finish();
    Ok((has_text && has_words).then_some(text))
}

fn body(odf: &mut Odf<'_>, document: &mut Document<'_>, output: &mut Output<'_>) -> Result<bool> {
    let Some(mut reader) = odf.content()? else {
        return Err(ConvertError::corrupt("the package", "it has no content.xml"));
    };
    loop {
        match reader.next_event()? {
            Event::Start(tag) if matches!(tag.local(), b"document-content" | b"document") => break,
            Event::Start(_) | Event::Eof => {
                return Err(ConvertError::corrupt("content.xml", "it is not the content of a document"));
            }
            Event::End(_) | Event::Text(_) => {}
        }
    }
    output.begin_section();
    let mut walker = Walker::new(document);
    walker.walk(&mut reader, Some(output))?;
    let (text, has_text) = walker.finish();
    output.write(&text)?;
    // What follows is read too, so that the part's checks are made.
    while !matches!(reader.next_event()?, Event::Eof) {}
    Ok(has_text)
}
