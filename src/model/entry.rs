//! One line of the manifest. Its JSON schema is generated from these types into `docs/manifest.schema.json`.
//!
//! `schema_version` is raised when a field changes its meaning or goes away. New fields may come at any time:
//! readers ignore what they do not know.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::outcome::{Failure, Proof, Violation};
use super::{Code, Consumer, FileStatus, Sha256, Timestamp};

/// The version of this schema.
pub const SCHEMA_VERSION: u32 = 1;

/// What became of one input, or of one part of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// The version of the schema, 1.
    pub schema_version: u32,
    /// The number of the input, from 0, in sorted order.
    pub seq: u64,
    /// The number of the part within its input, from 0.
    pub part: u32,
    /// How many parts the input became; 0 if it became nothing, which one line then says.
    pub parts: u32,
    /// What became of it.
    pub status: Status,
    /// The number of the batch it was handed over in, from 0.
    pub batch: u64,
    /// Where the bytes came from.
    pub source: SourceEntry,
    /// What was or would have been sent, or written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<OutputEntry>,
    /// What converted it, if anything did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub converter: Option<ConverterEntry>,
    /// Where it went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<TargetEntry>,
    /// What the target stores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<FileEntry>,
    /// How many requests were made to send it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub attempts: u32,
    /// Files on the target that may be copies of this one, by id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub possible_orphans: Vec<String>,
    /// A content block for a message that refers to the file; null where the target has none.
    pub content_block: Option<serde_json::Value>,
    /// What admission and upload changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<WarningEntry>,
    /// The rules that a rejected input breaks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub violations: Vec<Violation>,
    /// Why it was skipped, failed or is of unknown outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

impl Entry {
    /// Tells whether the run ended before it was this one's turn.
    #[must_use]
    pub fn had_no_turn(&self) -> bool {
        self.error.as_ref().is_some_and(|error| error.code.is_no_turn())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// What became of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Sent and stored.
    Uploaded,
    /// Stored by an earlier run.
    Reused,
    /// Found on the target after an unknown outcome.
    Adopted,
    /// Converted to a local file.
    Converted,
    /// Refused before anything was sent.
    Rejected,
    /// Gone wrong.
    Failed,
    /// Left out on purpose.
    Skipped,
    /// Sent, and nobody knows whether it was stored.
    Ambiguous,
}

impl Status {
    /// Every status, in the order of summaries.
    pub const ALL: [Self; 8] = [
        Self::Uploaded,
        Self::Reused,
        Self::Adopted,
        Self::Converted,
        Self::Skipped,
        Self::Rejected,
        Self::Failed,
        Self::Ambiguous,
    ];

    /// Tells whether the entry's file is at the target, whoever stored it.
    #[must_use]
    pub fn is_stored(self) -> bool {
        matches!(self, Self::Uploaded | Self::Reused | Self::Adopted)
    }

    /// Returns the name used in manifests.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Uploaded => "uploaded",
            Self::Reused => "reused",
            Self::Adopted => "adopted",
            Self::Converted => "converted",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Ambiguous => "ambiguous",
        }
    }
}

/// Where bytes came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SourceEntry {
    /// The path as the run's working directory sees it; bytes that are not UTF-8 show as U+FFFD. `-` is standard input.
    pub path: String,
    /// The exact bytes of the path in base64, where it is not UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_bytes: Option<String>,
    /// The part of the path below the root it was found under.
    pub relative: String,
    /// The size in bytes; absent where nobody knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// The modification time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<Timestamp>,
    /// The digest of the bytes; absent if they were not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
    /// What the bytes are, by `docferry formats`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// The media type of the bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// The charset of text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charset: Option<String>,
    /// How the charset is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charset_evidence: Option<CharsetEvidence>,
    /// How far the charset can be relied on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charset_confidence: Option<CharsetConfidence>,
}

/// How a charset is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CharsetEvidence {
    /// By a byte order mark.
    Bom,
    /// By the pattern of NUL bytes that UTF-16 and UTF-32 leave.
    Pattern,
    /// All bytes are valid UTF-8.
    #[serde(rename = "utf-8")]
    Utf8,
    /// The text declares it, and all bytes fit.
    Declared,
    /// By statistics over the places that are not ASCII.
    Guess,
    /// By `--charset`.
    Label,
    /// By `--default-charset`, because there was too little text to guess from.
    Default,
}

/// How far a charset can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CharsetConfidence {
    /// The bytes or the user leave no doubt.
    Certain,
    /// Wrong in at most one of fifty files.
    High,
    /// There was too little text to tell, or it was damaged.
    Low,
}

/// What was or would have been sent, or written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OutputEntry {
    /// The name that is sent.
    pub file_name: String,
    /// The name before a tag was put into it; absent where they are equal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_name: Option<String>,
    /// The media type that is sent.
    pub media_type: String,
    /// The size in bytes.
    pub size_bytes: u64,
    /// The digest of the bytes.
    pub sha256: Sha256,
    /// The pages of a PDF; absent where nobody could count them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages: Option<u64>,
    /// The label of the part, such as a sheet's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_label: Option<String>,
    /// Where `convert` wrote it, as the run's working directory sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// What converted an input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConverterEntry {
    /// The converter's name.
    pub name: String,
    /// The converter's revision.
    pub revision: u32,
    /// The first 16 hexadecimal digits of the SHA-256 digest of the options.
    pub options_hash: String,
    /// What it dropped or changed.
    pub warnings: Vec<WarningEntry>,
}

/// Something that was dropped or changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WarningEntry {
    /// The stable code.
    pub code: Code,
    /// What happened.
    pub message: String,
    /// How many times.
    pub count: u64,
}

/// Where something went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TargetEntry {
    /// The target's name.
    pub name: String,
    /// What the platform will do with the file.
    pub consumer: Consumer,
}

/// What the target stores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FileEntry {
    /// The target's id of the file.
    pub file_id: String,
    /// The stored name.
    pub filename: String,
    /// The stored media type.
    pub mime_type: String,
    /// The stored size.
    pub size_bytes: u64,
    /// When it was created, by the target.
    pub created_at: Timestamp,
    /// When its content goes away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Whether its content can be fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub downloadable: Option<bool>,
    /// Whether it can be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<FileStatus>,
    /// The id of the request that stored it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// How it is known to be ours, if it was adopted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    /// When it was last seen on the target, if it was reused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<Timestamp>,
}
