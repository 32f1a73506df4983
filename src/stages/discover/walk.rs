//! The walk below a root.

use std::ffi::OsStr;
use std::fs::Metadata;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::filter::IgnoreStack;
use super::{DiscoverOptions, Found, candidate};
use crate::model::{Candidate, Code, RelativePath, Source, Timestamp};

/// Folders nest this deep at the most; deeper ones are reported.
const MAX_DEPTH: usize = 256;
/// Names that are never inputs below a root.
const OWN_NAMES: [&str; 3] = [".git", ".docferry", ".docferryignore"];

/// A walk over all roots of a run.
pub(super) struct Walk<'a> {
    options: &'a DiscoverOptions,
    /// What was found, in order.
    pub(super) found: Vec<Found>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(options: &'a DiscoverOptions) -> Self {
        Self {
            options,
            found: Vec::new(),
        }
    }

    pub(super) fn push(
        &mut self,
        candidate: Candidate,
        skipped: Option<(Code, String)>,
        unreadable: Option<String>,
    ) {
        self.found.push(Found {
            candidate,
            skipped,
            unreadable,
        });
    }

    /// Takes a file that the user named, through a symbolic link if it is one.
    pub(super) fn named_file(&mut self, path: &Path, meta: &Metadata) {
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut skipped = special(meta).map(|what| (Code::SpecialFile, what.to_owned()));
        if self.options.force_exclude && skipped.is_none() {
            let stack =
                IgnoreStack::above(path, self.options.gitignore).enter(folder, self.options.gitignore);
            skipped = stack.rule(path, false);
            skipped = skipped.or_else(|| Some((Code::Excluded, self.options.globs.rule(path, false)?)));
        }
        let candidate = candidate(path, path, meta, true);
        self.push(candidate, skipped, None);
    }

    /// Walks a folder that the user named.
    pub(super) fn folder(&mut self, root: &Path) {
        let stack = IgnoreStack::above(root, self.options.gitignore);
        let real_root = if self.options.follow {
            root.canonicalize().ok()
        } else {
            None
        };
        self.descend(
            root,
            &Below {
                root,
                real_root,
                depth: 0,
            },
            &stack,
        );
    }

    fn descend(&mut self, folder: &Path, below: &Below<'_>, stack: &IgnoreStack) {
        let names = match sorted_names(folder) {
            Ok(names) => names,
            Err(error) => return self.unreadable(folder, below.root, &error),
        };
        if below.depth >= MAX_DEPTH {
            return self.unreadable(
                folder,
                below.root,
                &std::io::Error::other("folders nest too deep"),
            );
        }
        let stack = stack.enter(folder, self.options.gitignore);
        for name in names {
            let path = folder.join(&name);
            match std::fs::symlink_metadata(&path) {
                Ok(meta) => self.visit(&path, &name, &meta, below, &stack),
                Err(error) => self.unreadable(&path, below.root, &error),
            }
        }
    }

    fn visit(&mut self, path: &Path, name: &OsStr, meta: &Metadata, below: &Below<'_>, stack: &IgnoreStack) {
        let relative = path.strip_prefix(below.root).unwrap_or(path);
        if let Some(skip) = self.rule(path, relative, name, meta, stack) {
            let candidate = candidate(path, below.root, meta, false);
            return self.push(candidate, Some(skip), None);
        }
        if meta.is_symlink() {
            return self.symlink(path, meta, below, stack);
        }
        if meta.is_dir() {
            let deeper = Below {
                root: below.root,
                real_root: below.real_root.clone(),
                depth: below.depth + 1,
            };
            return self.descend(path, &deeper, stack);
        }
        let skipped = special(meta).map(|what| (Code::SpecialFile, what.to_owned()));
        let candidate = candidate(path, below.root, meta, false);
        self.push(candidate, skipped, None);
    }

    /// Follows a link that the walk found only where `--follow` says so and its end lies inside the root.
    fn symlink(&mut self, path: &Path, meta: &Metadata, below: &Below<'_>, stack: &IgnoreStack) {
        let skip = |what: &str| Some((Code::Symlink, what.to_owned()));
        let skipped = match &below.real_root {
            None => skip("symbolic links are not followed"),
            Some(real_root) => match path.canonicalize() {
                Err(_) => skip("it leads nowhere"),
                Ok(end) if !end.starts_with(real_root) => skip("it leads outside the root"),
                // A folder above the link would be walked for ever.
                Ok(end)
                    if path.starts_with(&end)
                        || std::path::absolute(path).is_ok_and(|p| p.starts_with(&end)) =>
                {
                    skip("it leads to a folder above it")
                }
                Ok(_) => None,
            },
        };
        match std::fs::metadata(path) {
            Ok(target) if skipped.is_none() && target.is_dir() => {
                let deeper = Below {
                    root: below.root,
                    real_root: below.real_root.clone(),
                    depth: below.depth + 1,
                };
                self.descend(path, &deeper, stack);
            }
            Ok(target) if skipped.is_none() => {
                let skipped = special(&target).map(|what| (Code::SpecialFile, what.to_owned()));
                let candidate = candidate(path, below.root, &target, true);
                self.push(candidate, skipped, None);
            }
            _ => {
                let candidate = candidate(path, below.root, meta, false);
                self.push(candidate, skipped.or_else(|| skip("it leads nowhere")), None);
            }
        }
    }

    /// Returns why a path below a root is left out.
    fn rule(
        &self,
        path: &Path,
        relative: &Path,
        name: &OsStr,
        meta: &Metadata,
        stack: &IgnoreStack,
    ) -> Option<(Code, String)> {
        if OWN_NAMES.iter().any(|own| name == *own) {
            return Some((Code::OwnFile, format!("{} is never an input", name.display())));
        }
        if let Some(own) = self.own_path(path) {
            return Some((Code::OwnFile, format!("{} belongs to this run", own.display())));
        }
        if !self.options.hidden && name.as_bytes().starts_with(b".") {
            return Some((Code::Hidden, "hidden files need --hidden".to_owned()));
        }
        if let Some(ignored) = stack.rule(path, meta.is_dir()) {
            return Some(ignored);
        }
        self.options
            .globs
            .rule(relative, meta.is_dir())
            .map(|rule| (Code::Excluded, rule))
    }

    fn own_path(&self, path: &Path) -> Option<&PathBuf> {
        if self.options.own.is_empty() {
            return None;
        }
        let absolute = std::path::absolute(path).ok()?;
        self.options.own.iter().find(|own| **own == absolute)
    }

    fn unreadable(&mut self, path: &Path, root: &Path, error: &std::io::Error) {
        let candidate = Candidate {
            seq: 0,
            source: Source::Path(path.to_owned()),
            relative: RelativePath::new(path.strip_prefix(root).unwrap_or(path)),
            size_bytes: 0,
            modified: Timestamp::from(UNIX_EPOCH),
            follow: false,
        };
        self.push(candidate, None, Some(error.to_string()));
    }
}

/// Where the walk is.
struct Below<'a> {
    root: &'a Path,
    /// The root without links, if links inside it are followed.
    real_root: Option<PathBuf>,
    depth: usize,
}

fn sorted_names(folder: &Path) -> std::io::Result<Vec<std::ffi::OsString>> {
    let mut names = std::fs::read_dir(folder)?
        .map(|e| e.map(|e| e.file_name()))
        .collect::<Result<Vec<_>, _>>()?;
    names.sort();
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
