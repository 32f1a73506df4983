//! The threads of a run: one discovers and hands out permits, a pool prepares, a few send, the caller collects.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use super::batch::Dealer;
use super::collect::{Collector, Message};
use super::output::OutputDir;
use super::permits::{Permit, Permits};
use super::prepare::{Draft, Part, Ready};
use super::report::{Report, StopKind, Stopped};
use super::{Pipeline, RunError, Work};
use crate::event::Observer;
use crate::model::{Code, Failure, Outcome, Payload, Timestamp};
use crate::stages::classify::MEMORY_BYTES;
use crate::stages::discover::{Discovery, Found, check, discover};
use crate::stages::upload::{Sent, upload};
use crate::targets::{Target, TargetErrorKind};

/// What all inputs under way may hold together.
const MEMORY_BUDGET_BYTES: u64 = 256 << 20;
/// What an input may hold beyond its own bytes: buffers, look-up tables, entries.
const OVERHEAD_BYTES: u64 = 256 << 10;
/// Thread stacks: XML nests at most 256 deep, our readers need far less; debug builds need more.
const STACK_BYTES: usize = 8 << 20;
/// So many files in a row that cannot connect mean that no other will.
const UNREACHABLE_AFTER: u32 = 5;

/// A payload on its way to the target.
struct Job {
    payload: Box<Payload>,
    draft: Box<Draft>,
    permit: Arc<Permit>,
}

/// What the threads share.
struct Shared<'a> {
    pipeline: &'a Pipeline,
    output: Option<OutputDir>,
    /// Set when the target refuses everything.
    stopped: AtomicBool,
    unreachable: AtomicU32,
}

impl Pipeline {
    /// Runs to the end, whatever becomes of single files, and tells `observer` on this thread.
    ///
    /// # Errors
    /// [`RunError`] if nothing could be discovered or the manifest cannot be written.
    pub fn run(&self, observer: &mut dyn Observer) -> Result<Report, RunError> {
        let began = Timestamp::now();
        check(&self.named)?;
        // The folder for outputs must be there when inputs are looked for: they are not taken from it.
        let output = self.output_dir()?;
        let found = discover(&self.named, &self.discover)?;
        let pool = self.pool()?;
        let mut collector = Collector::new(self, observer)?;
        let shared = Shared {
            pipeline: self,
            output,
            stopped: AtomicBool::new(false),
            unreachable: AtomicU32::new(0),
        };
        let (messages, inbox) = channel();
        let (jobs, queue) = channel();
        let queue = Mutex::new(queue);
        let collected = std::thread::scope(|scope| {
            if let Work::Ingest { target } = &self.work {
                for _ in 0..self.concurrency {
                    let messages = messages.clone();
                    let (shared, queue) = (&shared, &queue);
                    scope.spawn(move || send_all(shared, target.as_ref(), queue, &messages));
                }
            }
            let shared = &shared;
            scope.spawn(move || prepare_all(shared, &pool, found, &jobs, &messages));
            // Without a journal nothing further may be uploaded.
            collector.run(&inbox, || shared.stopped.store(true, Ordering::Relaxed))
        });
        self.rest();
        if let Err(error) = collected {
            collector.keep_journal();
            return Err(error);
        }
        collector.finish(&self.facts(began))
    }

    fn output_dir(&self) -> Result<Option<OutputDir>, RunError> {
        let Work::Convert { output_dir } = &self.work else {
            return Ok(None);
        };
        let mut output = OutputDir::new(output_dir, &self.named)?;
        output.reserve(discover(&self.named, &self.discover)?);
        Ok(Some(output))
    }

    pub(super) fn pool(&self) -> Result<rayon::ThreadPool, RunError> {
        rayon::ThreadPoolBuilder::new()
            .num_threads(self.jobs)
            .stack_size(STACK_BYTES)
            .thread_name(|n| format!("docferry-{n}"))
            .build()
            .map_err(|e| RunError::Threads(std::io::Error::other(e)))
    }

    /// Returns what the run file says besides the counts.
    fn facts(&self, began: Timestamp) -> serde_json::Map<String, serde_json::Value> {
        let facts = serde_json::json!({
            "schema_version": crate::model::entry::SCHEMA_VERSION,
            "version": env!("CARGO_PKG_VERSION"),
            "roots": self.roots(),
            "target": self.target_facts(),
            "options": self.convert.options.canonical(),
            "limits": self.convert.limits.named().into_iter().collect::<BTreeMap<_, _>>(),
            "max_convert_bytes": self.convert.max_bytes,
            "isolation": self.isolation_facts(),
            "started_at": began,
            "finished_at": Timestamp::now(),
        });
        match facts {
            serde_json::Value::Object(map) => map,
            _ => serde_json::Map::new(),
        }
    }
}

