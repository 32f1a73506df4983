//! Where the fields of one sheet go: rows and columns that are hidden, and cells that repeat a merged one.
//!
//! Rows come in order, and cells in the order of their row; a table that begins otherwise is sorted by
//! [`Table`], as far as it can be.

use crate::csv::Table;
use crate::limits::Meter;
use crate::options::{HiddenContent, MergedCells};
use crate::{ConvertError, Options, Result, Sink};

use super::columns::Columns;
use super::merges::Merges;
use super::reference::{MAX_COLUMNS, MAX_ROWS};

/// What is known of a field's need for quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quotes {
    Needed,
    NotNeeded,
    Unknown,
}

/// The fields of one sheet on their way to its table.
#[derive(Debug)]
pub(super) struct Grid<'a> {
    table: Table<'a>,
    meter: &'a Meter,
    excludes: bool,
    pub(super) columns: Columns,
    repeats: bool,
    merges: Merges,
    row: u32,
    furthest_row: u32,
    row_is_hidden: bool,
    row_is_counted: bool,
    /// Whether the cells of the row go where they say, as nearly all do.
    is_plain: bool,
    /// Hidden rows so far, by which later rows move up when they are left out.
    rows_left_out: u32,
    /// Hidden rows and columns with values.
    pub(super) hidden_rows: u64,
    pub(super) hidden_columns: u64,
}

impl<'a> Grid<'a> {
    pub(super) fn new(options: &Options, label: &'a str, meter: &'a Meter, sink: &'a mut dyn Sink) -> Self {
        Self {
            table: Table::new(label, meter, sink).split_at(options.max_csv_bytes),
            meter,
            excludes: options.hidden_content == HiddenContent::Exclude,
            columns: Columns::default(),
            repeats: options.merged_cells == MergedCells::Repeat,
            merges: Merges::default(),
            row: 0,
            furthest_row: 0,
            row_is_hidden: false,
            row_is_counted: false,
            is_plain: false,
            rows_left_out: 0,
            hidden_rows: 0,
            hidden_columns: 0,
        }
    }

    pub(super) fn row(&self) -> u32 {
        self.row
    }

    pub(super) fn excludes(&self) -> bool {
        self.excludes
    }

    /// Adds a merged range, before any row; it counts only where values are repeated.
    pub(super) fn merge(&mut self, first: (u32, u32), last: (u32, u32)) -> Result<()> {
        if self.repeats { self.merges.add(first, last, self.meter) } else { Ok(()) }
    }

    pub(super) fn begin_row(&mut self, row: u32, is_hidden: bool) -> Result<()> {
        if row > self.row {
            self.fill(self.row, MAX_COLUMNS)?;
        }
        if self.row_is_hidden && self.excludes {
            self.rows_left_out += 1;
        }
        if row > self.row {
            self.row_is_hidden = false;
            self.fill(row, 0)?;
        }
        self.furthest_row = self.furthest_row.max(row);
        (self.row, self.row_is_hidden, self.row_is_counted) = (row, is_hidden, false);
        self.is_plain = !is_hidden && !self.columns.any() && self.rows_left_out == 0 && !self.repeats;
        Ok(())
    }

    /// Passes `count` rows without values of their own, in which merged cells may repeat theirs.
    pub(super) fn pass_rows(&mut self, (first, count): (u32, u32), is_hidden: bool) -> Result<()> {
        let end = first.saturating_add(count).min(MAX_ROWS);
        let mut row = first;
        while row < end {
            self.begin_row(row, is_hidden)?;
            row += 1;
            if !self.merges.is_open() {
                break;
            }
        }
        // Nothing reaches into the others: they only leave a gap, or none.
        let rest = end.saturating_sub(row);
        self.rows_left_out += if is_hidden && self.excludes { rest } else { 0 };
        self.row += rest;
        self.furthest_row = self.furthest_row.max(self.row);
        Ok(())
    }

    /// Writes a field into the open row; false if it is hidden and left out.
    #[inline]
    pub(super) fn put(&mut self, column: u32, field: &[u8], quotes: Quotes) -> Result<bool> {
        if self.is_plain {
            self.table.place(self.row, column)?;
            self.append(field, quotes);
            return Ok(true);
        }
        if self.repeats && !self.merges.is_empty() {
            self.fill(self.row, column)?;
            self.merges.note((self.row, column), field, self.meter)?;
        }
        self.write(column, field, quotes)
    }

    fn write(&mut self, column: u32, field: &[u8], quotes: Quotes) -> Result<bool> {
        if !self.place(column)? {
            return Ok(false);
        }
        self.append(field, quotes);
        Ok(true)
    }

    fn append(&mut self, field: &[u8], quotes: Quotes) {
        match quotes {
            Quotes::Needed => self.table.quoted(field),
            Quotes::NotNeeded => self.table.plain(field),
            Quotes::Unknown => self.table.field(field),
        }
    }

    /// Writes what merged cells cover before a place.
    fn fill(&mut self, row: u32, column: u32) -> Result<()> {
        if !self.repeats || self.merges.is_empty() {
            return Ok(());
        }
        let mut merges = std::mem::take(&mut self.merges);
        let result = merges.fill((row, column), self.meter, |(row, column), text| {
            if row != self.row {
                (self.row, self.row_is_hidden, self.row_is_counted) = (row, false, false);
            }
            self.write(column, text, Quotes::Unknown).map(drop)
        });
        self.merges = merges;
        result
    }

    /// Moves the table to a cell that has a value; false if the cell is hidden and to be left out.
    fn place(&mut self, column: u32) -> Result<bool> {
        if self.row_is_hidden && !std::mem::replace(&mut self.row_is_counted, true) {
            self.hidden_rows += 1;
        }
        let column_is_hidden = self.columns.is_hidden(column);
        if column_is_hidden && self.columns.note(column) {
            self.hidden_columns += 1;
        }
        if !self.excludes {
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

    /// Ends the sheet; tells whether it had any value.
    pub(super) fn finish(&mut self) -> Result<()> {
        self.fill(self.furthest_row, MAX_COLUMNS)
    }

    pub(super) fn into_table(self) -> Table<'a> {
        self.table
    }
}
