//! The records of a workbook: a number, a length and so many bytes ([MS-XLS] 2.1.4).
//!
//! One window over the stream holds each record whole, so that nothing is copied; what belongs to a record but
//! had no room in it follows in CONTINUE records, across which [`Parts`] reads.

use crate::cfb::Stream;
use crate::{ConvertError, Input, Meter, Result};

use super::cipher::Cipher;

pub(super) const CONTINUE: u16 = 0x003C;
const HEADER: usize = 4;
/// Room for the longest record with its header, and what is read at once.
const WINDOW: usize = 128 << 10;
/// What is read after a leap; it doubles with every read that follows on.
const FIRST_READ: usize = 4 << 10;

/// All records of a stream, read in order or from a given place.
pub(super) struct Records<'a> {
    input: &'a mut dyn Input,
    stream: Stream,
    meter: &'a Meter,
    cipher: Option<Cipher>,
    window: Vec<u8>,
    /// Where the window begins in the stream, and how much of it is filled.
    window_at: u64,
    filled: usize,
    read_size: usize,
    /// Where the current record is in the stream, and the one behind it.
    at: u64,
    next: u64,
}

impl std::fmt::Debug for Records<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Records").field("at", &self.at).field("next", &self.next).finish_non_exhaustive()
    }
}

impl<'a> Records<'a> {
    pub(super) fn new(input: &'a mut dyn Input, stream: Stream, meter: &'a Meter) -> Self {
        Self {
            input,
            stream,
            meter,
            cipher: None,
            window: Vec::new(),
            window_at: 0,
            filled: 0,
            read_size: FIRST_READ,
            at: 0,
            next: 0,
        }
    }

    pub(super) fn meter(&self) -> &'a Meter {
        self.meter
    }

    pub(super) fn size(&self) -> u64 {
        self.stream.size()
    }

    /// Deciphers all records that are read from now on.
    pub(super) fn decipher(&mut self, cipher: Cipher) {
        self.cipher = Some(cipher);
        self.filled = 0;
    }

    /// Goes to the record at `place`, which is the next one then.
    pub(super) fn seek(&mut self, place: u64) {
        (self.at, self.next) = (place, place);
        // What was deciphered in the window must not be so again.
        let held = place >= self.window_at && place < self.window_at + self.filled as u64;
        if !held || self.cipher.is_some() {
            (self.filled, self.window_at, self.read_size) = (0, place, FIRST_READ);
        }
    }

    /// Returns where the current record begins.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// Returns where the next record begins.
    pub(super) fn next_at(&self) -> u64 {
        self.next
    }

    /// Goes to the next record and returns its number; `None` at the end of the stream.
    pub(super) fn next(&mut self) -> Result<Option<u16>> {
        let Some((kind, len)) = self.peek()? else {
            return Ok(None);
        };
        if !self.hold((self.next, self.next), HEADER + len)? {
            return Err(ConvertError::corrupt("the workbook", "its last record is cut short"));
        }
        (self.at, self.next) = (self.next, self.next + (HEADER + len) as u64);
        if let Some(mut cipher) = self.cipher.take() {
            let body = self.body();
            let place = self.at + HEADER as u64;
            cipher.decipher(kind, place, self.window.get_mut(body).unwrap_or_default());
            self.cipher = Some(cipher);
        }
        Ok(Some(kind))
    }

    /// Returns the bytes of the current record.
    pub(super) fn data(&self) -> &[u8] {
        self.window.get(self.body()).unwrap_or_default()
    }

    /// Begins to read the current record together with those that continue it.
    pub(super) fn parts(&mut self) -> Parts<'_, 'a> {
        Parts { records: self, at: 0 }
    }

    /// Returns the number and length of the next record.
    pub(super) fn peek(&mut self) -> Result<Option<(u16, usize)>> {
        if !self.hold((self.at, self.next), HEADER)? {
            return Ok(None);
        }
        let start = self.offset(self.next);
        let header = self.window.get(start..start + HEADER).unwrap_or_default();
        Ok(Some((u16_at(header, 0), usize::from(u16_at(header, 2)))))
    }

    fn offset(&self, place: u64) -> usize {
        usize::try_from(place.saturating_sub(self.window_at)).unwrap_or(usize::MAX)
    }

    fn body(&self) -> std::ops::Range<usize> {
        let start = self.offset(self.at);
        start + HEADER..start + usize::try_from(self.next - self.at).unwrap_or(0)
    }

    /// Sees that the window holds `len` bytes from `place` on and all from `keep` to there; false if the stream ends before.
    fn hold(&mut self, (keep, place): (u64, u64), len: usize) -> Result<bool> {
        let wanted = self.offset(place).saturating_add(len);
        if self.filled >= wanted {
            return Ok(true);
        }
        self.meter.check_cancelled()?;
        if self.window.is_empty() {
            self.window = vec![0; WINDOW];
        }
        let start = self.offset(keep);
        if start < self.filled {
            self.window.copy_within(start..self.filled, 0);
        }
        (self.filled, self.window_at) = (self.filled.saturating_sub(start), keep);
        let wanted = self.offset(place).saturating_add(len);
        let end = (self.filled + self.read_size).max(wanted).min(WINDOW);
        self.read_size = (self.read_size * 2).min(WINDOW / 2);
        let rest = self.window.get_mut(self.filled..end).unwrap_or_default();
        self.filled += self.stream.read_at(self.input, keep + self.filled as u64, rest)?;
        Ok(self.filled >= wanted)
    }
}

