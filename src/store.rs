//! A content-addressed store on disk: put, get, list, delete. It knows no protocol and no acceptance.
//!
//! Several processes may use one store at once; there are no locks, only files that appear whole by rename and
//! contents that are hard links. A put is not made durable by itself: [`Store::sync`] does that for all of them,
//! because flushing 20,000 small files one by one takes minutes. What a power cut before it leaves is ignored.
//!
//! ```text
//! store.json                   schema version and UUID
//! objects/ab/cdef…             contents by SHA-256; found again by equal ones
//! files/0063f2a/<id>.json      what is known of a file, in a folder for each 4.5 minutes
//! files/0063f2a/<id>.content   its content, a hard link
//! sessions/<id>/session.json   a session, beside it <id>.json for each file that is mounted in it
//! temp/                        what is being written
//! ```

mod content;
mod error;
mod id;
mod listing;
mod marker;
mod session;

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::model::{FileObject, FileStatus, Sha256, Timestamp};

pub use content::Staged;
pub use error::StoreError;
pub use id::FileId;
pub use listing::Position;
pub use session::{Resource, Session};

const RECORD_SUFFIX: &str = ".json";
const CONTENT_SUFFIX: &str = ".content";
const RECORD_VERSION: u32 = 1;
/// What is older than this in `temp/` was left by a process that is gone.
const ABANDONED_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// What to record of a new file.
#[derive(Debug, Clone)]
pub struct NewFile<'a> {
    /// The stored name; any text, as it never becomes part of a path.
    pub file_name: &'a str,
    /// The stored media type.
    pub mime_type: &'a str,
    /// What its id begins with, such as `file_`: lower-case letters and `_`, the last one a `_`.
    pub id_prefix: &'a str,
    /// When it is created.
    pub now: Timestamp,
    /// When its content goes away. The store only records it.
    pub expires_at: Option<Timestamp>,
    /// Whether its content may be fetched.
    pub downloadable: Option<bool>,
    /// What it is for.
    pub purpose: Option<&'a str>,
    /// Whether it can be used.
    pub status: Option<FileStatus>,
    /// The session it belongs to.
    pub scope: Option<&'a str>,
    /// What the uploader attaches.
    pub metadata: Option<serde_json::Value>,
}

impl<'a> NewFile<'a> {
    /// Starts with what every file has.
    #[must_use]
    pub fn new(file_name: &'a str, mime_type: &'a str, id_prefix: &'a str, now: Timestamp) -> Self {
        Self {
            file_name,
            mime_type,
            id_prefix,
            now,
            expires_at: None,
            downloadable: None,
            purpose: None,
            status: None,
            scope: None,
            metadata: None,
        }
    }

    fn record(self, id: &FileId, size_bytes: u64, sha256: Sha256) -> Record {
        let file = FileObject {
            file_id: id.as_str().to_owned(),
            filename: self.file_name.to_owned(),
            size_bytes,
            mime_type: self.mime_type.to_owned(),
            created_at: self.now,
            updated_at: None,
            expires_at: self.expires_at,
            downloadable: self.downloadable,
            purpose: self.purpose.map(str::to_owned),
            status: self.status,
            scope: self.scope.map(str::to_owned),
            metadata: self.metadata,
            request_id: None,
        };
        Record { schema_version: RECORD_VERSION, sha256, file }
    }
}

/// A file as it was stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredFile {
    /// What is known of it.
    pub object: FileObject,
    /// The digest of its content.
    pub digest: Sha256,
}

/// Some files of the store, newest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// The files.
    pub files: Vec<FileObject>,
    /// Whether there are more in the direction of the page.
    pub has_more: bool,
}

/// What stands in `<id>.json`. A field that is added later must have a default; unknown ones are ignored.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    schema_version: u32,
    sha256: Sha256,
    file: FileObject,
}

/// A store on disk.
#[derive(Debug)]
pub struct Store {
    root: PathBuf,
    id: String,
    names: listing::Names,
    last_tick: Mutex<u64>,
}

