//! What a user can choose about conversions. The canonical text of the options is part of the conversion key.

use std::num::NonZeroUsize;

/// A text that is no value of an option.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` is no value of the option `{key}`")]
pub struct BadOption {
    key: String,
    value: String,
}

macro_rules! choices {
    ($($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $value_doc:literal])+ $variant:ident => $text:literal,)+ })+) => {$(
        $(#[doc = $doc])+
        /// The first value is the default.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[doc = $value_doc])+ $variant,)+ }

        impl $name {
            /// Every value, the default first.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Returns the text form.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text)
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::ALL[0]
            }
        }
    )+};
}

choices! {
    /// How spreadsheet cells are written.
    CellValues {
        /// In the kind that the number format shows (date, time, duration, percentage, leading zeros), but with all
        /// their digits: dates in ISO 8601, numbers without rounding or grouping.
        Canonical => "canonical",
        /// Exactly as a spreadsheet program shows them in a neutral locale, rounded and grouped by the number format.
        Displayed => "displayed",
        /// As they are stored.
        Raw => "raw",
    }
    /// What happens to hidden sheets, rows, columns, slides and text.
    HiddenContent {
        /// Included, with a warning.
        Include => "include",
        /// Left out, with a warning.
        Exclude => "exclude",
    }
    /// What happens to line ends of text.
    Newlines {
        /// Kept as they are.
        Keep => "keep",
        /// CR LF and lone CR become LF.
        Lf => "lf",
    }
    /// What text documents and presentations become.
    TextForm {
        /// Markdown, as GitHub reads it.
        Markdown => "markdown",
        /// Plain text without any mark or escape; tables are lines of cells between tabs.
        Plain => "plain",
    }
    /// What the cells that a merged cell covers hold.
    MergedCells {
        /// Nothing: the value stands in the first cell only.
        Empty => "empty",
        /// The value of the first cell.
        Repeat => "repeat",
        /// A table with merged cells is written as HTML with `colspan` and `rowspan`; CSV, which has no such thing, is
        /// as with [`MergedCells::Empty`].
        Html => "html",
    }
    /// Which state of a document with tracked changes is written.
    TrackChanges {
        /// As if all changes were accepted.
        Accept => "accept",
        /// As if all changes were rejected.
        Reject => "reject",
        /// Both, insertions between `<ins>` and deletions between `<del>`.
        All => "all",
    }
    /// What happens to comments.
    Comments {
        /// Kept in text documents and presentations, dropped with a warning in spreadsheets.
        Auto => "auto",
        /// Kept: as quotations in Markdown, as a part of their own (`cell,author,text`) beside a CSV.
        Keep => "keep",
        /// Left out, with a warning.
        Drop => "drop",
    }
    /// What stands in the cell of a formula.
    Formulas {
        /// Its cached value.
        Values => "values",
        /// Its text, as `=SUM(A1:A3)`.
        Text => "text",
    }
    /// What happens to the dialect of delimited text.
    CsvDialect {
        /// Kept as it is; a separator other than the name says gives a warning.
        Keep => "keep",
        /// Rewritten by RFC 4180: commas, quotes only where needed, CR LF.
        Rfc4180 => "rfc4180",
    }
}

/// Options of all conversions; each converter reads those that concern it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// How spreadsheet cells are written.
    pub cell_values: CellValues,
    /// What stands in the cell of a formula.
    pub formulas: Formulas,
    /// What happens to hidden content.
    pub hidden_content: HiddenContent,
    /// What the cells that a merged cell covers hold.
    pub merged_cells: MergedCells,
    /// What happens to comments.
    pub comments: Comments,
    /// Which state of a document with tracked changes is written.
    pub track_changes: TrackChanges,
    /// What text documents and presentations become.
    pub text: TextForm,
    /// Puts the document's properties (title, author, dates) before Markdown as YAML front matter.
    pub front_matter: bool,
    /// What happens to line ends of text.
    pub newlines: Newlines,
    /// Prefixes an apostrophe to CSV cells that begin like a formula.
    pub csv_guard: bool,
    /// What happens to the dialect of delimited text.
    pub csv_dialect: CsvDialect,
    /// The largest CSV part in bytes: a longer one is split between rows, and its first row is repeated in each piece.
    pub max_csv_bytes: Option<u64>,
    /// The most pages of a PDF: a longer one is split between pages; `None` splits none.
    pub split_pdf: Option<NonZeroUsize>,
    /// The charset label to decode text with instead of finding one (WHATWG labels).
    pub charset: Option<String>,
    /// The charset label to decode text with where there is too little of it to tell.
    pub default_charset: Option<String>,
}

