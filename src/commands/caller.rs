//! Calls of a target outside of a run: as fast as it allows, and repeated where that is safe.

use std::time::Duration;

use crate::stages::upload::Clock;
use crate::targets::{Disposition, TargetError, TargetErrorKind};

/// The longest wait of our own before something is tried again.
const MAX_BACKOFF: Duration = Duration::from_secs(30);

/// How the target is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Patience {
    /// Requests a minute; `None` is any number.
    pub(super) per_minute: Option<u32>,
    /// Attempts after the first.
    pub(super) retries: u32,
    /// The longest wait that the target can ask for and get.
    pub(super) max_wait: Duration,
}

/// Why a call came to nothing.
#[derive(Debug)]
pub(super) enum Stop {
    /// The user wants to stop. `is_open` if something may have been done that nobody has looked at.
    Interrupted { is_open: bool },
    /// The target or the network failed. `is_open` as above.
    Failed { error: Box<TargetError>, is_open: bool },
}

impl Stop {
    pub(super) fn failed(error: TargetError) -> Self {
        Self::Failed { error: Box::new(error), is_open: false }
    }

    pub(super) fn open(self) -> Self {
        match self {
            Self::Interrupted { .. } => Self::Interrupted { is_open: true },
            Self::Failed { error, .. } => Self::Failed { error, is_open: true },
        }
    }
}

/// Who calls.
pub(super) struct Caller<'a> {
    pub(super) clock: &'a dyn Clock,
    pub(super) interrupted: &'a dyn Fn() -> bool,
    pub(super) patience: Patience,
    /// When the next request would be due if all came evenly.
    pub(super) due: Duration,
}

impl Caller<'_> {
    /// Asks for something until it is answered.
    pub(super) fn read<T>(&mut self, ask: impl Fn() -> Result<T, TargetError>) -> Result<T, Stop> {
        let mut tries = 0;
        loop {
            self.turn()?;
            tries += 1;
            match ask() {
                Ok(answer) => return Ok(answer),
                Err(error) if is_passing(&error) => self.again(error, tries)?,
                Err(error) => return Err(Stop::failed(error)),
            }
        }
    }

    /// Waits; an interrupt ends it.
    pub(super) fn rest(&self, time: Duration) -> Result<(), Stop> {
        match !(self.interrupted)() && self.clock.sleep(time) {
            true => Ok(()),
            false => Err(Stop::Interrupted { is_open: false }),
        }
    }

    /// Waits for the turn of the next request. A quarter of a minute's worth may come at once.
    pub(super) fn turn(&mut self) -> Result<(), Stop> {
        if (self.interrupted)() {
            return Err(Stop::Interrupted { is_open: false });
        }
        let Some(per_minute) = self.patience.per_minute.filter(|n| *n > 0) else { return Ok(()) };
        let between = Duration::from_secs(60) / per_minute;
        let ahead = between * (per_minute / 4).saturating_sub(1);
        let now = self.clock.monotonic();
        self.due = self.due.max(now);
        if self.due > now + ahead {
            self.rest(self.due - now - ahead)?;
        }
        self.due += between;
        Ok(())
    }

    /// Waits before another attempt.
    ///
    /// # Errors
    /// There is none left, the target says that there is no sense in one, or asks for too much patience.
    pub(super) fn again(&self, error: TargetError, tries: u32) -> Result<(), Stop> {
        let asked = error.retry_after;
        let is_over = tries > self.patience.retries || error.should_retry == Some(false);
        if is_over || asked.is_some_and(|wait| wait > self.patience.max_wait) {
            return Err(Stop::failed(error));
        }
        let own = || {
            let whole = Duration::from_secs(1) * 2u32.pow(tries.saturating_sub(1).min(5));
            whole.min(MAX_BACKOFF).mul_f64(0.5 + self.clock.random() / 2.0)
        };
        self.rest(asked.unwrap_or_else(own))
    }
}

/// Tells whether the same request may fare better later.
pub(super) fn is_passing(error: &TargetError) -> bool {
    matches!(error.kind.disposition(), Disposition::RetrySafe | Disposition::Ambiguous)
        && error.kind != TargetErrorKind::Protocol
}
