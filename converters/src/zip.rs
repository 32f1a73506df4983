//! The metered ZIP package under OOXML, ODF and EPUB files.
//!
//! Reads the central directory itself instead of through a library: the pre-flight has to see what a
//! library hides (two entries of one name, overlapping entries, a local header that disagrees with the
//! directory), and has to count each inflated byte while it comes. Nothing is allocated from a declared
//! size. Structure: APPNOTE.TXT 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory),
//! 4.3.14-4.3.16 (end records).

use std::collections::HashMap;
use std::io::SeekFrom;

use crate::limits::Meter;
use crate::{ConvertError, Input, Result};

const END_RECORD_LEN: usize = 22;
const CENTRAL_HEADER_LEN: usize = 46;
const LOCAL_HEADER_LEN: usize = 30;
/// The end record may be followed by a comment of up to 65,535 bytes.
const END_SEARCH_LEN: u64 = 65_535 + END_RECORD_LEN as u64;
/// A central directory larger than this is refused before it is read: 10,000 entries need about 1 MiB.
const MAX_DIRECTORY_BYTES: u64 = 16 << 20;
const MAX_NAME_BYTES: usize = 1024;
const CHUNK: usize = 32 << 10;

#[derive(Debug, Clone)]
struct Entry {
    name: String,
    flags: u16,
    method: u16,
    crc32: u32,
    compressed: u64,
    uncompressed: u64,
    offset: u64,
}

/// An open package: its checked directory over the input's bytes.
pub struct Package<'a> {
    input: &'a mut dyn Input,
    meter: &'a Meter,
    entries: Vec<Entry>,
    /// Lower-cased names (OPC compares part names without case: ECMA-376-2 section 6.2.2.3).
    index: HashMap<String, usize>,
}

impl std::fmt::Debug for Package<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Package")
            .field("entries", &self.entries.len())
            .finish_non_exhaustive()
    }
}

impl<'a> Package<'a> {
    /// Reads and checks the directory of `input`.
    ///
    /// # Errors
    /// [`ConvertError::Corrupt`] for a broken or ambiguous directory, [`ConvertError::Limit`] for too many entries.
    pub fn open(input: &'a mut dyn Input, meter: &'a Meter) -> Result<Self> {
        let end = EndRecord::find(input)?;
        meter.entries(end.entries)?;
        if end.directory_size > MAX_DIRECTORY_BYTES {
            return Err(corrupt("its size is beyond reason"));
        }
        let mut directory = vec![0; to_usize(end.directory_size)?];
        read_at(input, end.directory_offset, &mut directory)?;
        let entries = parse_directory(&directory, end.base)?;
        if entries.len() as u64 != end.entries {
            return Err(corrupt("its end record counts other entries than it holds"));
        }
        let index = index_names(&entries)?;
        check_overlap(&entries, end.directory_offset)?;
        Ok(Self {
            input,
            meter,
            entries,
            index,
        })
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
        if entry.flags & 1 != 0 {
            return Err(ConvertError::Encrypted);
        }
        if entry.method != 0 && entry.method != 8 {
            return Err(ConvertError::Unsupported(format!(
                "compression method {}",
                entry.method
            )));
        }
        let start = check_local_header(self.input, &entry)?;
        Ok(Some(PartReader {
            input: self.input,
            meter: self.meter,
            inflate: (entry.method == 8).then(|| flate2::Decompress::new(false)),
            offset: start,
            left: entry.compressed,
            chunk: Vec::new(),
            chunk_at: 0,
            crc: crc32fast::Hasher::new(),
            produced: 0,
            finished: false,
            entry,
        }))
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
        let mut chunk = vec![0; CHUNK];
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

/// Reads one part, inflating and counting as it goes; checks length and CRC-32 at its end.
pub struct PartReader<'a> {
    input: &'a mut dyn Input,
    meter: &'a Meter,
    entry: Entry,
    inflate: Option<flate2::Decompress>,
    offset: u64,
    left: u64,
    chunk: Vec<u8>,
    chunk_at: usize,
    crc: crc32fast::Hasher,
    produced: u64,
    finished: bool,
}

impl std::fmt::Debug for PartReader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PartReader")
            .field("name", &self.entry.name)
            .finish_non_exhaustive()
    }
}

