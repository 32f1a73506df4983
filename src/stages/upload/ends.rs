//! The ends of attempts: spoiled, refused, given up, or of unknown outcome.

use std::sync::PoisonError;

use super::attempt::until_ready;
use super::held::{Held, ids};
use super::late::Watched;
use super::pace::Exhausted;
use super::reconcile::Parked;
use super::{Job, Sent, Stop, Uploader};
use crate::ledger::LedgerError;
use crate::model::{Attempt, Code, Failure, FileObject, Outcome};
use crate::targets::TargetError;

impl<'a, T: Send> Uploader<'a, T> {
    pub(super) fn settle_or_watch(&self, job: Job<T>, held: Held<'a>, mut sent: Sent, file: FileObject) {
        sent.attempts = held.requests;
        sent.possible_orphans = ids(&held.orphans);
        sent.sent_name = (held.file_name != job.payload.file_name.as_str()).then(|| held.file_name.clone());
        if held.may_be_stored() {
            self.watch(Watched::new(job.ticket, held, sent, file));
        } else {
            self.settle(job.ticket, sent);
        }
    }

    /// Waits for a file that the platform still takes in.
    pub(super) fn ready(&self, file: &FileObject) -> Result<FileObject, Failure> {
        let ends = self.ends();
        until_ready(file.clone(), &self.lister(&ends))
    }

    /// What is stored and booked cannot be used. One that the platform gave up is sent anew by the next run; for one that
    /// is not ready yet, the next run looks again.
    pub(super) fn useless(&self, job: Job<T>, file: &FileObject, failure: Failure, requests: u32) {
        if failure.code == Code::ProcessingFailed
            && let Err(error) = self.ledger.lost(self.scope, std::slice::from_ref(&file.file_id))
        {
            self.listener.stop(error.into());
        }
        let mut sent = Sent::new(Outcome::Failed(failure));
        sent.attempts = requests;
        sent.possible_orphans = vec![file.file_id.clone()];
        self.settle(job.ticket, sent);
    }

    /// A file is stored and the ledger cannot say so: the run ends, the next one looks for it.
    pub(super) fn unbooked(&self, job: Job<T>, mut held: Held<'a>, file: &FileObject, error: LedgerError) {
        let (code, message) = match &error {
            // The id may be that of the other file, or of this one.
            LedgerError::DuplicateId { reopened, .. } => {
                if *reopened {
                    self.listener.doubted(&file.file_id);
                }
                (Code::DuplicateId, error.to_string())
            }
            _ => {
                held.orphans.push(file.clone());
                (Code::UploadAmbiguous, format!("stored as {}, but not booked: {error}", file.file_id))
            }
        };
        self.listener.stop(error.into());
        self.remains_unknown(Some(job), held, Failure::new(code, message));
    }

    /// What is stored is not what was to be sent.
    pub(super) fn spoiled(&self, job: Job<T>, mut held: Held<'a>, failure: Failure, object: FileObject) {
        if let Err(error) = self.ledger.spoil(held.attempt, &object) {
            return self.unbooked(job, held, &object, error);
        }
        held.orphans.push(object);
        let mut sent = Sent::new(Outcome::Failed(failure));
        sent.attempts = held.requests;
        sent.possible_orphans = ids(&held.orphans);
        self.settle(job.ticket, sent);
    }

    pub(super) fn park(&self, job: Job<T>, held: Held<'a>, error: &TargetError) {
        let failure = Failure::new(Code::UploadAmbiguous, error.message.clone());
        if let Err(error) = self.ledger.park(held.attempt) {
            self.listener.stop(error.into());
            return self.remains_unknown(Some(job), held, failure);
        }
        // A target that asks for patience is left alone, by all.
        let asked = error.retry_after.unwrap_or_default();
        if asked > self.options.max_wait {
            self.listener.stop(Exhausted::TooLong { wait: asked }.into());
            return self.remains_unknown(Some(job), held, failure);
        }
        if !asked.is_zero() {
            self.pace.pause(asked, self.clock());
            if let Err(stop) = self.tell_others(asked) {
                self.listener.stop(stop);
            }
        }
        let due = self.clock().monotonic() + self.options.listing_grace.max(asked);
        self.queue.park(Parked::new(Some(job), held, failure, due));
    }

    /// The attempt was not stored, and will not be sent again.
    pub(super) fn ended(&self, job: Job<T>, held: Held<'a>, failure: Failure) {
        if held.may_be_stored() {
            return self.give_up_unknown(job, held, failure);
        }
        if let Err(error) = self.ledger.release(held.attempt) {
            self.listener.stop(error.into());
        }
        if let Some(reservation) = held.reservation {
            reservation.release();
        }
        let mut sent = Sent::new(Outcome::Failed(failure));
        sent.attempts = held.requests;
        self.settle(job.ticket, sent);
    }

    /// The run ends before the attempt was made.
    pub(super) fn give_up(&self, job: Job<T>, held: Held<'a>, stop: Option<Stop>) {
        if let Some(stop) = stop {
            self.listener.stop(stop);
        }
        let code = self.listener.why_not().unwrap_or(Code::Interrupted);
        self.ended(job, held, Failure::of(code));
    }

    /// An earlier attempt may be stored: the next run looks for it.
    pub(super) fn give_up_unknown(&self, job: Job<T>, held: Held<'a>, failure: Failure) {
        if let Err(error) = self.ledger.park(held.attempt) {
            self.listener.stop(error.into());
        }
        let failure = Failure::new(Code::UploadAmbiguous, failure.message);
        self.remains_unknown(Some(job), held, failure);
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "the attempt ends here, and with it its place in the budget"
    )]
    pub(super) fn remains_unknown(&self, job: Option<Job<T>>, held: Held<'a>, failure: Failure) {
        let mut given_up = self.given_up.lock().unwrap_or_else(PoisonError::into_inner);
        given_up.keys.insert(held.key);
        given_up.names.insert((held.file_name.clone(), held.size_bytes));
        drop(given_up);
        let Some(job) = job else { return self.queue.settled() };
        let mut sent = Sent::new(Outcome::Ambiguous(Attempt {
            sent_at: held.first_sent_at,
            file_name: held.file_name.clone(),
            size_bytes: held.size_bytes,
            failure,
            attempts: held.requests,
        }));
        sent.attempts = held.requests;
        sent.possible_orphans = ids(&held.orphans);
        self.settle(job.ticket, sent);
    }
}
