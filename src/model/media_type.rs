//! Media types (RFC 6838), without parameters, in lower case.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A media type such as `text/plain`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct MediaType(Cow<'static, str>);

/// A text that is no media type.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a media type such as text/plain")]
pub struct BadMediaType(String);

impl MediaType {
    /// `text/plain`.
    pub const TEXT_PLAIN: Self = Self(Cow::Borrowed("text/plain"));
    /// `application/octet-stream`.
    pub const OCTET_STREAM: Self = Self(Cow::Borrowed("application/octet-stream"));

    /// Returns the text form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the part before the slash.
    #[must_use]
    pub fn top_level(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }

    /// Tells whether `pattern` covers this type: equal, `top/*`, or `*/*`.
    #[must_use]
    pub fn matches(&self, pattern: &str) -> bool {
        match pattern.strip_suffix("/*") {
            Some(top) => top == "*" || self.top_level() == top,
            None => self.as_str() == pattern,
        }
    }
}

/// Characters of a restricted name (RFC 6838, section 4.2), and the wildcard-free slash form.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 127
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
}

impl FromStr for MediaType {
    type Err = BadMediaType;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.split_once('/') {
            Some((top, sub)) if is_name(top) && is_name(sub) => Ok(Self(Cow::Owned(essence))),
            _ => Err(BadMediaType(text.to_owned())),
        }
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for MediaType {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_without_parameters_in_lower_case() {
        assert_eq!("Text/CSV; charset=utf-8".parse::<MediaType>().unwrap().as_str(), "text/csv");
        for bad in ["", "text", "text/", "/plain", "a b/c", "text/*", "text/\u{e9}"] {
            assert!(bad.parse::<MediaType>().is_err(), "{bad}");
        }
        assert!(MediaType::TEXT_PLAIN.matches("text/*"));
        assert!(MediaType::TEXT_PLAIN.matches("*/*"));
        assert!(!MediaType::TEXT_PLAIN.matches("text/csv"));
    }
}
