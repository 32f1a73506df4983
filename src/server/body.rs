//! Bodies that are no form: JSON of a bounded size, and bytes that go to disk as they come in.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;

use super::app::App;
use super::refusal::Refusal;
use super::upload;
use crate::store::Staged;

const STALLED_AFTER: Duration = Duration::from_secs(60);

/// Reads a body that is JSON.
pub(super) async fn json<T: DeserializeOwned>(app: &App, request: Request) -> Result<T, Refusal> {
    let limit = app.limits.max_json_bytes;
    let too_large = || Refusal::too_large(format!("Request exceeds the maximum size of {limit} bytes"));
    if declared(&request) > limit as u64 {
        upload::drain(request).await;
        return Err(too_large());
    }
    let bytes = in_time(to_bytes(request.into_body(), limit)).await?.map_err(|_| too_large())?;
    serde_json::from_slice(&bytes).map_err(|error| Refusal::invalid(format!("the body: {error}")))
}

/// Takes a body into the store's folder.
pub(super) async fn stage(app: &App, request: Request) -> Result<Staged, Refusal> {
    let limit = app.limits.max_file_bytes;
    let too_large = || Refusal::too_large(format!("the file is larger than {limit} bytes"));
    if declared(&request) > limit {
        upload::drain(request).await;
        return Err(too_large());
    }
    let mut body = Body::into_data_stream(request.into_body());
    let (sender, chunks) = mpsc::channel(8);
    let store = Arc::clone(&app.store);
    let staging = tokio::task::spawn_blocking(move || store.stage(&mut ChunkReader::new(chunks)));
    let mut size_bytes = 0;
    let mut sent = Ok(());
    while let Some(chunk) = in_time(body.next()).await? {
        let Ok(chunk) = chunk else {
            sent = Err(Refusal::invalid("the body broke off"));
            break;
        };
        size_bytes += chunk.len() as u64;
        if size_bytes > limit {
            sent = Err(too_large());
            break;
        }
        // Staging ended early; it says why.
        if sender.send(chunk).await.is_err() {
            break;
        }
    }
    drop(sender);
    let staged = staging.await.map_err(|_| Refusal::fault("Internal server error"))?;
    sent?;
    Ok(staged?)
}

/// Returns the length that a request announces, or 0.
pub(super) fn declared(request: &Request) -> u64 {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    length.and_then(|length| length.parse().ok()).unwrap_or(0)
}

/// Waits for the next piece of a body.
pub(super) async fn in_time<T>(part: impl Future<Output = T>) -> Result<T, Refusal> {
    let stalled = |_| Refusal::new(StatusCode::REQUEST_TIMEOUT, "timeout_error", "the body stalled");
    tokio::time::timeout(STALLED_AFTER, part).await.map_err(stalled)
}

/// Reads chunks that an async task sends, on a thread that may block.
pub(super) struct ChunkReader {
    chunks: mpsc::Receiver<Bytes>,
    current: Bytes,
}

impl ChunkReader {
    pub(super) fn new(chunks: mpsc::Receiver<Bytes>) -> Self {
        Self { chunks, current: Bytes::new() }
    }
}

impl Read for ChunkReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.chunks.blocking_recv() {
                Some(chunk) => self.current = chunk,
                // Also when the request broke off: the staged bytes are then dropped, not committed.
                None => return Ok(0),
            }
        }
        let piece = self.current.split_to(buffer.len().min(self.current.len()));
        buffer[..piece.len()].copy_from_slice(&piece);
        Ok(piece.len())
    }
}
