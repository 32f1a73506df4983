//! The one buffer of the tokenizer: fills it from the source, turning any encoding into UTF-8 on the way.
//!
//! The buffer starts small, because most parts of a package are, and grows only for what must be whole: a
//! tag, a CDATA section. Text is never such a thing, so its length does not matter.

use crate::{ConvertError, Result};

use super::reference::MAX_REFERENCE;
use super::{Attributes, Source};

/// The usual size of the buffer; a text node comes in pieces of at least half of it.
pub(super) const FULL_BYTES: usize = 64 << 10;
const FIRST_BYTES: usize = 8 << 10;
const ENCODED_CHUNK_BYTES: usize = 4096;

#[derive(Debug)]
pub(super) struct Window<S> {
    source: S,
    decoder: Option<Box<encoding_rs::Decoder>>,
    /// Bytes that the decoder has not taken yet.
    raw: Vec<u8>,
    pub(super) buffer: Vec<u8>,
    /// The first byte not consumed.
    pub(super) at: usize,
    /// Behind the last byte that is filled.
    pub(super) end: usize,
    pub(super) source_done: bool,
    started: bool,
}

impl<S: Source> Window<S> {
    pub(super) fn new(source: S) -> Self {
        Self {
            source,
            decoder: None,
            raw: Vec::new(),
            buffer: vec![0; FIRST_BYTES],
            at: 0,
            end: 0,
            source_done: false,
            started: false,
        }
    }

    /// Returns the bytes not consumed yet.
    pub(super) fn rest(&self) -> &[u8] {
        &self.buffer[self.at..self.end]
    }

    /// Returns the byte at `offset` from the first not consumed, or `None` behind the end of the document.
    pub(super) fn peek(&mut self, offset: usize) -> Result<Option<u8>> {
        self.need(offset + 1)?;
        Ok(self.rest().get(offset).copied())
    }

    pub(super) fn need(&mut self, bytes: usize) -> Result<()> {
        while self.end - self.at < bytes && self.more()? {}
        Ok(())
    }

    /// Brings more bytes behind those not consumed, which may move to the front; false at the end of the source.
    pub(super) fn more(&mut self) -> Result<bool> {
        if !self.started {
            self.start()?;
            return Ok(self.end > self.at);
        }
        if self.source_done {
            return Ok(false);
        }
        if self.at > 0 {
            self.buffer.copy_within(self.at..self.end, 0);
            self.end -= self.at;
            self.at = 0;
        }
        if self.buffer.len() < FULL_BYTES {
            self.buffer.resize(FULL_BYTES, 0);
        } else if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let before = self.end;
        self.pull()?;
        Ok(self.end > before)
    }

    fn pull(&mut self) -> Result<()> {
        let Some(decoder) = self.decoder.as_mut() else {
            let n = self.source.fill(&mut self.buffer[self.end..])?;
            self.end += n;
            self.source_done = n == 0;
            return Ok(());
        };
        loop {
            let mut chunk = [0; ENCODED_CHUNK_BYTES];
            let n = self.source.fill(&mut chunk)?;
            self.raw.extend_from_slice(&chunk[..n]);
            // A byte becomes three at most, so the decoder always takes all it is given.
            let room = self.raw.len() * 3 + 16;
            if self.buffer.len() - self.end < room {
                self.buffer.resize(self.end + room, 0);
            }
            let (_, read, wrote, _) = decoder.decode_to_utf8(&self.raw, &mut self.buffer[self.end..], n == 0);
            self.raw.drain(..read);
            self.end += wrote;
            self.source_done = n == 0;
            if wrote > 0 || n == 0 {
                return Ok(());
            }
        }
    }

    /// Reads the first bytes and decides the encoding: BOM, the pattern of `<?`, or the declaration (XML 1.0 appendix F).
    fn start(&mut self) -> Result<()> {
        self.started = true;
        while self.end < 256 && !self.source_done {
            self.pull()?;
        }
        let head = &self.buffer[..self.end];
        let encoding = match head {
            [0xEF, 0xBB, 0xBF, ..] => {
                self.at = 3;
                return Ok(());
            }
            [0xFF, 0xFE, ..] | [b'<', 0, ..] => encoding_rs::UTF_16LE,
            [0xFE, 0xFF, ..] | [0, b'<', ..] => encoding_rs::UTF_16BE,
            _ => match declared_encoding(head) {
                Some(encoding) if encoding != encoding_rs::UTF_8 => encoding,
                _ => return Ok(()),
            },
        };
        self.decoder = Some(Box::new(encoding.new_decoder_with_bom_removal()));
        self.raw = self.buffer[..self.end].to_vec();
        self.end = 0;
        // The decoder has to see the end once more, after what was read before it existed.
        self.source_done = false;
        self.pull()
    }

    pub(super) fn corrupt(&self, reason: &str) -> ConvertError {
        ConvertError::corrupt(self.source.name(), reason)
    }
}

fn declared_encoding(head: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let head = head.strip_prefix(b"<?xml")?;
    let declaration = &head[..memchr::memmem::find(head, b"?>")?];
    let (_, label) = Attributes { rest: declaration }.find(|(name, _)| *name == b"encoding")?;
    let encoding = encoding_rs::Encoding::for_label(label)?;
    // The bytes were read as single bytes to get here: a UTF-16 label is a lie then.
    let wide = encoding == encoding_rs::UTF_16LE || encoding == encoding_rs::UTF_16BE;
    (!wide).then_some(encoding)
}

/// Returns how many trailing bytes may belong to an unfinished character or reference.
pub(super) fn incomplete_tail(bytes: &[u8]) -> usize {
    let window = &bytes[bytes.len().saturating_sub(MAX_REFERENCE)..];
    if let Some(at) = memchr::memrchr(b'&', window)
        && memchr::memchr(b';', &window[at..]).is_none()
    {
        return window.len() - at;
    }
    let tail = &bytes[bytes.len().saturating_sub(4)..];
    for (back, byte) in tail.iter().rev().enumerate() {
        let needed = match byte {
            0x00..=0x7F => 1,
            0x80..=0xBF => continue,
            0xC0..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xFF => 4,
        };
        return if back + 1 < needed { back + 1 } else { 0 };
    }
    0
}
