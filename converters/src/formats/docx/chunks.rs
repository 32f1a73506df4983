//! Files inserted into a document (`altChunk`, ECMA-376 part 1, section 17.17.2): a word processor makes them part of the
//! text when it opens the document.
//!
//! Their bytes are read before the story that holds them, because a package gives one part at a time, and converted
//! where they stand. Text and other Word documents are read, one within the other no deeper than once; the rest
//! is counted as left out.

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

/// An inserted file.
#[derive(Debug)]
struct Chunk {
    part: String,
    is_text: bool,
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
            let kind = ooxml.content_types().of(&relationship.target).unwrap_or_default();
            let kind = kind.split(';').next().unwrap_or_default().trim();
            let is_text = kind.eq_ignore_ascii_case("text/plain");
            let is_word = kind.contains("wordprocessingml") || kind.contains("ms-word");
            if (is_text || is_word)
                && let Some(bytes) = ooxml.package().read(&relationship.target)?
                && (is_text || bytes.starts_with(b"PK"))
            {
                ooxml.meter().resident((relationship.id.len() + relationship.target.len()) as u64)?;
                chunks.by_id.insert(
                    relationship.id.clone(),
                    Chunk { part: relationship.target.clone(), is_text, bytes },
                );
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
    let text = if chunk.is_text { text(chunk.bytes, document) } else { word(chunk.bytes, document) };
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
    let mut input = Cursor::new(bytes);
    let Finding::Text(charset) = charset::find(&mut input, document.meter)? else {
        return Ok(None);
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
    let mut writer = document.writer();
    for line in text.lines() {
        writer.begin_paragraph(Block::Paragraph);
        writer.text(line, &Style::default());
        writer.end_paragraph();
    }
    Ok(Some(writer.finish()))
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
