//! One slide on its way to the output: its title first, wherever its shape stands.
//!
//! The text of a slide is held until its end, because the title may come last. So much text that it is no slide
//! any more is handed on as it comes; a title behind it stays where it stands.

use crate::Result;
use crate::markdown::{Block, Writer};

use super::output::Output;

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
    in_title: bool,
    handed_on: bool,
}

impl Page {
    pub(super) fn new() -> Self {
        Self { title: Writer::new(), body: Writer::new(), in_title: false, handed_on: false }
    }

    /// Returns what text is written to.
    pub(super) fn writer(&mut self) -> &mut Writer {
        if self.in_title { &mut self.title } else { &mut self.body }
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
        self.title.grown() + self.body.grown()
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

    /// Ends the slide and writes what is left; tells whether it has text.
    pub(super) fn finish(mut self, output: &mut Output<'_>) -> Result<bool> {
        let has_text = self.title.has_text() || self.body.has_text();
        self.begin(output)?;
        output.write(&self.body.finish())?;
        Ok(has_text)
    }

    /// Ends the text and returns it, the title first.
    pub(super) fn into_text(self) -> String {
        let (title, body) = (self.title.finish(), self.body.finish());
        let between = if title.is_empty() || body.is_empty() { "" } else { "\n" };
        title + between + &body
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
