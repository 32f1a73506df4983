//! The threads of a run: one discovers and hands out permits, a pool prepares, a few send, the caller collects.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::batch::Dealer;
use super::collect::{Collector, Message};
use super::ingest::{Desk, Outbox};
use super::output::OutputDir;
use super::permits::{Permit, Permits};
use super::prepare::{Part, Ready};
use super::report::{Report, StopKind, Stopped};
use super::{Pipeline, RunError, Work};
use crate::event::{Counters, Observer};
use crate::model::entry::Entry;
use crate::model::{Code, Timestamp};
use crate::stages::classify::MEMORY_BYTES;
use crate::stages::discover::{Discovery, Found, check, discover};
use crate::stages::upload::{Job, Uploader};

/// What all inputs under way may hold together.
const MEMORY_BUDGET_BYTES: u64 = 256 << 20;
/// What an input may hold beyond its own bytes: buffers, look-up tables, entries.
const OVERHEAD_BYTES: u64 = 256 << 10;
/// So many inputs are under way at the most.
const MAX_UNDER_WAY: usize = 1024;
/// So many inputs are looked up in the ledger together at the most.
const BUNDLE_INPUTS: usize = 32;
/// Where they are found slowly, nobody waits for more of them.
const BUNDLE_AFTER: Duration = Duration::from_millis(5);
/// Thread stacks: XML nests at most 256 deep, our readers need far less; debug builds need more.
const STACK_BYTES: usize = 8 << 20;

