//! What was typed. Arguments become [`Overrides`] here and nobody below sees clap; what they mean is decided in
//! [`crate::config`].
//!
//! Every flag that a file can set, too, is an `Option` without a default: the defaults stand in one table, and a flag
//! that was not typed must not hide what a file says. Flags that few need show in `--help` and not in `-h`.

mod budgets;
mod connection;
mod conversion;
mod cost;
pub mod docs;
mod doctor;
mod files;
mod general;
mod halt;
mod inputs;
mod judged;
mod ledger;
mod limits;
mod manifest;
mod message;
mod outputs;
mod pace;
mod prune;
mod retry;
mod reuse;
#[cfg(feature = "server")]
mod serve;
mod sessions;
mod state;
mod targets;
mod upload;

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};

pub use budgets::BudgetArgs;
pub use connection::{ConnectionArgs, StoreArgs};
pub use conversion::{AdmissionArgs, ConversionArgs};
pub use cost::{CostArgs, EstimateArgs};
pub use doctor::DoctorArgs;
pub use files::{AtArgs, DeleteArgs, FilesArgs, FilesCommand, ListArgs, ListFormat, WaitArgs};
pub use general::{ColorWhen, GeneralArgs, LogFormat, LogPaths};
pub use halt::HaltArgs;
pub use inputs::InputArgs;
pub use judged::JudgedArgs;
pub use ledger::{LedgerArgs, LedgerCommand, ScopeArgs};
pub use limits::LimitArgs;
pub use manifest::{ManifestArgs, ManifestCommand};
pub use message::MessageArgs;
pub use outputs::OutputsArgs;
pub use pace::PaceArgs;
pub use prune::{PruneArgs, RuleArgs};
pub use retry::RetryArgs;
pub use reuse::ReuseArgs;
#[cfg(feature = "server")]
pub use serve::{QoderShape, ServeArgs};
pub use sessions::{LayoutArgs, MountArgs, PathStyle, SessionsArgs, SessionsCommand};
pub use state::StateArgs;
pub use targets::{TargetsArgs, TargetsCommand};
pub use upload::UploadArgs;

use crate::config::{Auto, BadValue, Choice, Overrides, Value};

/// Takes a heap of mixed documents into the file store of an agent platform, and says what became of each.
#[derive(Debug, Parser)]
#[command(
    name = "docferry",
    version,
    about = "Ferries mixed documents into the file store of an agent platform",
    after_help = "Without any account, `docferry ingest FOLDER` stores into .docferry/store on this machine.\n\
                  `docferry COMMAND --help` says more.",
    arg_required_else_help = true,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// What holds for every command.
    #[command(flatten)]
    pub general: GeneralArgs,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Convert, check and upload documents, and write a manifest
    Ingest(Box<IngestArgs>),
    /// Go on with the last run that did not come to its end
    Resume(ResumeArgs),
    /// Convert documents to text and CSV files in a folder
    Convert(Box<ConvertArgs>),
    /// Say what a target would take, offline
    Check(Box<CheckArgs>),
    /// Estimate what it costs to use documents, or a manifest's files, turn after turn
    Cost(Box<CostArgs>),
    /// List, fetch, count, prune and delete the files of a target
    Files(FilesArgs),
    /// Mount stored files in agents' sessions, and fetch what sessions made
    Sessions(SessionsArgs),
    /// Serve a store on this machine as a Files API
    #[cfg(feature = "server")]
    Serve(ServeArgs),
    /// List targets, and show what one takes
    Targets(TargetsArgs),
    /// List the formats and what becomes of them
    Formats(FormatsArgs),
    /// Print or verify a manifest
    Manifest(ManifestArgs),
    /// Print the body of a Messages request that refers to a manifest's files
    Message(MessageArgs),
    /// List or fetch the files that saved Messages responses name
    Outputs(OutputsArgs),
    /// Stop the uploads of all runs until --clear
    Halt(HaltArgs),
    /// Show what earlier runs stored, take it in, or forget it
    Ledger(LedgerArgs),
    /// Show the settings in force and where they come from
    Config(ConfigArgs),
    /// Look at everything that a run needs: settings, credential, target, ledger, disk
    Doctor(DoctorArgs),
    /// Convert what comes over standard input; a run starts this itself
    #[command(hide = true)]
    Worker(WorkerArgs),
}

