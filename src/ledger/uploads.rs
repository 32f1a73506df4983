//! How uploads begin and finish, one by one or many with one wait for the disk.

use std::sync::Arc;

use super::ends::Booking;
use super::writer::{Desk, Pending};
use super::{AttemptId, Begun, Intent, Ledger, LedgerError, Scope, attempts, ends};
use crate::model::failpoint::Step;
use crate::model::{FileObject, Proof};

/// Calls that begin and finish uploads.
///
/// # Errors
/// As those of the other calls that concern one upload.
impl Ledger {
    /// Begins an upload, if it is needed and may be; its record is durable then.
    pub fn begin(&self, scope: Scope, intent: &Intent) -> Result<Begun, LedgerError> {
        let mut begun = self.begin_all(scope, &Arc::from([intent.clone()]))?;
        begun.pop().unwrap_or_else(|| Err(LedgerError::Closed { path: self.path().to_owned() }))
    }

    /// Begins uploads, as [`Ledger::begin`] does, with one wait for the disk. One that is refused costs the others nothing.
    pub fn begin_all(
        &self,
        scope: Scope,
        intents: &Arc<[Intent]>,
    ) -> Result<Vec<Result<Begun, LedgerError>>, LedgerError> {
        self.0.shared.take_deferred()?;
        intents.iter().try_for_each(|_| self.at(Step::BeforeIntent))?;
        let intents = Arc::clone(intents);
        let begun = self.write(move |desk| {
            let one_by_one = intents.iter().map(|intent| match attempts::begin(desk, scope, intent) {
                Err(error) if !error.is_refusal() => Err(error),
                begun => Ok(begun),
            });
            one_by_one.collect::<Result<Vec<_>, _>>()
        })?;
        let mut sent = begun.iter().filter(|begun| matches!(begun, Ok(Begun::Send { .. })));
        sent.try_for_each(|_| self.at(Step::AfterIntent))?;
        Ok(begun)
    }

    /// Records that an attempt is stored, how that is known, and which copies of it there may be.
    ///
    /// # Errors
    /// [`LedgerError::DuplicateId`] if the id belongs to another upload. Without a proof, that one is open again, too, if it
    /// is of the same run and had none. [`LedgerError::NotAlone`] if the proof is that there is only one of this name and
    /// size, and another open attempt, or a burned one, has them. The attempt stays open then.
    pub fn finish(
        &self,
        attempt: AttemptId,
        file: &FileObject,
        proof: Option<Proof>,
        orphans: &[FileObject],
    ) -> Result<(), LedgerError> {
        let (file, orphans) = (file.clone(), orphans.to_vec());
        self.finish_by(move |desk| ends::finish(desk, attempt, &file, proof, &orphans), true)?.wait()
    }

    /// As [`Ledger::finish`] of what was answered, for whoever has other things to do until it is durable. Unless there is
    /// `hurry`, it may be put off for some milliseconds, so that others share the wait for the disk.
    pub fn finish_later(
        &self,
        attempt: AttemptId,
        file: &FileObject,
        orphans: &[FileObject],
        hurry: bool,
    ) -> Result<Finishing, LedgerError> {
        let (file, orphans) = (file.clone(), orphans.to_vec());
        self.finish_by(move |desk| ends::finish(desk, attempt, &file, None, &orphans), hurry)
    }

    fn finish_by<F>(&self, finish: F, hurry: bool) -> Result<Finishing, LedgerError>
    where
        F: FnMut(&Desk<'_>) -> Result<Booking, LedgerError> + Send + 'static,
    {
        self.at(Step::BeforeFinish)?;
        let pending = self.0.writer.begin(finish, hurry)?;
        Ok(Finishing { ledger: self.clone(), pending })
    }
}

/// A record that will soon be durable.
#[derive(Debug)]
pub struct Finishing {
    ledger: Ledger,
    pending: Pending<Booking>,
}

impl Finishing {
    /// Returns when it is.
    ///
    /// # Errors
    /// As [`Ledger::finish`].
    pub fn wait(self) -> Result<(), LedgerError> {
        self.pending.wait()?.done()?;
        self.ledger.at(Step::AfterFinish)
    }
}
