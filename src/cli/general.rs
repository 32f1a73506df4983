//! Flags that every command has.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};

use crate::config::Overrides;

/// What holds for every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "General")]
pub struct GeneralArgs {
    /// Read this configuration instead of ~/.config/docferry/config.toml
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Use colour: auto, always or never; NO_COLOR is respected
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true, hide_possible_values = true)]
    pub color: ColorWhen,
    /// Say less: once no progress, twice no summary and no warnings either
    #[arg(short, long, action = ArgAction::Count, global = true, conflicts_with = "verbose")]
    pub quiet: u8,
    /// Log more: once what happens, twice every request
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub verbose: u8,
    /// How log lines are written
    #[arg(long, value_name = "FORMAT", default_value = "text", global = true, hide_short_help = true)]
    pub log_format: LogFormat,
    /// Whether log lines name the paths of inputs or 8 digits of their digests
    #[arg(long, value_name = "HOW", default_value = "full", global = true, hide_short_help = true)]
    pub log_paths: LogPaths,
}

/// When colour is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

/// How log lines name inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogPaths {
    /// By their paths
    Full,
    /// By digests of their paths
    Hash,
}

impl GeneralArgs {
    pub(super) fn overrides(&self) -> Overrides {
        Overrides { config: self.config.clone(), ..Overrides::default() }
    }
}
