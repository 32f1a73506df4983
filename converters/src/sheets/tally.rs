//! What the conversion of a workbook dropped or changed, counted over all its sheets.

use crate::options::{HiddenContent, MergedCells};
use crate::warning::{Warning, WarningCode};
use crate::{Options, Sink};

/// The counts.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) hidden_sheets: u64,
    pub(crate) hidden_rows: u64,
    pub(crate) hidden_columns: u64,
    /// Cells whose format shows nothing.
    pub(crate) hidden_cells: u64,
    pub(crate) sheets_skipped: u64,
    pub(crate) missing_parts: u64,
    pub(crate) formulas_without_value: u64,
    pub(crate) formulas_unreadable: u64,
    pub(crate) bad_strings: u64,
    pub(crate) bad_cells: u64,
    pub(crate) merged: u64,
    pub(crate) formula_like: u64,
    pub(crate) comments: u64,
    pub(crate) pictures: u64,
    pub(crate) charts: u64,
    pub(crate) shapes: u64,
    pub(crate) embedded: u64,
    /// Cells that lead elsewhere.
    pub(crate) links: u64,
    pub(crate) has_macros: bool,
}

impl Tally {
    /// Gives a warning for each count that is not zero.
    pub(crate) fn warn(&self, options: &Options, sink: &mut dyn Sink) {
        let chosen = [self.hidden(options), self.formula_like(options), self.merged(options)];
        let counted = self.counted().map(|(code, count, message)| Warning::new(code, count, message));
        for warning in chosen.into_iter().chain(counted).filter(|warning| warning.count > 0) {
            sink.warn(warning);
        }
    }

    fn hidden(&self, options: &Options) -> Warning {
        let (code, fate) = match options.hidden_content {
            HiddenContent::Include => (WarningCode::HiddenContent, "part of the output"),
            HiddenContent::Exclude => (WarningCode::HiddenDropped, "left out"),
        };
        let message = format!(
            "{} hidden sheets, {} rows, {} columns and {} cells are {fate}",
            self.hidden_sheets, self.hidden_rows, self.hidden_columns, self.hidden_cells
        );
        let count = self.hidden_sheets + self.hidden_rows + self.hidden_columns + self.hidden_cells;
        Warning::new(code, count, message)
    }

    fn formula_like(&self, options: &Options) -> Warning {
        let (code, message) = if options.csv_guard {
            (WarningCode::CsvGuarded, "text cells that begin like a formula got an apostrophe")
        } else {
            (
                WarningCode::FormulaLike,
                "text cells begin like a formula; a spreadsheet program would run them",
            )
        };
        Warning::new(code, self.formula_like, message)
    }

    fn merged(&self, options: &Options) -> Warning {
        // Repeated, nothing is lost but that the cells were one.
        let count = if options.merged_cells == MergedCells::Repeat { 0 } else { self.merged };
        let message = "ranges of merged cells hold their value in the first cell";
        Warning::new(WarningCode::MergedCells, count, message)
    }

    fn counted(&self) -> [(WarningCode, u64, &'static str); 13] {
        use WarningCode as Code;
        [
            (Code::SheetSkipped, self.sheets_skipped, "chart, dialogue and macro sheets were left out"),
            (Code::MissingPart, self.missing_parts, "parts that the workbook names are missing or damaged"),
            (
                Code::FormulaWithoutValue,
                self.formulas_without_value,
                "formulas have no cached value; their cells are empty",
            ),
            (
                Code::FormulaUnreadable,
                self.formulas_unreadable,
                "formulas could not be written as text; their values stand instead",
            ),
            (Code::BadSharedString, self.bad_strings, "cells name a shared string that does not exist"),
            (
                Code::BadCell,
                self.bad_cells,
                "cells hold what their type does not allow; it is given as it is",
            ),
            (Code::CellCommentsDropped, self.comments, "cell comments were left out"),
            (Code::PicturesDropped, self.pictures, "pictures were left out"),
            (Code::ChartsDropped, self.charts, "charts were left out; their data is in the cells"),
            (Code::UnsupportedDropped, self.shapes, "shapes with text were left out"),
            (Code::EmbeddedDropped, self.embedded, "embedded objects were left out"),
            (Code::LinksDropped, self.links, "targets of links were left out"),
            (Code::MacrosDropped, u64::from(self.has_macros), "macros were left out"),
        ]
    }
}
