//! What the spreadsheet formats share: cells on their way into CSV.
//!
//! A reader of one format makes a [`Book`] of what all its sheets share, and for each sheet [`Cells`], which it
//! hands rows and cells in the order of the sheet. Where a value goes, how its number format shows it, what is
//! hidden, guarded or counted is decided here, the same way for every format.

mod cells;
mod columns;
mod comments;
mod grid;
pub(crate) mod iso_date;
mod merges;
pub(crate) mod reference;
mod shift;
pub(crate) mod strings;
pub(crate) mod styles;
mod tally;
mod yields;

pub(crate) use cells::{Book, Cells, Value};
pub(crate) use comments::CellComments;
pub(crate) use shift::shift;
pub(crate) use strings::Strings;
pub(crate) use styles::Styles;
pub(crate) use tally::Tally;
pub(crate) use yields::Yields;

/// What a sheet turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A sheet with at least one value or comment, which has become a part.
    Values,
    /// A sheet with cells, none of which has a value.
    Blank,
    /// A sheet without any cell.
    Empty,
    /// Not a worksheet, whatever it was called.
    NoWorksheet,
}

impl Outcome {
    /// Returns what a sheet is that also gave a part of its comments, or did not.
    pub(crate) fn with_comments(self, has_comments: bool) -> Self {
        if has_comments { Self::Values } else { self }
    }
}
