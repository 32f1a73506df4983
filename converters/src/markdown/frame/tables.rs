//! Tables of a flow: one row a line for the outermost, flattened into the cell for those within.
//!
//! Rows are written as they come, so a table needs no memory; the header row is padded to the columns that
//! the table announces. A row without any text is taken back. Only where a table with merged cells becomes HTML is
//! one table held: whether it has any is known at its end.

use super::html::Grid;
use super::merges::{Column, Side};
use super::{Frame, Previous, Separator};

/// More columns are not announced: rows that have them still show them. Word has no more than 63.
pub(super) const MAX_ANNOUNCED_COLUMNS: usize = 1024;

#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) columns: usize,
    pub(super) rows: u64,
    pub(super) row_open: bool,
    pub(super) cell_open: bool,
    /// Cells of the open row so far, spans counted.
    pub(super) cells: usize,
    pub(super) row_has_text: bool,
    /// Whether the row is to be written again, and the row that ended last if it is.
    pub(super) holds_row: bool,
    pub(super) last_row: Option<String>,
    /// Where the open row begins in the output, unless it was handed on.
    pub(super) row_start: Option<usize>,
    /// Where the text of the open cell begins in the output, unless it was handed on.
    pub(super) cell_start: Option<usize>,
    /// The cell that the open one continues.
    pub(super) continues: Option<Side>,
    /// Columns that the last cell spans and that were not begun yet.
    pub(super) pending: u64,
    /// What stands in each column, for cells that continue it.
    pub(super) above: Vec<Column>,
    /// The rows, if they are held to the end of the table.
    pub(super) grid: Option<Grid>,
}

impl Table {
    /// Returns the bytes held.
    pub(super) fn held(&self) -> usize {
        self.grid.as_ref().map_or(0, Grid::held)
    }
}

impl Frame {
    pub(super) fn ensure_cell(&mut self) {
        if !self.in_cell && self.tables.len() == 1 && self.tables.iter().any(|table| !table.cell_open) {
            self.begin_cell();
        }
    }

    /// Tells whether the table being written is held.
    pub(super) fn holds_table(&self) -> bool {
        self.tables.first().is_some_and(|table| table.grid.is_some())
    }

    /// Tells whether the next text is the first of its cell.
    pub(super) fn is_cell_empty(&self) -> bool {
        !self.cell_has_text || self.tables.first().is_some_and(|table| !table.cell_open)
    }

    /// Tells whether the rows of the table that was begun last lie within a cell.
    fn is_inner(&self) -> bool {
        self.in_cell || self.tables.len() > 1
    }

    pub(in crate::markdown) fn begin_table(&mut self, columns: usize) {
        self.end_paragraph();
        self.lists.clear();
        self.ensure_cell();
        let outermost = !self.in_cell && self.tables.is_empty();
        let grid = (outermost && self.form.has_html()).then(Grid::default);
        self.tables.push(Table { columns, grid, ..Table::default() });
    }

    pub(in crate::markdown) fn add_column(&mut self) {
        if let Some(table) = self.tables.last_mut().filter(|table| table.rows == 0 && !table.row_open) {
            table.columns = (table.columns + 1).min(MAX_ANNOUNCED_COLUMNS);
        }
    }

    pub(in crate::markdown) fn begin_row(&mut self) {
        self.end_paragraph();
        if self.tables.last().is_some_and(|table| table.row_open) {
            self.end_row();
        }
        let inner = self.is_inner();
        let start = self.out.len();
        let Some(table) = self.tables.last_mut() else {
            return;
        };
        table.row_open = true;
        table.cell_open = false;
        table.cells = 0;
        table.pending = 0;
        table.row_has_text = false;
        table.holds_row = false;
        table.last_row = None;
        if inner {
            self.separator = self.separator.max(Separator::Line);
            return;
        }
        table.row_start = Some(start);
        if table.grid.is_some() {
            return;
        }
        if table.rows > 0 {
            self.out.push('\n');
        } else if self.previous != Previous::Nothing {
            self.out.push_str("\n\n");
        }
    }

    pub(in crate::markdown) fn begin_cell(&mut self) {
        self.begin_any_cell(false);
    }

    /// Begins a cell that another one covers, which has said so by its span.
    pub(in crate::markdown) fn begin_covered_cell(&mut self) {
        self.begin_any_cell(true);
    }

