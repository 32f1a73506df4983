//! The target on this machine: a store on the user's own disk, without account, network or rate.
//!
//! It refuses nothing: acceptance is decided before, by the profile. Everything it holds can be downloaded, and
//! `expires_in` is recorded but not enforced: the files are the user's own, and only the user removes them.

use std::io::{self, Write};

use super::{FilePage, ListRequest, Target, TargetError, TargetErrorKind, UploadRequest};
use crate::model::{FileObject, FileStatus, Profile, Timestamp};
use crate::store::{NewFile, Position, Store, StoreError};

const ID_PREFIX: &str = "file_local_";
const DEFAULT_LIMIT: usize = 100;

/// A store as a target.
#[derive(Debug)]
pub struct LocalTarget {
    profile: Profile,
    store: Store,
    target_id: String,
}

impl LocalTarget {
    /// Makes a target of a store. The profile's dialect is the local one; its base URL is not used.
    #[must_use]
    pub fn new(profile: Profile, store: Store) -> Self {
        let target_id = format!("local:{}", store.id());
        Self { profile, store, target_id }
    }

    /// Returns the store, for telling the user where the files are.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }
}

impl Target for LocalTarget {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn target_id(&self) -> &str {
        &self.target_id
    }

    fn upload(&self, request: &UploadRequest<'_>) -> Result<FileObject, TargetError> {
        let body = |error: io::Error| TargetError::new(TargetErrorKind::Body, chain(&error));
        let mut content = request.content.open().map_err(body)?;
        let staged = self.store.stage(&mut content).map_err(error)?;
        if staged.size_bytes() != request.size_bytes {
            let (found, promised) = (staged.size_bytes(), request.size_bytes);
            let message = format!("the body has {found} bytes instead of {promised}");
            return Err(TargetError::new(TargetErrorKind::Body, message));
        }
        let now = Timestamp::now();
        let new = NewFile {
            expires_at: request.extra.expires_in.map(|lifetime| now.plus(lifetime)),
            downloadable: Some(true),
            purpose: request.extra.purpose.as_deref(),
            status: Some(FileStatus::Ready),
            metadata: request.extra.metadata.clone(),
            ..NewFile::new(request.file_name.as_str(), request.media_type.as_str(), ID_PREFIX, now)
        };
        Ok(self.store.commit(new, staged).map_err(error)?.object)
    }

    fn get(&self, file_id: &str) -> Result<FileObject, TargetError> {
        self.store.get(file_id).map_err(error)?.ok_or_else(|| not_found(file_id))
    }

    fn list(&self, request: &ListRequest) -> Result<FilePage, TargetError> {
        let limit =
            request.limit.map_or(DEFAULT_LIMIT, |limit| usize::try_from(limit).unwrap_or(DEFAULT_LIMIT));
        let position = request.cursor.as_deref().map_or(Position::Newest, Position::After);
        let mut page = self.store.list(position, limit).map_err(error)?;
        let last = page.files.last().map(|file| file.file_id.clone());
        // A page may be empty and not the last, so a filter needs no second reading.
        if let Some(scope) = &request.scope_id {
            page.files.retain(|file| file.scope.as_ref() == Some(scope));
        }
        Ok(FilePage { files: page.files, next_cursor: last.filter(|_| page.has_more) })
    }

    fn download(&self, file_id: &str, out: &mut dyn Write) -> Result<u64, TargetError> {
        let content = self.store.content(file_id).map_err(error)?;
        let mut content = content.ok_or_else(|| not_found(file_id))?;
        io::copy(&mut content, out).map_err(|error| {
            let message = format!("copying `{file_id}` failed: {}", chain(&error));
            TargetError::new(TargetErrorKind::Storage, message)
        })
    }

    fn delete(&self, file_id: &str) -> Result<(), TargetError> {
        match self.store.delete(file_id).map_err(error)? {
            true => Ok(()),
            false => Err(not_found(file_id)),
        }
    }

    fn flush(&self) -> Result<(), TargetError> {
        self.store.sync().map_err(error)
    }
}

