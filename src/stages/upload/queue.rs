//! What is still to be sent: fresh payloads, those that must wait for another, those that are begun, and those whose
//! outcome is unknown.
//!
//! A task counts as under way until it is settled, so that senders do not go home while a parked one may yet come back.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long tasks that wait for another are left alone, and how often the reconciler looks at the clock.
const TICK: Duration = Duration::from_millis(10);

/// Tasks on their way.
#[derive(Debug)]
pub(super) struct Queue<Fresh, Ready, Parked> {
    state: Mutex<State<Fresh, Ready, Parked>>,
    /// How many senders may hold a turn at a time.
    turns: usize,
    /// Told when there is something to begin, room for it, or nothing any more.
    beginning: Condvar,
    /// Told when there is something to send and a turn, or nothing any more.
    sending: Condvar,
    /// Told when something is parked, or nothing is under way any more.
    parking: Condvar,
}

#[derive(Debug)]
struct State<Fresh, Ready, Parked> {
    fresh: VecDeque<Fresh>,
    later: VecDeque<Fresh>,
    ready: VecDeque<Ready>,
    parked: Vec<Parked>,
    open: bool,
    under_way: usize,
    /// Turns that are held.
    taken: usize,
    /// Tasks are begun when no more than this wait to be sent.
    few: usize,
    /// Whether who begins tasks waits for a reason to.
    beginner_waits: bool,
}

impl<Fresh, Ready, Parked> State<Fresh, Ready, Parked> {
    fn is_over(&self) -> bool {
        self.under_way == 0 && !self.open
    }

    fn has_room(&self) -> bool {
        self.ready.len() <= self.few
    }
}

/// A sender's turn: with it, it takes tasks. Who rests lets others have it, and needs none to go on with a task.
#[derive(Debug, Default)]
pub(super) struct Turn {
    held: bool,
}

