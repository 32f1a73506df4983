//! Sends one payload: retries only what cannot have been stored, and believes no answer that differs from what was sent.

use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::model::digest::Hasher;
use crate::model::entry::WarningEntry;
use crate::model::source::OpenError;
use crate::model::{Attempt, Code, Failure, FileObject, FileStatus, Outcome, Payload, Sha256, Timestamp};
use crate::stages::admit::note;
use crate::targets::{Disposition, Target, TargetError, TargetErrorKind, UploadExtra, UploadRequest};

/// The longest wait that a target can ask for and get.
const MAX_WAIT: Duration = Duration::from_secs(60);
/// Waits between looks at a file that is not ready; after the last one nobody waits any longer.
const READY_WAITS: [u64; 7] = [0, 1, 2, 4, 8, 16, 30];

/// What governs uploads.
pub struct UploadOptions {
    /// What travels with each file.
    pub extra: UploadExtra,
    /// How many more attempts follow the first.
    pub retries: u32,
    /// Waits; returns false if the run is interrupted meanwhile. Tests do not wait.
    pub wait: Box<dyn Fn(Duration) -> bool + Send + Sync>,
}

impl std::fmt::Debug for UploadOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UploadOptions").field("retries", &self.retries).finish_non_exhaustive()
    }
}

/// What became of a payload.
#[derive(Debug)]
pub struct Sent {
    /// The outcome.
    pub outcome: Outcome,
    /// How many requests were made to send it.
    pub attempts: u32,
    /// What the target changed.
    pub warnings: Vec<WarningEntry>,
    /// Files that may be copies of it.
    pub possible_orphans: Vec<String>,
    /// What kind of error the last attempt ended with.
    pub kind: Option<TargetErrorKind>,
    /// Why no other file will pass, either.
    pub stop: Option<TargetError>,
}

/// Sends a payload.
#[must_use]
pub fn upload(payload: &Payload, target: &dyn Target, options: &UploadOptions) -> Sent {
    let mut attempts = 0;
    loop {
        attempts += 1;
        let sent_at = Timestamp::now();
        let (answer, digest) = attempt(payload, target, options, attempts);
        let error = match answer {
            Ok(object) if object.file_id.is_empty() => {
                TargetError::new(TargetErrorKind::Protocol, "the answer names no file id")
            }
            Ok(object) => return Sent { attempts, ..settle(payload, object, digest, target, options) },
            Err(error) => error,
        };
        let mut sent = Sent {
            outcome: Outcome::Failed(Failure::new(Code::UploadFailed, error.message.clone())),
            attempts,
            warnings: Vec::new(),
            possible_orphans: Vec::new(),
            kind: Some(error.kind),
            stop: None,
        };
        match error.kind.disposition() {
            Disposition::RetrySafe => {
                let wait = error.retry_after.unwrap_or_else(|| backoff(attempts));
                if attempts <= options.retries && wait <= MAX_WAIT && (options.wait)(wait) {
                    continue;
                }
            }
            Disposition::Ambiguous => {
                sent.outcome = Outcome::Ambiguous(Attempt {
                    sent_at,
                    file_name: payload.file_name.to_string(),
                    size_bytes: payload.size_bytes,
                    failure: Failure::new(Code::UploadAmbiguous, error.message.clone()),
                    attempts,
                });
            }
            Disposition::RefuseFile => sent.outcome = Outcome::Failed(refusal(&error)),
            Disposition::StopRun => sent.stop = Some(error),
        }
        return sent;
    }
}

fn refusal(error: &TargetError) -> Failure {
    match error.kind {
        TargetErrorKind::Body => Failure::new(Code::Changed, error.message.clone()),
        _ => Failure::new(Code::UploadRefused, error.message.clone()),
    }
}

/// 0.5 s, 1 s, 2 s, …, at most 8 s: what the vendors' own clients do, without their jitter.
fn backoff(attempts: u32) -> Duration {
    Duration::from_millis(500) * 2u32.pow((attempts - 1).min(4))
}

