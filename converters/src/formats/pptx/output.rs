//! Where the slides go: one after the other, a blank line between what they hold.
//!
//! A slide without a title begins with a thematic break, so that it is not read as part of the one before.

use crate::limits::Meter;
use crate::{ConvertError, PartKind, Result, Sink};

/// The part being written.
pub(super) struct Output<'a> {
    meter: &'a Meter,
    sink: &'a mut dyn Sink,
    kind: PartKind,
    /// What stands before everything, once there is text.
    front: String,
    begun: bool,
    /// Whether the current section has written anything.
    in_section: bool,
    /// Whether the current slide has to be set off from the one before.
    wants_break: bool,
}

impl<'a> Output<'a> {
    pub(super) fn new(meter: &'a Meter, sink: &'a mut dyn Sink, kind: PartKind, front: String) -> Self {
        Self { meter, sink, kind, front, begun: false, in_section: false, wants_break: false }
    }

    /// Begins a slide; it leaves no trace before it writes something.
    pub(super) fn begin_slide(&mut self) {
        self.in_section = false;
        self.wants_break = self.kind == PartKind::Markdown;
    }

    /// Separates what follows from what was written.
    pub(super) fn begin_section(&mut self) {
        self.in_section = false;
    }

    /// Writes the title of the slide, a finished heading.
    pub(super) fn write_title(&mut self, heading: &str) -> Result<()> {
        if heading.is_empty() {
            return Ok(());
        }
        self.wants_break = false;
        self.begin_section();
        self.write(heading)?;
        self.begin_section();
        Ok(())
    }

    pub(super) fn write(&mut self, text: &str) -> Result<()> {
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
            self.meter.write(self.sink, if wants_break { b"\n---\n\n" } else { b"\n" })?;
        }
        self.in_section = true;
        self.meter.write(self.sink, text.as_bytes())
    }
}
