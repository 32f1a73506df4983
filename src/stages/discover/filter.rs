//! Globs and ignore files: which rule, if any, leaves a path out.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::model::Code;

/// The file that names what docferry should leave out, in the syntax of `.gitignore`.
const IGNORE_FILE: &str = ".docferryignore";

/// A glob that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("`{glob}` is not a glob")]
pub struct BadGlob {
    glob: String,
    source: globset::Error,
}

/// Globs of `--include` and `--exclude`, matched against the path below the root; a glob without a slash matches the name anywhere.
#[derive(Debug, Clone, Default)]
pub struct Globs {
    include: Option<GlobSet>,
    exclude: Option<GlobSet>,
    exclude_texts: Vec<String>,
}

impl Globs {
    /// Reads the globs.
    ///
    /// # Errors
    /// [`BadGlob`] for the first that cannot be read.
    pub fn new(include: &[String], exclude: &[String]) -> Result<Self, BadGlob> {
        Ok(Self { include: build(include)?, exclude: build(exclude)?, exclude_texts: exclude.to_vec() })
    }

    /// Returns the rule that leaves out this file or folder.
    pub(super) fn rule(&self, relative: &Path, is_dir: bool) -> Option<String> {
        if let Some(at) = self.exclude.as_ref().and_then(|set| set.matches(relative).first().copied()) {
            return Some(format!("--exclude {}", self.exclude_texts[at]));
        }
        let included = is_dir || self.include.as_ref().is_none_or(|set| set.is_match(relative));
        (!included).then(|| "no --include glob names it".to_owned())
    }
}

fn build(globs: &[String]) -> Result<Option<GlobSet>, BadGlob> {
    if globs.is_empty() {
        return Ok(None);
    }
    let bad = |glob: &String| {
        let glob = glob.clone();
        move |source| BadGlob { glob, source }
    };
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        let anywhere =
            if glob.contains('/') { glob.trim_start_matches('/').to_owned() } else { format!("**/{glob}") };
        let built = GlobBuilder::new(anywhere.trim_end_matches('/')).literal_separator(true).build();
        set.add(built.map_err(bad(glob))?);
    }
    set.build().map(Some).map_err(bad(&globs.join(" ")))
}

/// The ignore files that hold in a folder: its own, and those of the folders above it.
#[derive(Debug, Clone, Default)]
pub(super) struct IgnoreStack {
    matchers: Vec<Arc<(PathBuf, Result<Gitignore, String>)>>,
}

impl IgnoreStack {
    /// Returns the stack for `folder`: this one and the ignore files there.
    pub(super) fn enter(&self, folder: &Path, gitignore: bool) -> Self {
        let mut matchers = self.matchers.clone();
        let mut names = vec![IGNORE_FILE];
        if gitignore {
            names.extend([".git/info/exclude", ".gitignore", ".ignore"]);
        }
        for name in names {
            let file = folder.join(name);
            if std::fs::symlink_metadata(&file).is_ok_and(|meta| !meta.is_dir()) {
                let matcher = read(folder, &file, name == IGNORE_FILE);
                matchers.push(Arc::new((file, matcher)));
            }
        }
        Self { matchers }
    }

    /// Returns the stack for a folder that is named: ignore files of the repository above it count when git's are read.
    pub(super) fn above(folder: &Path, gitignore: bool) -> Self {
        let mut stack = Self::default();
        if !gitignore {
            return stack;
        }
        let Ok(absolute) = std::path::absolute(folder) else {
            return stack;
        };
        let parents: Vec<&Path> = absolute.ancestors().skip(1).collect();
        let Some(top) = parents.iter().position(|p| p.join(".git").exists()) else {
            return stack;
        };
        for parent in parents[..=top].iter().rev() {
            stack = stack.enter(parent, true);
        }
        stack
    }

    /// Returns the code and rule that ignores a path. The innermost file that says anything decides.
    pub(super) fn rule(&self, path: &Path, is_dir: bool) -> Option<(Code, String)> {
        // Asking where we are takes as long as looking at a file.
        let mut absolute = None;
        for (file, matcher) in self.matchers.iter().rev().map(AsRef::as_ref) {
            let matcher = match matcher {
                Ok(matcher) => matcher,
                // What it would have left out is unknown: nothing below it goes out.
                Err(error) => {
                    return Some((Code::Ignored, format!("{} is unusable: {error}", file.display())));
                }
            };
            // Matchers from above the root hold absolute paths; those of the walk are as the user named them.
            let path = match file.is_absolute() {
                true => absolute.get_or_insert_with(|| std::path::absolute(path).unwrap_or(path.to_owned())),
                false => path,
            };
            match matcher.matched(path, is_dir) {
                Match::Ignore(glob) => {
                    return Some((Code::Ignored, format!("{}: {}", file.display(), glob.original())));
                }
                Match::Whitelist(_) => return None,
                Match::None => {}
            }
        }
        None
    }
}

/// Reads an ignore file. A line that is no glob spoils our own file; git passes over such lines in its files.
fn read(folder: &Path, file: &Path, own: bool) -> Result<Gitignore, String> {
    std::fs::read(file).map_err(|error| error.to_string())?;
    let mut builder = GitignoreBuilder::new(folder);
    match builder.add(file) {
        Some(error) if own => Err(error.to_string()),
        _ => builder.build().map_err(|error| error.to_string()),
    }
}
