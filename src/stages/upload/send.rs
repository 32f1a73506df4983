//! The way of one payload that was begun: attempts, and what follows from each.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::attempt::{Sending, attempt, compare};
use super::book::Seat;
use super::held::{Held, METADATA_KEY, Ready};
use super::pace::{Exhausted, backoff, rest};
use super::{Job, Sent, Stop, Uploader};
use crate::ledger::StoredObject;
use crate::model::entry::WarningEntry;
use crate::model::failpoint::{Step, hit};
use crate::model::{Code, Failure, FileName, FileObject, Outcome, Sha256};
use crate::stages::halt;
use crate::targets::{Disposition, TargetError, TargetErrorKind, UploadExtra};

/// What an attempt came to.
enum Came {
    Stored(FileObject, Vec<WarningEntry>),
    /// Stored, but not what was to be sent.
    Spoiled(FileObject, Failure),
    /// Another attempt may follow after a rest.
    Again(Duration),
    /// Nobody knows; the target may have asked for patience.
    Unknown(TargetError),
    Ended(Failure, Option<Stop>),
}

/// How often was tried what the target did not refuse as too much, and how often it did.
#[derive(Debug, Default)]
struct Tries {
    made: u32,
    limited: u32,
}

impl<'a, T: Send> Uploader<'a, T> {
    /// Sends until there is nothing to send any more.
    pub(super) fn send_all(&self, mut seat: Seat<'a, T>) {
        while let Some(ready) = self.queue.next(&mut seat.turn) {
            self.guarded(|| match ready {
                Ready::Send(job, held) => self.send(job, *held, &mut seat),
                Ready::Stored(job, stored) => {
                    // The target may be asked for it for a while.
                    self.queue.give_back(&mut seat.turn);
                    self.reuse(job, *stored);
                }
            });
        }
    }

    /// Takes one task a step further. One that panics is lost, and who owns its ticket says so; the run must end rather
    /// than wait for it for ever.
    pub(super) fn guarded(&self, step: impl FnOnce()) {
        if catch_unwind(AssertUnwindSafe(step)).is_err() {
            self.listener.stop(Stop::Defect);
            self.queue.settled();
        }
    }

    /// Returns why nothing more may be sent, if somebody said halt or the time is up.
    pub(super) fn may_go(&self) -> Result<(), Stop> {
        if let Some(reason) = self.options.state_dir.as_deref().and_then(halt::reason) {
            return Err(Stop::Halted(reason));
        }
        self.options.budget.check_duration().map_err(|exceeded| Stop::Budget(Box::new(exceeded)))
    }

    /// Reports what is stored already, if it still is. What this run found of an earlier one's attempts is adopted.
    fn reuse(&self, job: Job<T>, stored: StoredObject) {
        match self.is_alive(&stored) {
            Err(stop) => self.stop(job, stop),
            Ok(None) if self.listener.why_not().is_some() => self.leave(job),
            Ok(None) => self.queue.anew(job),
            Ok(Some(verified_at)) => {
                let ours = stored.run_id == self.options.run_id;
                let file = match self.ready(&stored.file) {
                    Ok(file) => file,
                    Err(failure) => return self.useless(job, &stored.file, failure, 0),
                };
                let mut sent = match stored.proof.filter(|_| ours) {
                    Some(proof) => Sent::new(Outcome::Adopted(file, proof)),
                    None => Sent::new(Outcome::Reused(file)),
                };
                sent.verified_at = (!ours).then_some(verified_at);
                sent.possible_orphans = stored.orphans;
                self.settle(job.ticket, sent);
            }
        }
    }

    /// Sends an attempt until its outcome is known, or known to be unknown.
    fn send(&self, job: Job<T>, mut held: Held<'a>, seat: &mut Seat<'a, T>) {
        let mut tries = Tries::default();
        let ends = self.ends();
        loop {
            let entered = self.may_go().and_then(|()| self.pace.enter(self.clock(), &self.tokens(), &ends));
            let slot = match entered {
                Ok(Some(slot)) => slot,
                Ok(None) => return self.give_up(job, held, None),
                Err(stop) => return self.give_up(job, held, Some(stop)),
            };
            held.requests += 1;
            if held.first_sent.is_none() {
                held.first_sent = Some(self.clock().monotonic());
                held.first_sent_at = self.clock().now();
            }
            let came = self.attempt(&job, &held, &mut tries);
            drop(slot);
            match came {
                Came::Again(wait) => {
                    if !wait.is_zero() {
                        self.queue.give_back(&mut seat.turn);
                    }
                    if !rest(self.clock(), wait, &ends) {
                        return self.give_up(job, held, None);
                    }
                }
                Came::Stored(object, warnings) => return self.stored(job, held, (object, warnings), seat),
                Came::Spoiled(object, failure) => return self.spoiled(job, held, failure, object),
                Came::Unknown(error) => return self.park(job, held, &error),
                Came::Ended(failure, stop) => {
                    if let Some(stop) = stop {
                        self.listener.stop(stop);
                    }
                    return self.ended(job, held, failure);
                }
            }
        }
    }