fn attempt(
    payload: &Payload,
    target: &dyn Target,
    options: &UploadOptions,
    attempt: u32,
) -> (Result<FileObject, TargetError>, Sha256) {
    let progress = Arc::new(Mutex::new(Hasher::default()));
    let open = || -> io::Result<Box<dyn Read + Send>> {
        let inner = payload.body.open()?;
        *progress.lock().unwrap_or_else(PoisonError::into_inner) = Hasher::default();
        Ok(Box::new(HashingReader { inner, hasher: Arc::clone(&progress) }))
    };
    let request = UploadRequest {
        file_name: &payload.file_name,
        media_type: &payload.media_type,
        size_bytes: payload.size_bytes,
        open: &open,
        extra: &options.extra,
        attempt,
    };
    let answer = guarded(|| target.upload(&request));
    let hasher = progress.lock().unwrap_or_else(PoisonError::into_inner).clone();
    (answer, hasher.finish())
}

/// Hashes bytes while they are sent.
struct HashingReader {
    inner: Box<dyn Read + Send>,
    hasher: Arc<Mutex<Hasher>>,
}

impl Read for HashingReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(out)?;
        self.hasher.lock().unwrap_or_else(PoisonError::into_inner).update(&out[..n]);
        Ok(n)
    }
}

/// Compares the answer with what was sent.
fn settle(
    payload: &Payload,
    object: FileObject,
    digest: Sha256,
    target: &dyn Target,
    options: &UploadOptions,
) -> Sent {
    let mut warnings = Vec::new();
    let id = object.file_id.clone();
    let bad = |outcome: Outcome| Sent {
        outcome,
        attempts: 1,
        warnings: Vec::new(),
        possible_orphans: vec![id.clone()],
        kind: None,
        stop: None,
    };
    if digest != payload.digest {
        let message = format!("{}; what was sent is stored as {id}", OpenError::Changed);
        return bad(Outcome::Failed(Failure::new(Code::Changed, message)));
    }
    if object.size_bytes != payload.size_bytes {
        let message =
            format!("{} bytes were sent, {} are stored as {id}", payload.size_bytes, object.size_bytes);
        return bad(Outcome::Failed(Failure::new(Code::IntegrityMismatch, message)));
    }
    if object.filename != payload.file_name.as_str() {
        warnings.push(note(Code::NameChanged, format!("stored as `{}`", object.filename.escape_debug())));
    }
    if !object.mime_type.eq_ignore_ascii_case(payload.media_type.as_str()) {
        let message =
            format!("{} was sent, {} is stored", payload.media_type, object.mime_type.escape_debug());
        warnings.push(note(Code::MediaTypeChanged, message));
    }
    let outcome = match until_ready(object, target, options) {
        Ok(object) => Outcome::Uploaded(object),
        Err(failure) => return bad(Outcome::Failed(failure)),
    };
    Sent { outcome, attempts: 1, warnings, possible_orphans: Vec::new(), kind: None, stop: None }
}

/// Waits for a file that the platform still takes in.
fn until_ready(
    object: FileObject,
    target: &dyn Target,
    options: &UploadOptions,
) -> Result<FileObject, Failure> {
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
        if !waits.next().is_some_and(|seconds| (options.wait)(Duration::from_secs(seconds))) {
            return Err(Failure::new(Code::NotReady, format!("{} is not ready yet", object.file_id)));
        }
        if let Ok(again) = guarded(|| target.get(&object.file_id)) {
            object = FileObject { request_id: object.request_id, ..again };
        }
    }
}

/// Calls a target. One that panics has failed, nobody knows how far it got; its thread must live on, else what
/// waits for it would wait for ever.
fn guarded<T>(call: impl FnOnce() -> Result<T, TargetError>) -> Result<T, TargetError> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| {
        Err(TargetError::new(TargetErrorKind::Protocol, "the target panicked; this is a defect"))
    })
}

#[cfg(test)]
mod tests;
