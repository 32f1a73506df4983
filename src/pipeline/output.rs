//! Writes the outputs of `convert` below a folder that mirrors the tree of the inputs.
//!
//! No output is written over another of the run, nor over an input, and names do not depend on which input is
//! converted first. So the places of all inputs are known before the first output is written, and a name that an
//! output of two inputs could have (`a.xlsx` with a sheet `b`, and `a.xlsx.b`) belongs to the one whose own name is
//! longer.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::RunError;
use crate::acceptance::shorten;
use crate::model::payload::Body;
use crate::model::{Candidate, profile::LengthUnit};
use crate::stages::admit::part_name;
use crate::stages::convert::Prepared;
use crate::stages::discover::{Found, Named};
use crate::stages::manifest::set_readable;

/// The longest name that common file systems take, in bytes.
const MAX_NAME_BYTES: usize = 255;

/// The folder, and which of its places are taken.
#[derive(Debug)]
pub(super) struct OutputDir {
    root: PathBuf,
    hasher: RandomState,
    /// Hashes of the places of inputs. Nothing but an output of its input takes one.
    places: HashSet<u64>,
    /// The places of inputs that share their path below a root with an earlier one.
    moved: HashMap<u64, PathBuf>,
    /// What the user named inside the folder: never written.
    inputs: HashSet<PathBuf>,
    /// Hashes of the paths already written.
    written: Mutex<HashSet<u64>>,
    /// Set when there is no room for any other output.
    full: AtomicBool,
}

impl OutputDir {
    /// Makes the folder, unless it is there.
    ///
    /// # Errors
    /// [`RunError::OutputDir`] if nothing can be written there, [`RunError::OutputDirIsInput`] for an input.
    pub(super) fn new(root: &Path, named: &[Named]) -> Result<Self, RunError> {
        let unusable = |source| RunError::OutputDir { path: root.to_owned(), source };
        check_apart(root, named)?;
        std::fs::create_dir_all(root).map_err(unusable)?;
        tempfile::Builder::new().prefix(".docferry-").tempfile_in(root).map_err(|e| unusable(plain(e)))?;
        Ok(Self {
            root: root.to_owned(),
            hasher: RandomState::new(),
            places: HashSet::new(),
            moved: HashMap::new(),
            inputs: inside(root, named),
            written: Mutex::new(HashSet::new()),
            full: AtomicBool::new(false),
        })
    }

    /// Gives each input of `found` a place of its own, in their order.
    pub(super) fn reserve(&mut self, found: impl Iterator<Item = Found>) {
        for one in found.filter(|one| one.skipped.is_none()) {
            let own = own_place(&one.candidate);
            let place = variants(&own).find(|place| self.places.insert(self.hasher.hash_one(place)));
            if let Some(place) = place.filter(|place| *place != own) {
                self.moved.insert(one.candidate.seq, place);
            }
        }
    }

    /// Returns the place of an input below the folder.
    pub(super) fn place_of(&self, candidate: &Candidate) -> PathBuf {
        self.moved.get(&candidate.seq).cloned().unwrap_or_else(|| own_place(candidate))
    }

    /// Tells whether there is no room for any other output.
    pub(super) fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// Returns the folder.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the first free variant of the path for an output of the input at `place`, and takes it.
    fn claim(&self, place: &Path, wanted: &Path) -> PathBuf {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let free = variants(wanted).find(|path| {
            let own = path == place || !self.belongs_to_another(place, path);
            own && !self.is_input(path) && written.insert(self.hasher.hash_one(path))
        });
        free.unwrap_or_else(|| wanted.to_owned())
    }

    /// Tells whether another input has this place, or one whose outputs can have this name and is nearer to it.
    fn belongs_to_another(&self, place: &Path, path: &Path) -> bool {
        let own = place.file_name().unwrap_or_default().len();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let longer = name.match_indices('.').map(|(at, _)| at).filter(|at| *at > own);
        let mut ends = longer.chain([name.len()]);
        ends.any(|end| self.places.contains(&self.hasher.hash_one(path.with_file_name(&name[..end]))))
    }

    fn is_input(&self, path: &Path) -> bool {
        !self.inputs.is_empty() && path.ancestors().any(|part| self.inputs.contains(part))
    }

    /// Writes one part of the input whose place this is, and returns the path as the run's working directory sees it.
    pub(super) fn write(&self, place: &Path, prepared: &Prepared) -> io::Result<PathBuf> {
        let own_name = place.file_name().unwrap_or_default().to_string_lossy();
        let name = shorten(&part_name(&own_name, prepared), MAX_NAME_BYTES, LengthUnit::Bytes);
        let path = self.root.join(self.claim(place, &place.with_file_name(name)));
        self.write_whole(&path, &prepared.body).map_err(plain).inspect_err(|error| {
            let full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
            self.full.fetch_or(full, Ordering::Relaxed);
        })?;
        Ok(path)
    }

    fn write_whole(&self, path: &Path, body: &Body) -> io::Result<()> {
        let folder = path.parent().unwrap_or(&self.root);
        std::fs::create_dir_all(folder)?;
        let mut temp = tempfile::Builder::new().prefix(".docferry-").tempfile_in(folder)?;
        match body {
            Body::Bytes(bytes) => io::Write::write_all(&mut temp, bytes)?,
            body @ (Body::Spilled(_) | Body::File(_)) => {
                io::copy(&mut body.open()?, &mut temp)?;
            }
        }
        set_readable(temp.as_file())?;
        temp.persist(path).map(drop).map_err(|e| e.error)
    }
}

