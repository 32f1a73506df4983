//! The attributes of a tag, one after the other.
//!
//! Stops at what is not well-formed instead of failing: a missing attribute is judged where it is needed.

/// Iterates over (qualified name, value as written).
#[derive(Debug, Clone)]
pub(super) struct Attributes<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.0.trim_ascii_start();
        let (name, rest) = split_at_byte(rest, b'=')?;
        let rest = rest.trim_ascii_start();
        let (&quote, rest) = rest.split_first()?;
        if quote != b'"' && quote != b'\'' {
            return None;
        }
        let (value, rest) = split_at_byte(rest, quote)?;
        self.0 = rest;
        Some((name.trim_ascii_end(), value))
    }
}

/// Splits at the first `byte`, which belongs to neither side.
fn split_at_byte(bytes: &[u8], byte: u8) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(byte, bytes)?;
    Some((bytes.get(..at)?, bytes.get(at + 1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stops_at_what_is_not_well_formed() {
        let names = |text: &'static str| Attributes(text.as_bytes()).map(|(n, _)| n).collect::<Vec<_>>();
        assert_eq!(names(" a='1'\n b = \"x'y\"/"), [b"a", b"b"]);
        assert_eq!(names("a='1' b"), [b"a"]);
        assert_eq!(names("a=1 b='2'"), [b""; 0]);
        assert_eq!(names("a='1"), [b""; 0]);
    }
}
