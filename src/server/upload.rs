//! An upload form: its file goes to disk as it comes in, its other fields are short texts. Parts come in any order.
//!
//! The limits count framing too. The parser of axum keeps a part's header in memory until it ends, however long;
//! so the intake hands out no more than a bounded number of bytes that no part has claimed. A refused body is
//! drained for a while, else clients see a reset connection instead of the answer.

use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header;
use futures_util::{Stream, StreamExt};
use tokio::sync::mpsc;

use super::app::App;
use super::body::{ChunkReader, declared, in_time};
use super::refusal::Refusal;
use crate::model::MediaType;
use crate::store::Staged;

const MAX_UNCLAIMED_BYTES: u64 = 256 * 1024;
const DRAIN_BYTES: usize = 64 * 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// What a dialect's form may hold.
#[derive(Debug)]
pub(super) struct FormRules {
    /// Text fields and how many bytes each may have.
    pub(super) fields: &'static [(&'static str, usize)],
    pub(super) max_file_bytes: u64,
    pub(super) max_request_bytes: u64,
}

/// A form that was read to its end.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) file: FilePart,
    fields: BTreeMap<&'static str, String>,
}

/// The `file` part.
#[derive(Debug)]
pub(super) struct FilePart {
    pub(super) file_name: Option<String>,
    pub(super) media_type: Option<MediaType>,
    pub(super) staged: Staged,
}

impl Form {
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    /// Returns when a file that is uploaded with `expires_in_seconds` ends. The range is the Files API's
    /// ("Upload a file": 3600 to 7776000).
    pub(super) fn lifetime(&self) -> Result<Option<Duration>, Refusal> {
        const FIELD: &str = "expires_in_seconds";
        let Some(text) = self.field(FIELD) else {
            return Ok(None);
        };
        match text.parse::<u64>() {
            Ok(seconds) if (3_600..=7_776_000).contains(&seconds) => Ok(Some(Duration::from_secs(seconds))),
            _ => Err(Refusal::param(FIELD, "must be an integer from 3600 to 7776000")),
        }
    }
}

/// Reads the form of a request.
pub(super) async fn read(app: &App, request: Request, rules: &FormRules) -> Result<Form, Refusal> {
    if declared(&request) > rules.max_request_bytes {
        drain(request).await;
        return Err(request_too_large(rules));
    }
    let (parts, body) = request.into_parts();
    let waits = parts.headers.contains_key(header::EXPECT);
    let intake = Intake::new(body, rules.max_request_bytes);
    let (body, meter) = (Arc::clone(&intake.body), Arc::clone(&intake.meter));
    let request = Request::from_parts(parts, Body::from_stream(intake));
    let form = match Multipart::from_request(request, &()).await {
        Ok(multipart) => read_parts(app, multipart, rules, &meter).await,
        Err(_) => Err(Refusal::invalid("the Content-Type must be multipart/form-data with a boundary")),
    };
    if form.is_err() && !waits {
        drain_stream(Intake { body, meter, pause: false }).await;
    }
    form
}

/// Reads and forgets the rest of a request, within bounds, so that its sender gets to read the answer.
pub(super) async fn drain(request: Request) {
    // Who waits for a "100 Continue" has not sent the body, and shall not.
    if !request.headers().contains_key(header::EXPECT) {
        drain_stream(Intake::new(request.into_body(), u64::MAX)).await;
    }
}

async fn drain_stream(intake: Intake) {
    let mut stream = intake.unmetered();
    let mut drained = 0;
    let all = async {
        while let Some(Ok(chunk)) = stream.next().await {
            drained += chunk.len();
            if drained > DRAIN_BYTES {
                break;
            }
        }
    };
    drop(tokio::time::timeout(DRAIN_TIME, all).await);
}

async fn read_parts(
    app: &App,
    mut multipart: Multipart,
    rules: &FormRules,
    meter: &Meter,
) -> Result<Form, Refusal> {
    let mut file = None;
    let mut fields = BTreeMap::new();
    while let Some(part) =
        in_time(multipart.next_field()).await?.map_err(|error| unreadable(&error, meter, rules))?
    {
        meter.claim();
        let name = part.name().unwrap_or_default().to_owned();
        if name == "file" {
            if file.is_some() {
                return Err(Refusal::param("file", "stands more than once"));
            }
            file = Some(read_file(app, part, rules, meter).await?);
            continue;
        }
        let Some((name, max_bytes)) = rules.fields.iter().find(|(known, _)| *known == name) else {
            return Err(Refusal::invalid(format!("{name:?}: the form has no such field")));
        };
        let text = read_text(part, (name, *max_bytes), rules, meter).await?;
        if fields.insert(*name, text).is_some() {
            return Err(Refusal::param(name, "stands more than once"));
        }
    }
    let file = file.ok_or_else(|| Refusal::param("file", "Field required"))?;
    Ok(Form { file, fields })
}

