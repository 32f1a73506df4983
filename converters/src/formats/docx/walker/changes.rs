//! Tracked changes: which of two states of the document is written, or both (ECMA-376 part 1, section 17.13.5).
//!
//! Moved text is deleted in one place and inserted in another. Changes of formatting are not read.

use crate::Result;
use crate::options::TrackChanges;
use crate::xml::{Reader, Source};

use super::{Open, Step, Walker};

/// What a tracked change did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Change {
    Insertion,
    Deletion,
}

/// Which changes something has, such as a paragraph mark or a row. It may be inserted by one author and deleted by
/// another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in super::super) struct Changes {
    pub(in super::super) inserted: bool,
    pub(in super::super) deleted: bool,
}

impl Changes {
    /// Notes the change that an element of this name stands for.
    pub(in super::super) fn note(&mut self, local: &[u8]) {
        match local {
            b"ins" | b"moveTo" | b"cellIns" => self.inserted = true,
            b"del" | b"moveFrom" | b"cellDel" => self.deleted = true,
            _ => {}
        }
    }

    /// Returns the change by which a state of the document has nothing here.
    pub(in super::super) fn absent_from(self, state: TrackChanges) -> Option<Change> {
        match state {
            TrackChanges::Accept if self.deleted => Some(Change::Deletion),
            TrackChanges::Reject if self.inserted => Some(Change::Insertion),
            _ => None,
        }
    }
}

impl Walker<'_, '_> {
    /// Begins what a change inserted or deleted.
    pub(super) fn start_change(&mut self, change: Change) -> Step {
        let changes = Changes { inserted: change == Change::Insertion, deleted: change == Change::Deletion };
        if let Some(absent) = changes.absent_from(self.document.track_changes()) {
            self.count_change(absent);
            return Step::Skip;
        }
        self.begin_change(change);
        Step::Into(Open::Change(change))
    }

    pub(super) fn begin_change(&mut self, change: Change) {
        *self.changes(change) += 1;
        self.refresh_style();
    }

    pub(super) fn end_change(&mut self, change: Change) {
        let open = self.changes(change);
        *open = open.saturating_sub(1);
        self.refresh_style();
    }

    /// Deleted characters, which are none where deletions are accepted, whatever stands around them.
    pub(super) fn start_deleted(&mut self, open: Open) -> Step {
        if self.document.track_changes() == TrackChanges::Accept {
            self.count_change(Change::Deletion);
            return Step::Skip;
        }
        Step::Into(open)
    }

    /// Applies the changes of the row or cell that is open, whose properties were read: one that is absent ends here.
    pub(super) fn change_of_open<S: Source>(
        &mut self,
        changes: Changes,
        reader: &mut Reader<S>,
    ) -> Result<()> {
        if let Some(absent) = changes.absent_from(self.document.track_changes()) {
            self.count_change(absent);
            self.skip_open(reader)?;
        }
        Ok(())
    }

    /// Leaves out the rest of what is open.
    pub(super) fn skip_open<S: Source>(&mut self, reader: &mut Reader<S>) -> Result<()> {
        reader.skip_element()?;
        if let Some(open) = self.stack.pop() {
            self.end(open)?;
        }
        Ok(())
    }

    fn changes(&mut self, change: Change) -> &mut u32 {
        match change {
            Change::Insertion => &mut self.inserted,
            Change::Deletion => &mut self.deleted,
        }
    }

    fn count_change(&mut self, change: Change) {
        let tally = &mut self.document.tally;
        *match change {
            Change::Insertion => &mut tally.insertions,
            Change::Deletion => &mut tally.deletions,
        } += 1;
    }
}
