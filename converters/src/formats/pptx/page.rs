//! One slide on its way to the output: its title first, wherever its shape stands.
//!
//! The text of a slide is held until its end, because the title may come last. So much text that it is no slide
//! any more is handed on as it comes; a title behind it stays where it stands. Date, footer and number come last, on
//! one line.

use crate::Result;
use crate::markdown::{Block, Form, Style, Writer};
use crate::output::Output;

/// A slide with more text than this is handed on before its title is known.
const HELD_BYTES: usize = 256 << 10;
/// Afterwards, finished text is handed on in pieces of this size.
const READY_BYTES: usize = 32 << 10;
/// The level of titles.
const TITLE_LEVEL: u8 = 2;

/// The text of a slide.
pub(super) struct Page {
    title: Writer,
    body: Writer,
    edge: Writer,
    in_title: bool,
    in_edge: bool,
    /// Whether the edge says more than a number.
    has_edge_text: bool,
    handed_on: bool,
}

impl Page {
    pub(super) fn new(form: Form) -> Self {
        Self {
            title: Writer::with(form),
            body: Writer::with(form),
            edge: Writer::single_line(form),
            in_title: false,
            in_edge: false,
            has_edge_text: false,
            handed_on: false,
        }
    }

    /// Returns what text is written to.
    pub(super) fn writer(&mut self) -> &mut Writer {
        match (self.in_title, self.in_edge) {
            (true, _) => &mut self.title,
            (_, true) => &mut self.edge,
            _ => &mut self.body,
        }
    }

    /// Begins the date, footer or number of the slide.
    pub(super) fn begin_edge(&mut self, is_number: bool) {
        self.in_edge = true;
        self.has_edge_text |= !is_number;
        if self.edge.is_in_paragraph() {
            self.edge.text(" · ", &Style::default());
        } else {
            self.edge.begin_paragraph(Block::Paragraph);
        }
    }

    pub(super) fn end_edge(&mut self) {
        self.in_edge = false;
    }

    pub(super) fn begin_title(&mut self) {
        self.in_title = !self.handed_on;
        self.writer().begin_paragraph(Block::Heading(TITLE_LEVEL));
    }

    pub(super) fn end_title(&mut self) {
        self.writer().end_paragraph();
        self.in_title = false;
    }

    /// Returns by how many bytes the text held here grew since the last call.
    pub(super) fn grown(&mut self) -> usize {
        self.title.grown() + self.body.grown() + self.edge.grown()
    }

    /// Ends all tables and returns how many merged cells hold their value in the first cell only.
    pub(super) fn merged(&mut self) -> u64 {
        self.body.end_section();
        self.body.merged()
    }

    /// Hands text on if there is much of it.
    pub(super) fn hand_on(&mut self, output: &mut Output<'_>) -> Result<()> {
        let least = if self.handed_on { READY_BYTES } else { HELD_BYTES };
        if self.in_title {
            return Ok(());
        }
        if let Some(text) = self.body.take_ready(least) {
            self.begin(output)?;
            output.write(&text)?;
        }
        Ok(())
    }

    /// Tells whether there is more than a number.
    pub(super) fn has_text(&self) -> bool {
        self.title.has_text() || self.body.has_text() || self.has_edge_text
    }

    /// Ends the slide and writes what is left.
    pub(super) fn finish(&mut self, output: &mut Output<'_>) -> Result<()> {
        self.begin(output)?;
        self.end_body();
        output.write(&std::mem::take(&mut self.body).finish())
    }

    /// Ends the text and returns it, the title first.
    pub(super) fn take_text(&mut self) -> String {
        self.end_body();
        let title = std::mem::take(&mut self.title).finish();
        let body = std::mem::take(&mut self.body).finish();
        let between = if title.is_empty() || body.is_empty() { "" } else { "\n" };
        title + between + &body
    }

    fn end_body(&mut self) {
        self.body.end_section();
        self.body.blocks(std::mem::take(&mut self.edge).finish());
    }

    /// Writes the title, once.
    fn begin(&mut self, output: &mut Output<'_>) -> Result<()> {
        if !self.handed_on {
            self.handed_on = true;
            output.write_title(&std::mem::take(&mut self.title).finish())?;
        }
        Ok(())
    }
}
