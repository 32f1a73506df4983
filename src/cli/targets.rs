//! Arguments of `targets`.

use clap::{Args, Subcommand};

/// Arguments of `targets`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct TargetsArgs {
    /// What to show.
    #[command(subcommand)]
    pub command: Option<TargetsCommand>,
    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// What to show of targets.
#[derive(Debug, Subcommand)]
pub enum TargetsCommand {
    /// List the targets
    List {
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Show limits, rules and facts of one, each with its source
    Show {
        /// The target
        name: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}
