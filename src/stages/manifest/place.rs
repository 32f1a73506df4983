//! Where journals and manifests are: what may be there, what is beside it, and who holds it.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Refuses a place that a manifest must not take: it is renamed into place, and what is there goes away.
///
/// # Errors
/// A folder or a device is there.
pub fn check_place(path: &Path) -> io::Result<()> {
    match std::fs::metadata(path) {
        Ok(there) if there.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(there) if !there.is_file() => Err(io::Error::other("it is no regular file")),
        _ => Ok(()),
    }
}

/// Writes a small file next to the manifest through a rename.
///
/// # Errors
/// The disk is full or gone.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = parent(path);
    let mut temp = tempfile::Builder::new().prefix(".docferry-").tempfile_in(folder)?;
    temp.write_all(bytes)?;
    temp.as_file().sync_all()?;
    set_readable(temp.as_file())?;
    temp.persist(path).map_err(|e| e.error)?;
    sync_folder(folder)
}

/// Returns `path` with something appended to its file name.
#[must_use]
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

pub(super) fn parent(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Temporary files are made for their owner only; manifests and outputs are files like others.
pub(crate) fn set_readable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

/// Tells whether an open file is the one at a path.
pub(super) fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let opened = file.metadata()?;
    match std::fs::metadata(path) {
        Ok(there) => Ok((there.dev(), there.ino()) == (opened.dev(), opened.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

pub(super) fn lock(file: &File) -> io::Result<()> {
    rustix::fs::flock(file, rustix::fs::FlockOperation::NonBlockingLockExclusive)
        .map_err(|_| io::Error::new(io::ErrorKind::WouldBlock, "another run writes this manifest now"))
}

/// Moves a journal that holds something to the first free `<journal>.<n>`.
pub(super) fn set_aside(path: &Path, file: &File) -> io::Result<Option<PathBuf>> {
    let mut file = file;
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(None);
    }
    let free = (1u32..).map(|n| beside(path, &format!(".{n}"))).find(|path| !path.exists());
    let Some(free) = free else { return Ok(None) };
    std::fs::rename(path, &free)?;
    Ok(Some(free))
}
