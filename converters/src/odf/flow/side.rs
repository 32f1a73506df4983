//! Flows beside the one they stand in: notes, comments, slides and their speaker notes.

use crate::Result;
use crate::markdown::{self, Writer};
use crate::options::Comments;
use crate::xml::{Reader, Source, Tag};

use super::{Flow, Open, Step, Walker};

/// What a flow is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Side {
    Main,
    /// A footnote or endnote.
    Note,
    /// A comment with its author.
    Comment(String),
    Slide,
    /// The title of a slide.
    Title,
    /// What stands at the edge of a slide: its date, footer or number.
    Edge {
        is_number: bool,
    },
    SpeakerNotes,
    /// A table cell that repeats.
    Cell,
}

impl Walker<'_, '_> {
    pub(super) fn start_side(&mut self, tag: Tag<'_>) -> Result<Option<Step>> {
        let form = self.document.form();
        Ok(Some(match tag.local() {
            b"note" | b"footnote" | b"endnote" => {
                if self.is_omitting() {
                    return Ok(Some(Step::Skip));
                }
                self.held(size_of::<String>())?;
                // A note within a note takes the next number, so this one's place is taken at once.
                self.document.notes.push(String::new());
                self.flow.writer.note(self.document.notes.len() as u64);
                self.begin_side(Writer::with(form), Side::Note)?
            }
            b"note-citation" | b"footnote-citation" | b"endnote-citation" => Step::Skip,
            b"annotation" => {
                if self.document.options.comments == Comments::Drop {
                    self.document.tally.comments += 1;
                    return Ok(Some(Step::Skip));
                }
                if self.is_omitting() {
                    return Ok(Some(Step::Skip));
                }
                if self.flow.side == Side::Slide && self.flow.runs.is_empty() {
                    self.write_edge();
                }
                self.begin_side(Writer::single_line(form), Side::Comment(String::new()))?
            }
            b"creator" if matches!(self.flow.side, Side::Comment(_)) && self.flow.runs.is_empty() => {
                Step::Author
            }
            b"date" | b"date-string" | b"creator-initials" | b"sender-initials"
                if matches!(self.flow.side, Side::Comment(_)) && self.flow.runs.is_empty() =>
            {
                Step::Skip
            }
            b"page" if self.flow.side == Side::Main && self.flow.runs.is_empty() => self.start_slide(tag)?,
            b"notes" if self.flow.side == Side::Slide => {
                self.write_edge();
                self.begin_side(Writer::with(form), Side::SpeakerNotes)?
            }
            b"footer-decl" | b"date-time-decl" => self.start_declaration(tag),
            // Headers are for speaker notes.
            b"header-decl" => Step::Skip,
            _ => return Ok(None),
        }))
    }

    pub(super) fn begin_side(&mut self, writer: Writer, side: Side) -> Result<Step> {
        let place = if side == Side::Note { self.document.notes.len() } else { 0 };
        let mut flow = Flow::new(writer, side);
        flow.place = place;
        self.held(size_of::<Flow>())?;
        self.outer.push(std::mem::replace(&mut self.flow, flow));
        Ok(Step::Into(Open::Side))
    }

    pub(super) fn end_side(&mut self) -> Result<()> {
        if self.flow.side == Side::Slide {
            self.write_edge();
        }
        let Some(outer) = self.outer.pop() else {
            return Ok(());
        };
        let flow = std::mem::replace(&mut self.flow, outer);
        let has_text = flow.writer.has_text();
        self.document.tally.merged_cells += flow.writer.merged();
        let text = flow.writer.finish();
        let form = self.document.form();
        match flow.side {
            Side::Note => {
                if let Some(place) = self.document.notes.get_mut(flow.place.saturating_sub(1)) {
                    *place = text;
                }
            }
            Side::Comment(author) if has_text => {
                let line = markdown::comment(form, &author, &text);
                self.held(line.len())?;
                self.flow.writer.quote(line);
            }
            Side::Title => {
                self.held(text.len())?;
                self.flow.slide.title.push_str(&text);
            }
            Side::Edge { is_number } if has_text => self.end_edge(text, is_number)?,
            Side::Slide => self.end_slide(flow.slide, text),
            Side::SpeakerNotes if has_text => {
                let quoted = markdown::quotation(form, &text);
                self.held(quoted.len())?;
                self.flow.writer.blocks(quoted);
            }
            Side::Main | Side::Cell | Side::Comment(_) | Side::Edge { .. } | Side::SpeakerNotes => {}
        }
        Ok(())
    }

    pub(super) fn author<S: Source>(&mut self, reader: &mut Reader<S>) -> Result<()> {
        let mut name = String::new();
        reader.text_content(&mut name)?;
        self.held(name.len())?;
        if let Side::Comment(author) = &mut self.flow.side {
            *author = name;
        }
        Ok(())
    }
}