/// Hands the inputs to the pool, one permit each, and tells of those that were left out.
fn prepare_all(
    shared: &Shared<'_>,
    pool: &rayon::ThreadPool,
    found: Discovery,
    jobs: &Sender<Job>,
    messages: &Sender<Message>,
) {
    let pipeline = shared.pipeline;
    let under_way = 4 * (pool.current_num_threads() + pipeline.concurrency) as u64;
    let permits = Permits::new(MEMORY_BUDGET_BYTES, under_way);
    let mut dealer = Dealer::new(pipeline.batch_files, pipeline.batch_bytes);
    let close = |closed: Option<(u64, u64)>| {
        if let Some((number, inputs)) = closed {
            let _ = messages.send(Message::BatchClosed { number, inputs });
        }
    };
    let (mut inputs, mut bytes) = (0, 0);
    pool.in_place_scope(|scope| {
        for one in found {
            inputs += 1;
            bytes += if one.skipped.is_some() { 0 } else { one.candidate.size_bytes };
            let (batch, full) = dealer.deal(one.candidate.size_bytes);
            close(full);
            let small = one.skipped.is_some() || one.unreadable.is_some();
            let permit = permits.acquire(if small { 0 } else { estimate(one.candidate.size_bytes) });
            if let Some(entry) = pipeline.left_out(&one, batch) {
                let _ = messages.send(Message::Entry(Box::new(entry), Some(permit)));
                continue;
            }
            shared.watch_room(messages);
            if let Some(code) = shared.why_not() {
                let entry = pipeline.not_attempted(&one.candidate, batch, code);
                let _ = messages.send(Message::Entry(Box::new(entry), Some(permit)));
                continue;
            }
            let reserved = shared.output.as_ref().map(|output| output.place_of(&one.candidate));
            let (jobs, messages) = (jobs.clone(), messages.clone());
            let task = Task { found: one, batch, reserved, permit, jobs, messages };
            scope.spawn(move |_| task.run(shared));
        }
        let _ = messages.send(Message::Discovered { inputs, bytes });
    });
    close(dealer.close());
}

/// One input on its way through the pool, with where its results go.
struct Task {
    found: Found,
    batch: u64,
    reserved: Option<PathBuf>,
    permit: Arc<Permit>,
    jobs: Sender<Job>,
    messages: Sender<Message>,
}

impl Task {
    fn run(self, shared: &Shared<'_>) {
        let Self { found, batch, reserved, permit, jobs, messages } = self;
        let tell = |entry: Box<crate::model::entry::Entry>| {
            let _ = messages.send(Message::Entry(entry, Some(Arc::clone(&permit))));
        };
        let output = shared.output.as_ref().zip(reserved.as_deref());
        let candidate = found.candidate.clone();
        // A defect in any stage costs this input, and its entry says so.
        let ready = catch_unwind(AssertUnwindSafe(|| shared.pipeline.prepare(candidate, batch, output)));
        let crashed = |_| {
            let entry = shared.pipeline.not_attempted(&found.candidate, batch, Code::ConverterCrashed);
            Ready::Final(vec![entry])
        };
        match ready.unwrap_or_else(crashed) {
            Ready::Final(entries) => entries.into_iter().for_each(|entry| tell(Box::new(entry))),
            Ready::Send(parts) => {
                for part in parts {
                    match part {
                        Part::Entry(entry) => tell(entry),
                        Part::Payload(payload, draft) => {
                            let _ = jobs.send(Job { payload, draft, permit: Arc::clone(&permit) });
                        }
                    }
                }
            }
        }
    }
}

/// Sends payloads until there are no more.
fn send_all(
    shared: &Shared<'_>,
    target: &dyn Target,
    queue: &Mutex<Receiver<Job>>,
    messages: &Sender<Message>,
) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { payload, draft, permit }) = next else {
            return;
        };
        let entry = if let Some(code) = shared.why_not() {
            let message = code.spec().what.trim_end_matches('.');
            draft.entry(Outcome::Failed(Failure::new(code, message)))
        } else {
            let sent = upload(&payload, target, &shared.pipeline.upload);
            shared.judge(&sent, messages);
            let mut entry = draft.entry(sent.outcome);
            entry.attempts = sent.attempts;
            entry.warnings.extend(sent.warnings);
            entry.possible_orphans = sent.possible_orphans;
            entry
        };
        let _ = messages.send(Message::Entry(Box::new(entry), Some(permit)));
    }
}

impl Shared<'_> {
    /// Stops the run where nothing more can be written.
    fn watch_room(&self, messages: &Sender<Message>) {
        if let Some(output) = self.output.as_ref().filter(|output| output.is_full())
            && !self.stopped.swap(true, Ordering::Relaxed)
        {
            let message = format!("there is no room for more in `{}`", output.root().display());
            let _ = messages.send(Message::Stopped(Stopped { kind: StopKind::Unusable, message }));
        }
    }

    /// Returns why nothing further is begun.
    fn why_not(&self) -> Option<Code> {
        if self.pipeline.interrupted.load(Ordering::Relaxed) {
            Some(Code::Interrupted)
        } else {
            self.stopped.load(Ordering::Relaxed).then_some(Code::NotAttempted)
        }
    }

    /// Stops the run if no other file will pass, either.
    fn judge(&self, sent: &Sent, messages: &Sender<Message>) {
        if let Some(error) = &sent.stop {
            if !self.stopped.swap(true, Ordering::Relaxed) {
                let _ = messages.send(Message::Stopped(error.into()));
            }
            return;
        }
        let unreachable = sent.kind == Some(TargetErrorKind::Connect);
        if !unreachable {
            self.unreachable.store(0, Ordering::Relaxed);
        } else if self.unreachable.fetch_add(1, Ordering::Relaxed) + 1 >= UNREACHABLE_AFTER
            && !self.stopped.swap(true, Ordering::Relaxed)
        {
            let message = "the target cannot be reached".to_owned();
            let _ = messages.send(Message::Stopped(Stopped { kind: StopKind::Unusable, message }));
        }
    }
}

/// Returns what an input may hold in memory: its bytes if they are kept there, and as much again for outputs.
fn estimate(size_bytes: u64) -> u64 {
    size_bytes.min(MEMORY_BYTES) + (size_bytes.saturating_mul(4)).min(MEMORY_BYTES) + OVERHEAD_BYTES
}
