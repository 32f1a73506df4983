//! What a run tells while it goes on. Progress bars, logs and JSON lines are observers; the library never prints.

use std::time::Duration;

use crate::model::entry::Entry;

/// One thing that happened.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// All inputs are known. Told while the run goes on: inputs are found as they are needed.
    Discovered {
        /// How many inputs there are, skipped ones included.
        inputs: u64,
        /// Their sizes by lstat.
        bytes: u64,
    },
    /// How far the stages are. Told about once a second, whether or not anything is done.
    Counted(&'a Counters),
    /// An entry is final, unless [`Event::Doubted`] takes its id back. It is durable when its batch is announced.
    Finished(&'a Entry),
    /// An entry that was told as finished is of unknown outcome after all: the target gave its id to another file, too.
    /// Told at the end of the run.
    Doubted {
        /// The entry as it is in the manifest.
        entry: &'a Entry,
        /// The id that it no longer names.
        file_id: &'a str,
    },
    /// All entries of a batch are durable in the journal. An id may be taken back by [`Event::Doubted`].
    BatchDone(&'a Batch),
    /// The run takes no more work.
    Stopping {
        /// Why.
        reason: &'a str,
    },
    /// Something that people should know and no entry says.
    Notice {
        /// What.
        message: &'a str,
    },
}

/// How far the stages of a run are. What is counted only grows, except for `waiting` and `pause`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Inputs found so far.
    pub found: u64,
    /// Files that are ready to be sent.
    pub prepared: u64,
    /// Files that were sent and are stored.
    pub sent: u64,
    /// Files that an earlier run had sent.
    pub reused: u64,
    /// Files that are being sent, or wait for their turn, a pause or a list of the target.
    pub waiting: u64,
    /// Attempts after the first.
    pub retries: u64,
    /// How long nothing is sent any more because the target asked for a pause.
    pub pause: Duration,
}

/// A batch whose entries are durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Its number, from 0.
    pub number: u64,
    /// How many entries it has.
    pub entries: u64,
    /// The ids of its files, in the order of the manifest.
    pub file_ids: Vec<String>,
}

/// Listens to a run.
pub trait Observer {
    /// Takes an event. Called from the thread that called `run`.
    fn on_event(&mut self, event: &Event<'_>);
}

impl Observer for () {
    fn on_event(&mut self, _event: &Event<'_>) {}
}

impl<F: FnMut(&Event<'_>)> Observer for F {
    fn on_event(&mut self, event: &Event<'_>) {
        self(event);
    }
}
