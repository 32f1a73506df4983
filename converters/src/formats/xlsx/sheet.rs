//! One worksheet part, streamed (ECMA-376 part 1, 18.3): rows and cells, hidden columns, merged ranges.
//!
//! Cells in the usual form are taken from the buffer as a whole, all others through tokens. The part is read to
//! its end even where nothing more is wanted, because only there its checksum is known to be right. `dimension`
//! is ignored: it lies too often, and nothing here needs it.

use crate::limits::Meter;
use crate::sheets::{Book, Cells, Outcome, Strings, Value, reference};
use crate::xml::Source;
use crate::{ConvertError, Result};

use super::cell_scan::{self, Cell, Head, Kind, Step};
use super::formula::{Formula, NO_TEXT, SharedFormulas};
use super::rich_text;
use super::scanner::{Scanner, Span, Token};
use super::text;
use super::workbook::is_true;

/// A worksheet being read.
#[derive(Debug)]
pub(super) struct Worksheet<'c, 'a, S> {
    scanner: Scanner<S>,
    rows: Rows<'c, 'a>,
    knows_merges: bool,
}

/// Where the cells go, apart from the scanner, so that values can be borrowed from its buffer meanwhile.
#[derive(Debug)]
struct Rows<'c, 'a> {
    cells: Cells<'c>,
    strings: &'a Strings,
    meter: &'a Meter,
    next_row: u32,
    next_column: u32,
    decoded: Vec<u8>,
    /// Where the texts of formulas are wanted: those that other cells share.
    formulas: Option<SharedFormulas>,
}

impl<'c, 'a, S: Source> Worksheet<'c, 'a, S> {
    pub(super) fn new(
        scanner: Scanner<S>,
        cells: Cells<'c>,
        (book, strings): (&Book<'_>, &'a Strings),
        meter: &'a Meter,
    ) -> Self {
        let formulas = book.wants_formulas().then(SharedFormulas::default);
        let rows = Rows { cells, strings, meter, next_row: 0, next_column: 0, decoded: Vec::new(), formulas };
        Self { scanner, rows, knows_merges: book.wants_merges() }
    }

    /// Reads the whole part.
    pub(super) fn read(mut self) -> Result<Outcome> {
        let mut is_worksheet = true;
        loop {
            match self.scanner.token()? {
                Token::Start { name, attributes } => match self.scanner.local(name) {
                    b"worksheet" if self.scanner.depth() == 1 => {}
                    _ if self.scanner.depth() == 1 => is_worksheet = false,
                    _ if !is_worksheet => {}
                    b"sheetData" => self.sheet_data()?,
                    b"col" => self.column(attributes),
                    // Where ranges are repeated they were read before.
                    b"mergeCell" if !self.knows_merges => self.rows.cells.tally().merged += 1,
                    // Links within the workbook have no target.
                    b"hyperlink" if self.scanner.attributes(attributes).any(|(name, _)| name == b"id") => {
                        self.rows.cells.tally().links += 1;
                    }
                    _ => {}
                },
                Token::End | Token::Text(_) | Token::CharacterData(_) => {}
                Token::Eof => break,
            }
        }
        let outcome = self.rows.cells.finish()?;
        Ok(if is_worksheet || outcome == Outcome::Values { outcome } else { Outcome::NoWorksheet })
    }

    fn column(&mut self, attributes: Span) {
        let (mut first, mut last, mut is_hidden) = (None, None, false);
        for (name, value) in self.scanner.attributes(attributes) {
            match name {
                b"min" => first = reference::number(value),
                b"max" => last = reference::number(value),
                b"hidden" => is_hidden = is_true(value),
                _ => {}
            }
        }
        if let Some((first, last)) = first.zip(last).filter(|(first, _)| is_hidden && *first > 0) {
            self.rows.cells.columns().hide(first - 1, last.saturating_sub(1));
        }
    }

    fn sheet_data(&mut self) -> Result<()> {
        let own = self.scanner.depth();
        loop {
            if self.rows.formulas.is_none() {
                self.usual_cells()?;
            }
            match self.scanner.token()? {
                Token::Start { name, attributes } => match self.scanner.local(name) {
                    b"row" => self.row(attributes)?,
                    b"c" => self.cell(attributes)?,
                    _ => self.scanner.skip_element()?,
                },
                Token::End if self.scanner.depth() < own => return Ok(()),
                Token::End | Token::Text(_) | Token::CharacterData(_) | Token::Eof => {}
            }
        }
    }

