//! References to cells, absolute and relative ([MS-XLS] 2.5.198.103 and others).

use super::tokens::Operands;
use super::{Formula, Layout, Sheets};
use crate::sheets::reference::column_name;

/// Stands for a reference to what was deleted.
const DELETED: &str = "#REF!";

/// A reference as text.
pub(super) struct Reference {
    pub(super) sheets: Option<Sheets>,
    pub(super) text: String,
}

/// One side of a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Side {
    row: u32,
    column: u32,
    row_is_relative: bool,
    column_is_relative: bool,
}

impl Reference {
    /// Reads the token of a cell or a range, on this sheet or others.
    pub(super) fn read(id: u8, operands: Operands<'_>, formula: Formula<'_>) -> Option<Self> {
        let (sheets, at) = match id {
            0x3A..=0x3D => operands.sheets().map(|(sheets, at)| (Some(sheets), at))?,
            _ => (None, 0),
        };
        let text = match id {
            0x24 | 0x3A => cell(operands, at)?.text(),
            0x25 | 0x3B => range(area(operands, at)?, formula.layout),
            0x2C => moved(cell(operands, at)?, formula).text(),
            0x2D => {
                let (first, last) = area(operands, at)?;
                range((moved(first, formula), moved(last, formula)), formula.layout)
            }
            0x2A | 0x2B | 0x3C | 0x3D => DELETED.to_owned(),
            _ => return None,
        };
        Some(Self { sheets, text })
    }
}

impl Side {
    /// Splits the numbers of a row and a column from the marks that say what is relative.
    fn new(layout: Layout, row: u32, column: u16) -> Self {
        // Until Excel 95 the marks stand above the row, since then above the column.
        let marks = if layout <= Layout::V5 { row >> 14 } else { u32::from(column >> 14) };
        Self {
            row: if layout <= Layout::V5 { row & 0x3FFF } else { row },
            column: u32::from(column & 0x3FFF),
            row_is_relative: marks & 2 != 0,
            column_is_relative: marks & 1 != 0,
        }
    }

    fn column(self) -> String {
        let mark = if self.column_is_relative { "" } else { "$" };
        format!("{mark}{}", column_name(self.column))
    }

    fn row(self) -> String {
        let mark = if self.row_is_relative { "" } else { "$" };
        format!("{mark}{}", self.row + 1)
    }

    fn text(self) -> String {
        self.column() + &self.row()
    }
}

fn cell(operands: Operands<'_>, at: usize) -> Option<Side> {
    let layout = operands.layout;
    Some(match layout {
        Layout::V12 => Side::new(layout, operands.u32(at)? & 0xF_FFFF, operands.u16(at + 4)?),
        Layout::V8 => Side::new(layout, u32::from(operands.u16(at)?), operands.u16(at + 2)?),
        _ => Side::new(layout, u32::from(operands.u16(at)?), u16::from(operands.byte(at + 2)?)),
    })
}

fn area(operands: Operands<'_>, at: usize) -> Option<(Side, Side)> {
    let layout = operands.layout;
    let wide = |at| operands.u16(at).map(u32::from);
    let narrow = |at| operands.byte(at).map(u16::from);
    let (rows, columns) = match layout {
        Layout::V12 => (
            (operands.u32(at)? & 0xF_FFFF, operands.u32(at + 4)? & 0xF_FFFF),
            (operands.u16(at + 8)?, operands.u16(at + 10)?),
        ),
        Layout::V8 => ((wide(at)?, wide(at + 2)?), (operands.u16(at + 4)?, operands.u16(at + 6)?)),
        _ => ((wide(at)?, wide(at + 2)?), (narrow(at + 4)?, narrow(at + 5)?)),
    };
    Some((Side::new(layout, rows.0, columns.0), Side::new(layout, rows.1, columns.1)))
}

/// Rows and columns of a sheet.
fn limits(layout: Layout) -> (u32, u32) {
    match layout {
        Layout::V12 => (1 << 20, 1 << 14),
        Layout::V8 => (1 << 16, 1 << 8),
        _ => (1 << 14, 1 << 8),
    }
}

/// Returns what a reference of a shared formula means in a cell: relative numbers count from there, round the edge.
fn moved(side: Side, formula: Formula<'_>) -> Side {
    let (rows, columns) = limits(formula.layout);
    let (row, column) = formula.cell;
    Side {
        row: if side.row_is_relative { side.row.wrapping_add(row) % rows } else { side.row },
        column: if side.column_is_relative {
            side.column.wrapping_add(column) % columns
        } else {
            side.column
        },
        ..side
    }
}

/// Writes a range; whole columns and rows have a short form.
fn range((first, last): (Side, Side), layout: Layout) -> String {
    let (rows, columns) = limits(layout);
    if (first.row, last.row) == (0, rows - 1) && !first.row_is_relative && !last.row_is_relative {
        return format!("{}:{}", first.column(), last.column());
    }
    let whole_rows = (first.column, last.column) == (0, columns - 1);
    if whole_rows && !first.column_is_relative && !last.column_is_relative {
        return format!("{}:{}", first.row(), last.row());
    }
    format!("{}:{}", first.text(), last.text())
}
