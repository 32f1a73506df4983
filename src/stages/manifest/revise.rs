//! Entries that read otherwise at the end of a run than when they were appended.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::io;

use super::reader::Reader;
use super::{Journal, Slot};
use crate::model::entry::{Entry, Status, WarningEntry};
use crate::model::{Code, Failure};

/// An entry that names a file no longer.
#[derive(Debug)]
pub struct Doubted {
    /// What it was.
    pub before: Entry,
    /// What it is: of unknown outcome.
    pub after: Entry,
}

impl Journal {
    /// Lets no entry name a file whose id the target gave to another upload of this run, too: which of the two it belongs
    /// to, nobody knows. What an earlier run stored, or a listing proved, keeps its id. Returns the entries that change, in
    /// order.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn doubt(&mut self, file_id: &str) -> io::Result<Vec<Doubted>> {
        self.give_up_order()?;
        self.flush()?;
        let hash = self.hasher.hash_one(file_id);
        let mut slots: Vec<Slot> = self.index.iter().filter(|slot| slot.file == hash).copied().collect();
        slots.sort_unstable();
        let mut reader = Reader::new(self.writer.get_ref())?;
        let entries: io::Result<Vec<Entry>> =
            slots.iter().map(|slot| Ok(serde_json::from_slice(reader.line(slot)?)?)).collect();
        let of_it = |entry: &Entry| entry.file.as_ref().is_some_and(|file| file.file_id == file_id);
        let entries: Vec<Entry> = entries?.into_iter().filter(of_it).collect();
        if !entries.iter().any(|entry| entry.status == Status::Uploaded) {
            return Ok(Vec::new());
        }
        let doubted = entries.into_iter().map(|before| Doubted { after: doubtful(&before, file_id), before });
        let doubted: Vec<Doubted> = doubted.collect();
        doubted.iter().try_for_each(|one| self.revise(&one.after))?;
        Ok(doubted)
    }

    /// Where inputs of one run share a file, whoever comes first in the manifest has uploaded it, whichever was first
    /// on the way.
    pub(super) fn deal_shared(&mut self) -> io::Result<()> {
        if !self.index.iter().any(|slot| slot.is_sent) {
            return Ok(());
        }
        // The first slot of each file, and the one that was sent.
        let mut first: HashMap<u64, usize> = HashMap::new();
        let mut pairs = Vec::new();
        for (at, slot) in self.index.iter().enumerate().filter(|(_, slot)| slot.file != 0) {
            let before = *first.entry(slot.file).or_insert(at);
            if before != at && slot.is_sent {
                pairs.push((self.index[before], self.index[at]));
            }
        }
        drop(first);
        let mut dealt = Vec::new();
        let mut reader = Reader::new(self.writer.get_ref())?;
        for (before, sent) in pairs {
            let mut one: Entry = serde_json::from_slice(reader.line(&before)?)?;
            let mut other: Entry = serde_json::from_slice(reader.line(&sent)?)?;
            let id = |entry: &Entry| entry.file.as_ref().map(|file| file.file_id.clone());
            let is_revised = self.revised.contains_key(&(one.seq, one.part));
            if is_revised || id(&one) != id(&other) || one.status != Status::Reused {
                continue;
            }
            trade(&mut one, &mut other);
            dealt.extend([one, other]);
        }
        dealt.iter().try_for_each(|entry| self.revise(entry))
    }

    fn revise(&mut self, entry: &Entry) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        self.revised.insert((entry.seq, entry.part), line);
        Ok(())
    }
}

fn doubtful(entry: &Entry, file_id: &str) -> Entry {
    let message = format!("the target gave the id `{file_id}` twice: it may be that of another file");
    Entry {
        status: Status::Ambiguous,
        file: None,
        content_block: None,
        error: Some(Failure::new(Code::DuplicateId, message)),
        ..entry.clone()
    }
}

/// Lets the first entry say what sending the file came to, and the second that it was there.
fn trade(first: &mut Entry, second: &mut Entry) {
    use std::mem::{swap, take};
    swap(&mut first.status, &mut second.status);
    swap(&mut first.file, &mut second.file);
    first.attempts = take(&mut second.attempts);
    first.possible_orphans = take(&mut second.possible_orphans);
    let of_the_file =
        |warning: &WarningEntry| matches!(warning.code, Code::NameChanged | Code::MediaTypeChanged);
    first.warnings.extend(second.warnings.extract_if(.., |warning| of_the_file(warning)));
}
