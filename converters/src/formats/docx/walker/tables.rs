//! Tables: rows and cells, and the changes and merges that their properties tell of.

use crate::Result;
use crate::options::TrackChanges;

use super::super::properties::{CellProperties, RowProperties};
use super::changes::{Change, Changes};
use super::{Open, Step, Walker};

impl Walker<'_, '_> {
    pub(super) fn start_in_table(&mut self, local: &[u8]) -> Result<Step> {
        Ok(Step::Into(match local {
            b"tbl" => {
                self.table_depth += 1;
                self.document.meter.table_depth(self.table_depth)?;
                self.writer.begin_table(0);
                Open::Table
            }
            b"tr" => {
                self.writer.begin_row();
                Open::Row { change: None }
            }
            b"tc" => {
                self.writer.begin_cell();
                self.spans.push(1);
                Open::Cell { change: None }
            }
            _ => {
                self.writer.add_column();
                Open::Other
            }
        }))
    }

    pub(super) fn row_properties(&mut self, found: RowProperties) {
        if found.before > 0 {
            self.writer.begin_cell();
            self.writer.end_cell(found.before);
        }
        self.mark_open(found.changes);
    }

    pub(super) fn cell_properties(&mut self, found: CellProperties) {
        if let Some(last) = self.spans.last_mut() {
            *last = found.span;
        }
        if let Some(side) = found.continues {
            self.writer.continue_cell(side);
        }
        self.mark_open(found.changes);
    }

    /// Marks the open row or cell as changed where changes are shown: its text need not say so itself.
    fn mark_open(&mut self, changes: Changes) {
        if self.document.track_changes() != TrackChanges::All {
            return;
        }
        let change = match changes {
            Changes { deleted: true, .. } => Change::Deletion,
            Changes { inserted: true, .. } => Change::Insertion,
            Changes { .. } => return,
        };
        if let Some(Open::Row { change: open } | Open::Cell { change: open }) = self.stack.last_mut()
            && open.is_none()
        {
            *open = Some(change);
            self.begin_change(change);
        }
    }

    pub(super) fn end_row(&mut self, change: Option<Change>) {
        self.writer.end_row();
        if let Some(change) = change {
            self.end_change(change);
        }
    }

    pub(super) fn end_cell(&mut self, change: Option<Change>) {
        self.writer.end_cell(self.spans.pop().unwrap_or(1));
        if let Some(change) = change {
            self.end_change(change);
        }
    }
}
