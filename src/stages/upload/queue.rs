//! What is still to be sent: fresh payloads, those that must wait for another, and those whose outcome is unknown.
//!
//! A task counts as under way until it is settled, so that senders do not go home while a parked one may yet come back.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long tasks that wait for another are left alone, and how often the reconciler looks at the clock.
const TICK: Duration = Duration::from_millis(10);

/// Tasks on their way.
#[derive(Debug)]
pub(super) struct Queue<Task, Parked> {
    state: Mutex<State<Task, Parked>>,
    /// Told when there is something to send, or nothing any more.
    work: Condvar,
    /// Told when something is parked, or nothing is under way any more.
    parking: Condvar,
}

#[derive(Debug)]
struct State<Task, Parked> {
    ready: VecDeque<Task>,
    later: VecDeque<Task>,
    parked: Vec<Parked>,
    open: bool,
    under_way: usize,
}

impl<Task, Parked> Default for Queue<Task, Parked> {
    fn default() -> Self {
        let state = State {
            ready: VecDeque::new(),
            later: VecDeque::new(),
            parked: Vec::new(),
            open: true,
            under_way: 0,
        };
        Self { state: Mutex::new(state), work: Condvar::new(), parking: Condvar::new() }
    }
}

impl<Task, Parked> Queue<Task, Parked> {
    fn lock(&self) -> MutexGuard<'_, State<Task, Parked>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a new task.
    pub(super) fn push(&self, task: Task) {
        let mut state = self.lock();
        state.under_way += 1;
        state.ready.push_back(task);
        self.work.notify_one();
    }

    /// Takes back a task that was parked, before all others.
    pub(super) fn unpark(&self, task: Task) {
        self.lock().ready.push_front(task);
        self.work.notify_one();
    }

    /// Takes back a task that has to wait for another one.
    pub(super) fn later(&self, task: Task) {
        self.lock().later.push_back(task);
        self.work.notify_one();
    }

    /// No new task will come.
    pub(super) fn close(&self) {
        self.lock().open = false;
        self.work.notify_all();
        self.parking.notify_all();
    }

    /// Returns how many tasks have not come to their end.
    pub(super) fn under_way(&self) -> u64 {
        self.lock().under_way as u64
    }

    /// A task has come to its end.
    pub(super) fn settled(&self) {
        let mut state = self.lock();
        state.under_way = state.under_way.saturating_sub(1);
        if !state.later.is_empty() {
            self.work.notify_one();
        }
        if state.under_way == 0 && !state.open {
            self.work.notify_all();
            self.parking.notify_all();
        }
    }

    /// Returns the next task; `None` when there will be none any more.
    pub(super) fn next(&self) -> Option<Task> {
        let mut state = self.lock();
        let mut rested = false;
        loop {
            if let Some(task) = state.ready.pop_front() {
                return Some(task);
            }
            if rested && let Some(task) = state.later.pop_front() {
                return Some(task);
            }
            if state.under_way == 0 && !state.open {
                return None;
            }
            // A task that waits for another one is tried again after a rest, or when one was settled.
            if state.later.is_empty() {
                rested = false;
                state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
            } else {
                let waited = self.work.wait_timeout(state, TICK);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
                rested = true;
            }
        }
    }

    /// Takes a task whose outcome is unknown.
    pub(super) fn park(&self, parked: Parked) {
        self.lock().parked.push(parked);
        self.parking.notify_all();
    }

    /// Takes one that nobody pushed.
    pub(super) fn park_new(&self, parked: Parked) {
        let mut state = self.lock();
        state.under_way += 1;
        state.parked.push(parked);
        drop(state);
        self.parking.notify_all();
    }

    /// Returns parked tasks, all that `is_due` at once; empty when there will be none any more.
    pub(super) fn due(&self, is_due: impl Fn(&Parked) -> bool) -> Vec<Parked> {
        let mut state = self.lock();
        loop {
            if state.parked.iter().any(&is_due) {
                return state.parked.extract_if(.., |parked| is_due(parked)).collect();
            }
            if state.under_way == 0 && !state.open {
                return Vec::new();
            }
            state = if state.parked.is_empty() {
                self.parking.wait(state).unwrap_or_else(PoisonError::into_inner)
            } else {
                self.parking.wait_timeout(state, TICK).unwrap_or_else(PoisonError::into_inner).0
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_goes_home_while_a_parked_task_may_come_back() {
        let queue: Queue<u32, u32> = Queue::default();
        queue.push(1);
        assert_eq!(queue.next(), Some(1));
        queue.park(1);
        queue.close();
        std::thread::scope(|scope| {
            let sender = scope.spawn(|| queue.next());
            let parked = queue.due(|_| true);
            assert_eq!(parked, [1]);
            queue.unpark(2);
            assert_eq!(sender.join().unwrap(), Some(2));
        });
        queue.settled();
        assert_eq!(queue.next(), None);
        assert!(queue.due(|_| true).is_empty());
    }

    #[test]
    fn what_must_wait_comes_after_what_is_ready() {
        let queue: Queue<u32, ()> = Queue::default();
        queue.push(1);
        queue.push(2);
        assert_eq!(queue.next(), Some(1));
        queue.later(1);
        assert_eq!(queue.next(), Some(2));
        queue.settled();
        assert_eq!(queue.next(), Some(1));
    }
}
