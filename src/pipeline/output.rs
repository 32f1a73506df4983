//! Writes the outputs of `convert` below a folder that mirrors the tree of the inputs.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::acceptance::shorten;
use crate::model::payload::Body;
use crate::model::{Candidate, profile::LengthUnit};
use crate::stages::admit::part_name;
use crate::stages::convert::Prepared;
use crate::stages::discover::Found;
use crate::stages::manifest::set_readable;

/// The longest name that common file systems take, in bytes.
const MAX_NAME_BYTES: usize = 255;

/// The folder, and which of its places are taken.
///
/// The names of all inputs are known before the first output is written: whether `a.docx` may become `a.docx.md`
/// must not depend on how soon an input of that name is found.
#[derive(Debug)]
pub(super) struct OutputDir {
    root: PathBuf,
    hasher: RandomState,
    /// The places of inputs that share their path below a root with an earlier one.
    moved: HashMap<u64, PathBuf>,
    /// Hashes of the paths that inputs have themselves, and of those already written.
    taken: Mutex<HashSet<u64>>,
}

impl OutputDir {
    /// Gives each input of `found` a place of its own, in their order.
    pub(super) fn new(root: &Path, found: impl Iterator<Item = Found>) -> Self {
        let mut dir = Self {
            root: root.to_owned(),
            hasher: RandomState::new(),
            moved: HashMap::new(),
            taken: Mutex::new(HashSet::new()),
        };
        for one in found.filter(|one| one.skipped.is_none()) {
            let own = own_place(&one.candidate);
            let place = dir.claim(&own);
            if place != own {
                dir.moved.insert(one.candidate.seq, place);
            }
        }
        dir
    }

    /// Returns the place of an input below the folder.
    pub(super) fn place_of(&self, candidate: &Candidate) -> PathBuf {
        self.moved.get(&candidate.seq).cloned().unwrap_or_else(|| own_place(candidate))
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
            let variant = format!("{stem}-{n}{extension}");
            path = relative.with_file_name(shorten(&variant, MAX_NAME_BYTES, LengthUnit::Bytes));
            n += 1;
        }
        path
    }

    /// Writes one part of the input whose place this is, and returns the path as the run's working directory sees it.
    pub(super) fn write(&self, place: &Path, prepared: &Prepared) -> io::Result<PathBuf> {
        let own_name = place.file_name().unwrap_or_default().to_string_lossy();
        let name = shorten(&part_name(&own_name, prepared), MAX_NAME_BYTES, LengthUnit::Bytes);
        let relative =
            if name == own_name { place.to_owned() } else { self.claim(&place.with_file_name(name)) };
        let path = self.root.join(relative);
        let folder = path.parent().unwrap_or(&self.root);
        std::fs::create_dir_all(folder)?;
        let mut temp = tempfile::Builder::new().prefix(".docferry-").tempfile_in(folder)?;
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

/// Names that are not UTF-8 show U+FFFD: the path has to stand in the manifest.
fn own_place(candidate: &Candidate) -> PathBuf {
    PathBuf::from(candidate.relative.as_path().to_string_lossy().into_owned())
}
