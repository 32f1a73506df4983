//! Why the ledger could not do something. Messages say what is wrong; [`LedgerError::hint`] what the user can do.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why the ledger could not do it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The folder or the file cannot be written.
    #[error("the ledger `{}` cannot be written", path.display())]
    NotWritable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file belongs to something else.
    #[error("`{}` is no docferry ledger", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The ledger was made by a later version.
    #[error("the ledger `{}` has schema {found}, this version knows up to {known}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The highest that this version knows.
        known: i64,
    },
    /// The file is not what it was.
    #[error("the ledger `{}` is damaged: {reason}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Another process held the ledger for too long.
    #[error("the ledger `{}` is held by another process", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// There is no room.
    #[error("there is no room for the ledger `{}`", path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// The target gave an id that it had given before.
    #[error("the target gave the id `{file_id}` twice, for `{of}`, too")]
    DuplicateId {
        /// The id.
        file_id: String,
        /// What it was given for first.
        of: String,
        /// Whether the upload of that is of unknown outcome now, too.
        reopened: bool,
    },
    /// That it is the only one of its name and size proves nothing: another upload of that name and size is open.
    #[error("another upload of the name `{name}` and of the same size is of unknown outcome")]
    NotAlone {
        /// The name.
        name: String,
    },
    /// There is no attempt of this number that could still end: it is done, or another process took it over.
    #[error("the upload attempt {attempt} is no longer open")]
    NotOpen {
        /// Its number.
        attempt: i64,
    },
    /// The file system refused.
    #[error("the ledger failed at `{}`", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// SQLite refused.
    #[error("the ledger `{}` failed", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: rusqlite::Error,
    },
    /// The thread that writes is gone.
    #[error("the ledger `{}` was closed", path.display())]
    Closed {
        /// The file.
        path: PathBuf,
    },
    /// The system gave no random bytes.
    #[error("no random bytes: {0}")]
    Random(String),
}

impl LedgerError {
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::Io { path, source }
    }

    pub(super) fn not_writable(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::NotWritable { path, source: Box::new(source) }
    }

    /// Says what an error of SQLite means for the ledger at `path`.
    pub(super) fn sqlite(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        let corrupt = |reason: String| Self::Corrupt { path: path.clone(), reason };
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::Foreign { path },
            Some(ErrorCode::DatabaseCorrupt) => corrupt(source.to_string()),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path },
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::SystemIoFailure) if is_no_room(&source) => Self::Full { path },
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                Self::NotWritable { path, source: Box::new(source) }
            }
            Some(ErrorCode::SystemIoFailure) if is_short_read(&source) => corrupt(source.to_string()),
            // A table or a column that is not there, or a value of another type: the schema says otherwise.
            Some(ErrorCode::Unknown) => corrupt(source.to_string()),
            None if is_unreadable(&source) => corrupt(source.to_string()),
            _ => Self::Sqlite { path, source },
        }
    }

    /// Tells whether a command refused before it wrote anything, so that others of its group are not touched.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self, Self::NotAlone { .. } | Self::NotOpen { .. })
    }

    /// Returns what the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotWritable { .. } | Self::Foreign { .. } => {
                "choose another folder with --state-dir".to_owned()
            }
            Self::Newer { .. } => "use the newer docferry, or another folder with --state-dir".to_owned(),
            Self::Corrupt { path, .. } => format!(
                "move `{}` aside; what it knew comes back from manifests with `docferry ledger import MANIFEST`",
                path.display()
            ),
            Self::Busy { .. } => "try again when the other process is done".to_owned(),
            Self::Full { .. } => "make room; what was done is recorded".to_owned(),
            Self::DuplicateId { .. } => {
                "nothing more is sent, because the target's answers cannot be relied on".to_owned()
            }
            Self::NotAlone { .. }
            | Self::NotOpen { .. }
            | Self::Io { .. }
            | Self::Sqlite { .. }
            | Self::Closed { .. }
            | Self::Random(_) => return None,
        })
    }
}

fn is_extended(error: &rusqlite::Error, code: std::ffi::c_int) -> bool {
    error.sqlite_error().is_some_and(|error| error.extended_code == code)
}

/// Tells whether a page ended before its end.
fn is_short_read(error: &rusqlite::Error) -> bool {
    is_extended(error, rusqlite::ffi::SQLITE_IOERR_SHORT_READ)
}

/// Tells whether the memory that processes share, a file, too, could not grow.
fn is_no_room(error: &rusqlite::Error) -> bool {
    is_extended(error, rusqlite::ffi::SQLITE_IOERR_SHMSIZE)
}

fn is_unreadable(error: &rusqlite::Error) -> bool {
    matches!(
        error,
        rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::Utf8Error(..)
            | rusqlite::Error::InvalidColumnType(..)
    )
}
