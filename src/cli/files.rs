//! Arguments of `files`: what to do with the files of a target.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{ConnectionArgs, GeneralArgs, RetryArgs, StateArgs, StoreArgs};
use crate::config::{Overrides, Span};

/// Arguments of `files`.
#[derive(Debug, Args)]
pub struct FilesArgs {
    /// What to do with them.
    #[command(subcommand)]
    pub command: FilesCommand,
}

/// What to do with the files of a target.
#[derive(Debug, Subcommand)]
pub enum FilesCommand {
    /// List files, newest first
    List(ListArgs),
    /// Show what the target says of files
    Show {
        /// The ids
        #[arg(value_name = "ID", required = true)]
        ids: Vec<String>,
        /// Print one JSON object a line
        #[arg(long, help_heading = "Output")]
        json: bool,
        /// The target.
        #[command(flatten)]
        at: AtArgs,
    },
    /// Fetch the content of files, where the target gives it back
    Get {
        /// The ids
        #[arg(value_name = "ID", required = true)]
        ids: Vec<String>,
        /// Write below this folder, under the stored names
        #[arg(long, value_name = "DIR", default_value = ".", help_heading = "Output")]
        output_dir: PathBuf,
        /// Write the only file here; `-` is standard output
        #[arg(short, long, value_name = "FILE", conflicts_with = "output_dir", help_heading = "Output")]
        output: Option<PathBuf>,
        /// The target.
        #[command(flatten)]
        at: AtArgs,
    },
    /// Delete files for good
    Delete {
        /// The ids
        #[arg(value_name = "ID", required = true)]
        ids: Vec<String>,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
        /// Where uploads are remembered.
        #[command(flatten)]
        state: StateArgs,
        /// The target.
        #[command(flatten)]
        at: AtArgs,
    },
}

/// Arguments of `files list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// List all of them
    #[arg(long, conflicts_with = "limit")]
    pub all: bool,
    /// List so many
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub limit: u64,
    /// Only files of this session
    #[arg(long, value_name = "SESSION")]
    pub scope: Option<String>,
    /// Only files whose whole name matches
    #[arg(long = "match", value_name = "GLOB")]
    pub names: Option<String>,
    /// Only files created longer ago, such as 30d
    #[arg(long, value_name = "AGE", value_parser = super::value::<Span>)]
    pub older_than: Option<Span>,
    /// How it is printed
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        default_value_t,
        conflicts_with = "json",
        help_heading = "Output"
    )]
    pub output: ListFormat,
    /// Print one JSON object a line; the same as --output jsonl
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    /// The target.
    #[command(flatten)]
    pub at: AtArgs,
}

/// How a listing is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ListFormat {
    /// Columns for people
    #[default]
    Table,
    /// One array
    Json,
    /// One object a line
    Jsonl,
    /// Comma-separated values with a header
    Csv,
}

/// A target and how to get there.
#[derive(Debug, Clone, Args)]
pub struct AtArgs {
    /// The target.
    #[command(flatten)]
    pub store: StoreArgs,
    /// How to get there.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// How often a request is made again.
    #[command(flatten)]
    pub retry: RetryArgs,
}

impl AtArgs {
    /// Returns what these arguments say about settings.
    #[must_use]
    pub fn overrides(&self, general: &GeneralArgs) -> Overrides {
        let mut overrides = general.overrides();
        self.store.lay(&mut overrides);
        self.connection.lay(&mut overrides);
        self.retry.lay(&mut overrides);
        overrides
    }

    /// As [`AtArgs::overrides`], with the folder of the state.
    #[must_use]
    pub fn overrides_with(&self, state: &StateArgs, general: &GeneralArgs) -> Overrides {
        let mut overrides = self.overrides(general);
        state.lay(&mut overrides);
        overrides
    }
}
