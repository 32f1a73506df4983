//! Permits: how many inputs, and how many of their bytes, may be under way at once.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// This part of all inputs is waited for at once.
const PORTION: u64 = 8;
/// How long they are waited for; then one will do.
const PATIENCE: Duration = Duration::from_millis(5);

/// What is left to hand out.
#[derive(Debug)]
struct Left {
    bytes: u64,
    inputs: u64,
    /// What somebody waits for: so many bytes, and so many inputs.
    wanted: Option<(u64, u64)>,
}

impl Left {
    fn has(&self, (bytes, inputs): (u64, u64)) -> bool {
        self.bytes >= bytes && self.inputs >= inputs
    }
}

/// A supply of permits. Waiting happens on the one thread that discovers, never on a rayon thread.
#[derive(Debug)]
pub(super) struct Permits {
    total_bytes: u64,
    /// Who finds none left waits for so many, rather than to be woken for each.
    portion: u64,
    left: Mutex<Left>,
    returned: Condvar,
}

/// A permit for one input; it goes back when the last owner drops it.
#[derive(Debug)]
pub(super) struct Permit {
    supply: Arc<Permits>,
    bytes: u64,
}

impl Permits {
    pub(super) fn new(bytes: u64, inputs: u64) -> Arc<Self> {
        Arc::new(Self {
            total_bytes: bytes,
            portion: (inputs / PORTION).max(1),
            left: Mutex::new(Left { bytes, inputs, wanted: None }),
            returned: Condvar::new(),
        })
    }

    /// Takes `bytes` if they are free, without waiting.
    pub(super) fn try_acquire(self: &Arc<Self>, bytes: u64) -> Option<Arc<Permit>> {
        let bytes = bytes.min(self.total_bytes);
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.has((bytes, 1)).then(|| self.take(left, bytes))
    }

    /// Waits until `bytes` are free; an input larger than everything gets everything.
    pub(super) fn acquire(self: &Arc<Self>, bytes: u64) -> Arc<Permit> {
        let bytes = bytes.min(self.total_bytes);
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let mut wanted = (bytes, if left.inputs == 0 { self.portion } else { 1 });
        while !left.has(wanted) {
            left.wanted = Some(wanted);
            let waited = self.returned.wait_timeout(left, PATIENCE);
            let (again, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            left = again;
            if timeout.timed_out() {
                wanted.1 = 1;
            }
        }
        left.wanted = None;
        self.take(left, bytes)
    }

    fn take(self: &Arc<Self>, mut left: MutexGuard<'_, Left>, bytes: u64) -> Arc<Permit> {
        left.bytes -= bytes;
        left.inputs -= 1;
        Arc::new(Permit { supply: Arc::clone(self), bytes })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut left = self.supply.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.bytes += self.bytes;
        left.inputs += 1;
        if left.wanted.is_some_and(|wanted| left.has(wanted)) {
            // Once is enough.
            left.wanted = None;
            self.supply.returned.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_larger_than_everything_gets_everything_and_gives_it_back() {
        let permits = Permits::new(10, 2);
        let all = permits.acquire(1000);
        assert_eq!(permits.left.lock().unwrap().bytes, 0);
        drop(all);
        let _one = permits.acquire(4);
        let _two = permits.acquire(6);
        assert_eq!(permits.left.lock().unwrap().inputs, 0);
    }
}
