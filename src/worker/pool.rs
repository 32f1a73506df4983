//! The pool: lends one worker to each thread that converts, and keeps the sound ones.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use docferry_converters::{ConvertError, Converter, Input, Meter, Options, Sink};

use super::ServeOptions;
use super::death::Death;
use super::process::{Broken, Process};
use super::protocol::{
    CHUNK_BYTES, Confinement, End, HEAD_BYTES, Kind, Part, Request, Warn, broken, write_facts, write_frame,
};

/// Documents that a worker converts before it is replaced: what leaks, leaks so often at the most.
const SERVES: u64 = 500;
/// Memory that a worker may keep between documents.
const KEEPS_BYTES: u64 = 256 << 20;
/// How long a worker may take until it greets; the machine may be busy.
const GREETING: Duration = Duration::from_secs(20);

/// Worker processes of one program. They are started when needed, at most one for each thread that asks, and end with
/// the pool.
#[derive(Debug)]
pub struct Pool {
    program: PathBuf,
    options: ServeOptions,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    idle: Vec<Process>,
    started: u64,
    recycled: u64,
    died: u64,
    confinement: Option<Confinement>,
}

/// What is to be converted, and how.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// The name of what the document is, by which the worker finds the converter.
    pub format: &'a str,
    /// The converter.
    pub converter: &'static dyn Converter,
    /// What the user chose.
    pub options: &'a Options,
}

impl std::fmt::Debug for Job<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job").field("converter", &self.converter.name()).finish_non_exhaustive()
    }
}

/// Why nothing came of a document.
#[derive(Debug)]
pub enum Trouble {
    /// The converter says so, or reading, writing or stopping on this side.
    Convert(ConvertError),
    /// The converter panicked.
    Panicked,
    /// The worker died over it.
    Death(Death),
    /// No worker could be started.
    Unavailable(io::Error),
}

impl Pool {
    /// Makes a pool without any worker yet.
    #[must_use]
    pub fn new(program: &Path, options: ServeOptions) -> Self {
        // Workers stand in another folder.
        let program = std::path::absolute(program).unwrap_or_else(|_| program.to_owned());
        Self { program, options, state: Mutex::default() }
    }

    /// Converts a document in a worker. `meter` tells the limits and when to stop, and counts what comes back, too.
    ///
    /// # Errors
    /// [`Trouble`]; what `sink` got is to be thrown away.
    pub fn convert(
        &self,
        job: Job<'_>,
        input: &mut dyn Input,
        meter: &Meter,
        sink: &mut dyn Sink,
    ) -> Result<(), Trouble> {
        let stop = || meter.check_cancelled().is_err();
        let mut process = self.take(&stop)?;
        match (Conversation { process: &mut process, stop: &stop, meter }).hold(job, input, sink) {
            Ok(result) => {
                process.served += 1;
                self.give_back(process);
                result
            }
            // It still has the document, and nobody waits for what becomes of it.
            Err(Abandoned::Stopped) => Err(Trouble::Convert(ConvertError::Cancelled)),
            Err(Abandoned::Own(error)) => Err(Trouble::Convert(error)),
            Err(Abandoned::Dead(error)) => {
                self.state().died += 1;
                let served = process.served;
                Err(Trouble::Death(Death { cause: process.bury(error), served }))
            }
        }
    }

    /// Ends the idle workers. A pool that is asked again starts others.
    pub fn rest(&self) {
        let idle = std::mem::take(&mut self.state().idle);
        drop(idle);
    }

    /// Returns what a run file says of the workers; `None` if there were none.
    #[must_use]
    pub fn facts(&self) -> Option<serde_json::Value> {
        let state = self.state();
        let confinement = state.confinement.as_ref()?;
        Some(serde_json::json!({
            "started": state.started,
            "recycled": state.recycled,
            "died": state.died,
            "memory_bytes": self.options.memory_bytes,
            "confined": confinement.applied,
            "not_confined": confinement.missing,
        }))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, stop: &dyn Fn() -> bool) -> Result<Process, Trouble> {
        loop {
            let idle = self.state().idle.pop();
            let Some(mut process) = idle else {
                return self.start(stop);
            };
            // One that died in its sleep served nobody ill.
            if process.is_alive() {
                return Ok(process);
            }
        }
    }

    fn start(&self, stop: &dyn Fn() -> bool) -> Result<Process, Trouble> {
        let unavailable = |what: String| {
            let message = format!("the worker `{}` {what}", self.program.display());
            Trouble::Unavailable(io::Error::other(message))
        };
        let mut process = Process::start(&self.program, &self.options)
            .map_err(|e| unavailable(format!("could not be started: {e}")))?;
        let until = Instant::now() + GREETING;
        match process.greet(&|| stop() || Instant::now() >= until) {
            Ok(confinement) => {
                let mut state = self.state();
                state.started += 1;
                state.confinement = Some(confinement);
                Ok(process)
            }
            Err(Broken::Stopped) if stop() => Err(Trouble::Convert(ConvertError::Cancelled)),
            Err(Broken::Stopped) => Err(unavailable("did not greet".to_owned())),
            Err(Broken::Dead(Some(error))) => Err(unavailable(format!("is none: {error}"))),
            Err(Broken::Dead(None)) => {
                let words = process.last_words();
                Err(unavailable(format!("ended at once: {words}").trim_end_matches([':', ' ']).to_owned()))
            }
        }
    }