    fn begin_any_cell(&mut self, covered: bool) {
        self.end_paragraph();
        if self.tables.last().is_some_and(|table| !table.row_open) {
            self.begin_row();
        }
        if self.tables.last().is_some_and(|table| table.cell_open) {
            self.end_cell(1);
        }
        if !covered {
            self.write_pending();
        }
        let inner = self.is_inner();
        let Some(table) = self.tables.last_mut() else {
            return;
        };
        table.continues = match (covered, table.pending) {
            (false, _) => None,
            (true, 0) => Some(Side::Above),
            (true, _) => Some(Side::Left),
        };
        table.pending = table.pending.saturating_sub(u64::from(covered));
        table.cell_open = true;
        let first = table.cells == 0;
        table.cells += 1;
        if inner {
            self.separator = if first { Separator::Line } else { Separator::InnerCell };
            return;
        }
        if table.grid.is_none() {
            self.out.push_str(if first { self.marks.first_cell } else { self.marks.cell });
        }
        table.cell_start = Some(self.out.len());
        self.cell_has_text = false;
        self.separator = Separator::None;
    }

    /// Says that the open cell goes on the one beside it.
    pub(in crate::markdown) fn continue_cell(&mut self, side: Side) {
        if let Some(table) = self.tables.last_mut().filter(|table| table.cell_open) {
            table.continues = Some(side);
        }
    }

    pub(in crate::markdown) fn end_cell(&mut self, columns: u64) {
        self.end_paragraph();
        let inner = self.is_inner();
        let Some(table) = self.tables.last_mut() else {
            return;
        };
        table.cell_open = false;
        // What a covered cell spans was said by the one that covers it.
        if table.continues != Some(Side::Left) {
            table.pending = table.pending.max(columns.saturating_sub(1));
        }
        if inner {
            self.count_inner();
        } else {
            self.end_slot();
        }
    }

    pub(in crate::markdown) fn end_row(&mut self) {
        self.end_paragraph();
        if self.tables.last().is_some_and(|table| table.cell_open) {
            self.end_cell(1);
        }
        self.write_pending();
        let inner = self.is_inner();
        let Some(table) = self.tables.last_mut() else {
            return;
        };
        table.row_open = false;
        if inner {
            self.separator = Separator::Line;
            return;
        }
        if let Some(grid) = &mut table.grid {
            grid.end_row();
            table.row_start = None;
            table.rows += u64::from(table.row_has_text);
            return;
        }
        if !table.row_has_text {
            if let Some(start) = table.row_start.take() {
                self.out.truncate(start);
            }
            return;
        }
        table.rows += 1;
        let row = table.row_start.take().filter(|_| table.holds_row).and_then(|start| self.out.get(start..));
        table.last_row = row.map(|row| format!("\n{}{}", row.trim_start_matches('\n'), self.marks.row_end));
        if let (1, Some(rule)) = (table.rows, self.marks.rule) {
            let columns = table.columns.max(table.cells).max(1);
            self.out.extend(std::iter::repeat_n(self.marks.cell, columns - table.cells));
            self.out.push_str("|\n|");
            self.out.extend(std::iter::repeat_n(rule, columns));
        } else {
            self.out.push_str(self.marks.row_end);
        }
        self.previous = Previous::Other;
    }

    pub(in crate::markdown) fn hold_row(&mut self) {
        if !self.is_inner()
            && let Some(table) = self.tables.last_mut()
        {
            table.holds_row = table.row_open;
        }
    }

    pub(in crate::markdown) fn repeat_row(&mut self) -> bool {
        let Some(table) = self.tables.last_mut().filter(|table| !table.row_open) else {
            return false;
        };
        if let Some(grid) = &mut table.grid {
            return table.holds_row && table.row_has_text && grid.repeat_row();
        }
        table.last_row.as_deref().map(|row| self.out.push_str(row)).is_some()
    }

    pub(in crate::markdown) fn end_table(&mut self) {
        self.end_paragraph();
        if self.tables.last().is_some_and(|table| table.row_open) {
            self.end_row();
        }
        if let Some(grid) = self.tables.last_mut().and_then(|table| table.grid.take()) {
            self.write_grid(grid);
        }
        self.tables.pop();
        self.separator = Separator::Line;
    }
}
