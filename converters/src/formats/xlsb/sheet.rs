//! One worksheet part ([MS-XLSB] 2.1.7.61): rows and cells, hidden columns, merged ranges.

use super::fields::Fields;
use super::formulas::Formulas;
use super::records::Records;
use crate::biff;
use crate::formula::Shown;
use crate::limits::Meter;
use crate::sheets::reference::{MAX_COLUMNS, MAX_ROWS};
use crate::sheets::{Book, Cells, Outcome, Strings, Value};
use crate::xml::Source;
use crate::{ConvertError, Result};

pub(super) const ROW_HDR: u16 = 0;
/// Cells with a column of their own, formulas among them.
const FIRST_CELL: u16 = 1;
const LAST_CELL: u16 = 11;
/// Cells that follow the one before.
const FIRST_SHORT: u16 = 12;
const LAST_SHORT: u16 = 18;
const COL_INFO: u16 = 60;
const CELL_R_STRING: u16 = 62;
const BEGIN_SHEET: u16 = 129;
pub(super) const MERGE_CELL: u16 = 176;
const H_LINK: u16 = 494;

/// What the records of cells hold, by their type ([MS-XLSB] 2.3.2).
const RK: u16 = 2;
const ERROR: u16 = 3;
const BOOL: u16 = 4;
const REAL: u16 = 5;
const TEXT: u16 = 6;
const SHARED: u16 = 7;
/// A formula's result is what the record of a value two or four types before it holds.
pub(super) const FORMULA_STRING: u16 = 8;
const FORMULA_NUMBER: u16 = 9;
const FORMULA_BOOL: u16 = 10;
pub(super) const FORMULA_ERROR: u16 = 11;

/// Reads the part.
pub(super) fn read<S: Source>(
    mut records: Records<S>,
    mut cells: Cells<'_>,
    (book, strings, formulas): (&Book<'_>, &Strings, Option<Formulas<'_>>),
    meter: &Meter,
) -> Result<Outcome> {
    if records.next()? != Some(BEGIN_SHEET) {
        return Ok(Outcome::NoWorksheet);
    }
    let mut sheet = Sheet { strings, formulas, meter, next_column: 0, text: Vec::new() };
    while let Some(kind) = records.next()? {
        let whole = match kind {
            COL_INFO => column(records.fields()?, &mut cells),
            ROW_HDR => sheet.row(records.fields()?, &mut cells)?,
            FIRST_CELL..=LAST_CELL | FIRST_SHORT..=LAST_SHORT | CELL_R_STRING => {
                sheet.cell(kind, records.fields()?, &mut cells)?
            }
            H_LINK => {
                cells.tally().links += u64::from(leads_elsewhere(records.fields()?));
                Some(())
            }
            // Where ranges are repeated they were read before.
            MERGE_CELL if !book.wants_merges() => {
                cells.tally().merged += 1;
                Some(())
            }
            _ => Some(()),
        };
        if whole.is_none() {
            return Err(records.corrupt("a record of its cells is too short"));
        }
    }
    cells.finish()
}

/// Tells whether a `BrtHLink` ([MS-XLSB] 2.4.691) names a target outside the workbook: its relationship has an id.
fn leads_elsewhere(mut fields: Fields<'_>) -> bool {
    fields.bytes::<16>().is_some() && fields.string().is_some_and(|id| !id.is_empty())
}

/// Reads a `BrtColInfo` ([MS-XLSB] 2.4.334).
fn column(mut fields: Fields<'_>, cells: &mut Cells<'_>) -> Option<()> {
    let (first, last) = (fields.u32()?, fields.u32()?);
    let (_width, _style, flags) = (fields.u32()?, fields.u32()?, fields.u16()?);
    if flags & 1 != 0 && first < MAX_COLUMNS {
        cells.columns().hide(first, last);
    }
    Some(())
}

/// What is known between two records.
struct Sheet<'a> {
    strings: &'a Strings,
    /// Where the texts of formulas are wanted.
    formulas: Option<Formulas<'a>>,
    meter: &'a Meter,
    next_column: u32,
    text: Vec<u8>,
}

impl Sheet<'_> {
    /// Reads a `BrtRowHdr` ([MS-XLSB] 2.4.738).
    fn row(&mut self, mut fields: Fields<'_>, cells: &mut Cells<'_>) -> Result<Option<()>> {
        let Some(row) = fields.u32() else { return Ok(None) };
        if row >= MAX_ROWS {
            return Err(ConvertError::corrupt("a sheet", "a row number is not one of a sheet's"));
        }
        let (_style, _height, _ascent) = (fields.u32(), fields.u16(), fields.u8());
        let is_hidden = fields.u8().is_some_and(|flags| flags & 0x10 != 0);
        self.next_column = 0;
        cells.begin_row(row, is_hidden)?;
        Ok(Some(()))
    }

    fn cell(&mut self, kind: u16, mut fields: Fields<'_>, cells: &mut Cells<'_>) -> Result<Option<()>> {
        self.meter.cells(1)?;
        cells.note();
        let is_short = (FIRST_SHORT..=LAST_SHORT).contains(&kind);
        let column = if is_short { Some(self.next_column) } else { fields.u32() };
        let (Some(column), Some([a, b, c, _flags])) = (column, fields.bytes::<4>()) else {
            return Ok(None);
        };
        if column >= MAX_COLUMNS {
            return Err(ConvertError::corrupt("a sheet", "a row has more than 16,384 cells"));
        }
        self.next_column = column + 1;
        let style = u32::from_le_bytes([a, b, c, 0]);
        let kind = if is_short { kind - FIRST_SHORT + FIRST_CELL } else { kind };
        self.text.clear();
        let value = match kind {
            RK => fields.u32().map(|bits| Value::Number(biff::rk(bits))),
            REAL | FORMULA_NUMBER => fields.f64().map(Value::Number),
            BOOL | FORMULA_BOOL => fields.u8().map(|byte| Value::Bool(byte != 0)),
            ERROR | FORMULA_ERROR => fields.u8().map(|code| Value::Error(biff::error(code))),
            TEXT | FORMULA_STRING => fields.wide(&mut self.text).map(|()| Value::Text(&self.text)),
            CELL_R_STRING => fields.rich(&mut self.text).map(|()| Value::Text(&self.text)),
            SHARED => fields
                .u32()
                .map(|index| self.strings.get(index as usize).map_or(Value::NoString, Value::Shared)),
            // A cell without a value.
            _ => return Ok(Some(())),
        };
        let Some(value) = value else { return Ok(None) };
        if let Some(formulas) = self.formulas.as_ref()
            && (FORMULA_STRING..=FORMULA_ERROR).contains(&kind)
        {
            match formulas.show(fields, (cells.row(), column)) {
                Shown::Text(text) => return cells.formula(column, text.as_bytes()).map(Some),
                Shown::Value => {}
                Shown::Unreadable => cells.tally().formulas_unreadable += 1,
            }
        }
        cells.put(column, style, value)?;
        Ok(Some(()))
    }
}
