//! The contract suite: what every target must do, whatever it is. Pure calls and comparisons; no test framework, so
//! that unit tests, integration tests and a user's own target can run it.
//!
//! It leaves the target as it found it unless a rule is broken.

use std::io::Read;

use super::{ListRequest, Target, TargetError, TargetErrorKind, UploadExtra, UploadRequest};
use crate::model::{FileName, FileObject, MediaType};

/// The listings of a store that never end are given up after this many pages.
const MAX_PAGES: usize = 10_000;

/// A rule that a target breaks.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Breach {
    /// A call failed that must not.
    #[error("{call} fails")]
    Call {
        /// Which call.
        call: &'static str,
        /// How.
        source: TargetError,
    },
    /// A call came to something else than it must.
    #[error("{rule}: {found}")]
    Rule {
        /// The rule.
        rule: &'static str,
        /// What happened instead.
        found: String,
    },
}

fn must<T>(call: &'static str, result: Result<T, TargetError>) -> Result<T, Breach> {
    result.map_err(|source| Breach::Call { call, source })
}

fn rule(holds: bool, rule: &'static str, found: impl std::fmt::Debug) -> Result<(), Breach> {
    if holds { Ok(()) } else { Err(Breach::Rule { rule, found: format!("{found:?}") }) }
}

/// Uploads, reads, lists, downloads and deletes; and sees that what must fail fails as it must.
///
/// # Errors
/// The first [`Breach`].
pub fn run(target: &dyn Target) -> Result<(), Breach> {
    rule(!target.target_id().is_empty(), "a target has an id", target.target_id())?;
    let first = upload(target, "contract-a.txt", b"first\n")?;
    let second = upload(target, "contract-b.txt", b"second, longer\n")?;
    rule(first.file_id != second.file_id, "every file has its own id", &second.file_id)?;
    must("flush", target.flush())?;
    for file in [&first, &second] {
        let again = must("get", target.get(&file.file_id))?;
        rule(same(&again, file), "get gives what upload gave", (again, file))?;
    }
    pages(target, &[&second, &first])?;
    content(target, &first, b"first\n")?;
    changed_bodies(target)?;
    for file in [&first, &second] {
        must("delete", target.delete(&file.file_id))?;
        gone("get of a deleted file is NotFound", target.get(&file.file_id))?;
        gone("delete of a deleted file is NotFound", target.delete(&file.file_id))?;
        gone("download of a deleted file is NotFound", target.download(&file.file_id, &mut Vec::new()))?;
    }
    let left = list_all(target, 100)?;
    let is_left = left.iter().any(|id| *id == first.file_id || *id == second.file_id);
    rule(!is_left, "a deleted file is not listed", left)?;
    for id in ["", ".", "..", "a/b", "file_?"] {
        let found = target.get(id);
        let refused = matches!(
            &found,
            Err(error) if matches!(error.kind, TargetErrorKind::Refused | TargetErrorKind::NotFound)
        );
        rule(refused, "what is no id names no file", (id, found))?;
    }
    Ok(())
}

fn upload(target: &dyn Target, name: &str, body: &'static [u8]) -> Result<FileObject, Breach> {
    let size_bytes = body.len() as u64;
    let file = must("upload", send(target, name, body, size_bytes))?;
    rule(file.filename == name, "the name is stored as sent", &file)?;
    rule(file.size_bytes == size_bytes, "the size is stored as sent", &file)?;
    rule(file.mime_type == "text/plain", "the media type is stored as sent", &file)?;
    Ok(file)
}

fn send(
    target: &dyn Target,
    name: &str,
    body: &'static [u8],
    size_bytes: u64,
) -> Result<FileObject, TargetError> {
    let bad_name = |error| TargetError::new(TargetErrorKind::Refused, format!("`{name}`: {error}"));
    target.upload(&UploadRequest {
        file_name: &FileName::parse(name).map_err(bad_name)?,
        media_type: &MediaType::TEXT_PLAIN,
        size_bytes,
        content: &|| Ok(Box::new(body) as Box<dyn Read + Send>),
        extra: &UploadExtra::default(),
        attempt: 1,
        idempotency_key: None,
    })
}

/// A listing need not know whose request it was.
fn same(one: &FileObject, other: &FileObject) -> bool {
    let bare = |file: &FileObject| FileObject { request_id: None, ..file.clone() };
    bare(one) == bare(other)
}

/// Pages of one show the newest first, each file once.
fn pages(target: &dyn Target, newest_first: &[&FileObject]) -> Result<(), Breach> {
    for limit in [1, 100] {
        let all = list_all(target, limit)?;
        let ours: Vec<_> =
            all.iter().filter(|id| newest_first.iter().any(|file| file.file_id == **id)).collect();
        let expected: Vec<_> = newest_first.iter().map(|file| &file.file_id).collect();
        rule(ours == expected, "list shows every file once, newest first", (limit, all))?;
    }
    Ok(())
}

fn list_all(target: &dyn Target, limit: u32) -> Result<Vec<String>, Breach> {
    let mut ids = Vec::new();
    let mut cursor = None;
    for _ in 0..MAX_PAGES {
        let request = ListRequest { limit: Some(limit), cursor: cursor.clone(), ..ListRequest::default() };
        let page = must("list", target.list(&request))?;
        ids.extend(page.files.into_iter().map(|file| file.file_id));
        if page.next_cursor.is_none() {
            return Ok(ids);
        }
        rule(page.next_cursor != cursor, "a cursor leads on", &cursor)?;
        cursor = page.next_cursor;
    }
    Err(Breach::Rule { rule: "a listing ends", found: format!("{MAX_PAGES} pages") })
}

fn content(target: &dyn Target, file: &FileObject, expected: &[u8]) -> Result<(), Breach> {
    let mut out = Vec::new();
    match target.download(&file.file_id, &mut out) {
        Ok(length) => {
            rule(length == expected.len() as u64, "download tells the length", length)?;
            rule(out == expected, "download gives the bytes back", out)
        }
        Err(error) if error.kind == TargetErrorKind::NotDownloadable => {
            rule(out.is_empty(), "a refused download writes nothing", out)
        }
        Err(source) => Err(Breach::Call { call: "download", source }),
    }
}

/// A body that is not as long as promised is an error of the body, and nothing is stored.
fn changed_bodies(target: &dyn Target) -> Result<(), Breach> {
    let before = list_all(target, 100)?;
    for promised in [2, 4] {
        let found = send(target, "contract-c.txt", b"abc", promised);
        let is_body = matches!(&found, Err(error) if error.kind == TargetErrorKind::Body);
        rule(is_body, "a body of another length is Body", (promised, found))?;
    }
    let after = list_all(target, 100)?;
    rule(before == after, "a body of another length is not stored", after)
}

fn gone<T: std::fmt::Debug>(what: &'static str, result: Result<T, TargetError>) -> Result<(), Breach> {
    let holds = matches!(&result, Err(error) if error.kind == TargetErrorKind::NotFound);
    rule(holds, what, result)
}
