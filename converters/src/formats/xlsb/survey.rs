//! A first look at a sheet for what stands behind the cells that it concerns: merged ranges, and formulas that stand
//! for several cells.

use super::formulas::{ARR_FMLA, Formulas, SHR_FMLA};
use super::records::Records;
use super::sheet::{FORMULA_ERROR, FORMULA_STRING, MERGE_CELL, ROW_HDR};
use crate::Result;
use crate::limits::Meter;
use crate::sheets::reference::{MAX_COLUMNS, MAX_ROWS};
use crate::sheets::{Book, Cells};
use crate::xml::Source;

/// Reads the part as far as `book` wants it.
pub(super) fn read<S: Source>(
    mut records: Records<S>,
    (book, meter): (&Book<'_>, &Meter),
    cells: &mut Cells<'_>,
    mut formulas: Option<&mut Formulas<'_>>,
) -> Result<()> {
    // Where the last formula is.
    let (mut row, mut column) = (None, None);
    while let Some(kind) = records.next()? {
        match kind {
            ROW_HDR => (row, column) = (records.fields()?.u32(), None),
            FORMULA_STRING..=FORMULA_ERROR => column = records.fields()?.u32(),
            ARR_FMLA | SHR_FMLA => {
                if let (Some(formulas), Some(cell)) = (formulas.as_mut(), row.zip(column)) {
                    formulas.take(kind, records.fields()?, cell, meter)?;
                }
            }
            MERGE_CELL if book.wants_merges() => {
                let mut fields = records.fields()?;
                let mut next = || fields.u32();
                if let (Some(top), Some(bottom), Some(left), Some(right)) = (next(), next(), next(), next())
                    && bottom < MAX_ROWS
                    && right < MAX_COLUMNS
                {
                    cells.merge((top, left), (bottom, right))?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}
