//! Arguments of `outputs`.

use std::path::PathBuf;

use clap::Args;

use super::AtArgs;

/// Arguments of `outputs`.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    docferry outputs --list response.json\n  \
    docferry outputs --target anthropic --output-dir made/ responses.jsonl")]
pub struct OutputsArgs {
    /// Saved responses: one JSON object, an array, or one object a line; `-` is standard input
    #[arg(value_name = "RESPONSE")]
    pub response: PathBuf,
    /// Fetch into this folder, under the stored names
    #[arg(long, value_name = "DIR", default_value = ".", help_heading = "Output")]
    pub output_dir: PathBuf,
    /// Print the ids and fetch nothing
    #[arg(long, help_heading = "Output")]
    pub list: bool,
    /// Print one JSON object a line
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    /// The target.
    #[command(flatten)]
    pub at: AtArgs,
}
