//! The journal of a run, and the manifest made from it.
//!
//! While the run goes on, each entry is appended to `<manifest>.partial`. At its end the entries are written in
//! order of (seq, part) through an index of offsets, 40 bytes an entry, and renamed into place: entries
//! themselves are never all in memory. Where nothing was stored, entries are appended in order, and the journal itself
//! is renamed.

mod order;
mod place;
mod reader;
mod revise;
mod writeback;

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use self::order::{Line, Order};
use self::place::{is_at, lock, parent, set_aside, sync_folder};
use self::reader::Reader;
use self::writeback::Writeback;
use crate::model::Sha256;
use crate::model::digest::Hasher;
use crate::model::entry::{Entry, Status};
use crate::model::failpoint::{Step, hit};

pub(crate) use place::set_readable;
pub use place::{beside, check_place, write_whole};

/// How much is read and written at a time.
const BUFFER_BYTES: usize = 64 << 10;

/// The entries of a run, in the order in which they became final.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    writer: BufWriter<File>,
    length: u64,
    /// The entry that is being written.
    line: Vec<u8>,
    index: Vec<Slot>,
    order: Order,
    writeback: Writeback,
    hasher: RandomState,
    /// Ids that the manifest does not name, by their hashes.
    doubted: HashMap<u64, String>,
}

/// A manifest that is not yet in its place.
#[derive(Debug)]
pub struct Made {
    /// `None` if it is the journal itself.
    temp: Option<tempfile::NamedTempFile>,
    /// Its digest.
    pub digest: Sha256,
}

/// Where an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Slot {
    seq: u64,
    part: u32,
    length: u32,
    offset: u64,
    /// A hash of the file's id; 0 without one.
    file: u64,
    /// Whether this run stored the file for this entry.
    is_sent: bool,
}

impl Journal {
    /// Begins a journal. One that a stopped run left behind is moved aside if `keeps`, because it may name uploaded
    /// files that nothing else knows; its new path is returned.
    ///
    /// # Errors
    /// The file cannot be made, or another run writes it now.
    pub fn create(path: &Path, keeps: bool) -> io::Result<(Self, Option<PathBuf>)> {
        let mut left = None;
        loop {
            let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
            lock(&file)?;
            // Whoever held the lock before may have moved or removed what was opened here.
            if !is_at(&file, path)? {
                continue;
            }
            if keeps && left.is_none() {
                left = set_aside(path, &file)?;
                if left.is_some() {
                    continue;
                }
            }
            file.set_len(0)?;
            return Ok((Self::of(path, file, !keeps), left));
        }
    }

    fn of(path: &Path, file: File, in_order: bool) -> Self {
        Self {
            path: path.to_owned(),
            writer: BufWriter::with_capacity(BUFFER_BYTES, file),
            length: 0,
            line: Vec::new(),
            index: Vec::new(),
            order: Order::new(in_order),
            writeback: Writeback::default(),
            hasher: RandomState::new(),
            doubted: HashMap::new(),
        }
    }

