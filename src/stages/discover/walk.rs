//! The walk below a root.

use std::ffi::{OsStr, OsString};
use std::fs::{DirEntry, Metadata};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use super::filter::IgnoreStack;
use super::{DiscoverOptions, Found, Named, candidate};
use crate::model::{Candidate, Code, RelativePath, Source, Timestamp};

/// Folders nest this deep at the most; deeper ones are reported.
const MAX_DEPTH: usize = 256;
/// So many folders are open at the most.
const MAX_OPEN: usize = 64;
/// Names that are never inputs below a root.
const OWN_NAMES: [&str; 3] = [".git", ".docferry", ".docferryignore"];

/// A walk over all roots of a run. It holds the names of the folders that are open, never the whole tree.
#[derive(Debug)]
pub(super) struct Walk {
    options: DiscoverOptions,
    roots: std::vec::IntoIter<Root>,
    open: Vec<Open>,
}

/// Something that the user named, with what it leads to.
#[derive(Debug)]
pub(super) struct Root {
    pub(super) named: Named,
    /// `None` for standard input.
    pub(super) meta: Option<Metadata>,
}

/// A folder whose names are being visited. A name is looked up in the folder itself, which is open meanwhile, or, where
/// many are open, by its whole path.
#[derive(Debug)]
struct Open {
    folder: PathBuf,
    names: std::vec::IntoIter<(OsString, Option<DirEntry>)>,
    ignores: IgnoreStack,
    below: Arc<Below>,
}

/// The root that a folder lies below.
#[derive(Debug)]
struct Below {
    root: PathBuf,
    /// The root without links, if links inside it are followed.
    real_root: Option<PathBuf>,
}

impl Iterator for Walk {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        loop {
            let Some(open) = self.open.last_mut() else {
                let root = self.roots.next()?;
                match self.begin(root) {
                    Some(found) => return Some(found),
                    None => continue,
                }
            };
            let Some((name, entry)) = open.names.next() else {
                self.open.pop();
                continue;
            };
            let (path, below, ignores) =
                (open.folder.join(&name), Arc::clone(&open.below), open.ignores.clone());
            let meta = match entry {
                Some(entry) => entry.metadata(),
                None => std::fs::symlink_metadata(&path),
            };
            let found = match meta {
                Ok(meta) => self.visit(&path, &meta, &below, &ignores),
                Err(error) => Some(unreadable(&path, &below.root, &error)),
            };
            if found.is_some() {
                return found;
            }
        }
    }
}

impl Walk {
    pub(super) fn new(options: &DiscoverOptions, roots: Vec<Root>) -> Self {
        let mut options = options.clone();
        let linked = options.own.iter().filter_map(|own| own.canonicalize().ok());
        let named = options.own.iter().map(|own| real_place(own));
        options.own = named.chain(linked).collect();
        Self { options, roots: roots.into_iter(), open: Vec::new() }
    }

    /// Begins with something that the user named; a folder gives nothing itself.
    fn begin(&mut self, root: Root) -> Option<Found> {
        match (root.named, root.meta) {
            (Named::Path(path), Some(meta)) if meta.is_dir() => {
                let ignores = IgnoreStack::above(&path, self.options.gitignore);
                let real_root = if self.options.follow { path.canonicalize().ok() } else { None };
                let below = Arc::new(Below { root: path.clone(), real_root });
                self.descend(&path, &below, &ignores)
            }
            (Named::Path(path), Some(meta)) => Some(self.named_file(&path, &meta)),
            (Named::Path(_), None) => None,
            (Named::Stdin { name }, _) => Some(taken(super::stdin_candidate(&name))),
        }
    }

    /// Takes a file that the user named, through a symbolic link if it is one.
    fn named_file(&self, path: &Path, meta: &Metadata) -> Found {
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut skipped = special(meta).map(|what| (Code::SpecialFile, what.to_owned()));
        if self.options.force_exclude && skipped.is_none() {
            let ignores =
                IgnoreStack::above(path, self.options.gitignore).enter(folder, self.options.gitignore);
            skipped = ignores.rule(path, false);
            skipped = skipped.or_else(|| Some((Code::Excluded, self.options.globs.rule(path, false)?)));
        }
        Found { candidate: candidate(path, path, meta, true), skipped, unreadable: None }
    }

    /// Opens a folder; what comes back is the reason why it cannot be.
    fn descend(&mut self, folder: &Path, below: &Arc<Below>, ignores: &IgnoreStack) -> Option<Found> {
        if self.open.len() >= MAX_DEPTH {
            return Some(unreadable(folder, &below.root, &std::io::Error::other("folders nest too deep")));
        }
        match sorted_names(folder, self.open.len() < MAX_OPEN) {
            Ok(names) => {
                let ignores = ignores.enter(folder, self.options.gitignore);
                let names = names.into_iter();
                self.open.push(Open { folder: folder.to_owned(), names, ignores, below: Arc::clone(below) });
                None
            }
            Err(error) => Some(unreadable(folder, &below.root, &error)),
        }
    }

    fn visit(
        &mut self,
        path: &Path,
        meta: &Metadata,
        below: &Arc<Below>,
        ignores: &IgnoreStack,
    ) -> Option<Found> {
        let relative = path.strip_prefix(&below.root).unwrap_or(path);
        if let Some(skip) = self.rule(path, relative, meta, ignores) {
            return Some(left_out(candidate(path, &below.root, meta, false), skip));
        }
        if meta.is_symlink() {
            return self.symlink(path, meta, below, ignores);
        }
        if meta.is_dir() {
            return self.descend(path, below, ignores);
        }
        let skipped = special(meta).map(|what| (Code::SpecialFile, what.to_owned()));
        Some(Found { candidate: candidate(path, &below.root, meta, false), skipped, unreadable: None })
    }

