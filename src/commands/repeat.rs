//! Calls that may be made again: the one place where commands that read, fetch or remove meet a failure that passes.
//!
//! A run that uploads has a pace of its own (`stages/upload/pace.rs`): there, several senders share one.

use std::time::Duration;

use super::{CommandError, books};
use crate::config::Settings;
use crate::stages::upload::Clock;
use crate::targets::{Disposition, TargetError, TargetErrorKind};

/// The first wait of our own before something is tried again; it doubles.
const FIRST_BACKOFF: Duration = Duration::from_millis(500);
/// The longest one.
const MAX_BACKOFF: Duration = Duration::from_secs(30);

/// How a target is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Patience {
    /// Requests a minute; `None` is any number.
    pub(super) per_minute: Option<u32>,
    /// Attempts after the first.
    pub(super) retries: u32,
    /// The longest wait that the target can ask for and get.
    pub(super) max_wait: Duration,
}

impl Patience {
    /// Returns what the settings say.
    pub(super) fn of(settings: &Settings) -> Self {
        Self {
            per_minute: books::requests_per_minute(settings),
            retries: settings.engine.retries,
            max_wait: settings.engine.max_wait,
        }
    }
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

    /// Returns what ends a command; `target` is the target's name.
    pub(super) fn into_error(self, target: &str) -> CommandError {
        match self {
            Self::Interrupted { .. } => CommandError::Interrupted,
            Self::Failed { error, .. } => CommandError::Target { target: target.to_owned(), source: *error },
        }
    }
}

/// Makes calls, one after another.
pub(super) struct Repeat<'a> {
    pub(super) clock: &'a dyn Clock,
    interrupted: &'a dyn Fn() -> bool,
    patience: Patience,
    /// When the next request would be due if all came evenly.
    due: Duration,
}

impl<'a> Repeat<'a> {
    pub(super) fn new(clock: &'a dyn Clock, interrupted: &'a dyn Fn() -> bool, patience: Patience) -> Self {
        Self { clock, interrupted, patience, due: Duration::ZERO }
    }

    pub(super) fn is_interrupted(&self) -> bool {
        (self.interrupted)()
    }

    /// Asks for something until it is answered. Asking changes nothing, so that it may be repeated whatever went wrong.
    pub(super) fn read<T>(&mut self, mut ask: impl FnMut() -> Result<T, TargetError>) -> Result<T, Stop> {
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

    /// Takes something away until it is gone: the attempt whose answer was lost may have done it.
    pub(super) fn remove(&mut self, mut ask: impl FnMut() -> Result<(), TargetError>) -> Result<(), Stop> {
        let mut tries = 0;
        self.read(|| {
            tries += 1;
            match ask() {
                Err(error) if error.kind == TargetErrorKind::NotFound && tries > 1 => Ok(()),
                answer => answer,
            }
        })
    }

    /// Waits; an interrupt ends it.
    pub(super) fn rest(&self, time: Duration) -> Result<(), Stop> {
        match !self.is_interrupted() && self.clock.sleep(time) {
            true => Ok(()),
            false => Err(Stop::Interrupted { is_open: false }),
        }
    }

    /// Waits for the turn of the next request. A quarter of a minute's worth may come at once.
    pub(super) fn turn(&mut self) -> Result<(), Stop> {
        if self.is_interrupted() {
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
            let whole = FIRST_BACKOFF * 2u32.pow(tries.saturating_sub(1).min(6));
            whole.min(MAX_BACKOFF).mul_f64(0.5 + self.clock.random() / 2.0)
        };
        let wait = asked.unwrap_or_else(own);
        tracing::info!(wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX), error = %error, "asking again");
        self.rest(wait)
    }
}

/// Tells whether the same request may fare better later.
fn is_passing(error: &TargetError) -> bool {
    matches!(error.kind.disposition(), Disposition::RetrySafe | Disposition::Ambiguous)
        && error.kind != TargetErrorKind::Protocol
}

#[cfg(test)]
mod tests;
