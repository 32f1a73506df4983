//! Converters of docferry: document bytes in, text or CSV out.
//!
//! This crate has no files, clock, environment, network, threads or async of its own (its `clippy.toml`
//! forbids them): a conversion is a function of its input, its [`Options`] and its [`limits::Limits`].
//! Everything that inflates a part or grows an output passes through a [`limits::Meter`], so that a
//! few hostile bytes cannot become many.
//!
//! The entry points are [`detect::detect`], which says what the bytes are, and [`formats::FORMATS`],
//! the table that says which [`Converter`] reads them.

pub(crate) mod biff;
pub(crate) mod cfb;
pub mod charset;
pub mod csv;
pub mod detect;
mod encryption;
pub mod formats;
pub(crate) mod formula;
mod front_matter;
mod latex;
pub mod limits;
mod list_number;
pub mod markdown;
pub mod number_format;
pub mod odf;
pub mod ooxml;
pub mod options;
mod output;
pub mod pdf;
pub(crate) mod sheets;
mod symbol;
pub mod warning;
pub mod xml;
pub mod zip;

use std::io::{Read, Seek};

pub use limits::{LimitExceeded, Limits, Meter};
pub use options::Options;
pub use warning::{Warning, WarningCode};

/// Seekable document bytes of a known length.
pub trait Input: Read + Seek + Send {
    /// Returns the length in bytes.
    fn size_bytes(&self) -> u64;

    /// Returns all bytes, from the first one, if they are in memory: they can be looked at without being copied.
    fn in_memory(&self) -> Option<&[u8]> {
        None
    }
}

impl<T: AsRef<[u8]> + Send> Input for std::io::Cursor<T> {
    fn size_bytes(&self) -> u64 {
        self.get_ref().as_ref().len() as u64
    }

    fn in_memory(&self) -> Option<&[u8]> {
        Some(self.get_ref().as_ref())
    }
}

impl<I: Input + ?Sized> Input for &mut I {
    fn size_bytes(&self) -> u64 {
        (**self).size_bytes()
    }

    fn in_memory(&self) -> Option<&[u8]> {
        (**self).in_memory()
    }
}

/// What a part of a conversion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PartKind {
    /// A Markdown document.
    Markdown,
    /// Plain text that keeps the name and media type of its source.
    PlainText,
    /// Plain text made of a document.
    Text,
    /// An RFC 4180 CSV file.
    Csv,
    /// A PDF; no converter of this crate makes one, but a caller may have a program that does.
    Pdf,
}

impl PartKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[Self::Markdown, Self::PlainText, Self::Text, Self::Csv, Self::Pdf];

    /// Returns the name by which one process tells another what a part is.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Markdown => "markdown",
            Self::PlainText => "plain-text",
            Self::Text => "text",
            Self::Csv => "csv",
            Self::Pdf => "pdf",
        }
    }

    /// Returns the extension that an output of this kind gets after the source's name, without the dot.
    #[must_use]
    pub fn extension(self) -> Option<&'static str> {
        match self {
            Self::Markdown => Some("md"),
            Self::PlainText => None,
            Self::Text => Some("txt"),
            Self::Csv => Some("csv"),
            Self::Pdf => Some("pdf"),
        }
    }

    /// Returns the media type of an output of this kind.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Markdown => "text/markdown",
            Self::PlainText | Self::Text => "text/plain",
            Self::Csv => "text/csv",
            Self::Pdf => "application/pdf",
        }
    }
}

/// Where a conversion writes. It belongs to the caller, who decides what stays in memory and what spills.
///
/// Converters do not call [`Sink::write`] themselves: [`Meter::write`] does, after counting.
pub trait Sink {
    /// Begins a part; all writes go to it until the next call. `label` names a part among several (a sheet).
    ///
    /// # Errors
    /// Whatever the caller's storage reports; a converter passes it on as [`ConvertError::Sink`].
    fn begin_part(&mut self, label: Option<&str>, kind: PartKind) -> std::io::Result<()>;

    /// Appends bytes to the current part.
    ///
    /// # Errors
    /// As for [`Sink::begin_part`].
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()>;

    /// Records that something was dropped or changed; equal codes add up.
    fn warn(&mut self, warning: Warning);
}

/// A function of one format to text or CSV.
pub trait Converter: Sync {
    /// Returns the stable name, such as `xlsx-to-csv`.
    fn name(&self) -> &'static str;

    /// Returns the revision, raised whenever any accepted input converts differently.
    fn revision(&self) -> u32;

    /// Tells whether a document could make this converter take the process down: it is built on a parser that is not
    /// ours, or holds a tree of the whole document. Such a converter runs in a process of its own where there is one.
    fn needs_isolation(&self) -> bool {
        false
    }

    /// Converts `input` into the parts of `sink`.
    ///
    /// # Errors
    /// [`ConvertError`] says why nothing usable came out; parts written before it must be discarded.
    fn convert(
        &self,
        input: &mut dyn Input,
        options: &Options,
        meter: &mut Meter,
        sink: &mut dyn Sink,
    ) -> Result<(), ConvertError>;
}

/// Why a conversion gave no usable output.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConvertError {
    /// The document needs a password.
    #[error("the document is encrypted")]
    Encrypted,
    /// The document breaks the rules of its format.
    #[error("{place} is damaged: {reason}")]
    Corrupt {
        /// The part, sheet or structure that is damaged.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The document is sound but uses something that this converter does not read.
    #[error("{0} is not supported")]
    Unsupported(String),
    /// A limit was reached; nothing is cut silently.
    #[error(transparent)]
    Limit(#[from] LimitExceeded),
    /// The input has bytes, but no text came out of it.
    #[error("the document holds no text")]
    NoText,
    /// The caller asked to stop, by time or by hand.
    #[error("the conversion was stopped")]
    Cancelled,
    /// The input could not be read.
    #[error("the input could not be read")]
    Io(#[source] std::io::Error),
    /// The output could not be stored.
    #[error("the output could not be stored")]
    Sink(#[source] std::io::Error),
}

impl ConvertError {
    /// Makes a [`ConvertError::Corrupt`].
    pub fn corrupt(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Corrupt { place: place.into(), reason: reason.into() }
    }
}

/// The result of converting.
pub type Result<T, E = ConvertError> = std::result::Result<T, E>;
