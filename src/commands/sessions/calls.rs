//! Calls about one session: as fast as the target allows, repeated where that is safe, and settled where an answer
//! was lost.
//!
//! Reading and removing may be repeated. An addition whose outcome is unknown is looked for in the session's list
//! before it is tried again, so that nothing is mounted twice.

use std::collections::HashSet;
use std::time::Duration;

use super::path::Root;
use super::plan::{Wanted, place_of};
use crate::model::FileObject;
use crate::stages::upload::Clock;
use crate::targets::sessions::{AddRequest, Resource, ResourceListRequest};
use crate::targets::{Disposition, ListRequest, Sessions, Target, TargetError, TargetErrorKind};

/// How many are listed in one page.
const PAGE: u32 = 100;
/// The most that a session is believed to have.
const MAX_LISTED: usize = 100_000;
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
    fn failed(error: TargetError) -> Self {
        Self::Failed { error: Box::new(error), is_open: false }
    }

    fn open(self) -> Self {
        match self {
            Self::Interrupted { .. } => Self::Interrupted { is_open: true },
            Self::Failed { error, .. } => Self::Failed { error, is_open: true },
        }
    }
}

/// Calls about one session.
pub(super) struct Calls<'a> {
    pub(super) target: &'a dyn Target,
    pub(super) sessions: &'a dyn Sessions,
    pub(super) session: &'a str,
    pub(super) clock: &'a dyn Clock,
    pub(super) interrupted: &'a dyn Fn() -> bool,
    pub(super) patience: Patience,
    /// When the next request would be due if all came evenly.
    pub(super) due: Duration,
}

impl Calls<'_> {
    /// Returns everything that the session has.
    pub(super) fn resources(&mut self) -> Result<Vec<Resource>, Stop> {
        let mut all = Vec::new();
        let mut request = ResourceListRequest { limit: Some(PAGE), cursor: None };
        let mut cursors = Cursors::default();
        loop {
            let page = self.read(|calls| calls.sessions.resources(calls.session, &request))?;
            all.extend(page.resources);
            let Some(cursor) = cursors.next(page.next_cursor, all.len())? else { return Ok(all) };
            request.cursor = Some(cursor);
        }
    }

    /// Returns every file of the session: copies of mounted ones, and what it made.
    pub(super) fn files(&mut self) -> Result<Vec<FileObject>, Stop> {
        let mut all = Vec::new();
        let scope_id = Some(self.session.to_owned());
        let mut request = ListRequest { limit: Some(PAGE), cursor: None, scope_id };
        let mut cursors = Cursors::default();
        loop {
            let page = self.read(|calls| calls.target.list(&request))?;
            // A server that does not know the filter would show the files of all.
            let ours = |file: &FileObject| file.scope.as_deref().is_none_or(|scope| scope == self.session);
            all.extend(page.files.into_iter().filter(ours));
            let Some(cursor) = cursors.next(page.next_cursor, all.len())? else { return Ok(all) };
            request.cursor = Some(cursor);
        }
    }

    /// Mounts a file whose path is free.
    pub(super) fn add(&mut self, wanted: &Wanted, root: &Root) -> Result<Resource, Stop> {
        let request = AddRequest { file_id: &wanted.file_id, mount_path: Some(&wanted.mount_path) };
        let mut tries = 0;
        loop {
            self.turn()?;
            tries += 1;
            let error = match self.sessions.add(self.session, &request) {
                Ok(resource) => return Ok(resource),
                Err(error) => error,
            };
            match error.kind.disposition() {
                Disposition::RetrySafe => self.again(error, tries)?,
                Disposition::Ambiguous => {
                    // The list is looked at even where no attempt is left: it says what to tell.
                    let waited = self.again(error, tries);
                    if matches!(waited, Err(Stop::Interrupted { .. })) {
                        return waited.map_err(Stop::open).and(Err(Stop::Interrupted { is_open: true }));
                    }
                    let listed = self.resources().map_err(Stop::open)?;
                    let found = listed.into_iter().find(|resource| {
                        resource.is_file() && place_of(resource, root).as_ref() == Some(&wanted.effective)
                    });
                    if let Some(resource) = found {
                        return Ok(resource);
                    }
                    waited?;
                }
                Disposition::RefuseFile | Disposition::StopRun => return Err(Stop::failed(error)),
            }
        }
    }

    /// Takes a resource away; `false` if it was gone.
    pub(super) fn remove(&mut self, resource_id: &str) -> Result<bool, Stop> {
        let mut tries = 0;
        loop {
            self.turn()?;
            tries += 1;
            match self.sessions.remove(self.session, resource_id) {
                Ok(()) => return Ok(true),
                // The attempt whose answer was lost has done it.
                Err(error) if error.kind == TargetErrorKind::NotFound && tries > 1 => return Ok(true),
                Err(error) if error.kind == TargetErrorKind::NotFound => return Ok(false),
                Err(error) if is_passing(&error) => self.again(error, tries)?,
                Err(error) => return Err(Stop::failed(error)),
            }
        }
    }

    /// Asks for something until it is answered.
    pub(super) fn read<T>(&mut self, ask: impl Fn(&Self) -> Result<T, TargetError>) -> Result<T, Stop> {
        let mut tries = 0;
        loop {
            self.turn()?;
            tries += 1;
            match ask(self) {
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
    fn turn(&mut self) -> Result<(), Stop> {
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
    fn again(&self, error: TargetError, tries: u32) -> Result<(), Stop> {
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
fn is_passing(error: &TargetError) -> bool {
    matches!(error.kind.disposition(), Disposition::RetrySafe | Disposition::Ambiguous)
        && error.kind != TargetErrorKind::Protocol
}

/// Sees to it that a listing ends.
#[derive(Default)]
struct Cursors(HashSet<String>);

impl Cursors {
    fn next(&mut self, cursor: Option<String>, listed: usize) -> Result<Option<String>, Stop> {
        let nonsense =
            |message: &str| Err(Stop::failed(TargetError::new(TargetErrorKind::Protocol, message)));
        let Some(cursor) = cursor else { return Ok(None) };
        if listed > MAX_LISTED || self.0.len() > MAX_LISTED {
            return nonsense("the listing does not end");
        }
        match self.0.insert(cursor.clone()) {
            true => Ok(Some(cursor)),
            false => nonsense("the listing goes in circles: it names the same next page again"),
        }
    }
}
