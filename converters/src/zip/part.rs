//! One part of a package, read as a stream and checked on the way.
//!
//! The declared sizes are compared at the end, never trusted before it: nothing is allocated from them, and
//! what is inflated is counted byte by byte against the compressed bytes read so far.

use crate::limits::Meter;
use crate::{ConvertError, Input, Result};

use super::bytes::{read_at, u16_at};
use super::directory::Entry;
use super::{CHUNK, LOCAL_HEADER_LEN, MAX_NAME_BYTES, decode_name};

/// Reads one part, inflating and counting as it goes; checks length and CRC-32 at its end.
pub struct PartReader<'a> {
    input: &'a mut dyn Input,
    meter: &'a Meter,
    entry: Entry,
    inflate: Option<&'a mut flate2::Decompress>,
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
        f.debug_struct("PartReader").field("name", &self.entry.name).finish_non_exhaustive()
    }
}

impl<'a> PartReader<'a> {
    /// Opens the part of `entry`. `inflate` may have read another part before.
    pub(super) fn open(
        input: &'a mut dyn Input,
        meter: &'a Meter,
        inflate: &'a mut flate2::Decompress,
        entry: Entry,
    ) -> Result<Self> {
        if entry.flags & 1 != 0 {
            return Err(ConvertError::Encrypted);
        }
        if entry.method != 0 && entry.method != 8 {
            return Err(ConvertError::Unsupported(format!("compression method {}", entry.method)));
        }
        let start = check_local_header(input, &entry)?;
        inflate.reset(false);
        Ok(Self {
            input,
            meter,
            inflate: (entry.method == 8).then_some(inflate),
            offset: start,
            left: entry.compressed,
            chunk: Vec::new(),
            chunk_at: 0,
            crc: crc32fast::Hasher::new(),
            produced: 0,
            finished: false,
            entry,
        })
    }

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
        self.meter.inflated(n as u64, self.produced, self.entry.compressed - self.left)?;
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
                .map_err(|_| {
                    ConvertError::corrupt(&*self.entry.name, "its compressed data cannot be inflated")
                })?;
            let read = usize::try_from(inflate.total_in() - read_before).unwrap_or(0);
            let wrote = usize::try_from(inflate.total_out() - wrote_before).unwrap_or(0);
            self.chunk_at += read;
            if wrote > 0 {
                return Ok(wrote);
            }
            match status {
                flate2::Status::StreamEnd => return Ok(0),
                // Nothing read and nothing written: there is no more input, or there would be no progress.
                _ if read == 0 && (self.left == 0 || self.chunk_at < self.chunk.len()) => {
                    return Err(ConvertError::corrupt(&*self.entry.name, "its compressed data ends early"));
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
            let reason = format!("it holds {} bytes, not {}", self.produced, self.entry.uncompressed);
            return Err(ConvertError::corrupt(&*self.entry.name, reason));
        }
        if crc != self.entry.crc32 {
            return Err(ConvertError::corrupt(&*self.entry.name, "its CRC-32 does not match"));
        }
        Ok(())
    }
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
        return Err(ConvertError::corrupt(&*entry.name, "its local name is longer than 1,024 bytes"));
    }
    let mut name = vec![0; name_len];
    read_at(input, entry.offset + LOCAL_HEADER_LEN as u64, &mut name)?;
    if decode_name(&name) != entry.name || u16_at(&header, 8) != entry.method {
        return Err(ConvertError::corrupt(&*entry.name, "its local header disagrees with the directory"));
    }
    let start = entry.offset + (LOCAL_HEADER_LEN + name_len) as u64 + extra_len;
    if start.checked_add(entry.compressed).is_none_or(|end| end > input.size_bytes()) {
        return Err(ConvertError::corrupt(&*entry.name, "its data lies outside the file"));
    }
    Ok(start)
}
