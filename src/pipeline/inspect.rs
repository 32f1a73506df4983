//! Judges inputs without sending or writing anything: the dry run of `ingest`, and `check`.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use super::output::check_apart;
use super::prepare::{Part, Ready, described};
use super::report::{Report, Stopped};
use super::{Pipeline, RunError, Work};
use crate::model::entry::Entry;
use crate::model::{Code, Outcome, Payload};
use crate::stages::admit::admit_whole;
use crate::stages::classify::classify;
use crate::stages::discover::{Found, discover};
use crate::stages::estimate::Known;
use crate::stages::plan::{Plan, plan, plan_local};
use crate::stages::survey::survey;

/// How many inputs are judged before anything is told of them; so many verdicts are in memory at the most.
const AT_ONCE: usize = 512;

/// How far inputs are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inspection {
    /// Classified and planned; nothing is converted.
    Plan,
    /// Converted and admitted, too; the outputs are thrown away.
    Admit,
}

/// What would become of an input.
#[derive(Debug)]
pub enum Verdict {
    /// It would be sent, or converted, like this.
    Passes {
        /// What discovery and classification learned.
        entry: Box<Entry>,
        /// What would be done with it.
        action: String,
        /// What is known of what would be sent besides its type and size; nothing where it is only planned.
        known: Known,
    },
    /// It would not; the entry says why.
    Stays(Box<Entry>),
}

impl Verdict {
    /// Returns the entry.
    #[must_use]
    pub fn entry(&self) -> &Entry {
        match self {
            Self::Passes { entry, .. } | Self::Stays(entry) => entry,
        }
    }
}

impl Pipeline {
    /// Judges all inputs and tells `each` the verdicts in order, while it goes on. An error of `each` ends it.
    ///
    /// # Errors
    /// That of `each`, or [`RunError`] if nothing could be discovered.
    pub fn inspect<E: From<RunError>>(
        &self,
        depth: Inspection,
        mut each: impl FnMut(&Verdict) -> Result<(), E>,
    ) -> Result<Report, E> {
        if let Work::Convert { output_dir } = &self.work {
            check_apart(output_dir, &self.named)?;
        }
        let mut found = discover(&self.named, &self.discover).map_err(RunError::from)?;
        let pool = self.pool()?;
        let mut report = Report::default();
        loop {
            let some: Vec<Found> = found.by_ref().take(AT_ONCE).collect();
            if some.is_empty() {
                self.rest();
                report.stopped = report.was_cut_short(&self.interrupted).then(Stopped::interrupted);
                return Ok(report);
            }
            for verdict in self.verdicts(&pool, some, depth) {
                report.count(verdict.entry());
                each(&verdict)?;
            }
        }
    }

    fn verdicts(&self, pool: &rayon::ThreadPool, found: Vec<Found>, depth: Inspection) -> Vec<Verdict> {
        let verdicts = Mutex::new(Vec::new());
        pool.scope(|scope| {
            for one in found {
                let verdicts = &verdicts;
                scope.spawn(move |_| {
                    let made = self.verdict(one, depth);
                    verdicts.lock().unwrap_or_else(PoisonError::into_inner).extend(made);
                });
            }
        });
        let mut verdicts = verdicts.into_inner().unwrap_or_else(PoisonError::into_inner);
        verdicts.sort_by_key(|verdict| (verdict.entry().seq, verdict.entry().part));
        verdicts
    }

    fn verdict(&self, found: Found, depth: Inspection) -> Vec<Verdict> {
        if let Some(entry) = self.left_out(&found, 0) {
            return vec![Verdict::Stays(Box::new(entry))];
        }
        if self.interrupted.load(Ordering::Relaxed) {
            let entry = self.not_attempted(&found.candidate, 0, Code::Interrupted);
            return vec![Verdict::Stays(Box::new(entry))];
        }
        match depth {
            Inspection::Plan => vec![self.planned(found)],
            Inspection::Admit => self.admitted(found),
        }
    }

    fn planned(&self, found: Found) -> Verdict {
        let mut base = self.base(&found.candidate, 0);
        let mut classified = match classify(found.candidate, &self.classify) {
            Ok(classified) => classified,
            Err(outcome) => return Verdict::Stays(Box::new(base.nothing(*outcome))),
        };
        base.learn(&classified);
        if let Err(outcome) = survey(&mut classified, &self.convert, &self.interrupted) {
            return Verdict::Stays(Box::new(base.nothing(*outcome)));
        }
        let name = classified.candidate.source.file_name().to_string_lossy().into_owned();
        let action = match &self.admit {
            Some(admit) => match plan(described(&classified, &name), &admit.acceptance, self.plan) {
                Plan::Reject(violations) => Err(Outcome::Rejected(violations)),
                Plan::Convert { means } => match admit.policy.judge_names(&name, "") {
                    secrets if secrets.is_empty() => Ok(format!("convert with {}", means.name())),
                    secrets => Err(Outcome::Rejected(secrets)),
                },
                Plan::PassThrough { media_type, append } => {
                    match admit_whole(classified, media_type, append, admit).verdict {
                        Ok(payload) => Ok(sending(&payload, &name)),
                        Err(violations) => Err(Outcome::Rejected(violations)),
                    }
                }
            },
            None => match plan_local(described(&classified, &name), self.plan) {
                Ok(Some(means)) => Ok(format!("convert with {}", means.name())),
                Ok(None) => Err(self.unconverted(&classified)),
                Err(violation) => Err(Outcome::Rejected(vec![violation])),
            },
        };
        match action {
            Ok(action) => {
                let entry = Box::new(base.entry(0, 1, Outcome::Converted(None)));
                Verdict::Passes { entry, action, known: Known::default() }
            }
            Err(outcome) => Verdict::Stays(Box::new(base.nothing(outcome))),
        }
    }

    fn admitted(&self, found: Found) -> Vec<Verdict> {
        debug_assert!(!matches!(self.work, Work::Convert { .. }), "check judges by a profile");
        match self.prepare(found.candidate, 0, None, None) {
            Ready::Known(entries) | Ready::Final(entries) => {
                entries.into_iter().map(|e| Verdict::Stays(Box::new(e))).collect()
            }
            Ready::Send(parts) => parts
                .into_iter()
                .map(|part| match part {
                    Part::Entry(entry) => Verdict::Stays(entry),
                    Part::Payload(payload, draft) => {
                        let action = format!("send {} as {}", payload.file_name, payload.media_type);
                        let known = Known::of(&payload);
                        let entry = Box::new(draft.entry(Outcome::Converted(None)));
                        Verdict::Passes { entry, action, known }
                    }
                })
                .collect(),
        }
    }
}

/// Describes what would be sent as it is.
fn sending(payload: &Payload, source_name: &str) -> String {
    let name = &payload.file_name;
    let named = if name.as_str() == source_name { String::new() } else { format!(", named `{name}`") };
    format!("send as {}{named}", payload.media_type)
}
