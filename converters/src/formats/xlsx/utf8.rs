//! Bytes of an XML part as valid UTF-8, whatever encoding it declares.
//!
//! Parts are UTF-8 nearly always (ECMA-376 part 2 allows UTF-16 besides): those bytes are only checked. Other
//! encodings are found as XML 1.0 appendix F says, and decoded.

use crate::xml::Source;
use crate::{ConvertError, Result};

use super::attributes::Attributes;

/// Bytes looked at to find the encoding.
const HEAD: usize = 256;

/// The filter over a part.
#[derive(Debug)]
pub(super) struct Utf8<S> {
    source: S,
    decoder: Option<Box<encoding_rs::Decoder>>,
    /// Bytes read but not given out: a character that is not whole, or input of the decoder.
    held: Vec<u8>,
    started: bool,
    done: bool,
}

impl<S: Source> Utf8<S> {
    pub(super) fn new(source: S) -> Self {
        Self { source, decoder: None, held: Vec::new(), started: false, done: false }
    }

    pub(super) fn name(&self) -> &str {
        self.source.name()
    }

    /// Writes whole characters behind the first `from` bytes of `out`, which it may lengthen; 0 is the end.
    pub(super) fn fill(&mut self, out: &mut Vec<u8>, from: usize) -> Result<usize> {
        if !self.started {
            self.start()?;
        }
        if self.decoder.is_some() {
            return self.decode(out, from);
        }
        let held = self.held.len();
        if out.len() < from + held + 16 {
            out.resize(from + held + 16, 0);
        }
        let mut to = from + held;
        copy(&self.held, out, from);
        self.held.clear();
        loop {
            let n = match out.get_mut(to..) {
                Some(free) if !self.done => self.source.fill(free)?,
                _ => 0,
            };
            to += n;
            self.done |= n == 0;
            let valid = self.valid_len(out.get(from..to).unwrap_or_default())?;
            if valid > 0 || self.done {
                self.held.extend_from_slice(out.get(from + valid..to).unwrap_or_default());
                return Ok(valid);
            }
        }
    }

    /// Returns the length of the whole characters.
    fn valid_len(&self, bytes: &[u8]) -> Result<usize> {
        match std::str::from_utf8(bytes) {
            Ok(_) => Ok(bytes.len()),
            Err(e) if e.error_len().is_none() && !self.done => Ok(e.valid_up_to()),
            Err(_) => Err(ConvertError::corrupt(self.name(), "its text is not valid UTF-8")),
        }
    }

    fn start(&mut self) -> Result<()> {
        self.started = true;
        self.held.resize(HEAD, 0);
        let mut len = 0;
        while let Some(free) = self.held.get_mut(len..).filter(|free| !free.is_empty()) {
            let n = self.source.fill(free)?;
            if n == 0 {
                self.done = true;
                break;
            }
            len += n;
        }
        self.held.truncate(len);
        let encoding = match *self.held {
            [0xEF, 0xBB, 0xBF, ..] => {
                self.held.drain(..3);
                return Ok(());
            }
            [0xFF, 0xFE, ..] | [b'<', 0, ..] => encoding_rs::UTF_16LE,
            [0xFE, 0xFF, ..] | [0, b'<', ..] => encoding_rs::UTF_16BE,
            _ => match declared(&self.held) {
                Some(encoding) => encoding,
                None => return Ok(()),
            },
        };
        self.decoder = Some(Box::new(encoding.new_decoder_with_bom_removal()));
        Ok(())
    }

    fn decode(&mut self, out: &mut Vec<u8>, from: usize) -> Result<usize> {
        loop {
            let mut chunk = [0; 4096];
            let n = if self.done { 0 } else { self.source.fill(&mut chunk)? };
            let last = n == 0;
            self.held.extend_from_slice(chunk.get(..n).unwrap_or_default());
            let needed = from + self.held.len() * 3 + 16;
            if out.len() < needed {
                out.resize(needed, 0);
            }
            let Some((decoder, free)) = self.decoder.as_mut().zip(out.get_mut(from..)) else {
                return Ok(0);
            };
            if self.done && self.held.is_empty() {
                return Ok(0);
            }
            let (_, read, wrote, _) = decoder.decode_to_utf8(&self.held, free, last);
            self.held.drain(..read);
            self.done |= last;
            if wrote > 0 || last {
                return Ok(wrote);
            }
        }
    }
}

fn copy(bytes: &[u8], out: &mut [u8], at: usize) {
    if let Some(target) = out.get_mut(at..at + bytes.len()) {
        target.copy_from_slice(bytes);
    }
}

/// Returns the declared encoding unless it is UTF-8, or UTF-16 (which this declaration, read as bytes, is not).
fn declared(head: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let declaration = head.strip_prefix(b"<?xml")?;
    let declaration = declaration.get(..memchr::memmem::find(declaration, b"?>")?)?;
    let (_, label) = Attributes(declaration).find(|(name, _)| *name == b"encoding")?;
    let encoding = encoding_rs::Encoding::for_label(label)?;
    let unusable = [encoding_rs::UTF_8, encoding_rs::UTF_16LE, encoding_rs::UTF_16BE].contains(&encoding);
    (!unusable).then_some(encoding)
}
