//! Texts: characters of one or two bytes since Excel 97, bytes of a code page before ([MS-XLS] 2.5.293 and others).

use crate::sheets::Strings;
use crate::{Meter, Result};

use super::codepage::Codepage;
use super::records::{Parts, u16_at};

/// The characters take two bytes each.
const WIDE: u8 = 0x01;
/// Something for East Asian readers follows the characters.
const PHONETIC: u8 = 0x04;
/// Formatting runs follow the characters.
const RICH: u8 = 0x08;

/// Reads the table of shared strings, as far as there are any; its counts are not believed.
pub(super) fn read_shared(parts: &mut Parts<'_, '_>, meter: &Meter) -> Result<Strings> {
    let mut strings = Strings::default();
    parts.skip(8)?;
    let mut since_counted = 0;
    while parts.more()? {
        let start = strings.begin();
        if !read_unicode(parts, Length::Word, strings.buffer())? {
            // A last string without an end, and so without a reader.
            strings.buffer().truncate(start);
            break;
        }
        strings.end(start)?;
        since_counted += 1;
        if since_counted == 256 {
            since_counted = 0;
            strings.count(meter)?;
        }
    }
    strings.count(meter)?;
    Ok(strings)
}

/// How the length of a text is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    Byte,
    Word,
}

impl Length {
    fn read(self, parts: &mut Parts<'_, '_>) -> Result<Option<u16>> {
        match self {
            Self::Byte => Ok(parts.byte()?.map(u16::from)),
            Self::Word => parts.u16(),
        }
    }
}

/// Appends a text with its length and flags before it; false if it has no end.
pub(super) fn read_unicode(parts: &mut Parts<'_, '_>, length: Length, out: &mut Vec<u8>) -> Result<bool> {
    let (Some(count), Some(flags)) = (length.read(parts)?, parts.byte()?) else {
        return Ok(false);
    };
    let runs = if flags & RICH != 0 { parts.u16()? } else { Some(0) };
    let phonetic = if flags & PHONETIC != 0 { parts.u32()? } else { Some(0) };
    let (Some(runs), Some(phonetic)) = (runs, phonetic) else {
        return Ok(false);
    };
    Ok(read_characters(parts, count, flags, out)? && parts.skip(4 * u64::from(runs) + u64::from(phonetic))?)
}

/// Appends so many characters. Each record that continues the text begins with flags of its own.
pub(super) fn read_characters(
    parts: &mut Parts<'_, '_>,
    count: u16,
    mut flags: u8,
    out: &mut Vec<u8>,
) -> Result<bool> {
    let mut left = usize::from(count);
    let mut wide = Wide::default();
    while left > 0 {
        let width = if flags & WIDE != 0 { 2 } else { 1 };
        let rest = parts.rest();
        let now = left.min(rest.len() / width);
        if now == 0 {
            if !parts.advance()? {
                wide.finish(out);
                return Ok(false);
            }
            let first = parts.rest().first().copied();
            parts.consume(1);
            flags = first.unwrap_or(flags);
            continue;
        }
        let bytes = rest.get(..now * width).unwrap_or_default();
        if width == 2 {
            wide.append(bytes, out);
        } else {
            wide.finish(out);
            append_narrow(bytes, out);
        }
        parts.consume(now * width);
        left -= now;
    }
    wide.finish(out);
    Ok(true)
}

/// Appends characters of one byte, which are the first 256 of Unicode.
fn append_narrow(bytes: &[u8], out: &mut Vec<u8>) {
    if bytes.is_ascii() {
        out.extend_from_slice(bytes);
    } else {
        bytes.iter().for_each(|byte| push(char::from(*byte), out));
    }
}

fn push(c: char, out: &mut Vec<u8>) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

/// Decodes characters of two bytes; the halves of a pair may stand in two records.
#[derive(Debug, Default)]
struct Wide {
    first_half: Option<u16>,
}

impl Wide {
    fn append(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        for pair in bytes.chunks_exact(2) {
            let unit = u16_at(pair, 0);
            if let Some(first) = self.first_half.take() {
                let mut both = char::decode_utf16([first, unit]);
                if let (Some(Ok(c)), None) = (both.next(), both.next()) {
                    push(c, out);
                    continue;
                }
                push(char::REPLACEMENT_CHARACTER, out);
            }
            match char::from_u32(u32::from(unit)) {
                Some(c) => push(c, out),
                None if unit < 0xDC00 => self.first_half = Some(unit),
                None => push(char::REPLACEMENT_CHARACTER, out),
            }
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        if self.first_half.take().is_some() {
            push(char::REPLACEMENT_CHARACTER, out);
        }
    }
}

/// Appends a text of a code page with its length before it; false if it has no end.
pub(super) fn read_bytes(
    parts: &mut Parts<'_, '_>,
    length: Length,
    codepage: Codepage,
    out: &mut Vec<u8>,
) -> Result<bool> {
    let Some(count) = length.read(parts)? else {
        return Ok(false);
    };
    let mut left = usize::from(count);
    let mut whole = Vec::new();
    while left > 0 && parts.more()? {
        let now = parts.rest().len().min(left);
        whole.extend_from_slice(parts.rest().get(..now).unwrap_or_default());
        parts.consume(now);
        left -= now;
    }
    codepage.decode(&whole, out);
    Ok(left == 0)
}
