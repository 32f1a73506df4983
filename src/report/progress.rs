//! Shows a run while it goes on: a bar for people on a terminal, a line now and then for those without one, JSON lines
//! for programs, log lines for all.

use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use super::human::{self, Colour};
use crate::event::{Counters, Event, Observer};
use crate::model::Sha256;
use crate::model::entry::{Entry, Status};

/// How often a line is written where no bar can be drawn.
const LINE_EVERY: Duration = Duration::from_secs(30);

/// What shows how far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// A bar, on a terminal.
    Bar,
    /// A line every 30 seconds.
    Lines,
    /// Nothing.
    Nothing,
}

/// Listens to a run.
pub struct Progress<'a> {
    bar: ProgressBar,
    show: Show,
    out: Option<&'a mut dyn Write>,
    warnings: Option<&'a mut dyn Write>,
    colour: Colour,
    error: Option<io::Error>,
    state: State,
    elapsed: Box<dyn Fn() -> Duration + 'a>,
    line_after: Duration,
    hashed_paths: bool,
}

impl std::fmt::Debug for Progress<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Progress").field("state", &self.state).finish_non_exhaustive()
    }
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct State {
    inputs: Option<u64>,
    done: u64,
    problems: u64,
    counters: Counters,
}

impl<'a> Progress<'a> {
    /// Shows the run on standard error if told to, writes events to `out` and what people should know to `warnings`,
    /// if there are such.
    pub fn new(
        show: Show,
        out: Option<&'a mut dyn Write>,
        warnings: Option<&'a mut dyn Write>,
        colour: Colour,
    ) -> Self {
        let target = match show {
            Show::Bar => ProgressDrawTarget::stderr(),
            Show::Lines | Show::Nothing => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_style(style("{spinner} {pos} inputs {elapsed} {per_sec} {msg}"));
        let begun = Instant::now();
        let elapsed = Box::new(move || begun.elapsed());
        let state = State::default();
        Self {
            bar,
            show,
            out,
            warnings,
            colour,
            error: None,
            state,
            elapsed,
            line_after: LINE_EVERY,
            hashed_paths: false,
        }
    }

    /// Takes another clock, which tells how long the run has lasted.
    #[must_use]
    pub fn with_clock(mut self, elapsed: impl Fn() -> Duration + 'a) -> Self {
        self.elapsed = Box::new(elapsed);
        self
    }

    /// Names inputs in log lines by digests of their paths.
    #[must_use]
    pub fn with_hashed_paths(mut self, hashed: bool) -> Self {
        self.hashed_paths = hashed;
        self
    }

    /// Clears the bar; fails if the events could not be written.
    ///
    /// # Errors
    /// What the output reported first.
    pub fn finish(self) -> io::Result<()> {
        self.bar.finish_and_clear();
        self.error.map_or(Ok(()), Err)
    }

    fn warn(&mut self, message: &str) {
        if let Some(out) = &mut self.warnings {
            // Nobody is left to tell when standard error is gone.
            self.bar.suspend(|| drop(human::warning(*out, message, self.colour)));
        }
    }

    fn say(&mut self, object: &serde_json::Value) {
        if let (Some(out), None) = (&mut self.out, &self.error) {
            let written = super::json::line(out, object).and_then(|()| out.flush());
            self.error = written.err();
        }
    }

    /// Writes a line if it is time for one.
    fn tick(&mut self) {
        let now = (self.elapsed)();
        if self.show != Show::Lines || now < self.line_after {
            return;
        }
        self.line_after = now + LINE_EVERY;
        if let Some(out) = &mut self.warnings {
            drop(writeln!(out, "{}", self.state.line(now)));
        }
    }

    fn count_problem(&mut self) {
        self.state.problems += 1;
        self.bar.set_message(self.state.message());
    }

    fn finished(&mut self, entry: &Entry) {
        if entry.part == 0 {
            self.state.done += 1;
            self.bar.inc(1);
        }
        if matches!(entry.status, Status::Rejected | Status::Failed | Status::Ambiguous) {
            self.count_problem();
        }
        log(entry, self.hashed_paths);
        if self.out.is_some() {
            self.say(&json!({ "event": "entry", "entry": entry }));
        }
    }
}

impl Observer for Progress<'_> {
    fn on_event(&mut self, event: &Event<'_>) {
        match event {
            Event::Discovered { inputs, bytes } => {
                self.state.inputs = Some(*inputs);
                self.bar.set_length(*inputs);
                self.bar.set_style(style("{bar:30} {pos}/{len} inputs {per_sec} {eta} {msg}"));
                tracing::info!(inputs, bytes, stage = "discover", "discovered");
            }
            Event::Counted(counters) => {
                self.state.counters = **counters;
                self.bar.set_message(self.state.message());
                let Counters { found, prepared, sent, reused, waiting, retries, pause } = **counters;
                let wait_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
                tracing::debug!(
                    found,
                    prepared,
                    sent,
                    reused,
                    inflight = waiting,
                    retries,
                    wait_ms,
                    "counted"
                );
            }
            Event::Finished(entry) => self.finished(entry),
            Event::Doubted { entry, file_id } => {
                self.count_problem();
                log(entry, self.hashed_paths);
                if self.out.is_some() {
                    self.say(&json!({ "event": "doubted", "file_id": file_id, "entry": entry }));
                }
            }
            Event::BatchDone(batch) => {
                tracing::info!(batch = batch.number, files = batch.file_ids.len(), "batch done");
                if self.out.is_some() {
                    self.say(&json!({
                        "event": "batch_done", "batch": batch.number, "entries": batch.entries, "file_ids": batch.file_ids,
                    }));
                }
            }
            Event::Stopping { reason } => {
                tracing::info!(reason, "stopping");
                self.warn(&format!("{reason}; what is under way is being finished"));
            }
            Event::Notice { message } => {
                tracing::info!(message, "notice");
                self.warn(message);
            }
        }
        self.tick();
    }
}

