//! Counts of what a conversion dropped or changed, turned into warnings at its end.

use crate::{Sink, Warning, WarningCode};

/// The counts.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) pictures: u64,
    pub(super) charts: u64,
    pub(super) deletions: u64,
    pub(super) insertions: u64,
    pub(super) comments: u64,
    pub(super) merged: u64,
    pub(super) embedded: u64,
    pub(super) macros: u64,
    pub(super) hidden: u64,
    pub(super) hidden_dropped: u64,
    pub(super) missing_parts: u64,
    pub(super) unsupported: u64,
}

impl Tally {
    /// Reports every count that is not zero.
    pub(super) fn report(&self, sink: &mut dyn Sink) {
        let rows = [
            (
                WarningCode::PicturesDropped,
                self.pictures,
                "pictures are left out but for their descriptions; --to pdf keeps them",
            ),
            (WarningCode::ChartsFlattened, self.charts, "charts are given as tables"),
            (WarningCode::DeletionsDropped, self.deletions, "tracked deletions are left out"),
            (WarningCode::InsertionsDropped, self.insertions, "tracked insertions are left out"),
            (WarningCode::CommentsDropped, self.comments, "comments are left out"),
            (WarningCode::MergedCells, self.merged, "merged cells hold their value in the first cell only"),
            (WarningCode::EmbeddedDropped, self.embedded, "embedded objects are left out"),
            (WarningCode::MacrosDropped, self.macros, "macros are left out"),
            (WarningCode::HiddenContent, self.hidden, "hidden text, rows and drawings are included"),
            (WarningCode::HiddenDropped, self.hidden_dropped, "hidden text, rows and drawings are left out"),
            (
                WarningCode::MissingPart,
                self.missing_parts,
                "parts or notes that the document refers to are missing",
            ),
            (
                WarningCode::UnsupportedDropped,
                self.unsupported,
                "inserted files, fields without a result and unknown symbols are left out",
            ),
        ];
        for (code, count, message) in rows {
            if count > 0 {
                sink.warn(Warning::new(code, count, message));
            }
        }
    }
}
