//! Tells text from binary bytes and UTF-8 from the rest, over a whole file in one pass.
//!
//! The result does not depend on how the bytes are cut into pieces. A file is binary if it holds a NUL byte and
//! is no UTF-16 or UTF-32, or if control characters abound: git and grep look at the start only, and so take a
//! text header before binary data for text.

use super::wide::{Readings, Wide};
use super::{Charset, CharsetEvidence, Confidence, count};

/// UTF-16 and UTF-32 without a mark show their NUL bytes in the first 64 KiB, or not at all.
const WIDE_PREFIX: u64 = 64 << 10;
/// More control characters than this, in per cent, are no text. Valid UTF-8 may hold many: some log formats
/// separate fields with U+0001. Russian UTF-16 without blanks has 50.
const MAX_CONTROLS_UTF8: u64 = 30;
/// For other bytes; random ones have 10.
const MAX_CONTROLS_OTHER: u64 = 2;
/// Ill-formed sequences after which a file is no damaged UTF-8 unless ten times as many are well-formed.
const HOPELESS: u64 = 1000;

/// What a scan found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Not text.
    Binary,
    /// Text in this charset.
    Known(Charset),
    /// Text in a charset that only statistics can tell.
    Open(Remains),
}

/// What a guess has to go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remains {
    /// Where the first byte is that is not ASCII, or the first escape of an ASCII file.
    pub first: u64,
    /// The distance from there to the end.
    pub span: u64,
    /// How many bytes are not ASCII.
    pub non_ascii: u64,
}

/// A running scan.
#[derive(Debug, Clone, Default)]
pub struct Scan {
    head: [u8; 4],
    len: u64,
    wide: Readings,
    /// The prefix, until a mark or a NUL byte shows that the readings are worth their time.
    unread: Vec<u8>,
    mark: Option<Wide>,
    has_nul: bool,
    /// Whether the readings see all bytes: only a NUL byte in the prefix sets them going.
    wide_open: bool,
    controls: u64,
    non_ascii: u64,
    first_non_ascii: Option<u64>,
    first_escape: Option<u64>,
    utf8: Utf8,
}

impl Scan {
    /// Takes the next bytes.
    pub fn feed(&mut self, mut bytes: &[u8]) {
        // The mark decides how the rest is read, so the first four bytes go one by one.
        while self.len < 4 && !bytes.is_empty() {
            let (byte, rest) = bytes.split_at(1);
            if let (Some(slot), Ok(at)) = (byte.first(), usize::try_from(self.len)) {
                self.head[at] = *slot;
            }
            self.take(byte);
            bytes = rest;
            self.mark = self.mark_of_head();
        }
        let prefix = usize::try_from(WIDE_PREFIX.saturating_sub(self.len)).unwrap_or(0);
        let (first, rest) = bytes.split_at(prefix.min(bytes.len()));
        self.take(first);
        self.take(rest);
    }

    /// Tells whether what follows can no longer make this text.
    #[must_use]
    pub fn is_binary(&self) -> bool {
        self.has_nul && self.mark.is_none() && self.len > 4 && (!self.wide_open || self.wide.all_dead())
    }

    /// Says what the bytes are.
    #[must_use]
    pub fn finish(mut self) -> Verdict {
        let bom = self.head.starts_with(b"\xEF\xBB\xBF") && self.len >= 3;
        if let Some(wide) = self.mark {
            self.wide.feed(&self.unread);
            return Self::marked(self.wide, wide);
        }
        if self.has_nul {
            let wide = self.wide_open.then(|| self.wide.without_mark()).flatten();
            return wide.map_or(Verdict::Binary, |wide| {
                Verdict::Known(Charset::likely(wide.name(), CharsetEvidence::NulPattern, Confidence::High))
            });
        }
        self.utf8.end();
        let per_cent = |part: u64| part.saturating_mul(100) / self.len.max(1);
        if self.utf8.ill_formed == 0 {
            return if per_cent(self.controls) > MAX_CONTROLS_UTF8 {
                Verdict::Binary
            } else if self.non_ascii == 0 && self.first_escape.is_some() {
                Verdict::Open(self.remains())
            } else if bom {
                Verdict::Known(Charset::certain("UTF-8", CharsetEvidence::Bom, true))
            } else {
                Verdict::Known(Charset::certain("UTF-8", CharsetEvidence::Valid, false))
            };
        }
        if per_cent(self.controls) > MAX_CONTROLS_OTHER {
            Verdict::Binary
        } else if bom || self.utf8.is_damaged_utf8() {
            Verdict::Known(if bom {
                Charset::certain("UTF-8", CharsetEvidence::Bom, true)
            } else {
                Charset::likely("UTF-8", CharsetEvidence::Guess, Confidence::Low)
            })
        } else {
            Verdict::Open(self.remains())
        }
    }

    fn marked(readings: Readings, wide: Wide) -> Verdict {
        let charset = Charset::certain(wide.name(), CharsetEvidence::Bom, true);
        if readings.after_mark(wide) { Verdict::Known(charset) } else { Verdict::Binary }
    }

