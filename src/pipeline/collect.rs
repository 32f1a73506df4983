//! The caller's side of a run: entries into the journal, batches to the observer, the manifest at the end.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::batch::Tracker;
use super::permits::Permit;
use super::report::{Report, Stopped};
use super::{Pipeline, RunError, Work};
use crate::event::{Event, Observer};
use crate::model::entry::Entry;
use crate::stages::manifest::{Journal, beside, check_place, write_whole};

/// Entries that may be in the journal without being durable.
const COMMIT_ENTRIES: usize = 64;
/// How long an entry may be in the journal without being durable.
const COMMIT_AFTER: Duration = Duration::from_millis(50);

/// What the threads of a run tell.
#[derive(Debug)]
pub(super) enum Message {
    /// An entry is final; the permit of its input goes back once it is in the journal.
    Entry(Box<Entry>, Option<Arc<Permit>>),
    /// All inputs are known.
    Discovered { inputs: u64, bytes: u64 },
    /// A batch has so many inputs.
    BatchClosed { number: u64, inputs: u64 },
    /// The run takes no more work.
    Stopped(Stopped),
}

/// Collects the entries of one run.
pub(super) struct Collector<'a> {
    pipeline: &'a Pipeline,
    observer: &'a mut dyn Observer,
    journal: Journal,
    path: PathBuf,
    /// Keeps the journal of a run that nobody wants a manifest of.
    folder: Option<tempfile::TempDir>,
    tracker: Tracker,
    report: Report,
    uncommitted: usize,
    /// What is stored and not durably in the journal.
    unsaved: Vec<String>,
    oldest: Instant,
}

impl<'a> Collector<'a> {
    pub(super) fn new(pipeline: &'a Pipeline, observer: &'a mut dyn Observer) -> Result<Self, RunError> {
        let (path, folder) = match &pipeline.manifest {
            Some(path) => (path.clone(), None),
            None => {
                let folder = tempfile::tempdir().map_err(RunError::Temporary)?;
                (folder.path().join("manifest.jsonl"), Some(folder))
            }
        };
        let begun = check_place(&path).and_then(|()| Journal::create(&beside(&path, ".partial")));
        let (journal, left) = begun.map_err(|source| match source.kind() {
            ErrorKind::WouldBlock => RunError::ManifestBusy { path: path.clone() },
            _ => RunError::ManifestPlace { path: path.clone(), source },
        })?;
        if let Some(left) = left {
            let message = format!("a run was cut short here; what it did is in {}", left.display());
            observer.on_event(&Event::Notice { message: &message });
        }
        Ok(Self {
            pipeline,
            observer,
            journal,
            path,
            folder,
            tracker: Tracker::default(),
            report: Report::default(),
            uncommitted: 0,
            unsaved: Vec::new(),
            oldest: Instant::now(),
        })
    }

    /// Takes messages until all senders are gone. If the journal fails, `give_up` is called, what is under way is
    /// waited for, and the error names what was stored without being in the journal.
    ///
    /// # Errors
    /// What failed, or [`RunError::Unrecorded`].
    pub(super) fn run(
        &mut self,
        messages: &Receiver<Message>,
        give_up: impl FnOnce(),
    ) -> Result<(), RunError> {
        let Err(error) = self.collect(messages) else {
            return Ok(());
        };
        give_up();
        for message in messages {
            if let Message::Entry(entry, _permit) = message {
                self.note_stored(&entry);
            }
        }
        let stored = std::mem::take(&mut self.unsaved);
        Err(match stored.is_empty() {
            true => error,
            false => RunError::Unrecorded { stored, source: Box::new(error) },
        })
    }

    fn collect(&mut self, messages: &Receiver<Message>) -> Result<(), RunError> {
        loop {
            let message = if self.uncommitted == 0 {
                messages.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                messages.recv_timeout(COMMIT_AFTER.saturating_sub(self.oldest.elapsed()))
            };
            match message {
                Ok(message) => self.take(message)?,
                Err(RecvTimeoutError::Timeout) => self.commit()?,
                Err(RecvTimeoutError::Disconnected) => return self.commit(),
            }
        }
    }

