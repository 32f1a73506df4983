//! Contents on their way out: as an answer, or through a link that needs no key.
//!
//! Links are random, live for a few minutes in memory only, and may be followed more than once: clients repeat
//! requests that broke. What is served is never shown by a browser as a page of this server.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use tokio_util::io::ReaderStream;

use super::app::random_hex;
use super::refusal::Refusal;
use crate::model::{FileObject, Timestamp};

const LINK_LIFETIME: Duration = Duration::from_secs(10 * 60);
const MAX_LINKS: usize = 10_000;
const CHUNK_BYTES: usize = 64 * 1024;

/// Answers with a content, read from disk as the client takes it.
pub(super) fn answer(content: std::fs::File, file: &FileObject) -> Response {
    let stream = ReaderStream::with_capacity(tokio::fs::File::from_std(content), CHUNK_BYTES);
    let mut response = Body::from_stream(stream).into_response();
    let headers = response.headers_mut();
    let generic = HeaderValue::from_static("application/octet-stream");
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(&file.mime_type).unwrap_or(generic));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(file.size_bytes));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The links that were given out.
#[derive(Debug, Default)]
pub(super) struct Links(Mutex<HashMap<String, Link>>);

#[derive(Debug)]
struct Link {
    file_id: String,
    expires_at: Timestamp,
}

impl Links {
    /// Makes a link to a file; returns its secret and when it ends.
    pub(super) fn issue(&self, file_id: &str, now: Timestamp) -> Result<(String, Timestamp), Refusal> {
        let secret = random_hex(24)?;
        let expires_at = now.plus(LINK_LIFETIME);
        let mut links = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if links.len() >= MAX_LINKS {
            links.retain(|_, link| link.expires_at > now);
        }
        if links.len() >= MAX_LINKS {
            return Err(Refusal::fault("too many download links are open"));
        }
        links.insert(secret.clone(), Link { file_id: file_id.to_owned(), expires_at });
        Ok((secret, expires_at))
    }

    /// Returns the file that a link leads to, if it has not ended.
    pub(super) fn follow(&self, secret: &str, now: Timestamp) -> Option<String> {
        let links = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let link = links.get(secret).filter(|link| link.expires_at > now)?;
        Some(link.file_id.clone())
    }
}
