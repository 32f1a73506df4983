//! Compound files: storages and streams in one file, as the Office formats before 2007 use them ([MS-CFB]).
//!
//! Reads the header, the directory and the streams that are asked for, and holds nothing else. Every walk is
//! bounded by what the file has room for, so that chains which run in circles end; counts and sizes of the header
//! are not believed. Lenient where spreadsheet programs are: a last sector that is cut, a chain shorter than
//! its stream.

mod directory;
mod stream;
mod table;

use crate::{ConvertError, Input, Meter, Result};

pub(crate) use directory::Entry;
pub(crate) use stream::Stream;
use table::Table;

/// The first bytes of every compound file.
pub(crate) const SIGNATURE: [u8; 8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];

const HEADER: usize = 512;
/// Sector numbers from here on are marks, not places.
const MAX_SECTOR: u32 = 0xFFFF_FFFA;
/// Streams below this size lie in the stream of small sectors.
const SMALL_BELOW: u64 = 4096;
const SMALL_SECTOR: u64 = 64;

/// A compound file with its directory.
#[derive(Debug)]
pub(crate) struct Compound {
    table: Table,
    entries: Vec<Entry>,
    /// Where the chain of the table of small sectors starts.
    small_table: u32,
}

impl Compound {
    /// Reads the header and the directory as far as its chain is sound; `None` if the header is not that of a
    /// compound file.
    pub(crate) fn open(input: &mut dyn Input, meter: &Meter) -> Result<Option<Self>> {
        meter.check_cancelled()?;
        let mut header = [0; HEADER];
        if stream::read(input, 0, &mut header)? < HEADER || !header.starts_with(&SIGNATURE) {
            return Ok(None);
        }
        let sector_bytes = match (u16_at(&header, 26), u16_at(&header, 30)) {
            (4, 12) => 4096,
            (_, 9) => 512,
            _ => return Ok(None),
        };
        let mut table = Table::read(input, &header, sector_bytes)?;
        let entries = directory::read(input, &mut table, u32_at(&header, 48))?;
        Ok(Some(Self { table, entries, small_table: u32_at(&header, 60) }))
    }

    /// Returns what lies in the root storage: streams and storages, in no order.
    pub(crate) fn root(&self) -> Vec<&Entry> {
        directory::children(&self.entries, 0)
    }

    /// Opens a stream of the root storage by name, whatever the case.
    pub(crate) fn stream(
        &mut self,
        input: &mut dyn Input,
        name: &str,
        meter: &Meter,
    ) -> Result<Option<Stream>> {
        let root = self.root();
        let named = root.into_iter().find(|entry| entry.is_stream() && entry.name.eq_ignore_ascii_case(name));
        let Some((start, size)) = named.map(|entry| (entry.start, entry.size)) else {
            return Ok(None);
        };
        if size > input.size_bytes() {
            let reason = format!("it is said to have {size} bytes, more than the file");
            return Err(ConvertError::corrupt(format!("the stream {name}"), reason));
        }
        // A stream of small sectors is itself the content of the root entry.
        let all = self.entries.first().map(|root| root.start);
        let all = all.filter(|all| size < SMALL_BELOW && *all < MAX_SECTOR);
        let (places, block_bytes) = match all {
            Some(all) => (self.small_places(input, (start, size), all)?, SMALL_SECTOR),
            None => (self.places(input, (start, size))?, self.table.sector_bytes()),
        };
        let places = places.ok_or_else(|| {
            ConvertError::corrupt(format!("the stream {name}"), "its sectors run in a circle")
        })?;
        meter.resident(8 * places.len() as u64)?;
        Ok(Some(Stream::new(places, block_bytes, size)))
    }

    /// Returns where the sectors of a stream are in the file; `None` if they run in a circle.
    fn places(&mut self, input: &mut dyn Input, (start, size): (u32, u64)) -> Result<Option<Vec<u64>>> {
        let chain = self.table.chain(input, start, size.div_ceil(self.table.sector_bytes()))?;
        Ok(chain.map(|chain| chain.into_iter().map(|sector| self.table.place(sector)).collect()))
    }

    /// As [`Compound::places`], for a stream whose small sectors lie in the chain from `all`.
    fn small_places(
        &mut self,
        input: &mut dyn Input,
        (start, size): (u32, u64),
        all: u32,
    ) -> Result<Option<Vec<u64>>> {
        let everything = u64::MAX;
        let (Some(all), Some(table)) = (
            self.table.chain(input, all, everything)?,
            self.table.chain(input, self.small_table, everything)?,
        ) else {
            return Ok(None);
        };
        let sector_bytes = self.table.sector_bytes();
        let (per_sector, per_table) = (sector_bytes / SMALL_SECTOR, sector_bytes / 4);
        let (mut places, mut small) = (Vec::new(), start);
        while small < MAX_SECTOR && (places.len() as u64) < size.div_ceil(SMALL_SECTOR) {
            let Some(sector) = get(&all, u64::from(small) / per_sector) else { break };
            places.push(self.table.place(sector) + u64::from(small) % per_sector * SMALL_SECTOR);
            let Some(sector) = get(&table, u64::from(small) / per_table) else { break };
            let at = self.table.place(sector) + u64::from(small) % per_table * 4;
            let mut next = [0; 4];
            if stream::read(input, at, &mut next)? < 4 {
                break;
            }
            small = u32::from_le_bytes(next);
        }
        let mut sorted = places.clone();
        sorted.sort_unstable();
        sorted.dedup();
        Ok((sorted.len() == places.len()).then_some(places))
    }
}

fn get(sectors: &[u32], index: u64) -> Option<u32> {
    sectors.get(usize::try_from(index).ok()?).copied()
}

/// Reads a number; bytes that are not there are zero.
fn u16_at(bytes: &[u8], at: usize) -> u16 {
    let found = bytes.get(at..at + 2).and_then(|bytes| bytes.try_into().ok());
    u16::from_le_bytes(found.unwrap_or_default())
}

/// As [`u16_at`].
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let found = bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
    u32::from_le_bytes(found.unwrap_or_default())
}
