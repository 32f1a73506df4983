//! Answers that break HTTP, written past the library that keeps it.

use std::io;
use std::time::{Duration, SystemTime};

use axum::body::{Bytes, to_bytes};
use axum::http::header::{CONNECTION, CONTENT_LENGTH, DATE, TRANSFER_ENCODING};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::fault::http_date;

/// How much of a body that does not end is sent, should nobody stop listening.
const ENDLESS_BYTES: usize = 64 * 1024 * 1024;
const CHUNK_BYTES: usize = 8 * 1024;
/// How long the rest of a body is read after an early answer.
const LINGER: Duration = Duration::from_secs(5);

/// Stands in the extensions of a request: whether its connection carried another one before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reused(pub(super) bool);

/// Stands in the extensions of a response that does not go out as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wire {
    /// Nothing goes out; the connection breaks.
    Broken,
    /// Nothing goes out, until the client has enough or the time is over.
    Hang(Duration),
    /// The length is wrong by so much.
    Length { surplus: i8 },
    /// The body goes out one byte at a time.
    Drip(Duration),
    /// The body goes on and on.
    Endless,
    /// The answer goes out before the body of the request was read.
    Early { stays: bool },
    /// The connection closes behind the answer.
    CloseAfter,
}

impl Wire {
    /// Makes a response go out this way.
    pub(super) fn on(self, mut response: Response) -> Response {
        response.extensions_mut().insert(self);
        response
    }

    /// Returns what stands for an answer that never comes.
    pub(super) fn broken() -> Response {
        Self::Broken.on(StatusCode::INTERNAL_SERVER_ERROR.into_response())
    }
}

/// An answer that is written by hand.
#[derive(Debug)]
pub(super) struct Raw {
    wire: Wire,
    head: String,
    body: Bytes,
}

impl Raw {
    pub(super) async fn new(wire: Wire, response: Response) -> Self {
        let (mut parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
        let length = i64::try_from(body.len()).unwrap_or(i64::MAX);
        let surplus = if let Wire::Length { surplus } = wire { surplus } else { 0 };
        if let Ok(date) = HeaderValue::from_str(&http_date(SystemTime::now())) {
            parts.headers.insert(DATE, date);
        }
        match wire {
            Wire::Endless => parts.headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked")),
            _ => parts.headers.insert(CONTENT_LENGTH, (length + i64::from(surplus)).max(0).into()),
        };
        if let Wire::Early { .. } = wire {
            parts.headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let reason = parts.status.canonical_reason().unwrap_or_default();
        let mut head = format!("HTTP/1.1 {} {reason}\r\n", parts.status.as_u16());
        for (name, value) in &parts.headers {
            head.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap_or_default()));
        }
        head.push_str("\r\n");
        Self { wire, head, body }
    }

    /// Writes it and is done with the connection.
    pub(super) async fn write(self, mut stream: TcpStream) -> io::Result<()> {
        match self.wire {
            // What was not read makes the system reset the connection; so does this where all was.
            Wire::Broken => stream.set_zero_linger(),
            Wire::Hang(span) => {
                drop(timeout(span, gone(&mut stream)).await);
                stream.set_zero_linger()
            }
            Wire::Length { .. } | Wire::CloseAfter => {
                stream.write_all(self.head.as_bytes()).await?;
                stream.write_all(&self.body).await?;
                stream.shutdown().await
            }
            Wire::Drip(interval) => {
                stream.write_all(self.head.as_bytes()).await?;
                for byte in &self.body {
                    tokio::time::sleep(interval).await;
                    stream.write_all(&[*byte]).await?;
                }
                stream.shutdown().await
            }
            Wire::Endless => {
                stream.write_all(self.head.as_bytes()).await?;
                let chunk =
                    [format!("{CHUNK_BYTES:x}\r\n").as_bytes(), &[b' '; CHUNK_BYTES], b"\r\n"].concat();
                for _ in 0..ENDLESS_BYTES / CHUNK_BYTES {
                    stream.write_all(&chunk).await?;
                }
                stream.set_zero_linger()
            }
            Wire::Early { stays } => {
                stream.write_all(self.head.as_bytes()).await?;
                stream.write_all(&self.body).await?;
                if stays {
                    stream.shutdown().await?;
                    drop(timeout(LINGER, gone(&mut stream)).await);
                }
                Ok(())
            }
        }
    }
}

/// Reads until the client closes.
async fn gone(stream: &mut TcpStream) {
    let mut rest = vec![0; CHUNK_BYTES];
    while let Ok(1..) = stream.read(&mut rest).await {}
}
