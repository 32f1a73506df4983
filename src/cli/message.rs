//! Arguments of `message`. No key is needed: it reads a manifest, and the table of prices for `--cache`.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Args;

use super::{GeneralArgs, choice};
use crate::config::Overrides;
use crate::model::CacheTime;

/// Arguments of `message`.
#[derive(Debug, Args)]
#[command(
    after_long_help = "It prints the JSON body for POST /v1/messages; nothing is sent. What is left out is said \
    on standard error.\nExit status 1 means that there is nothing to refer to, or that the platform would refuse the \
    body.\n\n\
    Examples:\n  \
    docferry message --prompt 'What changed?' --cache 5m > body.json\n  \
    docferry message --manifest run.jsonl --prompt @question.txt --citations"
)]
pub struct MessageArgs {
    /// The manifest; `-` is standard input
    #[arg(long, value_name = "FILE", default_value = "docferry.manifest.jsonl")]
    pub manifest: PathBuf,
    /// Say this after the files; `@FILE` reads it from a file
    #[arg(long, value_name = "TEXT|@FILE")]
    pub prompt: Option<String>,
    /// Let the platform cache the files for so long; what comes after them may change
    #[arg(long, value_name = "TIME", value_parser = choice::<CacheTime>())]
    pub cache: Option<CacheTime>,
    /// Ask for citations of all documents
    #[arg(long)]
    pub citations: bool,
    /// The model
    #[arg(long, value_name = "ID", default_value = "claude-sonnet-5")]
    pub model: String,
    /// The most tokens of the answer
    #[arg(long, value_name = "N", default_value = "4096")]
    pub max_tokens: NonZeroU32,
    /// Write the body here; `-` is standard output
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
}

impl MessageArgs {
    /// Returns what these arguments say about settings.
    #[must_use]
    pub fn overrides(&self, general: &GeneralArgs) -> Overrides {
        general.overrides()
    }
}