    fn attempt(&self, job: &Job<T>, held: &Held<'_>, tries: &mut Tries) -> Came {
        let file_name =
            FileName::parse(held.file_name.as_str()).unwrap_or_else(|_| job.payload.file_name.clone());
        let extra = self.extra(&job.key);
        let key = job.key.to_string();
        let sending = Sending {
            payload: &job.payload,
            file_name: &file_name,
            extra: &extra,
            attempt: held.requests,
            idempotency_key: self.target.profile().fields.idempotency_key.then_some(key.as_str()),
        };
        let (answer, digest) = attempt(&sending, self.target);
        let unread =
            |error: std::io::Error| TargetError::new(TargetErrorKind::BrokenAfterEnd, error.to_string());
        let error = match answer.and_then(|object| hit(Step::AfterSend).map(|()| object).map_err(unread)) {
            Ok(object) => {
                self.pace.succeeded();
                return match compare(&sending, &object, digest) {
                    Ok(warnings) => Came::Stored(object, warnings),
                    Err(failure) => Came::Spoiled(object, failure),
                };
            }
            Err(error) => error,
        };
        tracing::debug!(
            run_id = %self.options.run_id,
            seq = job.payload.seq,
            attempt = held.requests,
            error_class = ?error.kind,
            http_status = error.status,
            request_id = error.request_id,
            retry_after_ms = error.retry_after.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
            "an attempt failed"
        );
        self.judge(error, tries)
    }

    /// What travels with the file, with our key where the platform keeps metadata.
    fn extra(&self, key: &Sha256) -> UploadExtra {
        let mut extra = self.options.extra.clone();
        if self.target.profile().fields.metadata {
            let metadata = extra.metadata.get_or_insert_with(|| serde_json::json!({}));
            if let Some(object) = metadata.as_object_mut() {
                object.insert(METADATA_KEY.to_owned(), key.to_string().into());
            }
        }
        extra
    }

    /// Says what follows from a failed attempt. The error's kind decides; `x-should-retry` decides only where nothing
    /// can have been stored.
    fn judge(&self, error: TargetError, tries: &mut Tries) -> Came {
        let failed = |error: &TargetError| Failure::new(Code::UploadFailed, error.message.clone());
        match error.kind.disposition() {
            Disposition::Ambiguous => {
                if let Err(exhausted) = self.pace.failed(error.kind) {
                    self.listener.stop(exhausted.into());
                }
                Came::Unknown(error)
            }
            // What leads elsewhere may have been taken all the same, if all of it was sent.
            Disposition::StopRun if error.kind == TargetErrorKind::Redirect && error.body_sent => {
                self.listener.stop(Stop::Target(error.clone()));
                Came::Unknown(error)
            }
            Disposition::StopRun => Came::Ended(failed(&error), Some(Stop::Target(error))),
            Disposition::RefuseFile => {
                self.pace.answered();
                tries.made += 1;
                match error.should_retry == Some(true) {
                    true => self.again(&error, tries, refusal(&error)),
                    false => Came::Ended(refusal(&error), None),
                }
            }
            Disposition::RetrySafe if error.kind == TargetErrorKind::RateLimited => {
                tries.limited += 1;
                match self.pace.limited(error.retry_after, tries.limited, self.clock()) {
                    Err(exhausted) => Came::Ended(failed(&error), Some(exhausted.into())),
                    Ok(_) if error.should_retry == Some(false) => Came::Ended(failed(&error), None),
                    Ok(wait) => match self.tell_others(wait) {
                        // The pause is waited for where a place is.
                        Ok(()) => Came::Again(Duration::ZERO),
                        Err(stop) => Came::Ended(failed(&error), Some(stop)),
                    },
                }
            }
            Disposition::RetrySafe => {
                tries.made += 1;
                match self.pace.failed(error.kind) {
                    Err(exhausted) => Came::Ended(failed(&error), Some(exhausted.into())),
                    Ok(()) if error.should_retry == Some(false) => Came::Ended(failed(&error), None),
                    Ok(()) => self.again(&error, tries, failed(&error)),
                }
            }
        }
    }

    /// Other processes wait, too.
    pub(super) fn tell_others(&self, wait: Duration) -> Result<(), Stop> {
        Ok(self.ledger.pause(self.target.target_id(), self.clock().now().plus(wait))?)
    }

    /// Says whether and when another attempt follows.
    fn again(&self, error: &TargetError, tries: &Tries, failure: Failure) -> Came {
        let most = self.options.max_wait;
        if error.retry_after.is_some_and(|wait| wait > most) {
            let wait = error.retry_after.unwrap_or_default();
            return Came::Ended(failure, Some(Exhausted::TooLong { wait }.into()));
        }
        if tries.made > self.options.retries || !self.pace.may_retry() {
            return Came::Ended(failure, None);
        }
        let backoff = || backoff(Duration::from_millis(500), tries.made, self.clock());
        Came::Again(error.retry_after.unwrap_or_else(backoff))
    }
}

fn refusal(error: &TargetError) -> Failure {
    let code = if error.kind == TargetErrorKind::Body { Code::Changed } else { Code::UploadRefused };
    Failure::new(code, error.message.clone())
}
