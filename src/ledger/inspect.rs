//! Looking at a ledger without changing anything: no file is made, no lock file, and no step of the schema is taken.
//!
//! A connection that only reads would still make the files that belong to a write-ahead log. Where there is none, the file
//! is read as one that nobody changes; where there is one, as far as its memory is there, and a reader of another process
//! does with it what it does here. All schemas that are known have what is asked for.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};
use rustix::fs::{Access, access};

use super::open::{FILE_NAME, beside};
use super::{LedgerError, owners, runs, schema};
use crate::model::Timestamp;

/// What a ledger says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// The file.
    pub path: PathBuf,
    /// The version of its schema.
    pub schema: i64,
    /// Whether that is the one of this version, and not an earlier one.
    pub is_current: bool,
    /// When the newest run began that is left unfinished, and in which folder.
    pub unfinished_run: Option<(Timestamp, PathBuf)>,
    /// Uploads that are under way or of unknown outcome.
    pub open_uploads: u64,
}

/// What came of looking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inspection {
    /// There is none.
    None,
    /// Every page is sound.
    Sound(Inspected),
    /// Its last user did not close it, and who reads it has to mend it: the next run does.
    Unclosed(PathBuf),
}

/// Looks at every page of the ledger in the folder `dir`, waiting for others so long.
///
/// # Errors
/// [`LedgerError`], if it is damaged, of another program or a later version, held, or cannot be read and written.
pub fn inspect(dir: &Path, busy_timeout: Duration) -> Result<Inspection, LedgerError> {
    let path = dir.join(FILE_NAME);
    let [wal, memory, journal] = ["-wal", "-shm", "-journal"].map(|suffix| length(&beside(&path, suffix)));
    let corrupt = |reason: &str| LedgerError::Corrupt { path: path.clone(), reason: reason.to_owned() };
    let bytes = match fs::metadata(&path) {
        Ok(found) => found.len(),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return match [wal, journal].into_iter().flatten().any(|bytes| bytes > 0) {
                true => Err(corrupt("it is gone, but what belongs to it is there")),
                false => Ok(Inspection::None),
            };
        }
        Err(error) => return Err(LedgerError::io(&path)(error)),
    };
    if bytes == 0 {
        return Err(corrupt("the file is empty"));
    }
    // A run needs both.
    access(&path, Access::READ_OK | Access::WRITE_OK)
        .map_err(|error| LedgerError::not_writable(&path)(error.into()))?;
    let how = match (wal, memory, journal) {
        (Some(_), Some(_), _) => "mode=ro&readonly_shm=1",
        (Some(1..), None, _) => return Ok(Inspection::Unclosed(path)),
        (_, _, Some(1..)) => "mode=ro",
        _ => "mode=ro&immutable=1",
    };
    let is_logged = wal.is_some_and(|bytes| bytes > 0);
    match look(dir, &path, (how, busy_timeout), (bytes, is_logged)) {
        Ok(found) => Ok(Inspection::Sound(found)),
        Err(error) if needs_mending(&error) => Ok(Inspection::Unclosed(path)),
        Err(error) => Err(error),
    }
}

fn look(
    dir: &Path,
    path: &Path,
    (how, busy_timeout): (&str, Duration),
    (bytes, is_logged): (u64, bool),
) -> Result<Inspected, LedgerError> {
    let sqlite = |error| LedgerError::sqlite(path, error);
    let corrupt = |reason: String| LedgerError::Corrupt { path: path.to_owned(), reason };
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(uri(path, how), flags).map_err(sqlite)?;
    connection.busy_timeout(busy_timeout).map_err(sqlite)?;
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(sqlite);
    if number("PRAGMA application_id")? != schema::APPLICATION_ID {
        return Err(LedgerError::Foreign { path: path.to_owned() });
    }
    let (found, known) = (number("PRAGMA user_version")?, schema::known());
    if found > known {
        return Err(LedgerError::Newer { path: path.to_owned(), found, known });
    }
    if found < 1 {
        return Err(corrupt("it has no schema".to_owned()));
    }
    // SQLite does not see a file that ends within its last page. While a log goes into it, it may be short of pages.
    let page = u64::try_from(number("PRAGMA page_size")?).unwrap_or_default().max(1);
    let pages = u64::try_from(number("PRAGMA page_count")?).unwrap_or_default();
    if bytes % page != 0 || (!is_logged && bytes < pages.saturating_mul(page)) {
        return Err(corrupt("the file is cut off".to_owned()));
    }
    let verdict: String =
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(sqlite)?;
    if verdict != "ok" {
        return Err(corrupt(verdict));
    }
    let open = number("SELECT COUNT(*) FROM object WHERE state IN (0, 1)")?;
    let owners = dir.join("owners");
    let unfinished =
        runs::unfinished(&connection, |owner| owners::is_alive(&owners, owner)).map_err(sqlite)?;
    Ok(Inspected {
        path: path.to_owned(),
        schema: found,
        is_current: found == known,
        unfinished_run: unfinished.map(|run| (run.started_at, run.cwd)),
        open_uploads: u64::try_from(open).unwrap_or_default(),
    })
}

/// Tells whether a connection that only reads cannot bring the file into a state that can be read.
fn needs_mending(error: &LedgerError) -> bool {
    let LedgerError::NotWritable { source, .. } = error else { return false };
    let error = source.downcast_ref::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error_code);
    matches!(error, Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen))
}

/// Returns the name of the file as SQLite takes options with it.
fn uri(path: &Path, options: &str) -> String {
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' => {
                uri.push(char::from(*byte));
            }
            // Writing to a string never fails.
            _ => drop(write!(uri, "%{byte:02X}")),
        }
    }
    uri.push('?');
    uri.push_str(options);
    uri
}

fn length(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().map(|found| found.len())
}

#[cfg(test)]
mod tests;