impl PartReader<'_> {
    /// Returns the part's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.entry.name
    }

    /// Fills `out` with the next bytes of the part; 0 is its end, reported only after the checks.
    ///
    /// # Errors
    /// [`ConvertError::Corrupt`] for damaged data, [`ConvertError::Limit`] for what the meter refuses.
    pub fn fill(&mut self, out: &mut [u8]) -> Result<usize> {
        if self.finished || out.is_empty() {
            return Ok(0);
        }
        let n = self.next_bytes(out)?;
        if n == 0 {
            self.finish()?;
            return Ok(0);
        }
        self.produced += n as u64;
        self.meter
            .inflated(n as u64, self.produced, self.entry.compressed - self.left)?;
        self.crc.update(&out[..n]);
        Ok(n)
    }

    fn next_bytes(&mut self, out: &mut [u8]) -> Result<usize> {
        if self.inflate.is_none() {
            return self.next_stored(out);
        }
        loop {
            if self.chunk_at == self.chunk.len() && self.left > 0 {
                self.load_chunk()?;
            }
            let Some(inflate) = self.inflate.as_mut() else {
                return Ok(0);
            };
            let (read_before, wrote_before) = (inflate.total_in(), inflate.total_out());
            let status = inflate
                .decompress(&self.chunk[self.chunk_at..], out, flate2::FlushDecompress::None)
                .map_err(|e| ConvertError::corrupt(&*self.entry.name, format!("its compressed data: {e}")))?;
            let read = usize::try_from(inflate.total_in() - read_before).unwrap_or(0);
            let wrote = usize::try_from(inflate.total_out() - wrote_before).unwrap_or(0);
            self.chunk_at += read;
            if wrote > 0 {
                return Ok(wrote);
            }
            match status {
                flate2::Status::StreamEnd => return Ok(0),
                _ if read == 0 && self.left == 0 && self.chunk_at == self.chunk.len() => {
                    return Err(ConvertError::corrupt(
                        &*self.entry.name,
                        "its compressed data ends early",
                    ));
                }
                _ => {}
            }
        }
    }

    fn next_stored(&mut self, out: &mut [u8]) -> Result<usize> {
        let n = out.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        read_at(self.input, self.offset, &mut out[..n])?;
        self.offset += n as u64;
        self.left -= n as u64;
        Ok(n)
    }

    fn load_chunk(&mut self) -> Result<()> {
        let n = CHUNK.min(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.chunk.resize(n, 0);
        read_at(self.input, self.offset, &mut self.chunk)?;
        self.chunk_at = 0;
        self.offset += n as u64;
        self.left -= n as u64;
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.finished = true;
        let crc = std::mem::take(&mut self.crc).finalize();
        if self.produced != self.entry.uncompressed {
            let reason = format!(
                "it holds {} bytes, not {}",
                self.produced, self.entry.uncompressed
            );
            return Err(ConvertError::corrupt(&*self.entry.name, reason));
        }
        if crc != self.entry.crc32 {
            return Err(ConvertError::corrupt(
                &*self.entry.name,
                "its CRC-32 does not match",
            ));
        }
        Ok(())
    }
}

/// Where the central directory is.
struct EndRecord {
    entries: u64,
    directory_offset: u64,
    directory_size: u64,
    /// Bytes before the first entry that the offsets do not count (a prefix put before the archive).
    base: u64,
}

