//! Time and chance as parameters, so that tests neither wait nor guess.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::model::Timestamp;

/// Time and chance.
pub trait Clock: Send + Sync {
    /// Returns the time of day; only ever compared with what platforms and files say.
    fn now(&self) -> Timestamp;
    /// Returns the time since some fixed moment; it never goes back.
    fn monotonic(&self) -> Duration;
    /// Waits; returns false if the run is interrupted meanwhile.
    fn sleep(&self, time: Duration) -> bool;
    /// Returns a number from 0 to 1.
    fn random(&self) -> f64;
}

impl std::fmt::Debug for dyn Clock + '_ {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

/// How often a sleeper looks for an interrupt.
const STEP: Duration = Duration::from_millis(50);

/// The clock of the system.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
    interrupted: Arc<AtomicBool>,
}

impl SystemClock {
    /// Makes a clock whose sleepers wake when the flag becomes true.
    #[must_use]
    pub fn new(interrupted: Arc<AtomicBool>) -> Self {
        Self { started: Instant::now(), interrupted }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }

    fn sleep(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        loop {
            if self.interrupted.load(Ordering::Relaxed) {
                return false;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            std::thread::sleep(left.min(STEP));
        }
    }

    fn random(&self) -> f64 {
        // Without random bytes everybody waits the same; that is no error.
        let bits = getrandom::u32().unwrap_or(u32::MAX / 2);
        f64::from(bits) / f64::from(u32::MAX)
    }
}
