//! Files that are stored and not listed yet, and files that are stored only after some listings.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::app::App;
use super::fault::Lag;
use crate::store::StoreError;

/// Stores a file whose time has come.
pub(super) type Deferred = Box<dyn FnOnce(&App) -> Result<(), StoreError> + Send>;

/// What listings do not show.
#[derive(Default)]
pub(super) struct Listings {
    lag: Option<Lag>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Listings that were answered; pages after the first do not count.
    answered: u64,
    hidden: HashMap<String, Until>,
    deferred: Vec<(u64, Deferred)>,
}

#[derive(Debug, Clone, Copy)]
enum Until {
    Time(Instant),
    Answered(u64),
}

impl fmt::Debug for Listings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listings").field("lag", &self.lag).finish_non_exhaustive()
    }
}

impl Listings {
    pub(super) fn new(lag: Option<Lag>) -> Self {
        Self { lag, state: Mutex::default() }
    }

    /// Tells whether listings may leave something out.
    pub(super) fn lags(&self) -> bool {
        self.lag.is_some()
    }

    /// Tells whether a file is not listed yet.
    pub(super) fn hides(&self, id: &str) -> bool {
        let mut state = self.state();
        let answered = state.answered;
        let hides = state.hidden.get(id).is_some_and(|until| match until {
            Until::Time(time) => Instant::now() < *time,
            Until::Answered(count) => answered < *count,
        });
        if !hides {
            state.hidden.remove(id);
        }
        hides
    }

    /// Notes a file that was stored just now.
    pub(super) fn stored(&self, id: &str) {
        let Some(lag) = self.lag else { return };
        let mut state = self.state();
        let until = match lag {
            Lag::Time(span) => Until::Time(Instant::now() + span),
            Lag::Listings(count) => Until::Answered(state.answered + u64::from(count)),
        };
        state.hidden.insert(id.to_owned(), until);
    }

    /// Lets a file be stored when so many more listings were answered.
    pub(super) fn defer(
        &self,
        listings: u32,
        store: impl FnOnce(&App) -> Result<(), StoreError> + Send + 'static,
    ) {
        let mut state = self.state();
        let due = state.answered + u64::from(listings);
        state.deferred.push((due, Box::new(store)));
    }

    /// Counts a listing; returns what is to be stored now.
    pub(super) fn listed(&self) -> Vec<Deferred> {
        let mut state = self.state();
        state.answered += 1;
        let answered = state.answered;
        let (due, waits) =
            std::mem::take(&mut state.deferred).into_iter().partition(|(due, _)| *due <= answered);
        state.deferred = waits;
        let due: Vec<(u64, Deferred)> = due;
        due.into_iter().map(|(_, store)| store).collect()
    }

    /// Returns what still waits.
    pub(super) fn rest(&self) -> Vec<Deferred> {
        std::mem::take(&mut self.state().deferred).into_iter().map(|(_, store)| store).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