impl Store {
    /// Opens the store at `root`; makes one where nothing is.
    ///
    /// # Errors
    /// [`StoreError::Foreign`] if the folder holds something else, [`StoreError::NewerSchema`] if a later version
    /// made it.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        let id = marker::open(root)?;
        for folder in ["objects", "files", "temp"] {
            marker::create_dir(&root.join(folder))?;
        }
        let root = fs::canonicalize(root).map_err(StoreError::io(root))?;
        let store = Self { root, id, names: listing::Names::default(), last_tick: Mutex::new(0) };
        store.clear_abandoned();
        Ok(store)
    }

    /// Returns the UUID that the store keeps for its whole life.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the store's folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Stores what `body` holds up to its end.
    ///
    /// # Errors
    /// [`StoreError::Body`] if `body` fails; then nothing is stored.
    pub fn put(&self, new: NewFile<'_>, body: &mut dyn Read) -> Result<StoredFile, StoreError> {
        self.commit(new, self.stage(body)?)
    }

    /// Takes bytes into the store's folder before it is known what file they are.
    ///
    /// # Errors
    /// [`StoreError::Body`] if `body` fails.
    pub fn stage(&self, body: &mut dyn Read) -> Result<Staged, StoreError> {
        content::stage(&self.temp(), body)
    }

    /// Makes a file of staged bytes. It is listed once this returns, and whole from the first moment.
    ///
    /// # Errors
    /// [`StoreError::BadId`] if the prefix is none; what the file system reports.
    pub fn commit(&self, new: NewFile<'_>, staged: Staged) -> Result<StoredFile, StoreError> {
        let id = FileId::generate(new.id_prefix, self.next_tick(new.now))?;
        let digest = staged.digest();
        let record = new.record(&id, staged.size_bytes(), digest);
        let content = self.path(&id, CONTENT_SUFFIX);
        marker::create_dir(&self.folder(&id))?;
        content::place(&self.objects(), staged, &content)?;
        if let Err(error) = self.write_record(&id, &record) {
            drop(content::remove(&self.objects(), &content, &digest));
            return Err(error);
        }
        Ok(StoredFile { object: record.file, digest })
    }

    /// Returns what is known of a file; `None` if there is none, or the text is no id.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if its record cannot be read.
    pub fn get(&self, file_id: &str) -> Result<Option<FileObject>, StoreError> {
        let Some(id) = FileId::parse(file_id) else {
            return Ok(None);
        };
        Ok(self.record(&id)?.map(|record| record.file))
    }

    /// Returns up to `limit` files, newest first. Reads no more records than it returns, and one.
    ///
    /// # Errors
    /// [`StoreError::BadId`] if the position is no file id.
    pub fn list(&self, position: Position<'_>, limit: usize) -> Result<Page, StoreError> {
        let bound = listing::Bound::parse(position)?;
        let mut page = Page::default();
        self.names.walk(&self.files(), &bound, |id| {
            match whole(self.record(id))? {
                Some(_) if page.files.len() == limit => page.has_more = true,
                Some(record) => page.files.push(record.file),
                None => {}
            }
            Ok(!page.has_more)
        })?;
        if matches!(bound, listing::Bound::Before(_)) {
            page.files.reverse();
        }
        Ok(page)
    }

    /// Opens the content of a file; `None` if there is no such file. Expiry and `downloadable` are the caller's.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the content lost bytes.
    pub fn content(&self, file_id: &str) -> Result<Option<File>, StoreError> {
        let Some(id) = FileId::parse(file_id) else {
            return Ok(None);
        };
        let Some(record) = self.record(&id)? else {
            return Ok(None);
        };
        content::open(&self.path(&id, CONTENT_SUFFIX), record.file.size_bytes)
    }

    /// Deletes a file, and its content when no other file has it; tells whether there was one.
    ///
    /// # Errors
    /// What the file system reports.
    pub fn delete(&self, file_id: &str) -> Result<bool, StoreError> {
        let Some(id) = FileId::parse(file_id) else {
            return Ok(false);
        };
        let digest = match self.record(&id) {
            Ok(Some(record)) => Some(record.sha256),
            Ok(None) => return Ok(false),
            // A damaged file can be deleted too; its object, if any, stays.
            Err(StoreError::Damaged { .. }) => None,
            Err(error) => return Err(error),
        };
        // Of two that delete at once, the one that removes the record has deleted the file.
        if !content::remove_if_there(&self.path(&id, RECORD_SUFFIX))? {
            return Ok(false);
        }
        let content = self.path(&id, CONTENT_SUFFIX);
        match digest {
            Some(digest) => content::remove(&self.objects(), &content, &digest)?,
            None => drop(content::remove_if_there(&content)?),
        }
        // Fails while the folder holds others.
        drop(fs::remove_dir(self.folder(&id)));
        Ok(true)
    }

    /// Makes everything put so far durable, with one flush of the file system.
    ///
    /// # Errors
    /// What the file system reports, also of writes that were answered before.
    pub fn sync(&self) -> Result<(), StoreError> {
        #[cfg(target_os = "linux")]
        {
            let root = File::open(&self.root).map_err(StoreError::io(&self.root))?;
            rustix::fs::syncfs(&root).map_err(|error| StoreError::io(&self.root)(error.into()))
        }
        #[cfg(not(target_os = "linux"))]
        {
            rustix::fs::sync();
            Ok(())
        }
    }

    fn record(&self, id: &FileId) -> Result<Option<Record>, StoreError> {
        read_json(&self.path(id, RECORD_SUFFIX))
    }

    fn write_record(&self, id: &FileId, record: &Record) -> Result<(), StoreError> {
        self.write_json(&self.path(id, RECORD_SUFFIX), record)
    }

    /// Returns a time that no file of this process has yet, so that equal clock readings still have an order.
    fn next_tick(&self, now: Timestamp) -> u64 {
        let mut last = self.last_tick.lock().unwrap_or_else(PoisonError::into_inner);
        *last = u64::try_from(now.unix_micros()).unwrap_or(0).max(*last + 1);
        *last
    }

    /// Removes what processes that are gone left behind. Best effort: it only takes room.
    fn clear_abandoned(&self) {
        let Ok(entries) = fs::read_dir(self.temp()) else {
            return;
        };
        for entry in entries.flatten() {
            let modified = entry.metadata().and_then(|found| found.modified());
            let age = modified.map(|time| SystemTime::now().duration_since(time).unwrap_or_default());
            if age.is_ok_and(|age| age > ABANDONED_AFTER) {
                drop(fs::remove_file(entry.path()));
            }
        }
    }

    /// Writes a record that appears whole under its name.
    fn write_json(&self, path: &Path, value: &impl Serialize) -> Result<(), StoreError> {
        let text = serde_json::to_vec(value)
            .map_err(|error| StoreError::Damaged { path: path.to_owned(), reason: error.to_string() })?;
        let temp_dir = self.temp();
        let mut temp = tempfile::NamedTempFile::new_in(&temp_dir).map_err(StoreError::io(&temp_dir))?;
        temp.write_all(&text).map_err(StoreError::io(&temp_dir))?;
        content::persist(temp, path)
    }

    fn folder(&self, id: &FileId) -> PathBuf {
        self.files().join(id.bucket())
    }

    fn path(&self, id: &FileId, suffix: &str) -> PathBuf {
        self.folder(id).join(format!("{}{suffix}", id.as_str()))
    }

    fn files(&self) -> PathBuf {
        self.root.join("files")
    }

    fn objects(&self) -> PathBuf {
        self.root.join("objects")
    }

    fn temp(&self) -> PathBuf {
        self.root.join("temp")
    }
}

/// Reads a record; `None` if it is not there, or is a name without bytes, as a power cut may leave it.
fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, StoreError> {
    let text = match fs::read(path) {
        // Nobody was told that it is durable.
        Ok(text) if text.is_empty() => return Ok(None),
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io(path)(error)),
    };
    serde_json::from_slice(&text)
        .map(Some)
        .map_err(|error| StoreError::Damaged { path: path.to_owned(), reason: error.to_string() })
}

/// Leaves out what is damaged: one record must not hide all others, and asking for it says what is wrong.
fn whole<T>(found: Result<Option<T>, StoreError>) -> Result<Option<T>, StoreError> {
    match found {
        Err(StoreError::Damaged { path, reason }) => {
            tracing::warn!(path = %path.display(), reason, "left out a damaged record");
            Ok(None)
        }
        found => found,
    }
}

#[cfg(test)]
mod tests;
