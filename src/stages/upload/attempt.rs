//! One attempt: bytes of files are hashed while they are sent, and no answer is believed that differs from what was sent.

use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use super::listing::Lister;
use super::pace::rest;
use crate::model::digest::Hasher;
use crate::model::entry::WarningEntry;
use crate::model::failpoint::{Step, hit};
use crate::model::source::OpenError;
use crate::model::{Body, Code, Failure, FileName, FileObject, FileStatus, Payload, Sha256};
use crate::stages::admit::note;
use crate::targets::{Content, Target, TargetError, TargetErrorKind, UploadExtra, UploadRequest};

/// Waits between looks at a file that is not ready; after the last one nobody waits any longer.
pub(super) const READY_WAITS: [u64; 7] = [0, 1, 2, 4, 8, 16, 30];

/// What one attempt sends.
#[derive(Debug)]
pub(super) struct Sending<'a> {
    pub(super) payload: &'a Payload,
    pub(super) file_name: &'a FileName,
    pub(super) extra: &'a UploadExtra,
    pub(super) attempt: u32,
    pub(super) idempotency_key: Option<&'a str>,
}

/// Sends once; returns the answer and the digest of what was sent.
pub(super) fn attempt(
    sending: &Sending<'_>,
    target: &dyn Target,
) -> (Result<FileObject, TargetError>, Sha256) {
    let payload = sending.payload;
    let seen = SeenContent { body: &payload.body, seen: Arc::new(Mutex::new(Seen::of(&payload.body))) };
    let request = UploadRequest {
        file_name: sending.file_name,
        media_type: &payload.media_type,
        size_bytes: payload.size_bytes,
        content: &seen,
        extra: sending.extra,
        attempt: sending.attempt,
        idempotency_key: sending.idempotency_key,
    };
    let unsent = |error: io::Error| TargetError::new(TargetErrorKind::Connect, error.to_string());
    let send = || hit(Step::BeforeSend).map_err(unsent).and_then(|()| target.upload(&request));
    let answer = guarded(send).and_then(|object| match object.file_id.is_empty() {
        true => Err(TargetError::new(TargetErrorKind::Protocol, "the answer names no file id")),
        false => Ok(object),
    });
    let seen = seen.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
    (answer, seen.digest(payload))
}

/// What is known of the bytes that were sent.
#[derive(Debug, Clone)]
enum Seen {
    /// They come from the memory that the payload's digest was made of and that nobody can change: their number will do.
    Counted(u64),
    /// They come from a file.
    Hashed(Hasher),
}

impl Seen {
    fn of(body: &Body) -> Self {
        match body {
            Body::Bytes(_) => Self::Counted(0),
            Body::File(_) | Body::Spilled(_) => Self::Hashed(Hasher::default()),
        }
    }

    fn digest(self, payload: &Payload) -> Sha256 {
        match self {
            Self::Counted(n) if n == payload.size_bytes => payload.digest,
            Self::Counted(_) => Hasher::default().finish(),
            Self::Hashed(hasher) => hasher.finish(),
        }
    }
}

/// A body that is looked at while it is sent.
struct SeenContent<'a> {
    body: &'a Body,
    seen: Arc<Mutex<Seen>>,
}

impl SeenContent<'_> {
    fn begin(&self, seen: Seen) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = seen;
    }
}

impl Content for SeenContent<'_> {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        let inner = self.body.open()?;
        self.begin(Seen::of(self.body));
        Ok(Box::new(SeenReader { inner, seen: Arc::clone(&self.seen) }))
    }

    fn bytes(&self) -> Option<Bytes> {
        let Body::Bytes(bytes) = self.body else { return None };
        // Who takes them has them all.
        self.begin(Seen::Counted(bytes.len() as u64));
        Some(bytes.clone())
    }
}

/// Looks at bytes while they are sent.
struct SeenReader {
    inner: Box<dyn Read + Send>,
    seen: Arc<Mutex<Seen>>,
}

impl Read for SeenReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(out)?;
        match &mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner) {
            Seen::Counted(bytes) => *bytes += n as u64,
            Seen::Hashed(hasher) => hasher.update(&out[..n]),
        }
        Ok(n)
    }
}

/// Compares the answer with what was sent.
///
/// # Errors
/// What is stored is not what was to be sent.
pub(super) fn compare(
    sending: &Sending<'_>,
    object: &FileObject,
    digest: Sha256,
) -> Result<Vec<WarningEntry>, Failure> {
    let payload = sending.payload;
    let id = &object.file_id;
    if digest != payload.digest {
        let message = format!("{}; what was sent is stored as {id}", OpenError::Changed);
        return Err(Failure::new(Code::Changed, message));
    }
    if object.size_bytes != payload.size_bytes {
        let message =
            format!("{} bytes were sent, {} are stored as {id}", payload.size_bytes, object.size_bytes);
        return Err(Failure::new(Code::IntegrityMismatch, message));
    }
    Ok(differences(payload, sending.file_name.as_str(), object))
}

/// Returns what the target changed of the name and the media type.
pub(super) fn differences(payload: &Payload, sent_name: &str, object: &FileObject) -> Vec<WarningEntry> {
    let mut warnings = Vec::new();
    if object.filename != sent_name {
        warnings.push(note(Code::NameChanged, format!("stored as `{}`", object.filename.escape_debug())));
    }
    if !object.mime_type.eq_ignore_ascii_case(payload.media_type.as_str()) {
        let message =
            format!("{} was sent, {} is stored", payload.media_type, object.mime_type.escape_debug());
        warnings.push(note(Code::MediaTypeChanged, message));
    }
    warnings
}

/// Waits for a file that the platform still takes in.
///
/// # Errors
/// It gave up, or so did we.
pub(super) fn until_ready(object: FileObject, lister: &Lister<'_>) -> Result<FileObject, Failure> {
    let mut object = object;
    let mut waits = READY_WAITS.into_iter();
    loop {
        match &object.status {
            Some(FileStatus::Uploading) => {}
            Some(status @ (FileStatus::Error | FileStatus::Deleted)) => {
                let message = format!("{} has the status {status:?}", object.file_id);
                return Err(Failure::new(Code::ProcessingFailed, message));
            }
            Some(FileStatus::Ready | FileStatus::Unknown(_)) | None => return Ok(object),
        }
        let waited = waits
            .next()
            .is_some_and(|seconds| rest(lister.clock, Duration::from_secs(seconds), lister.why_not));
        if !waited {
            return Err(Failure::new(Code::NotReady, format!("{} is not ready yet", object.file_id)));
        }
        if let Ok(again) = lister.once(|| lister.target.get(&object.file_id)) {
            object = FileObject { request_id: object.request_id, ..again };
        }
    }
}

/// Calls a target. One that panics has failed, nobody knows how far it got; its thread must live on, else what
/// waits for it would wait for ever.
pub(super) fn guarded<T>(call: impl FnOnce() -> Result<T, TargetError>) -> Result<T, TargetError> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| {
        Err(TargetError::new(TargetErrorKind::Protocol, "the target panicked; this is a defect"))
    })
}
