//! The JSON of the Qoder dialect, in both generations.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::super::QoderShape;
use super::super::refusal::Refusal;
use crate::model::{FileObject, FileStatus, Timestamp};

/// Returns the JSON of a file.
pub(super) fn file(file: &FileObject, shape: QoderShape) -> Json<Value> {
    let metadata = file.metadata.clone().unwrap_or_else(|| json!({}));
    let mut body = json!({
        "filename": file.filename,
        "size_bytes": file.size_bytes,
        "mime_type": file.mime_type,
        "metadata": metadata,
        "created_at": file.created_at,
    });
    match shape {
        QoderShape::Seed => {
            body["file_id"] = json!(file.file_id);
            body["purpose"] = json!(file.purpose.as_deref().unwrap_or("user_upload"));
            body["status"] = json!(file.status.as_ref().unwrap_or(&FileStatus::Ready));
            if let Some(updated_at) = file.updated_at.filter(|time| *time != file.created_at) {
                body["updated_at"] = json!(updated_at);
            }
            if let Some(session) = &file.scope {
                body["session_id"] = json!(session);
            }
        }
        QoderShape::Current => {
            body["id"] = json!(file.file_id);
            body["type"] = json!("file");
            body["downloadable"] = json!(file.downloadable != Some(false));
            body["scope"] = json!(file.scope.as_ref().map(|id| json!({"id": id, "type": "session"})));
            body["status"] = json!(file.status.as_ref().unwrap_or(&FileStatus::Ready));
            body["expires_at"] = json!(file.expires_at);
        }
    }
    Json(body)
}

/// Returns the JSON of a deleted file.
pub(super) fn deleted(file_id: &str) -> Json<Value> {
    Json(json!({"id": file_id, "type": "file_deleted"}))
}

/// Returns the JSON that leads to a content.
pub(super) fn link(url: &str, expires_at: Timestamp) -> Json<Value> {
    Json(json!({"url": url, "expires_at": expires_at}))
}

/// Returns the envelope of an error.
pub(super) fn error(refusal: &Refusal, request_id: &str) -> Response {
    let mut error = json!({"type": refusal.kind, "message": refusal.message});
    if let Some(param) = refusal.param {
        error["param"] = json!(param);
    }
    let body = json!({"type": "error", "request_id": request_id, "error": error});
    (refusal.status, Json(body)).into_response()
}
