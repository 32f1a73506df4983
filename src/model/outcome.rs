//! What became of an input. A file's failure is an outcome, never an error of the run.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::code::Code;
use super::{FileObject, Timestamp};

/// A rule that an input or payload breaks; found before a byte is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Violation {
    /// The stable code.
    pub code: Code,
    /// What is wrong with this file, with the value seen and the value allowed.
    pub message: String,
    /// What the user can do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl Violation {
    /// Makes a violation whose help is the code's fix.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let help = code.spec().fix;
        Self { code, message: message.into(), help: (!help.is_empty()).then(|| help.to_owned()) }
    }
}

/// Something that went wrong with one file while it was read, converted or sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Failure {
    /// The stable code.
    pub code: Code,
    /// What happened.
    pub message: String,
    /// Whether a rerun may succeed without a change.
    pub retryable: bool,
}

impl Failure {
    /// Makes a failure that is retryable if its code is.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retryable: code.spec().retryable }
    }

    /// Makes a failure of which no more is known than what its code says.
    pub(crate) fn of(code: Code) -> Self {
        Self::new(code, code.spec().what.trim_end_matches('.'))
    }
}

/// An upload of unknown outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When the request began.
    pub sent_at: Timestamp,
    /// The name that was sent.
    pub file_name: String,
    /// The size that was sent.
    pub size_bytes: u64,
    /// What happened.
    pub failure: Failure,
    /// How many requests were made.
    pub attempts: u32,
}

/// How it is known that a found file is the one that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// Our upload key in its metadata.
    Metadata,
    /// Our tag in its name.
    NameTag,
    /// It was the only candidate and nobody else could have made it.
    SoleCandidate,
}

/// What became of an input, or of one part of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Sent and stored.
    Uploaded(FileObject),
    /// Stored by an earlier run.
    Reused(FileObject),
    /// Found on the platform after an unknown outcome.
    Adopted(FileObject, Proof),
    /// Converted to a local file.
    Converted(Option<PathBuf>),
    /// Left out on purpose.
    Skipped {
        /// Why.
        code: Code,
        /// The rule that left it out.
        message: String,
    },
    /// Refused before a byte was sent.
    Rejected(Vec<Violation>),
    /// Gone wrong.
    Failed(Failure),
    /// Sent, and nobody knows whether it was stored.
    Ambiguous(Attempt),
}