/// Stands for an option that has no value.
const AUTO: &str = "auto";

impl Options {
    /// Returns every option with its value, in one order. The size of a PDF's pieces is named only where there is one: it
    /// concerns one converter, which does nothing without it, and the digests of the others' options stay as they are.
    #[must_use]
    pub fn named(&self) -> Vec<(&'static str, String)> {
        let label = |label: &Option<String>| label.clone().unwrap_or_else(|| AUTO.to_owned());
        let bytes = self.max_csv_bytes.map_or_else(|| AUTO.to_owned(), |bytes| bytes.to_string());
        let mut named = vec![
            ("cell-values", self.cell_values.as_str().to_owned()),
            ("formulas", self.formulas.as_str().to_owned()),
            ("hidden-content", self.hidden_content.as_str().to_owned()),
            ("merged-cells", self.merged_cells.as_str().to_owned()),
            ("comments", self.comments.as_str().to_owned()),
            ("track-changes", self.track_changes.as_str().to_owned()),
            ("text", self.text.as_str().to_owned()),
            ("front-matter", self.front_matter.to_string()),
            ("newlines", self.newlines.as_str().to_owned()),
            ("csv-guard", self.csv_guard.to_string()),
            ("csv-dialect", self.csv_dialect.as_str().to_owned()),
            ("max-csv-size", bytes),
            ("charset", label(&self.charset)),
            ("default-charset", label(&self.default_charset)),
        ];
        named.extend(self.split_pdf.map(|pages| ("split-pdf", pages.to_string())));
        named
    }

    /// Sets one option from its text form, as [`Options::named`] gives it.
    ///
    /// # Errors
    /// [`BadOption`] if there is no such option or value.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), BadOption> {
        self.try_set(key, value).ok_or_else(|| BadOption { key: key.to_owned(), value: value.to_owned() })
    }

    fn try_set(&mut self, key: &str, value: &str) -> Option<()> {
        let label = || (value != AUTO).then(|| value.to_owned());
        match key {
            "cell-values" => self.cell_values = CellValues::parse(value)?,
            "formulas" => self.formulas = Formulas::parse(value)?,
            "hidden-content" => self.hidden_content = HiddenContent::parse(value)?,
            "merged-cells" => self.merged_cells = MergedCells::parse(value)?,
            "comments" => self.comments = Comments::parse(value)?,
            "track-changes" => self.track_changes = TrackChanges::parse(value)?,
            "text" => self.text = TextForm::parse(value)?,
            "front-matter" => self.front_matter = value.parse().ok()?,
            "newlines" => self.newlines = Newlines::parse(value)?,
            "csv-guard" => self.csv_guard = value.parse().ok()?,
            "csv-dialect" => self.csv_dialect = CsvDialect::parse(value)?,
            "max-csv-size" if value == AUTO => self.max_csv_bytes = None,
            "max-csv-size" => self.max_csv_bytes = Some(value.parse().ok()?),
            "split-pdf" => self.split_pdf = Some(value.parse().ok()?),
            "charset" => self.charset = label(),
            "default-charset" => self.default_charset = label(),
            _ => return None,
        }
        Some(())
    }

    /// Returns a canonical text of all options: equal options give equal texts.
    #[must_use]
    pub fn canonical(&self) -> String {
        let named =
            self.named().into_iter().map(|(key, value)| format!("{key}={}", value.to_ascii_lowercase()));
        named.collect::<Vec<_>>().join(";")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_is_set_from_its_own_text() {
        let mut chosen = Options {
            charset: Some("utf-8".to_owned()),
            max_csv_bytes: Some(7),
            front_matter: true,
            split_pdf: NonZeroUsize::new(9),
            text: TextForm::Plain,
            ..Options::default()
        };
        let mut copy = Options::default();
        for (key, value) in chosen.named() {
            copy.set(key, &value).unwrap();
        }
        assert_eq!(copy, chosen);
        assert!(chosen.set("text", "rich").is_err());
        assert!(chosen.set("split-pdf", "0").is_err());
        assert!(chosen.set("colour", "red").is_err());
    }
}
