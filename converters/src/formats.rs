//! The table of formats: the single place where a format is registered.

pub mod docx;
pub mod plain;
pub mod xlsx;

use crate::Converter;

/// What kind of thing a format is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Characters in some charset.
    Text,
    /// An office document, PDF, e-book or mail.
    Document,
    /// A raster image.
    Image,
    /// An archive of files.
    Archive,
    /// Any other bytes.
    Binary,
}

/// What bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Format {
    /// Text without a format of its own.
    PlainText,
    /// Word document.
    Docx,
    /// Excel workbook.
    Xlsx,
    /// Bytes that no row describes.
    Unknown,
}

/// One row of the table.
#[derive(Clone, Copy)]
pub struct FormatSpec {
    /// The format.
    pub format: Format,
    /// The stable kebab-case name, as in manifests.
    pub name: &'static str,
    /// What it is, for people.
    pub title: &'static str,
    /// What kind of thing it is.
    pub family: Family,
    /// The media type where the extension does not decide.
    pub media_type: &'static str,
    /// Extensions in lower case without the dot, each with its media type.
    pub extensions: &'static [(&'static str, &'static str)],
    /// Whole file names in lower case (extensionless names and dotfiles).
    pub bare_names: &'static [&'static str],
    /// The converter, if there is one.
    pub converter: Option<&'static dyn Converter>,
}

/// The table.
pub static FORMATS: &[FormatSpec] = &[
    FormatSpec {
        format: Format::PlainText,
        name: "plain-text",
        title: "plain text",
        family: Family::Text,
        media_type: "text/plain",
        extensions: &[("txt", "text/plain")],
        bare_names: &[],
        converter: Some(&plain::TextToUtf8),
    },
    FormatSpec {
        format: Format::Docx,
        name: "docx",
        title: "Word document",
        family: Family::Document,
        media_type: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        extensions: &[(
            "docx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        )],
        bare_names: &[],
        converter: Some(&docx::DocxToMarkdown),
    },
    FormatSpec {
        format: Format::Xlsx,
        name: "xlsx",
        title: "Excel workbook",
        family: Family::Document,
        media_type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        extensions: &[(
            "xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        )],
        bare_names: &[],
        converter: Some(&xlsx::XlsxToCsv),
    },
    FormatSpec {
        format: Format::Unknown,
        name: "unknown",
        title: "unknown bytes",
        family: Family::Binary,
        media_type: "application/octet-stream",
        extensions: &[],
        bare_names: &[],
        converter: None,
    },
];

impl Format {
    /// Returns the row of this format.
    #[must_use]
    pub fn spec(self) -> &'static FormatSpec {
        // A test checks that every variant has exactly one row; `Unknown` is the last.
        FORMATS
            .iter()
            .find(|spec| spec.format == self)
            .unwrap_or(&FORMATS[FORMATS.len() - 1])
    }
}

impl std::fmt::Debug for FormatSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FormatSpec")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
