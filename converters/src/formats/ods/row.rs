//! One row: its fields, held until it is known whether and how often it is written.

use crate::limits::Meter;
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

/// The fields of the open row.
#[derive(Debug, Default)]
pub(super) struct Row {
    fields: Vec<Field>,
    text: String,
    /// The most bytes that any row held, which the meter knows of.
    counted: usize,
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
        let size = self.text.len() + self.fields.len() * size_of::<Field>();
        if size > self.counted {
            meter.resident((size - self.counted) as u64)?;
            self.counted = size;
        }
        Ok(())
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
            return Ok(());
        }
        if first.checked_add(repeated).is_none_or(|end| end > MAX_ROWS) {
            return Err(ConvertError::corrupt("a sheet", "it has more than 1,048,576 rows"));
        }
        for row in first..first + repeated {
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
        self.fields.clear();
        self.text.clear();
        Ok(())
    }
}
