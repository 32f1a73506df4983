//! Merged cells: what stands in the cells that another one covers.
//!
//! Every place of a row is a slot, whether the document has a cell there or a span covers it. A slot that continues
//! another is empty, or repeats its text if the form asks for that.

use std::rc::Rc;

use super::Frame;
use super::tables::MAX_ANNOUNCED_COLUMNS;

/// A longer text is not repeated: one cell could become many times the document.
const MAX_REPEATED_BYTES: usize = 4 << 10;

/// Where the cell lies that another one continues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// In the same row.
    Left,
    /// In the row above.
    Above,
}

/// What stands in a column.
#[derive(Debug, Clone, Default)]
pub(super) struct Column {
    /// The text, if it may be repeated.
    text: Option<Rc<str>>,
    /// Whether the cell was counted as merged.
    counted: bool,
}

impl Frame {
    /// Writes the slots that the last cell spans and the document has no cells for. A span reaches to the table's
    /// edge at most, whatever it claims.
    pub(super) fn write_pending(&mut self) {
        let inner = self.in_cell || self.tables.len() > 1;
        let Some(table) = self.tables.last_mut() else {
            return;
        };
        let pending = std::mem::take(&mut table.pending);
        if inner || pending == 0 {
            return;
        }
        let rest = table.columns.saturating_sub(table.cells);
        let more = usize::try_from(pending).map_or(rest, |pending| pending.min(rest));
        let has_grid = table.grid.is_some();
        for _ in 0..more {
            if !has_grid {
                self.out.push_str(self.marks.cell);
            }
            self.cell_has_text = false;
            if let Some(table) = self.tables.last_mut() {
                table.cells += 1;
                table.cell_start = Some(self.out.len());
                table.continues = Some(Side::Left);
            }
            self.end_slot();
        }
    }

    /// Counts a merged cell of a table that is flattened.
    pub(super) fn count_inner(&mut self) {
        if let Some(table) = self.tables.last() {
            self.merged += u64::from(table.pending > 0 && table.continues.is_none());
        }
    }

    /// Ends the text of a slot of the outermost table.
    pub(super) fn end_slot(&mut self) {
        let Some(table) = self.tables.last_mut() else {
            return;
        };
        let column = table.cells.saturating_sub(1);
        let continues = table.continues.take();
        if let Some(grid) = &mut table.grid {
            let text = table.cell_start.take().and_then(|start| self.out.get(start..)).unwrap_or_default();
            let before = self.out.len() - text.len();
            grid.push(text.trim_end(), continues);
            self.out.truncate(before);
            return;
        }
        let source = match continues {
            None => None,
            Some(Side::Left) => column.checked_sub(1),
            Some(Side::Above) => Some(column),
        };
        let source = source.and_then(|source| table.above.get_mut(source));
        let next = match source {
            Some(source) if !self.cell_has_text => {
                match &source.text {
                    Some(text) if !text.is_empty() => {
                        self.out.push_str(text);
                        table.row_has_text = true;
                    }
                    Some(_) => {}
                    None if !source.counted => {
                        source.counted = true;
                        self.merged += 1;
                    }
                    None => {}
                }
                source.clone()
            }
            _ => {
                let repeats = self.form.repeats();
                let text = table.cell_start.filter(|_| repeats).and_then(|start| self.out.get(start..));
                let text = text.map(str::trim_end).filter(|text| text.len() <= MAX_REPEATED_BYTES);
                Column { text: text.map(Into::into), counted: false }
            }
        };
        if column < MAX_ANNOUNCED_COLUMNS {
            if table.above.len() <= column {
                table.above.resize_with(column + 1, Column::default);
            }
            if let Some(place) = table.above.get_mut(column) {
                *place = next;
            }
        }
        if !self.out.ends_with(' ') {
            self.out.push_str(self.marks.cell_end);
        }
    }
}
