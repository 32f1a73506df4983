//! The files of a login: small, plain, and nobody else's to change.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde::de::DeserializeOwned;

use super::LoginError;
use crate::model::source::{OpenError, OpenedFile};

const MAX_FILE_BYTES: u64 = 64 << 10;
/// Whom nobody is safe from.
const ROOT: u32 = 0;
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// What a file holds, and its mode.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) text: String,
    pub(super) mode: u32,
}

/// Reads a file that may be missing. It must belong to `user` or to root, and no other may write it: it says where a token
/// and documents go.
pub(super) fn read(path: &Path, follow: bool, user: u32) -> Result<Option<Text>, LoginError> {
    let malformed = |what: &str| LoginError::Malformed { path: path.to_owned(), what: what.to_owned() };
    let file: File = match OpenedFile::open(path, follow) {
        Ok((_, file)) => file,
        Err(OpenError::Io(error)) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(unreadable(path, &error)),
    };
    let found = file.metadata().map_err(|error| unreadable(path, &error))?;
    check_owner(path, (found.uid(), found.mode()), user)?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(malformed("is larger than 64 KiB"));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(Text { text, mode: found.mode() })),
        Err(_) => Err(malformed("is not UTF-8")),
    }
}

/// Refuses a folder in which another than `user` and root could put a file in place of one that is there.
pub(super) fn check_folder(path: &Path, user: u32) -> Result<(), LoginError> {
    match std::fs::metadata(path) {
        Ok(found) => check_owner(path, (found.uid(), found.mode()), user),
        Err(error) if is_missing(&error) => Ok(()),
        Err(error) => Err(unreadable(path, &error)),
    }
}

fn check_owner(path: &Path, (owner, mode): (u32, u32), user: u32) -> Result<(), LoginError> {
    let path = path.to_owned();
    if owner != user && owner != ROOT {
        return Err(LoginError::Owner { path });
    }
    match mode & WRITABLE_BY_OTHERS {
        0 => Ok(()),
        _ => Err(LoginError::Writable { path }),
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

pub(super) fn unreadable(path: &Path, error: &dyn fmt::Display) -> LoginError {
    LoginError::Read { path: path.to_owned(), why: error.to_string() }
}

/// Reads JSON. What the parser says may quote what the file holds, so that only the place is told.
pub(super) fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, LoginError> {
    serde_json::from_str(text).map_err(|error| {
        let what = format!("is not what it should be at line {}, column {}", error.line(), error.column());
        LoginError::Malformed { path: path.to_owned(), what }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_own_or_can_write_is_refused() {
        let judge = |owner, mode| check_owner(Path::new("/x"), (owner, mode), 1_000);
        let path = || "/x".into();
        for mode in [0o100_600, 0o100_644, 0o40_700, 0o40_755] {
            assert_eq!(judge(1_000, mode), Ok(()), "{mode:o}");
            assert_eq!(judge(ROOT, mode), Ok(()), "{mode:o}");
            assert_eq!(judge(1_001, mode), Err(LoginError::Owner { path: path() }), "{mode:o}");
        }
        for mode in [0o100_620, 0o100_602, 0o40_775, 0o41_777] {
            assert_eq!(judge(1_000, mode), Err(LoginError::Writable { path: path() }), "{mode:o}");
        }
    }
}
