//! How fast requests may go: how many at a time, when none, how many a minute, and when to give up.
//!
//! The number of uploads at a time grows by one after a window of clean answers and is halved on 429 and 529 (additive
//! increase, multiplicative decrease). One pause holds for all senders, and for other processes through the ledger.
//! Waits are measured on the monotonic clock and are never slept short.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Stop;
use super::clock::Clock;
use crate::ledger::{Ledger, Rate};
use crate::stages::budget::RunBudget;
use crate::targets::TargetErrorKind;

/// So many uploads go at once in the beginning, if the ceiling allows.
const FIRST_WINDOW: usize = 4;
/// So many clean answers in a row allow one more upload at a time.
const CLEAN_ANSWERS: u32 = 20;
/// Halving again waits for the answers to what was sent before the last halving.
const HALVE_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// Requests may be repeated for half of all requests, and so many beyond: an outage ends soon.
const SPARE_RETRIES: u64 = 50;
/// So many failed connections in a row mean that no other will come about.
const UNREACHABLE_AFTER: u32 = 10;
/// So many failures of any kind in a row mean that the target is down.
const DOWN_AFTER: u32 = 25;
/// How often who waits for a free place looks for an interrupt.
const TICK: Duration = Duration::from_millis(50);
/// The pause of other processes is asked for so often.
const HEAR_AGAIN_AFTER: Duration = Duration::from_millis(200);
/// Sleepers look so often whether the run goes on.
const NAP: Duration = Duration::from_secs(1);
/// Tokens are fetched from the ledger in portions of this part of a minute's worth.
const PORTION: u32 = 60;

/// Why no further request makes sense now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Exhausted {
    /// The target asks for more patience than allowed.
    #[error("the target asks to wait {} s, more than --max-wait allows; run again then", wait.as_secs())]
    TooLong {
        /// What it asks for.
        wait: Duration,
    },
    /// It has refused everything for so long.
    #[error("the target has refused everything as too much for {} s; run again later", time.as_secs())]
    Limited {
        /// How long.
        time: Duration,
    },
    /// No connection comes about.
    #[error("the target cannot be reached")]
    Unreachable,
    /// Nothing but failures.
    #[error("the target has failed {DOWN_AFTER} times in a row")]
    Down,
}

/// The pace of one run against one target.
#[derive(Debug)]
pub(super) struct Pace {
    ceiling: usize,
    max_wait: Duration,
    per_minute: Option<u32>,
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    in_flight: usize,
    window: usize,
    clean: u32,
    halved_at: Option<Duration>,
    paused_until: Duration,
    limited_since: Option<Duration>,
    requests: u64,
    retries: u64,
    unreachable: u32,
    failures: u32,
    tokens: u32,
    /// When the pause of other processes was last asked for.
    heard_at: Option<Duration>,
}

/// A place among the uploads at a time.
#[derive(Debug)]
pub(super) struct Slot<'a>(&'a Pace);

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.0.lock().in_flight -= 1;
        self.0.freed.notify_one();
    }
}

