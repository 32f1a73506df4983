//! Listings: the names in `files/`, by age. Which record belongs to a name is read by the store.
//!
//! Names are read a folder at a time and the last folder is kept, so that paging through a large one does not read
//! it for each page. A folder that changed within two seconds before it was read is not kept: its time stamp is too
//! coarse to show a change that comes right after.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::id::{self, FileId};
use super::{RECORD_SUFFIX, StoreError};

const SETTLED_AFTER: Duration = Duration::from_secs(2);

/// Where a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Position<'a> {
    /// At the newest file.
    #[default]
    Newest,
    /// At the newest file that is older than this id. The file itself may be gone.
    After(&'a str),
    /// The page ends before this id: the oldest files that are newer.
    Before(&'a str),
}

/// A position whose id was read.
#[derive(Debug, Clone)]
pub(super) enum Bound {
    Newest,
    After(FileId),
    Before(FileId),
}

impl Bound {
    pub(super) fn parse(position: Position<'_>) -> Result<Self, StoreError> {
        let read = |text: &str| FileId::parse(text).ok_or_else(|| StoreError::BadId(text.to_owned()));
        Ok(match position {
            Position::Newest => Self::Newest,
            Position::After(text) => Self::After(read(text)?),
            Position::Before(text) => Self::Before(read(text)?),
        })
    }

    /// Tells whether the bucket can hold files of the page.
    fn admits(&self, bucket: &str) -> bool {
        match self {
            Self::Newest => true,
            Self::After(id) => bucket <= id.bucket(),
            Self::Before(id) => bucket >= id.bucket(),
        }
    }

    /// Returns those of `ids`, sorted by age, that may be of the page.
    fn select<'a>(&self, ids: &'a [FileId]) -> &'a [FileId] {
        match self {
            Self::Newest => ids,
            Self::After(bound) => &ids[..ids.partition_point(|id| id.key() < bound.key())],
            Self::Before(bound) => &ids[ids.partition_point(|id| id.key() <= bound.key())..],
        }
    }
}

/// One folder's ids by age.
#[derive(Debug)]
struct Folder {
    bucket: String,
    modified: SystemTime,
    ids: Arc<Vec<FileId>>,
}

/// Reads names and keeps the last folder.
#[derive(Debug, Default)]
pub(super) struct Names {
    last: Mutex<Option<Folder>>,
}

impl Names {
    /// Calls `take` with ids in the order of the page until it returns `false`.
    pub(super) fn walk(
        &self,
        files: &Path,
        bound: &Bound,
        mut take: impl FnMut(&FileId) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        let forwards = matches!(bound, Bound::Before(_));
        let mut buckets = buckets(files)?;
        buckets.retain(|bucket| bound.admits(bucket));
        buckets.sort_unstable();
        if !forwards {
            buckets.reverse();
        }
        for bucket in buckets {
            let ids = self.folder(files, &bucket)?;
            let ids = bound.select(&ids);
            for at in 0..ids.len() {
                let at = if forwards { at } else { ids.len() - 1 - at };
                if !take(&ids[at])? {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn folder(&self, files: &Path, bucket: &str) -> Result<Arc<Vec<FileId>>, StoreError> {
        let path = files.join(bucket);
        let now = SystemTime::now();
        let modified = match fs::metadata(&path).and_then(|found| found.modified()) {
            Ok(modified) => modified,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Arc::default()),
            Err(error) => return Err(StoreError::io(&path)(error)),
        };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = last.as_ref().filter(|kept| kept.bucket == bucket && kept.modified == modified) {
            return Ok(Arc::clone(&kept.ids));
        }
        let ids = Arc::new(ids(&path, RECORD_SUFFIX)?);
        let settled = now.duration_since(modified).is_ok_and(|age| age > SETTLED_AFTER);
        *last = settled.then(|| Folder { bucket: bucket.to_owned(), modified, ids: Arc::clone(&ids) });
        Ok(ids)
    }
}

fn buckets(files: &Path) -> Result<Vec<String>, StoreError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(files).map_err(StoreError::io(files))? {
        let name = entry.map_err(StoreError::io(files))?.file_name();
        names.extend(name.into_string().ok().filter(|name| id::is_bucket(name)));
    }
    Ok(names)
}

/// Returns the ids that names with this end are, oldest first; none if there is no such folder.
pub(super) fn ids(folder: &Path, suffix: &str) -> Result<Vec<FileId>, StoreError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StoreError::io(folder)(error)),
    };
    let mut ids = Vec::new();
    for entry in entries {
        let name = entry.map_err(StoreError::io(folder))?.file_name();
        let id = name.to_str().and_then(|name| name.strip_suffix(suffix));
        ids.extend(id.and_then(FileId::parse));
    }
    ids.sort_unstable_by(|a, b| a.key().cmp(b.key()));
    Ok(ids)
}
