//! What a user can choose about conversions. The canonical text of the options is part of the conversion key.

/// How spreadsheet cells are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CellValues {
    /// In the kind that the number format shows (date, time, duration, percentage, leading zeros), but with all their
    /// digits: dates in ISO 8601, numbers without rounding or grouping.
    #[default]
    Canonical,
    /// Exactly as a spreadsheet program shows them in a neutral locale, rounded and grouped by the number format.
    Displayed,
    /// As they are stored.
    Raw,
}

/// What happens to hidden sheets, rows and columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HiddenContent {
    /// Included, with a warning.
    #[default]
    Include,
    /// Left out, with a warning.
    Exclude,
}

/// What happens to line ends of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Newlines {
    /// Kept as they are.
    #[default]
    Keep,
    /// CR LF and lone CR become LF.
    Lf,
}

/// Options of all conversions; each converter reads those that concern it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// How spreadsheet cells are written.
    pub cell_values: CellValues,
    /// What happens to hidden content.
    pub hidden_content: HiddenContent,
    /// What happens to line ends of text.
    pub newlines: Newlines,
    /// Prefixes an apostrophe to CSV cells that begin like a formula.
    pub csv_guard: bool,
    /// The charset label to decode text with instead of finding one (WHATWG labels).
    pub charset: Option<String>,
}

impl Options {
    /// Returns a canonical text of all options: equal options give equal texts.
    #[must_use]
    pub fn canonical(&self) -> String {
        format!(
            "cell-values={:?};hidden-content={:?};newlines={:?};csv-guard={};charset={}",
            self.cell_values,
            self.hidden_content,
            self.newlines,
            self.csv_guard,
            self.charset.as_deref().unwrap_or("auto")
        )
        .to_ascii_lowercase()
    }
}
