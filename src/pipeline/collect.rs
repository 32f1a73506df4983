//! The caller's side of a run: entries into the journal, batches to the observer, the manifest at the end.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::batch::Tracker;
use super::permits::Permit;
use super::report::{Report, Stopped};
use super::{Pipeline, RunError, Work};
use crate::event::{Counters, Event, Observer};
use crate::model::entry::{Entry, Status};
use crate::model::failpoint::{Step, hit};
use crate::stages::manifest::{Journal, beside, check_place, write_whole};

/// Entries that may be in the journal without being durable, where there is no ledger.
const COMMIT_ENTRIES: usize = 64;
/// How long an entry may be in the journal without being durable, where there is no ledger.
const COMMIT_AFTER: Duration = Duration::from_millis(50);

/// How often the counters are told.
const COUNT_AFTER: Duration = Duration::from_secs(1);

/// What the threads of a run tell.
#[derive(Debug)]
pub(super) enum Message {
    /// An entry is final; the permit of its input goes back once it is in the journal.
    Entry(Box<Entry>, Option<Arc<Permit>>),
    /// Entries of inputs that an earlier run sent.
    Known(Vec<(Entry, Arc<Permit>)>),
    /// The target gave an id twice.
    Doubted(String),
    /// All inputs are known.
    Discovered { inputs: u64, bytes: u64 },
    /// A batch has so many inputs.
    BatchClosed { number: u64, inputs: u64 },
    /// The run takes no more work.
    Stopped(Stopped),
    /// People should know something that no entry says.
    Notice(String),
    /// Everything has been told.
    Ended,
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
    /// Ids that the target gave twice.
    doubted: BTreeSet<String>,
    /// Whether the end was told.
    has_ended: bool,
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
        let begun = check_place(&path)
            .and_then(|()| Journal::create(&beside(&path, ".partial"), pipeline.ledger.is_none()));
        let (journal, left) = begun.map_err(|source| match source.kind() {
            ErrorKind::WouldBlock => RunError::ManifestBusy { path: path.clone() },
            _ => RunError::ManifestPlace { path: path.clone(), source },
        })?;
        // What the ledger has booked is in the manifest of this run, too.
        if let Some(left) = left.filter(|_| pipeline.ledger.is_none()) {
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
            doubted: BTreeSet::new(),
            has_ended: false,
        })
    }

    /// Takes messages until the end is told. If the journal fails, `give_up` is called, what is under way is
    /// waited for, and the error names what was stored without being in the journal.
    ///
    /// # Errors
    /// What failed, or [`RunError::Unrecorded`].
    pub(super) fn run(
        &mut self,
        messages: &Receiver<Message>,
        counters: &dyn Fn() -> Counters,
        give_up: impl FnOnce(),
    ) -> Result<(), RunError> {
        let Err(error) = self.collect(messages, counters) else {
            return Ok(());
        };
        give_up();
        self.await_end(messages);
        let stored = std::mem::take(&mut self.unsaved);
        Err(match stored.is_empty() {
            true => error,
            false => RunError::Unrecorded { stored, source: Box::new(error) },
        })
    }

    /// Takes messages without a journal until the end is told, if it was not: it is told once.
    pub(super) fn await_end(&mut self, messages: &Receiver<Message>) {
        while !self.has_ended {
            match messages.recv() {
                Ok(Message::Entry(entry, _permit)) => self.note_stored(&entry),
                Ok(Message::Ended) | Err(_) => self.has_ended = true,
                Ok(_) => {}
            }
        }
    }

    fn collect(
        &mut self,
        messages: &Receiver<Message>,
        counters: &dyn Fn() -> Counters,
    ) -> Result<(), RunError> {
        let mut counted = Instant::now();
        loop {
            let tick = COUNT_AFTER.saturating_sub(counted.elapsed());
            let wait = match self.uncommitted {
                0 => tick,
                _ => tick.min(COMMIT_AFTER.saturating_sub(self.oldest.elapsed())),
            };
            match messages.recv_timeout(wait) {
                Ok(Message::Ended) | Err(RecvTimeoutError::Disconnected) => {
                    self.has_ended = true;
                    return self.commit();
                }
                Ok(message) => self.take(message)?,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if self.uncommitted > 0 && self.oldest.elapsed() >= COMMIT_AFTER {
                self.commit()?;
            }
            if counted.elapsed() >= COUNT_AFTER {
                counted = Instant::now();
                let sent = self.report.of(Status::Uploaded) + self.report.of(Status::Adopted);
                let reused = self.report.of(Status::Reused);
                self.observer.on_event(&Event::Counted(&Counters { sent, reused, ..counters() }));
            }
        }
    }

    fn take(&mut self, message: Message) -> Result<(), RunError> {
        match message {
            Message::Entry(entry, permit) => {
                self.take_entry(&entry)?;
                drop(permit);
            }
            Message::Known(entries) => {
                entries.into_iter().try_for_each(|(entry, _permit)| self.take_entry(&entry))?;
            }
            Message::Doubted(file_id) => drop(self.doubted.insert(file_id)),
            Message::Discovered { inputs, bytes } => {
                self.observer.on_event(&Event::Discovered { inputs, bytes });
            }
            Message::BatchClosed { number, inputs } => self.tracker.closed(number, inputs),
            Message::Stopped(stopped) => self.stop(stopped),
            Message::Notice(message) => self.observer.on_event(&Event::Notice { message: &message }),
            Message::Ended => {}
        }
        let due = self.uncommitted >= COMMIT_ENTRIES || self.oldest.elapsed() >= COMMIT_AFTER;
        if self.uncommitted > 0 && due { self.commit() } else { Ok(()) }
    }

    fn take_entry(&mut self, entry: &Entry) -> Result<(), RunError> {
        self.note_stored(entry);
        let appended = self.journal.append(entry);
        appended.map_err(|source| self.unwritable(source))?;
        if self.uncommitted == 0 {
            self.oldest = Instant::now();
        }
        self.uncommitted += 1;
        self.report.count(entry);
        self.tracker.entry(entry);
        self.observer.on_event(&Event::Finished(entry));
        if self.report.stopped.is_none() && self.report.was_cut_short(&self.pipeline.interrupted) {
            self.stop(Stopped::interrupted());
        }
        Ok(())
    }

    fn stop(&mut self, stopped: Stopped) {
        self.observer.on_event(&Event::Stopping { reason: &stopped.message });
        self.report.stopped.get_or_insert(stopped);
    }

    /// Notes what this run stored: what it reused was stored before, or for another entry.
    fn note_stored(&mut self, entry: &Entry) {
        if entry.status == Status::Reused {
            return;
        }
        let ids = entry.file.iter().map(|file| &file.file_id).chain(&entry.possible_orphans);
        self.unsaved.extend(ids.map(|id| format!("{id} (`{}`)", entry.source.path)));
    }

    fn commit(&mut self) -> Result<(), RunError> {
        if self.uncommitted > 0 {
            if let Work::Ingest { target, .. } = &self.pipeline.work
                && !self.unsaved.is_empty()
            {
                target.flush().map_err(RunError::Flush)?;
            }
            // What the ledger has booked is durable there, and nobody asks the journal.
            let written = match &self.pipeline.ledger {
                Some(_) => self.journal.flush(),
                None => self.journal.sync(),
            };
            written.map_err(|source| self.unwritable(source))?;
            self.uncommitted = 0;
            self.unsaved.clear();
        }
        for mut batch in self.tracker.complete() {
            batch.file_ids.retain(|id| !self.doubted.contains(id));
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
        // All of their entries are there now.
        for file_id in &self.doubted {
            let tell = |before, entry: &Entry| {
                self.report.recount(before, entry);
                self.observer.on_event(&Event::Doubted { entry, file_id });
            };
            self.journal.doubt(file_id, tell).map_err(unwritable)?;
        }
        let made = self.journal.make(&path).map_err(unwritable)?;
        let digest = made.digest;
        // First the run file: a manifest without one is taken for that of another run.
        if self.pipeline.manifest.is_some() {
            let facts = run_facts(&self.report, digest.to_string(), facts);
            let mut text = serde_json::to_vec_pretty(&facts).unwrap_or_default();
            text.push(b'\n');
            hit(Step::RunFile).map_err(unwritable)?;
            write_whole(&beside(&path, ".run.json"), &text).map_err(unwritable)?;
        }
        self.journal.put(made, &path).map_err(unwritable)?;
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
