//! The Files API of Qoder Cloud Agents. What is sent is the published form; what is read is its first and its current
//! generation, which differ in the name of the id, in the session, and in where a listing says that it goes on.
//!
//! Content comes by a presigned link. It is fetched without the credential, from https at a public address or (for a
//! server on this machine) from that server, over three redirects at the most; and it must be as long as the file's
//! record says.
//!
//! Sources: docs.qoder.com, cloud-agents/api/files (upload, list, download, schemas) and conventions, read 2026-07-23;
//! resources of sessions as the vendor's current clients send them (qoder-cloud-agents-sdk-go, managed/sessionresource.go).

use std::io::Write;
use std::time::Duration;

use serde::Deserialize;
use url::Url;

use super::refusal::{self, Call};
use super::rest::Rest;
use super::sessions::{Place, Resources, Sessions};
use super::{ConnectOptions, FilePage, ListRequest, Target, TargetError, TargetErrorKind, UploadRequest};
use crate::http::{Access, Answer, is_loopback, may_be_public};
use crate::model::{FileObject, FileStatus, Profile, Timestamp};

/// What target ids begin with.
pub(super) const FAMILY: &str = "qoder";

const FILES: &str = "files";
const SESSIONS: &str = "sessions";
/// The most that one page holds; more is a 400.
const MAX_LIMIT: u32 = 100;
/// How often a link may lead on.
const MAX_HOPS: usize = 3;
/// How often a link is asked for: it may have expired in between.
const LINKS: usize = 2;

/// Makes a target.
pub(super) fn open(options: ConnectOptions) -> Result<Box<dyn Target>, TargetError> {
    Ok(Box::new(Qoder { rest: Rest::new(FAMILY, options)? }))
}

#[derive(Debug)]
struct Qoder {
    rest: Rest,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    file_id: Option<String>,
    #[serde(default)]
    id: Option<String>,
    filename: String,
    mime_type: String,
    size_bytes: u64,
    created_at: Timestamp,
    #[serde(default)]
    updated_at: Option<Timestamp>,
    #[serde(default)]
    expires_at: Option<Timestamp>,
    #[serde(default)]
    downloadable: Option<bool>,
    #[serde(default)]
    purpose: Option<String>,
    #[serde(default)]
    status: Option<FileStatus>,
    #[serde(default)]
    session_id: Option<String>,
    #[serde(default)]
    scope: Option<Scope>,
    #[serde(default)]
    metadata: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Scope {
    id: String,
}

#[derive(Deserialize)]
struct Page {
    data: Vec<File>,
    #[serde(default)]
    next_page: Option<String>,
    #[serde(default)]
    has_more: bool,
    #[serde(default)]
    last_id: Option<String>,
}

#[derive(Deserialize)]
struct Link {
    url: String,
}

impl File {
    fn into_object(self, request_id: Option<String>) -> Result<FileObject, TargetError> {
        let no_id = || TargetError::new(TargetErrorKind::Protocol, "the answer names no file id");
        Ok(FileObject {
            file_id: self.file_id.or(self.id).ok_or_else(no_id)?,
            filename: self.filename,
            size_bytes: self.size_bytes,
            mime_type: self.mime_type,
            created_at: self.created_at,
            updated_at: self.updated_at,
            expires_at: self.expires_at,
            downloadable: self.downloadable,
            purpose: self.purpose,
            status: self.status,
            scope: self.session_id.or(self.scope.map(|scope| scope.id)),
            metadata: self.metadata,
            request_id,
        })
    }
}

impl Qoder {
    fn object(&self, answer: &Answer) -> Result<FileObject, TargetError> {
        let file: File = self.rest.read(answer)?;
        file.into_object(refusal::request_id_of(answer))
    }

    /// Asks for a link to the content. The oldest generation redirects to it, with the same body.
    fn link(&self, file_id: &str) -> Result<Url, TargetError> {
        let url = self.rest.file_url(FILES, file_id, "/content")?;
        match self.rest.get(Call::Content, &url, &[]) {
            Ok(answer) => {
                let no_link =
                    |_| TargetError::new(TargetErrorKind::Protocol, "the link to the content is no URL");
                Url::parse(&self.rest.read::<Link>(&answer)?.url).map_err(no_link)
            }
            Err(error) if error.kind == TargetErrorKind::Forbidden => {
                Err(TargetError { kind: TargetErrorKind::NotDownloadable, ..error })
            }
            Err(error) => Err(error),
        }
    }

