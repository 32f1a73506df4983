//! The documents that cases are made from: those of `testdata/`, under every format whose converter reads them.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use docferry_converters::detect::detect;
use docferry_converters::formats::{FORMATS, FormatSpec};
use docferry_converters::{Limits, Meter};

use super::package::{self, Part};
use super::rng::Rng;
use super::shape::Shape;

/// Longer documents make each case slow and show little more.
const MAX_SEED_BYTES: usize = 256 << 10;

/// A document with where it came from.
#[derive(Debug, Clone)]
pub(crate) struct Seed {
    pub(crate) path: String,
    pub(crate) shape: Shape,
}

/// The seeds of one format: those of its own first, then those of others with the same converter.
#[derive(Debug, Default)]
pub(crate) struct Seeds {
    own: Vec<Seed>,
    others: Vec<Seed>,
}

impl Seeds {
    pub(crate) fn pick(&self, rng: &mut Rng) -> &Seed {
        if self.others.is_empty() || (!self.own.is_empty() && !rng.one_in(4)) {
            rng.pick(&self.own)
        } else {
            rng.pick(&self.others)
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.own.is_empty() && self.others.is_empty()
    }
}

/// Lists the documents of `testdata/` with the format of each, in a form that [`load`] takes: to find the formats takes
/// longer than to read the documents of one.
pub(crate) fn index() -> String {
    let root = root();
    let mut found = Vec::new();
    for folder in ["convert", "hostile", "samples"] {
        walk(&root.join(folder), &mut found);
    }
    found.sort();
    let mut index = String::new();
    for path in found {
        let bytes = read(&path);
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let meter = Meter::new(Limits::default(), bytes.len() as u64);
        let name = name.trim_end_matches(".d");
        let Ok(detection) = detect(&mut Cursor::new(&bytes), Some(name), &meter) else { continue };
        if bytes.len() <= MAX_SEED_BYTES && detection.format.spec().converter.is_some() {
            let path = path.strip_prefix(&root).unwrap_or(&path).to_str().expect("names are text");
            index.extend([detection.format.as_str(), "\0", path, "\0"]);
        }
    }
    index
}

/// Reads the seeds of a format; files that its converter does not read are not among them.
pub(crate) fn load(spec: &FormatSpec, index: &str) -> Seeds {
    let root = root();
    let reads = |spec: &FormatSpec| spec.converter.map(docferry_converters::Converter::name);
    let mut seeds = Seeds::default();
    let mut items = index.split_terminator('\0');
    while let (Some(name), Some(path)) = (items.next(), items.next()) {
        let theirs = FORMATS.iter().find(|row| row.name == name).expect("a format of the table");
        if reads(theirs) == reads(spec) {
            let is_own = theirs.format.base() == spec.format.base();
            let list = if is_own { &mut seeds.own } else { &mut seeds.others };
            list.push(Seed { path: path.to_owned(), shape: Shape::of(read(&root.join(path))) });
        }
    }
    seeds
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata")
}

fn read(path: &Path) -> Vec<u8> {
    if path.is_dir() { folder_as_package(path) } else { std::fs::read(path).expect("a document of testdata") }
}

/// Lists the files below a folder; of `convert/`, the inputs only, of which a folder `input.x.d` is one.
fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of testdata") {
        let path = entry.expect("an entry of testdata").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_expectation = name.starts_with("out.") || ["warnings", "error", "options"].contains(&&*name);
        if path.is_dir() && !name.ends_with(".d") {
            walk(&path, found);
        } else if !is_expectation && !["expectations", "README.md"].contains(&&*name) {
            found.push(path);
        }
    }
}

fn folder_as_package(folder: &Path) -> Vec<u8> {
    let mut files = Vec::new();
    walk(folder, &mut files);
    files.sort();
    let part = |path: PathBuf| Part {
        name: path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/"),
        bytes: std::fs::read(&path).expect("a part of a document"),
    };
    let parts: Vec<_> = files.into_iter().map(part).collect();
    package::pack(&mut Rng::new("folder", 0), &parts)
}
