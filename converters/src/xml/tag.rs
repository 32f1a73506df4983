//! Start tags: names and attributes as slices of the reader's buffer.
//!
//! Attributes are looked up by a scan, not a map: a tag has few, and most callers want one or two of them.
//! Duplicate names are not an error; the first one counts.

use std::borrow::Cow;

use super::reference::unescape_lossy;

/// A start tag with its attributes.
#[derive(Debug, Clone, Copy)]
pub struct Tag<'a> {
    pub(super) name: &'a [u8],
    pub(super) attributes: &'a [u8],
}

impl<'a> Tag<'a> {
    /// Returns the name without its prefix.
    #[must_use]
    pub fn local(&self) -> &'a [u8] {
        local_name(self.name)
    }

    /// Returns the name as written.
    #[must_use]
    pub fn qualified(&self) -> &'a [u8] {
        self.name
    }

    /// Returns the raw value of the first attribute with this local name; references are not resolved.
    #[must_use]
    pub fn raw(&self, local: &[u8]) -> Option<&'a [u8]> {
        self.attributes().find(|(name, _)| local_name(name) == local).map(|(_, value)| value)
    }

    /// Returns the value of the first attribute with this local name, references resolved, ill-formed UTF-8 replaced.
    #[must_use]
    pub fn value(&self, local: &[u8]) -> Option<Cow<'a, str>> {
        self.raw(local).map(unescape_lossy)
    }

    /// Returns the raw value of the attribute with exactly this qualified name, such as `r:id`.
    #[must_use]
    pub fn qualified_raw(&self, name: &[u8]) -> Option<&'a [u8]> {
        self.attributes().find(|(n, _)| *n == name).map(|(_, value)| value)
    }

    /// Returns the value of the first attribute with this local name as a whole number; one that is not, or does not
    /// fit, counts as not said.
    #[must_use]
    pub fn number<T: std::str::FromStr>(&self, local: &[u8]) -> Option<T> {
        std::str::from_utf8(self.raw(local)?).ok()?.trim().parse().ok()
    }

    /// Iterates over (qualified name, raw value).
    #[must_use]
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes { rest: self.attributes }
    }
}

/// Iterates over the attributes of a tag; stops at the first that is not well-formed.
#[derive(Debug, Clone)]
pub struct Attributes<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.rest.iter().position(|b| !b.is_ascii_whitespace())?;
        let rest = &self.rest[start..];
        let equals = memchr::memchr(b'=', rest)?;
        let name = rest[..equals].trim_ascii_end();
        let after = rest[equals + 1..].trim_ascii_start();
        let quote = *after.first()?;
        if quote != b'"' && quote != b'\'' {
            return None;
        }
        let end = memchr::memchr(quote, &after[1..])?;
        self.rest = &after[end + 2..];
        Some((name, &after[1..=end]))
    }
}

/// Returns the part of a name after its prefix.
#[must_use]
pub fn local_name(name: &[u8]) -> &[u8] {
    memchr::memchr(b':', name).map_or(name, |at| &name[at + 1..])
}
