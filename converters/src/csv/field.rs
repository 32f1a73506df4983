//! What a field holds, and how its quotes are doubled.

/// Appends text whose quotes are doubled.
pub(super) fn double_quotes(text: &[u8], out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'"', rest) {
        let (head, tail) = rest.split_at(at + 1);
        out.extend_from_slice(head);
        out.push(b'"');
        rest = tail;
    }
    out.extend_from_slice(rest);
}

pub(super) fn has_line_end(text: &[u8]) -> bool {
    memchr::memchr2(b'\n', b'\r', text).is_some()
}

/// Returns text without the second of each two quotes.
pub(super) fn undoubled(text: &[u8], quote: u8) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter().peekable();
    while let Some(&byte) = bytes.next() {
        out.push(byte);
        if byte == quote && bytes.peek() == Some(&&quote) {
            bytes.next();
        }
    }
    out
}

/// Tells whether a field that begins with a sign is a number or nothing else, which no spreadsheet program takes for a
/// formula. `-E5` is one: the cell E5.
pub(super) fn is_number(field: &[u8]) -> bool {
    is_signed_number(field.iter().copied())
}

/// As [`is_number`], of a number as number formats show it: `-5,00 €`, `-12:30`, `+1/2`.
pub(super) fn is_amount(field: &[u8]) -> bool {
    let is_around = |byte: &u8| !byte.is_ascii() || matches!(byte, b' ' | b':' | b'/' | b'$');
    is_signed_number(field.iter().copied().filter(|byte| !is_around(byte)))
}

fn is_signed_number(mut bytes: impl Iterator<Item = u8>) -> bool {
    let mut before = b' ';
    let is_of_number = |byte: u8, before: u8| match byte {
        b'0'..=b'9' | b'.' | b',' => true,
        b'e' | b'E' | b'%' | b' ' => before.is_ascii_digit(),
        b'+' | b'-' => before.eq_ignore_ascii_case(&b'e'),
        _ => false,
    };
    matches!(bytes.next(), Some(b'+' | b'-'))
        && bytes.all(|byte| is_of_number(byte, std::mem::replace(&mut before, byte)))
}