/// Logs an entry in the words of `docs/logs.md`.
fn log(entry: &Entry, hashed_paths: bool) {
    if !tracing::enabled!(tracing::Level::INFO) {
        return;
    }
    let (output, file) = (entry.output.as_ref(), entry.file.as_ref());
    let extension = Path::new(&entry.source.relative).extension().map(std::ffi::OsStr::to_string_lossy);
    let path = match hashed_paths {
        true => Sha256::of(entry.source.path.as_bytes()).short(8),
        false => human::printable(&entry.source.path),
    };
    tracing::info!(
        seq = entry.seq,
        part = entry.part,
        stage = "manifest",
        status = entry.status.as_str(),
        path,
        src_ext = extension.map(|text| human::printable(&text)),
        mime = output.map(|output| output.media_type.as_str()),
        bytes_in = entry.source.size_bytes,
        bytes_out = output.map(|output| output.size_bytes),
        sha256_8 = output.map(|output| output.sha256.short(8)),
        attempt = (entry.attempts > 0).then_some(entry.attempts),
        error_class = entry.error.as_ref().map(|error| error.code.as_str()),
        request_id = file.and_then(|file| file.request_id.as_deref()).map(human::printable),
        "entry"
    );
}

impl State {
    /// What stands beside the bar.
    fn message(&self) -> String {
        let Counters { prepared, sent, reused, waiting, retries, pause, .. } = self.counters;
        let parts = [
            (prepared, "prepared"),
            (sent, "sent"),
            (reused, "reused"),
            (waiting, "under way"),
            (retries, "retries"),
            (self.problems, "with problems"),
        ];
        let parts = parts.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}"));
        let pause = (!pause.is_zero()).then(|| format!("waiting {}", time(pause)));
        parts.chain(pause).collect::<Vec<_>>().join(", ")
    }

    /// What stands alone where there is no bar.
    fn line(&self, elapsed: Duration) -> String {
        let of = self.inputs.or((self.counters.found > 0).then_some(self.counters.found));
        let plus = if self.inputs.is_none() { " and more" } else { "" };
        let of = of.map_or_else(String::new, |inputs| format!(" of {inputs}{plus}"));
        let mut text = format!("{}{of} inputs done after {}", self.done, time(elapsed));
        let per_second = self.done as f64 / elapsed.as_secs_f64().max(1.0);
        if self.done > 0 {
            text.push_str(&format!(", {per_second:.1} a second"));
        }
        if let Some(left) =
            self.inputs.map(|inputs| inputs.saturating_sub(self.done)).filter(|_| self.done > 0)
        {
            let left = Duration::try_from_secs_f64(left as f64 / per_second).unwrap_or(Duration::MAX);
            text.push_str(&format!(", about {} left", time(left)));
        }
        let message = self.message();
        if !message.is_empty() {
            text.push_str(&format!(": {message}"));
        }
        text
    }
}

/// Returns a length of time in its two largest units.
fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn without_a_terminal_there_is_a_line_every_30_seconds() {
        let seconds = Cell::new(0);
        let mut written = Vec::new();
        let mut progress = Progress::new(Show::Lines, None, Some(&mut written), Colour::Off)
            .with_clock(|| Duration::from_secs(seconds.get()));
        let mut at = |second, event: Event<'_>| {
            seconds.set(second);
            progress.on_event(&event);
        };
        let mut counters = Counters { found: 40, prepared: 30, sent: 10, ..Counters::default() };
        at(29, Event::Counted(&counters));
        at(30, Event::Counted(&counters));
        at(59, Event::Counted(&counters));
        at(60, Event::Discovered { inputs: 80, bytes: 1 });
        counters.retries = 3;
        counters.pause = Duration::from_secs(75);
        at(200, Event::Counted(&counters));
        progress.finish().unwrap();
        let lines = [
            "0 of 40 and more inputs done after 30 s: 30 prepared, 10 sent",
            "0 of 80 inputs done after 1 min 0 s: 30 prepared, 10 sent",
            "0 of 80 inputs done after 3 min 20 s: 30 prepared, 10 sent, 3 retries, waiting 1 min 15 s",
        ];
        assert_eq!(String::from_utf8(written).unwrap(), lines.join("\n") + "\n");
    }

    #[test]
    fn who_is_to_say_nothing_says_nothing() {
        let mut written = Vec::new();
        let mut progress = Progress::new(Show::Nothing, None, Some(&mut written), Colour::Off)
            .with_clock(|| Duration::from_secs(1_000));
        progress.on_event(&Event::Counted(&Counters::default()));
        progress.finish().unwrap();
        assert!(written.is_empty());
    }

    #[test]
    fn rate_and_rest_are_told_once_something_is_done() {
        let mut state = State { inputs: Some(100), done: 0, ..State::default() };
        assert_eq!(state.line(Duration::from_secs(10)), "0 of 100 inputs done after 10 s");
        state.done = 20;
        state.problems = 2;
        let line = "20 of 100 inputs done after 10 s, 2.0 a second, about 40 s left: 2 with problems";
        assert_eq!(state.line(Duration::from_secs(10)), line);
        assert_eq!(time(Duration::from_secs(7_325)), "2 h 2 min");
    }
}
