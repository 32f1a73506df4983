//! Arguments of `manifest`. A manifest is a file like others: no settings are needed to read it.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Arguments of `manifest`.
#[derive(Debug, Args)]
pub struct ManifestArgs {
    /// What to do with it.
    #[command(subcommand)]
    pub command: ManifestCommand,
}

/// What to do with a manifest.
#[derive(Debug, Subcommand)]
pub enum ManifestCommand {
    /// Print the entries
    Show {
        /// The manifest; `-` is standard input
        #[arg(value_name = "FILE", default_value = "docferry.manifest.jsonl")]
        file: PathBuf,
        /// Leave out what the server or the clock gave, so that equal runs print equal bytes; implies --json
        #[arg(long)]
        stable: bool,
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Check that every input is accounted for; exit status 1 with each defect
    Verify {
        /// The manifest; `-` is standard input
        #[arg(value_name = "FILE", default_value = "docferry.manifest.jsonl")]
        file: PathBuf,
    },
}
