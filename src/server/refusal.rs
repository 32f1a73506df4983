//! What the server answers when it does not do what was asked. The dialects put it into their envelopes.
//!
//! A handler returns a `Refusal`; as a response it is an empty body that carries itself as an extension, and the
//! dialect's own layer writes the JSON, because only that layer knows the request id.

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::store::StoreError;

/// Headers of a refusal that stay when the dialect writes the answer.
pub(super) const KEPT_HEADERS: [&str; 3] = ["allow", "retry-after", "x-should-retry"];

/// An error answer before it has a shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// The `error.type`, which both dialects spell alike.
    pub(super) kind: &'static str,
    pub(super) message: String,
    /// The Anthropic `error.details.error_code`.
    pub(super) error_code: Option<&'static str>,
    /// The Qoder `error.param`.
    pub(super) param: Option<&'static str>,
    /// `Retry-After`, in seconds.
    pub(super) retry_after: Option<u64>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, message: message.into(), error_code: None, param: None, retry_after: None }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", message)
    }

    /// A bad value of the parameter or form field `param`.
    pub(super) fn param(param: &'static str, message: &str) -> Self {
        Self { param: Some(param), ..Self::invalid(format!("{param}: {message}")) }
    }

    pub(super) fn unauthenticated(message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "authentication_error", message)
    }

    pub(super) fn forbidden(message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "permission_error", message)
    }

    /// A file, a session or a resource that is not there.
    pub(super) fn not_found(id: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found_error", format!("`{id}` not found."))
    }

    /// A content after its file's end.
    pub(super) fn expired(file_id: &str) -> Self {
        let message = format!("`{file_id}` has expired.");
        Self { message, ..Self::not_found(file_id) }.with_error_code("file_expired")
    }

    pub(super) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict_error", message)
    }

    pub(super) fn rate_limited(seconds: u64) -> Self {
        let refusal =
            Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limit_error", "too many requests in a minute");
        Self { retry_after: Some(seconds), ..refusal }
    }

    /// The code is the Anthropic one ("Errors", error codes of the upload).
    pub(super) fn quota_exceeded() -> Self {
        Self::invalid("the storage quota is used up").with_error_code("storage_quota_exceeded")
    }

    pub(super) fn too_large(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "request_too_large", message)
    }

    pub(super) fn fault(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "api_error", message)
    }

    pub(super) fn with_error_code(self, error_code: &'static str) -> Self {
        Self { error_code: Some(error_code), ..self }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::BadId(id) => Self::invalid(format!("`{id}` is not a file id")),
            // Paths of this machine are for the log of this machine.
            error => {
                tracing::error!(error = &error as &dyn std::error::Error, "the store failed");
                Self::fault("Internal server error")
            }
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        let wait = self.retry_after.map(|seconds| (RETRY_AFTER, HeaderValue::from(seconds)));
        response.headers_mut().extend(wait);
        response.extensions_mut().insert(self);
        response
    }
}

/// Answers a path that does not exist.
pub(super) async fn no_route() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "not_found_error", "Not found")
}

/// Answers a method that the path does not have.
pub(super) async fn method_not_allowed() -> Refusal {
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "invalid_request_error", "Method not allowed")
}
