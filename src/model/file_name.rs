//! The name under which a file is sent: one path component, free of what platforms and headers cannot carry.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A file name that may be sent. Which further characters a target forbids is a matter of acceptance.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct FileName(String);

/// A name that no target takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadFileName {
    /// The name is empty, `.` or `..`.
    #[error("the name is empty, `.` or `..`")]
    Empty,
    /// The name holds a separator or a control character.
    #[error("the name holds `{0}`")]
    Character(String),
}

impl FileName {
    /// Takes a name that is one component without control characters.
    ///
    /// # Errors
    /// [`BadFileName`] says what is wrong.
    pub fn parse(name: impl Into<String>) -> Result<Self, BadFileName> {
        let name = name.into();
        if name.is_empty() || name == "." || name == ".." {
            return Err(BadFileName::Empty);
        }
        match name.chars().find(|c| *c == '/' || c.is_control()) {
            Some(c) => Err(BadFileName::Character(c.escape_default().to_string())),
            None => Ok(Self(name)),
        }
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the part before the last dot, and the extension with its dot (empty if there is none).
    #[must_use]
    pub fn split_extension(&self) -> (&str, &str) {
        match self.0.rfind('.') {
            Some(at) if at > 0 => self.0.split_at(at),
            _ => (&self.0, ""),
        }
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_separators_and_control_characters() {
        assert!(FileName::parse("a\nb").is_err());
        assert!(FileName::parse("a/b").is_err());
        assert!(FileName::parse("..").is_err());
        assert_eq!(FileName::parse("a.tar.gz").unwrap().split_extension(), ("a.tar", ".gz"));
        assert_eq!(FileName::parse(".env").unwrap().split_extension(), (".env", ""));
    }
}
