//! RFC 4180 CSV, streamed: sparse tables that a spreadsheet holds, and delimited text of any dialect.
//!
//! Lines end with CR LF and fields with separators, quotes, line ends or outer blanks are quoted. Cells keep their
//! place: what lies before one is written as empty fields and lines. Rows are ragged, because the width
//! of a sheet is not known before its last row and its declared width is not to be trusted; nothing is written
//! after the last cell of a row, or after the last row.

mod dialect;
mod field;
mod form;
mod pieces;
mod rewriter;
mod scattered;

use crate::limits::Meter;
use crate::warning::{Warning, WarningCode};
use crate::{ConvertError, PartKind, Result, Sink};

use field::{double_quotes, is_amount};
pub(crate) use pieces::Pieces;
use scattered::Scattered;

pub use dialect::{Dialect, SAMPLE_BYTES, sniff};
pub(crate) use form::Form;
pub(crate) use rewriter::Rewriter;

const FLUSH_BYTES: usize = 64 << 10;

/// Bytes that make a field need quotes wherever they stand.
const SPECIAL: [bool; 256] = {
    let mut table = [false; 256];
    table[b',' as usize] = true;
    table[b'"' as usize] = true;
    table[b'\r' as usize] = true;
    table[b'\n' as usize] = true;
    table
};

/// Tells whether a field has to be quoted.
#[must_use]
pub fn needs_quotes(field: &[u8]) -> bool {
    let blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    blank(field.first()) || blank(field.last()) || field.iter().any(|byte| SPECIAL[usize::from(*byte)])
}

/// Tells whether a spreadsheet program that opens the CSV may take the text for a formula.
#[must_use]
pub fn is_formula_like(text: &[u8]) -> bool {
    matches!(text.first(), Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r'))
}

/// As [`is_formula_like`], of a value that is no text: a number with a sign is none.
pub(crate) fn is_formula_like_value(shown: &[u8]) -> bool {
    is_formula_like(shown) && !is_amount(shown)
}

/// Writes one table as one part of the output, or as several where it is larger than [`Table::split_at`] allows. The
/// part begins with the first cell: a table without cells leaves no trace.
pub struct Table<'a> {
    meter: &'a Meter,
    label: &'a str,
    /// Whether there was a cell.
    begun: bool,
    /// Set once a cell came out of order.
    scattered: Option<Scattered>,
    pieces: Pieces<'a>,
    /// Where the next field would go.
    row: u32,
    column: u32,
}

impl std::fmt::Debug for Table<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table").field("label", &self.label).finish_non_exhaustive()
    }
}

impl<'a> Table<'a> {
    /// Makes a table that will be the part `label`.
    pub fn new(label: &'a str, meter: &'a Meter, sink: &'a mut dyn Sink) -> Self {
        let pieces = Pieces::new((Some(label), PartKind::Csv), None, meter, sink);
        Self { meter, label, begun: false, scattered: None, pieces, row: 0, column: 0 }
    }

    /// Splits the table between rows into parts of at most `max` bytes: `label`, `label-2`, … Each begins with the
    /// first row that has values. A row that is alone larger stays whole.
    #[must_use]
    pub fn split_at(mut self, max: Option<u64>) -> Self {
        self.pieces.set_max(max);
        self
    }

    /// Moves to a cell, counted from zero, writing the empty cells and lines before it.
    ///
    /// # Errors
    /// [`ConvertError::Corrupt`] if the cell is not behind the last one and it is too late to sort; what the meter
    /// and sink report.
    pub fn place(&mut self, row: u32, column: u32) -> Result<()> {
        if let Some(scattered) = &mut self.scattered {
            return scattered.place((row, column), &self.pieces.buffer, self.meter);
        }
        if self.begun && row == self.row && column == self.column {
            self.pieces.buffer.push(b',');
        } else {
            if self.begun && (row, column) < (self.row, self.column) {
                return self.go_back(row, column);
            }
            self.skip_to(row, column)?;
        }
        self.column = column + 1;
        if self.pieces.buffer.len() >= FLUSH_BYTES { self.pieces.relieve() } else { Ok(()) }
    }

    fn skip_to(&mut self, row: u32, column: u32) -> Result<()> {
        self.begun = true;
        // `column` is the number of fields that the row has so far; the first field has no separator.
        let mut fields = self.column;
        if row > self.row {
            self.end_rows(row - self.row)?;
            fields = 0;
        }
        self.repeat(b",", column + u32::from(fields > 0) - fields)?;
        self.row = row;
        Ok(())
    }

    /// Gives up the order of the cells, if nothing is handed on yet.
    fn go_back(&mut self, row: u32, column: u32) -> Result<()> {
        if self.pieces.has_begun() {
            let (row, column) = (row + 1, column + 1);
            let reason = format!("the cell in row {row} and column {column} is out of order");
            return Err(ConvertError::corrupt(self.label, reason));
        }
        let scattered = self.scattered.insert(Scattered::take_apart(&mut self.pieces.buffer));
        scattered.place((row, column), &self.pieces.buffer, self.meter)
    }

    /// Writes the cells in order that came in none.
    fn sort(&mut self, scattered: Scattered) -> Result<()> {
        let fields = std::mem::take(&mut self.pieces.buffer);
        self.pieces.restart();
        (self.begun, self.row, self.column) = (false, 0, 0);
        let doubled = scattered.sorted(&fields, |row, column, field| {
            self.place(row, column)?;
            self.plain(field);
            Ok(())
        })?;
        if doubled > 0 {
            let message = "cells stand in a place where another one follows; the last one counts";
            self.pieces.sink().warn(Warning::new(WarningCode::BadCell, doubled, message));
        }
        Ok(())
    }

