//! Files inserted into a document (`altChunk`, ECMA-376 part 1, section 17.17.2): a word processor makes them part of the
//! text when it opens the document.
//!
//! Their bytes are read before the story that holds them, because a package gives one part at a time, and converted
//! where they stand. Text, HTML and other Word documents are read, one within the other no deeper than once; the rest
//! is counted as left out.

mod html;
mod mime;

use std::collections::HashMap;
use std::io::Cursor;

use crate::charset::{self, Decoder, Finding};
use crate::markdown::{Block, Style, Writer};
use crate::ooxml::{Ooxml, Relationship};
use crate::options::TextForm;
use crate::output::Output;
use crate::{ConvertError, PartKind, Result, Sink, Warning};

use super::document::Document;
use super::stories;

/// What an inserted file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Html,
    /// HTML with what belongs to it, as mail.
    Mime,
    Word,
}

impl Kind {
    /// Returns the kind of a content type, if it can be converted.
    fn of(content_type: &str) -> Option<Self> {
        let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            "text/plain" => Some(Self::Text),
            "text/html" | "application/xhtml+xml" => Some(Self::Html),
            "message/rfc822" | "multipart/related" => Some(Self::Mime),
            _ if kind.contains("wordprocessingml") || kind.contains("ms-word") => Some(Self::Word),
            _ => None,
        }
    }
}

/// An inserted file.
#[derive(Debug)]
struct Chunk {
    part: String,
    kind: Kind,
    bytes: Vec<u8>,
}

/// The files inserted into one story, by relationship id.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    by_id: HashMap<String, Chunk>,
}

impl Chunks {
    /// Reads those of the files that can be converted.
    pub(super) fn read(ooxml: &mut Ooxml<'_>, relationships: &[Relationship]) -> Result<Self> {
        let mut chunks = Self::default();
        for relationship in relationships.iter().filter(|r| r.kind == "aFChunk" && !r.external) {
            let kind = ooxml.content_types().of(&relationship.target).and_then(Kind::of);
            if let Some(kind) = kind
                && let Some(bytes) = ooxml.package().read(&relationship.target)?
                && (kind != Kind::Word || bytes.starts_with(b"PK"))
            {
                let part = relationship.target.clone();
                ooxml.meter().resident((relationship.id.len() + part.len()) as u64)?;
                chunks.by_id.insert(relationship.id.clone(), Chunk { part, kind, bytes });
            }
        }
        Ok(chunks)
    }
}

/// Converts an inserted file and appends it to `writer`; `false` if there is none that can be converted.
pub(super) fn write(id: &str, document: &mut Document<'_>, writer: &mut Writer) -> Result<bool> {
    let Some(chunk) = document.chunks.by_id.remove(id) else {
        return Ok(false);
    };
    let outer = std::mem::replace(&mut document.single_line, writer.is_single_line());
    let text = match chunk.kind {
        Kind::Text => text(chunk.bytes, document),
        Kind::Html => page(chunk.bytes, None, document),
        Kind::Mime => match mime::html(&chunk.bytes) {
            Some((bytes, charset)) => page(bytes, charset.as_deref(), document),
            None => Ok(None),
        },
        Kind::Word => word(chunk.bytes, document),
    };
    document.single_line = outer;
    let text = text.map_err(|error| match error {
        ConvertError::Corrupt { place, reason } => {
            ConvertError::Corrupt { place: format!("{place} of {}", chunk.part), reason }
        }
        error => error,
    });
    let Some(text) = text? else {
        return Ok(false);
    };
    document.meter.resident(text.len() as u64)?;
    writer.end_paragraph();
    writer.blocks(text);
    Ok(true)
}

/// Converts plain text: a line is a paragraph.
fn text(bytes: Vec<u8>, document: &Document<'_>) -> Result<Option<String>> {
    let Some(text) = decode(bytes, None, document)? else {
        return Ok(None);
    };
    let mut writer = document.writer();
    for line in text.lines() {
        writer.begin_paragraph(Block::Paragraph);
        writer.text(line, &Style::default());
        writer.end_paragraph();
    }
    Ok(Some(writer.finish()))
}

/// Converts a page of HTML.
fn page(bytes: Vec<u8>, charset: Option<&str>, document: &Document<'_>) -> Result<Option<String>> {
    let Some(text) = decode(bytes, charset, document)? else {
        return Ok(None);
    };
    let mut writer = document.writer();
    html::write(&text, &mut writer, document.meter)?;
    Ok(Some(writer.finish()))
}

/// Decodes text whose charset somebody named, or finds it.
fn decode(bytes: Vec<u8>, label: Option<&str>, document: &Document<'_>) -> Result<Option<String>> {
    let mut input = Cursor::new(bytes);
    let charset = match label.and_then(charset::by_label) {
        Some(charset) => charset::with_mark(&mut input, charset)?,
        None => match charset::find(&mut input, document.meter)? {
            Finding::Text(charset) => charset,
            Finding::Undecided(_) | Finding::Binary => return Ok(None),
        },
    };
    let Some(mut decoder) = Decoder::new(charset.name) else {
        return Ok(None);
    };
    let mark = if charset.bom { charset::mark_len(charset.name) } else { 0 };
    let bytes = input.into_inner();
    let bytes = usize::try_from(mark).ok().and_then(|mark| bytes.get(mark..)).unwrap_or_default();
    let mut text = String::new();
    decoder.decode(bytes, true, &mut text);
    document.meter.resident(text.len() as u64)?;
    Ok(Some(text))
}

/// Converts the body of a Word document with its notes and comments.
fn word(bytes: Vec<u8>, document: &mut Document<'_>) -> Result<Option<String>> {
    let mut input = Cursor::new(bytes);
    let mut ooxml = match Ooxml::open(&mut input, document.meter) {
        Err(ConvertError::Encrypted) => return Ok(None),
        ooxml => ooxml?,
    };
    let main = ooxml.main_part()?;
    let relationships = ooxml.relationships(&main)?;
    let tally = std::mem::take(&mut document.tally);
    let mut inner = Document::open(&mut ooxml, &relationships, document.options, tally)?;
    inner.notes = document.notes.following();
    inner.is_inserted = true;
    inner.single_line = document.single_line;
    let mut held = Held::default();
    let mut output = Output::new(inner.meter, &mut held, inner.form().part_kind(), String::new());
    stories::main_story(&mut ooxml, &main, &relationships, &mut inner, &mut output)?;
    document.notes.go_on_after(&inner.notes);
    document.tally = inner.tally;
    let text = String::from_utf8_lossy(&held.bytes);
    Ok(Some(if document.single_line {
        let lines: Vec<_> = text.lines().filter(|line| !line.is_empty()).collect();
        lines.join(if document.options.text == TextForm::Plain { " " } else { "<br>" })
    } else {
        text.into_owned()
    }))
}

/// The text of an inserted document, until it is written where it stands.
#[derive(Default)]
struct Held {
    bytes: Vec<u8>,
}

impl Sink for Held {
    fn begin_part(&mut self, _: Option<&str>, _: PartKind) -> std::io::Result<()> {
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn warn(&mut self, _: Warning) {}
}
