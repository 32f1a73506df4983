//! An enciphered package as an input: segments are deciphered when they are read.

use std::io::{Error, Read, Result as IoResult, Seek, SeekFrom};

use super::Key;
use crate::cfb::Stream;
use crate::{ConvertError, Input, Result};

const SEGMENT: usize = 4096;
/// The length of the package stands before its segments.
const LENGTH: u64 = 8;

/// The package within an encrypted document.
pub(crate) struct Deciphered<'a> {
    input: &'a mut dyn Input,
    stream: Stream,
    key: Key,
    size: u64,
    at: u64,
    /// The segment that is held.
    segment: Option<u32>,
    bytes: Vec<u8>,
}

impl<'a> Deciphered<'a> {
    pub(super) fn new(input: &'a mut dyn Input, stream: Stream, key: Key) -> Result<Self> {
        let mut length = [0; 8];
        let read = stream.read_at(input, 0, &mut length)?;
        let size = u64::from_le_bytes(length);
        if read < length.len() || size > stream.size().saturating_sub(LENGTH) {
            return Err(ConvertError::corrupt("the encrypted package", "it is shorter than it says"));
        }
        Ok(Self { input, stream, key, size, at: 0, segment: None, bytes: Vec::new() })
    }

    /// Holds a segment.
    fn load(&mut self, segment: u32) -> Result<()> {
        if self.segment == Some(segment) {
            return Ok(());
        }
        self.segment = None;
        self.bytes.resize(SEGMENT, 0);
        let place = LENGTH + u64::from(segment) * SEGMENT as u64;
        let read = self.stream.read_at(self.input, place, &mut self.bytes)?;
        self.bytes.truncate(read);
        match &self.key {
            Key::Agile(key) => key.decipher(segment, &mut self.bytes),
            Key::Standard(key) => key.decipher(&mut self.bytes),
        }
        self.segment = Some(segment);
        Ok(())
    }
}

impl Read for Deciphered<'_> {
    fn read(&mut self, out: &mut [u8]) -> IoResult<usize> {
        if self.at >= self.size {
            return Ok(0);
        }
        let segment = u32::try_from(self.at / SEGMENT as u64).map_err(Error::other)?;
        self.load(segment).map_err(|error| match error {
            ConvertError::Io(error) => error,
            other => Error::other(other.to_string()),
        })?;
        let inside = usize::try_from(self.at % SEGMENT as u64).unwrap_or(0);
        let left = usize::try_from(self.size - self.at).unwrap_or(usize::MAX);
        let held = self.bytes.get(inside..).unwrap_or_default();
        let len = held.len().min(left).min(out.len());
        out[..len].copy_from_slice(&held[..len]);
        self.at += len as u64;
        Ok(len)
    }
}

impl Seek for Deciphered<'_> {
    fn seek(&mut self, to: SeekFrom) -> IoResult<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| Error::other("a place before the first byte"))?;
        Ok(self.at)
    }
}

impl Input for Deciphered<'_> {
    fn size_bytes(&self) -> u64 {
        self.size
    }
}
