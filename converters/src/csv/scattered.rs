//! The cells of a table that come in no order: held, then sorted.
//!
//! Only a table that shows its disorder before anything was flushed can be sorted, because what is written is
//! written; writers that do not sort show it soon. The memory is counted as resident.

use crate::limits::Meter;
use crate::{ConvertError, Result};

/// Bytes between two looks at the meter.
const COUNT_EVERY: u64 = 64 << 10;

#[derive(Debug, Clone, Copy)]
struct Cell {
    row: u32,
    column: u32,
    /// Where its field begins; it ends where the next begins.
    start: usize,
    end: usize,
}

/// Fields without separators, and where each belongs.
#[derive(Debug, Default)]
pub(super) struct Scattered {
    cells: Vec<Cell>,
    counted: u64,
}

impl Scattered {
    /// Takes written CSV apart: empty fields are dropped, the others move together in `csv`.
    pub(super) fn take_apart(csv: &mut Vec<u8>) -> Self {
        let mut scattered = Self::default();
        let old = std::mem::take(csv);
        let (mut row, mut column, mut start, mut is_quoted) = (0, 0, 0, false);
        for (at, byte) in old.iter().chain(b"\r").enumerate() {
            match byte {
                b'"' => is_quoted = !is_quoted,
                b',' | b'\r' if !is_quoted => {
                    let field = old.get(start..at).unwrap_or_default();
                    if !field.is_empty() {
                        scattered.cells.push(Cell { row, column, start: csv.len(), end: 0 });
                        csv.extend_from_slice(field);
                    }
                    (column, start) = (column + 1, at + 1);
                }
                b'\n' if !is_quoted => (row, column, start) = (row + 1, 0, at + 1),
                _ => {}
            }
        }
        scattered
    }

    /// Begins a field at the end of `fields`.
    pub(super) fn place(&mut self, (row, column): (u32, u32), fields: &[u8], meter: &Meter) -> Result<()> {
        self.cells.push(Cell { row, column, start: fields.len(), end: 0 });
        let size = (fields.len() + self.cells.len() * size_of::<Cell>()) as u64;
        if size > self.counted + COUNT_EVERY {
            meter.resident(size - self.counted)?;
            self.counted = size;
        }
        Ok(())
    }

    /// Gives the cells in order to `each`, of several in one place the last; returns how many were so passed over.
    pub(super) fn sorted(
        mut self,
        fields: &[u8],
        mut each: impl FnMut(u32, u32, &[u8]) -> Result<(), ConvertError>,
    ) -> Result<u64> {
        let mut next = fields.len();
        for cell in self.cells.iter_mut().rev() {
            cell.end = next;
            next = cell.start;
        }
        // With the place in the file as the last key the order is total, and an unstable sort needs no memory.
        self.cells.sort_unstable_by_key(|cell| (cell.row, cell.column, cell.start));
        let mut doubled = 0;
        let mut cells = self.cells.iter().peekable();
        while let Some(cell) = cells.next() {
            if cells.peek().is_some_and(|next| (next.row, next.column) == (cell.row, cell.column)) {
                doubled += 1;
            } else {
                each(cell.row, cell.column, fields.get(cell.start..cell.end).unwrap_or_default())?;
            }
        }
        Ok(doubled)
    }
}
