//! Comments: one line each, held until the paragraph they hang on.
//!
//! A reply follows the comment it answers, also where the text refers to the first one only. Each is written once;
//! those that the text nowhere refers to come behind it.

use std::collections::HashMap;

use crate::Result;
use crate::limits::Meter;
use crate::markdown::{self, Form, Writer};
use crate::ooxml::links::Links;
use crate::ooxml::{Ooxml, Relationship};
use crate::options;
use crate::xml::Event;

use super::document::{Document, find};
use super::walker::Walker;

/// What a comment weighs in memory beside its text.
const COMMENT_BYTES: u64 = 256;

/// A comment as it stands in its part.
#[derive(Debug, Default)]
pub(super) struct Comment {
    pub(super) id: String,
    pub(super) author: String,
    /// Markdown on one line.
    pub(super) text: String,
    /// The id of its last paragraph, by which replies name it.
    pub(super) paragraph: Option<String>,
}

/// The comments of a document.
#[derive(Debug, Default)]
pub(super) struct Comments {
    /// In the order of the part; empty once written.
    lines: Vec<String>,
    by_id: HashMap<String, usize>,
    by_paragraph: HashMap<String, usize>,
    /// The replies to each comment.
    replies: HashMap<usize, Vec<usize>>,
    /// Whether it is counted already that nothing is there: comments are not wanted, or their part is missing.
    accounted: bool,
}

impl Comments {
    /// Adds a comment; one without text says nothing.
    pub(super) fn insert(&mut self, comment: Comment, form: Form, meter: &Meter) -> Result<()> {
        let text = comment.text.trim();
        let line =
            if text.is_empty() { String::new() } else { markdown::comment(form, &comment.author, text) };
        let paragraph = comment.paragraph.as_ref().map_or(0, String::len);
        meter.resident(COMMENT_BYTES + (comment.id.len() + line.len() + paragraph) as u64)?;
        let at = self.lines.len();
        self.lines.push(line);
        self.by_id.insert(comment.id, at);
        if let Some(paragraph) = comment.paragraph {
            self.by_paragraph.insert(paragraph, at);
        }
        Ok(())
    }

    /// Says that the comment that ends in one paragraph answers the one that ends in another.
    pub(super) fn answer(&mut self, reply: &str, to: &str, meter: &Meter) -> Result<()> {
        if let (Some(reply), Some(to)) = (self.by_paragraph.get(reply), self.by_paragraph.get(to))
            && reply != to
        {
            meter.resident(size_of::<usize>() as u64)?;
            self.replies.entry(*to).or_default().push(*reply);
        }
        Ok(())
    }

    /// Tells whether a reference to a comment that is not there is to be counted.
    pub(super) fn counts_missing(&self) -> bool {
        !self.accounted
    }

    /// Takes the lines of a comment and of the replies to it; `None` if there is no such comment.
    pub(super) fn take(&mut self, id: &str) -> Option<Vec<String>> {
        let first = *self.by_id.get(id)?;
        let replies = self.replies.remove(&first).unwrap_or_default();
        let mut taken = Vec::new();
        for at in std::iter::once(first).chain(replies) {
            taken.extend(self.lines.get_mut(at).map(std::mem::take).filter(|line| !line.is_empty()));
        }
        Some(taken)
    }

    /// Takes the lines of all comments that are left.
    pub(super) fn take_rest(&mut self) -> Vec<String> {
        std::mem::take(&mut self.lines).into_iter().filter(|line| !line.is_empty()).collect()
    }
}

/// Reads the comments, or counts them if they are not wanted.
pub(super) fn read(
    ooxml: &mut Ooxml<'_>,
    relationships: &[Relationship],
    document: &mut Document<'_>,
) -> Result<()> {
    let missing_before = document.tally.missing_parts;
    let drop = document.options.comments == options::Comments::Drop;
    let part = find(ooxml, relationships, "comments", &mut document.tally);
    document.comments.accounted = drop || document.tally.missing_parts > missing_before;
    let Some(part) = part else {
        return Ok(());
    };
    let links = Links::read(ooxml, part, document.form())?;
    document.tally.missing_parts += links.missing();
    let Some(mut reader) = ooxml.xml(part)? else {
        return Ok(());
    };
    loop {
        match reader.next_event()? {
            Event::Start(tag) if tag.local() == b"comment" => {
                let mut comment = Comment {
                    id: tag.value(b"id").unwrap_or_default().into_owned(),
                    author: tag.value(b"author").unwrap_or_default().into_owned(),
                    ..Comment::default()
                };
                if drop {
                    document.tally.comments += 1;
                    reader.skip_element()?;
                    continue;
                }
                let form = document.form();
                let mut walker = Walker::new(document, &links, Writer::single_line(form));
                comment.paragraph = walker.walk_noting_paragraph(&mut reader)?;
                comment.text = walker.writer.finish();
                document.comments.insert(comment, form, document.meter)?;
            }
            Event::Eof => break,
            Event::Start(_) | Event::End(_) | Event::Text(_) => {}
        }
    }
    if drop { Ok(()) } else { read_threads(ooxml, relationships, document) }
}

/// Reads which comment answers which ([MS-DOCX] section 2.5.1).
fn read_threads(
    ooxml: &mut Ooxml<'_>,
    relationships: &[Relationship],
    document: &mut Document<'_>,
) -> Result<()> {
    let Some(part) = find(ooxml, relationships, "commentsExtended", &mut document.tally) else {
        return Ok(());
    };
    let Some(mut reader) = ooxml.xml(part)? else {
        return Ok(());
    };
    loop {
        match reader.next_event()? {
            Event::Start(tag) if tag.local() == b"commentEx" => {
                if let (Some(reply), Some(to)) = (tag.value(b"paraId"), tag.value(b"paraIdParent")) {
                    document.comments.answer(&reply, &to, document.meter)?;
                }
            }
            Event::Eof => return Ok(()),
            Event::Start(_) | Event::End(_) | Event::Text(_) => {}
        }
    }
}
