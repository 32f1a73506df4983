//! The budget of one run. What is about to be sent is reserved first and committed after, so that no number of threads
//! takes more than was allowed.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::model::budget::{BudgetKind, Budgets, Charges, Exceeded};

/// Returns how long the run has lasted, by a clock that never goes back.
pub type Elapsed = dyn Fn() -> Duration + Send + Sync;

/// What a run has taken and may take.
pub struct RunBudget {
    budgets: Budgets,
    elapsed: Box<Elapsed>,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy, Default)]
struct State {
    used: Charges,
    reserved: Charges,
    requests: u64,
    errors: u64,
}

impl std::fmt::Debug for RunBudget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunBudget")
            .field("budgets", &self.budgets)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl RunBudget {
    /// Makes the budget of a run that begins now.
    pub fn new(budgets: &Budgets, elapsed: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self { budgets: budgets.clone(), elapsed: Box::new(elapsed), state: Mutex::default() }
    }

    /// Takes what is about to be sent, or nothing at all.
    ///
    /// # Errors
    /// [`Exceeded`] names the first budget that has no room, be it of charges, time or errors.
    pub fn reserve(&self, charges: &Charges) -> Result<Reservation<'_>, Exceeded> {
        self.check_duration()?;
        let mut state = self.state();
        self.check_errors(&state)?;
        for kind in BudgetKind::ALL.into_iter().filter(|kind| *kind != BudgetKind::Requests) {
            let Some(max) = self.budgets.of_run(kind) else { continue };
            let (used, reserved, asked) = (state.used.of(kind), state.reserved.of(kind), charges.of(kind));
            if used.saturating_add(reserved).saturating_add(asked) > max {
                return Err(exceeded(kind.as_str(), max, used, reserved, asked));
            }
        }
        state.reserved = state.reserved.plus(*charges);
        Ok(Reservation { budget: self, charges: *charges })
    }

    /// Counts a request that is about to be made.
    ///
    /// # Errors
    /// [`Exceeded`]: it must not be made, and was not counted.
    pub fn note_request(&self) -> Result<(), Exceeded> {
        let mut state = self.state();
        let max = self.budgets.max_requests;
        if let Some(max) = max.filter(|max| state.requests >= *max) {
            return Err(exceeded("requests", max, state.requests, 0, 1));
        }
        state.requests = state.requests.saturating_add(1);
        Ok(())
    }

    /// Counts a file that failed.
    ///
    /// # Errors
    /// [`Exceeded`]: it is one more than allowed, nothing more should be sent.
    pub fn note_error(&self) -> Result<(), Exceeded> {
        let mut state = self.state();
        state.errors = state.errors.saturating_add(1);
        self.check_errors(&state)
    }

    /// Looks at the clock.
    ///
    /// # Errors
    /// [`Exceeded`] if the run has lasted as long as it may.
    pub fn check_duration(&self) -> Result<(), Exceeded> {
        let Some(max) = self.budgets.max_duration else { return Ok(()) };
        let elapsed = (self.elapsed)();
        if elapsed < max {
            return Ok(());
        }
        Err(exceeded("duration", max.as_secs(), elapsed.as_secs(), 0, 0))
    }

    /// Returns what is used for good, and what is reserved.
    #[must_use]
    pub fn taken(&self) -> (Charges, Charges) {
        let state = self.state();
        (state.used, state.reserved)
    }

    fn check_errors(&self, state: &State) -> Result<(), Exceeded> {
        match self.budgets.max_errors.filter(|max| state.errors > *max) {
            Some(max) => Err(exceeded("errors", max, state.errors, 0, 0)),
            None => Ok(()),
        }
    }

    fn settle(&self, charges: Charges, is_used: bool) {
        let mut state = self.state();
        state.reserved = state.reserved.minus(charges);
        if is_used {
            state.used = state.used.plus(charges);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No update leaves the numbers half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn exceeded(what: &str, max: u64, used: u64, reserved: u64, asked: u64) -> Exceeded {
    let (limit, scope) = (format!("max_{what}"), "this run".to_owned());
    Exceeded { limit, scope, max, used, reserved, asked, resets_at: None }
}

/// Room in a budget. Dropped without a word it counts as used: whoever does not know what became of a file has to
/// assume that it was stored.
#[derive(Debug)]
#[must_use]
pub struct Reservation<'a> {
    budget: &'a RunBudget,
    charges: Charges,
}

impl Reservation<'_> {
    /// The file is stored, or nobody knows.
    pub fn commit(self) {
        drop(self);
    }

    /// The file is certainly not stored.
    pub fn release(mut self) {
        self.budget.settle(self.charges, false);
        self.charges = Charges::default();
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        self.budget.settle(self.charges, true);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use proptest::prelude::*;

    use super::*;
    use crate::model::budget::Usd;

    fn of(budgets: &Budgets) -> RunBudget {
        RunBudget::new(budgets, || Duration::ZERO)
    }

    fn files(files: u64) -> Charges {
        Charges { files, ..Charges::default() }
    }

    #[test]
    fn each_kind_is_bounded_on_its_own() {
        let all = Charges { files: 1, bytes: 10, tokens: 100, cost_micro_usd: 1000 };
        for (budgets, limit) in [
            (Budgets { max_files: Some(1), ..Budgets::default() }, "max_files"),
            (Budgets { max_bytes: Some(19), ..Budgets::default() }, "max_bytes"),
            (Budgets { max_estimated_tokens: Some(100), ..Budgets::default() }, "max_estimated_tokens"),
            (
                Budgets { max_estimated_cost: Some(Usd::from_micros(1999)), ..Budgets::default() },
                "max_estimated_cost",
            ),
        ] {
            let budget = of(&budgets);
            budget.reserve(&all).unwrap().commit();
            let refused = budget.reserve(&all).map(Reservation::commit).unwrap_err();
            assert_eq!((refused.limit.as_str(), refused.scope.as_str()), (limit, "this run"));
            assert_eq!(budget.taken(), (all, Charges::default()), "a refusal takes nothing");
        }
        of(&Budgets::default()).reserve(&Charges { bytes: u64::MAX, ..all }).unwrap().commit();
    }

    #[test]
    fn what_is_released_can_be_taken_again_and_what_is_dropped_cannot() {
        let budget = of(&Budgets { max_files: Some(2), ..Budgets::default() });
        let first = budget.reserve(&files(2)).unwrap();
        let refused = budget.reserve(&files(1)).map(Reservation::commit).unwrap_err();
        assert_eq!((refused.used, refused.reserved, refused.asked, refused.max), (0, 2, 1, 2));
        first.release();
        drop(budget.reserve(&files(1)).unwrap());
        assert_eq!(budget.taken(), (files(1), files(0)));
        assert!(budget.reserve(&files(2)).map(Reservation::commit).is_err());
    }

    #[test]
    fn requests_errors_and_time_stop_a_run_too() {
        let seconds = Arc::new(AtomicU64::new(0));
        let budgets = Budgets {
            max_requests: Some(2),
            max_errors: Some(1),
            max_duration: Some(Duration::from_secs(60)),
            ..Budgets::default()
        };
        let clock = Arc::clone(&seconds);
        let budget = RunBudget::new(&budgets, move || Duration::from_secs(clock.load(Ordering::Relaxed)));
        assert!(budget.note_request().is_ok() && budget.note_request().is_ok());
        let said = "the budget max_requests of this run allows 2 requests: 2 requests used, 0 requests reserved, 1 requests asked for";
        assert_eq!(budget.note_request().unwrap_err().to_string(), said);
        assert!(budget.note_error().is_ok());
        assert_eq!(budget.note_error().unwrap_err().limit, "max_errors");
        assert_eq!(budget.reserve(&files(1)).map(Reservation::commit).unwrap_err().limit, "max_errors");
        seconds.store(59, Ordering::Relaxed);
        assert!(budget.check_duration().is_ok());
        seconds.store(60, Ordering::Relaxed);
        let over = budget.reserve(&files(1)).map(Reservation::commit).unwrap_err();
        assert_eq!((over.limit.as_str(), over.used), ("max_duration", 60));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn sixteen_threads_take_no_more_than_one_could(
            max in 0u64..200,
            asked in prop::collection::vec((0u64..20, 0u8..3), 16..400),
        ) {
            let budget = of(&Budgets { max_bytes: Some(max), ..Budgets::default() });
            let (held, kept) = (AtomicU64::new(0), AtomicU64::new(0));
            let most = AtomicU64::new(0);
            std::thread::scope(|scope| {
                for thread in 0..16 {
                    let work: Vec<_> = asked.iter().skip(thread).step_by(16).copied().collect();
                    let (budget, held, kept, most) = (&budget, &held, &kept, &most);
                    scope.spawn(move || {
                        for (bytes, end) in work {
                            let Ok(taken) = budget.reserve(&Charges { bytes, ..Charges::default() }) else { continue };
                            let now = held.fetch_add(bytes, Ordering::SeqCst) + bytes;
                            most.fetch_max(now, Ordering::SeqCst);
                            match end {
                                // What is given back is no longer ours before the budget knows it.
                                0 => {
                                    held.fetch_sub(bytes, Ordering::SeqCst);
                                    taken.release();
                                }
                                1 => taken.commit(),
                                _ => drop(taken),
                            }
                            if end > 0 {
                                kept.fetch_add(bytes, Ordering::SeqCst);
                            }
                        }
                    });
                }
            });
            prop_assert!(most.into_inner() <= max);
            let (used, reserved) = budget.taken();
            prop_assert_eq!((used.bytes, reserved.bytes), (kept.into_inner(), 0));
            let rest = max - used.bytes;
            let fits = |bytes| budget.reserve(&Charges { bytes, ..Charges::default() }).map(Reservation::release);
            prop_assert!(fits(rest).is_ok());
            prop_assert!(fits(rest + 1).is_err());
        }
    }
}
