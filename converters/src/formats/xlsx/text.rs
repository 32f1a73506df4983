//! Character data of cells: references, line ends and the `_xHHHH_` escapes of `ST_Xstring`.

use crate::xml::{MAX_REFERENCE, unescape_lossy};

/// The text has references or line ends to resolve.
pub(super) const RAW: u8 = 1;
/// The text holds a byte for which a CSV field is quoted.
pub(super) const SPECIAL: u8 = 2;
/// The text may hold `_xHHHH_` escapes.
pub(super) const ESCAPE: u8 = 4;
const STOP: u8 = 0x80;

const CLASSES: [u8; 256] = {
    let mut table = [0; 256];
    table[b'<' as usize] = STOP;
    table[b'&' as usize] = RAW | SPECIAL;
    table[b'\r' as usize] = RAW | SPECIAL;
    table[b'\n' as usize] = SPECIAL;
    table[b',' as usize] = SPECIAL;
    table[b'"' as usize] = SPECIAL;
    table[b'_' as usize] = ESCAPE | SPECIAL;
    table
};

/// Looks for the `<` that ends character data; returns its place and what the text before it may hold.
pub(super) fn scan(bytes: &[u8]) -> Option<(usize, u8)> {
    let mut classes = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let class = CLASSES[usize::from(*byte)];
        if class == STOP {
            return Some((at, classes));
        }
        classes |= class;
    }
    None
}

/// Appends character data as written in XML: line ends become LF (XML 1.0, 2.11), references are resolved.
/// An entity that is not declared stays as written.
pub(super) fn append_data(raw: &[u8], out: &mut Vec<u8>) {
    let mut rest = raw;
    while let Some(at) = memchr::memchr2(b'&', b'\r', rest) {
        let (plain, tail) = rest.split_at(at);
        out.extend_from_slice(plain);
        if tail.first() == Some(&b'\r') {
            out.push(b'\n');
            let len = if tail.get(1) == Some(&b'\n') { 2 } else { 1 };
            rest = tail.get(len..).unwrap_or_default();
            continue;
        }
        // No further than a reference may reach: text full of `&` must not be searched again for each.
        let reach = tail.get(..MAX_REFERENCE).unwrap_or(tail);
        let end = reach.iter().skip(1).position(|byte| matches!(byte, b';' | b'&' | b'\r'));
        if let Some(at) = end.filter(|at| reach.get(at + 1) == Some(&b';')) {
            let (reference, tail) = tail.split_at(at + 2);
            out.extend_from_slice(unescape_lossy(reference).as_bytes());
            rest = tail;
        } else {
            out.push(b'&');
            rest = tail.get(1..).unwrap_or_default();
        }
    }
    out.extend_from_slice(rest);
}

/// Appends a CDATA section: only its line ends change.
pub(super) fn append_cdata(raw: &[u8], out: &mut Vec<u8>) {
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\r', rest) {
        let (plain, tail) = rest.split_at(at);
        out.extend_from_slice(plain);
        out.push(b'\n');
        let len = if tail.get(1) == Some(&b'\n') { 2 } else { 1 };
        rest = tail.get(len..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}

/// Tells whether [`unescape`] may change the text.
pub(super) fn may_have_escapes(text: &[u8]) -> bool {
    memchr::memmem::find(text, b"_x").is_some() || memchr::memmem::find(text, b"_X").is_some()
}

/// Replaces `_xHHHH_` from `start` on by the UTF-16 unit it names (ECMA-376 part 1, 22.9.2.19); surrogates in
/// pairs make one character, lone ones U+FFFD.
pub(super) fn unescape(text: &mut Vec<u8>, start: usize) {
    let tail = text.split_off(start.min(text.len()));
    let mut rest = tail.as_slice();
    let mut units: Vec<u16> = Vec::new();
    while let Some(at) = memchr::memchr(b'_', rest) {
        let (plain, from) = rest.split_at(at);
        let Some(unit) = escape(from) else {
            flush(&mut units, text, plain);
            text.push(b'_');
            rest = from.get(1..).unwrap_or_default();
            continue;
        };
        flush_if_text(&mut units, text, plain);
        units.push(unit);
        rest = from.get(7..).unwrap_or_default();
    }
    flush(&mut units, text, rest);
}

fn flush_if_text(units: &mut Vec<u16>, text: &mut Vec<u8>, plain: &[u8]) {
    if !plain.is_empty() {
        flush(units, text, plain);
    }
}

fn flush(units: &mut Vec<u16>, text: &mut Vec<u8>, plain: &[u8]) {
    if !units.is_empty() {
        text.extend_from_slice(String::from_utf16_lossy(units).as_bytes());
        units.clear();
    }
    text.extend_from_slice(plain);
}

/// Reads `_xHHHH_` at the start of `bytes`.
fn escape(bytes: &[u8]) -> Option<u16> {
    let hex = bytes.get(2..6)?;
    let framed = bytes.first() == Some(&b'_')
        && matches!(bytes.get(1), Some(b'x' | b'X'))
        && bytes.get(6) == Some(&b'_');
    if !framed || !hex.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u16::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(raw: &str) -> String {
        let mut out = Vec::new();
        append_data(raw.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    fn unescaped(text: &str) -> String {
        let mut out = format!("_x0041_{text}").into_bytes();
        unescape(&mut out, 7);
        String::from_utf8(out).unwrap()[7..].to_owned()
    }

    #[test]
    fn references_and_line_ends_are_resolved() {
        assert_eq!(data("a&lt;b&amp;&#65;&#x42;"), "a<b&AB");
        assert_eq!(data("a\r\nb\rc&#13;d"), "a\nb\nc\rd");
        assert_eq!(data("&unknown; & &"), "&unknown; & &");
        assert_eq!(data("AT&T &amp; Co; a & b\r\n&lt;"), "AT&T & Co; a & b\n<");
    }

    #[test]
    fn escapes_are_resolved_once() {
        for (text, expected) in [
            ("a_x000D_b", "a\rb"),
            ("_x005F_x0041_", "_x0041_"),
            ("_xD83D__xDE00_", "\u{1F600}"),
            ("_xD83D_x", "\u{FFFD}x"),
            ("_x00_", "_x00_"),
            ("__x0041_", "_A"),
            ("snake_xcase_", "snake_xcase_"),
            ("_x+041_", "_x+041_"),
        ] {
            assert_eq!(unescaped(text), expected, "{text}");
        }
    }
}
