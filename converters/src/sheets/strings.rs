//! The shared strings of a workbook, by index.
//!
//! One arena of bytes and one of ends: five bytes a string besides its text. Declared counts are ignored. What a
//! field needs to know (quotes, formula-like) is found once for each string, not once for each cell.

use crate::csv;
use crate::limits::Meter;
use crate::{ConvertError, Result};

const QUOTED: u8 = 1;
const FORMULA_LIKE: u8 = 2;

/// All strings.
#[derive(Debug, Default)]
pub(crate) struct Strings {
    /// For each string a byte of flags and its text.
    bytes: Vec<u8>,
    ends: Vec<u32>,
    /// The bytes that the meter knows of.
    counted: u64,
}

/// One string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shared<'a> {
    pub(crate) text: &'a [u8],
    flags: u8,
}

impl Shared<'_> {
    /// Tells whether the string as a CSV field needs quotes.
    pub(crate) fn needs_quotes(self) -> bool {
        self.flags & QUOTED != 0
    }

    /// Tells whether a spreadsheet program may take the string for a formula.
    pub(crate) fn is_formula_like(self) -> bool {
        self.flags & FORMULA_LIKE != 0
    }
}

impl Strings {
    /// Begins a string; what is appended to the returned buffer until [`Strings::end`] is its text.
    pub(crate) fn begin(&mut self) -> usize {
        let start = self.bytes.len();
        self.bytes.push(0);
        start
    }

    /// Returns the buffer of the open string; only its end may be changed, behind `start + 1`.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Ends the string that began at `start`.
    pub(crate) fn end(&mut self, start: usize) -> Result<()> {
        let text = self.bytes.get(start + 1..).unwrap_or_default();
        let flags = if csv::needs_quotes(text) { QUOTED } else { 0 }
            | if csv::is_formula_like(text) { FORMULA_LIKE } else { 0 };
        if let Some(byte) = self.bytes.get_mut(start) {
            *byte = flags;
        }
        let end = u32::try_from(self.bytes.len());
        self.ends.push(
            end.map_err(|_| ConvertError::Unsupported("a table of more than 4 GiB of strings".into()))?,
        );
        Ok(())
    }

    /// Tells the meter what is held since the last call.
    pub(crate) fn count(&mut self, meter: &Meter) -> Result<()> {
        let size = (self.bytes.len() + 4 * self.ends.len()) as u64;
        meter.resident(size - std::mem::replace(&mut self.counted, size))
    }

    /// Returns a string; `None` if there is none of this index.
    pub(crate) fn get(&self, index: usize) -> Option<Shared<'_>> {
        let end = *self.ends.get(index)?;
        let start = match index.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        let (&flags, text) = self.bytes.get(start as usize..end as usize)?.split_first()?;
        Some(Shared { text, flags })
    }
}
