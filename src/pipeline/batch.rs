//! Batches: which input belongs to which, and when all of one is durable.
//!
//! The number of an input's batch depends on discovery alone, so that it is the same for any number of threads.

use std::collections::BTreeMap;

use crate::event::Batch;
use crate::model::entry::Entry;

/// Deals inputs into batches in the order of their numbers.
#[derive(Debug)]
pub(super) struct Dealer {
    max_files: u64,
    max_bytes: u64,
    number: u64,
    files: u64,
    bytes: u64,
}

impl Dealer {
    pub(super) fn new(max_files: u64, max_bytes: u64) -> Self {
        Self { max_files: max_files.max(1), max_bytes: max_bytes.max(1), number: 0, files: 0, bytes: 0 }
    }

    /// Returns the batch of the next input, and the batch that is now full, with its number of inputs.
    pub(super) fn deal(&mut self, size_bytes: u64) -> (u64, Option<(u64, u64)>) {
        let full = self.files > 0
            && (self.files >= self.max_files || self.bytes.saturating_add(size_bytes) > self.max_bytes);
        let closed = full.then(|| self.close()).flatten();
        self.files += 1;
        self.bytes = self.bytes.saturating_add(size_bytes);
        (self.number, closed)
    }

    /// Closes the last batch and returns its number and inputs.
    pub(super) fn close(&mut self) -> Option<(u64, u64)> {
        if self.files == 0 {
            return None;
        }
        let closed = (self.number, self.files);
        self.number += 1;
        self.files = 0;
        self.bytes = 0;
        Some(closed)
    }
}

/// Knows which batches are complete.
#[derive(Debug, Default)]
pub(super) struct Tracker {
    open: BTreeMap<u64, Progress>,
}

#[derive(Debug, Default)]
struct Progress {
    inputs: Option<u64>,
    done: u64,
    entries: u64,
    /// Parts seen of inputs of several parts that are not complete.
    partial: BTreeMap<u64, u32>,
    ids: Vec<(u64, u32, String)>,
}

impl Tracker {
    /// Notes that a batch has so many inputs.
    pub(super) fn closed(&mut self, number: u64, inputs: u64) {
        self.open.entry(number).or_default().inputs = Some(inputs);
    }

    /// Notes an entry.
    pub(super) fn entry(&mut self, entry: &Entry) {
        let progress = self.open.entry(entry.batch).or_default();
        progress.entries += 1;
        if let Some(file) = &entry.file {
            progress.ids.push((entry.seq, entry.part, file.file_id.clone()));
        }
        if entry.parts > 1 {
            let seen = progress.partial.entry(entry.seq).or_default();
            *seen += 1;
            if *seen < entry.parts {
                return;
            }
            progress.partial.remove(&entry.seq);
        }
        progress.done += 1;
    }

    /// Removes and returns the complete batches; call it when everything noted is durable.
    pub(super) fn complete(&mut self) -> Vec<Batch> {
        let numbers: Vec<u64> =
            self.open.iter().filter(|(_, p)| p.inputs == Some(p.done)).map(|(number, _)| *number).collect();
        let mut batches = Vec::new();
        for number in numbers {
            if let Some(mut progress) = self.open.remove(&number) {
                progress.ids.sort_unstable();
                let file_ids = progress.ids.into_iter().map(|(_, _, id)| id).collect();
                batches.push(Batch { number, entries: progress.entries, file_ids });
            }
        }
        batches
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_bounded_by_files_and_bytes() {
        let mut dealer = Dealer::new(2, 10);
        assert_eq!(dealer.deal(1), (0, None));
        assert_eq!(dealer.deal(1), (0, None));
        assert_eq!(dealer.deal(1), (1, Some((0, 2))));
        assert_eq!(dealer.deal(10), (2, Some((1, 1))));
        assert_eq!(dealer.close(), Some((2, 1)));
        assert_eq!(dealer.close(), None);
    }
}
