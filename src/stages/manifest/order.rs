//! Puts lines in order before they are written, as long as few of them have to wait for others.
//!
//! A journal that was written in order is the manifest: it need not be read, hashed and written once more at the end,
//! which for a run that finds nothing new takes longer than most of its work.

use std::collections::BTreeMap;

use super::Slot;
use crate::model::Sha256;
use crate::model::digest::Hasher;

/// So many lines may wait: all that are under way, and as many more as are told while one thread does not run.
const MAX_LINES: usize = 4096;
/// So many of their bytes.
const MAX_BYTES: usize = 8 << 20;

/// The order so far.
#[derive(Debug)]
pub(super) struct Order {
    is_kept: bool,
    /// Whose turn it is: the number of an input, and of its part.
    turn: (u64, u32),
    waiting: BTreeMap<(u64, u32), Line>,
    waiting_bytes: usize,
    hasher: Hasher,
}

/// A line that is not written yet.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) slot: Slot,
    /// How many parts its input has.
    pub(super) parts: u32,
    pub(super) bytes: Vec<u8>,
}

impl Order {
    /// Begins with the first part of the first input, if order is to be kept at all.
    pub(super) fn new(is_kept: bool) -> Self {
        Self { is_kept, turn: (0, 0), waiting: BTreeMap::new(), waiting_bytes: 0, hasher: Hasher::default() }
    }

    /// Tells whether all that was written is in order.
    pub(super) fn is_kept(&self) -> bool {
        self.is_kept
    }

    pub(super) fn is_turn_of(&self, slot: &Slot) -> bool {
        (slot.seq, slot.part) == self.turn
    }

    /// Notes that the line whose turn it is, of an input with so many parts, is written.
    pub(super) fn written(&mut self, slot: &Slot, parts: u32, line: &[u8]) {
        self.hasher.update(line);
        let is_last = slot.part.saturating_add(1) >= parts;
        self.turn = if is_last { (slot.seq + 1, 0) } else { (slot.seq, slot.part + 1) };
    }

    /// Keeps a line for later; gives it back if too many wait, or if its turn is over.
    pub(super) fn wait(&mut self, line: Line) -> Result<(), Line> {
        let place = (line.slot.seq, line.slot.part);
        let is_full = self.waiting.len() >= MAX_LINES || self.waiting_bytes >= MAX_BYTES;
        if is_full || place < self.turn || self.waiting.contains_key(&place) {
            return Err(line);
        }
        self.waiting_bytes += line.bytes.len();
        self.waiting.insert(place, line);
        Ok(())
    }

    /// Returns a line whose turn it is now.
    pub(super) fn next(&mut self) -> Option<Line> {
        let line = self.waiting.remove(&self.turn)?;
        self.waiting_bytes -= line.bytes.len();
        Some(line)
    }

    /// Returns all lines that wait, in order; what was not there by now never comes.
    pub(super) fn rest(&mut self) -> impl Iterator<Item = Line> + use<> {
        self.waiting_bytes = 0;
        std::mem::take(&mut self.waiting).into_values()
    }

    /// From now on lines are written as they come.
    pub(super) fn give_up(&mut self) -> impl Iterator<Item = Line> + use<> {
        self.is_kept = false;
        self.rest()
    }

    /// Returns the digest of what was written.
    pub(super) fn digest(&self) -> Sha256 {
        self.hasher.clone().finish()
    }
}
