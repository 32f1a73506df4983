//! Why the store could not do something. Each variant names the file, and keeps what the system said as its source.
//!
//! A missing file is no error here: it is `None`, as it is for whoever asks.

use std::io;
use std::path::{Path, PathBuf};

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The folder holds something else.
    #[error("`{}` is not empty and not a docferry store", path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
    },
    /// The store was made by a later version.
    #[error("the store `{}` has schema {found}, this version knows up to {known}", path.display())]
    NewerSchema {
        /// The store.
        path: PathBuf,
        /// Its schema version.
        found: u32,
        /// The highest that this version knows.
        known: u32,
    },
    /// A file of the store is not what it was.
    #[error("`{}` is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Not the text of a file id, or not a prefix of one.
    #[error("`{0}` is not a file id")]
    BadId(String),
    /// The bytes to store could not be read.
    #[error("reading the content failed")]
    Body(#[source] io::Error),
    /// The file system refused.
    #[error("the store failed at `{}`", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// The system gave no random bytes.
    #[error("no random bytes: {0}")]
    Random(String),
}

impl StoreError {
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::Io { path, source }
    }
}
