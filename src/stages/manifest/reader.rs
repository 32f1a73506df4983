//! Reads single lines of a journal.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use super::{BUFFER_BYTES, Slot};

/// Reads lines of a journal. A relative seek keeps the buffer, and neighbours in order are neighbours in the journal
/// mostly.
pub(super) struct Reader<'a> {
    file: BufReader<&'a File>,
    at: u64,
    line: Vec<u8>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: &'a File) -> io::Result<Self> {
        let mut file = BufReader::with_capacity(BUFFER_BYTES, file);
        let at = file.seek(SeekFrom::Start(0))?;
        Ok(Self { file, at, line: Vec::new() })
    }

    pub(super) fn line(&mut self, slot: &Slot) -> io::Result<&[u8]> {
        let delta = i64::try_from(slot.offset).unwrap_or(0) - i64::try_from(self.at).unwrap_or(0);
        self.file.seek_relative(delta)?;
        self.line.resize(slot.length as usize, 0);
        self.file.read_exact(&mut self.line)?;
        self.at = slot.offset + u64::from(slot.length);
        Ok(&self.line)
    }
}