    fn remains(&self) -> Remains {
        let first = self.first_non_ascii.or(self.first_escape).unwrap_or(0);
        Remains { first, span: self.len - first, non_ascii: self.non_ascii }
    }

    /// The mark of UTF-32LE begins with that of UTF-16LE; as U+0000 is no text, the longer one wins.
    fn mark_of_head(&self) -> Option<Wide> {
        match (self.len, self.head) {
            (4.., [0xFF, 0xFE, 0, 0]) => Some(Wide::Utf32Le),
            (4.., [0, 0, 0xFE, 0xFF]) => Some(Wide::Utf32Be),
            (2.., [0xFF, 0xFE, ..]) => Some(Wide::Utf16Le),
            (2.., [0xFE, 0xFF, ..]) => Some(Wide::Utf16Be),
            _ => None,
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let at = self.len;
        self.len += bytes.len() as u64;
        let in_prefix = at < WIDE_PREFIX;
        if !self.has_nul && self.mark.is_none() {
            self.has_nul = memchr::memchr(0, bytes).is_some();
            self.wide_open = self.has_nul && in_prefix;
        }
        if self.mark.is_some() || self.wide_open {
            self.wide.feed(&std::mem::take(&mut self.unread));
            self.wide.feed(bytes);
        } else if in_prefix {
            self.unread.extend_from_slice(bytes);
        }
        if self.mark.is_some() || self.is_binary() {
            return;
        }
        let place = |found: Option<usize>| found.map(|i| at + i as u64);
        if self.first_escape.is_none() {
            self.first_escape = place(memchr::memchr(0x1B, bytes));
        }
        self.controls += count_controls(bytes);
        let is_ascii = bytes.is_ascii();
        if !is_ascii {
            if self.first_non_ascii.is_none() {
                self.first_non_ascii = place(bytes.iter().position(|byte| !byte.is_ascii()));
            }
            self.non_ascii += count(bytes, |byte| !byte.is_ascii());
        }
        // Whole ASCII holds no sequence, unless one is begun.
        if !is_ascii || self.utf8.carried > 0 {
            self.utf8.feed(bytes);
        }
    }
}

/// Counts the control characters that text does not hold. ESC is let through: ISO-2022 text and coloured logs
/// are full of it.
fn count_controls(bytes: &[u8]) -> u64 {
    // Comparisons one by one, because a table of bits keeps the compiler from taking many bytes at a time.
    count(bytes, |byte| {
        let is_let_through =
            (byte == b'\t') | (byte == b'\n') | (byte == b'\r') | (byte == 0x0C) | (byte == 0x1B);
        ((byte < 0x20) & !is_let_through) | (byte == 0x7F)
    })
}

/// Counts well-formed and ill-formed UTF-8 sequences that are not ASCII.
#[derive(Debug, Clone, Default)]
struct Utf8 {
    carry: [u8; 4],
    carried: usize,
    well_formed: u64,
    ill_formed: u64,
}

impl Utf8 {
    fn is_hopeless(&self) -> bool {
        self.ill_formed > HOPELESS && !self.is_damaged_utf8()
    }

    /// Text in other charsets seldom forms UTF-8 by chance; a file where ten sequences are right for each
    /// that is wrong is UTF-8 with a wound.
    fn is_damaged_utf8(&self) -> bool {
        self.well_formed >= 10 * self.ill_formed
    }

    fn feed(&mut self, mut bytes: &[u8]) {
        while self.carried > 0 && !bytes.is_empty() {
            self.carry[self.carried] = bytes[0];
            match std::str::from_utf8(&self.carry[..=self.carried]) {
                Ok(_) => {
                    self.well_formed += 1;
                    self.carried = 0;
                    bytes = &bytes[1..];
                }
                Err(e) if e.error_len().is_none() => {
                    self.carried += 1;
                    bytes = &bytes[1..];
                }
                // The new byte is not part of the broken sequence and is looked at again.
                Err(_) => {
                    self.ill_formed += 1;
                    self.carried = 0;
                }
            }
        }
        while !bytes.is_empty() && !self.is_hopeless() {
            match std::str::from_utf8(bytes) {
                Ok(_) => {
                    self.well_formed += count(bytes, |byte| byte >= 0xC0);
                    return;
                }
                Err(e) => {
                    let (good, rest) = bytes.split_at(e.valid_up_to());
                    self.well_formed += count(good, |byte| byte >= 0xC0);
                    if let Some(len) = e.error_len() {
                        self.ill_formed += 1;
                        bytes = &rest[len..];
                    } else {
                        self.carry[..rest.len()].copy_from_slice(rest);
                        self.carried = rest.len();
                        return;
                    }
                }
            }
        }
    }

    fn end(&mut self) {
        self.ill_formed += u64::from(self.carried > 0);
        self.carried = 0;
    }
}
