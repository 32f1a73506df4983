//! Bytes in a temporary file without a name: several parts share one file and one descriptor, and nothing is left
//! behind, however the process ends.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// A stretch of a temporary file, which goes away with the last owner of any stretch of it.
#[derive(Debug, Clone)]
pub struct Spill {
    file: Arc<File>,
    start: u64,
    size_bytes: u64,
}

impl Spill {
    /// Makes one of `size_bytes` of the file from `start`, which nobody writes any more.
    #[must_use]
    pub fn new(file: Arc<File>, start: u64, size_bytes: u64) -> Self {
        Self { file, start, size_bytes }
    }

    /// Returns the number of its bytes.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Returns a reader from its beginning. Readers do not disturb each other.
    #[must_use]
    pub fn reader(&self) -> SpillReader {
        SpillReader { spill: self.clone(), at: 0 }
    }
}

/// Reads a [`Spill`].
#[derive(Debug)]
pub struct SpillReader {
    spill: Spill,
    at: u64,
}

impl SpillReader {
    /// Returns the number of bytes from the beginning to the end.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.spill.size_bytes
    }
}

impl Read for SpillReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.spill.size_bytes.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let room = left.min(out.len());
        let out = out.get_mut(..room).unwrap_or_default();
        let n = self.spill.file.read_at(out, self.spill.start.saturating_add(self.at))?;
        self.at += n as u64;
        Ok(n)
    }
}

impl Seek for SpillReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.spill.size_bytes.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn stretches_end_where_they_end_and_readers_do_not_disturb_each_other() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"abcdefgh").unwrap();
        let spill = Spill::new(Arc::new(file), 2, 4);
        let (mut one, mut other) = (spill.reader(), spill.reader());
        let (mut first, mut rest) = ([0; 2], String::new());
        one.read_exact(&mut first).unwrap();
        other.read_to_string(&mut rest).unwrap();
        assert_eq!((&first, rest.as_str()), (b"cd", "cdef"));
        assert_eq!(one.seek(SeekFrom::End(-1)).unwrap(), 3);
        rest.clear();
        one.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "f");
        one.seek(SeekFrom::Start(9)).unwrap();
        assert_eq!(one.read(&mut first).unwrap(), 0);
        assert!(one.seek(SeekFrom::Current(-10)).is_err());
    }
}
