//! The central directory: where it is, what it lists, and what makes it ambiguous (APPNOTE.TXT 6.3.10, sections
//! 4.3.12 and 4.3.14-4.3.16).
//!
//! Two entries of one name and entries that share bytes are refused here, before any part is read: two
//! readers could see two different documents, and a few kilobytes could stand for terabytes.

use std::collections::HashMap;

use crate::{Input, Result};

use super::bytes::{read_at, to_usize, u16_at, u32_at, u64_at};
use super::{LOCAL_HEADER_LEN, MAX_NAME_BYTES, corrupt, decode_name, key};

const END_RECORD_LEN: usize = 22;
const CENTRAL_HEADER_LEN: usize = 46;
const END_FIRST_SEARCH_LEN: u64 = 512;
/// The end record may be followed by a comment of up to 65,535 bytes.
const END_SEARCH_LEN: u64 = 65_535 + END_RECORD_LEN as u64;

/// One line of the directory.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) name: String,
    /// The length of the name as stored; `name` may be longer.
    pub(super) name_len: usize,
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) crc32: u32,
    pub(super) compressed: u64,
    pub(super) uncompressed: u64,
    pub(super) offset: u64,
}

/// Where the central directory is.
pub(super) struct EndRecord {
    pub(super) entries: u64,
    pub(super) directory_offset: u64,
    pub(super) directory_size: u64,
    /// Bytes before the first entry that the offsets do not count (a prefix put before the archive).
    pub(super) base: u64,
}

impl EndRecord {
    pub(super) fn find(input: &mut dyn Input) -> Result<Self> {
        // Most packages have no comment: the record is then within the last bytes.
        let found = match Self::search(input, END_FIRST_SEARCH_LEN)? {
            None => Self::search(input, END_SEARCH_LEN)?,
            found => found,
        };
        let (end_offset, record) =
            found.ok_or_else(|| corrupt("it has no end record (the file may be cut short)"))?;
        let record = record.as_slice();
        let mut entries = u64::from(u16_at(record, 10));
        let mut size = u64::from(u32_at(record, 12));
        let mut offset = u64::from(u32_at(record, 16));
        let mut directory_end = end_offset;
        if (entries == 0xFFFF || size == 0xFFFF_FFFF || offset == 0xFFFF_FFFF)
            && let Some(end64) = Self::find64(input, end_offset)?
        {
            (entries, size, offset, directory_end) = end64;
        }
        let start = directory_end.checked_sub(size).ok_or_else(|| corrupt("its size is wrong"))?;
        let base = start.checked_sub(offset).ok_or_else(|| corrupt("its offset is wrong"))?;
        Ok(Self { entries, directory_offset: start, directory_size: size, base })
    }

    /// Returns the offset and bytes of the last end record within the last `reach` bytes of the input.
    fn search(input: &mut dyn Input, reach: u64) -> Result<Option<(u64, [u8; END_RECORD_LEN])>> {
        let len = input.size_bytes();
        let tail_len = len.min(reach);
        let tail_start = len - tail_len;
        let mut tail = vec![0; to_usize(tail_len)?];
        read_at(input, tail_start, &mut tail)?;
        Ok(memchr::memmem::rfind(&tail, b"PK\x05\x06").and_then(|at| {
            let record = tail.get(at..at + END_RECORD_LEN)?;
            Some((tail_start + at as u64, record.try_into().ok()?))
        }))
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
        // The locator's offset does not count bytes put before the archive, so the record is also looked
        // for where writers put it: right before the locator.
        let candidates = [Some(u64_at(&locator, 8)), locator_at.checked_sub(56)];
        let mut record = [0; 56];
        let mut found = None;
        for at in candidates.into_iter().flatten() {
            if at.checked_add(56).is_none_or(|end| end > end_offset) {
                continue;
            }
            read_at(input, at, &mut record)?;
            if record.starts_with(b"PK\x06\x06") {
                found = Some(at);
                break;
            }
        }
        let Some(at) = found else {
            return Err(corrupt("its ZIP64 end record is not where it should be"));
        };
        Ok(Some((u64_at(&record, 32), u64_at(&record, 40), u64_at(&record, 48), at)))
    }
}

pub(super) fn parse_directory(bytes: &[u8], base: u64) -> Result<Vec<Entry>> {
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
            name: decode_name(name),
            name_len,
            flags: u16_at(rest, 8),
            method: u16_at(rest, 10),
            crc32: u32_at(rest, 16),
            compressed: u64::from(u32_at(rest, 20)),
            uncompressed: u64::from(u32_at(rest, 24)),
            offset: u64::from(u32_at(rest, 42)),
        };
        apply_zip64(&mut entry, extra)?;
        entry.offset = entry.offset.checked_add(base).ok_or_else(|| corrupt("an offset is too large"))?;
        entries.push(entry);
        rest = &rest[total..];
    }
    if rest.is_empty() { Ok(entries) } else { Err(corrupt("it holds something that is not an entry")) }
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

pub(super) fn index_names(entries: &[Entry]) -> Result<HashMap<String, usize>> {
    let mut index = HashMap::with_capacity(entries.len());
    for (at, entry) in entries.iter().enumerate() {
        if index.insert(key(&entry.name), at).is_some() && !entry.name.ends_with('/') {
            return Err(corrupt(&format!("it holds two entries named `{}`", entry.name)));
        }
    }
    Ok(index)
}

/// Refuses entries that share compressed bytes: a few kilobytes can so stand for terabytes.
pub(super) fn check_overlap(entries: &[Entry], directory_offset: u64) -> Result<()> {
    let mut spans: Vec<(u64, u64)> = Vec::with_capacity(entries.len());
    for entry in entries {
        let header = LOCAL_HEADER_LEN as u64 + entry.name_len as u64;
        let end = entry.offset.checked_add(header).and_then(|at| at.checked_add(entry.compressed));
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
