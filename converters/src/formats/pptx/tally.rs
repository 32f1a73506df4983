//! Counts of what a conversion dropped or changed, turned into warnings at its end.

use crate::{Sink, Warning, WarningCode};

/// The counts.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Tally {
    pub(super) pictures: u64,
    pub(super) charts: u64,
    pub(super) embedded: u64,
    pub(super) macros: u64,
    pub(super) hidden: u64,
    pub(super) hidden_dropped: u64,
    pub(super) missing_parts: u64,
    pub(super) repeated_slides: u64,
    pub(super) comments_dropped: u64,
    pub(super) merged_cells: u64,
}

impl Tally {
    /// Reports every count that is not zero.
    pub(super) fn report(&self, sink: &mut dyn Sink) {
        let rows = [
            (WarningCode::PicturesDropped, self.pictures, "pictures have no text form"),
            (WarningCode::ChartsFlattened, self.charts, "charts are given as tables"),
            (WarningCode::EmbeddedDropped, self.embedded, "embedded objects, sounds and films are left out"),
            (WarningCode::MacrosDropped, self.macros, "macros are left out"),
            (WarningCode::HiddenContent, self.hidden, "hidden slides and shapes are included"),
            (WarningCode::HiddenDropped, self.hidden_dropped, "hidden slides and shapes are left out"),
            (
                WarningCode::MissingPart,
                self.missing_parts,
                "parts that the presentation refers to are missing",
            ),
            (WarningCode::CommentsDropped, self.comments_dropped, "comments are left out"),
            (
                WarningCode::MergedCells,
                self.merged_cells,
                "merged cells hold their value in the first cell only",
            ),
            (
                WarningCode::UnsupportedDropped,
                self.repeated_slides,
                "slides that are listed again are written once",
            ),
        ];
        for (code, count, message) in rows {
            if count > 0 {
                sink.warn(Warning::new(code, count, message));
            }
        }
    }
}
