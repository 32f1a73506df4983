//! The Anthropic Files API in two generations: generally available, and the beta that a header selects.
//!
//! They share paths, upload and errors; they differ in paging (`page` against `after_id`) and in expiry. Which one is
//! spoken is a matter of the profile, whose `anthropic-beta` header makes the platform answer in that shape.
//! Files that were uploaded cannot be downloaded; that is asked of the file first, so that nothing is fetched in vain.
//!
//! Sources: platform.claude.com docs, api/files (upload, list, retrieve-metadata, download, delete), read 2026-08-22.

use std::io::Write;
use std::time::Duration;

use serde::Deserialize;

use super::refusal::{self, Call};
use super::rest::Rest;
use super::sessions::{Place, Resources, Sessions};
use super::{ConnectOptions, FilePage, ListRequest, Target, TargetError, TargetErrorKind, UploadRequest};
use crate::http::{Access, Answer};
use crate::model::profile::Dialect;
use crate::model::{FileObject, Profile, Timestamp};

/// What target ids begin with.
pub(super) const FAMILY: &str = "anthropic";

const FILES: &str = "v1/files";
/// Counting tokens (docs, build-with-claude/token-counting).
const COUNT: &str = "v1/messages/count_tokens";
const SESSIONS: &str = "v1/sessions";
/// The most that one page holds.
const MAX_LIMIT: u32 = 1000;
const BETA_HEADER: &str = "anthropic-beta";
/// What sessions and lists by session need (docs, managed-agents/files).
const SESSIONS_BETA: &str = "managed-agents-2026-04-01";

/// Makes a target that speaks the generation of the profile.
pub(super) fn open(options: ConnectOptions) -> Result<Box<dyn Target>, TargetError> {
    let pages_by_id = options.profile.dialect == Dialect::AnthropicBeta;
    Ok(Box::new(Anthropic { rest: Rest::new(FAMILY, options)?, pages_by_id }))
}

#[derive(Debug)]
struct Anthropic {
    rest: Rest,
    pages_by_id: bool,
}

#[derive(Deserialize)]
struct File {
    id: String,
    filename: String,
    mime_type: String,
    size_bytes: u64,
    created_at: Timestamp,
    #[serde(default)]
    downloadable: Option<bool>,
    #[serde(default)]
    expires_at: Option<Timestamp>,
    #[serde(default)]
    scope: Option<Scope>,
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
struct Count {
    input_tokens: u64,
}

impl File {
    fn into_object(self, request_id: Option<String>) -> FileObject {
        FileObject {
            file_id: self.id,
            filename: self.filename,
            size_bytes: self.size_bytes,
            mime_type: self.mime_type,
            created_at: self.created_at,
            updated_at: None,
            expires_at: self.expires_at,
            downloadable: self.downloadable,
            purpose: None,
            status: None,
            scope: self.scope.map(|scope| scope.id),
            metadata: None,
            request_id,
        }
    }
}

impl Anthropic {
    fn object(&self, answer: &Answer) -> Result<FileObject, TargetError> {
        let file: File = self.rest.read(answer)?;
        Ok(file.into_object(refusal::request_id_of(answer)))
    }

    /// Sessions need a beta of their own, beside the one that selects the generation.
    fn session_header(&self) -> (&'static str, String) {
        let value = match self.rest.profile().headers.get(BETA_HEADER) {
            Some(fixed) if fixed.split(',').any(|beta| beta.trim() == SESSIONS_BETA) => fixed.clone(),
            Some(fixed) => format!("{fixed},{SESSIONS_BETA}"),
            None => SESSIONS_BETA.to_owned(),
        };
        (BETA_HEADER, value)
    }
}

impl Resources for Anthropic {
    fn place(&self) -> Place<'_> {
        Place { rest: &self.rest, sessions: SESSIONS, header: Some(self.session_header()) }
    }
}

impl Target for Anthropic {
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
        let cursor_key = if self.pages_by_id { "after_id" } else { "page" };
        let mut query = Vec::new();
        query.extend(request.limit.map(|limit| ("limit", limit.clamp(1, MAX_LIMIT).to_string())));
        query.extend(request.cursor.clone().map(|cursor| (cursor_key, cursor)));
        query.extend(request.scope_id.clone().map(|scope| ("scope_id", scope)));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(&query);
        }
        let header = request.scope_id.as_ref().map(|_| self.session_header());
        let answer = self.rest.get(Call::List, &url, header.as_slice())?;
        let page: Page = self.rest.read(&answer)?;
        let last_id = page.last_id.or_else(|| page.data.last().map(|file| file.id.clone()));
        let next_cursor = match self.pages_by_id {
            true => last_id.filter(|_| page.has_more),
            false => page.next_page,
        };
        if self.pages_by_id && page.has_more && next_cursor.is_none() {
            let message = "the listing has more pages but names no cursor";
            return Err(TargetError::new(TargetErrorKind::Protocol, message));
        }
        let files = page.data.into_iter().map(|file| file.into_object(None)).collect();
        Ok(FilePage { files, next_cursor })
    }

    fn download(&self, file_id: &str, out: &mut dyn Write) -> Result<u64, TargetError> {
        let url = self.rest.file_url(FILES, file_id, "/content")?;
        let file = self.get(file_id)?;
        if file.downloadable == Some(false) {
            let message =
                format!("`{file_id}` was uploaded, and `{}` does not give uploads back", self.profile().name);
            return Err(TargetError::new(TargetErrorKind::NotDownloadable, message));
        }
        match self.rest.content(&url, Access::Authorised, &file, out)? {
            Ok(written) => Ok(written),
            Err(answer) => Err(refusal::read(Call::Content, &answer, self.rest.client())),
        }
    }

    fn delete(&self, file_id: &str) -> Result<(), TargetError> {
        self.rest.delete(&self.rest.file_url(FILES, file_id, "")?, &[])
    }

    fn sessions(&self) -> Option<&dyn Sessions> {
        Some(self)
    }

    fn count_tokens(&self, request: Vec<u8>) -> Result<u64, TargetError> {
        let answer = self.rest.post_json(Call::Count, &self.rest.url(COUNT), &[], request)?;
        let count: Count = self.rest.read(&answer)?;
        Ok(count.input_tokens)
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
