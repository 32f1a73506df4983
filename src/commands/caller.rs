//! Calls outside a run: as fast as the target allows, and repeated where that is safe.
//!
//! Reading and removing may be repeated whatever went wrong. A wait that the target asks for is never cut short.

mod watch;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use watch::Watch;

use super::{CommandError, books};
use crate::config::Settings;
use crate::model::FileObject;
use crate::stages::upload::{Clock, SystemClock};
use crate::targets::{Disposition, ListRequest, Target, TargetError, TargetErrorKind};

/// How many are listed in one page; every platform gives that many.
pub(super) const PAGE: u32 = 100;
/// The most that is believed to be in one listing.
const MAX_LISTED: u64 = 10_000_000;
/// The most pages that a listing is believed to have.
const MAX_PAGES: usize = 100_000;
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

impl Patience {
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
    /// The failure would pass, but not within the time of [`Caller::watch_for`].
    Late { error: Box<TargetError> },
}

impl Stop {
    pub(super) fn failed(error: TargetError) -> Self {
        Self::Failed { error: Box::new(error), is_open: false }
    }

    pub(super) fn open(self) -> Self {
        match self {
            Self::Interrupted { .. } => Self::Interrupted { is_open: true },
            Self::Failed { error, .. } | Self::Late { error } => Self::Failed { error, is_open: true },
        }
    }

    /// Returns what it is for a command of the target called `name`.
    pub(super) fn into_error(self, name: &str) -> CommandError {
        match self {
            Self::Interrupted { .. } => CommandError::Interrupted,
            Self::Failed { error, .. } | Self::Late { error } => {
                CommandError::Target { target: name.to_owned(), source: *error }
            }
        }
    }
}

/// Calls a target.
pub(super) struct Caller {
    clock: Arc<dyn Clock>,
    interrupted: Arc<AtomicBool>,
    patience: Patience,
    /// When the next request would be due if all came evenly.
    due: Duration,
    /// How long something is looked for, if it is.
    watch: Option<Watch>,
}

impl Caller {
    pub(super) fn new(patience: Patience, interrupted: &Arc<AtomicBool>) -> Self {
        Self::with_clock(patience, interrupted, Arc::new(SystemClock::new(Arc::clone(interrupted))))
    }

    pub(super) fn with_clock(
        patience: Patience,
        interrupted: &Arc<AtomicBool>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { clock, interrupted: Arc::clone(interrupted), patience, due: Duration::ZERO, watch: None }
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    pub(super) fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

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

    /// Removes something; `false` if it was gone before we asked.
    pub(super) fn remove(&mut self, remove: impl Fn() -> Result<(), TargetError>) -> Result<bool, Stop> {
        let (mut tries, mut may_be_done) = (0, false);
        loop {
            self.turn()?;
            tries += 1;
            match remove() {
                Ok(()) => return Ok(true),
                // The attempt whose answer was lost has done it; one that was refused or never came there has not.
                Err(error) if error.kind == TargetErrorKind::NotFound => return Ok(may_be_done),
                Err(error) if is_passing(&error) => {
                    may_be_done |= error.kind.disposition() == Disposition::Ambiguous;
                    self.again(error, tries)?;
                }
                Err(error) => return Err(Stop::failed(error)),
            }
        }
    }

    /// Tells whether a file that was to be removed is gone. After a failure it is looked for once, whatever ended us; `None`
    /// if nobody knows.
    pub(super) fn is_gone(target: &dyn Target, file_id: &str, removed: &Result<bool, Stop>) -> Option<bool> {
        if removed.is_ok() {
            return Some(true);
        }
        match target.get(file_id) {
            Ok(_) => Some(false),
            Err(error) => (error.kind == TargetErrorKind::NotFound).then_some(true),
        }
    }

    /// Tells every file that is listed to `each`, newest first and once: uploads shift pages while they are read.
    pub(super) fn each_file(
        &mut self,
        target: &dyn Target,
        request: ListRequest,
        mut each: impl FnMut(FileObject),
    ) -> Result<(), Stop> {
        let mut listing = Listing::new(request);
        let mut seen = HashSet::new();
        while let Some(files) = listing.next(target, self, PAGE)? {
            files.into_iter().filter(|file| seen.insert(file.file_id.clone())).for_each(&mut each);
        }
        Ok(())
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
            let wait = self.due - now - ahead;
            if self.time_left().is_some_and(|left| wait > left) {
                let text = "the time was over before the turn of the next request";
                return Err(Stop::Late {
                    error: Box::new(TargetError::new(TargetErrorKind::RateLimited, text)),
                });
            }
            self.rest(wait)?;
        }
        self.due += between;
        Ok(())
    }