async fn read_text(
    mut part: Field<'_>,
    (name, max_bytes): (&'static str, usize),
    rules: &FormRules,
    meter: &Meter,
) -> Result<String, Refusal> {
    let mut text = Vec::new();
    while let Some(chunk) = in_time(part.chunk()).await?.map_err(|error| unreadable(&error, meter, rules))? {
        meter.claim();
        text.extend_from_slice(&chunk);
        if text.len() > max_bytes {
            return Err(Refusal::param(name, &format!("must not be longer than {max_bytes} bytes")));
        }
    }
    String::from_utf8(text).map_err(|_| Refusal::param(name, "must be UTF-8"))
}

async fn read_file(
    app: &App,
    part: Field<'_>,
    rules: &FormRules,
    meter: &Meter,
) -> Result<FilePart, Refusal> {
    let file_name = part.file_name().map(str::to_owned);
    let disposition = part.headers().get(header::CONTENT_DISPOSITION);
    let has_name = disposition.is_some_and(|value| value.as_bytes().windows(9).any(|w| w == b"filename="));
    if file_name.is_none() && has_name {
        return Err(Refusal::param("file", "the file name cannot be read"));
    }
    let media_type = match part.headers().get(header::CONTENT_TYPE) {
        None => None,
        Some(value) => {
            let parsed = value.to_str().ok().and_then(|text| text.parse().ok());
            Some(parsed.ok_or_else(|| Refusal::param("file", "the part's Content-Type is no media type"))?)
        }
    };
    let (sender, chunks) = mpsc::channel(8);
    let store = Arc::clone(&app.store);
    let staging = tokio::task::spawn_blocking(move || store.stage(&mut ChunkReader::new(chunks)));
    let sent = send_chunks(part, sender, rules, meter).await;
    let staged = staging.await.map_err(|_| Refusal::fault("Internal server error"))?;
    sent?;
    let staged = staged?;
    if staged.size_bytes() == 0 {
        return Err(Refusal::param("file", "the file is empty"));
    }
    Ok(FilePart { file_name, media_type, staged })
}

async fn send_chunks(
    mut part: Field<'_>,
    sender: mpsc::Sender<Bytes>,
    rules: &FormRules,
    meter: &Meter,
) -> Result<(), Refusal> {
    let mut size_bytes = 0;
    while let Some(chunk) = in_time(part.chunk()).await?.map_err(|error| unreadable(&error, meter, rules))? {
        meter.claim();
        size_bytes += chunk.len() as u64;
        if size_bytes > rules.max_file_bytes {
            let limit = rules.max_file_bytes;
            return Err(Refusal::too_large(format!("the file is larger than {limit} bytes")));
        }
        // Staging ended early; it says why.
        if sender.send(chunk).await.is_err() {
            break;
        }
    }
    Ok(())
}

fn unreadable(error: &MultipartError, meter: &Meter, rules: &FormRules) -> Refusal {
    if meter.over.load(Ordering::Relaxed) {
        return request_too_large(rules);
    }
    tracing::debug!(error = error as &dyn std::error::Error, "a form cannot be read");
    Refusal::invalid("the multipart body cannot be read")
}

fn request_too_large(rules: &FormRules) -> Refusal {
    let limit = rules.max_request_bytes;
    Refusal::too_large(format!("Request exceeds the maximum size of {limit} bytes"))
}

/// How much of a body came in.
#[derive(Debug, Default)]
struct Meter {
    total: AtomicU64,
    unclaimed: AtomicU64,
    over: AtomicBool,
}

impl Meter {
    /// Notes that the parser made something of what it got.
    fn claim(&self) {
        self.unclaimed.store(0, Ordering::Relaxed);
    }
}

/// A body that is counted, given out one chunk a turn, and can still be drained after its reader is gone.
#[derive(Debug)]
struct Intake {
    body: Arc<Mutex<(BodyDataStream, u64)>>,
    meter: Arc<Meter>,
    pause: bool,
}

impl Intake {
    fn new(body: Body, max_bytes: u64) -> Self {
        let body = Arc::new(Mutex::new((body.into_data_stream(), max_bytes)));
        Self { body, meter: Arc::default(), pause: false }
    }

    fn unmetered(self) -> Self {
        self.body.lock().unwrap_or_else(PoisonError::into_inner).1 = u64::MAX;
        Self { meter: Arc::default(), ..self }
    }

    fn meter(&self, bytes: u64, max_bytes: u64) -> Result<(), io::Error> {
        if max_bytes == u64::MAX {
            return Ok(());
        }
        let total = self.meter.total.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let unclaimed = self.meter.unclaimed.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if total > max_bytes {
            self.meter.over.store(true, Ordering::Relaxed);
            return Err(io::Error::other("the body is too large"));
        }
        if unclaimed > MAX_UNCLAIMED_BYTES {
            return Err(io::Error::other("a part's header does not end"));
        }
        Ok(())
    }
}

impl Stream for Intake {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // The parser reads until there is nothing to read; it shall first deal with what it has.
        if std::mem::take(&mut self.pause) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let (polled, max_bytes) = {
            let mut body = self.body.lock().unwrap_or_else(PoisonError::into_inner);
            (body.0.poll_next_unpin(context), body.1)
        };
        let Poll::Ready(Some(Ok(chunk))) = polled else {
            return polled;
        };
        self.pause = true;
        let counted = self.meter(chunk.len() as u64, max_bytes);
        Poll::Ready(Some(counted.map(|()| chunk).map_err(axum::Error::new)))
    }
}
