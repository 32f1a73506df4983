//! Paragraphs: headings, list items, and what hangs on a paragraph (notes, comments).
//!
//! A paragraph whose mark is deleted by a tracked change has lost its end: the next one goes on where it stops.

use crate::Result;
use crate::markdown::Block;
use crate::xml::Tag;

use super::super::notes::NoteKind;
use super::super::properties::ParagraphProperties;
use super::super::styles::{Resolved, outline_of};
use super::{Open, Step, Walker};

/// What runs need to know of their paragraph.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Paragraph {
    pub(super) style: Resolved,
    pub(super) is_heading: bool,
    /// Whether it goes on the paragraph before, which lost its end.
    joined: bool,
}

impl Walker<'_, '_> {
    pub(super) fn start_paragraph(&mut self) -> Step {
        // A paragraph within a paragraph that no text box announces is a text box all the same.
        let joined = std::mem::take(&mut self.joins_next) && self.writer.is_in_paragraph();
        let boxed = self.writer.is_in_paragraph() && !joined;
        if boxed {
            self.writer.begin_box();
        }
        let style = self.document.styles.get(self.document.styles.default_paragraph());
        self.paragraphs.push(Paragraph { style, is_heading: false, joined });
        if joined {
            // Its words are still words of their own.
            self.writer.space();
        } else {
            self.writer.begin_paragraph(Block::Paragraph);
        }
        Step::Into(Open::Paragraph { boxed })
    }

    pub(super) fn paragraph_properties(&mut self, found: ParagraphProperties) {
        let styles = &self.document.styles;
        let id = found.style.or(styles.default_paragraph());
        let style = styles.get(id);
        let outline = outline_of(found.outline, style.outline);
        let absent = found.mark.absent_from(self.document.track_changes()).is_some();
        self.joins_next = absent;
        let mut joined = false;
        if let Some(paragraph) = self.paragraphs.last_mut() {
            paragraph.style = style;
            paragraph.is_heading = outline.is_some();
            joined = paragraph.joined;
        }
        if absent || (joined && !self.writer.is_paragraph_empty()) {
            return;
        }
        let list = found.number.or(style.number).filter(|list| *list != 0);
        let marker = list.and_then(|list| {
            let linked = || {
                let id = styles.id(id?);
                self.document.numbering.level_of_style(list, id, styles)
            };
            let of_style = if found.number.is_none() { linked().or(style.level) } else { None };
            let level = found.level.or(of_style).or(style.level).unwrap_or(0);
            Some((level, self.document.numbering.next(list, level, styles)?))
        });
        match (outline, marker) {
            (Some(level), marker) => {
                self.writer.begin_paragraph(Block::Heading(level + 1));
                if let Some((_, marker)) = marker {
                    self.writer.label(&marker);
                }
            }
            (None, Some((level, marker))) => self.writer.begin_paragraph(Block::Item { level, marker }),
            (None, None) => {}
        }
    }

    pub(super) fn end_paragraph(&mut self, boxed: bool) -> Result<()> {
        if let Some(text) = self.fields.end_paragraph() {
            self.put(&text)?;
        }
        self.paragraphs.pop();
        if self.joins_next && !boxed {
            return Ok(());
        }
        self.joins_next = false;
        self.writer.end_paragraph();
        if boxed {
            self.writer.end_box();
        }
        Ok(())
    }

    pub(super) fn paragraph(&self) -> Paragraph {
        self.paragraphs.last().copied().unwrap_or_else(|| Paragraph {
            style: self.document.styles.get(self.document.styles.default_paragraph()),
            ..Paragraph::default()
        })
    }

    pub(super) fn note(&mut self, kind: NoteKind, tag: Tag<'_>) -> Result<Step> {
        let id = tag.value(b"id").unwrap_or_default();
        let number = self.document.notes.refer(kind, &id, self.document.meter)?;
        self.writer.note(number);
        Ok(Step::Into(Open::Other))
    }

    /// Hangs the comment and the replies to it on the paragraph.
    pub(super) fn comment(&mut self, tag: Tag<'_>) -> Result<Step> {
        let id = tag.value(b"id").unwrap_or_default();
        match self.document.comments.take(&id) {
            Some(lines) => {
                for line in lines {
                    self.held(line.len())?;
                    self.writer.quote(line);
                }
            }
            None => {
                self.document.tally.missing_parts += u64::from(self.document.comments.counts_missing());
            }
        }
        Ok(Step::Into(Open::Other))
    }
}
