//! What a run became, for callers and summaries.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::model::entry::{Entry, Status};
use crate::model::{Code, Sha256};
use crate::stages::upload::Stop;
use crate::targets::TargetErrorKind;

/// How many problems a report keeps for summaries; all of them are in the manifest.
const FIRST_PROBLEMS: usize = 10;

/// Why a run took no more work.
#[derive(Debug)]
pub struct Stopped {
    /// What kind of reason.
    pub kind: StopKind,
    /// What happened.
    pub message: String,
    /// What entries say that had no turn.
    pub code: Code,
}

/// What kind of reason ended a run early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StopKind {
    /// The user interrupted it.
    Interrupted,
    /// Authentication, permission or quota.
    Refused,
    /// A budget, or a halt.
    Budget,
    /// The target or its store cannot be reached or used.
    Unusable,
    /// A defect.
    Fault,
}

impl Stopped {
    pub(super) fn interrupted() -> Self {
        let message = "interrupted".to_owned();
        Self { kind: StopKind::Interrupted, message, code: Code::Interrupted }
    }

    pub(super) fn new(kind: StopKind, message: String) -> Self {
        Self { kind, message, code: Code::NotAttempted }
    }
}

impl From<Stop> for Stopped {
    fn from(stop: Stop) -> Self {
        let kind = match &stop {
            Stop::Target(error) => match error.kind {
                TargetErrorKind::Quota | TargetErrorKind::Unauthenticated | TargetErrorKind::Forbidden => {
                    StopKind::Refused
                }
                _ => StopKind::Unusable,
            },
            Stop::Full(_) => StopKind::Refused,
            Stop::Budget(_) | Stop::Halted(_) => StopKind::Budget,
            Stop::Defect => StopKind::Fault,
            Stop::Exhausted(_) | Stop::Ledger(_) => StopKind::Unusable,
        };
        let code = match &stop {
            Stop::Budget(_) => Code::BudgetExceeded,
            Stop::Halted(_) => Code::Halted,
            _ => Code::NotAttempted,
        };
        Self { code, ..Self::new(kind, stop.to_string()) }
    }
}

/// What a run became.
#[derive(Debug, Default)]
pub struct Report {
    /// How many inputs there were.
    pub inputs: u64,
    /// How many entries have each status.
    pub counts: BTreeMap<Status, u64>,
    /// Bytes of the inputs that were read.
    pub source_bytes: u64,
    /// Bytes that were uploaded, reused, adopted or written.
    pub output_bytes: u64,
    /// How many warnings there were, of all codes.
    pub warnings: u64,
    /// How many entries failed in a way that a rerun may mend.
    pub retryable: u64,
    /// How many entries had no turn before the run ended.
    pub left_undone: u64,
    /// The first problems, for people. That an input had no turn is none of its own.
    pub problems: Vec<Entry>,
    /// How many batches were announced.
    pub batches: u64,
    /// Why the run took no more work, if it did not finish.
    pub stopped: Option<Stopped>,
    /// The digest of the manifest.
    pub manifest_sha256: Option<Sha256>,
    /// Where the manifest is.
    manifest: Option<PathBuf>,
    /// Keeps a manifest that nobody asked for alive as long as the report.
    _folder: Option<Arc<tempfile::TempDir>>,
}

impl Report {
    /// Counts an entry.
    pub(super) fn count(&mut self, entry: &Entry) {
        *self.counts.entry(entry.status).or_default() += 1;
        if entry.part == 0 {
            self.inputs += 1;
            if entry.source.sha256.is_some() {
                self.source_bytes += entry.source.size_bytes.unwrap_or(0);
            }
        }
        let converter = entry.converter.as_ref().map_or(0, |converter| converter.warnings.len());
        if entry.part == 0 {
            self.warnings += converter as u64;
        }
        self.warnings += entry.warnings.len() as u64;
        match entry.status {
            Status::Uploaded | Status::Reused | Status::Adopted | Status::Converted => {
                self.output_bytes += entry.output.as_ref().map_or(0, |output| output.size_bytes);
            }
            Status::Rejected | Status::Failed | Status::Ambiguous => {
                if entry.status == Status::Failed && entry.error.as_ref().is_some_and(|e| e.retryable) {
                    self.retryable += 1;
                }
                if entry.had_no_turn() {
                    self.left_undone += 1;
                } else {
                    self.keep_problem(entry);
                }
            }
            Status::Skipped => {}
        }
    }

    /// Counts an entry that was told as stored, with this status, and is of unknown outcome.
    pub(super) fn recount(&mut self, before: Status, after: &Entry) {
        if let Some(count) = self.counts.get_mut(&before) {
            *count = count.saturating_sub(1);
        }
        self.counts.retain(|_, count| *count > 0);
        *self.counts.entry(after.status).or_default() += 1;
        let bytes = after.output.as_ref().map_or(0, |output| output.size_bytes);
        self.output_bytes = self.output_bytes.saturating_sub(bytes);
        self.keep_problem(after);
    }

    /// Tells whether the user's interrupt left something undone.
    pub(super) fn was_cut_short(&self, interrupted: &AtomicBool) -> bool {
        self.retryable > 0 && interrupted.load(Ordering::Relaxed)
    }

    /// Keeps the problems with the lowest numbers, so that summaries do not depend on threads.
    fn keep_problem(&mut self, entry: &Entry) {
        let key = (entry.seq, entry.part);
        let at = self.problems.partition_point(|known| (known.seq, known.part) < key);
        if at < FIRST_PROBLEMS {
            self.problems.insert(at, entry.clone());
            self.problems.truncate(FIRST_PROBLEMS);
        }
    }

    pub(super) fn set_manifest(&mut self, path: PathBuf, folder: Option<tempfile::TempDir>, digest: Sha256) {
        self.manifest = Some(path);
        self._folder = folder.map(Arc::new);
        self.manifest_sha256 = Some(digest);
    }

    /// Returns how many entries have a status.
    #[must_use]
    pub fn of(&self, status: Status) -> u64 {
        self.counts.get(&status).copied().unwrap_or(0)
    }

    /// Returns where the manifest is. One that nobody asked for goes away with the report.
    #[must_use]
    pub fn manifest(&self) -> Option<&Path> {
        self.manifest.as_deref()
    }

    /// Reads the entries of the manifest in order, one at a time.
    ///
    /// # Errors
    /// The manifest cannot be opened; single items fail where it was damaged since.
    pub fn entries(&self) -> io::Result<impl Iterator<Item = io::Result<Entry>> + use<>> {
        let file = match &self.manifest {
            Some(path) => File::open(path)?,
            None => {
                return Err(io::Error::new(io::ErrorKind::NotFound, "the run made no manifest"));
            }
        };
        Ok(BufReader::new(file).lines().map(|line| Ok(serde_json::from_str(&line?)?)))
    }

    /// Reads the entries of the manifest batch by batch.
    ///
    /// # Errors
    /// As for [`Report::entries`].
    pub fn batches(&self) -> io::Result<impl Iterator<Item = io::Result<Vec<Entry>>> + use<>> {
        let mut entries = self.entries()?.peekable();
        Ok(std::iter::from_fn(move || {
            let first = match entries.next()? {
                Ok(entry) => entry,
                Err(error) => return Some(Err(error)),
            };
            let number = first.batch;
            let mut batch = vec![first];
            while let Some(Ok(entry)) = entries.next_if(|next| next.as_ref().is_ok_and(|e| e.batch == number))
            {
                batch.push(entry);
            }
            Some(Ok(batch))
        }))
    }
}
