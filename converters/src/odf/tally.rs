//! Counts of what a conversion of a text or presentation dropped or changed, turned into warnings at its end.

use crate::{Sink, Warning, WarningCode};

/// The counts.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) pictures: u64,
    pub(crate) charts: u64,
    pub(crate) deletions: u64,
    pub(crate) insertions: u64,
    pub(crate) comments: u64,
    pub(crate) merged_cells: u64,
    pub(crate) embedded: u64,
    pub(crate) macros: u64,
    pub(crate) hidden: u64,
    pub(crate) hidden_dropped: u64,
    pub(crate) missing_parts: u64,
    pub(crate) unsupported: u64,
}

impl Tally {
    /// Counts rows or cells that a document repeats more often than they are given: it may say any number.
    pub(crate) fn not_repeated(&mut self, times: u64) {
        self.unsupported = self.unsupported.saturating_add(times);
    }

    /// Reports every count that is not zero.
    pub(crate) fn report(&self, sink: &mut dyn Sink) {
        let rows = [
            (WarningCode::PicturesDropped, self.pictures, "pictures have no text form"),
            (WarningCode::ChartsFlattened, self.charts, "charts are given as tables"),
            (WarningCode::DeletionsDropped, self.deletions, "tracked deletions are left out"),
            (WarningCode::InsertionsDropped, self.insertions, "tracked insertions are left out"),
            (WarningCode::CommentsDropped, self.comments, "comments are left out"),
            (
                WarningCode::MergedCells,
                self.merged_cells,
                "merged cells hold their value in the first cell only",
            ),
            (WarningCode::EmbeddedDropped, self.embedded, "embedded objects are left out"),
            (WarningCode::MacrosDropped, self.macros, "macros are left out"),
            (WarningCode::HiddenContent, self.hidden, "hidden text, shapes or slides are included"),
            (WarningCode::HiddenDropped, self.hidden_dropped, "hidden text, shapes or slides are left out"),
            (WarningCode::MissingPart, self.missing_parts, "objects that the document refers to are missing"),
            (
                WarningCode::UnsupportedDropped,
                self.unsupported,
                "repeated rows and cells are given less often",
            ),
        ];
        for (code, count, message) in rows {
            if count > 0 {
                sink.warn(Warning::new(code, count, message));
            }
        }
    }
}
