//! The directory: a tree of names in each storage ([MS-CFB] 2.6).

use super::table::Table;
use super::{MAX_SECTOR, stream, u16_at, u32_at};
use crate::{Input, Result};

const ENTRY: usize = 128;
/// Entries read; real files have tens, mailboxes of messages some thousands.
const MAX_ENTRIES: usize = 8192;
const NONE: u32 = 0xFFFF_FFFF;

/// A stream or storage.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    kind: u8,
    left: u32,
    right: u32,
    child: u32,
    /// The first sector of its content.
    pub(super) start: u32,
    pub(super) size: u64,
}

impl Entry {
    fn parse(bytes: &[u8], has_long_sizes: bool) -> Self {
        let len = usize::from(u16_at(bytes, 64)).saturating_sub(2).min(62);
        let units = bytes.get(..len).unwrap_or_default().chunks_exact(2).map(|pair| u16_at(pair, 0));
        // Files of small sectors have no streams beyond 4 GiB, and some writers leave junk above.
        let high = if has_long_sizes { u64::from(u32_at(bytes, 124)) } else { 0 };
        Self {
            name: char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect(),
            kind: bytes.get(66).copied().unwrap_or(0),
            left: u32_at(bytes, 68),
            right: u32_at(bytes, 72),
            child: u32_at(bytes, 76),
            start: u32_at(bytes, 116),
            size: high << 32 | u64::from(u32_at(bytes, 120)),
        }
    }

    pub(crate) fn is_stream(&self) -> bool {
        self.kind == 2
    }

    pub(crate) fn is_storage(&self) -> bool {
        self.kind == 1
    }
}

/// Reads the entries as far as their chain is sound.
pub(super) fn read(input: &mut dyn Input, table: &mut Table, first: u32) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    let mut bytes = vec![0; usize::try_from(table.sector_bytes()).unwrap_or(ENTRY)];
    let mut sector = first;
    // A chain that runs in a circle ends where the file has no room for more.
    for _ in 0..table.sectors() {
        if sector >= MAX_SECTOR || entries.len() >= MAX_ENTRIES {
            break;
        }
        let len = stream::read(input, table.place(sector), &mut bytes)?;
        let has_long_sizes = bytes.len() > 512;
        let found = bytes.get(..len).unwrap_or_default().chunks_exact(ENTRY);
        entries.extend(found.map(|entry| Entry::parse(entry, has_long_sizes)));
        match table.next(input, sector)? {
            Some(next) if len == bytes.len() => sector = next,
            _ => break,
        }
    }
    Ok(entries)
}

/// Returns the entries in the storage at `index`: the tree below its child.
pub(super) fn children(entries: &[Entry], index: usize) -> Vec<&Entry> {
    let mut found = Vec::new();
    let mut waiting: Vec<u32> = entries.get(index).map(|storage| storage.child).into_iter().collect();
    while let Some(id) = waiting.pop() {
        // A sound tree names each entry once; one that runs in circles ends here.
        if found.len() > entries.len() {
            break;
        }
        let entry = usize::try_from(id).ok().and_then(|id| entries.get(id));
        if let Some(entry) = entry.filter(|entry| !entry.name.is_empty()) {
            found.push(entry);
            waiting.extend([entry.left, entry.right].into_iter().filter(|id| *id != NONE));
        }
    }
    found
}
