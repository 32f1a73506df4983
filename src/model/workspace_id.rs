//! The id of a platform's workspace, as its API writes it: `wrkspc_` and letters, digits and underscores.
//!
//! Source: platform.claude.com docs, api/files (header `anthropic-workspace-id`), read 2026-08-22.

use std::fmt;
use std::str::FromStr;

const PREFIX: &str = "wrkspc_";
/// The longest id that is believed; those of today have 31 characters.
const MAX_BYTES: usize = 128;

/// The id of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WorkspaceId(String);

/// A text that is no id of a workspace. It may be a credential in the wrong place, so it is not repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is not the id of a workspace, such as wrkspc_01Ab")]
pub struct BadWorkspaceId;

impl WorkspaceId {
    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WorkspaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for WorkspaceId {
    type Err = BadWorkspaceId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text.strip_prefix(PREFIX).filter(|rest| !rest.is_empty() && text.len() <= MAX_BYTES);
        match rest.is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')) {
            true => Ok(Self(text.to_owned())),
            false => Err(BadWorkspaceId),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_are_ids() {
        for text in ["wrkspc_1", "wrkspc_011CZkZaBF1tNoB5wlCeusgy", "wrkspc_a_b"] {
            assert_eq!(text.parse::<WorkspaceId>().unwrap().as_str(), text);
        }
        let long = format!("wrkspc_{}", "a".repeat(122));
        let wrong =
            ["", "wrkspc_", "sk-key", "wrkspc_a b", "wrkspc_a\r\nx: y", "wrkspc_\u{e4}", "WRKSPC_1", &long];
        for text in wrong {
            assert_eq!(text.parse::<WorkspaceId>(), Err(BadWorkspaceId), "{text}");
        }
    }
}