impl<Fresh, Ready, Parked> Queue<Fresh, Ready, Parked> {
    pub(super) fn new(turns: usize) -> Self {
        let state = State {
            fresh: VecDeque::new(),
            later: VecDeque::new(),
            ready: VecDeque::new(),
            parked: Vec::new(),
            open: true,
            under_way: 0,
            taken: 0,
            few: 0,
            beginner_waits: false,
        };
        Self {
            state: Mutex::new(state),
            turns,
            beginning: Condvar::new(),
            sending: Condvar::new(),
            parking: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<Fresh, Ready, Parked>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a new task.
    pub(super) fn push(&self, task: Fresh) {
        let mut state = self.lock();
        state.under_way += 1;
        state.fresh.push_back(task);
        self.wake_beginner(&mut state);
    }

    /// Takes back a task that is to begin once more.
    pub(super) fn anew(&self, task: Fresh) {
        let mut state = self.lock();
        state.fresh.push_back(task);
        self.wake_beginner(&mut state);
    }

    /// Wakes who begins tasks, if there is something to begin; once, for each wake takes its time.
    fn wake_beginner(&self, state: &mut State<Fresh, Ready, Parked>) {
        if state.beginner_waits && state.has_room() && !state.fresh.is_empty() {
            state.beginner_waits = false;
            self.beginning.notify_one();
        }
    }

    /// Wakes as many senders as there are turns and tasks for.
    fn wake_senders(&self, state: &State<Fresh, Ready, Parked>, tasks: usize) {
        let turns = self.turns.saturating_sub(state.taken);
        (0..turns.min(tasks)).for_each(|_| self.sending.notify_one());
    }

    /// Takes back a task that has to wait for another one.
    pub(super) fn later(&self, task: Fresh) {
        self.lock().later.push_back(task);
        self.beginning.notify_one();
    }

    /// Takes tasks that were begun.
    pub(super) fn begun(&self, tasks: Vec<Ready>) {
        let mut state = self.lock();
        let n = tasks.len();
        state.ready.extend(tasks);
        self.wake_senders(&state, n);
    }

    /// Takes back a task that was parked, before all others.
    pub(super) fn unpark(&self, task: Ready) {
        let mut state = self.lock();
        state.ready.push_front(task);
        self.wake_senders(&state, 1);
    }

    /// No new task will come.
    pub(super) fn close(&self) {
        self.lock().open = false;
        self.tell_all();
    }

    fn tell_all(&self) {
        self.beginning.notify_all();
        self.sending.notify_all();
        self.parking.notify_all();
    }

    /// Returns how many tasks have not come to their end.
    pub(super) fn under_way(&self) -> u64 {
        self.lock().under_way as u64
    }

    /// Tells whether a task waits for another one.
    pub(super) fn has_later(&self) -> bool {
        !self.lock().later.is_empty()
    }

    /// A task has come to its end.
    pub(super) fn settled(&self) {
        let mut state = self.lock();
        state.under_way = state.under_way.saturating_sub(1);
        if !state.later.is_empty() {
            self.beginning.notify_one();
        }
        if state.is_over() {
            self.tell_all();
        }
    }

    /// Returns up to `most` tasks to begin, once no more than half of that wait to be sent, which takes about as long as
    /// beginning the others; none when there will be none any more.
    pub(super) fn next_fresh(&self, most: usize) -> Vec<Fresh> {
        let mut state = self.lock();
        state.few = most / 2;
        let mut rested = false;
        loop {
            if state.is_over() {
                return Vec::new();
            }
            let has_room = state.has_room();
            if has_room && !state.fresh.is_empty() {
                let n = most.min(state.fresh.len());
                return state.fresh.drain(..n).collect();
            }
            if has_room && rested && !state.later.is_empty() {
                let n = most.min(state.later.len());
                return state.later.drain(..n).collect();
            }
            // A task that waits for another one is tried again after a rest, or when one was settled.
            if state.later.is_empty() {
                rested = false;
                state.beginner_waits = true;
                state = self.beginning.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.beginner_waits = false;
            } else {
                let waited = self.beginning.wait_timeout(state, TICK);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
                rested = true;
            }
        }
    }

    /// Returns the next task to send, with a turn; `None` when there will be none any more. Who was here last comes first:
    /// waking another thread for each small file would take longer than sending it.
    pub(super) fn next(&self, turn: &mut Turn) -> Option<Ready> {
        let mut state = self.lock();
        state.taken -= usize::from(std::mem::take(&mut turn.held));
        loop {
            if state.taken < self.turns
                && let Some(task) = state.ready.pop_front()
            {
                state.taken += 1;
                turn.held = true;
                self.wake_beginner(&mut state);
                return Some(task);
            }
            if state.is_over() {
                return None;
            }
            state = self.sending.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Gives back a turn before its task has come to an end.
    pub(super) fn give_back(&self, turn: &mut Turn) {
        if std::mem::take(&mut turn.held) {
            let mut state = self.lock();
            state.taken -= 1;
            let tasks = state.ready.len();
            self.wake_senders(&state, tasks);
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
            if state.is_over() {
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
        let queue: Queue<u32, u32, u32> = Queue::new(1);
        queue.push(1);
        assert_eq!(queue.next_fresh(8), [1]);
        queue.park(1);
        queue.close();
        std::thread::scope(|scope| {
            let sender = scope.spawn(|| queue.next(&mut Turn::default()));
            let parked = queue.due(|_| true);
            assert_eq!(parked, [1]);
            queue.unpark(2);
            assert_eq!(sender.join().unwrap(), Some(2));
        });
        queue.settled();
        assert!(queue.next_fresh(8).is_empty());
        assert_eq!(queue.next(&mut Turn::default()), None);
        assert!(queue.due(|_| true).is_empty());
    }

    #[test]
    fn what_must_wait_comes_after_what_is_fresh() {
        let queue: Queue<u32, (), ()> = Queue::new(1);
        queue.push(1);
        queue.push(2);
        assert_eq!(queue.next_fresh(1), [1]);
        queue.later(1);
        assert_eq!(queue.next_fresh(8), [2]);
        queue.settled();
        assert_eq!(queue.next_fresh(8), [1]);
    }

    #[test]
    fn nothing_is_begun_while_enough_is() {
        let queue: Queue<u32, u32, ()> = Queue::new(1);
        (0..3).for_each(|task| queue.push(task));
        queue.begun(queue.next_fresh(2));
        std::thread::scope(|scope| {
            let beginner = scope.spawn(|| queue.next_fresh(2));
            // Two wait to be sent, which is one too many until a sender comes.
            assert_eq!(queue.next(&mut Turn::default()), Some(0));
            assert_eq!(beginner.join().unwrap(), [2]);
        });
    }

    #[test]
    fn a_turn_is_kept_for_the_next_task_and_given_back_before_a_rest() {
        let queue: Queue<(), u32, ()> = Queue::new(1);
        queue.begun((0..4).collect());
        let (mut first, mut second) = (Turn::default(), Turn::default());
        assert_eq!(queue.next(&mut first), Some(0));
        assert_eq!(queue.next(&mut first), Some(1));
        queue.give_back(&mut first);
        assert_eq!(queue.next(&mut second), Some(2));
        std::thread::scope(|scope| {
            let rested = scope.spawn(|| queue.next(&mut first));
            queue.give_back(&mut second);
            assert_eq!(rested.join().unwrap(), Some(3));
        });
    }
}