    /// Appends an entry; it is durable after the next [`Journal::sync`]. As long as nothing was stored, one that came too
    /// early waits in memory for its turn.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub fn append(&mut self, entry: &Entry) -> io::Result<()> {
        hit(Step::JournalAppend)?;
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        serde_json::to_writer(&mut line, entry)?;
        line.push(b'\n');
        let length = u32::try_from(line.len()).map_err(|_| io::Error::other("an entry is too long"))?;
        let slot = Slot {
            seq: entry.seq,
            part: entry.part,
            length,
            offset: 0,
            file: entry.file.as_ref().map_or(0, |file| self.hasher.hash_one(&file.file_id)),
            is_sent: matches!(entry.status, Status::Uploaded | Status::Adopted),
        };
        // What may be stored, and be known nowhere else, waits for nothing.
        let is_news =
            entry.status != Status::Reused && (slot.file != 0 || !entry.possible_orphans.is_empty());
        if is_news && self.order.is_kept() {
            self.give_up_order()?;
        }
        if self.order.is_kept() && !self.order.is_turn_of(&slot) {
            let Err(line) = self.order.wait(Line { slot, parts: entry.parts, bytes: line }) else {
                return Ok(());
            };
            self.give_up_order()?;
            return self.write(line.slot, line.parts, &line.bytes);
        }
        self.write(slot, entry.parts, &line)?;
        self.line = line;
        while self.order.is_kept()
            && let Some(Line { slot, parts, bytes }) = self.order.next()
        {
            self.write(slot, parts, &bytes)?;
        }
        Ok(())
    }

    fn write(&mut self, slot: Slot, parts: u32, line: &[u8]) -> io::Result<()> {
        self.writer.write_all(line)?;
        if self.order.is_kept() {
            self.order.written(&slot, parts, line);
        }
        self.index.push(Slot { offset: self.length, ..slot });
        self.length += u64::from(slot.length);
        Ok(())
    }

    fn give_up_order(&mut self) -> io::Result<()> {
        self.order.give_up().try_for_each(|line| self.write(line.slot, line.parts, &line.bytes))
    }

    /// Hands everything appended to the system: it survives this process, and no power cut.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub fn flush(&mut self) -> io::Result<()> {
        hit(Step::JournalSync)?;
        self.writer.flush()?;
        // Only a journal that becomes the manifest must be durable in the end.
        match self.order.is_kept() {
            true => self.writeback.written(self.writer.get_ref(), self.length),
            false => Ok(()),
        }
    }

    /// Makes everything appended durable.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub fn sync(&mut self) -> io::Result<()> {
        self.flush()?;
        self.writer.get_ref().sync_data()
    }

    /// Writes the manifest in order to `out` and returns its digest.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub fn write_sorted(&mut self, out: &mut dyn Write) -> io::Result<Sha256> {
        self.give_up_order()?;
        self.flush()?;
        self.index.sort_unstable();
        let mut dealt = self.deal_shared()?.into_iter();
        let mut hasher = Hasher::default();
        let mut reader = Reader::new(self.writer.get_ref())?;
        let mut next = dealt.next();
        for slot in &self.index {
            let revised = match next.take_if(|(key, _)| *key == (slot.seq, slot.part)) {
                Some((_, line)) => {
                    next = dealt.next();
                    Some(line)
                }
                None => match self.doubted.get(&slot.file) {
                    Some(file_id) => revise::doubtful(reader.line(slot)?, file_id)?,
                    None => None,
                },
            };
            let line = match &revised {
                Some(line) => line,
                None => reader.line(slot)?,
            };
            hasher.update(line);
            out.write_all(line)?;
        }
        Ok(hasher.finish())
    }

    /// Makes the manifest, beside `path`, where the journal is, too.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub fn make(&mut self, path: &Path) -> io::Result<Made> {
        if self.order.is_kept() && self.may_be_manifest() {
            self.order.rest().try_for_each(|line| self.write(line.slot, line.parts, &line.bytes))?;
            self.flush()?;
            self.writeback.wait()?;
            self.writer.get_ref().sync_all()?;
            return Ok(Made { temp: None, digest: self.order.digest() });
        }
        let mut temp = tempfile::Builder::new().prefix(".docferry-").tempfile_in(parent(path))?;
        let digest = {
            let mut out = BufWriter::with_capacity(BUFFER_BYTES, temp.as_file_mut());
            let digest = self.write_sorted(&mut out)?;
            out.flush()?;
            digest
        };
        temp.as_file().sync_all()?;
        set_readable(temp.as_file())?;
        Ok(Made { temp: Some(temp), digest })
    }

    /// Tells whether the journal is still in its place, a file like others that can be renamed.
    fn may_be_manifest(&self) -> bool {
        let file = self.writer.get_ref();
        is_at(file, &self.path).unwrap_or(false)
            && std::fs::symlink_metadata(&self.path).is_ok_and(|there| there.is_file())
            && set_readable(file).is_ok()
    }

    /// Puts the manifest at `path`; the journal is gone then.
    ///
    /// # Errors
    /// The disk is full or gone; the journal stays then.
    pub fn put(self, made: Made, path: &Path) -> io::Result<()> {
        hit(Step::ManifestRename)?;
        let is_journal = made.temp.is_none();
        match made.temp {
            Some(temp) => temp.persist(path).map(drop).map_err(|e| e.error)?,
            None => std::fs::rename(&self.path, path)?,
        }
        sync_folder(parent(path))?;
        hit(Step::AfterRename)?;
        if is_journal { Ok(()) } else { self.discard() }
    }

    /// Makes the manifest at `path` and removes the journal.
    ///
    /// # Errors
    /// The disk is full or gone; the journal stays then.
    pub fn finish(mut self, path: &Path) -> io::Result<Sha256> {
        let made = self.make(path)?;
        let digest = made.digest;
        self.put(made, path)?;
        Ok(digest)
    }

    /// Removes the journal.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn discard(self) -> io::Result<()> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Proof;
    use crate::model::entry::{SCHEMA_VERSION, SourceEntry, Status};

    fn entry(seq: u64, part: u32) -> Entry {
        Entry {
            schema_version: SCHEMA_VERSION,
            seq,
            part,
            parts: 1,
            status: Status::Skipped,
            batch: 0,
            source: SourceEntry {
                path: format!("f{seq}"),
                path_bytes: None,
                relative: format!("f{seq}"),
                size_bytes: None,
                modified: None,
                sha256: None,
                format: None,
                media_type: None,
                charset: None,
                charset_evidence: None,
                charset_confidence: None,
            },
            output: None,
            converter: None,
            target: None,
            file: None,
            attempts: 0,
            possible_orphans: Vec::new(),
            content_block: None,
            warnings: Vec::new(),
            violations: Vec::new(),
            error: None,
        }
    }

    /// Begins a journal for `m.jsonl` in a new folder.
    fn begin(keeps: bool) -> (tempfile::TempDir, PathBuf, Journal) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.jsonl");
        let (journal, left) = Journal::create(&beside(&path, ".partial"), keeps).unwrap();
        assert_eq!(left, None);
        (folder, path, journal)
    }

    /// Returns the order of the lines of a manifest that has this digest.
    fn order_of(path: &Path, digest: Sha256) -> Vec<(u64, u32)> {
        let text = std::fs::read(path).unwrap();
        assert_eq!(digest, Sha256::of(&text));
        let lines = text.split(|b| *b == b'\n').filter(|line| !line.is_empty());
        let entries = lines.map(|line| serde_json::from_slice::<Entry>(line).unwrap());
        entries.map(|entry| (entry.seq, entry.part)).collect()
    }

    #[test]
    fn manifest_is_in_order_whatever_the_order_of_the_journal() {
        let (_folder, path, mut journal) = begin(true);
        for (seq, part) in [(2, 0), (0, 1), (1, 0), (0, 0)] {
            journal.append(&entry(seq, part)).unwrap();
        }
        let digest = journal.finish(&path).unwrap();
        assert_eq!(order_of(&path, digest), [(0, 0), (0, 1), (1, 0), (2, 0)]);
        assert!(!beside(&path, ".partial").exists());
    }

    #[test]
    fn a_journal_in_order_becomes_the_manifest() {
        let (_folder, path, mut journal) = begin(false);
        // The input 3 is never told of.
        for (seq, part, parts) in [(2, 0, 0), (1, 1, 2), (0, 0, 1), (4, 0, 1), (1, 0, 2)] {
            journal.append(&Entry { parts, ..entry(seq, part) }).unwrap();
        }
        journal.flush().unwrap();
        assert_eq!(std::fs::read_to_string(beside(&path, ".partial")).unwrap().lines().count(), 4);
        let digest = journal.finish(&path).unwrap();
        assert_eq!(order_of(&path, digest), [(0, 0), (1, 0), (1, 1), (2, 0), (4, 0)]);
        assert!(!beside(&path, ".partial").exists());
    }

    #[test]
    fn what_is_stored_waits_for_nothing() {
        let (_folder, path, mut journal) = begin(false);
        journal.append(&entry(3, 0)).unwrap();
        let orphans = vec!["file_1".to_owned()];
        journal.append(&Entry { possible_orphans: orphans, ..entry(2, 0) }).unwrap();
        journal.append(&entry(0, 0)).unwrap();
        journal.flush().unwrap();
        assert_eq!(std::fs::read_to_string(beside(&path, ".partial")).unwrap().lines().count(), 3);
        let digest = journal.finish(&path).unwrap();
        assert_eq!(order_of(&path, digest), [(0, 0), (2, 0), (3, 0)]);
    }

    #[test]
    fn a_line_that_comes_twice_or_too_late_is_not_lost() {
        for second in [(1, 0), (0, 0)] {
            let (_folder, path, mut journal) = begin(false);
            for (seq, part) in [(0, 0), (2, 0), second, second] {
                journal.append(&entry(seq, part)).unwrap();
            }
            let digest = journal.finish(&path).unwrap();
            let mut expected = vec![(0, 0), second, second, (2, 0)];
            expected.sort_unstable();
            assert_eq!(order_of(&path, digest), expected);
        }
    }

    #[test]
    fn a_journal_that_was_removed_is_still_made_into_a_manifest() {
        let (_folder, path, mut journal) = begin(false);
        journal.append(&entry(0, 0)).unwrap();
        std::fs::remove_file(beside(&path, ".partial")).unwrap();
        let digest = journal.finish(&path).unwrap();
        assert_eq!(order_of(&path, digest), [(0, 0)]);
    }

    #[test]
    fn only_so_many_lines_wait() {
        let (_folder, path, mut journal) = begin(false);
        (1..6_000).rev().for_each(|seq| journal.append(&entry(seq, 0)).unwrap());
        assert_eq!(journal.index.len(), 5_999, "none of them waits any more");
        journal.append(&entry(0, 0)).unwrap();
        let digest = journal.finish(&path).unwrap();
        let expected: Vec<(u64, u32)> = (0..6_000).map(|seq| (seq, 0)).collect();
        assert_eq!(order_of(&path, digest), expected);
    }

    /// Makes an entry of a stored file.
    fn stored(seq: u64, status: Status, file_id: &str) -> Entry {
        let file = serde_json::json!({
            "file_id": file_id, "filename": "a.txt", "mime_type": "text/plain", "size_bytes": 1,
            "created_at": "2026-11-20T10:00:00Z", "expires_at": null, "downloadable": null,
        });
        Entry { status, file: Some(serde_json::from_value(file).unwrap()), ..entry(seq, 0) }
    }

    #[test]
    fn an_id_that_was_given_twice_is_named_by_no_entry_of_the_run_that_sent_it() {
        use Status::{Adopted, Ambiguous, Reused, Uploaded};
        let (_folder, path, mut journal) = begin(false);
        let mut proven = stored(4, Adopted, "proven");
        proven.file.as_mut().unwrap().proof = Some(Proof::NameTag);
        let entries = [
            stored(2, Uploaded, "twice"),
            stored(0, Reused, "twice"),
            stored(1, Uploaded, "once"),
            stored(3, Reused, "old"),
            proven,
            stored(6, Uploaded, "shared"),
            stored(5, Reused, "shared"),
        ];
        entries.iter().for_each(|entry| journal.append(entry).unwrap());
        for id in ["proven", "unknown"] {
            journal.doubt(id, |_, entry| panic!("{entry:?}")).unwrap();
        }
        let mut told = Vec::new();
        journal.doubt("twice", |before, after| told.push((before, after.status, after.seq))).unwrap();
        assert_eq!(told, [(Reused, Ambiguous, 0), (Uploaded, Ambiguous, 2)]);
        journal.finish(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let entries = text.lines().map(|line| serde_json::from_str::<Entry>(line).unwrap());
        let told: Vec<_> = entries.map(|one| (one.status, one.file.map(|file| file.file_id))).collect();
        let id = |id: &str| Some(id.to_owned());
        let expected = [
            (Ambiguous, None),
            (Uploaded, id("once")),
            (Ambiguous, None),
            (Reused, id("old")),
            (Adopted, id("proven")),
            (Uploaded, id("shared")),
            (Reused, id("shared")),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_journal_left_behind_is_moved_aside_and_a_second_writer_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.jsonl.partial");
        let (mut journal, _) = Journal::create(&path, true).unwrap();
        journal.append(&entry(0, 0)).unwrap();
        journal.sync().unwrap();
        assert_eq!(Journal::create(&path, true).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        drop(journal);
        let (_journal, left) = Journal::create(&path, true).unwrap();
        assert_eq!(left.as_deref(), Some(&*beside(&path, ".1")));
        assert!(std::fs::read_to_string(left.unwrap()).unwrap().ends_with("}\n"));
    }
}
