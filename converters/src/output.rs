//! Where the document's sections go: one after the other, a blank line between, nothing before there is text.

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
}

impl<'a> Output<'a> {
    pub(crate) fn new(meter: &'a Meter, sink: &'a mut dyn Sink, kind: PartKind, front: String) -> Self {
        Self { meter, sink, kind, front, begun: false, in_section: false }
    }

    /// Separates what follows from what was written.
    pub(crate) fn begin_section(&mut self) {
        self.in_section = false;
    }

    pub(crate) fn write(&mut self, text: &str) -> Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        if !self.begun {
            self.sink.begin_part(None, self.kind).map_err(ConvertError::Sink)?;
            self.begun = true;
            if !self.front.is_empty() {
                self.meter.write(self.sink, self.front.as_bytes())?;
                self.meter.write(self.sink, b"\n")?;
            }
        } else if !self.in_section {
            self.meter.write(self.sink, b"\n")?;
        }
        self.in_section = true;
        self.meter.write(self.sink, text.as_bytes())
    }
}