/// The bytes of a record and of those that continue it. Reads beyond the last byte give zeros and `false`.
#[derive(Debug)]
pub(super) struct Parts<'r, 'a> {
    records: &'r mut Records<'a>,
    /// Read so far of the current record.
    at: usize,
}

impl Parts<'_, '_> {
    /// Returns what is left of the current record.
    pub(super) fn rest(&self) -> &[u8] {
        self.records.data().get(self.at..).unwrap_or_default()
    }

    /// Passes over bytes of the current record.
    pub(super) fn consume(&mut self, len: usize) {
        self.at += len;
    }

    /// Goes on with the record that continues this one, if there is one.
    pub(super) fn advance(&mut self) -> Result<bool> {
        if self.records.peek()?.is_none_or(|(kind, _)| kind != CONTINUE) {
            return Ok(false);
        }
        self.at = 0;
        Ok(self.records.next()?.is_some())
    }

    /// Sees that the current record has bytes left; false at the end of the last.
    pub(super) fn more(&mut self) -> Result<bool> {
        while self.rest().is_empty() {
            if !self.advance()? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Reads a byte.
    pub(super) fn byte(&mut self) -> Result<Option<u8>> {
        if !self.more()? {
            return Ok(None);
        }
        let byte = self.rest().first().copied();
        self.consume(1);
        Ok(byte)
    }

    pub(super) fn u16(&mut self) -> Result<Option<u16>> {
        let low = self.byte()?;
        Ok(low.zip(self.byte()?).map(|(low, high)| u16::from_le_bytes([low, high])))
    }

    pub(super) fn u32(&mut self) -> Result<Option<u32>> {
        let low = self.u16()?;
        Ok(low.zip(self.u16()?).map(|(low, high)| u32::from(high) << 16 | u32::from(low)))
    }

    /// Passes over bytes, in this record and the next; false if there are not so many.
    pub(super) fn skip(&mut self, mut len: u64) -> Result<bool> {
        while len > 0 {
            if !self.more()? {
                return Ok(false);
            }
            let now = self.rest().len().min(usize::try_from(len).unwrap_or(usize::MAX));
            self.consume(now);
            len -= now as u64;
        }
        Ok(true)
    }
}

/// Reads a number; bytes that are not there are zero.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    let found = bytes.get(at..at + 2).and_then(|bytes| bytes.try_into().ok());
    u16::from_le_bytes(found.unwrap_or_default())
}

/// As [`u16_at`].
pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let found = bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
    u32::from_le_bytes(found.unwrap_or_default())
}

/// As [`u16_at`].
pub(super) fn f64_at(bytes: &[u8], at: usize) -> f64 {
    let found = bytes.get(at..at + 8).and_then(|bytes| bytes.try_into().ok());
    f64::from_le_bytes(found.unwrap_or_default())
}
