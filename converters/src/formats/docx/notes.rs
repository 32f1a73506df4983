//! Footnotes and endnotes: numbered together, in the order the text refers to them.
//!
//! Only the numbers are held. The notes themselves are written from their part after the body, in the order of the
//! part, so that a thousand notes need no memory.

use std::collections::HashMap;

use crate::Result;
use crate::limits::Meter;

/// Which part a note stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum NoteKind {
    Footnote,
    Endnote,
}

impl NoteKind {
    /// Returns the relationship kind of the part.
    pub(super) fn relationship(self) -> &'static str {
        match self {
            Self::Footnote => "footnotes",
            Self::Endnote => "endnotes",
        }
    }

    /// Returns the name of a note's element.
    pub(super) fn element(self) -> &'static [u8] {
        match self {
            Self::Footnote => b"footnote",
            Self::Endnote => b"endnote",
        }
    }
}

/// What a number weighs in memory.
const NUMBER_BYTES: u64 = 64;

/// The numbers given to notes.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// The last number given elsewhere.
    before: u64,
    numbers: HashMap<(NoteKind, String), u64>,
}

impl Notes {
    /// Makes the notes of a document within the document: its ids are its own, its numbers follow.
    pub(super) fn following(&self) -> Self {
        Self { before: self.last(), numbers: HashMap::new() }
    }

    /// Goes on behind the notes of a document within the document.
    pub(super) fn go_on_after(&mut self, inner: &Self) {
        self.before = inner.last().saturating_sub(self.numbers.len() as u64);
    }

    fn last(&self) -> u64 {
        self.before + self.numbers.len() as u64
    }

    /// Returns the number of the note, giving it the next one at its first reference.
    pub(super) fn refer(&mut self, kind: NoteKind, id: &str, meter: &Meter) -> Result<u64> {
        let next = self.last() + 1;
        if let Some(number) = self.get(kind, id) {
            return Ok(number);
        }
        meter.resident(NUMBER_BYTES + id.len() as u64)?;
        self.numbers.insert((kind, id.to_owned()), next);
        Ok(next)
    }

    /// Returns the number of a note that the text refers to.
    pub(super) fn get(&self, kind: NoteKind, id: &str) -> Option<u64> {
        self.numbers.get(&(kind, id.to_owned())).copied()
    }

    /// Returns how many notes of this kind the text refers to.
    pub(super) fn count(&self, kind: NoteKind) -> u64 {
        self.numbers.keys().filter(|(of, _)| *of == kind).count() as u64
    }
}
