//! Wires the stages: threads, memory permits, order, interruption.
//!
//! CPU stages run on a rayon pool of our own with 8 MiB stacks; uploads run on scoped threads; the caller's thread
//! collects entries into the journal and tells the observer. Memory is bounded by bytes: an input takes one
//! permit for its whole estimate before it is read and keeps it until its entries are in the journal.

mod batch;
mod builder;
mod collect;
mod engine;
mod entries;
mod forecast;
mod ingest;
mod inspect;
mod isolation;
mod memory;
mod output;
mod permits;
mod prepare;
mod report;
mod run;

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use ingest::Books;

use crate::ledger::{Ledger, LedgerError};
use crate::model::prices::Price;
use crate::model::upload::Dedupe;
use crate::model::{Consumer, Profile};
use crate::stages::admit::AdmitOptions;
use crate::stages::classify::ClassifyOptions;
use crate::stages::convert::ConvertOptions;
use crate::stages::discover::{DiscoverError, DiscoverOptions, Named};
use crate::stages::plan::PlanOptions;
use crate::stages::upload::{IdentityError, UploadOptions};
use crate::targets::{Target, TargetError};

pub use builder::{BuildError, Builder};
pub use engine::Engine;
pub use inspect::{Inspection, Verdict};
pub use report::{Report, StopKind, Stopped};

/// What a run does with what it admits.
#[derive(Debug, Clone)]
enum Work {
    /// Sends it to a target.
    Ingest { target: Arc<dyn Target> },
    /// Judges it by a profile; sends and writes nothing.
    Check { profile: Box<Profile> },
    /// Writes it below a folder.
    Convert { output_dir: PathBuf },
}

/// A run that is ready to go.
#[derive(Debug)]
pub struct Pipeline {
    work: Work,
    named: Vec<Named>,
    discover: DiscoverOptions,
    classify: ClassifyOptions,
    plan: PlanOptions,
    convert: ConvertOptions,
    /// `None` where no target judges: `convert`.
    admit: Option<AdmitOptions>,
    upload: UploadOptions,
    ledger: Option<Ledger>,
    books: OnceLock<Books>,
    dedupe: Dedupe,
    rehash: bool,
    /// What estimates of cost are made with: a model's price and the uses of each file.
    price: Option<(Price, u32)>,
    consumer: Consumer,
    manifest: Option<PathBuf>,
    jobs: usize,
    batch_files: u64,
    batch_bytes: u64,
    interrupted: Arc<AtomicBool>,
}

/// Why a run could not go on. What became of single files is in the manifest instead.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// A named path is not there.
    #[error(transparent)]
    Discover(#[from] DiscoverError),
    /// No manifest can stand where it should; nothing was done.
    #[error("the manifest `{}` cannot be written", path.display())]
    ManifestPlace {
        /// The manifest.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another run writes the manifest now; nothing was done.
    #[error("another run writes the manifest `{}` now", path.display())]
    ManifestBusy {
        /// The manifest.
        path: PathBuf,
    },
    /// The manifest or its journal could not be written; nothing is lost that the journal holds.
    #[error("the journal of `{}` could not be written", path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The run could not go on, and files are stored that the journal does not name.
    #[error("stored, but not recorded: {}", stored.join(", "))]
    Unrecorded {
        /// The ids, with the inputs.
        stored: Vec<String>,
        /// Why.
        source: Box<RunError>,
    },
    /// What was sent could not be made durable.
    #[error("the target's store could not be written")]
    Flush(#[source] TargetError),
    /// No folder for temporary files.
    #[error("no temporary folder could be made")]
    Temporary(#[source] std::io::Error),
    /// The folder for outputs cannot be made or written; nothing was done.
    #[error("the folder `{}` cannot be written", path.display())]
    OutputDir {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The folder for outputs is an input: outputs would be written over inputs. Nothing was done.
    #[error("the folder for outputs, `{}`, is an input", path.display())]
    OutputDirIsInput {
        /// The folder.
        path: PathBuf,
    },
    /// Nobody can tell which files the target's credential sees; nothing was sent.
    #[error("what is stored already cannot be found out")]
    Identity(#[from] IdentityError),
    /// The ledger cannot be used; nothing was sent.
    #[error("the ledger cannot be used")]
    Ledger(#[from] LedgerError),
    /// The threads could not be started.
    #[error("the worker threads could not be started")]
    Threads(#[source] std::io::Error),
}

impl Pipeline {
    /// Begins the description of a run.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Tells whether the run file of an earlier run says that it had the same inputs and the same target.
    #[must_use]
    pub fn repeats(&self, facts: &serde_json::Value) -> bool {
        facts["roots"] == serde_json::json!(self.roots()) && facts["target"] == self.target_facts()
    }

    /// Returns the target as run files tell it.
    fn target_facts(&self) -> serde_json::Value {
        match &self.work {
            Work::Ingest { target } => serde_json::json!({
                "name": target.profile().name, "id": target.target_id(), "consumer": self.consumer,
            }),
            Work::Convert { output_dir } => serde_json::json!({ "output_dir": output_dir.to_string_lossy() }),
            Work::Check { .. } => serde_json::Value::Null,
        }
    }

    /// Returns what the user named, as run files tell it.
    fn roots(&self) -> Vec<String> {
        let shown = |named: &Named| match named {
            Named::Path(path) => path.to_string_lossy().into_owned(),
            Named::Stdin { .. } => "-".to_owned(),
        };
        self.named.iter().map(shown).collect()
    }
}
