//! Tells OLE compound files apart by the streams in their root storage ([MS-CFB]).
//!
//! Reads the header, the directory and as much of the FAT as leads to it; no stream. Every walk is bounded by a
//! number of steps, so that chains which run in circles end. Streams count only in the root: a workbook that
//! is embedded in a document lies deeper.

use std::io::SeekFrom;

use super::Content;
use crate::formats::Format;
use crate::{ConvertError, Input, Meter, Result};

pub(super) const SIGNATURE: [u8; 8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];

const HEADER: usize = 512;
const ENTRY: usize = 128;
/// FAT sectors that the header itself lists.
const HEADER_DIFAT: u64 = 109;
/// Directory entries read; real files have tens, mailboxes of messages some thousands.
const MAX_ENTRIES: usize = 8192;
/// Hops along the list of FAT sectors: enough for files of 1 GB.
const MAX_DIFAT_HOPS: u64 = 1024;
const NONE: u32 = 0xFFFF_FFFF;
/// Sector numbers from here on are marks, not places.
const MAX_SECTOR: u32 = 0xFFFF_FFFA;

/// Streams of the root storage that say what the file is, the strongest first.
const STREAMS: &[(&str, Format)] = &[
    ("EncryptedPackage", Format::EncryptedOoxml),
    ("WordDocument", Format::Doc),
    ("Workbook", Format::Xls),
    ("Book", Format::Xls),
    ("PowerPoint Document", Format::Ppt),
    ("__properties_version1.0", Format::Msg),
];

pub(super) fn read(input: &mut dyn Input, meter: &Meter) -> Result<Content> {
    meter.check_cancelled()?;
    let Some(file) = Compound::open(input)? else {
        return Ok(Content::Container(Format::Ole));
    };
    let entries = file.directory(input)?;
    let names = root_names(&entries);
    if names.is_empty() {
        return Ok(Content::Container(Format::Ole));
    }
    let format = STREAMS
        .iter()
        .find(|(stream, _)| names.iter().any(|name| name.eq_ignore_ascii_case(stream)))
        .map_or(Format::Ole, |(_, format)| *format);
    Ok(Content::Sure(format, None))
}

/// The header's fields that lead to the directory.
struct Compound {
    sector_bytes: u64,
    directory: u32,
    /// Where the list of FAT sectors goes on behind the header.
    difat: u32,
    header: [u8; HEADER],
}

/// The fields of a directory entry that matter here.
struct Entry {
    name: String,
    left: u32,
    right: u32,
    child: u32,
}

impl Compound {
    fn open(input: &mut dyn Input) -> Result<Option<Self>> {
        let mut header = [0; HEADER];
        if !read_at(input, 0, &mut header)? {
            return Ok(None);
        }
        let sector_bytes = match (u16_at(&header, 26), u16_at(&header, 30)) {
            (4, 12) => 4096,
            (_, 9) => 512,
            _ => return Ok(None),
        };
        Ok(Some(Self { sector_bytes, directory: u32_at(&header, 48), difat: u32_at(&header, 68), header }))
    }

    /// Reads the directory as far as its chain is sound.
    fn directory(&self, input: &mut dyn Input) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        let mut sector = self.directory;
        let mut bytes = vec![0; usize::try_from(self.sector_bytes).unwrap_or(HEADER)];
        while sector < MAX_SECTOR && entries.len() < MAX_ENTRIES {
            if !read_at(input, self.place(sector), &mut bytes)? {
                break;
            }
            entries.extend(bytes.chunks_exact(ENTRY).map(Entry::parse));
            match self.next(input, sector)? {
                Some(next) => sector = next,
                None => break,
            }
        }
        Ok(entries)
    }

    fn place(&self, sector: u32) -> u64 {
        (u64::from(sector) + 1) * self.sector_bytes
    }

    /// Returns the sector that follows in its chain.
    fn next(&self, input: &mut dyn Input, sector: u32) -> Result<Option<u32>> {
        let per_sector = self.sector_bytes / 4;
        let Some(fat) = self.fat_sector(input, u64::from(sector) / per_sector)? else {
            return Ok(None);
        };
        let at = self.place(fat) + u64::from(sector) % per_sector * 4;
        u32_in(input, at)
    }

    /// Returns where the `index`th sector of the FAT is.
    fn fat_sector(&self, input: &mut dyn Input, index: u64) -> Result<Option<u32>> {
        let found = if let Some(beyond) = index.checked_sub(HEADER_DIFAT) {
            // The last slot of each sector of the list leads to the next.
            let per_sector = self.sector_bytes / 4 - 1;
            let hops = beyond / per_sector;
            if hops > MAX_DIFAT_HOPS {
                return Ok(None);
            }
            let mut list = self.difat;
            for _ in 0..hops {
                if list >= MAX_SECTOR {
                    return Ok(None);
                }
                match u32_in(input, self.place(list) + per_sector * 4)? {
                    Some(next) => list = next,
                    None => return Ok(None),
                }
            }
            if list >= MAX_SECTOR {
                return Ok(None);
            }
            u32_in(input, self.place(list) + beyond % per_sector * 4)?
        } else {
            usize::try_from(index).ok().map(|i| u32_at(&self.header, 76 + i * 4))
        };
        Ok(found.filter(|sector| *sector < MAX_SECTOR))
    }
}

impl Entry {
    fn parse(bytes: &[u8]) -> Self {
        let len = usize::from(u16_at(bytes, 64)).saturating_sub(2).min(62);
        let units = bytes[..len].chunks_exact(2).map(|pair| u16_at(pair, 0));
        Self {
            name: char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect(),
            left: u32_at(bytes, 68),
            right: u32_at(bytes, 72),
            child: u32_at(bytes, 76),
        }
    }
}

/// Returns the names in the root storage: the tree below the first entry's child.
fn root_names(entries: &[Entry]) -> Vec<&str> {
    let mut names = Vec::new();
    let mut waiting: Vec<u32> = entries.first().map(|root| root.child).into_iter().collect();
    while let Some(id) = waiting.pop() {
        // A sound tree names each entry once; one that runs in circles ends here.
        if names.len() > entries.len() {
            break;
        }
        let entry = usize::try_from(id).ok().and_then(|id| entries.get(id));
        if let Some(entry) = entry.filter(|entry| !entry.name.is_empty()) {
            names.push(entry.name.as_str());
            waiting.extend([entry.left, entry.right].into_iter().filter(|id| *id != NONE));
        }
    }
    names
}

/// Fills `out` from `offset`; false if the file ends before.
fn read_at(input: &mut dyn Input, offset: u64, out: &mut [u8]) -> Result<bool> {
    input.seek(SeekFrom::Start(offset)).map_err(ConvertError::Io)?;
    match input.read_exact(out) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
        Err(e) => Err(ConvertError::Io(e)),
    }
}

fn u32_in(input: &mut dyn Input, offset: u64) -> Result<Option<u32>> {
    let mut bytes = [0; 4];
    Ok(read_at(input, offset, &mut bytes)?.then(|| u32::from_le_bytes(bytes)))
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
