//! The cells of one sheet ([MS-XLS] 2.1.7.20.5).

use crate::biff;
use crate::formula::{self, SharedFormulas, Shown};
use crate::sheets::reference::MAX_COLUMNS;
use crate::sheets::{Cells, Outcome, Value};
use crate::{ConvertError, Meter, Result};

use super::formulas;
use super::globals::Globals;
use super::kind;
use super::links::Resolver;
use super::records::{CONTINUE, Records, f64_at, u16_at, u32_at};
use super::strings::Length;
use super::survey::{self, Rows, Survey};
use super::version::Biff;

/// The style index that says that the style stands in a record of its own.
const STYLE_IS_APART: u32 = 63;

/// A sheet being read.
#[derive(Debug)]
pub(super) struct Sheet<'a> {
    globals: &'a Globals,
    resolver: Resolver<'a>,
    wants_formulas: bool,
    formulas: SharedFormulas,
    cells: Cells<'a>,
    hidden_rows: Rows,
    /// The row that the last cell was in.
    row: Option<u16>,
    text: Vec<u8>,
    style_apart: u32,
}

/// Where a cell is and which style it has.
#[derive(Debug, Clone, Copy)]
struct Head {
    row: u16,
    column: u32,
    style: u32,
    /// Where the value begins.
    value: usize,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(resolver: Resolver<'a>, cells: Cells<'a>, wants_formulas: bool) -> Self {
        Self {
            globals: resolver.globals,
            resolver,
            wants_formulas,
            formulas: SharedFormulas::default(),
            cells,
            hidden_rows: Rows::default(),
            row: None,
            text: Vec::new(),
            style_apart: 0,
        }
    }

    /// Ends the sheet.
    pub(super) fn finish(self) -> Result<Outcome> {
        self.cells.finish()
    }