/// Refuses a folder for outputs that is an input itself.
///
/// # Errors
/// [`RunError::OutputDirIsInput`].
pub(super) fn check_apart(root: &Path, named: &[Named]) -> Result<(), RunError> {
    let Ok(real) = root.canonicalize() else { return Ok(()) };
    let is_root = |named: &Named| match named {
        Named::Path(path) => path.is_dir() && path.canonicalize().is_ok_and(|path| path == real),
        Named::Stdin { .. } => false,
    };
    match named.iter().any(is_root) {
        true => Err(RunError::OutputDirIsInput { path: root.to_owned() }),
        false => Ok(()),
    }
}

/// Returns what was named inside the folder, as paths below it.
fn inside(root: &Path, named: &[Named]) -> HashSet<PathBuf> {
    let Ok(real) = root.canonicalize() else { return HashSet::new() };
    let below = |named: &Named| match named {
        Named::Path(path) => path.canonicalize().ok()?.strip_prefix(&real).ok().map(Path::to_owned),
        Named::Stdin { .. } => None,
    };
    named.iter().filter_map(below).collect()
}

/// Returns the path, then the same with `-2`, `-3`, … before its extension.
fn variants(path: &Path) -> impl Iterator<Item = PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let at = name.rfind('.').filter(|at| *at > 0).unwrap_or(name.len());
    let (stem, extension) = (name[..at].to_owned(), name[at..].to_owned());
    let numbered = (2u32..).map(move |n| {
        let variant = format!("{stem}-{n}{extension}");
        path.with_file_name(shorten(&variant, MAX_NAME_BYTES, LengthUnit::Bytes))
    });
    std::iter::once(path.to_owned()).chain(numbered)
}

/// Leaves out the path of a temporary file, which says nothing to people.
fn plain(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::Other => error,
        kind if error.get_ref().is_some() => kind.into(),
        _ => error,
    }
}

/// Names that are not UTF-8 show U+FFFD: the path has to stand in the manifest.
fn own_place(candidate: &Candidate) -> PathBuf {
    PathBuf::from(candidate.relative.as_path().to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stages::discover::{DiscoverOptions, discover};

    /// Makes the files below a fresh folder `in`, and a folder for outputs that knows them.
    fn dir(files: &[&str]) -> (tempfile::TempDir, OutputDir) {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("in");
        for file in files {
            let path = input.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        }
        let named = [Named::Path(input)];
        let mut dir = OutputDir::new(&folder.path().join("out"), &named).unwrap();
        dir.reserve(discover(&named, &DiscoverOptions::default()).unwrap());
        (folder, dir)
    }

    fn claimed(dir: &OutputDir, place: &str, wanted: &str) -> String {
        dir.claim(Path::new(place), Path::new(wanted)).to_string_lossy().into_owned()
    }

    #[test]
    fn names_do_not_depend_on_who_is_first() {
        // A sheet `b` of `a.xlsx`, the only output of `a.xlsx.b`, and a file that has the name itself.
        let outputs =
            [("a.xlsx", "a.xlsx.b.md"), ("a.xlsx.b", "a.xlsx.b.md"), ("c", "c.md"), ("c.md", "c.md")];
        let expected = ["a.xlsx.b-2.md", "a.xlsx.b.md", "c-2.md", "c.md"];
        for backwards in [false, true] {
            let (_folder, dir) = dir(&["a.xlsx", "a.xlsx.b", "c", "c.md"]);
            let mut order: Vec<usize> = (0..outputs.len()).collect();
            if backwards {
                order.reverse();
            }
            for at in order {
                let (place, wanted) = outputs[at];
                assert_eq!(claimed(&dir, place, wanted), expected[at]);
            }
        }
    }

    #[test]
    fn parts_of_one_input_get_numbers() {
        let (_folder, dir) = dir(&["a.xlsx"]);
        let names =
            ["a.xlsx.s.csv", "a.xlsx.s.csv", "a.xlsx.s.csv"].map(|name| claimed(&dir, "a.xlsx", name));
        assert_eq!(names, ["a.xlsx.s.csv", "a.xlsx.s-2.csv", "a.xlsx.s-3.csv"]);
    }

    #[test]
    fn inputs_are_never_written() {
        let folder = tempfile::tempdir().unwrap();
        for file in ["a.txt", "b.docx", "sub/c.txt"] {
            std::fs::create_dir_all(folder.path().join("sub")).unwrap();
            std::fs::write(folder.path().join(file), "x").unwrap();
        }
        let named = ["a.txt", "b.docx", "sub"].map(|file| Named::Path(folder.path().join(file)));
        let dir = OutputDir::new(folder.path(), &named).unwrap();
        assert_eq!(claimed(&dir, "a.txt", "a.txt"), "a-2.txt");
        assert_eq!(claimed(&dir, "b.docx", "b.docx.md"), "b.docx.md");
        let roundabout = [Named::Path(folder.path().join("sub/.."))];
        let refused = OutputDir::new(folder.path(), &roundabout);
        assert!(matches!(refused, Err(RunError::OutputDirIsInput { .. })));
    }
}
