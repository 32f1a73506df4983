//! How a worker died, and whether the document that it had is to blame.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// Why a worker died.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// It asked for more memory than it may have; so many bytes at the last.
    Memory(Option<u64>),
    /// It nested deeper than its stack.
    Stack,
    /// A signal that it did not raise itself.
    Killed(i32),
    /// A signal that it raised itself: an abort, a wild pointer.
    Signal(i32),
    /// It ended although it was not told to.
    Ended(Option<i32>),
    /// It said something that is no answer.
    Answer(String),
}

/// The end of a worker that had a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Death {
    /// Why.
    pub cause: Cause,
    /// How many documents it had converted before.
    pub served: u64,
}

impl Death {
    /// Tells whether the same document may fare better in a new worker: this one had served others, whose traces may
    /// have brought it down, or somebody killed it from outside.
    #[must_use]
    pub fn may_be_innocent(&self) -> bool {
        self.served > 0 || matches!(self.cause, Cause::Killed(_))
    }
}

impl Cause {
    /// Reads the cause from the end of the process and from what the runtime wrote to standard error at last.
    pub(super) fn of(status: Option<ExitStatus>, said: &str) -> Self {
        if let Some(bytes) = refused_allocation(said) {
            return Self::Memory(bytes);
        }
        if said.contains("has overflowed its stack") {
            return Self::Stack;
        }
        match status.and_then(|status| status.signal()) {
            Some(signal @ (libc_signal::KILL | libc_signal::TERM | libc_signal::INT | libc_signal::HUP)) => {
                Self::Killed(signal)
            }
            Some(signal) => Self::Signal(signal),
            None => Self::Ended(status.and_then(|status| status.code())),
        }
    }
}

/// The signals that come from outside; their numbers are the same on all Unix systems.
mod libc_signal {
    pub(super) const HUP: i32 = 1;
    pub(super) const INT: i32 = 2;
    pub(super) const KILL: i32 = 9;
    pub(super) const TERM: i32 = 15;
}

/// Finds what the runtime says before it aborts for want of memory: `memory allocation of N bytes failed`.
fn refused_allocation(said: &str) -> Option<Option<u64>> {
    let (_, rest) = said.split_once("memory allocation of ")?;
    let (number, rest) = rest.split_once(' ')?;
    rest.starts_with("bytes failed").then(|| number.parse().ok())
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory(Some(bytes)) => write!(f, "it was refused {bytes} bytes more memory"),
            Self::Memory(None) => f.write_str("it was refused more memory"),
            Self::Stack => f.write_str("it overflowed its stack"),
            Self::Killed(signal) => {
                write!(f, "its process was killed from outside by signal {signal}, maybe for want of memory")
            }
            Self::Signal(signal) => write!(f, "its process died of signal {signal}"),
            Self::Ended(Some(code)) => write!(f, "its process ended with status {code}"),
            Self::Ended(None) => f.write_str("its process ended"),
            Self::Answer(what) => write!(f, "its process answered with {what}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_what_the_runtime_said_or_the_signal() {
        let aborted = Some(ExitStatus::from_raw(6));
        let memory = Cause::of(aborted, "memory allocation of 3221225472 bytes failed\n");
        assert_eq!(memory, Cause::Memory(Some(3 << 30)));
        assert_eq!(Cause::of(aborted, "thread 'convert' (7) has overflowed its stack\n"), Cause::Stack);
        assert_eq!(Cause::of(aborted, "something else"), Cause::Signal(6));
        assert_eq!(Cause::of(Some(ExitStatus::from_raw(9)), ""), Cause::Killed(9));
        assert_eq!(Cause::of(Some(ExitStatus::from_raw(3 << 8)), ""), Cause::Ended(Some(3)));
    }

    #[test]
    fn a_document_is_to_blame_unless_others_came_before_it_or_somebody_killed_the_worker() {
        let innocent = |cause, served| Death { cause, served }.may_be_innocent();
        assert!(!innocent(Cause::Stack, 0));
        assert!(innocent(Cause::Stack, 1));
        assert!(innocent(Cause::Killed(9), 0));
    }
}
