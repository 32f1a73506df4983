//! The journal of a run, and the manifest made from it.
//!
//! While the run goes on, each entry is appended to `<manifest>.partial`. At its end the entries are written in
//! order of (seq, part) through an index of offsets, 24 bytes an entry, and renamed into place: entries
//! themselves are never all in memory.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::model::Sha256;
use crate::model::digest::Hasher;
use crate::model::entry::Entry;

/// The entries of a run, in the order in which they became final.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    writer: BufWriter<File>,
    length: u64,
    index: Vec<Slot>,
}

/// Where an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Slot {
    seq: u64,
    part: u32,
    length: u32,
    offset: u64,
}

impl Journal {
    /// Begins a journal. One that a stopped run left behind is moved aside, because it may name uploaded files;
    /// its new path is returned.
    ///
    /// # Errors
    /// The file cannot be made, or another run writes it now.
    pub fn create(path: &Path) -> io::Result<(Self, Option<PathBuf>)> {
        let left = match OpenOptions::new().read(true).write(true).open(path) {
            Ok(old) => {
                lock(&old)?;
                set_aside(path, &old)?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path)?;
        lock(&file)?;
        let journal =
            Self { path: path.to_owned(), writer: BufWriter::new(file), length: 0, index: Vec::new() };
        Ok((journal, left))
    }

    /// Appends an entry; it is durable after the next [`Journal::sync`].
    ///
    /// # Errors
    /// The disk is full or gone.
    pub fn append(&mut self, entry: &Entry) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        self.writer.write_all(&line)?;
        let length = u32::try_from(line.len()).map_err(|_| io::Error::other("an entry is too long"))?;
        self.index.push(Slot { seq: entry.seq, part: entry.part, length, offset: self.length });
        self.length += u64::from(length);
        Ok(())
    }

    /// Makes everything appended durable.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub fn sync(&mut self) -> io::Result<()> {
        self.writer.flush()?;
        self.writer.get_ref().sync_data()
    }

    /// Writes the manifest in order to `out` and returns its digest.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub fn write_sorted(&mut self, out: &mut dyn Write) -> io::Result<Sha256> {
        self.sync()?;
        self.index.sort_unstable();
        let mut hasher = Hasher::default();
        let mut file = BufReader::with_capacity(64 << 10, self.writer.get_ref());
        let mut at = file.stream_position()?;
        let mut line = Vec::new();
        for slot in &self.index {
            // A relative seek keeps the buffer, and neighbours in order are neighbours in the journal mostly.
            let delta = i64::try_from(slot.offset).unwrap_or(0) - i64::try_from(at).unwrap_or(0);
            file.seek_relative(delta)?;
            line.resize(slot.length as usize, 0);
            file.read_exact(&mut line)?;
            at = slot.offset + u64::from(slot.length);
            hasher.update(&line);
            out.write_all(&line)?;
        }
        Ok(hasher.finish())
    }

    /// Makes the manifest at `path` and removes the journal.
    ///
    /// # Errors
    /// The disk is full or gone; the journal stays then.
    pub fn finish(mut self, path: &Path) -> io::Result<Sha256> {
        let folder = parent(path);
        let mut temp = tempfile::Builder::new().prefix(".docferry-").tempfile_in(folder)?;
        let digest = {
            let mut out = BufWriter::new(temp.as_file_mut());
            let digest = self.write_sorted(&mut out)?;
            out.flush()?;
            digest
        };
        temp.as_file().sync_all()?;
        set_readable(temp.as_file())?;
        temp.persist(path).map_err(|e| e.error)?;
        sync_folder(folder)?;
        self.discard()?;
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

/// Refuses a place that a manifest must not take: it is renamed into place, and what is there goes away.
///
/// # Errors
/// A folder or a device is there.
pub fn check_place(path: &Path) -> io::Result<()> {
    match std::fs::metadata(path) {
        Ok(there) if there.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(there) if !there.is_file() => Err(io::Error::other("it is no regular file")),
        _ => Ok(()),
    }
}

/// Writes a small file next to the manifest through a rename.
///
/// # Errors
/// The disk is full or gone.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = parent(path);
    let mut temp = tempfile::Builder::new().prefix(".docferry-").tempfile_in(folder)?;
    temp.write_all(bytes)?;
    temp.as_file().sync_all()?;
    set_readable(temp.as_file())?;
    temp.persist(path).map_err(|e| e.error)?;
    sync_folder(folder)
}

/// Returns `path` with something appended to its file name.
#[must_use]
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Temporary files are made for their owner only; manifests and outputs are files like others.
pub(crate) fn set_readable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

fn lock(file: &File) -> io::Result<()> {
    rustix::fs::flock(file, rustix::fs::FlockOperation::NonBlockingLockExclusive)
        .map_err(|_| io::Error::new(io::ErrorKind::WouldBlock, "another run writes this manifest now"))
}

/// Moves a journal that holds something to the first free `<journal>.<n>`.
fn set_aside(path: &Path, file: &File) -> io::Result<Option<PathBuf>> {
    let mut file = file;
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(None);
    }
    let free = (1u32..).map(|n| beside(path, &format!(".{n}"))).find(|path| !path.exists());
    let Some(free) = free else { return Ok(None) };
    std::fs::rename(path, &free)?;
    Ok(Some(free))
}

#[cfg(test)]
mod tests {
    use super::*;
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

    #[test]
    fn manifest_is_in_order_whatever_the_order_of_the_journal() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.jsonl");
        let partial = beside(&path, ".partial");
        let (mut journal, left) = Journal::create(&partial).unwrap();
        assert_eq!(left, None);
        for (seq, part) in [(2, 0), (0, 1), (1, 0), (0, 0)] {
            journal.append(&entry(seq, part)).unwrap();
        }
        let digest = journal.finish(&path).unwrap();
        let text = std::fs::read(&path).unwrap();
        assert_eq!(digest, Sha256::of(&text));
        let order: Vec<(u64, u32)> = text
            .split(|b| *b == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice::<Entry>(line).unwrap())
            .map(|entry| (entry.seq, entry.part))
            .collect();
        assert_eq!(order, [(0, 0), (0, 1), (1, 0), (2, 0)]);
        assert!(!partial.exists());
    }

    #[test]
    fn a_journal_left_behind_is_moved_aside_and_a_second_writer_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.jsonl.partial");
        let (mut journal, _) = Journal::create(&path).unwrap();
        journal.append(&entry(0, 0)).unwrap();
        journal.sync().unwrap();
        assert_eq!(Journal::create(&path).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        drop(journal);
        let (_journal, left) = Journal::create(&path).unwrap();
        assert_eq!(left.as_deref(), Some(&*beside(&path, ".1")));
        assert!(std::fs::read_to_string(left.unwrap()).unwrap().ends_with("}\n"));
    }
}
