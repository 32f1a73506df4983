//! The records of a binary part ([MS-XLSB] 2.1.4): a type and a length of seven-bit groups, then that many bytes.

use crate::xml::Source;
use crate::{ConvertError, Result};

use super::fields::Fields;

const BUFFER: usize = 64 << 10;
/// A longer record is no cell, style or string: a cell holds 32,767 characters.
const MAX_RECORD_BYTES: usize = 16 << 20;

/// Reads records one after the other.
#[derive(Debug)]
pub(super) struct Records<S> {
    source: S,
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    /// Bytes of the last record that nobody asked for.
    left: usize,
}

impl<S: Source> Records<S> {
    pub(super) fn new(source: S) -> Self {
        Self { source, buffer: vec![0; BUFFER], at: 0, end: 0, left: 0 }
    }

    /// Passes what is left of the record before and returns the type of the next one; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<u16>> {
        while self.left > 0 {
            let n = self.left.min(self.end - self.at);
            (self.at, self.left) = (self.at + n, self.left - n);
            if self.left > 0 && !self.more()? {
                return Err(self.cut());
            }
        }
        if self.at == self.end && !self.more()? {
            return Ok(None);
        }
        let kind = u16::try_from(self.groups(2)?).unwrap_or(u16::MAX);
        self.left = self.groups(4)? as usize;
        Ok(Some(kind))
    }

    /// Returns the fields of the record whose type came last.
    pub(super) fn fields(&mut self) -> Result<Fields<'_>> {
        let len = self.left;
        if len > MAX_RECORD_BYTES {
            return Err(self.corrupt("a record is longer than any cell"));
        }
        while self.end - self.at < len {
            if !self.more()? {
                return Err(self.cut());
            }
        }
        let start = self.at;
        (self.at, self.left) = (start + len, 0);
        Ok(Fields::new(self.buffer.get(start..start + len).unwrap_or_default()))
    }

    /// Makes an error about this part.
    pub(super) fn corrupt(&self, reason: &str) -> ConvertError {
        ConvertError::corrupt(self.source.name(), reason)
    }

    fn cut(&self) -> ConvertError {
        self.corrupt("its last record ends early")
    }

    /// Reads a number of up to `most` groups of seven bits, the lowest first.
    fn groups(&mut self, most: u32) -> Result<u32> {
        let mut number = 0;
        for group in 0..most {
            if self.at == self.end && !self.more()? {
                return Err(self.cut());
            }
            let byte = self.buffer.get(self.at).copied().unwrap_or_default();
            self.at += 1;
            number |= u32::from(byte & 0x7F) << (7 * group);
            if byte & 0x80 == 0 {
                break;
            }
        }
        Ok(number)
    }

    /// Takes more bytes into the buffer, which grows only with what has come; false at the end.
    fn more(&mut self) -> Result<bool> {
        // A long record comes in many pieces, which must not be moved again for each.
        if self.at > 0 {
            self.buffer.copy_within(self.at..self.end, 0);
            (self.at, self.end) = (0, self.end - self.at);
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let n = self.source.fill(self.buffer.get_mut(self.end..).unwrap_or_default())?;
        self.end += n;
        Ok(n > 0)
    }
}
