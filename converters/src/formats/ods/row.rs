//! One row: its fields, held until it is known whether and how often it is written.

use crate::limits::{HighWater, Meter};
use crate::sheets::reference::{MAX_COLUMNS, MAX_ROWS};
use crate::sheets::{Cells, Value};
use crate::{ConvertError, Result};

use super::cell::Form;

/// A field; its text is part of the row's.
#[derive(Debug)]
struct Field {
    column: u32,
    repeated: u32,
    form: Form,
    is_formula: bool,
    end: usize,
}

/// Cells that cover others.
#[derive(Debug)]
struct Merged {
    column: u32,
    repeated: u32,
    /// How many columns and rows one of them covers, itself among them.
    spans: (u32, u32),
}

/// The fields of the open row.
#[derive(Debug, Default)]
pub(super) struct Row {
    fields: Vec<Field>,
    text: String,
    merged: Vec<Merged>,
    is_covered: bool,
    held: HighWater,
}

impl Row {
    /// Adds a field whose text `write` appends; one that stays empty is none.
    pub(super) fn push(
        &mut self,
        (column, repeated): (u32, u32),
        is_formula: bool,
        meter: &Meter,
        write: impl FnOnce(&mut String) -> Form,
    ) -> Result<()> {
        let start = self.text.len();
        let form = write(&mut self.text);
        if self.text.len() == start {
            return Ok(());
        }
        if column.checked_add(repeated).is_none_or(|end| end > MAX_COLUMNS) {
            return Err(ConvertError::corrupt("a sheet", "a row has more than 16,384 cells"));
        }
        self.fields.push(Field { column, repeated, form, is_formula, end: self.text.len() });
        self.count(meter)
    }

    /// Adds cells of which each covers so many columns and rows.
    pub(super) fn merge(
        &mut self,
        (column, repeated): (u32, u32),
        spans: (u32, u32),
        meter: &Meter,
    ) -> Result<()> {
        self.merged.push(Merged { column, repeated, spans });
        self.count(meter)
    }

    /// Notes that cells of rows before cover some of this one.
    pub(super) fn cover(&mut self) {
        self.is_covered = true;
    }

    fn count(&mut self, meter: &Meter) -> Result<()> {
        let size = self.text.len()
            + self.fields.len() * size_of::<Field>()
            + self.merged.len() * size_of::<Merged>();
        self.held.note(size, meter)
    }

    /// Writes the row so many times, from row `first` on, and empties it.
    pub(super) fn write(
        &mut self,
        (first, repeated): (u32, u32),
        is_hidden: bool,
        meter: &Meter,
        cells: &mut Cells<'_>,
    ) -> Result<()> {
        if self.fields.is_empty() {
            return self.pass((first, repeated), is_hidden, cells);
        }
        if first.checked_add(repeated).is_none_or(|end| end > MAX_ROWS) {
            return Err(ConvertError::corrupt("a sheet", "it has more than 1,048,576 rows"));
        }
        for row in first..first + repeated {
            self.write_merged(row, meter, cells)?;
            cells.begin_row(row, is_hidden)?;
            let mut start = 0;
            for field in &self.fields {
                let text = self.text.get(start..field.end).unwrap_or_default().as_bytes();
                start = field.end;
                for column in field.column..field.column + field.repeated {
                    meter.cells(1)?;
                    match field.form {
                        _ if field.is_formula => cells.formula(column, text)?,
                        Form::Text => cells.put(column, 0, Value::Text(text))?,
                        Form::Value => cells.put(column, 0, Value::Shown(text))?,
                    }
                }
            }
        }
        self.clear();
        Ok(())
    }

    fn write_merged(&self, row: u32, meter: &Meter, cells: &mut Cells<'_>) -> Result<()> {
        for Merged { column, repeated, spans: (columns, rows) } in &self.merged {
            for first in *column..column.saturating_add(*repeated).min(MAX_COLUMNS) {
                meter.cells(1)?;
                let last = (row.saturating_add(rows - 1), first.saturating_add(columns - 1));
                cells.merge((row, first), (last.0, last.1.min(MAX_COLUMNS - 1)))?;
            }
        }
        Ok(())
    }

    /// Passes the row, which has no values, and empties it.
    fn pass(&mut self, (first, repeated): (u32, u32), is_hidden: bool, cells: &mut Cells<'_>) -> Result<()> {
        for merged in &self.merged {
            let (columns, rows) = (merged.repeated.min(MAX_COLUMNS), repeated.min(MAX_ROWS));
            cells.tally().merged += u64::from(columns) * u64::from(rows);
        }
        let matters = is_hidden || self.is_covered;
        self.clear();
        if matters { cells.pass_rows((first, repeated), is_hidden) } else { Ok(()) }
    }

    fn clear(&mut self) {
        self.fields.clear();
        self.text.clear();
        self.merged.clear();
        self.is_covered = false;
    }
}
