//! What the dialects over HTTP share: URLs below a base, one request per call, and answers read as JSON or refused.
//!
//! It knows no field of any platform's objects. Base URLs of clouds that resell models without the Files API are
//! refused here, since their answer to it would be an opaque 403 or 404.

use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::de::DeserializeOwned;
use url::Url;

use super::refusal::{self, Call};
use super::{ConnectOptions, TargetError, TargetErrorKind, UploadRequest};
use crate::http::multipart::{Boundary, Form};
use crate::http::{self, Access, Answer, Client, ErrorKind, Fetched, Request, Upload};
use crate::model::{FileObject, Profile, Timestamp};

/// The longest id that is sent back to a platform.
const MAX_ID_BYTES: usize = 256;

/// The header of an answer that names the workspace.
const WORKSPACE: &str = "anthropic-workspace-id";

/// Tells whether a text can be an id: one that could be anything else would name another place in a URL.
#[must_use]
pub fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_ID_BYTES
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// Headers of one request.
pub(super) type Headers<'a> = &'a [(&'static str, String)];

/// A remote API below a base URL.
#[derive(Debug)]
pub(super) struct Rest {
    profile: Profile,
    target_id: String,
    base: Url,
    client: Client,
    seen: Mutex<Seen>,
}

/// What answers told besides what was asked.
#[derive(Debug, Default)]
struct Seen {
    workspace_id: Option<String>,
    clock_skew: Duration,
}

impl Rest {
    pub(super) fn new(family: &str, options: ConnectOptions) -> Result<Self, TargetError> {
        let base = canonical(options.base_url)?;
        let settings = http::Settings {
            auth: options.auth,
            headers: options.profile.headers.clone().into_iter().collect(),
            ca_file: options.ca_file,
            proxy: options.proxy,
            timeouts: options.timeouts,
        };
        Ok(Self {
            target_id: format!("{family}:{}", base.as_str().trim_end_matches('/')),
            client: Client::new(&settings).map_err(network)?,
            profile: options.profile,
            base,
            seen: Mutex::default(),
        })
    }

    pub(super) fn profile(&self) -> &Profile {
        &self.profile
    }

    pub(super) fn target_id(&self) -> &str {
        &self.target_id
    }

    pub(super) fn base(&self) -> &Url {
        &self.base
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    pub(super) fn workspace_id(&self) -> Option<String> {
        self.seen().workspace_id.clone()
    }

    pub(super) fn clock_skew(&self) -> Duration {
        self.seen().clock_skew
    }

    pub(super) fn credential_fingerprint(&self, salt: &[u8; 16]) -> Option<[u8; 16]> {
        self.client.credential_fingerprint(salt)
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the URL of a path below the base.
    pub(super) fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/{path}", self.base.path().trim_end_matches('/')));
        url
    }

    /// Returns the URL of a file. An id that is none would name another place: an empty one, the whole collection.
    pub(super) fn file_url(&self, files: &str, file_id: &str, rest: &str) -> Result<Url, TargetError> {
        if is_id(file_id) {
            return Ok(self.url(&format!("{files}/{file_id}{rest}")));
        }
        let message = format!("`{}` is not the id of a file", http::displayable(file_id));
        Err(TargetError::new(TargetErrorKind::Refused, message))
    }

    pub(super) fn get(&self, call: Call, url: &Url, headers: Headers<'_>) -> Result<Answer, TargetError> {
        let answer = self.client.get(&Request { url, headers }).map_err(network)?;
        self.accept(call, answer)
    }

    pub(super) fn delete(&self, url: &Url, headers: Headers<'_>) -> Result<(), TargetError> {
        let answer = self.client.delete(&Request { url, headers }).map_err(network)?;
        self.accept(Call::Delete, answer).map(drop)
    }

    pub(super) fn post_json(
        &self,
        call: Call,
        url: &Url,
        headers: Headers<'_>,
        json: Vec<u8>,
    ) -> Result<Answer, TargetError> {
        let answer = self.client.post_json(&Request { url, headers }, json).map_err(network)?;
        self.accept(call, answer)
    }

    pub(super) fn upload(&self, url: &Url, request: &UploadRequest<'_>) -> Result<Answer, TargetError> {
        let fields = self.form_fields(request)?;
        let form = Form { fields: &fields, file_name: request.file_name, media_type: request.media_type };
        let no_boundary =
            |error| TargetError::new(TargetErrorKind::Storage, format!("no random bytes: {error}"));
        let boundary = Boundary::random().map_err(no_boundary)?;
        let upload = Upload { form, boundary, size_bytes: request.size_bytes, content: request.content };
        let key = request.idempotency_key.map(|key| ("idempotency-key", key.to_owned()));
        let answer =
            self.client.upload(&Request { url, headers: key.as_slice() }, &upload).map_err(network)?;
        self.accept(Call::Upload, answer)
    }

    /// What the profile has no field for is refused rather than left out: leaving out an expiry would be a lie.
    fn form_fields(&self, request: &UploadRequest<'_>) -> Result<Vec<(&'static str, String)>, TargetError> {
        let (extra, known) = (request.extra, &self.profile.fields);
        let unknown = if extra.purpose.is_some() && known.purposes.is_empty() {
            "purpose"
        } else if extra.metadata.is_some() && !known.metadata {
            "metadata"
        } else if extra.expires_in.is_some() && known.expires_in_seconds.is_none() {
            "expiry"
        } else {
            return Ok(extra.form_fields());
        };
        let message = format!("`{}` has no field for a {unknown}", self.profile.name);
        Err(TargetError::new(TargetErrorKind::Unsupported, message))
    }

    /// Writes the content at `url` and sees to it that it is as long as the platform said.
    pub(super) fn content(
        &self,
        url: &Url,
        access: Access,
        file: &FileObject,
        out: &mut dyn Write,
    ) -> Result<Result<u64, Answer>, TargetError> {
        let request = Request { url, headers: &[] };
        match self.client.download(&request, access, file.size_bytes, out).map_err(network)? {
            Fetched::Refused(answer) => Ok(Err(answer)),
            Fetched::Content(written) if written == file.size_bytes => Ok(Ok(written)),
            Fetched::Content(written) => {
                let message = format!(
                    "the content of `{}` has {written} bytes instead of {}",
                    file.file_id, file.size_bytes
                );
                Err(TargetError::new(TargetErrorKind::Protocol, message))
            }
        }
    }

    /// Takes a success, and what it tells besides.
    pub(super) fn accept(&self, call: Call, answer: Answer) -> Result<Answer, TargetError> {
        self.note(&answer);
        if answer.is_success() {
            return self.check_workspace(call, answer);
        }
        let mut error = refusal::read(call, &answer, &self.client);
        if error.kind == TargetErrorKind::Unsupported {
            error.message = format!("no Files API at `{}`: {}", self.base, error.message);
        }
        Err(error)
    }

    /// Refuses an answer of another workspace than the one that the request named: something between has lost the
    /// name, and ids of there are nothing here.
    fn check_workspace(&self, call: Call, answer: Answer) -> Result<Answer, TargetError> {
        let asked = self.profile.workspace_id_header.as_ref();
        let asked = asked.and_then(|header| self.profile.headers.get(header));
        let (Some(asked), Some(told)) = (asked, answer.header(WORKSPACE)) else { return Ok(answer) };
        if asked == told {
            return Ok(answer);
        }
        let told = http::displayable(told);
        let message = format!("the workspace `{told}` answered instead of `{asked}`");
        // An upload may be stored there.
        let kind = if call == Call::Upload { TargetErrorKind::Protocol } else { TargetErrorKind::Forbidden };
        Err(TargetError {
            status: Some(answer.status),
            request_id: refusal::request_id_of(&answer),
            ..TargetError::new(kind, message)
        })
    }

    fn note(&self, answer: &Answer) {
        let workspace = answer.header(WORKSPACE).or_else(|| answer.header("anthropic-organization-id"));
        let skew = answer.header("date").and_then(http::date).map(|date| {
            let seconds = date.unix_timestamp().abs_diff(Timestamp::now().unix_seconds());
            Duration::from_secs(seconds)
        });
        let mut seen = self.seen();
        if let Some(workspace) = workspace {
            seen.workspace_id = Some(workspace.to_owned());
        }
        seen.clock_skew = seen.clock_skew.max(skew.unwrap_or_default());
    }

    /// Reads a success as JSON. What makes no sense keeps the id, if it holds one: the file may be stored.
    pub(super) fn read<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, TargetError> {
        serde_json::from_slice(&answer.body).map_err(|error| {
            let value: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            let id = ["id", "file_id"].into_iter().find_map(|key| value.get(key)?.as_str());
            let id = id.map(|id| format!(" (it names `{id}`)")).unwrap_or_default();
            let text = format!("the answer makes no sense: {error}{id}");
            TargetError {
                status: Some(answer.status),
                request_id: refusal::request_id_of(answer),
                ..TargetError::new(TargetErrorKind::Protocol, self.client.displayable(&text))
            }
        })
    }
}

/// Translates a request that came to no answer.
pub(super) fn network(error: http::Error) -> TargetError {
    let kind = match error.kind {
        ErrorKind::Settings => TargetErrorKind::Unsupported,
        ErrorKind::Connect => TargetErrorKind::Connect,
        ErrorKind::Tls => TargetErrorKind::Tls,
        ErrorKind::BrokenBeforeEnd => TargetErrorKind::BrokenBeforeEnd,
        ErrorKind::BrokenAfterEnd => TargetErrorKind::BrokenAfterEnd,
        ErrorKind::Body => TargetErrorKind::Body,
        ErrorKind::TooLong => TargetErrorKind::Protocol,
        ErrorKind::Output => TargetErrorKind::Storage,
        ErrorKind::NotPublic => TargetErrorKind::Redirect,
    };
    TargetError::new(kind, error.message)
}

/// Refuses base URLs that cannot work, and makes equal ones equal.
fn canonical(mut base: Url) -> Result<Url, TargetError> {
    let refuse = |message: String| Err(TargetError::new(TargetErrorKind::Unsupported, message));
    http::require_secure(&base).map_err(network)?;
    let host = base.host_str().unwrap_or_default().to_owned();
    if !base.username().is_empty() || base.password().is_some() {
        return refuse(format!("the base URL of `{host}` holds a credential; it belongs into a variable"));
    }
    if base.query().is_some() || base.fragment().is_some() {
        return refuse(format!("the base URL of `{host}` has a query or fragment"));
    }
    let cloud = [("amazonaws.com", "Amazon Bedrock"), ("googleapis.com", "Google Vertex AI")];
    let is_below = |domain: &str| host == domain || host.ends_with(&format!(".{domain}"));
    if let Some((_, name)) = cloud.iter().find(|(domain, _)| is_below(domain)) {
        return refuse(format!("`{host}` is {name}, which does not offer the Files API"));
    }
    let path = base.path().trim_end_matches('/').to_owned();
    base.set_path(&path);
    Ok(base)
}
