//! What waits for the thread that writes. It is woken when somebody waits for an answer, not by each command.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// So many commands for whose answers somebody waits are a group.
const GROUP: usize = 128;
/// The most commands of a group in all.
const GROUP_WITH_UNAWAITED: usize = 1_024;
/// How long commands that nobody waits for are gathered.
const UNAWAITED_FOR: Duration = Duration::from_millis(50);
/// How long those are gathered for whose answer there is time.
const UNHURRIED_FOR: Duration = Duration::from_millis(10);

/// Who waits for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Awaited {
    /// Nobody.
    No,
    /// Somebody who has other things to do meanwhile.
    Unhurried,
    /// Somebody who does nothing else.
    Now,
}

/// Commands on their way to the one thread that takes them.
pub(super) struct Inbox<C> {
    state: Mutex<State<C>>,
    /// Told when the thread that takes has something to do.
    come: Condvar,
    /// Told when there is room again.
    room: Condvar,
}

struct State<C> {
    commands: Vec<C>,
    unhurried: usize,
    hurried: usize,
    is_open: bool,
    /// Whether somebody waits to take, and to bring.
    taker_waits: bool,
    bringers_wait: bool,
}

impl<C> State<C> {
    fn is_group(&self) -> bool {
        self.hurried + self.unhurried >= GROUP || self.commands.len() >= GROUP_WITH_UNAWAITED
    }

    /// Returns how long more commands are waited for; nothing if there are enough.
    fn patience(&self, expected: usize, linger: Duration) -> Duration {
        match (self.hurried, self.unhurried) {
            _ if self.is_group() || !self.is_open => Duration::ZERO,
            (0, 0) => UNAWAITED_FOR,
            (0, _) => UNHURRIED_FOR,
            (hurried, _) if hurried < expected => linger,
            _ => Duration::ZERO,
        }
    }
}

impl<C> std::fmt::Debug for Inbox<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Inbox")
    }
}

impl<C> Default for Inbox<C> {
    fn default() -> Self {
        let state = State {
            commands: Vec::new(),
            unhurried: 0,
            hurried: 0,
            is_open: true,
            taker_waits: false,
            bringers_wait: false,
        };
        Self { state: Mutex::new(state), come: Condvar::new(), room: Condvar::new() }
    }
}

impl<C> Inbox<C> {
    fn lock(&self) -> MutexGuard<'_, State<C>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings a command, and waits for room if there is none; false if nobody takes commands any more.
    pub(super) fn bring(&self, command: C, awaited: Awaited) -> bool {
        let mut state = self.lock();
        while state.is_open && state.commands.len() >= GROUP_WITH_UNAWAITED {
            state.bringers_wait = true;
            state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if !state.is_open {
            return false;
        }
        let is_first = state.commands.is_empty();
        // The first one that has time ends the longer wait for those that nobody waits for.
        let is_first_unhurried = awaited == Awaited::Unhurried && state.unhurried == 0;
        state.commands.push(command);
        state.unhurried += usize::from(awaited == Awaited::Unhurried);
        state.hurried += usize::from(awaited == Awaited::Now);
        let matters = is_first || is_first_unhurried || awaited == Awaited::Now || state.is_group();
        if matters && state.taker_waits {
            self.come.notify_one();
        }
        true
    }

    /// Takes a group; empty when no command will come any more. `expected` is how many hurried ones are waited for, for no
    /// longer than `linger`.
    pub(super) fn take(&self, expected: usize, linger: Duration) -> Group<C> {
        let mut state = self.lock();
        let mut began = None;
        loop {
            let left = if state.commands.is_empty() {
                None
            } else {
                let began = *began.get_or_insert_with(Instant::now);
                Some(state.patience(expected, linger).saturating_sub(began.elapsed()))
            };
            if left.is_some_and(|left| left.is_zero()) || (left.is_none() && !state.is_open) {
                break;
            }
            state.taker_waits = true;
            state = match left {
                None => self.come.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(left) => self.come.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
            };
            state.taker_waits = false;
        }
        state.unhurried = 0;
        let hurried = std::mem::take(&mut state.hurried);
        if std::mem::take(&mut state.bringers_wait) {
            self.room.notify_all();
        }
        Group { commands: std::mem::take(&mut state.commands), hurried }
    }

    /// No command will be brought any more.
    pub(super) fn close(&self) {
        self.lock().is_open = false;
        self.come.notify_one();
        self.room.notify_all();
    }
}

/// What is done together.
pub(super) struct Group<C> {
    pub(super) commands: Vec<C>,
    /// For how many of them somebody waits who does nothing else.
    pub(super) hurried: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_in_a_hurry_take_the_others_with_them() {
        let inbox = Inbox::default();
        inbox.bring(1, Awaited::No);
        inbox.bring(2, Awaited::Unhurried);
        inbox.bring(3, Awaited::Now);
        let group = inbox.take(0, Duration::ZERO);
        assert_eq!((group.commands, group.hurried), (vec![1, 2, 3], 1));
    }

    #[test]
    fn those_that_have_time_are_waited_for_and_not_for_ever() {
        let inbox = Inbox::default();
        inbox.bring(1, Awaited::No);
        inbox.bring(2, Awaited::Unhurried);
        let group = inbox.take(9, Duration::from_secs(3600));
        assert_eq!((group.commands, group.hurried), (vec![1, 2], 0));
    }

    #[test]
    fn what_was_brought_before_the_end_is_taken_and_nothing_else() {
        let inbox = Inbox::default();
        assert!(inbox.bring(1, Awaited::No));
        inbox.close();
        assert!(!inbox.bring(2, Awaited::Now));
        assert_eq!(inbox.take(1, Duration::ZERO).commands, [1]);
        assert!(inbox.take(1, Duration::ZERO).commands.is_empty());
    }

    #[test]
    fn nobody_brings_more_than_there_is_room_for() {
        let inbox = Inbox::default();
        std::thread::scope(|scope| {
            scope.spawn(|| (0..=GROUP_WITH_UNAWAITED).for_each(|n| assert!(inbox.bring(n, Awaited::No))));
            assert_eq!(inbox.take(0, Duration::ZERO).commands.len(), GROUP_WITH_UNAWAITED);
            assert_eq!(inbox.take(0, Duration::ZERO).commands, [GROUP_WITH_UNAWAITED]);
        });
    }
}
