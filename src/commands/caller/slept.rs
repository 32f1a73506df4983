//! A clock for tests, which waiting moves.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::model::Timestamp;
use crate::stages::upload::Clock;

/// A clock that waiting moves; it interrupts after so many waits.
pub(in crate::commands) struct Slept {
    waits: Mutex<Vec<Duration>>,
    patience: usize,
}

impl Slept {
    pub(in crate::commands) fn new(patience: usize) -> Arc<Self> {
        Arc::new(Self { waits: Mutex::default(), patience })
    }

    /// Returns how long was waited, each time.
    pub(in crate::commands) fn waits(&self) -> Vec<Duration> {
        self.waits.lock().unwrap().clone()
    }
}

impl Clock for Slept {
    fn now(&self) -> Timestamp {
        Timestamp::from(std::time::UNIX_EPOCH)
    }

    fn monotonic(&self) -> Duration {
        self.waits.lock().unwrap().iter().sum()
    }

    fn sleep(&self, time: Duration) -> bool {
        let mut waits = self.waits.lock().unwrap();
        waits.push(time);
        waits.len() <= self.patience
    }

    fn random(&self) -> f64 {
        1.0
    }
}
