//! Character and entity references (XML 1.0 section 4.1): the five predefined names and numbers, nothing else.
//!
//! There is no DTD, so no entity can be declared; a name that is not predefined is an error in text and
//! stays as written in an attribute value.

use std::borrow::Cow;

/// The longest reference that is resolved: `&#x0010FFFF;` with leading zeros to spare.
pub(crate) const MAX_REFERENCE: usize = 32;

/// Resolves the references of an attribute value; what cannot be resolved stays as written.
#[must_use]
pub fn unescape_lossy(raw: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(raw);
    if !text.contains('&') {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let whole = resolve(&text, &mut out);
    if whole { Cow::Owned(out) } else { text }
}

/// Appends `text` with its references resolved; false if one is not declared. Characters that XML forbids become U+FFFD.
pub(super) fn resolve(text: &str, out: &mut String) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        let Some(len) = rest[at..].find(';') else {
            return false;
        };
        let name = &rest[at + 1..at + len];
        match name {
            "amp" => out.push('&'),
            "lt" => out.push('<'),
            "gt" => out.push('>'),
            "quot" => out.push('"'),
            "apos" => out.push('\''),
            _ => {
                let Some(number) = name.strip_prefix('#') else {
                    return false;
                };
                let code = match number.strip_prefix(['x', 'X']) {
                    Some(hex) => u32::from_str_radix(hex, 16),
                    None => number.parse(),
                };
                let Ok(code) = code else { return false };
                let legal = matches!(code, 0x9 | 0xA | 0xD | 0x20..=0xD7FF | 0xE000..=0xFFFD | 0x1_0000..);
                out.push(char::from_u32(code).filter(|_| legal).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
        }
        rest = &rest[at + len + 1..];
    }
    out.push_str(rest);
    true
}
