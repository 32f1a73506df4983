//! Permits: how many inputs, and how many of their bytes, may be under way at once.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// What is left to hand out.
#[derive(Debug)]
struct Left {
    bytes: u64,
    inputs: u64,
}

/// A supply of permits. Waiting happens on the thread that discovers, never on a rayon thread.
#[derive(Debug)]
pub(super) struct Permits {
    total_bytes: u64,
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
            left: Mutex::new(Left { bytes, inputs }),
            returned: Condvar::new(),
        })
    }

    /// Waits until `bytes` are free; an input larger than everything gets everything.
    pub(super) fn acquire(self: &Arc<Self>, bytes: u64) -> Arc<Permit> {
        let bytes = bytes.min(self.total_bytes);
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        while left.bytes < bytes || left.inputs == 0 {
            left = self.returned.wait(left).unwrap_or_else(PoisonError::into_inner);
        }
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
        self.supply.returned.notify_all();
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
