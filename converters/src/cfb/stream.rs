//! The bytes of a stream, read from any place of it.

use std::io::{ErrorKind, SeekFrom};

use crate::{ConvertError, Input, Result};

/// Where the bytes of a stream are in the file.
#[derive(Debug)]
pub(crate) struct Stream {
    /// The place of each block in the file.
    places: Vec<u64>,
    block_bytes: u64,
    size: u64,
}

impl Stream {
    /// Makes a stream of blocks, of which the last may be shorter.
    pub(super) fn new(places: Vec<u64>, block_bytes: u64, size: u64) -> Self {
        Self { size: size.min(places.len() as u64 * block_bytes), places, block_bytes }
    }

    /// Makes a stream of a whole file, for documents that stand in no compound file.
    pub(crate) fn whole(input: &dyn Input) -> Self {
        let size = input.size_bytes();
        Self { places: vec![0], block_bytes: size.max(1), size }
    }

    /// Returns the length in bytes, as far as the file has room for it.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Fills `out` from `at`; returns how many bytes there are, fewer only at the end of the stream or file.
    pub(crate) fn read_at(&self, input: &mut dyn Input, at: u64, out: &mut [u8]) -> Result<usize> {
        let mut len = usize::try_from(self.size.saturating_sub(at)).unwrap_or(usize::MAX).min(out.len());
        let mut done = 0;
        while done < len {
            let at = at + done as u64;
            let (place, run) = self.run(at, (len - done) as u64);
            let end = done + usize::try_from(run).unwrap_or(0);
            let Some(piece) = out.get_mut(done..end).filter(|piece| !piece.is_empty()) else { break };
            let found = read(input, place, piece)?;
            if found < piece.len() {
                len = done + found;
            }
            done += found;
        }
        Ok(done)
    }

    /// Returns where the byte at `at` is in the file, and how many of the `wanted` follow it there.
    fn run(&self, at: u64, wanted: u64) -> (u64, u64) {
        let place =
            |block: u64| usize::try_from(block).ok().and_then(|block| self.places.get(block)).copied();
        let (mut block, inside) = (at / self.block_bytes, at % self.block_bytes);
        let Some(mut last) = place(block) else {
            return (0, 0);
        };
        let start = last + inside;
        let mut run = self.block_bytes - inside;
        while run < wanted {
            block += 1;
            match place(block) {
                Some(next) if next == last + self.block_bytes => last = next,
                _ => break,
            }
            run += self.block_bytes;
        }
        (start, run.min(wanted))
    }
}

/// Fills `out` from a place of the file; returns how many bytes there are.
pub(super) fn read(input: &mut dyn Input, place: u64, out: &mut [u8]) -> Result<usize> {
    input.seek(SeekFrom::Start(place)).map_err(ConvertError::Io)?;
    let mut done = 0;
    while let Some(rest) = out.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match input.read(rest) {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(ConvertError::Io(e)),
        }
    }
    Ok(done)
}
