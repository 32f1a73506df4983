//! Finds the inputs of a run: lstat only, no file is opened.
//!
//! The walk is our own and not the `ignore` crate's, because nothing that is left out may be silent: each
//! ignored, hidden or special file, or the topmost folder of such, becomes one skipped input with the rule
//! that left it out. The crate's matcher for ignore files is used. Order: the roots as they were named, and
//! within a root sorted by the bytes of the path components.

mod filter;
mod walk;

use std::collections::HashSet;
use std::fs::Metadata;
use std::hash::{BuildHasher, RandomState};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::model::{Candidate, Code, RelativePath, Source, Timestamp};

pub use filter::{BadGlob, Globs};

/// One thing that the user named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// A file or folder.
    Path(PathBuf),
    /// Standard input under a name.
    Stdin {
        /// The name.
        name: String,
    },
}

/// What to find.
#[derive(Debug, Clone, Default)]
pub struct DiscoverOptions {
    /// Includes names that begin with a dot.
    pub hidden: bool,
    /// Follows symbolic links that the walk finds, inside the root only.
    pub follow: bool,
    /// Reads git's ignore files.
    pub gitignore: bool,
    /// Globs that files must or must not match.
    pub globs: Globs,
    /// Applies ignore files and globs to named files, too (for hooks that name each file).
    pub force_exclude: bool,
    /// Folders and files of our own that are never inputs, by whatever path they are reached.
    pub own: Vec<PathBuf>,
}

/// An input, taken or left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What lstat said; the sequence number counts all inputs.
    pub candidate: Candidate,
    /// Why it was left out, and the rule that says so.
    pub skipped: Option<(Code, String)>,
    /// Why it could not even be looked at.
    pub unreadable: Option<(Code, String)>,
}

/// Why nothing can be discovered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoverError {
    /// A path that was named does not exist.
    #[error("`{}` does not exist", path.display())]
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// A path that was named cannot be looked at.
    #[error("`{}` cannot be read", path.display())]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// The inputs of a run, found one by one while it goes on.
#[derive(Debug)]
pub struct Discovery {
    walk: walk::Walk,
    seq: u64,
    /// Hashes of the paths seen, where something can be reached twice.
    seen: Option<HashSet<u64>>,
    hasher: RandomState,
}

/// Looks at what is named, and no further.
///
/// # Errors
/// [`DiscoverError`] for the first named path that does not exist.
pub fn check(named: &[Named]) -> Result<(), DiscoverError> {
    named.iter().try_for_each(|named| check_named(named).map(drop))
}

/// Finds the inputs below the named paths. What is named is looked at now, the rest while the result is iterated.
///
/// # Errors
/// [`DiscoverError`] if a named path does not exist; nothing was read then.
pub fn discover(named: &[Named], options: &DiscoverOptions) -> Result<Discovery, DiscoverError> {
    let root = |named: &Named| Ok(walk::Root { meta: check_named(named)?, named: named.clone() });
    let roots = named.iter().map(root).collect::<Result<Vec<_>, DiscoverError>>()?;
    let seen = (named.len() > 1).then(HashSet::new);
    Ok(Discovery { walk: walk::Walk::new(options, roots), seq: 0, seen, hasher: RandomState::new() })
}

impl Iterator for Discovery {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        let mut found = self.walk.next()?;
        found.candidate.seq = self.seq;
        self.seq += 1;
        // A path that is reached twice is taken once.
        if let Some(seen) = &mut self.seen {
            let path = match &found.candidate.source {
                Source::Path(path) => {
                    path.components().filter(|c| *c != Component::CurDir).collect::<PathBuf>()
                }
                Source::Stdin { .. } => PathBuf::from("-"),
            };
            if !seen.insert(self.hasher.hash_one(path)) && found.skipped.is_none() {
                found.skipped = Some((Code::Duplicate, "it was named before".to_owned()));
            }
        }
        Some(found)
    }
}

fn check_named(named: &Named) -> Result<Option<Metadata>, DiscoverError> {
    let Named::Path(path) = named else { return Ok(None) };
    match std::fs::metadata(path) {
        Ok(meta) => Ok(Some(meta)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(DiscoverError::Missing { path: path.clone() })
        }
        Err(source) => Err(DiscoverError::Unreadable { path: path.clone(), source }),
    }
}

fn stdin_candidate(name: &str) -> Candidate {
    Candidate {
        seq: 0,
        source: Source::Stdin { name: name.to_owned() },
        relative: RelativePath::new(Path::new(name)),
        size_bytes: 0,
        modified: Timestamp::from(UNIX_EPOCH),
        identity: (0, 0),
        follow: false,
    }
}

/// Makes the candidate of a path from its lstat.
fn candidate(path: &Path, root: &Path, meta: &Metadata, follow: bool) -> Candidate {
    let below = path.strip_prefix(root).ok().filter(|p| !p.as_os_str().is_empty());
    Candidate {
        seq: 0,
        source: Source::Path(path.to_owned()),
        relative: RelativePath::new(below.unwrap_or(path)),
        // A folder's or link's own size says nothing, and differs between file systems.
        size_bytes: if meta.is_file() { meta.size() } else { 0 },
        modified: meta.modified().map_or_else(|_| Timestamp::from(UNIX_EPOCH), Timestamp::from),
        identity: (meta.dev(), meta.ino()),
        follow,
    }
}

#[cfg(test)]
mod tests;