    fn row(&mut self, attributes: Span) -> Result<()> {
        let mut row = Some(self.rows.next_row).filter(|row| *row < reference::MAX_ROWS);
        let mut is_hidden = false;
        for (name, value) in self.scanner.attributes(attributes) {
            match name {
                b"r" => row = reference::row(value.trim_ascii()),
                b"hidden" => is_hidden = is_true(value),
                _ => {}
            }
        }
        let row = row.ok_or_else(|| self.scanner.corrupt("a row number is not one of a sheet's"))?;
        self.rows.begin(row, is_hidden)
    }

    /// Takes cells from the buffer as long as they have the usual form.
    fn usual_cells(&mut self) -> Result<()> {
        loop {
            let mut rest = self.scanner.window();
            let whole = rest.len();
            let mut more = rest.len() < 4 && self.scanner.can_grow();
            while rest.starts_with(b"<c ") {
                match cell_scan::step(rest) {
                    Step::Cell(cell, len) => {
                        rest = rest.get(len..).unwrap_or_default();
                        self.rows.put(&cell)?;
                    }
                    Step::More => {
                        more = true;
                        break;
                    }
                    Step::Unusual => break,
                }
            }
            let consumed = whole - rest.len();
            self.scanner.consume(consumed);
            if !more || !self.scanner.more()? {
                return Ok(());
            }
        }
    }

    /// Reads a cell through tokens.
    fn cell(&mut self, attributes: Span) -> Result<()> {
        let head = self.head(attributes)?;
        let own = self.scanner.depth();
        let mut value = std::mem::take(&mut self.rows.decoded);
        value.clear();
        let (mut has_value, mut formula) = (false, None);
        loop {
            match self.scanner.token()? {
                Token::Start { name, attributes } => match self.scanner.local(name) {
                    b"v" if head.kind != Kind::Inline => {
                        has_value = true;
                        rich_text::character_data(&mut self.scanner, &mut value)?;
                    }
                    b"is" if head.kind == Kind::Inline => {
                        has_value = true;
                        rich_text::read(&mut self.scanner, &mut value)?;
                    }
                    b"f" => formula = Some(self.formula(attributes)?),
                    _ => self.scanner.skip_element()?,
                },
                Token::End if self.scanner.depth() < own => break,
                Token::End | Token::Text(_) | Token::CharacterData(_) | Token::Eof => {}
            }
        }
        if head.kind == Kind::Text && text::may_have_escapes(&value) {
            text::unescape(&mut value, 0);
        }
        self.rows.finish(&head, has_value.then_some(&*value), formula.as_ref())?;
        self.rows.decoded = value;
        Ok(())
    }

    /// Reads a formula; its text only where it is wanted.
    fn formula(&mut self, attributes: Span) -> Result<Formula> {
        let mut formula = Formula::default();
        if self.rows.formulas.is_none() {
            self.scanner.skip_element()?;
            return Ok(formula);
        }
        for (name, value) in self.scanner.attributes(attributes) {
            match name {
                b"t" => formula.is_shared = value == b"shared",
                b"si" => formula.shared_index = reference::number(value).unwrap_or(0),
                _ => {}
            }
        }
        let mut text = Vec::new();
        rich_text::character_data(&mut self.scanner, &mut text)?;
        // The scanner gives valid UTF-8 only.
        formula.text = String::from_utf8(text).unwrap_or_default();
        Ok(formula)
    }

    fn head(&self, attributes: Span) -> Result<Head> {
        let mut head = Head::default();
        for (name, value) in self.scanner.attributes(attributes) {
            match name {
                b"r" => {
                    let place = reference::parse(value.trim_ascii());
                    let bad = || self.scanner.corrupt("a cell reference is not one of a sheet's");
                    head.place = Some(place.ok_or_else(bad)?);
                }
                b"s" => head.style = reference::number(value.trim_ascii()).unwrap_or(0),
                b"t" => head.kind = Kind::parse(value),
                _ => {}
            }
        }
        Ok(head)
    }
}

