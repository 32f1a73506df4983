//! Hands a CSV on in pieces that a target takes.
//!
//! A piece ends before the row that does not fit any more, and the next one begins with the first row of the table again.
//! So a row waits in memory until it ends; one that is longer than [`MAX_HELD`] begins a piece of its own without waiting.
//! A row that is alone larger than a piece stays whole: nothing is cut, and whoever has the bound refuses the piece.

use super::FLUSH_BYTES;
use crate::limits::{LimitExceeded, Meter};
use crate::warning::{Warning, WarningCode};
use crate::{ConvertError, PartKind, Result, Sink};

/// Bytes of a row that wait for its end.
const MAX_HELD: usize = 4 << 20;
/// A longer first row is not repeated.
const MAX_HEADER: usize = 64 << 10;
/// Each piece is a part, and parts are things to be named and sent.
const MAX_PIECES: u64 = 1000;

/// The first row with values.
enum Header {
    /// It has not ended yet.
    Ahead,
    /// Repeated at the start of each further piece.
    Kept(Vec<u8>),
    /// Too long to be repeated.
    TooLong,
}

/// A table on its way into one part or several.
pub(crate) struct Pieces<'a> {
    meter: &'a Meter,
    sink: &'a mut dyn Sink,
    label: Option<&'a str>,
    kind: PartKind,
    max: Option<u64>,
    header: Header,
    /// What was not handed on yet. Rows are written here.
    pub(crate) buffer: Vec<u8>,
    /// Where the row at hand begins in the buffer.
    row_at: usize,
    /// Bytes of this piece that were handed on.
    written: u64,
    /// Whether this piece holds a row besides the first one of the table.
    has_rows: bool,
    /// Whether the row at hand was handed on in part.
    is_long: bool,
    /// How many parts were begun.
    pieces: u64,
}

impl<'a> Pieces<'a> {
    /// Makes pieces of at most `max` bytes.
    pub(crate) fn new(
        (label, kind): (Option<&'a str>, PartKind),
        max: Option<u64>,
        meter: &'a Meter,
        sink: &'a mut dyn Sink,
    ) -> Self {
        Self {
            meter,
            sink,
            label,
            kind,
            max,
            header: Header::Ahead,
            buffer: Vec::with_capacity(FLUSH_BYTES + 4096),
            row_at: 0,
            written: 0,
            has_rows: false,
            is_long: false,
            pieces: 0,
        }
    }

    /// Sets the largest size of a piece, before anything was written.
    pub(crate) fn set_max(&mut self, max: Option<u64>) {
        self.max = max;
    }

    /// Tells whether pieces are bounded, so that each row has to be told by [`Pieces::end_row`].
    pub(crate) fn are_bounded(&self) -> bool {
        self.max.is_some()
    }

    /// Tells whether something was handed on.
    pub(crate) fn has_begun(&self) -> bool {
        self.pieces > 0
    }

    /// Forgets what was written so far, of which nothing was handed on.
    pub(crate) fn restart(&mut self) {
        self.buffer.clear();
        (self.header, self.row_at, self.has_rows) = (Header::Ahead, 0, false);
    }

    /// Says that the buffer ends with a whole row and its line end.
    ///
    /// # Errors
    /// What the meter and sink report.
    pub(crate) fn end_row(&mut self) -> Result<()> {
        if let Some(max) = self.max {
            let size = self.written.saturating_add(self.buffer.len() as u64);
            if size > max && self.has_rows && !self.is_long {
                self.split()?;
            }
            match self.header {
                Header::Ahead => self.keep_header(max)?,
                Header::Kept(_) | Header::TooLong => self.has_rows = true,
            }
            self.is_long = false;
        }
        self.row_at = self.buffer.len();
        if self.buffer.len() >= FLUSH_BYTES { self.hand_on(self.buffer.len()) } else { Ok(()) }
    }

    /// Keeps the row at hand if it is the first one with values.
    fn keep_header(&mut self, max: u64) -> Result<()> {
        let row = self.buffer.get(self.row_at..).unwrap_or_default();
        if !self.is_long && row.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
            self.has_rows = true;
            return Ok(());
        }
        // Beside a header of half a piece hardly a row finds room.
        if self.is_long || row.len() > MAX_HEADER || row.len() as u64 > max / 2 {
            self.header = Header::TooLong;
            self.has_rows = true;
        } else {
            self.meter.resident(row.len() as u64)?;
            self.header = Header::Kept(row.to_vec());
        }
        Ok(())
    }

    /// Hands on what can be while a row grows. Cheap where there is nothing to do.
    ///
    /// # Errors
    /// What the meter and sink report.
    pub(crate) fn relieve(&mut self) -> Result<()> {
        if self.buffer.len() < FLUSH_BYTES {
            return Ok(());
        }
        if self.max.is_some() && !self.is_long {
            self.hand_on(self.row_at)?;
            if self.buffer.len() < MAX_HELD {
                return Ok(());
            }
            if self.has_rows {
                self.split()?;
            }
            self.is_long = true;
        }
        self.hand_on(self.buffer.len())
    }

    /// Ends the piece before the row at hand and begins the next.
    fn split(&mut self) -> Result<()> {
        self.hand_on(self.row_at)?;
        self.begin()?;
        self.written = 0;
        self.has_rows = false;
        if let Header::Kept(header) = &self.header {
            self.meter.write(self.sink, header)?;
            self.written = header.len() as u64;
        }
        Ok(())
    }

    /// Hands on so many bytes of the buffer.
    fn hand_on(&mut self, len: usize) -> Result<()> {
        let Some(bytes) = self.buffer.get(..len).filter(|bytes| !bytes.is_empty()) else {
            return Ok(());
        };
        if self.pieces == 0 {
            self.pieces = 1;
            self.sink.begin_part(self.label, self.kind).map_err(ConvertError::Sink)?;
        }
        self.meter.write(self.sink, bytes)?;
        self.written = self.written.saturating_add(len as u64);
        self.buffer.drain(..len);
        self.row_at = self.row_at.saturating_sub(len);
        Ok(())
    }

    fn begin(&mut self) -> Result<()> {
        self.pieces += 1;
        if self.pieces > MAX_PIECES {
            let (what, flag) = ("the number of pieces of a table".into(), "--max-csv-size".into());
            return Err(LimitExceeded { what, seen: self.pieces, allowed: MAX_PIECES, flag }.into());
        }
        let label = match self.label {
            Some(label) => format!("{label}-{}", self.pieces),
            None => self.pieces.to_string(),
        };
        self.sink.begin_part(Some(&label), self.kind).map_err(ConvertError::Sink)
    }

    /// Hands on the rest, warns of a split, and gives the sink back.
    ///
    /// # Errors
    /// What the meter and sink report.
    pub(crate) fn finish(mut self) -> Result<&'a mut dyn Sink> {
        self.hand_on(self.buffer.len())?;
        if self.pieces > 1 {
            let max = self.max.unwrap_or(u64::MAX);
            let header = match self.header {
                Header::Kept(_) => "each of which begins with the first row",
                Header::Ahead | Header::TooLong => "and its first row is too long to be repeated",
            };
            let message = format!("a table over {max} bytes became several pieces, {header}");
            self.sink.warn(Warning::new(WarningCode::CsvSplit, self.pieces, message));
        }
        Ok(self.sink)
    }

    /// Returns the sink, to warn.
    pub(crate) fn sink(&mut self) -> &mut dyn Sink {
        self.sink
    }
}