fn not_found(file_id: &str) -> TargetError {
    TargetError::new(TargetErrorKind::NotFound, format!("the store has no file `{file_id}`"))
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
fn error(error: StoreError) -> TargetError {
    let kind = match error {
        StoreError::Body(_) => TargetErrorKind::Body,
        StoreError::BadId(_) => TargetErrorKind::Refused,
        StoreError::Foreign { .. }
        | StoreError::NewerSchema { .. }
        | StoreError::Damaged { .. }
        | StoreError::Io { .. }
        | StoreError::Random(_) => TargetErrorKind::Storage,
    };
    TargetError::new(kind, chain(&error))
}

/// Returns the error and its sources, joined by ": ".
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::time::Duration;

    use super::*;
    use crate::model::{FileName, MediaType};
    use crate::targets::UploadExtra;

    fn target() -> (tempfile::TempDir, LocalTarget) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("store")).unwrap();
        let profile = crate::targets::profiles::built_in("local").unwrap();
        (dir, LocalTarget::new(profile, store))
    }

    fn upload(target: &LocalTarget, body: &'static [u8], size: u64) -> Result<FileObject, TargetError> {
        let extra = UploadExtra {
            purpose: Some("user_upload".to_owned()),
            metadata: Some(serde_json::json!({"k": "v"})),
            expires_in: Some(Duration::from_secs(3600)),
        };
        target.upload(&UploadRequest {
            file_name: &FileName::parse("a.txt").unwrap(),
            media_type: &MediaType::TEXT_PLAIN,
            size_bytes: size,
            content: &|| Ok(Box::new(body) as Box<dyn Read + Send>),
            extra: &extra,
            attempt: 1,
            idempotency_key: None,
        })
    }

    #[test]
    fn records_what_travels_with_the_file_and_gives_it_back() {
        let (_dir, target) = target();
        assert_eq!(target.target_id(), format!("local:{}", target.store().id()));
        let file = upload(&target, b"abc", 3).unwrap();
        assert!(file.file_id.starts_with("file_local_"));
        assert_eq!(file.expires_at, Some(file.created_at.plus(Duration::from_secs(3600))));
        assert_eq!(file.purpose.as_deref(), Some("user_upload"));
        assert_eq!(file.metadata, Some(serde_json::json!({"k": "v"})));
        assert_eq!((file.downloadable, &file.status), (Some(true), &Some(FileStatus::Ready)));
        let mut out = Vec::new();
        assert_eq!(target.download(&file.file_id, &mut out).unwrap(), 3);
        assert_eq!(out, b"abc");
        assert_eq!(target.get(&file.file_id).unwrap(), file);
        target.flush().unwrap();
        target.delete(&file.file_id).unwrap();
        let gone = target.delete(&file.file_id).unwrap_err();
        assert_eq!(gone.kind, TargetErrorKind::NotFound);
    }

    #[test]
    fn refuses_a_body_of_another_length_and_stores_nothing() {
        let (_dir, target) = target();
        let error = upload(&target, b"abc", 4).unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::Body);
        assert_eq!(error.message, "the body has 3 bytes instead of 4");
        assert_eq!(target.list(&ListRequest::default()).unwrap(), FilePage::default());
    }

    #[test]
    fn pages_to_the_end() {
        let (_dir, target) = target();
        let mut sent: Vec<_> = (0..5).map(|_| upload(&target, b"x", 1).unwrap().file_id).collect();
        sent.reverse();
        let mut request = ListRequest { limit: Some(2), ..ListRequest::default() };
        let mut listed = Vec::new();
        loop {
            let page = target.list(&request).unwrap();
            listed.extend(page.files.into_iter().map(|file| file.file_id));
            match page.next_cursor {
                Some(cursor) => request.cursor = Some(cursor),
                None => break,
            }
        }
        assert_eq!(listed, sent);
        request.cursor = Some("nonsense".to_owned());
        assert_eq!(target.list(&request).unwrap_err().kind, TargetErrorKind::Refused);
    }
}
