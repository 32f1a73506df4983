//! Reads the target's listing, newest first, as far back as needed.

use std::collections::HashSet;
use std::time::Duration;

use super::Stop;
use super::attempt::guarded;
use super::clock::Clock;
use super::pace::{Pace, Tokens, backoff, rest};
use crate::model::{FileObject, Timestamp};
use crate::targets::{Disposition, FilePage, ListRequest, Target, TargetError, TargetErrorKind};

/// A listing that goes on longer than this is taken for one without an end.
const MAX_PAGES: usize = 10_000;
/// Platforms give less where they allow less.
const PAGE_FILES: u32 = 1000;
/// How often one page is asked for.
const TRIES: u32 = 5;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unread {
    /// The run ends.
    #[error(transparent)]
    Stop(Stop),
    /// The run was ended meanwhile.
    #[error("the run has ended")]
    Ended,
    /// What the target reports.
    #[error(transparent)]
    Target(TargetError),
}

impl Unread {
    fn protocol(message: impl Into<String>) -> Self {
        Self::Target(TargetError::new(TargetErrorKind::Protocol, message))
    }

    /// Returns what it means for the run, if it cannot go on without the answer.
    pub(super) fn into_stop(self) -> Option<Stop> {
        match self {
            Self::Stop(stop) => Some(stop),
            Self::Ended => None,
            Self::Target(error) => Some(Stop::Target(error)),
        }
    }
}

/// Who reads listings.
#[derive(Clone, Copy)]
pub(super) struct Lister<'a> {
    pub(super) target: &'a dyn Target,
    pub(super) pace: &'a Pace,
    pub(super) tokens: Tokens<'a>,
    pub(super) clock: &'a dyn Clock,
    pub(super) why_not: &'a dyn Fn() -> bool,
}

impl Lister<'_> {
    /// Tells every file to `each`, newest first, until one is older than `since`.
    ///
    /// # Errors
    /// What the target reports, and [`TargetErrorKind::Protocol`] for a listing that goes round in circles.
    pub(super) fn each(
        &self,
        since: Option<Timestamp>,
        mut each: impl FnMut(FileObject),
    ) -> Result<(), Unread> {
        let mut request = ListRequest { limit: Some(PAGE_FILES), ..ListRequest::default() };
        let mut cursors = HashSet::new();
        // Uploads shift pages while they are read: a file may stand on two.
        let mut last_page: HashSet<String> = HashSet::new();
        for _ in 0..MAX_PAGES {
            let page = self.page(&request)?;
            // Clocks of several machines may order a page a little wrongly: what is too old does not end it.
            let is_old = |file: &FileObject| since.is_some_and(|since| file.created_at < since);
            let ends = !page.files.is_empty() && page.files.iter().all(is_old);
            let ids = page.files.iter().map(|file| file.file_id.clone()).collect();
            page.files.into_iter().filter(|file| !last_page.contains(&file.file_id)).for_each(&mut each);
            last_page = ids;
            let Some(cursor) = page.next_cursor.filter(|_| !ends) else { return Ok(()) };
            if !cursors.insert(cursor.clone()) {
                return Err(Unread::protocol("the listing goes round in circles: it names a page again"));
            }
            request.cursor = Some(cursor);
        }
        Err(Unread::protocol(format!("the listing does not end within {MAX_PAGES} pages")))
    }

    /// Calls the target once.
    pub(super) fn once<T>(&self, call: impl Fn() -> Result<T, TargetError>) -> Result<T, Unread> {
        if !self.pace.request(self.clock, &self.tokens, self.why_not).map_err(Unread::Stop)? {
            return Err(Unread::Ended);
        }
        guarded(&call).map_err(Unread::Target)
    }

    /// Calls the target until there is an answer that counts. Reading may be repeated whatever went wrong.
    pub(super) fn call<T>(&self, call: impl Fn() -> Result<T, TargetError>) -> Result<T, Unread> {
        let mut tries = 0;
        loop {
            tries += 1;
            let error = match self.once(&call) {
                Err(Unread::Target(error)) => error,
                answer => return answer,
            };
            let again = matches!(error.kind.disposition(), Disposition::RetrySafe | Disposition::Ambiguous);
            if !again || tries >= TRIES {
                return Err(Unread::Target(error));
            }
            let wait = if error.kind == TargetErrorKind::RateLimited {
                match self.pace.limited(error.retry_after, tries, self.clock) {
                    Ok(wait) => wait,
                    Err(_) => return Err(Unread::Target(error)),
                }
            } else {
                error.retry_after.unwrap_or_else(|| backoff(Duration::from_millis(500), tries, self.clock))
            };
            if !rest(self.clock, wait, self.why_not) {
                return Err(Unread::Ended);
            }
        }
    }

    fn page(&self, request: &ListRequest) -> Result<FilePage, Unread> {
        self.call(|| self.target.list(request))
    }
}
