//! Wires the stages: threads, memory permits, order, interruption.
//!
//! CPU stages run on a rayon pool of our own with 8 MiB stacks; uploads run on scoped threads; the caller's thread
//! collects entries into the journal and tells the observer. Memory is bounded by bytes: an input takes one
//! permit for its whole estimate before it is read and keeps it until its entries are in the journal.

mod batch;
mod builder;
mod collect;
mod entries;
mod inspect;
mod output;
mod permits;
mod prepare;
mod report;
mod run;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::model::{Consumer, Profile};
use crate::stages::admit::AdmitOptions;
use crate::stages::classify::ClassifyOptions;
use crate::stages::convert::ConvertOptions;
use crate::stages::discover::{DiscoverError, DiscoverOptions, Named};
use crate::stages::plan::PlanOptions;
use crate::stages::upload::UploadOptions;
use crate::targets::Target;

pub use builder::{BuildError, Builder};
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
    consumer: Consumer,
    manifest: Option<PathBuf>,
    jobs: usize,
    concurrency: usize,
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
    /// The manifest or its journal could not be written; nothing is lost that the journal holds.
    #[error("the manifest could not be written")]
    Manifest(#[source] std::io::Error),
    /// As [`RunError::Manifest`], and files are stored that the journal does not name.
    #[error("the manifest could not be written; stored, but not recorded: {}", stored.join(", "))]
    Unrecorded {
        /// The ids, with the inputs.
        stored: Vec<String>,
        /// Why.
        source: std::io::Error,
    },
    /// The folder for outputs could not be made.
    #[error("the folder `{}` could not be made", path.display())]
    OutputDir {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
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
            Work::Check { .. } | Work::Convert { .. } => serde_json::Value::Null,
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
