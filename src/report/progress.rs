//! Shows a run while it goes on: a bar for people on a terminal, JSON lines for programs, log lines for both.

use std::io::{self, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use super::human::{self, Colour};
use crate::event::{Event, Observer};
use crate::model::entry::Status;

/// Listens to a run.
pub struct Progress<'a> {
    bar: ProgressBar,
    out: Option<&'a mut dyn Write>,
    warnings: Option<&'a mut dyn Write>,
    colour: Colour,
    error: Option<io::Error>,
    problems: u64,
}

impl std::fmt::Debug for Progress<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Progress").field("problems", &self.problems).finish_non_exhaustive()
    }
}

impl<'a> Progress<'a> {
    /// Draws a bar if told to, writes events to `out` and what people should know to `warnings`, if there are such.
    pub fn new(
        drawn: bool,
        out: Option<&'a mut dyn Write>,
        warnings: Option<&'a mut dyn Write>,
        colour: Colour,
    ) -> Self {
        let target = if drawn { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_style(style("{spinner} {pos} inputs {elapsed} {msg}"));
        Self { bar, out, warnings, colour, error: None, problems: 0 }
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
}

impl Observer for Progress<'_> {
    fn on_event(&mut self, event: &Event<'_>) {
        match event {
            Event::Discovered { inputs, bytes } => {
                self.bar.set_length(*inputs);
                self.bar.set_style(style("{bar:30} {pos}/{len} inputs {eta} {msg}"));
                tracing::info!(inputs, bytes, "discovered");
            }
            Event::Finished(entry) => {
                if entry.part == 0 {
                    self.bar.inc(1);
                }
                if matches!(entry.status, Status::Rejected | Status::Failed | Status::Ambiguous) {
                    self.problems += 1;
                    self.bar.set_message(format!("{} with problems", self.problems));
                }
                let path = human::printable(&entry.source.path);
                tracing::info!(
                    seq = entry.seq,
                    part = entry.part,
                    status = entry.status.as_str(),
                    path,
                    "entry"
                );
                if self.out.is_some() {
                    self.say(&json!({ "event": "entry", "entry": entry }));
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
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