    /// Follows a link that the walk found only where `--follow` says so and its end lies inside the root.
    fn symlink(
        &mut self,
        path: &Path,
        meta: &Metadata,
        below: &Arc<Below>,
        ignores: &IgnoreStack,
    ) -> Option<Found> {
        let skip = |what: &str| {
            Some(left_out(candidate(path, &below.root, meta, false), (Code::Symlink, what.to_owned())))
        };
        let Some(real_root) = &below.real_root else {
            return skip("symbolic links are not followed");
        };
        let Ok(end) = path.canonicalize() else {
            return skip("it leads nowhere");
        };
        if !end.starts_with(real_root) {
            return skip("it leads outside the root");
        }
        // A folder above the link would be walked for ever.
        if std::path::absolute(path).is_ok_and(|path| path.starts_with(&end)) {
            return skip("it leads to a folder above it");
        }
        match std::fs::metadata(path) {
            Ok(target) if target.is_dir() => self.descend(path, below, ignores),
            Ok(target) => {
                let skipped = special(&target).map(|what| (Code::SpecialFile, what.to_owned()));
                Some(Found {
                    candidate: candidate(path, &below.root, &target, true),
                    skipped,
                    unreadable: None,
                })
            }
            Err(_) => skip("it leads nowhere"),
        }
    }

    /// Returns why a path below a root is left out.
    fn rule(
        &self,
        path: &Path,
        relative: &Path,
        meta: &Metadata,
        stack: &IgnoreStack,
    ) -> Option<(Code, String)> {
        let name = path.file_name().unwrap_or_default();
        if OWN_NAMES.iter().any(|own| name == *own) {
            return Some((Code::OwnFile, format!("{} is never an input", name.display())));
        }
        if self.is_own(path) {
            return Some((Code::OwnFile, format!("{} belongs to this run", name.display())));
        }
        if !self.options.hidden && name.as_bytes().starts_with(b".") {
            return Some((Code::Hidden, "hidden files need --hidden".to_owned()));
        }
        if let Some(ignored) = stack.rule(path, meta.is_dir()) {
            return Some(ignored);
        }
        self.options.globs.rule(relative, meta.is_dir()).map(|rule| (Code::Excluded, rule))
    }

    /// Tells whether this is a file or folder of the run itself, by whatever way it is reached.
    fn is_own(&self, path: &Path) -> bool {
        let Some(name) = path.file_name().map(without_number) else { return false };
        let mut namesakes = self.options.own.iter().filter(|own| own.file_name() == Some(name)).peekable();
        if namesakes.peek().is_none() {
            return false;
        }
        let real = real_place(path).with_file_name(name);
        namesakes.any(|own| *own == real)
    }
}

/// Returns where a path really is, but for its last name: that may be a link, or not be there yet.
fn real_place(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    match (absolute.parent().map(Path::canonicalize), absolute.file_name()) {
        (Some(Ok(parent)), Some(name)) => parent.join(name),
        _ => absolute,
    }
}

/// A journal that a killed run left behind stands beside its own name, with a number.
fn without_number(name: &OsStr) -> &OsStr {
    let text = name.to_str().and_then(|text| text.rsplit_once('.'));
    let journal = text.filter(|(journal, n)| {
        journal.ends_with(".partial") && !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit())
    });
    journal.map_or(name, |(journal, _)| OsStr::new(journal))
}

fn taken(candidate: Candidate) -> Found {
    Found { candidate, skipped: None, unreadable: None }
}

fn left_out(candidate: Candidate, skip: (Code, String)) -> Found {
    Found { candidate, skipped: Some(skip), unreadable: None }
}

/// Makes the input for a path that could not even be looked at.
fn unreadable(path: &Path, root: &Path, error: &std::io::Error) -> Found {
    let candidate = Candidate {
        seq: 0,
        source: Source::Path(path.to_owned()),
        relative: RelativePath::new(path.strip_prefix(root).unwrap_or(path)),
        size_bytes: 0,
        modified: Timestamp::from(UNIX_EPOCH),
        identity: (0, 0),
        follow: false,
    };
    let code = match error.kind() {
        std::io::ErrorKind::NotFound => Code::NotFound,
        _ => Code::Unreadable,
    };
    Found { candidate, skipped: None, unreadable: Some((code, error.to_string())) }
}

fn sorted_names(folder: &Path, stays_open: bool) -> std::io::Result<Vec<(OsString, Option<DirEntry>)>> {
    let named = std::fs::read_dir(folder)?.map(|entry| {
        let entry = entry?;
        Ok((entry.file_name(), stays_open.then_some(entry)))
    });
    let mut names = named.collect::<std::io::Result<Vec<_>>>()?;
    names.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    Ok(names)
}

fn special(meta: &Metadata) -> Option<&'static str> {
    let kind = meta.file_type();
    if kind.is_fifo() {
        Some("it is a FIFO")
    } else if kind.is_socket() {
        Some("it is a socket")
    } else if kind.is_char_device() || kind.is_block_device() {
        Some("it is a device")
    } else {
        None
    }
}