impl Rows<'_, '_> {
    fn begin(&mut self, row: u32, is_hidden: bool) -> Result<()> {
        (self.next_row, self.next_column) = (row + 1, 0);
        self.cells.begin_row(row, is_hidden)
    }

    /// Decodes and writes a cell taken from the buffer.
    fn put(&mut self, cell: &Cell<'_>) -> Result<()> {
        let head = &cell.head;
        let formula = cell.has_formula.then_some(&NO_TEXT);
        let Some(mut raw) = cell.value else {
            return self.finish(head, None, formula);
        };
        if head.kind == Kind::Inline && !cell.preserve {
            raw = raw.trim_ascii();
        }
        let is_text = matches!(head.kind, Kind::Text | Kind::Inline);
        let has_escapes = is_text && cell.classes & text::ESCAPE != 0 && text::may_have_escapes(raw);
        if cell.classes & text::RAW == 0 && !has_escapes {
            return self.finish(head, Some(raw), formula);
        }
        let mut decoded = std::mem::take(&mut self.decoded);
        decoded.clear();
        text::append_data(raw, &mut decoded);
        if has_escapes {
            text::unescape(&mut decoded, 0);
        }
        let result = self.finish(head, Some(&decoded), formula);
        self.decoded = decoded;
        result
    }

    /// Finds the cell's place and writes it.
    fn finish(&mut self, head: &Head, value: Option<&[u8]>, formula: Option<&Formula>) -> Result<()> {
        self.meter.cells(1)?;
        self.cells.note();
        let column = match head.place {
            Some((row, column)) => {
                if row != self.cells.row() {
                    self.cells.begin_row(row, false)?;
                }
                column
            }
            None => self.next_column,
        };
        if column >= reference::MAX_COLUMNS {
            return Err(ConvertError::corrupt("a sheet", "a row has more than 16,384 cells"));
        }
        self.next_column = column + 1;
        if let Some((formula, shared)) = formula.zip(self.formulas.as_mut())
            && let Some(text) = shared.text(formula, (self.cells.row(), column), self.meter)?
        {
            return self.cells.formula(column, text.as_bytes());
        }
        match value {
            Some(stored) if !stored.is_empty() => {
                let value = value_of(head.kind, stored, self.strings);
                self.cells.put(column, head.style, value)
            }
            _ => {
                // Only text may be empty and still be a value.
                let lacks_value = formula.is_some() && (value.is_none() || head.kind != Kind::Text);
                self.cells.tally().formulas_without_value += u64::from(lacks_value);
                Ok(())
            }
        }
    }
}

/// Returns what a cell of this type holds. `stored` is decoded text: what stands in `v`, or the text of `is`.
fn value_of<'v>(kind: Kind, stored: &'v [u8], strings: &'v Strings) -> Value<'v> {
    match kind {
        Kind::Number => Value::Digits(stored),
        Kind::Shared => {
            let index = reference::number(stored.trim_ascii());
            let string = index.and_then(|index| strings.get(index as usize));
            string.map_or(Value::NoString, Value::Shared)
        }
        Kind::Text | Kind::Inline => Value::Text(stored),
        Kind::Bool => match stored.trim_ascii() {
            b"1" | b"true" => Value::Bool(true),
            b"0" | b"false" => Value::Bool(false),
            _ => Value::Bad(stored),
        },
        Kind::Error => Value::Error(stored),
        Kind::Date => Value::Date(stored),
    }
}

/// Reads the merged ranges of a worksheet part, which follow its cells.
pub(super) fn merged_ranges<S: Source>(mut scanner: Scanner<S>, cells: &mut Cells<'_>) -> Result<()> {
    loop {
        match scanner.token()? {
            Token::Start { name, attributes } => match scanner.local(name) {
                b"sheetData" => scanner.skip_element()?,
                b"mergeCell" => {
                    let range = scanner.attributes(attributes).find(|(name, _)| *name == b"ref");
                    let range = range.and_then(|(_, value)| reference::range(value.trim_ascii()));
                    if let Some((first, last)) = range {
                        cells.merge(first, last)?;
                    }
                }
                _ => {}
            },
            Token::End | Token::Text(_) | Token::CharacterData(_) => {}
            Token::Eof => return Ok(()),
        }
    }
}
