//! Tracked changes: the regions that the head of the text lists, and the marks in the text that refer to them (ODF
//! 1.3 part 3, section 5.5).
//!
//! Inserted text stands in the text between two marks; deleted text stands in the list, and one mark in the text
//! says where it was.

use std::collections::HashMap;

use crate::Result;
use crate::limits::Meter;
use crate::markdown::{Block, Style};
use crate::options::TrackChanges;
use crate::xml::{Event, Reader, Source, Tag};

use super::super::{attribute, read_paragraph};
use super::{Open, Step, Walker};

/// What a region weighs in memory beside its text.
const REGION_BYTES: u64 = 96;

#[derive(Debug)]
enum Change {
    Insertion,
    /// The paragraphs that were deleted; the last one goes on in the text.
    Deletion(Vec<String>),
}

/// The tracked changes of a stream.
#[derive(Debug, Default)]
pub(super) struct Changes {
    regions: HashMap<String, Change>,
    /// The region being read.
    id: String,
    /// The insertion that is being left out, or shown as one.
    omitting: Option<String>,
    showing: Option<String>,
    /// Whether the text being written was deleted.
    deleted: bool,
    /// Whether the end of a paragraph was left out.
    joins: bool,
}

impl Changes {
    pub(super) fn is_omitting(&self) -> bool {
        self.omitting.is_some()
    }

    /// Marks the style of text that is shown as inserted or deleted.
    pub(super) fn mark(&self, style: &mut Style) {
        style.inserted = self.showing.is_some() && !self.deleted;
        style.deleted = self.deleted;
    }

    /// Tells whether the end of the open paragraph is left out, and remembers it.
    pub(super) fn joins(&mut self) -> bool {
        self.joins = self.is_omitting();
        self.joins
    }

    pub(super) fn take_join(&mut self) -> bool {
        std::mem::take(&mut self.joins)
    }

    fn insert(&mut self, change: Change, meter: &Meter) -> Result<()> {
        meter.resident(REGION_BYTES + self.id.len() as u64)?;
        self.regions.insert(std::mem::take(&mut self.id), change);
        Ok(())
    }

    /// Reads what was deleted in the region that was begun.
    pub(super) fn read_deletion<S: Source>(&mut self, reader: &mut Reader<S>, meter: &Meter) -> Result<()> {
        let mut paragraphs = Vec::new();
        let outer = reader.depth();
        while reader.depth() >= outer {
            match reader.next_event()? {
                Event::Start(tag) => match tag.local() {
                    b"change-info" => reader.skip_element()?,
                    b"p" | b"h" => {
                        let mut text = String::new();
                        read_paragraph(reader, meter, &mut text)?;
                        meter.resident(REGION_BYTES)?;
                        paragraphs.push(text);
                    }
                    _ => {}
                },
                Event::Eof => break,
                Event::End(_) | Event::Text(_) => {}
            }
        }
        self.insert(Change::Deletion(paragraphs), meter)
    }
}

impl Walker<'_, '_> {
    pub(super) fn start_change(&mut self, tag: Tag<'_>) -> Result<Option<Step>> {
        let policy = self.document.options.track_changes;
        Ok(Some(match tag.local() {
            b"changed-region" => {
                let id = attribute(tag, b"xml:id").or_else(|| attribute(tag, b"text:id"));
                self.document.changes.id = id.unwrap_or_default().into_owned();
                Step::Into(Open::Other)
            }
            b"insertion" => {
                if policy != TrackChanges::Accept {
                    self.document.changes.insert(Change::Insertion, self.document.meter)?;
                }
                Step::Skip
            }
            b"deletion" if policy == TrackChanges::Accept => {
                self.document.tally.deletions += 1;
                Step::Skip
            }
            b"deletion" => Step::Deletion,
            b"format-change" | b"change-info" => Step::Skip,
            b"change-start" | b"change-end" | b"change" => {
                if policy != TrackChanges::Accept {
                    self.mark(tag)?;
                }
                Step::Into(Open::Other)
            }
            _ => return Ok(None),
        }))
    }

    fn mark(&mut self, tag: Tag<'_>) -> Result<()> {
        let id = attribute(tag, b"text:change-id").unwrap_or_default().into_owned();
        let rejects = self.document.options.track_changes == TrackChanges::Reject;
        let changes = &mut self.document.changes;
        let open = if rejects { &mut changes.omitting } else { &mut changes.showing };
        match (tag.local(), changes.regions.get(&id)) {
            (b"change-start", Some(Change::Insertion)) if open.is_none() => {
                self.document.tally.insertions += u64::from(rejects);
                *open = Some(id);
            }
            (b"change-end", Some(Change::Insertion)) if open.as_ref() == Some(&id) => *open = None,
            (b"change", Some(Change::Deletion(paragraphs))) => {
                let paragraphs = paragraphs.clone();
                self.held(paragraphs.iter().map(String::len).sum())?;
                self.put_deleted(&paragraphs, rejects)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Writes what was deleted where it was.
    fn put_deleted(&mut self, paragraphs: &[String], restored: bool) -> Result<()> {
        for (at, text) in paragraphs.iter().enumerate() {
            if at > 0 && restored {
                self.flow.writer.begin_paragraph(Block::Paragraph);
            } else if at > 0 {
                self.flow.writer.line_break();
            }
            self.document.changes.deleted = !restored;
            let result = self.put(text);
            self.document.changes.deleted = false;
            result?;
        }
        Ok(())
    }
}
