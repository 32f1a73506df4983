//! The number formats of cell styles, by index, each with its compiled format.
//!
//! A format that the workbook declares wins over the built-in one of its id.

use std::collections::HashMap;

use crate::number_format::NumberFormat;
use crate::{Meter, Result};

/// What a declared or compiled format weighs in memory beside its code.
const FORMAT_BYTES: u64 = 256;

/// What a style does to values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Style {
    pub(crate) format: u32,
    /// Numbers stay as they are.
    pub(crate) is_general: bool,
    /// Text stays as it is.
    pub(crate) keeps_text: bool,
    /// Nothing is shown, whatever the value.
    pub(crate) hides_all: bool,
}

/// The styles of a workbook.
#[derive(Debug)]
pub(crate) struct Styles {
    cells: Vec<Style>,
    formats: Vec<NumberFormat>,
    general: Style,
    codes: HashMap<u32, String>,
    compiled: HashMap<u32, Style>,
}

impl Default for Styles {
    fn default() -> Self {
        let general = NumberFormat::builtin(0);
        Self {
            cells: Vec::new(),
            general: describe(&general, 0),
            formats: vec![general],
            codes: HashMap::new(),
            compiled: HashMap::new(),
        }
    }
}

impl Styles {
    /// Declares the code of a format id.
    pub(crate) fn declare(&mut self, id: u32, code: String, meter: &Meter) -> Result<()> {
        meter.resident(FORMAT_BYTES + code.len() as u64)?;
        self.codes.insert(id, code);
        Ok(())
    }

    /// Adds a style, which has the next index, with the format of this id. All declarations come before.
    pub(crate) fn push(&mut self, id: u32, meter: &Meter) -> Result<()> {
        meter.resident(size_of::<Style>() as u64)?;
        let style = if let Some(style) = self.compiled.get(&id) {
            *style
        } else {
            meter.resident(FORMAT_BYTES)?;
            let format = match self.codes.get(&id) {
                Some(code) => {
                    // Compiled, a byte of a code takes up to this much.
                    meter.resident(32 * code.len() as u64)?;
                    NumberFormat::parse(code)
                }
                None => NumberFormat::builtin(id),
            };
            let at = u32::try_from(self.formats.len()).unwrap_or(0);
            let style = describe(&format, at);
            self.formats.push(format);
            self.compiled.insert(id, style);
            style
        };
        self.cells.push(style);
        Ok(())
    }

    /// Returns the style of an index; a style that does not exist is the first, as it is in spreadsheet programs.
    pub(crate) fn style(&self, index: u32) -> Style {
        let found = self.cells.get(index as usize).or_else(|| self.cells.first());
        found.copied().unwrap_or(self.general)
    }

    /// Returns the compiled format of a style.
    pub(crate) fn format(&self, style: Style) -> Option<&NumberFormat> {
        self.formats.get(style.format as usize)
    }
}

fn describe(format: &NumberFormat, at: u32) -> Style {
    Style {
        format: at,
        is_general: format.is_general(),
        keeps_text: format.keeps_text(),
        hides_all: format.hides_all(),
    }
}
