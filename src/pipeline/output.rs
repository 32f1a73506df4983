//! Writes the outputs of `convert` below a folder that mirrors the tree of the inputs.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::acceptance::shorten;
use crate::model::payload::Body;
use crate::model::{Candidate, profile::LengthUnit};
use crate::stages::admit::part_name;
use crate::stages::convert::Prepared;

/// The longest name that common file systems take, in bytes.
const MAX_NAME_BYTES: usize = 255;

/// The folder, and which of its files this run has taken.
#[derive(Debug)]
pub(super) struct OutputDir {
    root: PathBuf,
    hasher: RandomState,
    /// Hashes of the paths below the root that inputs have themselves, and of those already written.
    taken: Mutex<HashSet<u64>>,
}

impl OutputDir {
    pub(super) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            hasher: RandomState::new(),
            taken: Mutex::new(HashSet::new()),
        }
    }

    /// Reserves the place of an input's own name; a second input of that place gets another.
    ///
    /// Called in the order of discovery, so that names do not depend on threads.
    pub(super) fn reserve(&self, candidate: &Candidate) -> PathBuf {
        let relative = PathBuf::from(candidate.relative.as_path().to_string_lossy().into_owned());
        self.claim(&relative)
    }

    /// Returns the first free variant of a path below the root and takes it.
    fn claim(&self, relative: &Path) -> PathBuf {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let mut path = relative.to_owned();
        let mut n = 2u32;
        while !taken.insert(self.hasher.hash_one(&path)) {
            let name = relative.file_name().unwrap_or_default().to_string_lossy();
            let (stem, extension) = match name.rfind('.') {
                Some(at) if at > 0 => name.split_at(at),
                _ => (&*name, ""),
            };
            path = relative.with_file_name(shorten(
                &format!("{stem}-{n}{extension}"),
                MAX_NAME_BYTES,
                LengthUnit::Bytes,
            ));
            n += 1;
        }
        path
    }

    /// Writes one part of the input whose place is `reserved`, and returns the path as the run's working directory sees it.
    pub(super) fn write(&self, reserved: &Path, prepared: &Prepared) -> io::Result<PathBuf> {
        let own_name = reserved.file_name().unwrap_or_default().to_string_lossy();
        let name = shorten(&part_name(&own_name, prepared), MAX_NAME_BYTES, LengthUnit::Bytes);
        let relative = if name == own_name {
            reserved.to_owned()
        } else {
            self.claim(&reserved.with_file_name(name))
        };
        let path = self.root.join(relative);
        let folder = path.parent().unwrap_or(&self.root);
        std::fs::create_dir_all(folder)?;
        let mut temp = tempfile::Builder::new()
            .prefix(".docferry-")
            .tempfile_in(folder)?;
        match &prepared.body {
            Body::Bytes(bytes) => io::Write::write_all(&mut temp, bytes)?,
            body @ (Body::Spilled(_) | Body::File(_)) => {
                io::copy(&mut body.open()?, &mut temp)?;
            }
        }
        set_readable(temp.as_file())?;
        temp.persist(&path).map_err(|e| e.error)?;
        Ok(path)
    }
}

/// Temporary files are made for their owner only; outputs are files like others.
fn set_readable(file: &std::fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}
