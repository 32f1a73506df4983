//! Where the document's sections go: one after the other, a blank line between, nothing before there is text.
//!
//! A slide without a title begins with a thematic break in Markdown, so that it is not read as part of the one before.

use crate::limits::Meter;
use crate::{ConvertError, PartKind, Result, Sink};

/// The part being written.
pub(crate) struct Output<'a> {
    meter: &'a Meter,
    sink: &'a mut dyn Sink,
    /// What stands before everything, once there is text.
    front: String,
    kind: PartKind,
    begun: bool,
    /// Whether the current section has written anything.
    in_section: bool,
    /// Whether what follows has to be set off from what was written.
    wants_break: bool,
}

impl<'a> Output<'a> {
    pub(crate) fn new(meter: &'a Meter, sink: &'a mut dyn Sink, kind: PartKind, front: String) -> Self {
        Self { meter, sink, kind, front, begun: false, in_section: false, wants_break: false }
    }

    /// Separates what follows from what was written.
    pub(crate) fn begin_section(&mut self) {
        self.in_section = false;
    }

    /// Begins a slide; it leaves no trace before it writes something.
    pub(crate) fn begin_slide(&mut self) {
        self.begin_section();
        self.wants_break = self.kind == PartKind::Markdown;
    }

    /// Writes the title of a slide, a finished heading.
    pub(crate) fn write_title(&mut self, heading: &str) -> Result<()> {
        if heading.is_empty() {
            return Ok(());
        }
        self.wants_break = false;
        self.begin_section();
        self.write(heading)?;
        self.begin_section();
        Ok(())
    }

    pub(crate) fn write(&mut self, text: &str) -> Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let wants_break = std::mem::replace(&mut self.wants_break, false);
        if !self.begun {
            self.sink.begin_part(None, self.kind).map_err(ConvertError::Sink)?;
            self.begun = true;
            if !self.front.is_empty() {
                self.meter.write(self.sink, self.front.as_bytes())?;
                self.meter.write(self.sink, b"\n")?;
            }
        } else if !self.in_section {
            let between: &[u8] = if wants_break { b"\n---\n\n" } else { b"\n" };
            self.meter.write(self.sink, between)?;
        }
        self.in_section = true;
        self.meter.write(self.sink, text.as_bytes())
    }
}
