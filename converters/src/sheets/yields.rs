//! What the sheets of a workbook gave, and whether that is enough.

use crate::{ConvertError, PartKind, Result, Sink};

use super::Outcome;

/// The sheets so far.
#[derive(Debug, Default)]
pub(crate) struct Yields {
    any: bool,
    blank: Vec<String>,
}

impl Yields {
    /// Notes what a sheet turned out to be.
    pub(crate) fn note(&mut self, sheet: &str, outcome: Outcome) {
        match outcome {
            Outcome::Values => self.any = true,
            Outcome::Blank => self.blank.push(sheet.to_owned()),
            Outcome::Empty | Outcome::NoWorksheet => {}
        }
    }

    /// Ends the workbook. Formatted cells without values are a form that nobody has filled in: sound, and empty. A
    /// workbook without cells holds no text.
    pub(crate) fn finish(self, sink: &mut dyn Sink) -> Result<()> {
        if self.any {
            return Ok(());
        }
        if self.blank.is_empty() {
            return Err(ConvertError::NoText);
        }
        self.blank
            .iter()
            .try_for_each(|name| sink.begin_part(Some(name), PartKind::Csv))
            .map_err(ConvertError::Sink)
    }
}
