//! Arguments of `ledger`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{GeneralArgs, StateArgs};
use crate::config::Overrides;
use crate::model::Sha256;

/// Arguments of `ledger`.
#[derive(Debug, Args)]
#[command(
    after_long_help = "The ledger is one file of SQLite, ledger.sqlite3 in its folder; several runs may use it \
    at once.\n\n\
    Examples:\n  \
    docferry ledger show\n  \
    docferry ledger export > ledger.jsonl\n  \
    docferry ledger import docferry.manifest.jsonl --target NAME --target-id ID\n  \
    docferry ledger forget file_011CNha8iCJcU1wXNR6q4V8w\n  \
    docferry ledger forget --unresolved"
)]
pub struct LedgerArgs {
    /// What to do with it.
    #[command(subcommand)]
    pub command: LedgerCommand,
}

/// What to do with the ledger.
#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// Count what the ledger holds
    Show {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
        /// The ledger.
        #[command(flatten)]
        state: StateArgs,
    },
    /// Print every file that is or was stored, one JSON object a line
    Export {
        /// The ledger.
        #[command(flatten)]
        state: StateArgs,
    },
    /// Take in the files of a manifest, or of another ledger; what is known stays as it is
    ///
    /// Files that were sent with a purpose or metadata are taken in by `docferry ingest --reuse-from` with the same flags.
    Import {
        /// A manifest, or what `ledger export` printed; `-` is standard input
        #[arg(value_name = "FILE", default_value = "docferry.manifest.jsonl")]
        file: PathBuf,
        /// Which of a manifest's lines are taken in: those of the target that had this name
        #[arg(long, value_name = "NAME")]
        target: Option<String>,
        /// Where a manifest's files are.
        #[command(flatten)]
        scope: ScopeArgs,
        /// The ledger.
        #[command(flatten)]
        state: StateArgs,
    },
    /// Forget files, so that they are sent again; nothing is deleted at the target
    Forget {
        /// The ids of the files
        #[arg(value_name = "FILE_ID", required_unless_present_any = ["upload_key", "unresolved", "target_id", "sources"])]
        file_ids: Vec<String>,
        /// An upload of unknown outcome, by its key in `ledger show`; nobody looks for it any more
        #[arg(long, value_name = "KEY")]
        upload_key: Vec<Sha256>,
        /// All uploads of unknown outcome
        #[arg(long, conflicts_with = "upload_key")]
        unresolved: bool,
        /// All that is known of a workspace.
        #[command(flatten)]
        scope: ScopeArgs,
        /// What is known of files on this machine: all are read again
        #[arg(long)]
        sources: bool,
        /// The ledger.
        #[command(flatten)]
        state: StateArgs,
    },
}

/// A workspace of a target.
#[derive(Debug, Clone, Args)]
pub struct ScopeArgs {
    /// The target, by its id in `ledger show`
    #[arg(long, value_name = "ID")]
    pub target_id: Option<String>,
    /// Its workspace
    #[arg(long, value_name = "NAME", default_value = "default", requires = "target_id")]
    pub workspace: String,
}

impl StateArgs {
    /// Returns what these arguments say about settings.
    #[must_use]
    pub fn overrides(&self, general: &GeneralArgs) -> Overrides {
        let mut overrides = general.overrides();
        self.lay(&mut overrides);
        overrides
    }
}
