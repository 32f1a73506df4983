//! The number formats of cell styles (ECMA-376 part 1, 18.8): `cellXfs` by index, each with its compiled format.
//!
//! Everything else about styles is looks. A format that the part declares wins over the built-in one of its id.

use std::collections::HashMap;

use crate::number_format::NumberFormat;
use crate::ooxml::Ooxml;
use crate::xml::{Event, Tag};
use crate::{Meter, Result};

use super::reference;

/// What a declared or compiled format weighs in memory beside its code.
const FORMAT_BYTES: u64 = 256;

/// What a style does to values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Style {
    pub(super) format: u32,
    /// Numbers stay as they are.
    pub(super) is_general: bool,
    /// Text stays as it is.
    pub(super) keeps_text: bool,
    /// Nothing is shown, whatever the value.
    pub(super) hides_all: bool,
}

/// The styles of a workbook.
#[derive(Debug)]
pub(super) struct Styles {
    cells: Vec<Style>,
    formats: Vec<NumberFormat>,
    general: Style,
}

impl Styles {
    /// Reads the part; without one, all cells are `General`.
    pub(super) fn read(ooxml: &mut Ooxml<'_>, part: Option<&str>) -> Result<Self> {
        let mut builder = Builder::new();
        let meter = ooxml.meter();
        let Some(part) = part else {
            return Ok(builder.finish());
        };
        let Some(mut reader) = ooxml.xml(part)? else {
            return Ok(builder.finish());
        };
        let mut in_cell_xfs = false;
        loop {
            match reader.next_event()? {
                Event::Start(tag) => match tag.local() {
                    b"numFmt" if !in_cell_xfs => builder.declare(&tag, meter)?,
                    b"cellXfs" => in_cell_xfs = true,
                    b"xf" if in_cell_xfs => builder.cell(&tag, meter)?,
                    _ => {}
                },
                Event::End(b"cellXfs") => in_cell_xfs = false,
                Event::End(_) | Event::Text(_) => {}
                Event::Eof => return Ok(builder.finish()),
            }
        }
    }

    /// Returns the style of an index; a style that does not exist is the first, as it is in spreadsheet programs.
    pub(super) fn style(&self, index: u32) -> Style {
        let found = self.cells.get(index as usize).or_else(|| self.cells.first());
        found.copied().unwrap_or(self.general)
    }

    pub(super) fn format(&self, style: Style) -> Option<&NumberFormat> {
        self.formats.get(style.format as usize)
    }
}

struct Builder {
    codes: HashMap<u32, String>,
    compiled: HashMap<u32, Style>,
    styles: Styles,
}

impl Builder {
    fn new() -> Self {
        let general = NumberFormat::builtin(0);
        Self {
            codes: HashMap::new(),
            compiled: HashMap::new(),
            styles: Styles { cells: Vec::new(), general: describe(&general, 0), formats: vec![general] },
        }
    }

    fn declare(&mut self, tag: &Tag<'_>, meter: &Meter) -> Result<()> {
        let id = tag.raw(b"numFmtId").and_then(reference::number);
        if let Some((id, code)) = id.zip(tag.value(b"formatCode")) {
            meter.resident(FORMAT_BYTES + code.len() as u64)?;
            self.codes.insert(id, code.into_owned());
        }
        Ok(())
    }

    fn cell(&mut self, tag: &Tag<'_>, meter: &Meter) -> Result<()> {
        let id = tag.raw(b"numFmtId").and_then(reference::number).unwrap_or(0);
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
            let at = u32::try_from(self.styles.formats.len()).unwrap_or(0);
            let style = describe(&format, at);
            self.styles.formats.push(format);
            self.compiled.insert(id, style);
            style
        };
        self.styles.cells.push(style);
        Ok(())
    }

    fn finish(self) -> Styles {
        self.styles
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
