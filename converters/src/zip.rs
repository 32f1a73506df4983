//! The metered ZIP package under OOXML, ODF and EPUB files.
//!
//! Reads the central directory itself instead of through a library: the pre-flight has to see what a
//! library hides (two entries of one name, overlapping entries, a local header that disagrees with the
//! directory), and has to count each inflated byte while it comes. Nothing is allocated from a declared
//! size. Structure: APPNOTE.TXT 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory),
//! 4.3.14-4.3.16 (end records).

mod bytes;
mod directory;
mod part;

use std::collections::HashMap;

use crate::limits::Meter;
use crate::{ConvertError, Input, Result};

use bytes::{read_at, to_usize};
use directory::{EndRecord, Entry, check_overlap, index_names, parse_directory};
pub use part::PartReader;

const LOCAL_HEADER_LEN: usize = 30;
/// A central directory larger than this is refused before it is read: 10,000 entries need about 1 MiB.
const MAX_DIRECTORY_BYTES: u64 = 16 << 20;
const MAX_NAME_BYTES: usize = 1024;
const CHUNK: usize = 32 << 10;
/// Parts that are read at once are small.
const READ_CHUNK: usize = 4 << 10;

/// An open package: its checked directory over the input's bytes.
pub struct Package<'a> {
    input: Box<dyn Input + 'a>,
    meter: &'a Meter,
    /// Serves one part after the other: to make one costs as much as a small part.
    inflate: Box<flate2::Decompress>,
    entries: Vec<Entry>,
    /// Lower-cased names (OPC compares part names without case: ECMA-376-2 section 6.2.2.3).
    index: HashMap<String, usize>,
}

impl std::fmt::Debug for Package<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Package").field("entries", &self.entries.len()).finish_non_exhaustive()
    }
}

impl<'a> Package<'a> {
    /// Reads and checks the directory of `input`.
    ///
    /// # Errors
    /// [`ConvertError::Corrupt`] for a broken or ambiguous directory, [`ConvertError::Limit`] for too many entries.
    pub fn open(input: &'a mut dyn Input, meter: &'a Meter) -> Result<Self> {
        Self::of(Box::new(input), meter)
    }

    /// As [`Package::open`], of an input that the package keeps.
    pub(crate) fn of(mut input: Box<dyn Input + 'a>, meter: &'a Meter) -> Result<Self> {
        let end = EndRecord::find(&mut *input)?;
        meter.entries(end.entries)?;
        if end.directory_size > MAX_DIRECTORY_BYTES {
            return Err(corrupt("its size is beyond reason"));
        }
        let mut directory = vec![0; to_usize(end.directory_size)?];
        read_at(&mut *input, end.directory_offset, &mut directory)?;
        let entries = parse_directory(&directory, end.base)?;
        if entries.len() as u64 != end.entries {
            return Err(corrupt("its end record counts other entries than it holds"));
        }
        let index = index_names(&entries)?;
        check_overlap(&entries, end.directory_offset)?;
        Ok(Self { input, meter, inflate: Box::new(flate2::Decompress::new(false)), entries, index })
    }

    /// Returns the meter of this conversion.
    #[must_use]
    pub fn meter(&self) -> &'a Meter {
        self.meter
    }

    /// Returns the entry names in directory order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.name.as_str())
    }

    /// Tells whether the package holds `name` (compared without case).
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.index.contains_key(&key(name))
    }

    /// Opens a part for reading, or returns `None` if the package does not hold it.
    ///
    /// # Errors
    /// [`ConvertError::Corrupt`] if its local header disagrees with the directory,
    /// [`ConvertError::Encrypted`] or [`ConvertError::Unsupported`] for how it is stored.
    pub fn part(&mut self, name: &str) -> Result<Option<PartReader<'_>>> {
        let Some(&at) = self.index.get(&key(name)) else {
            return Ok(None);
        };
        let entry = self.entries[at].clone();
        PartReader::open(&mut *self.input, self.meter, &mut self.inflate, entry).map(Some)
    }

    /// Reads a whole part into memory; for small parts (relationships, content types). Counts as resident bytes.
    ///
    /// # Errors
    /// As for [`Package::part`], and the memory limit.
    pub fn read(&mut self, name: &str) -> Result<Option<Vec<u8>>> {
        let meter = self.meter;
        let Some(mut part) = self.part(name)? else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        let mut chunk = [0; READ_CHUNK];
        loop {
            let n = part.fill(&mut chunk)?;
            if n == 0 {
                return Ok(Some(bytes));
            }
            meter.resident(n as u64)?;
            bytes.extend_from_slice(&chunk[..n]);
        }
    }
}

/// Names are UTF-8 or CP437, and writers lie about which; those of OOXML are ASCII. What is not UTF-8 is read as
/// Latin-1, so that different names stay different. Backslashes come from writers that ignore APPNOTE 4.4.17.
fn decode_name(name: &[u8]) -> String {
    match std::str::from_utf8(name) {
        Ok(name) => name.replace('\\', "/"),
        Err(_) => name.iter().map(|&byte| if byte == b'\\' { '/' } else { char::from(byte) }).collect(),
    }
}

fn key(name: &str) -> String {
    name.trim_start_matches('/').to_ascii_lowercase()
}

fn corrupt(reason: &str) -> ConvertError {
    ConvertError::corrupt("the ZIP directory", reason)
}

#[cfg(test)]
mod tests;
