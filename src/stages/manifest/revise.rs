//! Entries that read otherwise at the end of a run than when they were appended.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;
use std::io;

use super::reader::Reader;
use super::{Journal, Slot};
use crate::model::entry::{Entry, Status, WarningEntry};
use crate::model::{Code, Failure};

impl Journal {
    /// Lets no entry name a file whose id the target gave to another upload of this run, too: which of the two it belongs
    /// to, nobody knows. Tells each such entry, as it will be, with the status that it had. None is appended after this.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn doubt(&mut self, file_id: &str, mut each: impl FnMut(Status, &Entry)) -> io::Result<()> {
        // A journal that is still in order tells of nothing that this run stored.
        if self.order.is_kept() {
            return Ok(());
        }
        self.flush()?;
        let hash = self.hasher.hash_one(file_id);
        let mut slots: Vec<Slot> = self.index.iter().filter(|slot| slot.file == hash).copied().collect();
        slots.sort_unstable();
        let mut reader = Reader::new(self.writer.get_ref())?;
        for slot in &slots {
            let mut entry: Entry = serde_json::from_slice(reader.line(slot)?)?;
            let before = entry.status;
            if take_id(&mut entry, file_id) {
                each(before, &entry);
            }
        }
        self.doubted.insert(hash, file_id.to_owned());
        Ok(())
    }

    /// Where inputs of one run share a file, whoever comes first in the manifest has uploaded it, whichever was first
    /// on the way. Returns the lines that say so, in order.
    pub(super) fn deal_shared(&self) -> io::Result<BTreeMap<(u64, u32), Vec<u8>>> {
        if !self.index.iter().any(|slot| slot.is_sent) {
            return Ok(BTreeMap::new());
        }
        // The first slot of each file, and the one that was sent.
        let mut first: HashMap<u64, usize> = HashMap::new();
        let mut pairs = Vec::new();
        let named = |slot: &Slot| slot.file != 0 && !self.doubted.contains_key(&slot.file);
        for (at, slot) in self.index.iter().enumerate().filter(|(_, slot)| named(slot)) {
            let before = *first.entry(slot.file).or_insert(at);
            if before != at && slot.is_sent {
                pairs.push((before, at));
            }
        }
        drop(first);
        let mut dealt = BTreeMap::new();
        let mut reader = Reader::new(self.writer.get_ref())?;
        for (before, sent) in pairs {
            let mut one: Entry = serde_json::from_slice(reader.line(&self.index[before])?)?;
            let mut other: Entry = serde_json::from_slice(reader.line(&self.index[sent])?)?;
            let id = |entry: &Entry| entry.file.as_ref().map(|file| file.file_id.clone());
            if id(&one) != id(&other) || one.status != Status::Reused {
                continue;
            }
            trade(&mut one, &mut other);
            for entry in [one, other] {
                dealt.insert((entry.seq, entry.part), line_of(&entry)?);
            }
        }
        Ok(dealt)
    }
}

/// Returns the line of an entry as the manifest has it, if it names the file.
pub(super) fn doubtful(line: &[u8], file_id: &str) -> io::Result<Option<Vec<u8>>> {
    let mut entry: Entry = serde_json::from_slice(line)?;
    take_id(&mut entry, file_id).then(|| line_of(&entry)).transpose()
}

fn line_of(entry: &Entry) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(entry)?;
    line.push(b'\n');
    Ok(line)
}

/// Makes an entry of unknown outcome, if it names this file without a proof; returns whether it does.
fn take_id(entry: &mut Entry, file_id: &str) -> bool {
    if entry.file.as_ref().is_none_or(|file| file.file_id != file_id || file.proof.is_some()) {
        return false;
    }
    let message = format!("the target gave the id `{file_id}` twice: it may be that of another file");
    entry.status = Status::Ambiguous;
    entry.file = None;
    entry.content_block = None;
    entry.error = Some(Failure::new(Code::DuplicateId, message));
    true
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