    fn give_back(&self, process: Process) {
        let grown = process.resident_bytes().is_some_and(|bytes| bytes > KEEPS_BYTES);
        let retire = grown || process.served >= SERVES;
        let mut state = self.state();
        if retire {
            state.recycled += 1;
            drop(state);
            drop(process);
        } else {
            state.idle.push(process);
        }
    }
}

/// Why a conversation was left before its end; the worker cannot be used again.
enum Abandoned {
    Stopped,
    Own(ConvertError),
    Dead(Option<io::Error>),
}

impl From<Broken> for Abandoned {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Stopped => Self::Stopped,
            Broken::Dead(error) => Self::Dead(error),
        }
    }
}

/// A document's way to the worker and back.
struct Conversation<'a> {
    process: &'a mut Process,
    stop: &'a dyn Fn() -> bool,
    meter: &'a Meter,
}

impl Conversation<'_> {
    fn hold(
        &mut self,
        job: Job<'_>,
        input: &mut dyn Input,
        sink: &mut dyn Sink,
    ) -> Result<Result<(), Trouble>, Abandoned> {
        self.ask(job, input)?;
        let end = self.hear(sink)?;
        if !self.process.is_quiet() {
            return Err(Abandoned::Dead(Some(broken("more than an answer"))));
        }
        Ok(match end {
            End::Panicked => Err(Trouble::Panicked),
            end => end.error().map_or(Ok(()), |error| Err(Trouble::Convert(error))),
        })
    }

    /// Sends the request and the document.
    fn ask(&mut self, job: Job<'_>, input: &mut dyn Input) -> Result<(), Abandoned> {
        let size_bytes = input.size_bytes();
        let request = Request {
            format: job.format.to_owned(),
            converter: job.converter.name().to_owned(),
            revision: job.converter.revision(),
            options: job.options.named().into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
            limits: self.meter.limits().named().iter().map(|(name, n)| ((*name).to_owned(), *n)).collect(),
            size_bytes,
        };
        let mut frame = Vec::with_capacity(HEAD_BYTES + CHUNK_BYTES);
        write_facts(&mut frame, Kind::Request, &request).map_err(|e| Abandoned::Own(ConvertError::Io(e)))?;
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut left = size_bytes;
        loop {
            self.process.send(&frame, self.stop)?;
            if left == 0 {
                return Ok(());
            }
            let most = usize::try_from(left).unwrap_or(CHUNK_BYTES).min(CHUNK_BYTES);
            let n = match input.read(chunk.get_mut(..most).unwrap_or_default()) {
                Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(n) => Ok(n),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => Err(e),
            };
            let n = n.map_err(|e| Abandoned::Own(ConvertError::Io(e)))?;
            left -= n as u64;
            frame.clear();
            write_frame(&mut frame, Kind::Bytes, chunk.get(..n).unwrap_or_default())
                .map_err(|e| Abandoned::Own(ConvertError::Io(e)))?;
        }
    }

    /// Hands on what comes back, up to the end.
    fn hear(&mut self, sink: &mut dyn Sink) -> Result<End, Abandoned> {
        let nonsense = |e: io::Error| Abandoned::Dead(Some(e));
        let own = |e: io::Error| Abandoned::Own(ConvertError::Sink(e));
        let mut has_part = false;
        loop {
            let frame = self.process.receive(self.stop)?;
            // Whoever never pauses is never waited for, and is late all the same.
            if (self.stop)() {
                return Err(Abandoned::Stopped);
            }
            match frame.kind {
                Kind::Part => {
                    has_part = true;
                    let part: Part = frame.facts(Kind::Part).map_err(nonsense)?;
                    let kind = part.kind().map_err(nonsense)?;
                    sink.begin_part(part.label.as_deref(), kind).map_err(own)?;
                }
                Kind::Bytes if !has_part => return Err(nonsense(broken("bytes of no part"))),
                // Counted here, too: a worker gone wild fills no disk.
                Kind::Bytes => self.meter.write(sink, &frame.body).map_err(|e| match e {
                    ConvertError::Cancelled => Abandoned::Stopped,
                    e => Abandoned::Own(e),
                })?,
                Kind::Warn => {
                    let warn: Warn = frame.facts(Kind::Warn).map_err(nonsense)?;
                    sink.warn(warn.warning().map_err(nonsense)?);
                }
                Kind::End => return frame.facts(Kind::End).map_err(nonsense),
                Kind::Hello | Kind::Request => {
                    return Err(nonsense(broken(format!("{:?} in an answer", frame.kind))));
                }
            }
        }
    }
}
