//! What the platform will do with a file. What is accepted depends on target and consumer.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What the platform will do with a file.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Default,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Consumer {
    /// A document or image content block of a message.
    #[default]
    Messages,
    /// A container upload for the code execution tool.
    CodeExecution,
    /// A file mounted in an agent's session.
    Sessions,
}

impl Consumer {
    /// Every consumer.
    pub const ALL: [Self; 3] = [Self::Messages, Self::CodeExecution, Self::Sessions];

    /// Returns the name used by flags and manifests.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::CodeExecution => "code-execution",
            Self::Sessions => "sessions",
        }
    }
}

impl fmt::Display for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A consumer name that is not known.
#[derive(Debug, thiserror::Error)]
#[error("unknown consumer `{0}`; known are messages, code-execution, sessions")]
pub struct UnknownConsumer(String);

impl FromStr for Consumer {
    type Err = UnknownConsumer;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|c| c.as_str() == text).ok_or_else(|| UnknownConsumer(text.to_owned()))
    }
}