impl EndRecord {
    fn find(input: &mut dyn Input) -> Result<Self> {
        let len = input.size_bytes();
        let tail_len = len.min(END_SEARCH_LEN);
        let tail_start = len - tail_len;
        let mut tail = vec![0; to_usize(tail_len)?];
        read_at(input, tail_start, &mut tail)?;
        let at = memchr::memmem::rfind(&tail, b"PK\x05\x06")
            .filter(|at| tail.len() - at >= END_RECORD_LEN)
            .ok_or_else(|| corrupt("it has no end record (the file may be cut short)"))?;
        let record = &tail[at..];
        let end_offset = tail_start + at as u64;
        let mut entries = u64::from(u16_at(record, 10));
        let mut size = u64::from(u32_at(record, 12));
        let mut offset = u64::from(u32_at(record, 16));
        let mut directory_end = end_offset;
        if (entries == 0xFFFF || size == 0xFFFF_FFFF || offset == 0xFFFF_FFFF)
            && let Some(end64) = Self::find64(input, end_offset)?
        {
            (entries, size, offset, directory_end) = end64;
        }
        let start = directory_end
            .checked_sub(size)
            .ok_or_else(|| corrupt("its size is wrong"))?;
        let base = start
            .checked_sub(offset)
            .ok_or_else(|| corrupt("its offset is wrong"))?;
        Ok(Self {
            entries,
            directory_offset: start,
            directory_size: size,
            base,
        })
    }

    /// Returns entries, size, offset and end of a ZIP64 directory.
    fn find64(input: &mut dyn Input, end_offset: u64) -> Result<Option<(u64, u64, u64, u64)>> {
        let Some(locator_at) = end_offset.checked_sub(20) else {
            return Ok(None);
        };
        let mut locator = [0; 20];
        read_at(input, locator_at, &mut locator)?;
        if &locator[..4] != b"PK\x06\x07" {
            return Ok(None);
        }
        let at = u64_at(&locator, 8);
        let mut record = [0; 56];
        if at.checked_add(56).is_none_or(|end| end > input.size_bytes()) {
            return Err(corrupt("its ZIP64 end record lies outside the file"));
        }
        read_at(input, at, &mut record)?;
        if &record[..4] != b"PK\x06\x06" {
            return Err(corrupt("its ZIP64 end record is not where it should be"));
        }
        Ok(Some((
            u64_at(&record, 32),
            u64_at(&record, 40),
            u64_at(&record, 48),
            at,
        )))
    }
}

fn parse_directory(bytes: &[u8], base: u64) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    let mut rest = bytes;
    while rest.len() >= CENTRAL_HEADER_LEN && &rest[..4] == b"PK\x01\x02" {
        let name_len = usize::from(u16_at(rest, 28));
        let extra_len = usize::from(u16_at(rest, 30));
        let comment_len = usize::from(u16_at(rest, 32));
        let total = CENTRAL_HEADER_LEN + name_len + extra_len + comment_len;
        if rest.len() < total {
            return Err(corrupt("an entry is cut short"));
        }
        if name_len > MAX_NAME_BYTES {
            return Err(corrupt("an entry's name is longer than 1,024 bytes"));
        }
        let name = &rest[CENTRAL_HEADER_LEN..CENTRAL_HEADER_LEN + name_len];
        let extra = &rest[CENTRAL_HEADER_LEN + name_len..CENTRAL_HEADER_LEN + name_len + extra_len];
        let mut entry = Entry {
            name: normalise(name),
            flags: u16_at(rest, 8),
            method: u16_at(rest, 10),
            crc32: u32_at(rest, 16),
            compressed: u64::from(u32_at(rest, 20)),
            uncompressed: u64::from(u32_at(rest, 24)),
            offset: u64::from(u32_at(rest, 42)),
        };
        apply_zip64(&mut entry, extra)?;
        entry.offset = entry
            .offset
            .checked_add(base)
            .ok_or_else(|| corrupt("an offset is too large"))?;
        entries.push(entry);
        rest = &rest[total..];
    }
    if rest.is_empty() {
        Ok(entries)
    } else {
        Err(corrupt("it holds something that is not an entry"))
    }
}

/// Takes the fields that are 0xFFFFFFFF from the ZIP64 extra field (APPNOTE 4.5.3).
fn apply_zip64(entry: &mut Entry, mut extra: &[u8]) -> Result<()> {
    while extra.len() >= 4 {
        let (id, len) = (u16_at(extra, 0), usize::from(u16_at(extra, 2)));
        let Some(mut field) = extra.get(4..4 + len) else {
            return Ok(());
        };
        if id == 1 {
            for value in [&mut entry.uncompressed, &mut entry.compressed, &mut entry.offset] {
                if *value == 0xFFFF_FFFF {
                    if field.len() < 8 {
                        return Err(corrupt("a ZIP64 field is cut short"));
                    }
                    *value = u64_at(field, 0);
                    field = &field[8..];
                }
            }
            return Ok(());
        }
        extra = &extra[4 + len..];
    }
    Ok(())
}

