//! Flags that say what to read. The paths themselves are taken as they are: bytes of the file system, not text.

use std::path::PathBuf;

use clap::Args;

use super::on;
use crate::config::{Items, Overrides};

/// What to read.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Inputs")]
pub struct InputArgs {
    /// Files and folders; `-` is standard input
    #[arg(value_name = "PATH", required_unless_present = "files_from", help_heading = None::<&str>)]
    pub paths: Vec<PathBuf>,
    /// Read more paths from a file, one a line; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub files_from: Option<PathBuf>,
    /// Paths of --files-from end with a NUL instead of a line feed
    #[arg(short = '0', long, requires = "files_from")]
    pub null: bool,
    /// The file name of standard input
    #[arg(long, value_name = "NAME")]
    pub stdin_name: Option<String>,
    /// Take only what matches one of these globs
    #[arg(long, value_name = "GLOB")]
    pub include: Vec<String>,
    /// Leave out what matches one of these globs
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
    /// Take names that begin with a dot, too
    #[arg(long)]
    pub hidden: bool,
    /// Follow symbolic links that stay below their root
    #[arg(long)]
    pub follow: bool,
    /// Leave out what git ignores
    #[arg(long)]
    pub gitignore: bool,
    /// Leave out named files, too, if a glob or ignore file says so
    #[arg(long)]
    pub force_exclude: bool,
    /// Succeed even if there is no input at all
    #[arg(long)]
    pub allow_empty: bool,
}

impl InputArgs {
    /// Tells whether standard input is read, as a document or as a list of paths.
    #[must_use]
    pub fn reads_stdin(&self) -> bool {
        self.paths.iter().chain(&self.files_from).any(|path| path.as_os_str() == "-")
    }

    pub(super) fn lay(&self, overrides: &mut Overrides) {
        let layer = &mut overrides.layer;
        layer.allow_empty = on(self.allow_empty);
        let discover = &mut layer.discover;
        discover.hidden = on(self.hidden);
        discover.follow = on(self.follow);
        discover.gitignore = on(self.gitignore);
        discover.force_exclude = on(self.force_exclude);
        discover.include = items(&self.include);
        discover.exclude = items(&self.exclude);
    }
}

fn items(globs: &[String]) -> Option<Items> {
    (!globs.is_empty()).then(|| Items(globs.to_vec()))
}
