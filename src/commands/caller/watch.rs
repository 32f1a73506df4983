//! Looking again and again until a time is over.
//!
//! The time bounds every wait of the caller: one that would outlast it is not begun. A request that is under way is
//! never cut off.

use std::time::Duration;

use super::{Caller, Stop};

/// The first and the longest time between two looks.
const LOOK_AGAIN: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(15)];

/// How long something is looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watch {
    /// When the time is over.
    until: Duration,
    /// The next time between two looks.
    pause: Duration,
}

impl Caller {
    /// Lets every wait from now on end within this time.
    pub(in crate::commands) fn watch_for(&mut self, time: Duration) {
        let [pause, _] = LOOK_AGAIN;
        self.watch = Some(Watch { until: self.clock.monotonic().saturating_add(time), pause });
    }

    /// Lets waits be as long as they were before.
    pub(in crate::commands) fn watch_no_more(&mut self) {
        self.watch = None;
    }

    /// Tells whether there is a time, and it is over.
    pub(in crate::commands) fn is_time_over(&self) -> bool {
        self.time_left().is_some_and(|left| left.is_zero())
    }

    /// Waits until it is time for another look; `false` if none is left.
    pub(in crate::commands) fn look_again(&mut self) -> Result<bool, Stop> {
        let Some(left) = self.time_left().filter(|left| !left.is_zero()) else { return Ok(false) };
        let Some(watch) = &mut self.watch else { return Ok(false) };
        let pause = watch.pause.min(left);
        watch.pause = (watch.pause * 2).min(LOOK_AGAIN[1]);
        self.rest(pause)?;
        Ok(true)
    }

    /// Returns what is left of the time, if there is one.
    pub(super) fn time_left(&self) -> Option<Duration> {
        self.watch.map(|watch| watch.until.saturating_sub(self.clock.monotonic()))
    }
}