    /// Waits before another attempt.
    ///
    /// # Errors
    /// There is none left, the target says that there is no sense in one, or asks for too much patience or for more
    /// time than there is.
    pub(super) fn again(&self, error: TargetError, tries: u32) -> Result<(), Stop> {
        let asked = error.retry_after;
        let is_over = tries > self.patience.retries || error.should_retry == Some(false);
        if is_over || asked.is_some_and(|wait| wait > self.patience.max_wait) {
            return Err(Stop::failed(error));
        }
        let own = || {
            let whole = Duration::from_millis(500) * 2u32.pow(tries.saturating_sub(1).min(6));
            whole.min(MAX_BACKOFF).mul_f64(0.5 + self.clock.random() / 2.0)
        };
        let mut wait = asked.unwrap_or_else(own);
        if let Some(left) = self.time_left() {
            if left.is_zero() || asked.is_some_and(|wait| wait > left) {
                return Err(Stop::Late { error: Box::new(error) });
            }
            wait = wait.min(left);
        }
        tracing::info!(wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX), %error, "asking again");
        self.rest(wait)
    }
}

/// Tells whether the same request may fare better later.
fn is_passing(error: &TargetError) -> bool {
    matches!(error.kind.disposition(), Disposition::RetrySafe | Disposition::Ambiguous)
        && error.kind != TargetErrorKind::Protocol
}

/// The files of a target, newest first, a page at a time.
pub(super) struct Listing {
    request: Option<ListRequest>,
    cursors: Cursors,
}

impl Listing {
    /// Lists all files, or those of a session.
    pub(super) fn new(request: ListRequest) -> Self {
        Self { request: Some(request), cursors: Cursors::default() }
    }

    /// Tells whether there is another page.
    pub(super) fn goes_on(&self) -> bool {
        self.request.is_some()
    }

    /// Returns the next page, of `limit` files at the most; `None` after the last. A page may be empty.
    pub(super) fn next(
        &mut self,
        target: &dyn Target,
        caller: &mut Caller,
        limit: u32,
    ) -> Result<Option<Vec<FileObject>>, Stop> {
        let Some(mut request) = self.request.take() else { return Ok(None) };
        request.limit = Some(limit);
        let page = caller.read(|| target.list(&request))?;
        if let Some(cursor) = self.cursors.next(page.next_cursor, page.files.len())? {
            self.request = Some(ListRequest { cursor: Some(cursor), ..request });
        }
        Ok(Some(page.files))
    }
}

/// Sees to it that a listing ends.
#[derive(Default)]
pub(super) struct Cursors {
    seen: HashSet<String>,
    listed: u64,
}

impl Cursors {
    /// Takes what a page says of the next one, after so many rows.
    pub(super) fn next(&mut self, cursor: Option<String>, rows: usize) -> Result<Option<String>, Stop> {
        let nonsense =
            |message: &str| Err(Stop::failed(TargetError::new(TargetErrorKind::Protocol, message)));
        self.listed += rows as u64;
        let Some(cursor) = cursor else { return Ok(None) };
        if self.listed > MAX_LISTED || self.seen.len() > MAX_PAGES {
            return nonsense("the listing does not end");
        }
        match self.seen.insert(cursor.clone()) {
            true => Ok(Some(cursor)),
            false => nonsense("the listing goes in circles: it names the same next page again"),
        }
    }
}

#[cfg(test)]
pub(super) mod slept;
#[cfg(test)]
mod tests;