    /// Reads the cells, as far as `survey` has found an order for them; the next record is the sheet's second.
    pub(super) fn read(&mut self, records: &mut Records<'_>, limit: u64, survey: Survey) -> Result<()> {
        (self.hidden_rows, self.formulas) = (survey.hidden_rows, survey.formulas);
        let Some(places) = survey.scattered else {
            return survey::walk(records, limit, |records, kind| self.take(records, kind)).map(|_| ());
        };
        for (_, _, at) in places {
            records.seek(at);
            if let Some(kind) = records.next()? {
                self.take(records, kind)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, records: &mut Records<'_>, kind: u16) -> Result<()> {
        if kind == kind::STYLE_V2 {
            self.style_apart = u32::from(u16_at(records.data(), 0));
        }
        if !kind::is_cell(kind) {
            return Ok(());
        }
        let head = self.head(kind, records.data());
        self.begin(head, records.meter())?;
        let data = records.data();
        match kind {
            kind::NUMBER | kind::NUMBER_V2 => self.put(head, Value::Number(f64_at(data, head.value))),
            kind::INTEGER_V2 => self.put(head, Value::Number(f64::from(u16_at(data, head.value)))),
            kind::RK | kind::RK_OTHER => self.put(head, rk(u32_at(data, head.value))),
            kind::MANY_RK => self.many(head, records),
            kind::LABEL_SHARED => {
                let index = usize::try_from(u32_at(data, head.value)).unwrap_or(usize::MAX);
                let string = self.globals.strings.get(index);
                self.put(head, string.map_or(Value::NoString, Value::Shared))
            }
            kind::BOOL_OR_ERROR | kind::BOOL_OR_ERROR_V2 => {
                let [value, is_error] = u16_at(data, head.value).to_le_bytes();
                self.put(head, if is_error == 0 { Value::Bool(value != 0) } else { error(value) })
            }
            kind::LABEL | kind::LABEL_V2 | kind::RICH_STRING => {
                let length = if kind == kind::LABEL_V2 { Length::Byte } else { Length::Word };
                self.text(records, (head, head.value), length)
            }
            kind::FORMULA | kind::FORMULA_V3 | kind::FORMULA_V4 => self.formula(head, records),
            _ => Ok(()),
        }
    }

    fn head(&self, kind: u16, data: &[u8]) -> Head {
        let (row, column) = (u16_at(data, 0), u32::from(u16_at(data, 2)));
        let is_first_version = kind < kind::FORMULA || kind == kind::FORMULA && self.globals.biff == Biff::V2;
        if !is_first_version {
            return Head { row, column, style: u32::from(u16_at(data, 4)), value: 6 };
        }
        let [style, format] = u16_at(data, 4).to_le_bytes().map(|byte| u32::from(byte & 0x3F));
        let style = match style {
            _ if !self.globals.has_styles => format,
            STYLE_IS_APART => self.style_apart,
            style => style,
        };
        Head { row, column, style, value: 7 }
    }

    /// Goes to the row of a cell, past the hidden ones before it.
    fn begin(&mut self, head: Head, meter: &Meter) -> Result<()> {
        meter.cells(1)?;
        self.cells.note();
        if head.column >= MAX_COLUMNS {
            return Err(ConvertError::corrupt("a sheet", "a cell is beyond column 16,384"));
        }
        if self.row == Some(head.row) {
            return Ok(());
        }
        if self.hidden_rows.any() {
            let first = self.row.map_or(0, |row| row.saturating_add(1));
            for row in (first..head.row).filter(|row| self.hidden_rows.contains(*row)) {
                self.cells.begin_row(u32::from(row), true)?;
            }
        }
        self.cells.begin_row(u32::from(head.row), self.hidden_rows.contains(head.row))?;
        self.row = Some(head.row);
        Ok(())
    }

    fn put(&mut self, head: Head, value: Value<'_>) -> Result<()> {
        self.cells.put(head.column, head.style, value)
    }

    /// Writes the numbers of neighbours in a row; how many there are, the length of the record says.
    fn many(&mut self, head: Head, records: &Records<'_>) -> Result<()> {
        let numbers = records.data().get(4..).unwrap_or_default().chunks_exact(6);
        for (column, number) in (head.column..MAX_COLUMNS).zip(numbers) {
            records.meter().cells(1)?;
            let head = Head { column, style: u32::from(u16_at(number, 0)), ..head };
            self.put(head, rk(u32_at(number, 2)))?;
        }
        Ok(())
    }

    /// Writes the text that begins at a byte of the current record.
    fn text(&mut self, records: &mut Records<'_>, (head, at): (Head, usize), length: Length) -> Result<()> {
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        let mut parts = records.parts();
        parts.consume(at);
        if !self.globals.text(&mut parts, length, &mut text)? {
            self.cells.tally().bad_cells += 1;
        }
        let result = self.put(head, Value::Text(&text));
        self.text = text;
        result
    }

    /// Writes the value that a formula had when it was last calculated ([MS-XLS] 2.5.133).
    fn formula(&mut self, head: Head, records: &mut Records<'_>) -> Result<()> {
        let data = records.data();
        if data.len() < head.value + 8 {
            self.cells.tally().formulas_without_value += 1;
            return Ok(());
        }
        let behind = data.get(head.value + 8..).unwrap_or_default();
        if self.wants_formulas {
            let cell = (head.row, u16_at(data, 2));
            match formulas::show(&self.formulas, cell, behind, self.globals.biff, &self.resolver) {
                Shown::Text(text) => return self.cells.formula(head.column, text.as_bytes()),
                Shown::Value => {}
                Shown::Unreadable => self.cells.tally().formulas_unreadable += 1,
            }
        }
        if u16_at(data, head.value + 6) != 0xFFFF {
            return self.put(head, Value::Number(f64_at(data, head.value)));
        }
        let value = data.get(head.value + 2).copied().unwrap_or(0);
        match data.get(head.value) {
            Some(0) => self.formula_text(head, records),
            Some(1) => self.put(head, Value::Bool(value != 0)),
            Some(2) => self.put(head, error(value)),
            // An empty text; some writers give it to all formulas, because they do not calculate.
            _ => {
                let layout = formulas::layout(self.globals.biff);
                let tokens = formulas::tokens(behind, self.globals.biff);
                let is_missing = tokens.is_some_and(|(tokens, _)| formula::gives_no_text(layout, tokens));
                self.cells.tally().formulas_without_value += u64::from(is_missing);
                Ok(())
            }
        }
    }

    /// Writes the text of a formula, which stands in a record of its own behind it.
    fn formula_text(&mut self, head: Head, records: &mut Records<'_>) -> Result<()> {
        while let Some((kind, _)) = records.peek()? {
            match kind {
                kind::STRING | kind::STRING_V2 => {
                    records.next()?;
                    let length = if kind == kind::STRING_V2 { Length::Byte } else { Length::Word };
                    return self.text(records, (head, 0), length);
                }
                CONTINUE | kind::ARRAY | kind::ARRAY_V2 => {}
                kind::SHARED_FORMULA | kind::SHARED_FORMULA_OTHER => {}
                _ if kind::DATA_TABLE.contains(&kind) => {}
                _ => break,
            }
            records.next()?;
        }
        self.cells.tally().formulas_without_value += 1;
        Ok(())
    }
}

fn rk(stored: u32) -> Value<'static> {
    Value::Number(biff::rk(stored))
}

fn error(code: u8) -> Value<'static> {
    Value::Error(biff::error(code))
}
