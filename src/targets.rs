//! Targets: where files go. A target is a profile (data) and a dialect (code); this file holds the contract and the
//! table of dialects.
//!
//! A target does one request per call and never retries: whether an attempt may be repeated is a property of the
//! error's kind, decided beside the wire code and asked by the upload stage.

mod anthropic;
pub mod contract;
pub mod local;
pub mod profiles;
mod qoder;
mod refusal;
mod rest;
pub mod sessions;

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::http::multipart;
use crate::http::{Auth, Proxy, Timeouts};
use crate::model::profile::Dialect;
use crate::model::{FileName, FileObject, MediaType, Profile};

pub use crate::http::Content;
pub use rest::is_id;
pub use sessions::Sessions;

/// What it takes to reach a remote target.
#[derive(Debug, Clone)]
pub struct ConnectOptions {
    /// Rules, facts and fixed headers.
    pub profile: Profile,
    /// Where the API is.
    pub base_url: Url,
    /// The credential.
    pub auth: Option<Auth>,
    /// A PEM file of certificates to trust besides the system's.
    pub ca_file: Option<PathBuf>,
    /// The way out.
    pub proxy: Proxy,
    /// How long requests may take.
    pub timeouts: Timeouts,
}

/// One remote dialect.
#[derive(Debug, Clone, Copy)]
pub struct DialectSpec {
    /// The dialect.
    pub dialect: Dialect,
    /// What target ids begin with. Generations of one API share it: they show the same files.
    pub family: &'static str,
    /// Makes a target that speaks it.
    pub open: fn(ConnectOptions) -> Result<Box<dyn Target>, TargetError>,
}

/// The table of remote dialects. The local store is no row: nothing is connected there.
pub static DIALECTS: &[DialectSpec] = &[
    DialectSpec { dialect: Dialect::Anthropic, family: anthropic::FAMILY, open: anthropic::open },
    DialectSpec { dialect: Dialect::AnthropicBeta, family: anthropic::FAMILY, open: anthropic::open },
    DialectSpec { dialect: Dialect::Qoder, family: qoder::FAMILY, open: qoder::open },
];

/// Makes the remote target that the profile's dialect and the options describe. No connection is made.
///
/// # Errors
/// [`TargetErrorKind::Unsupported`] says which option makes no sense.
pub fn connect(options: ConnectOptions) -> Result<Box<dyn Target>, TargetError> {
    let dialect = options.profile.dialect;
    match DIALECTS.iter().find(|row| row.dialect == dialect) {
        Some(row) => (row.open)(options),
        None => {
            let message = format!("`{}` is no remote target", options.profile.name);
            Err(TargetError::new(TargetErrorKind::Unsupported, message))
        }
    }
}

/// What to send.
pub struct UploadRequest<'a> {
    /// The name to send; admitted before.
    pub file_name: &'a FileName,
    /// The media type to send.
    pub media_type: &'a MediaType,
    /// The exact length of the body.
    pub size_bytes: u64,
    /// The body: opened or taken once for each attempt.
    pub content: &'a dyn Content,
    /// What may travel with the file.
    pub extra: &'a UploadExtra,
    /// The number of this attempt, from 1.
    pub attempt: u32,
    /// What a platform that knows such keys can tell a repetition by.
    pub idempotency_key: Option<&'a str>,
}

impl std::fmt::Debug for UploadRequest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UploadRequest").field("file_name", &self.file_name).finish_non_exhaustive()
    }
}

/// What may travel with a file where the profile has it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UploadExtra {
    /// What the file is for.
    pub purpose: Option<String>,
    /// What to attach, a JSON object.
    pub metadata: Option<serde_json::Value>,
    /// How long the platform should keep the file.
    pub expires_in: Option<Duration>,
}

impl UploadExtra {
    /// Returns the form fields that say it, in the order they are sent.
    #[must_use]
    pub fn form_fields(&self) -> Vec<(&'static str, String)> {
        let fields = [
            ("purpose", self.purpose.clone()),
            ("metadata", self.metadata.as_ref().map(ToString::to_string)),
            ("expires_in_seconds", self.expires_in.map(|time| time.as_secs().to_string())),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// Returns the bytes that it adds to a form.
    #[must_use]
    pub fn form_bytes(&self) -> u64 {
        self.form_fields().iter().map(|(name, value)| multipart::field_bytes(name, value)).sum()
    }
}

/// Which files to list, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListRequest {
    /// How many at the most in this page.
    pub limit: Option<u32>,
    /// The cursor that the last page gave.
    pub cursor: Option<String>,
    /// Only the files of this session.
    pub scope_id: Option<String>,
    /// Files that the platform still lists although they are deleted, too.
    pub deleted: bool,
}

/// One page of a listing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FilePage {
    /// The files.
    pub files: Vec<FileObject>,
    /// The cursor of the next page; `None` on the last. A page may be empty and not the last.
    pub next_cursor: Option<String>,
}

/// Where files go.
pub trait Target: Send + Sync + std::fmt::Debug {
    /// Returns the rules and facts.
    fn profile(&self) -> &Profile;

    /// Returns the identity that equal targets share: dialect and canonical base URL, or the store's UUID.
    fn target_id(&self) -> &str;