impl Pace {
    pub(super) fn new(ceiling: usize, max_wait: Duration, per_minute: Option<u32>) -> Self {
        let window = FIRST_WINDOW.min(ceiling);
        Self {
            ceiling,
            max_wait,
            per_minute,
            state: Mutex::new(State { window, ..State::default() }),
            freed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a place, the end of a pause and a token. `None` if `why_not` or an interrupt says to stop.
    pub(super) fn enter(
        &self,
        clock: &dyn Clock,
        tokens: &Tokens<'_>,
        why_not: &dyn Fn() -> bool,
    ) -> Result<Option<Slot<'_>>, Stop> {
        let mut has_token = false;
        loop {
            if why_not() || !self.wait_for_pause(clock, tokens, why_not)? {
                return Ok(None);
            }
            let mut state = self.lock();
            if state.in_flight >= state.window {
                drop(self.freed.wait_timeout(state, TICK));
                continue;
            }
            state.in_flight += 1;
            drop(state);
            let slot = Slot(self);
            if !has_token && !self.token(clock, tokens, why_not)? {
                return Ok(None);
            }
            has_token = true;
            // A pause may have begun while a token was waited for.
            if self.lock().paused_until <= clock.monotonic() {
                self.charge(clock, tokens)?;
                return Ok(Some(slot));
            }
        }
    }

    /// Waits until another request may go; returns false if interrupted.
    pub(super) fn request(
        &self,
        clock: &dyn Clock,
        tokens: &Tokens<'_>,
        why_not: &dyn Fn() -> bool,
    ) -> Result<bool, Stop> {
        let may = self.wait_for_pause(clock, tokens, why_not)? && self.token(clock, tokens, why_not)?;
        if may {
            self.charge(clock, tokens)?;
        }
        Ok(may)
    }

    /// Waits for the end of the pause, be it ours or that of another process; returns false if interrupted.
    fn wait_for_pause(
        &self,
        clock: &dyn Clock,
        tokens: &Tokens<'_>,
        why_not: &dyn Fn() -> bool,
    ) -> Result<bool, Stop> {
        self.hear_others(clock, tokens)?;
        loop {
            let left = self.lock().paused_until.saturating_sub(clock.monotonic());
            if left.is_zero() {
                return Ok(true);
            }
            if !rest(clock, left, why_not) {
                return Ok(false);
            }
        }
    }

    /// Takes over the pause of other processes.
    fn hear_others(&self, clock: &dyn Clock, tokens: &Tokens<'_>) -> Result<(), Stop> {
        let now = clock.monotonic();
        {
            let mut state = self.lock();
            if state.heard_at.is_some_and(|at| now < at + HEAR_AGAIN_AFTER) {
                return Ok(());
            }
            state.heard_at = Some(now);
        }
        if let Some(until) = tokens.ledger.paused_until(tokens.target_id)? {
            let left = until.unix_micros().saturating_sub(clock.now().unix_micros());
            // A clock that jumps must not make anybody wait for ever.
            let left = Duration::from_micros(u64::try_from(left).unwrap_or(0)).min(self.max_wait);
            let mut state = self.lock();
            state.paused_until = state.paused_until.max(now + left);
        }
        Ok(())
    }

    /// Takes a token, of those that are shared by all processes; returns false if interrupted.
    fn token(
        &self,
        clock: &dyn Clock,
        tokens: &Tokens<'_>,
        why_not: &dyn Fn() -> bool,
    ) -> Result<bool, Stop> {
        let Some(per_minute) = self.per_minute else { return Ok(true) };
        loop {
            {
                let mut state = self.lock();
                if state.tokens > 0 {
                    state.tokens -= 1;
                    return Ok(true);
                }
            }
            let portion = (per_minute / PORTION).max(1);
            let rate = Rate { per_minute, burst: (per_minute / 4).max(1) };
            let wait = tokens.ledger.take_tokens(tokens.target_id, rate, portion, clock.now())?;
            if !rest(clock, wait, why_not) {
                return Ok(false);
            }
            self.lock().tokens += portion;
        }
    }

    /// Counts a request that is about to be made.
    fn charge(&self, clock: &dyn Clock, tokens: &Tokens<'_>) -> Result<(), Stop> {
        tokens.budget.note_request().map_err(|exceeded| Stop::Budget(Box::new(exceeded)))?;
        if tokens.charges_periods
            && let Some(exceeded) = tokens.ledger.charge_requests(tokens.target_id, 1, clock.now())?
        {
            return Err(Stop::Budget(Box::new(exceeded)));
        }
        self.lock().requests += 1;
        Ok(())
    }

    /// Makes all wait.
    pub(super) fn pause(&self, wait: Duration, clock: &dyn Clock) {
        let mut state = self.lock();
        state.paused_until = state.paused_until.max(clock.monotonic() + wait);
    }

    /// A request was answered with a success.
    pub(super) fn succeeded(&self) {
        let mut state = self.lock();
        state.limited_since = None;
        state.unreachable = 0;
        state.failures = 0;
        state.clean += 1;
        if state.clean >= CLEAN_ANSWERS && state.window < self.ceiling {
            state.clean = 0;
            state.window += 1;
            self.freed.notify_one();
        }
    }

    /// A request was answered with a refusal that concerns one file only.
    pub(super) fn answered(&self) {
        let mut state = self.lock();
        state.unreachable = 0;
        state.failures = 0;
    }

    /// The target asked to slow down. Returns how long all wait now.
    pub(super) fn limited(
        &self,
        asked: Option<Duration>,
        tries: u32,
        clock: &dyn Clock,
    ) -> Result<Duration, Exhausted> {
        let now = clock.monotonic();
        let mut state = self.lock();
        state.clean = 0;
        state.unreachable = 0;
        if state.halved_at.is_none_or(|at| now >= at + HALVE_AGAIN_AFTER) {
            state.window = (state.window / 2).max(1);
            state.halved_at = Some(now);
        }
        let since = *state.limited_since.get_or_insert(now);
        if now.saturating_sub(since) > self.max_wait {
            return Err(Exhausted::Limited { time: now.saturating_sub(since) });
        }
        let wait = match asked {
            Some(wait) if wait > self.max_wait => return Err(Exhausted::TooLong { wait }),
            // Everybody who was told the same time would come back in the same instant.
            Some(wait) => wait + wait.min(Duration::from_secs(1)).mul_f64(clock.random() * 0.2),
            None => backoff(Duration::from_secs(1), tries, clock),
        };
        state.paused_until = state.paused_until.max(now + wait);
        Ok(state.paused_until.saturating_sub(now))
    }

    /// A request came to no answer, or to one of unknown meaning.
    pub(super) fn failed(&self, kind: TargetErrorKind) -> Result<(), Exhausted> {
        let mut state = self.lock();
        state.clean = 0;
        state.failures += 1;
        state.unreachable = if kind == TargetErrorKind::Connect { state.unreachable + 1 } else { 0 };
        if state.unreachable >= UNREACHABLE_AFTER {
            return Err(Exhausted::Unreachable);
        }
        if state.failures >= DOWN_AFTER {
            return Err(Exhausted::Down);
        }
        Ok(())
    }

    /// Takes one from the run's supply of repeated requests.
    pub(super) fn may_retry(&self) -> bool {
        let mut state = self.lock();
        if state.retries >= SPARE_RETRIES + state.requests / 2 {
            return false;
        }
        state.retries += 1;
        true
    }

    /// Returns how many requests repeated others.
    pub(super) fn retries(&self) -> u64 {
        self.lock().retries
    }

    /// Returns how long all wait now.
    pub(super) fn pause_left(&self, clock: &dyn Clock) -> Duration {
        self.lock().paused_until.saturating_sub(clock.monotonic())
    }
}

/// Where tokens come from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tokens<'a> {
    pub(super) ledger: &'a Ledger,
    pub(super) target_id: &'a str,
    pub(super) budget: &'a RunBudget,
    /// Whether budgets of periods count requests.
    pub(super) charges_periods: bool,
}

/// Waits all of the time, unless the run ends meanwhile; tells whether it was all.
pub(super) fn rest(clock: &dyn Clock, time: Duration, why_not: &dyn Fn() -> bool) -> bool {
    let until = clock.monotonic() + time;
    loop {
        let left = until.saturating_sub(clock.monotonic());
        if left.is_zero() {
            return true;
        }
        if why_not() || !clock.sleep(left.min(NAP)) {
            return false;
        }
    }
}

/// Returns a wait that doubles with each try, up to 30 s, half of it by chance.
pub(super) fn backoff(first: Duration, tries: u32, clock: &dyn Clock) -> Duration {
    let whole = (first * 2u32.pow(tries.saturating_sub(1).min(6))).min(Duration::from_secs(30));
    whole.mul_f64(0.5 + clock.random() / 2.0)
}
