//! Where bytes come from, and what discovery learned about them without reading them.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::Timestamp;

/// Where bytes come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// A file, as the run's working directory sees it.
    Path(PathBuf),
    /// Standard input, under a name of the user's choice.
    Stdin {
        /// The name.
        name: String,
    },
}

impl Source {
    /// Returns the last component of the name, in the bytes of the file system.
    #[must_use]
    pub fn file_name(&self) -> &OsStr {
        match self {
            Self::Path(path) => path.file_name().unwrap_or(path.as_os_str()),
            Self::Stdin { name } => OsStr::new(name),
        }
    }
}

/// The part of a path below its root, as bytes; `/` separates.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RelativePath(PathBuf);

impl RelativePath {
    /// Takes a relative path without `..`; anything else is reduced to its file name.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        let plain = path.components().all(|c| matches!(c, std::path::Component::Normal(_)));
        if plain && path.components().next().is_some() {
            Self(path.to_owned())
        } else {
            Self(path.file_name().map_or_else(|| PathBuf::from("input"), PathBuf::from))
        }
    }

    /// Returns the path.
    #[must_use]
    pub fn as_path(&self) -> &Path {
        &self.0
    }

    /// Returns the path's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_os_str().as_bytes()
    }
}

/// An input that discovery took, known by lstat only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its number among the inputs of the run, in sorted order.
    pub seq: u64,
    /// Where its bytes come from.
    pub source: Source,
    /// Its path below the root it was found under.
    pub relative: RelativePath,
    /// Its size by lstat; 0 for standard input, whose size nobody knows.
    pub size_bytes: u64,
    /// Its modification time.
    pub modified: Timestamp,
    /// Its device and inode; 0 for standard input.
    pub identity: (u64, u64),
    /// Whether it was named by the user and so may be reached through a symbolic link.
    pub follow: bool,
}

/// A regular file that was opened once: enough to open the same one again and to see that it did not change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedFile {
    path: PathBuf,
    follow: bool,
    device: u64,
    inode: u64,
    size_bytes: u64,
    modified: (i64, i64),
}

/// Why a file could not be opened as it was expected to be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// It is not a regular file.
    #[error("it is not a regular file")]
    NotRegular,
    /// It is a symbolic link.
    #[error("it is a symbolic link")]
    Symlink,
    /// It changed since it was first opened.
    #[error("it changed while it was being processed")]
    Changed,
    /// The system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<OpenError> for io::Error {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Io(error) => error,
            other => Self::other(other),
        }
    }
}

impl OpenedFile {
    /// Opens a regular file without ever blocking on a FIFO or device; follows a symbolic link only if told to.
    ///
    /// # Errors
    /// [`OpenError`] says what is there instead.
    pub fn open(path: &Path, follow: bool) -> Result<(Self, File), OpenError> {
        use rustix::fs::{Mode, OFlags};
        let mut flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
        if !follow {
            flags |= OFlags::NOFOLLOW;
        }
        let file = match rustix::fs::open(path, flags, Mode::empty()) {
            Ok(fd) => File::from(fd),
            Err(rustix::io::Errno::LOOP) if !follow => return Err(OpenError::Symlink),
            Err(rustix::io::Errno::NXIO) => return Err(OpenError::NotRegular),
            Err(error) => return Err(OpenError::Io(error.into())),
        };
        let meta = file.metadata()?;
        if !meta.is_file() {
            return Err(OpenError::NotRegular);
        }
        let opened = Self {
            path: path.to_owned(),
            follow,
            device: meta.dev(),
            inode: meta.ino(),
            size_bytes: meta.size(),
            modified: (meta.mtime(), meta.mtime_nsec()),
        };
        Ok((opened, file))
    }

    /// Opens the same file again.
    ///
    /// # Errors
    /// [`OpenError::Changed`] if another file is there now, or its size or time changed.
    pub fn reopen(&self) -> Result<File, OpenError> {
        let (again, file) = Self::open(&self.path, self.follow)?;
        if again == *self { Ok(file) } else { Err(OpenError::Changed) }
    }

    /// Returns the size when it was opened.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }
}