/// What the threads share.
#[derive(Debug)]
pub(super) struct Shared<'a> {
    pub(super) pipeline: &'a Pipeline,
    output: Option<OutputDir>,
    /// What entries say that have no turn any more, once the run takes no more work.
    pub(super) stopped: OnceLock<Code>,
    found: AtomicU64,
    prepared: AtomicU64,
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
        let ingest = match &self.work {
            Work::Ingest { target } => self.books()?.map(|books| (target.as_ref(), books)),
            Work::Check { .. } | Work::Convert { .. } => None,
        };
        let _running = ingest.map(|(_, books)| books.ledger.enter_run(&self.upload.run_id));
        let mut collector = Collector::new(self, observer)?;
        let shared = Shared {
            pipeline: self,
            output,
            stopped: OnceLock::new(),
            found: AtomicU64::new(0),
            prepared: AtomicU64::new(0),
        };
        let (messages, inbox) = channel();
        let desk = Desk { shared: &shared, messages: messages.clone() };
        let memory = ingest.as_ref().map(|(target, books)| self.memory(books, *target, began));
        let uploader = ingest.as_ref().map(|(target, books)| {
            Uploader::new(*target, (&books.ledger, books.workspace.scope), &self.upload, &desk)
        });
        let outbox = memory.as_ref().zip(uploader.as_ref());
        let outbox =
            outbox.map(|(memory, uploader)| Outbox { memory, uploader, desk: &desk, read_at: began });
        let collected = std::thread::scope(|scope| {
            let shared = &shared;
            scope.spawn(move || {
                let _end = AtEnd(|| drop(messages.send(Message::Ended)));
                std::thread::scope(|threads| {
                    let _close = AtEnd(|| outbox.iter().for_each(|outbox| outbox.uploader.close()));
                    outbox.iter().for_each(|outbox| outbox.uploader.start(threads));
                    prepare_all(shared, &pool, found, outbox, &messages);
                });
            });
            // Without a journal nothing further may be uploaded; an observer that panics must not leave the others waiting.
            let give_up = || {
                let _ = shared.stopped.set(Code::NotAttempted);
            };
            let told = catch_unwind(AssertUnwindSafe(|| {
                collector.run(&inbox, &|| shared.counters(outbox), give_up)
            }));
            told.unwrap_or_else(|panic| {
                give_up();
                collector.await_end(&inbox);
                resume_unwind(panic)
            })
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
            "run_id": self.upload.run_id,
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

/// Does something when it goes away, even by a panic.
struct AtEnd<F: Fn()>(F);

impl<F: Fn()> Drop for AtEnd<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Hands the inputs to the pool, one permit each, and tells of those that were left out.
fn prepare_all(
    shared: &Shared<'_>,
    pool: &rayon::ThreadPool,
    found: Discovery,
    outbox: Option<Outbox<'_, '_>>,
    messages: &Sender<Message>,
) {
    let pipeline = shared.pipeline;
    // What waits for the disk or for a second look at a listing must not keep others from being sent.
    let under_way =
        (4 * pool.current_num_threads() + 256 * pipeline.upload.concurrency).min(MAX_UNDER_WAY) as u64;
    let permits = Permits::new(MEMORY_BUDGET_BYTES, under_way);
    let mut dealer = Dealer::new(pipeline.batch_files, pipeline.batch_bytes);
    let close = |closed: Option<(u64, u64)>| {
        if let Some((number, inputs)) = closed {
            let _ = messages.send(Message::BatchClosed { number, inputs });
        }
    };
    let (mut inputs, mut bytes) = (0, 0);
    pool.in_place_scope(|scope| {
        let mut bundle = Bundle::new(shared, if outbox.is_some() { BUNDLE_INPUTS } else { 1 });
        for one in found {
            inputs += 1;
            shared.found.store(inputs, Ordering::Relaxed);
            bytes += if one.skipped.is_some() { 0 } else { one.candidate.size_bytes };
            let (batch, full) = dealer.deal(one.candidate.size_bytes);
            close(full);
            let small = one.skipped.is_some() || one.unreadable.is_some();
            let needs = if small { 0 } else { estimate(one.candidate.size_bytes) };
            let permit = permits.try_acquire(needs).unwrap_or_else(|| {
                bundle.begin(scope);
                permits.acquire(needs)
            });
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
            let messages = messages.clone();
            bundle.add(Task { found: one, batch, reserved, permit, outbox, messages }, scope);
        }
        bundle.begin(scope);
        let _ = messages.send(Message::Discovered { inputs, bytes });
    });
    close(dealer.close());
}

/// Inputs that are looked up in the ledger together.
struct Bundle<'s, 'a, 'u> {
    shared: &'s Shared<'s>,
    max: usize,
    tasks: Vec<Task<'a, 'u>>,
    oldest: Instant,
}

impl<'s, 'a: 's, 'u: 's> Bundle<'s, 'a, 'u> {
    fn new(shared: &'s Shared<'s>, max: usize) -> Self {
        Self { shared, max, tasks: Vec::new(), oldest: Instant::now() }
    }

    fn add(&mut self, task: Task<'a, 'u>, scope: &rayon::Scope<'s>) {
        if self.tasks.is_empty() {
            self.oldest = Instant::now();
        }
        self.tasks.push(task);
        if self.tasks.len() >= self.max || self.oldest.elapsed() >= BUNDLE_AFTER {
            self.begin(scope);
        }
    }

    /// Hands them to the pool: what is not known is taken on its own then.
    fn begin(&mut self, scope: &rayon::Scope<'s>) {
        let (shared, tasks) = (self.shared, std::mem::take(&mut self.tasks));
        if tasks.is_empty() {
            return;
        }
        scope.spawn(move |scope| {
            let left = recall(shared, tasks);
            // A thread takes last what it spawned first.
            for task in left.into_iter().rev() {
                scope.spawn(move |_| task.run(shared));
            }
        });
    }
}

/// Tells of those that did not change since an earlier run, and returns the others.
fn recall<'a, 'u>(shared: &Shared<'_>, tasks: Vec<Task<'a, 'u>>) -> Vec<Task<'a, 'u>> {
    let Some(outbox) = tasks.first().and_then(|task| task.outbox) else { return tasks };
    if shared.why_not().is_some() {
        return tasks;
    }
    let inputs: Vec<_> = tasks.iter().map(|task| (&task.found.candidate, task.batch)).collect();
    let mut told = Vec::with_capacity(tasks.len());
    let mut tell = |at: usize, entry| told.push((entry, Arc::clone(&tasks[at].permit)));
    let recalled = catch_unwind(AssertUnwindSafe(|| outbox.recalled(&inputs, &mut tell)));
    // What a defect hides is found out in another way.
    let known = recalled.unwrap_or_else(|_| {
        told.clear();
        Vec::new()
    });
    let messages = tasks[0].messages.clone();
    let known = known.into_iter().chain(std::iter::repeat(false));
    let left = tasks.into_iter().zip(known).filter_map(|(task, known)| (!known).then_some(task)).collect();
    if !told.is_empty() {
        let _ = messages.send(Message::Known(told));
    }
    left
}

/// One input on its way through the pool, with where its results go.
struct Task<'a, 'u> {
    found: Found,
    batch: u64,
    reserved: Option<PathBuf>,
    permit: Arc<Permit>,
    outbox: Option<Outbox<'a, 'u>>,
    messages: Sender<Message>,
}

impl Task<'_, '_> {
    fn run(self, shared: &Shared<'_>) {
        let Self { found, batch, reserved, permit, outbox, messages } = self;
        let tell = |entry: Box<Entry>| {
            let _ = messages.send(Message::Entry(entry, Some(Arc::clone(&permit))));
        };
        let output = shared.output.as_ref().zip(reserved.as_deref());
        let candidate = found.candidate.clone();
        if let Some(code) = shared.why_not() {
            return tell(Box::new(shared.pipeline.not_attempted(&found.candidate, batch, code)));
        }
        let outbox = outbox.map(|outbox| Outbox { read_at: Timestamp::now(), ..outbox });
        // A defect in any stage costs this input, and its entry says so.
        let ready =
            catch_unwind(AssertUnwindSafe(|| shared.pipeline.prepare(candidate, batch, output, outbox)));
        let crashed = |_| {
            let entry = shared.pipeline.not_attempted(&found.candidate, batch, Code::ConverterCrashed);
            Ready::Final(vec![entry])
        };
        let ready = ready.unwrap_or_else(crashed);
        if let Some(outbox) = outbox {
            outbox.memory.keep(&found.candidate, &ready, outbox.read_at);
        }
        match ready {
            Ready::Final(entries) | Ready::Known(entries) => {
                entries.into_iter().for_each(|entry| tell(Box::new(entry)));
            }
            Ready::Send(parts) => {
                for part in parts {
                    match part {
                        Part::Entry(entry) => tell(entry),
                        Part::Payload(payload, draft) => {
                            // Payloads are made for targets only.
                            let Some(outbox) = outbox else { continue };
                            shared.prepared.fetch_add(1, Ordering::Relaxed);
                            outbox.uploader.push(Job {
                                key: outbox.memory.key_of(&payload),
                                charges: shared.pipeline.charges(&payload),
                                payload,
                                ticket: outbox.ticket(draft, Arc::clone(&permit)),
                            });
                        }
                    }
                }
            }
        }
    }
}

impl Shared<'_> {
    /// Returns how far the stages are.
    fn counters(&self, outbox: Option<Outbox<'_, '_>>) -> Counters {
        let waiting = outbox.map(|outbox| outbox.uploader.waiting()).unwrap_or_default();
        Counters {
            found: self.found.load(Ordering::Relaxed),
            prepared: self.prepared.load(Ordering::Relaxed),
            waiting: waiting.files,
            retries: waiting.retries,
            pause: waiting.pause,
            ..Counters::default()
        }
    }

    /// Stops the run where nothing more can be written.
    fn watch_room(&self, messages: &Sender<Message>) {
        if let Some(output) = self.output.as_ref().filter(|output| output.is_full()) {
            let message = format!("there is no room for more in `{}`", output.root().display());
            self.stop(Stopped::new(StopKind::Unusable, message), messages);
        }
    }

    /// Returns why nothing further is begun.
    pub(super) fn why_not(&self) -> Option<Code> {
        if self.pipeline.interrupted.load(Ordering::Relaxed) {
            Some(Code::Interrupted)
        } else {
            self.stopped.get().copied()
        }
    }
}

/// Returns what an input may hold in memory: its bytes if they are kept there, and as much again for outputs.
fn estimate(size_bytes: u64) -> u64 {
    size_bytes.min(MEMORY_BYTES) + (size_bytes.saturating_mul(4)).min(MEMORY_BYTES) + OVERHEAD_BYTES
}
