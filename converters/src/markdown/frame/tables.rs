//! Tables of a flow: one row a line for the outermost, flattened into the cell for those within.
//!
//! Rows are written as they come, so a table needs no memory; the header row is padded to the columns that
//! the table announces. A row without any text is taken back.

use super::{Frame, Previous, Separator};

/// More columns are not announced: rows that have them still show them. Word has no more than 63.
const MAX_ANNOUNCED_COLUMNS: usize = 1024;

#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) columns: usize,
    pub(super) rows: u64,
    pub(super) row_open: bool,
    pub(super) cell_open: bool,
    /// Cells of the open row so far, spans counted.
    pub(super) cells: usize,
    pub(super) row_has_text: bool,
    /// Where the open row begins in the output, unless it was handed on.
    pub(super) row_start: Option<usize>,
}

impl Frame {
    pub(super) fn ensure_cell(&mut self) {
        if !self.in_cell && self.tables.len() == 1 && self.tables.iter().any(|table| !table.cell_open) {
            self.begin_cell();
        }
    }

    pub(in crate::markdown) fn begin_table(&mut self, columns: usize) {
        self.end_paragraph();
        self.lists.clear();
        self.ensure_cell();
        self.tables.push(Table { columns, ..Table::default() });
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
        let inner = self.in_cell || self.tables.len() > 1;
        let start = self.out.len();
        let Some(table) = self.tables.last_mut() else {
            return;
        };
        table.row_open = true;
        table.cell_open = false;
        table.cells = 0;
        table.row_has_text = false;
        if inner {
            self.separator = self.separator.max(Separator::Line);
            return;
        }
        table.row_start = Some(start);
        if table.rows > 0 {
            self.out.push('\n');
        } else if self.previous != Previous::Nothing {
            self.out.push_str("\n\n");
        }
    }

    pub(in crate::markdown) fn begin_cell(&mut self) {
        self.end_paragraph();
        if self.tables.last().is_some_and(|table| !table.row_open) {
            self.begin_row();
        }
        if self.tables.last().is_some_and(|table| table.cell_open) {
            self.end_cell(1);
        }
        let inner = self.in_cell || self.tables.len() > 1;
        let Some(table) = self.tables.last_mut() else {
            return;
        };
        table.cell_open = true;
        let first = table.cells == 0;
        table.cells += 1;
        if inner {
            self.separator = if first { Separator::Line } else { Separator::InnerCell };
            return;
        }
        self.out.push_str("| ");
        self.cell_has_text = false;
        self.separator = Separator::None;
    }

    pub(in crate::markdown) fn end_cell(&mut self, columns: u64) {
        self.end_paragraph();
        let inner = self.in_cell || self.tables.len() > 1;
        let Some(table) = self.tables.last_mut() else {
            return;
        };
        table.cell_open = false;
        if inner {
            return;
        }
        if !self.out.ends_with(' ') {
            self.out.push(' ');
        }
        // A span reaches to the table's edge at most, whatever it claims.
        let rest = table.columns.saturating_sub(table.cells);
        let more = usize::try_from(columns.saturating_sub(1)).map_or(rest, |more| more.min(rest));
        table.cells += more;
        self.out.extend(std::iter::repeat_n("| ", more));
    }

    pub(in crate::markdown) fn end_row(&mut self) {
        self.end_paragraph();
        if self.tables.last().is_some_and(|table| table.cell_open) {
            self.end_cell(1);
        }
        let inner = self.in_cell || self.tables.len() > 1;
        let Some(table) = self.tables.last_mut() else {
            return;
        };
        table.row_open = false;
        if inner {
            self.separator = Separator::Line;
            return;
        }
        if !table.row_has_text {
            if let Some(start) = table.row_start.take() {
                self.out.truncate(start);
            }
            return;
        }
        table.rows += 1;
        table.row_start = None;
        if table.rows > 1 {
            self.out.push('|');
            return;
        }
        let columns = table.columns.max(table.cells).max(1);
        self.out.extend(std::iter::repeat_n("| ", columns - table.cells));
        self.out.push_str("|\n|");
        self.out.extend(std::iter::repeat_n(" --- |", columns));
        self.previous = Previous::Other;
    }

    pub(in crate::markdown) fn end_table(&mut self) {
        self.end_paragraph();
        if self.tables.last().is_some_and(|table| table.row_open) {
            self.end_row();
        }
        self.tables.pop();
        self.separator = Separator::Line;
    }
}