    /// Fetches what a link leads to; the answer is the last one's refusal.
    fn follow(
        &self,
        link: Url,
        file: &FileObject,
        out: &mut dyn Write,
    ) -> Result<Result<u64, Answer>, TargetError> {
        let mut url = link;
        for _ in 0..=MAX_HOPS {
            let access = self.access(&url)?;
            let answer = match self.rest.content(&url, access, file, out)? {
                Err(answer) if (300..400).contains(&answer.status) => answer,
                done => return Ok(done),
            };
            let next = answer.header("location").and_then(|location| url.join(location).ok());
            let nowhere =
                || TargetError::new(TargetErrorKind::Redirect, "the link to the content leads nowhere");
            url = next.ok_or_else(nowhere)?;
        }
        let message = format!("the link to the content leads on more than {MAX_HOPS} times");
        Err(TargetError::new(TargetErrorKind::Redirect, message))
    }

    /// A link may lead anywhere; not in the clear, and not into the network that this machine stands in. Only a server on
    /// this machine may lead to itself.
    fn access(&self, url: &Url) -> Result<Access, TargetError> {
        let base = self.rest.base();
        if is_loopback(base) && is_loopback(url) && url.host() == base.host() {
            return Ok(Access::Anonymous);
        }
        if may_be_public(url) {
            return Ok(Access::Public);
        }
        let host = url.host_str().unwrap_or_default();
        let message =
            format!("the link to the content leads to `{}://{host}` and is not followed", url.scheme());
        Err(TargetError::new(TargetErrorKind::Redirect, message))
    }
}

impl Resources for Qoder {
    fn place(&self) -> Place<'_> {
        Place { rest: &self.rest, sessions: SESSIONS, header: None }
    }
}

impl Target for Qoder {
    fn profile(&self) -> &Profile {
        self.rest.profile()
    }

    fn target_id(&self) -> &str {
        self.rest.target_id()
    }

    fn upload(&self, request: &UploadRequest<'_>) -> Result<FileObject, TargetError> {
        self.object(&self.rest.upload(&self.rest.url(FILES), request)?)
    }

    fn get(&self, file_id: &str) -> Result<FileObject, TargetError> {
        let url = self.rest.file_url(FILES, file_id, "")?;
        self.object(&self.rest.get(Call::Get, &url, &[])?)
    }

    fn list(&self, request: &ListRequest) -> Result<FilePage, TargetError> {
        let mut url = self.rest.url(FILES);
        let mut query = Vec::new();
        query.extend(request.limit.map(|limit| ("limit", limit.clamp(1, MAX_LIMIT).to_string())));
        query.extend(request.cursor.clone().map(|cursor| ("after_id", cursor)));
        query.extend(request.scope_id.clone().map(|scope| ("scope_id", scope)));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(&query);
        }
        let page: Page = self.rest.read(&self.rest.get(Call::List, &url, &[])?)?;
        let objects: Result<Vec<_>, _> = page.data.into_iter().map(|file| file.into_object(None)).collect();
        let mut files = objects?;
        let last_id = page.last_id.or_else(|| files.last().map(|file| file.file_id.clone()));
        let next_cursor = page.next_page.or_else(|| last_id.filter(|_| page.has_more));
        if page.has_more && next_cursor.is_none() {
            let message = "the listing has more pages but names no cursor";
            return Err(TargetError::new(TargetErrorKind::Protocol, message));
        }
        files.retain(|file| request.deleted || file.status != Some(FileStatus::Deleted));
        Ok(FilePage { files, next_cursor })
    }

    fn download(&self, file_id: &str, out: &mut dyn Write) -> Result<u64, TargetError> {
        let file = self.get(file_id)?;
        let mut refused = None;
        for _ in 0..LINKS {
            match self.follow(self.link(file_id)?, &file, out)? {
                Ok(written) => return Ok(written),
                Err(answer) => refused = Some(answer),
            }
        }
        let status = refused.map(|answer| answer.status).unwrap_or_default();
        let message = format!("{status}: the link to the content of `{file_id}` is refused");
        Err(TargetError {
            status: Some(status),
            ..TargetError::new(TargetErrorKind::NotDownloadable, message)
        })
    }

    fn delete(&self, file_id: &str) -> Result<(), TargetError> {
        self.rest.delete(&self.rest.file_url(FILES, file_id, "")?, &[])
    }

    fn sessions(&self) -> Option<&dyn Sessions> {
        Some(self)
    }

    fn workspace_id(&self) -> Option<String> {
        self.rest.workspace_id()
    }

    fn clock_skew(&self) -> Duration {
        self.rest.clock_skew()
    }

    fn credential_fingerprint(&self, salt: &[u8; 16]) -> Option<[u8; 16]> {
        self.rest.credential_fingerprint(salt)
    }
}
