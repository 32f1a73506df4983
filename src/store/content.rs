//! Contents: staged in a temporary file, placed under their digest, linked to each file that has them.
//!
//! Every file holds a hard link of its own; `objects/` only finds equal contents again. So nothing is ever counted
//! in a file that could be wrong, and a delete that races with a put can lose the sharing but never a content.
//! Where the file system has no hard links, equal contents are simply kept twice.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::{StoreError, marker};
use crate::model::Sha256;
use crate::model::digest::Hasher;

/// Below what allocators map anew for each use: most files are small.
const CHUNK_BYTES: usize = 32 * 1024;

/// Bytes that are in the store's folder but belong to no file yet; dropping it removes them.
#[derive(Debug)]
pub struct Staged {
    temp: NamedTempFile,
    size_bytes: u64,
    digest: Sha256,
}

impl Staged {
    /// Returns the number of bytes.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Returns the digest of the bytes.
    #[must_use]
    pub fn digest(&self) -> Sha256 {
        self.digest
    }
}

/// Copies `body` to its end into a temporary file below `dir`.
pub(super) fn stage(dir: &Path, body: &mut dyn Read) -> Result<Staged, StoreError> {
    let mut temp = NamedTempFile::new_in(dir).map_err(StoreError::io(dir))?;
    let mut hasher = Hasher::default();
    let mut size_bytes: u64 = 0;
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        let read = match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(StoreError::Body(error)),
        };
        hasher.update(&buffer[..read]);
        temp.write_all(&buffer[..read]).map_err(StoreError::io(dir))?;
        size_bytes += read as u64;
    }
    Ok(Staged { temp, size_bytes, digest: hasher.finish() })
}

/// Returns where contents of this digest are found again.
pub(super) fn object_path(objects: &Path, digest: &Sha256) -> PathBuf {
    let hex = digest.to_string();
    objects.join(&hex[..2]).join(&hex[2..])
}

/// Makes `staged` the content at `path`, shared with equal contents.
pub(super) fn place(objects: &Path, staged: Staged, path: &Path) -> Result<(), StoreError> {
    let object = object_path(objects, &staged.digest);
    // A content that lost its end in a power cut must not be shared on.
    let is_whole = |found: fs::Metadata| found.len() == staged.size_bytes;
    if fs::symlink_metadata(&object).is_ok_and(is_whole) && fs::hard_link(&object, path).is_ok() {
        return Ok(());
    }
    if let Some(folder) = object.parent() {
        marker::create_dir(folder)?;
    }
    share(&staged.temp, &object);
    persist(staged.temp, path)
}

/// Gives a temporary file its final name, in a folder that a delete may be removing because it is empty.
pub(super) fn persist(mut temp: NamedTempFile, path: &Path) -> Result<(), StoreError> {
    let mut tries = 0;
    loop {
        if let Some(folder) = path.parent() {
            marker::create_dir(folder)?;
        }
        match temp.persist(path) {
            Ok(_) => return Ok(()),
            Err(error) if error.error.kind() == io::ErrorKind::NotFound && tries < 3 => temp = error.file,
            Err(error) => return Err(StoreError::io(path)(error.error)),
        }
        tries += 1;
    }
}

/// Lets the bytes be found under their digest from now on. Best effort: a file system without hard links, or one
/// where the old object has all the links it can have (ext4: 65,000), only loses sharing.
fn share(temp: &NamedTempFile, object: &Path) {
    let first = fs::hard_link(temp.path(), object);
    if !first.is_err_and(|error| error.kind() == io::ErrorKind::AlreadyExists) {
        return;
    }
    // An object that could not be linked or is not whole: put the new one in its place in one step.
    let mut aside = temp.path().as_os_str().to_owned();
    aside.push(".object");
    let aside = PathBuf::from(aside);
    if fs::hard_link(temp.path(), &aside).is_ok() && fs::rename(&aside, object).is_err() {
        drop(fs::remove_file(&aside));
    }
}

/// Makes the content at `from` also the one at `path`.
pub(super) fn link(temp_dir: &Path, from: &Path, path: &Path) -> Result<(), StoreError> {
    if fs::hard_link(from, path).is_ok() {
        return Ok(());
    }
    // No hard links here, or no more of this one.
    let mut source = File::open(from).map_err(StoreError::io(from))?;
    let mut temp = NamedTempFile::new_in(temp_dir).map_err(StoreError::io(temp_dir))?;
    io::copy(&mut source, &mut temp).map_err(StoreError::io(temp_dir))?;
    persist(temp, path)
}

/// Opens a content; `None` if it is gone.
pub(super) fn open(path: &Path, size_bytes: u64) -> Result<Option<File>, StoreError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io(path)(error)),
    };
    let found = file.metadata().map_err(StoreError::io(path))?.len();
    if found != size_bytes {
        return Err(StoreError::Damaged {
            path: path.to_owned(),
            reason: format!("it has {found} bytes instead of {size_bytes}"),
        });
    }
    Ok(Some(file))
}

/// Removes the content of one file, and the object when no other file links it.
pub(super) fn remove(objects: &Path, path: &Path, digest: &Sha256) -> Result<(), StoreError> {
    remove_if_there(path)?;
    let object = object_path(objects, digest);
    // A put that links the object right now keeps its link; then only the next equal put shares nothing.
    if fs::symlink_metadata(&object).is_ok_and(|found| found.nlink() == 1) {
        remove_if_there(&object)?;
    }
    Ok(())
}

/// Removes a file; tells whether it was there.
pub(super) fn remove_if_there(path: &Path) -> Result<bool, StoreError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(StoreError::io(path)(error)),
    }
}
