//! Where the document's sections go: one after the other, a blank line between, nothing before there is text.

use crate::limits::Meter;
use crate::{ConvertError, PartKind, Result, Sink};

/// The part being written.
pub(crate) struct Output<'a> {
    meter: &'a Meter,
    sink: &'a mut dyn Sink,
    /// What stands before everything, once there is text.
    front: String,
    begun: bool,
    /// Whether the current section has written anything.
    in_section: bool,
}

impl<'a> Output<'a> {
    pub(crate) fn new(meter: &'a Meter, sink: &'a mut dyn Sink, front: String) -> Self {
        Self { meter, sink, front, begun: false, in_section: false }
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
            self.sink.begin_part(None, PartKind::Markdown).map_err(ConvertError::Sink)?;
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

/// Makes a footnote definition; its further lines are indented, as GitHub has it.
pub(crate) fn footnote(number: u64, text: &str) -> String {
    let mut out = format!("[^{number}]:");
    for (at, line) in text.trim().lines().enumerate() {
        out.push_str(match (at, line.is_empty()) {
            (0, _) => " ",
            (_, true) => "\n",
            (_, false) => "\n    ",
        });
        out.push_str(line);
    }
    out.push('\n');
    out
}