    /// Ends the row at hand and the empty ones behind it.
    fn end_rows(&mut self, rows: u32) -> Result<()> {
        if !self.pieces.are_bounded() {
            return self.repeat(b"\r\n", rows);
        }
        for _ in 0..rows {
            self.pieces.buffer.extend_from_slice(b"\r\n");
            self.pieces.end_row()?;
        }
        Ok(())
    }

    /// Writes `bytes` so many times, in pieces, so that a gap costs no memory before the meter has seen it.
    fn repeat(&mut self, bytes: &[u8], mut times: u32) -> Result<()> {
        while times > 0 {
            let now = times.min(16 << 10);
            for _ in 0..now {
                self.pieces.buffer.extend_from_slice(bytes);
            }
            times -= now;
            self.pieces.relieve()?;
        }
        Ok(())
    }

    /// Writes the field of the cell moved to.
    pub fn field(&mut self, field: &[u8]) {
        if needs_quotes(field) {
            self.quoted(field);
        } else {
            self.plain(field);
        }
    }

    /// Writes a field that needs no quotes.
    pub fn plain(&mut self, field: &[u8]) {
        self.pieces.buffer.extend_from_slice(field);
    }

    /// Writes a field with quotes.
    pub fn quoted(&mut self, field: &[u8]) {
        self.pieces.buffer.push(b'"');
        double_quotes(field, &mut self.pieces.buffer);
        self.pieces.buffer.push(b'"');
    }

    /// Ends the table; tells whether it had any cell.
    ///
    /// # Errors
    /// What the meter and sink report.
    pub fn finish(mut self) -> Result<bool> {
        if let Some(scattered) = self.scattered.take() {
            self.sort(scattered)?;
        }
        if self.begun {
            self.end_rows(1)?;
            self.pieces.finish()?;
        }
        Ok(self.begun)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Limits, Warning};

    #[derive(Default)]
    struct Memory(Vec<u8>);

    impl Sink for Memory {
        fn begin_part(&mut self, _: Option<&str>, _: PartKind) -> std::io::Result<()> {
            Ok(())
        }

        fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
            self.0.extend_from_slice(bytes);
            Ok(())
        }

        fn warn(&mut self, _: Warning) {}
    }

    fn write(cells: &[(u32, u32, &str)]) -> Result<String> {
        let (meter, mut sink) = (Meter::new(Limits::default(), 1), Memory::default());
        let mut table = Table::new("t", &meter, &mut sink);
        for (row, column, text) in cells {
            table.place(*row, *column)?;
            table.field(text.as_bytes());
        }
        table.finish()?;
        Ok(String::from_utf8(sink.0).unwrap())
    }

    #[test]
    fn cells_keep_their_place() {
        let text = write(&[(1, 0, "a"), (1, 1, "b"), (1, 4, "c"), (3, 2, "d")]).unwrap();
        assert_eq!(text, "\r\na,b,,,c\r\n\r\n,,d\r\n");
    }

    #[test]
    fn nothing_is_written_without_cells() {
        assert_eq!(write(&[]).unwrap(), "");
    }

    #[test]
    fn cells_in_no_order_are_sorted() {
        let cells = [(1, 1, "a"), (2, 3, "x,\"y\""), (0, 2, "c"), (1, 1, "b"), (1, 0, "d")];
        assert_eq!(write(&cells).unwrap(), ",,c\r\nd,b\r\n,,,\"x,\"\"y\"\"\"\r\n");
    }

    #[test]
    fn going_back_behind_what_is_written_is_refused() {
        let long = "x".repeat(100_000);
        assert!(write(&[(1, 1, &long), (2, 1, "a"), (0, 5, "b")]).is_err());
    }

    #[test]
    fn a_gap_is_judged_by_the_output_ratio_while_it_is_written() {
        let cells: Vec<_> = (0..20_000).flat_map(|row| [(row, 0, "a"), (row, 16_383, "b")]).collect();
        let error = write(&cells).expect_err("more commas than the input can stand for");
        assert!(matches!(error, ConvertError::Limit(_)), "{error}");
    }

    proptest! {
        #[test]
        fn another_reader_reads_what_was_written(
            rows in prop::collection::vec(prop::collection::vec("[a,\"\r\n \t;é€-]{0,6}", 1..6), 1..8),
        ) {
            let cells: Vec<_> = rows
                .iter()
                .enumerate()
                .flat_map(|(r, row)| row.iter().enumerate().map(move |(c, text)| (r, c, text.as_str())))
                .map(|(r, c, text)| (u32::try_from(r).unwrap(), u32::try_from(c).unwrap(), text))
                .collect();
            let text = write(&cells).unwrap();
            let mut reader = ::csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .from_reader(text.as_bytes());
            let back: Vec<Vec<String>> = reader
                .records()
                .map(|record| record.unwrap().iter().map(str::to_owned).collect())
                .collect();
            // A reader takes an empty line for no record, and one empty field is an empty line.
            let expected: Vec<_> = rows.into_iter().filter(|row| row != &[String::new()]).collect();
            prop_assert_eq!(back, expected);
        }
    }
}
