//! The table that says for each sector which one follows it, the FAT ([MS-CFB] 2.3 and 2.5).

use super::{HEADER, MAX_SECTOR, stream, u32_at};
use crate::{Input, Result};

/// Sectors of the table that the header itself lists.
const IN_HEADER: usize = 109;

/// The table, of which one sector is in memory.
#[derive(Debug)]
pub(super) struct Table {
    sector_bytes: u64,
    /// Sectors that the file has room for.
    sectors: u64,
    /// The sectors of the table itself.
    own: Vec<u32>,
    /// The sector of the table in memory: its index and its entries.
    held: Option<(u64, Vec<u8>)>,
}

impl Table {
    /// Finds the table's own sectors. The number of them is what the file has room for, not what the header says.
    pub(super) fn read(input: &mut dyn Input, header: &[u8; HEADER], sector_bytes: u64) -> Result<Self> {
        let sectors = (input.size_bytes() / sector_bytes).saturating_add(1);
        let most = usize::try_from(sectors.div_ceil(sector_bytes / 4)).unwrap_or(usize::MAX);
        let mut own: Vec<u32> = (0..IN_HEADER.min(most)).map(|i| u32_at(header, 76 + 4 * i)).collect();
        let mut bytes = vec![0; usize::try_from(sector_bytes).unwrap_or(HEADER)];
        // Beyond the header, they stand in sectors of which the last entry leads to the next.
        let mut list = u32_at(header, 68);
        let mut table = Self { sector_bytes, sectors, own: Vec::new(), held: None };
        while list < MAX_SECTOR && own.len() < most {
            if stream::read(input, table.place(list), &mut bytes)? < bytes.len() {
                break;
            }
            let (entries, next) = bytes.split_at(bytes.len() - 4);
            own.extend(entries.chunks_exact(4).take(most - own.len()).map(|entry| u32_at(entry, 0)));
            list = u32_at(next, 0);
        }
        table.own = own;
        Ok(table)
    }

    pub(super) fn sector_bytes(&self) -> u64 {
        self.sector_bytes
    }

    /// Returns how many sectors the file has room for.
    pub(super) fn sectors(&self) -> u64 {
        self.sectors
    }

    /// Returns where a sector is in the file.
    pub(super) fn place(&self, sector: u32) -> u64 {
        (u64::from(sector) + 1) * self.sector_bytes
    }

    /// Returns the sector that follows in its chain; `None` at its end and where the table has no such entry.
    pub(super) fn next(&mut self, input: &mut dyn Input, sector: u32) -> Result<Option<u32>> {
        let per_sector = self.sector_bytes / 4;
        let index = u64::from(sector) / per_sector;
        if self.held.as_ref().is_none_or(|(held, _)| *held != index) {
            let own = usize::try_from(index).ok().and_then(|index| self.own.get(index)).copied();
            let Some(own) = own.filter(|own| *own < MAX_SECTOR) else {
                return Ok(None);
            };
            let mut bytes = self.held.take().map(|(_, bytes)| bytes).unwrap_or_default();
            bytes.resize(usize::try_from(self.sector_bytes).unwrap_or(HEADER), 0);
            let len = stream::read(input, self.place(own), &mut bytes)?;
            // What a cut file lacks ends its chain.
            bytes.get_mut(len..).unwrap_or_default().fill(0xFF);
            self.held = Some((index, bytes));
        }
        let at = usize::try_from(u64::from(sector) % per_sector * 4).unwrap_or(0);
        let next = self.held.as_ref().map(|(_, bytes)| u32_at(bytes, at));
        Ok(next.filter(|next| *next < MAX_SECTOR))
    }

    /// Returns the chain from `start`, at most `limit` sectors of it and none outside the file; `None` if it runs in
    /// a circle.
    pub(super) fn chain(
        &mut self,
        input: &mut dyn Input,
        start: u32,
        limit: u64,
    ) -> Result<Option<Vec<u32>>> {
        let mut chain = Vec::new();
        let mut seen = vec![0u8; usize::try_from(self.sectors.div_ceil(8)).unwrap_or(0)];
        let mut at = Some(start).filter(|start| *start < MAX_SECTOR);
        while let Some(sector) = at.filter(|_| (chain.len() as u64) < limit) {
            let Some(byte) = usize::try_from(sector / 8).ok().and_then(|byte| seen.get_mut(byte)) else {
                break;
            };
            let bit = 1 << (sector % 8);
            if *byte & bit != 0 {
                return Ok(None);
            }
            *byte |= bit;
            chain.push(sector);
            at = self.next(input, sector)?;
        }
        Ok(Some(chain))
    }
}
