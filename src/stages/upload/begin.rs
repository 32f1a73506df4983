//! Begins uploads: the intents of several are recorded with one wait for the disk, a little ahead of those who send.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::held::{Held, Ready};
use super::reconcile::Parked;
use super::{Job, Sent, Stop, Uploader};
use crate::ledger::{Begun, Intent};
use crate::model::{Attempt, Code, Failure, Outcome, Timestamp};

/// The most intents that are recorded together.
const MOST: usize = 64;
/// What is begun and not sent is looked for after a crash: no more is begun than is sent in about this time.
const AHEAD: Duration = Duration::from_millis(50);

/// How many uploads are begun together: as many as are sent in a short time, but enough for all senders.
#[derive(Debug)]
struct Ahead {
    least: usize,
    most: usize,
    since: Duration,
}

impl Ahead {
    fn new(concurrency: usize, now: Duration) -> Self {
        let least = (concurrency * 2).min(MOST);
        Self { least, most: least, since: now }
    }

    /// Notes that some are on their way.
    fn begun(&mut self, now: Duration) {
        let took = now.saturating_sub(std::mem::replace(&mut self.since, now));
        self.most = if took < AHEAD { (self.most * 2).min(MOST) } else { (self.most / 2).max(self.least) };
    }
}

impl<'a, T: Send> Uploader<'a, T> {
    /// Begins uploads until there will be none any more.
    pub(super) fn begin_all(&self) {
        let mut ahead = Ahead::new(self.options.concurrency, self.clock().monotonic());
        loop {
            let jobs = self.queue.next_fresh(ahead.most);
            let n = jobs.len();
            if n == 0 {
                return;
            }
            if catch_unwind(AssertUnwindSafe(|| self.begin(jobs))).is_err() {
                self.listener.stop(Stop::Defect);
                // None of them was begun. Who owns their tickets says that they are lost; waiting for them would be for ever.
                (0..n).for_each(|_| self.queue.settled());
            }
            ahead.begun(self.clock().monotonic());
        }
    }

    fn begin(&self, jobs: Vec<Job<T>>) {
        if self.listener.why_not().is_none()
            && let Err(stop) = self.may_go()
        {
            self.listener.stop(stop);
        }
        if self.listener.why_not().is_some() {
            return self.leave_all(jobs);
        }
        let now = self.clock().now();
        let intents: Arc<[Intent]> = jobs.iter().map(|job| self.intent(job, now)).collect();
        let begun = match self.ledger.begin_all(self.scope, &intents) {
            Ok(begun) => begun,
            Err(error) => {
                self.listener.stop(error.into());
                return self.leave_all(jobs);
            }
        };
        let mut ready = Vec::with_capacity(jobs.len());
        for ((job, intent), begun) in jobs.into_iter().zip(intents.iter()).zip(begun) {
            // One that panics costs no other its intent.
            self.guarded(|| match begun {
                Ok(begun) => ready.extend(self.sort(job, intent, begun)),
                Err(error) => self.stop(job, error.into()),
            });
        }
        self.queue.begun(ready);
    }

    /// Does what the ledger says, if it is not for a sender to do.
    fn sort(&self, job: Job<T>, intent: &Intent, begun: Begun) -> Option<Ready<'a, T>> {
        match begun {
            Begun::OverBudget(exceeded) => {
                self.stop(job, Stop::Budget(exceeded));
                None
            }
            Begun::Busy => {
                self.wait_for_another(job, intent.sent_at);
                None
            }
            Begun::Unresolved(known) => {
                self.queue.park(Parked::known(Some(job), *known, self.clock().monotonic()));
                None
            }
            Begun::Stored(stored) => Some(Ready::Stored(job, stored)),
            Begun::Send { attempt, tagged, burned } => {
                let mut held = Held::new(attempt, intent, tagged, burned);
                match self.options.budget.reserve(&job.charges) {
                    Ok(reservation) => held.reservation = Some(reservation),
                    Err(exceeded) => {
                        self.give_up(job, held, Some(Stop::Budget(Box::new(exceeded))));
                        return None;
                    }
                }
                Some(Ready::Send(job, Box::new(held)))
            }
        }
    }

    fn leave_all(&self, jobs: Vec<Job<T>>) {
        jobs.into_iter().for_each(|job| self.guarded(|| self.leave(job)));
    }

    /// Ends a job that had no turn.
    pub(super) fn leave(&self, job: Job<T>) {
        let code = self.listener.why_not().unwrap_or(Code::NotAttempted);
        self.settle(job.ticket, Sent::new(Outcome::Failed(Failure::of(code))));
    }

    /// Ends a job because the whole run ends.
    pub(super) fn stop(&self, job: Job<T>, stop: Stop) {
        self.listener.stop(stop);
        self.leave(job);
    }

    /// Somebody is at the same file, or at one that could not be told from it.
    fn wait_for_another(&self, job: Job<T>, sent_at: Timestamp) {
        let given_up = self.given_up.lock().unwrap_or_else(PoisonError::into_inner);
        let (file_name, size_bytes) = (job.payload.file_name.to_string(), job.payload.size_bytes);
        let outcome = if given_up.keys.contains(&job.key) {
            let message = "the same file was sent for another input, and nobody knows whether it was stored";
            let failure = Failure::new(Code::UploadAmbiguous, message);
            Outcome::Ambiguous(Attempt { sent_at, file_name, size_bytes, failure, attempts: 0 })
        } else if given_up.names.contains(&(file_name, size_bytes)) {
            let message = "another file of the same name and size is of unknown outcome, and --name-tag never keeps them alike";
            Outcome::Failed(Failure::new(Code::UploadFailed, message))
        } else {
            drop(given_up);
            return self.queue.later(job);
        };
        drop(given_up);
        self.settle(job.ticket, Sent::new(outcome));
    }

    fn intent(&self, job: &Job<T>, sent_at: Timestamp) -> Intent {
        let payload = &job.payload;
        Intent {
            upload_key: job.key,
            source: payload.lineage.source.file_name().to_string_lossy().into_owned(),
            file_name: payload.file_name.to_string(),
            tagged_name: self.tagged(payload, &job.key, 0),
            size_bytes: payload.size_bytes,
            media_type: payload.media_type.to_string(),
            digest: payload.digest,
            run_id: self.options.run_id.clone(),
            sent_at,
            good_after: Some(sent_at.plus(self.options.min_ttl)),
            force: self.options.force,
            name_tag: self.options.name_tag,
            charges: job.charges,
        }
    }
}
