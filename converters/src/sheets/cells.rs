//! Cells become CSV fields: stored values as their type and number format show them.
//!
//! A value that cannot be read never fails the sheet: it is given as it is and counted. A shared string
//! that does not exist shows as [`BAD_STRING`], so that the loss is seen where it is.

use crate::csv::{self, Table};
use crate::limits::Meter;
use crate::number_format::{self, Decimal, Epoch};
use crate::options::{CellValues, HiddenContent};
use crate::{ConvertError, Options, Result, Sink};

use super::columns::Columns;
use super::iso_date;
use super::strings::Shared;
use super::styles::{Style, Styles};
use super::tally::Tally;

/// Stands for a shared string that does not exist.
const BAD_STRING: &[u8] = b"#BAD-STRING!";

/// What all sheets share.
#[derive(Debug)]
pub(crate) struct Book<'a> {
    pub(crate) options: &'a Options,
    pub(crate) styles: &'a Styles,
    pub(crate) epoch: Epoch,
}

/// What a cell holds. Texts are UTF-8 with all references and escapes resolved.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value<'v> {
    /// A number as decimal text.
    Digits(&'v [u8]),
    /// A number.
    Number(f64),
    /// A text.
    Text(&'v [u8]),
    /// A text of which is known what a field needs to know.
    Shared(Shared<'v>),
    /// A truth value.
    Bool(bool),
    /// An error, such as `#DIV/0!`.
    Error(&'v [u8]),
    /// A date or time as ISO 8601 text.
    Date(&'v [u8]),
    /// A shared string that does not exist.
    NoString,
    /// What its type does not allow; it is given as it is.
    Bad(&'v [u8]),
}

/// The cells of one sheet on their way to its table.
#[derive(Debug)]
pub(crate) struct Cells<'a> {
    book: &'a Book<'a>,
    table: Table<'a>,
    tally: &'a mut Tally,
    field: Vec<u8>,
    pub(crate) columns: Columns,
    any: bool,
    row: u32,
    furthest_row: u32,
    row_is_hidden: bool,
    row_is_counted: bool,
    /// Hidden rows so far, by which later rows move up when they are left out.
    rows_left_out: u32,
}

impl<'a> Cells<'a> {
    pub(crate) fn new(
        book: &'a Book<'a>,
        label: &'a str,
        tally: &'a mut Tally,
        (meter, sink): (&'a Meter, &'a mut dyn Sink),
    ) -> Self {
        Self {
            book,
            table: Table::new(label, meter, sink).split_at(book.options.max_csv_bytes),
            tally,
            field: Vec::new(),
            columns: Columns::default(),
            any: false,
            row: 0,
            furthest_row: 0,
            row_is_hidden: false,
            row_is_counted: false,
            rows_left_out: 0,
        }
    }

    pub(crate) fn begin_row(&mut self, row: u32, is_hidden: bool) {
        if self.row_is_hidden && self.excludes() {
            self.rows_left_out += 1;
        }
        self.furthest_row = self.furthest_row.max(row);
        (self.row, self.row_is_hidden, self.row_is_counted) = (row, is_hidden, false);
    }

    /// Notes that there is a cell, with or without a value.
    pub(crate) fn note(&mut self) {
        self.any = true;
    }

    /// Tells whether there was a cell, with or without a value.
    pub(crate) fn any(&self) -> bool {
        self.any
    }

    pub(crate) fn row(&self) -> u32 {
        self.row
    }

    pub(crate) fn tally(&mut self) -> &mut Tally {
        self.tally
    }

    /// Ends the sheet; tells whether it had any value.
    pub(crate) fn finish(self) -> Result<bool> {
        self.table.finish()
    }

    fn excludes(&self) -> bool {
        self.book.options.hidden_content == HiddenContent::Exclude
    }

    /// Writes a cell with the style of this index.
    pub(crate) fn put(&mut self, column: u32, style: u32, value: Value<'_>) -> Result<()> {
        let style = self.book.styles.style(style);
        let style = if style.hides_all { self.shown_anyway(style) } else { Some(style) };
        let Some(style) = style else { return Ok(()) };
        match value {
            Value::Digits(digits) => self.digits(column, style, digits),
            Value::Number(number) => self.number(column, style, number),
            Value::Text(text) => self.text(column, style, text),
            Value::Shared(string) => self.shared(column, style, string),
            Value::Bool(true) => self.plain(column, b"TRUE"),
            Value::Bool(false) => self.plain(column, b"FALSE"),
            Value::Error(error) => self.emit(column, error),
            Value::Date(date) => self.date(column, style, date),
            Value::NoString => {
                self.tally.bad_strings += 1;
                self.emit(column, BAD_STRING)
            }
            Value::Bad(stored) => self.bad_cell(column, stored),
        }
    }

    /// A format that shows nothing hides its cell, which is then hidden content like any other.
    fn shown_anyway(&mut self, style: Style) -> Option<Style> {
        if self.book.options.cell_values != CellValues::Displayed {
            return Some(style);
        }
        self.tally.hidden_cells += 1;
        (!self.excludes()).then_some(Style { is_general: true, keeps_text: true, ..style })
    }

    fn digits(&mut self, column: u32, style: Style, stored: &[u8]) -> Result<()> {
        let raw = self.book.options.cell_values == CellValues::Raw;
        if style.is_general && number_format::is_plain(stored) {
            return self.plain(column, stored);
        }
        let stored = stored.trim_ascii();
        let Some(value) = Decimal::parse(stored) else {
            return self.bad_cell(column, stored);
        };
        if raw {
            return self.emit(column, stored);
        }
        self.decimal(column, style, value)
    }

    fn number(&mut self, column: u32, style: Style, number: f64) -> Result<()> {
        let Some(value) = Decimal::from_f64(number) else {
            // Not a number or infinite: spreadsheet programs show it so.
            return self.emit(column, b"#NUM!");
        };
        if self.book.options.cell_values == CellValues::Raw {
            return self.emit(column, number.to_string().as_bytes());
        }
        self.decimal(column, style, value)
    }

    fn decimal(&mut self, column: u32, style: Style, value: Decimal) -> Result<()> {
        let mut field = std::mem::take(&mut self.field);
        field.clear();
        match self.book.styles.format(style).filter(|_| !style.is_general) {
            Some(format) if self.book.options.cell_values == CellValues::Canonical => {
                format.write_canonical(value, self.book.epoch, &mut field);
            }
            Some(format) => format.write(value, self.book.epoch, &mut field),
            None => number_format::write_general(value, &mut field),
        }
        let result = self.emit(column, &field);
        self.field = field;
        result
    }

    fn date(&mut self, column: u32, style: Style, stored: &[u8]) -> Result<()> {
        let stored = stored.trim_ascii();
        if self.book.options.cell_values == CellValues::Raw {
            return self.emit(column, stored);
        }
        let Some(date) = iso_date::parse(stored, self.book.epoch) else {
            return self.bad_cell(column, stored);
        };
        let is_date = self.book.styles.format(style).is_some_and(number_format::NumberFormat::is_date);
        match date.serial.filter(|_| is_date).and_then(Decimal::from_f64) {
            Some(serial) => self.decimal(column, style, serial),
            None => self.emit(column, &date.text),
        }
    }

    fn shared(&mut self, column: u32, style: Style, string: Shared<'_>) -> Result<()> {
        if !style.keeps_text || string.is_formula_like() {
            return self.text(column, style, string.text);
        }
        self.shared_as_it_is(column, string)
    }

    fn shared_as_it_is(&mut self, column: u32, string: Shared<'_>) -> Result<()> {
        if string.text.is_empty() || !self.place(column)? {
            return Ok(());
        }
        if string.needs_quotes() {
            self.table.quoted(string.text);
        } else {
            self.table.plain(string.text);
        }
        Ok(())
    }

    fn text(&mut self, column: u32, style: Style, text: &[u8]) -> Result<()> {
        let mut field = std::mem::take(&mut self.field);
        field.clear();
        let mut shown = text;
        let format = self.book.styles.format(style).filter(|_| !style.keeps_text);
        if let Some(format) = format.filter(|_| self.book.options.cell_values == CellValues::Displayed) {
            format.write_text(text, &mut field);
            shown = &field;
        }
        let result = if csv::is_formula_like(shown) {
            self.formula_like(column, shown)
        } else {
            self.emit(column, shown)
        };
        self.field = field;
        result
    }

    fn formula_like(&mut self, column: u32, text: &[u8]) -> Result<()> {
        if !self.place(column)? {
            return Ok(());
        }
        self.tally.formula_like += 1;
        if self.book.options.csv_guard {
            let guarded = [b"'", text].concat();
            self.table.field(&guarded);
        } else {
            self.table.field(text);
        }
        Ok(())
    }

    fn bad_cell(&mut self, column: u32, stored: &[u8]) -> Result<()> {
        if stored.is_empty() {
            return Ok(());
        }
        self.tally.bad_cells += 1;
        self.emit(column, stored)
    }

    fn emit(&mut self, column: u32, field: &[u8]) -> Result<()> {
        if !field.is_empty() && self.place(column)? {
            self.table.field(field);
        }
        Ok(())
    }

    fn plain(&mut self, column: u32, field: &[u8]) -> Result<()> {
        if self.place(column)? {
            self.table.plain(field);
        }
        Ok(())
    }

    /// Moves the table to a cell that has a value; false if the cell is hidden and to be left out.
    fn place(&mut self, column: u32) -> Result<bool> {
        if !self.row_is_hidden && !self.columns.any() && self.rows_left_out == 0 {
            self.table.place(self.row, column)?;
            return Ok(true);
        }
        if self.row_is_hidden && !std::mem::replace(&mut self.row_is_counted, true) {
            self.tally.hidden_rows += 1;
        }
        let column_is_hidden = self.columns.is_hidden(column);
        if column_is_hidden && self.columns.note(column) {
            self.tally.hidden_columns += 1;
        }
        if !self.excludes() {
            self.table.place(self.row, column)?;
            return Ok(true);
        }
        if self.row_is_hidden || column_is_hidden {
            return Ok(false);
        }
        // Rows that come in no order cannot close gaps of which not all are known yet.
        if self.rows_left_out > 0 && self.row < self.furthest_row {
            return Err(ConvertError::corrupt("a sheet", "its hidden rows are out of order"));
        }
        let row = self.row.saturating_sub(self.rows_left_out);
        self.table.place(row, column - self.columns.before(column))?;
        Ok(true)
    }
}