    /// Sends one file; one attempt.
    ///
    /// # Errors
    /// The kind says whether the attempt may be repeated.
    fn upload(&self, request: &UploadRequest<'_>) -> Result<FileObject, TargetError>;

    /// Returns what the target says of one file.
    ///
    /// # Errors
    /// [`TargetErrorKind::NotFound`] if it has no such file.
    fn get(&self, file_id: &str) -> Result<FileObject, TargetError>;

    /// Returns one page of files, newest first.
    ///
    /// # Errors
    /// What the target or the network reports.
    fn list(&self, request: &ListRequest) -> Result<FilePage, TargetError>;

    /// Writes the content of a file to `out` and returns its length.
    ///
    /// # Errors
    /// [`TargetErrorKind::NotDownloadable`] where the platform does not give it back.
    fn download(&self, file_id: &str, out: &mut dyn Write) -> Result<u64, TargetError>;

    /// Deletes a file.
    ///
    /// # Errors
    /// [`TargetErrorKind::NotFound`] if it has no such file.
    fn delete(&self, file_id: &str) -> Result<(), TargetError>;

    /// Returns what mounts files in sessions; `None` where the platform has none.
    fn sessions(&self) -> Option<&dyn Sessions> {
        None
    }

    /// Returns how many tokens of input a request has, as the platform counts them; `request` is the JSON body.
    ///
    /// # Errors
    /// [`TargetErrorKind::NotFound`] if it names a file that the target has not, [`TargetErrorKind::Unsupported`] where
    /// there is no such call.
    fn count_tokens(&self, _request: Vec<u8>) -> Result<u64, TargetError> {
        let message = format!("`{}` does not count tokens", self.profile().name);
        Err(TargetError::new(TargetErrorKind::Unsupported, message))
    }

    /// Returns the workspace that the credential belongs to, once an answer has named it.
    fn workspace_id(&self) -> Option<String> {
        None
    }

    /// Returns how far the platform's clock and ours were apart at the most, as far as answers told.
    fn clock_skew(&self) -> Duration {
        Duration::ZERO
    }

    /// Returns a digest by which the ledger knows the credential again without knowing it; `None` where there is none.
    fn credential_fingerprint(&self, _salt: &[u8; 16]) -> Option<[u8; 16]> {
        None
    }

    /// Makes everything uploaded so far durable. Remote targets are durable when they answer.
    ///
    /// # Errors
    /// What the storage reports.
    fn flush(&self) -> Result<(), TargetError> {
        Ok(())
    }
}

/// What may be done after an attempt failed (design: upload state machine).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Nothing can have been stored; the attempt may be repeated at once.
    RetrySafe,
    /// Something may have been stored; never repeat blindly.
    Ambiguous,
    /// This file is refused; others may pass.
    RefuseFile,
    /// No file will pass; the run stops.
    StopRun,
}

/// What kind of failure it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TargetErrorKind {
    /// No connection came about.
    Connect,
    /// The TLS handshake failed.
    Tls,
    /// The connection broke before the body was sent to its end.
    BrokenBeforeEnd,
    /// The connection broke, timed out or answered unreadably after the body was sent.
    BrokenAfterEnd,
    /// 429, 529: try later.
    RateLimited,
    /// A 429 or 400 that waiting does not mend: spend cap, quota, organisation on hold.
    Quota,
    /// 401.
    Unauthenticated,
    /// 402, 403.
    Forbidden,
    /// 404, 410.
    NotFound,
    /// 400 and other 4xx: this file or request is refused.
    Refused,
    /// 413.
    TooLarge,
    /// 408, 409, 425, other 5xx: the outcome is unknown once the body was sent.
    ServerFault,
    /// 3xx; never followed.
    Redirect,
    /// The platform does not give this file back.
    NotDownloadable,
    /// The answer makes no sense.
    Protocol,
    /// The body could not be read, or was not as long as promised.
    Body,
    /// The local store failed.
    Storage,
    /// The target does not offer this.
    Unsupported,
}

impl TargetErrorKind {
    /// Returns what may be done after an upload attempt failed in this way.
    #[must_use]
    pub fn disposition(self) -> Disposition {
        match self {
            Self::Connect | Self::BrokenBeforeEnd | Self::RateLimited => Disposition::RetrySafe,
            Self::BrokenAfterEnd | Self::ServerFault | Self::Protocol => Disposition::Ambiguous,
            Self::NotFound | Self::Refused | Self::TooLarge | Self::NotDownloadable | Self::Body => {
                Disposition::RefuseFile
            }
            Self::Tls
            | Self::Quota
            | Self::Unauthenticated
            | Self::Forbidden
            | Self::Redirect
            | Self::Storage
            | Self::Unsupported => Disposition::StopRun,
        }
    }
}

/// A failed call.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct TargetError {
    /// What kind of failure it was.
    pub kind: TargetErrorKind,
    /// What happened, cleaned for display; never holds a credential.
    pub message: String,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// The platform's stable discriminator, such as `file_expired`.
    pub error_code: Option<String>,
    /// The platform's id of the request.
    pub request_id: Option<String>,
    /// How long the platform asks to wait.
    pub retry_after: Option<Duration>,
    /// Whether the platform says that another attempt makes sense (`x-should-retry`).
    pub should_retry: Option<bool>,
    /// Whether there was an answer after the body was sent to its end.
    pub body_sent: bool,
}

impl TargetError {
    /// Makes an error that no answer came with.
    pub fn new(kind: TargetErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            status: None,
            error_code: None,
            request_id: None,
            retry_after: None,
            should_retry: None,
            body_sent: false,
        }
    }
}

#[cfg(test)]
mod tests;
