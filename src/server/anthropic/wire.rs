//! The JSON of the Anthropic dialect ("Files API reference": file object, list, delete; "Errors").

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};

use super::super::refusal::Refusal;
use crate::model::{FileObject, Timestamp};

/// Which generation an answer is shaped after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// `files-api-2025-04-14`.
    Beta,
    /// Generally available.
    Ga,
}

impl Shape {
    /// Returns the name of the dialect in logs.
    pub(super) fn dialect(self) -> &'static str {
        match self {
            Self::Beta => "anthropic-beta",
            Self::Ga => "anthropic",
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct FileMetadata {
    id: String,
    r#type: &'static str,
    filename: String,
    mime_type: String,
    size_bytes: u64,
    created_at: Timestamp,
    downloadable: bool,
    /// Null in the GA shape if the file does not end; absent in the beta shape.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Option<Timestamp>>,
    /// Only with the managed-agents header; null outside a session.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<Option<Scope>>,
}

#[derive(Debug, Serialize)]
struct Scope {
    id: String,
    r#type: &'static str,
}

/// Returns the JSON of a file.
pub(super) fn file(file: &FileObject, shape: Shape, with_scope: bool) -> Json<FileMetadata> {
    let scope = || file.scope.clone().map(|id| Scope { id, r#type: "session" });
    Json(FileMetadata {
        id: file.file_id.clone(),
        r#type: "file",
        filename: file.filename.clone(),
        mime_type: file.mime_type.clone(),
        size_bytes: file.size_bytes,
        created_at: file.created_at,
        downloadable: file.downloadable == Some(true),
        expires_at: (shape == Shape::Ga).then_some(file.expires_at),
        scope: with_scope.then(scope),
    })
}

/// Returns the JSON of a deleted file.
pub(super) fn deleted(file_id: &str) -> Json<Value> {
    Json(json!({"id": file_id, "type": "file_deleted"}))
}

/// Returns the envelope of an error.
pub(super) fn error(refusal: &Refusal, request_id: &str) -> Response {
    let mut error = json!({"type": refusal.kind, "message": refusal.message});
    if let Some(code) = refusal.error_code {
        error["details"] = json!({"error_code": code});
    }
    let body = json!({"type": "error", "error": error, "request_id": request_id});
    (refusal.status, Json(body)).into_response()
}