/// Arguments of `ingest`.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    docferry ingest reports/\n  \
    docferry ingest --target anthropic --for code-execution data/*.xlsx\n  \
    find . -name '*.docx' -print0 | docferry ingest -0 --files-from -\n  \
    curl -s https://example.org/a.pdf | docferry ingest --stdin-name a.pdf -")]
pub struct IngestArgs {
    /// What to read.
    #[command(flatten)]
    pub inputs: InputArgs,
    /// Where files go.
    #[command(flatten)]
    pub store: StoreArgs,
    /// How to get there.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// What is let out, and under which name.
    #[command(flatten)]
    pub admission: AdmissionArgs,
    /// What travels with the files.
    #[command(flatten)]
    pub upload: UploadArgs,
    /// How documents are converted.
    #[command(flatten)]
    pub conversion: ConversionArgs,
    /// Bounds.
    #[command(flatten)]
    pub limits: LimitArgs,
    /// What is written.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Arguments of `resume`.
#[derive(Debug, Args)]
#[command(
    after_long_help = "It runs the same command line again, in the same folder. What is stored is not sent twice, \
    and the manifest\nis complete. Keys come from the environment, as ever."
)]
pub struct ResumeArgs {
    /// Where the state is.
    #[command(flatten)]
    pub state: StateArgs,
}

/// Arguments of `convert`.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    docferry convert --output-dir text/ reports/\n  \
    docferry convert --output-dir out --cell-values raw book.xlsx")]
pub struct ConvertArgs {
    /// The folder for the outputs; it mirrors the tree below each path
    #[arg(long, value_name = "DIR")]
    pub output_dir: PathBuf,
    /// What to read.
    #[command(flatten)]
    pub inputs: InputArgs,
    /// How documents are converted.
    #[command(flatten)]
    pub conversion: ConversionArgs,
    /// Bounds.
    #[command(flatten)]
    pub limits: LimitArgs,
    /// What is written.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
#[command(after_long_help = "Exit status 1 means findings. Nothing is sent, and no key is needed.\n\n\
    Examples:\n  \
    docferry check --target qoder --for sessions docs/\n  \
    git diff --cached --name-only -z | docferry check -0 --files-from - --force-exclude")]
pub struct CheckArgs {
    /// What is judged.
    #[command(flatten)]
    pub judged: JudgedArgs,
    /// Print one JSON object a line
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

/// What a run writes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// The manifest; `-` is standard output [default: docferry.manifest.jsonl]
    #[arg(short, long, value_name = "MANIFEST")]
    pub output: Option<PathBuf>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Print one JSON object a line: each entry, then the summary
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `formats`.
#[derive(Debug, Args)]
pub struct FormatsArgs {
    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `config`.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: ConfigCommand,
}

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Show every setting in force; credentials show as ***
    Show {
        /// Say where each value comes from: default, a file, a variable, a flag or a login
        #[arg(long)]
        origin: bool,
        /// Print one JSON object, always with origins
        #[arg(long)]
        json: bool,
        /// The target.
        #[command(flatten)]
        at: AtArgs,
    },
}

/// Arguments of `worker`.
#[derive(Debug, Args)]
pub struct WorkerArgs {
    /// What [`crate::worker::ServeOptions`] knows; `--probe` says what a worker cannot do
    #[arg(value_name = "ARGUMENT", trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<OsString>,
}

/// Something typed that makes no sense, found after clap was content.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct UsageError {
    /// What is wrong.
    pub message: String,
    /// What the user can do.
    pub hint: Option<String>,
}

impl UsageError {
    /// Makes an error without a hint.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    /// Adds a hint.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl IngestArgs {
    /// Returns what these arguments say about settings.
    ///
    /// # Errors
    /// [`UsageError`] if metadata cannot be read.
    pub fn overrides(&self, general: &GeneralArgs) -> Result<Overrides, UsageError> {
        let mut overrides = general.overrides();
        self.inputs.lay(&mut overrides);
        self.store.lay(&mut overrides);
        self.connection.lay(&mut overrides);
        self.admission.lay(&mut overrides);
        self.upload.lay(&mut overrides)?;
        self.conversion.lay(&mut overrides);
        self.limits.lay(&mut overrides);
        overrides.layer.manifest.clone_from(&self.output.output);
        Ok(overrides)
    }
}

impl ConvertArgs {
    /// Returns what these arguments say about settings.
    #[must_use]
    pub fn overrides(&self, general: &GeneralArgs) -> Overrides {
        let mut overrides = general.overrides();
        self.inputs.lay(&mut overrides);
        self.conversion.lay(&mut overrides);
        self.limits.lay(&mut overrides);
        overrides.layer.manifest.clone_from(&self.output.output);
        overrides
    }
}

impl CheckArgs {
    /// Returns what these arguments say about settings.
    #[must_use]
    pub fn overrides(&self, general: &GeneralArgs) -> Overrides {
        let mut overrides = general.overrides();
        self.judged.lay(&mut overrides);
        overrides
    }
}

/// Reads a flag's value as files and variables read it.
fn value<T: Value>(text: &str) -> Result<T, BadValue> {
    T::parse(text)
}

/// Offers a closed set of values.
fn choice<T: Choice + Send + Sync>() -> impl TypedValueParser<Value = T> {
    let names: Vec<_> = T::choices().into_iter().map(|(_, name)| name).collect();
    PossibleValuesParser::new(names).try_map(|text| T::parse(&text))
}

/// A switch says only that something is on.
fn on(switch: bool) -> Option<bool> {
    switch.then_some(true)
}

/// The flag that several commands share.
#[derive(Debug, Clone, Args)]
pub struct JobsArgs {
    /// Threads that read and convert, at most 256 [default: one for each core]
    #[arg(short, long, value_name = "N", value_parser = value::<NonZeroUsize>)]
    pub jobs: Option<NonZeroUsize>,
}

impl JobsArgs {
    fn lay(&self, overrides: &mut Overrides) {
        overrides.layer.jobs = self.jobs.map(|jobs| Auto(Some(jobs)));
    }
}