    fn take(&mut self, message: Message) -> Result<(), RunError> {
        match message {
            Message::Entry(entry, permit) => {
                self.note_stored(&entry);
                let appended = self.journal.append(&entry);
                appended.map_err(|source| self.unwritable(source))?;
                drop(permit);
                if self.uncommitted == 0 {
                    self.oldest = Instant::now();
                }
                self.uncommitted += 1;
                self.report.count(&entry);
                self.tracker.entry(&entry);
                self.observer.on_event(&Event::Finished(&entry));
                if self.report.stopped.is_none() && self.report.was_cut_short(&self.pipeline.interrupted) {
                    self.stop(Stopped::interrupted());
                }
            }
            Message::Discovered { inputs, bytes } => {
                self.observer.on_event(&Event::Discovered { inputs, bytes });
            }
            Message::BatchClosed { number, inputs } => self.tracker.closed(number, inputs),
            Message::Stopped(stopped) => self.stop(stopped),
        }
        let due = self.uncommitted >= COMMIT_ENTRIES || self.oldest.elapsed() >= COMMIT_AFTER;
        if self.uncommitted > 0 && due { self.commit() } else { Ok(()) }
    }

    fn stop(&mut self, stopped: Stopped) {
        self.observer.on_event(&Event::Stopping { reason: &stopped.message });
        self.report.stopped.get_or_insert(stopped);
    }

    fn note_stored(&mut self, entry: &Entry) {
        let ids = entry.file.iter().map(|file| &file.file_id).chain(&entry.possible_orphans);
        self.unsaved.extend(ids.map(|id| format!("{id} (`{}`)", entry.source.path)));
    }

    fn commit(&mut self) -> Result<(), RunError> {
        if self.uncommitted > 0 {
            if let Work::Ingest { target } = &self.pipeline.work {
                target.flush().map_err(RunError::Flush)?;
            }
            let synced = self.journal.sync();
            synced.map_err(|source| self.unwritable(source))?;
            self.uncommitted = 0;
            self.unsaved.clear();
        }
        for batch in self.tracker.complete() {
            self.report.batches += 1;
            self.observer.on_event(&Event::BatchDone(&batch));
        }
        Ok(())
    }

    fn unwritable(&self, source: std::io::Error) -> RunError {
        RunError::Manifest { path: self.path.clone(), source }
    }

    /// Keeps a journal that would go away with its folder: it may be the only one that knows what was stored.
    pub(super) fn keep_journal(self) {
        if let Some(folder) = self.folder {
            let message = format!("what the run did is in {}", folder.keep().display());
            self.observer.on_event(&Event::Notice { message: &message });
        }
    }

    /// Makes the manifest and the run file.
    pub(super) fn finish(
        mut self,
        facts: &serde_json::Map<String, serde_json::Value>,
    ) -> Result<Report, RunError> {
        let path = self.path;
        let unwritable = |source| RunError::Manifest { path: path.clone(), source };
        let digest = self.journal.finish(&path).map_err(unwritable)?;
        if self.pipeline.manifest.is_some() {
            let facts = run_facts(&self.report, digest.to_string(), facts);
            let mut text = serde_json::to_vec_pretty(&facts).unwrap_or_default();
            text.push(b'\n');
            write_whole(&beside(&path, ".run.json"), &text).map_err(unwritable)?;
        }
        self.report.set_manifest(path, self.folder.take(), digest);
        Ok(self.report)
    }
}

fn run_facts(
    report: &Report,
    manifest_sha256: String,
    facts: &serde_json::Map<String, serde_json::Value>,
) -> serde_json::Value {
    let counts: serde_json::Map<String, serde_json::Value> =
        report.counts.iter().map(|(status, n)| (status.as_str().to_owned(), (*n).into())).collect();
    let mut all = facts.clone();
    all.insert("manifest_sha256".to_owned(), manifest_sha256.into());
    all.insert("inputs".to_owned(), report.inputs.into());
    all.insert("counts".to_owned(), counts.into());
    all.insert("source_bytes".to_owned(), report.source_bytes.into());
    all.insert("output_bytes".to_owned(), report.output_bytes.into());
    all.insert("batches".to_owned(), report.batches.into());
    all.insert("stopped".to_owned(), report.stopped.as_ref().map(|s| s.message.clone()).into());
    all.into()
}
