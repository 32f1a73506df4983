//! A file as a platform describes it. The dialects translate their wire shapes into this one.

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// A file in a target's store. Fields that a dialect does not have are `None`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileObject {
    /// The platform's id.
    pub file_id: String,
    /// The stored name; platforms may clean what was sent.
    pub filename: String,
    /// The stored size.
    pub size_bytes: u64,
    /// The stored media type.
    pub mime_type: String,
    /// When the platform says it was created.
    pub created_at: Timestamp,
    /// When it last changed, if ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// When its content goes away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Whether its content can be fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub downloadable: Option<bool>,
    /// What it was uploaded for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// Whether it can be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<FileStatus>,
    /// The session it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// What the uploader attached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<serde_json::Value>,
    /// The id of the request that answered with this object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// Whether a file can be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FileStatus {
    /// The platform still takes it in.
    Uploading,
    /// It can be used.
    Ready,
    /// The platform failed to take it in.
    Error,
    /// It is gone.
    Deleted,
    /// A value that this version does not know.
    #[serde(untagged)]
    Unknown(String),
}
