//! What is sent: bytes that acceptance and policy have admitted, with where they come from.

use std::io::{self, Read};

use bytes::Bytes;
use docferry_converters::Warning;

use super::source::OpenedFile;
use super::{FileName, MediaType, Sha256, Source, Spill};

/// One admitted thing to upload. Made only by the admit stage.
#[derive(Debug)]
pub struct Payload {
    /// The sequence number of its input.
    pub seq: u64,
    /// Its number among the parts of its input.
    pub part: u32,
    /// The name to send.
    pub file_name: FileName,
    /// The media type to send.
    pub media_type: MediaType,
    /// The exact length.
    pub size_bytes: u64,
    /// The digest of the bytes.
    pub digest: Sha256,
    /// Its pages, if it is a PDF whose pages were counted.
    pub pages: Option<u64>,
    /// The bytes.
    pub body: Body,
    /// Where they come from.
    pub lineage: Lineage,
}

/// Where bytes are kept. Cloning is cheap; a spilled file goes away with its last owner.
#[derive(Debug, Clone)]
pub enum Body {
    /// A regular file that was opened and measured before.
    File(OpenedFile),
    /// In a temporary file.
    Spilled(Spill),
    /// Memory.
    Bytes(Bytes),
}

impl Body {
    /// Opens the bytes from their beginning.
    ///
    /// # Errors
    /// The file is gone, is another file now, or cannot be read.
    pub fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        match self {
            Self::File(file) => Ok(Box::new(file.reopen()?)),
            Self::Spilled(file) => Ok(Box::new(file.reader())),
            Self::Bytes(bytes) => Ok(Box::new(io::Cursor::new(bytes.clone()))),
        }
    }
}

/// Where a payload's bytes come from.
#[derive(Debug, Clone)]
pub struct Lineage {
    /// The source.
    pub source: Source,
    /// The digest of the source's bytes.
    pub source_digest: Sha256,
    /// The converter, if there was one.
    pub converter: Option<ConverterRef>,
    /// The label of the part, such as a sheet's name.
    pub part_label: Option<String>,
    /// What the conversion dropped or changed.
    pub warnings: Vec<Warning>,
}

/// Which converter made something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConverterRef {
    /// Its name.
    pub name: &'static str,
    /// Its revision.
    pub revision: u32,
    /// The digest of its options' canonical text.
    pub options_hash: String,
}
