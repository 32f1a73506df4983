//! Comments on slides: the older parts (ECMA-376 part 1, section 19.4) and the threaded ones with their replies
//! ([MS-PPTX] section 2.6). Each becomes a quotation; a reply follows the comment that it answers.

use std::collections::HashMap;

use crate::Result;
use crate::limits::Meter;
use crate::markdown::{self, Form, Style, Writer};
use crate::ooxml::Ooxml;
use crate::xml::{Event, Reader, Source};

/// What a comment or an author weighs in memory beside its text.
const ENTRY_BYTES: u64 = 512;

/// The authors of a presentation's comments, by id.
#[derive(Debug, Default)]
pub(super) struct Authors {
    names: HashMap<String, String>,
}

impl Authors {
    /// Adds the authors of a part.
    pub(super) fn read(&mut self, ooxml: &mut Ooxml<'_>, part: &str) -> Result<bool> {
        let meter = ooxml.meter();
        let Some(mut reader) = ooxml.xml(part)? else {
            return Ok(false);
        };
        loop {
            match reader.next_event()? {
                Event::Start(tag) if matches!(tag.local(), b"cmAuthor" | b"author") => {
                    let id = tag.value(b"id").unwrap_or_default().into_owned();
                    let name = tag.value(b"name").unwrap_or_default().into_owned();
                    meter.resident(ENTRY_BYTES + (id.len() + name.len()) as u64)?;
                    self.names.insert(id, name);
                }
                Event::Eof => return Ok(true),
                Event::Start(_) | Event::End(_) | Event::Text(_) => {}
            }
        }
    }
}

/// A comment being read.
struct Comment {
    author: String,
    text: Writer,
}

/// Reads the comments of a part, each as a finished quotation; they count as held in memory.
pub(super) fn read<S: Source>(
    reader: &mut Reader<S>,
    authors: &Authors,
    form: Form,
    meter: &Meter,
) -> Result<Vec<String>> {
    let mut found: Vec<Comment> = Vec::new();
    // A reply stands within its comment, before the comment's own text.
    let mut open = Vec::new();
    let mut in_text = false;
    loop {
        match reader.next_event()? {
            Event::Start(tag) => match tag.local() {
                b"cm" | b"reply" => {
                    let id = tag.value(b"authorId").unwrap_or_default();
                    let author = authors.names.get(&*id).cloned().unwrap_or_default();
                    meter.resident(ENTRY_BYTES + author.len() as u64)?;
                    open.push(found.len());
                    found.push(Comment { author, text: Writer::single_line(form) });
                }
                b"t" | b"text" => in_text = true,
                b"extLst" | b"pPr" | b"rPr" => reader.skip_element()?,
                local => {
                    let comment = open.last().and_then(|at: &usize| found.get_mut(*at));
                    match (comment, local) {
                        (Some(comment), b"p") => comment.text.begin_paragraph(Default::default()),
                        (Some(comment), b"br") => comment.text.line_break(),
                        _ => {}
                    }
                }
            },
            Event::Text(text) if in_text => {
                meter.resident(text.len() as u64)?;
                if let Some(comment) = open.last().and_then(|at| found.get_mut(*at)) {
                    comment.text.text(text, &Style::default());
                }
            }
            Event::End(b"cm" | b"reply") => {
                open.pop();
            }
            Event::End(b"t" | b"text") => in_text = false,
            Event::End(_) | Event::Text(_) => {}
            Event::Eof => return Ok(found.into_iter().filter_map(|comment| comment.line(form)).collect()),
        }
    }
}

impl Comment {
    /// Returns the comment as a quotation behind its author; `None` if it says nothing.
    fn line(self, form: Form) -> Option<String> {
        let text = self.text.finish();
        if text.trim().is_empty() {
            return None;
        }
        let mut quotation = Writer::with(form);
        quotation.quote(markdown::comment(form, &self.author, &text));
        Some(quotation.finish())
    }
}