fn index_names(entries: &[Entry]) -> Result<HashMap<String, usize>> {
    let mut index = HashMap::with_capacity(entries.len());
    for (at, entry) in entries.iter().enumerate() {
        if index.insert(key(&entry.name), at).is_some() && !entry.name.ends_with('/') {
            return Err(corrupt(&format!("it holds two entries named `{}`", entry.name)));
        }
    }
    Ok(index)
}

/// Refuses entries that share compressed bytes: a few kilobytes can so stand for terabytes.
fn check_overlap(entries: &[Entry], directory_offset: u64) -> Result<()> {
    let mut spans: Vec<(u64, u64)> = Vec::with_capacity(entries.len());
    for entry in entries {
        let header = LOCAL_HEADER_LEN as u64 + entry.name.len() as u64;
        let end = entry
            .offset
            .checked_add(header)
            .and_then(|at| at.checked_add(entry.compressed));
        let end = end.filter(|end| *end <= directory_offset);
        let end = end.ok_or_else(|| corrupt(&format!("`{}` lies outside the file", entry.name)))?;
        spans.push((entry.offset, end));
    }
    spans.sort_unstable();
    if spans.windows(2).any(|pair| pair[0].1 > pair[1].0) {
        return Err(corrupt("its entries overlap"));
    }
    Ok(())
}

/// Checks the local header against the directory and returns where the data begins.
fn check_local_header(input: &mut dyn Input, entry: &Entry) -> Result<u64> {
    let mut header = [0; LOCAL_HEADER_LEN];
    read_at(input, entry.offset, &mut header)?;
    if &header[..4] != b"PK\x03\x04" {
        return Err(ConvertError::corrupt(&*entry.name, "its local header is missing"));
    }
    let name_len = usize::from(u16_at(&header, 26));
    let extra_len = u64::from(u16_at(&header, 28));
    if name_len > MAX_NAME_BYTES {
        return Err(ConvertError::corrupt(
            &*entry.name,
            "its local name is longer than 1,024 bytes",
        ));
    }
    let mut name = vec![0; name_len];
    read_at(input, entry.offset + LOCAL_HEADER_LEN as u64, &mut name)?;
    if normalise(&name) != entry.name || u16_at(&header, 8) != entry.method {
        return Err(ConvertError::corrupt(
            &*entry.name,
            "its local header disagrees with the directory",
        ));
    }
    let start = entry.offset + (LOCAL_HEADER_LEN + name_len) as u64 + extra_len;
    if start
        .checked_add(entry.compressed)
        .is_none_or(|end| end > input.size_bytes())
    {
        return Err(ConvertError::corrupt(
            &*entry.name,
            "its data lies outside the file",
        ));
    }
    Ok(start)
}

/// Names are UTF-8 or CP437; OOXML names are ASCII. Backslashes come from writers that ignore APPNOTE 4.4.17.
fn normalise(name: &[u8]) -> String {
    String::from_utf8_lossy(name).replace('\\', "/")
}

fn key(name: &str) -> String {
    name.trim_start_matches('/').to_ascii_lowercase()
}

fn corrupt(reason: &str) -> ConvertError {
    ConvertError::corrupt("the ZIP directory", reason)
}

fn to_usize(n: u64) -> Result<usize> {
    usize::try_from(n).map_err(|_| corrupt("a size does not fit this machine"))
}

fn read_at(input: &mut dyn Input, offset: u64, out: &mut [u8]) -> Result<()> {
    input.seek(SeekFrom::Start(offset)).map_err(ConvertError::Io)?;
    match input.read_exact(out) {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => Err(corrupt("the file is cut short")),
        Err(e) => Err(ConvertError::Io(e)),
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | (u64::from(u32_at(bytes, at + 4)) << 32)
}
