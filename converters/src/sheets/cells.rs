//! Cells become CSV fields: stored values as their type and number format show them.
//!
//! A value that cannot be read never fails the sheet: it is given as it is and counted. A shared string
//! that does not exist shows as [`BAD_STRING`], so that the loss is seen where it is.

use crate::csv;
use crate::limits::Meter;
use crate::number_format::{self, Decimal, Epoch};
use crate::options::{CellValues, Formulas, MergedCells};
use crate::{Options, Result, Sink};

use super::Outcome;
use super::columns::Columns;
use super::grid::{Grid, Quotes};
use super::iso_date;
use super::strings::Shared;
use super::styles::{Style, Styles};
use super::tally::Tally;

/// Whole numbers below it have one binary form each.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Stands for a shared string that does not exist.
const BAD_STRING: &[u8] = b"#BAD-STRING!";

/// What all sheets share.
#[derive(Debug)]
pub(crate) struct Book<'a> {
    pub(crate) options: &'a Options,
    pub(crate) styles: &'a Styles,
    pub(crate) epoch: Epoch,
}

impl Book<'_> {
    /// Tells whether merged ranges have to be known before the first row.
    pub(crate) fn wants_merges(&self) -> bool {
        self.options.merged_cells == MergedCells::Repeat
    }

    /// Tells whether the cell of a formula is to hold its text.
    pub(crate) fn wants_formulas(&self) -> bool {
        self.options.formulas == Formulas::Text
    }
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
    /// A value as it is to be written.
    Shown(&'v [u8]),
    /// What its type does not allow; it is given as it is.
    Bad(&'v [u8]),
}

/// The cells of one sheet on their way to its table.
#[derive(Debug)]
pub(crate) struct Cells<'a> {
    book: &'a Book<'a>,
    grid: Grid<'a>,
    tally: &'a mut Tally,
    field: Vec<u8>,
    any: bool,
}

impl<'a> Cells<'a> {
    pub(crate) fn new(
        book: &'a Book<'a>,
        label: &'a str,
        tally: &'a mut Tally,
        (meter, sink): (&'a Meter, &'a mut dyn Sink),
    ) -> Self {
        let grid = Grid::new(book.options, label, meter, sink);
        Self { book, grid, tally, field: Vec::new(), any: false }
    }

    /// Returns the hidden columns; all are to be known before the first row.
    pub(crate) fn columns(&mut self) -> &mut Columns {
        &mut self.grid.columns
    }

    /// Adds a merged range by its first and last zero-based place. All are to be known before the first row where
    /// [`Book::wants_merges`] says so; they are counted in any case.
    pub(crate) fn merge(&mut self, first: (u32, u32), last: (u32, u32)) -> Result<()> {
        self.tally.merged += 1;
        self.grid.merge(first, last)
    }

    /// Begins a row; rows are counted from zero.
    pub(crate) fn begin_row(&mut self, row: u32, is_hidden: bool) -> Result<()> {
        self.grid.begin_row(row, is_hidden)
    }

    /// Passes `count` rows without values that are part of the sheet all the same: hidden ones, and those that merged
    /// cells cover.
    pub(crate) fn pass_rows(&mut self, (first, count): (u32, u32), is_hidden: bool) -> Result<()> {
        self.grid.pass_rows((first, count), is_hidden)
    }

    /// Notes that there is a cell, with or without a value.
    pub(crate) fn note(&mut self) {
        self.any = true;
    }

    /// Returns the row that was begun last.
    pub(crate) fn row(&self) -> u32 {
        self.grid.row()
    }

    /// Returns the counts, for what the reader itself leaves out.
    pub(crate) fn tally(&mut self) -> &mut Tally {
        self.tally
    }

    /// Ends the sheet.
    pub(crate) fn finish(mut self) -> Result<Outcome> {
        self.grid.finish()?;
        self.tally.hidden_rows += self.grid.hidden_rows;
        self.tally.hidden_columns += self.grid.hidden_columns;
        let has_values = self.grid.into_table().finish()?;
        Ok(match (has_values, self.any) {
            (true, _) => Outcome::Values,
            (false, true) => Outcome::Blank,
            (false, false) => Outcome::Empty,
        })
    }

    /// Writes the text of a formula, without its equals sign, in place of its value.
    pub(crate) fn formula(&mut self, column: u32, text: &[u8]) -> Result<()> {
        self.formula_like(column, &[b"=", text].concat())
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
            Value::Error(shown) | Value::Shown(shown) => self.given(column, shown),
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
        (!self.grid.excludes()).then_some(Style { is_general: true, keeps_text: true, ..style })
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
        // Whole numbers that a binary one holds exactly keep all their digits.
        if style.is_general && number.fract() == 0.0 && number.abs() < EXACT && number != 0.0 {
            return self.plain(column, number.to_string().as_bytes());
        }
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
        // A format may hold any text.
        let result = self.given(column, &field);
        self.field = field;
        result
    }

    fn date(&mut self, column: u32, style: Style, stored: &[u8]) -> Result<()> {
        let stored = stored.trim_ascii();
        if self.book.options.cell_values == CellValues::Raw {
            return self.given(column, stored);
        }
        let Some(date) = iso_date::parse(stored, self.book.epoch) else {
            return self.bad_cell(column, stored);
        };
        let is_date = self.book.styles.format(style).is_some_and(number_format::NumberFormat::is_date);
        // What lies before the first day of all has no number that a format could show.
        match date.serial.filter(|serial| is_date && *serial >= 0.0).and_then(Decimal::from_f64) {
            Some(serial) => self.decimal(column, style, serial),
            None => self.given(column, &date.text),
        }
    }

    fn shared(&mut self, column: u32, style: Style, string: Shared<'_>) -> Result<()> {
        if !style.keeps_text || string.is_formula_like() {
            return self.text(column, style, string.text);
        }
        if string.text.is_empty() {
            return Ok(());
        }
        let quotes = if string.needs_quotes() { Quotes::Needed } else { Quotes::NotNeeded };
        self.grid.put(column, string.text, quotes).map(drop)
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
        let written = if self.book.options.csv_guard {
            self.grid.put(column, &[b"'", text].concat(), Quotes::Unknown)?
        } else {
            self.grid.put(column, text, Quotes::Unknown)?
        };
        self.tally.formula_like += u64::from(written);
        Ok(())
    }

    fn bad_cell(&mut self, column: u32, stored: &[u8]) -> Result<()> {
        if stored.is_empty() {
            return Ok(());
        }
        self.tally.bad_cells += 1;
        self.given(column, stored)
    }

    /// Writes what the document gives as a value, which need not be one.
    fn given(&mut self, column: u32, shown: &[u8]) -> Result<()> {
        if csv::is_formula_like_value(shown) {
            self.formula_like(column, shown)
        } else {
            self.emit(column, shown)
        }
    }

    fn emit(&mut self, column: u32, field: &[u8]) -> Result<()> {
        if field.is_empty() {
            return Ok(());
        }
        self.grid.put(column, field, Quotes::Unknown).map(drop)
    }

    fn plain(&mut self, column: u32, field: &[u8]) -> Result<()> {
        self.grid.put(column, field, Quotes::NotNeeded).map(drop)
    }
}
