//! Walks `testdata/convert/<format>/<case>/` and compares whole outputs.
//!
//! A case is a folder with either `input.<ext>` or `input.<ext>.d/` (a folder of parts that is zipped here; a
//! part `x%2Fy` may be written as a subfolder). Optional `options` holds `key=value` lines. Expected are
//! `out.<n>[.<label>].<ext>` for each part, `warnings` (`code count` lines) if there are any, or `error`.
//! `DOCFERRY_BLESS=1 cargo test -p docferry-converters --test golden` rewrites the expectations.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that reads its cases from files, and stops at what is wrong with them"
)]

use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use docferry_converters::detect::detect;
use docferry_converters::{Limits, Meter, Options, PartKind, Sink, Warning};

#[derive(Default)]
struct Collected {
    parts: Vec<(Option<String>, PartKind, Vec<u8>)>,
    warnings: BTreeMap<&'static str, u64>,
}

impl Sink for Collected {
    fn begin_part(&mut self, label: Option<&str>, kind: PartKind) -> std::io::Result<()> {
        self.parts.push((label.map(str::to_owned), kind, Vec::new()));
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        let part = self.parts.last_mut().expect("a converter begins a part before it writes");
        part.2.extend_from_slice(bytes);
        Ok(())
    }

    fn warn(&mut self, warning: Warning) {
        *self.warnings.entry(warning.code.as_str()).or_default() += warning.count;
    }
}

fn parse_options(text: &str) -> Options {
    let mut options = Options::default();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let (key, value) = line.split_once('=').expect("options are key=value lines");
        options.set(key, value).unwrap();
    }
    options
}

/// Returns the input's file name and bytes.
fn read_input(case: &Path) -> (String, Vec<u8>) {
    let mut entries = std::fs::read_dir(case).unwrap().map(|entry| entry.unwrap().path());
    let path = entries
        .find(|path| path.file_name().unwrap().to_string_lossy().starts_with("input"))
        .unwrap_or_else(|| panic!("{} has no input", case.display()));
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    if path.is_dir() {
        (name.trim_end_matches(".d").to_owned(), zip_folder(&path))
    } else {
        (name, std::fs::read(&path).unwrap())
    }
}

fn zip_folder(folder: &Path) -> Vec<u8> {
    let mut files = Vec::new();
    collect_files(folder, folder, &mut files);
    files.sort();
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, path) in files {
        writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(&std::fs::read(path).unwrap()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn collect_files(root: &Path, folder: &Path, files: &mut Vec<(String, PathBuf)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect_files(root, &path, files);
        } else {
            files.push((path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/"), path));
        }
    }
}

/// Converts the case and returns its expectation files.
fn run(case: &Path) -> BTreeMap<String, Vec<u8>> {
    let (name, bytes) = read_input(case);
    let options = parse_options(&std::fs::read_to_string(case.join("options")).unwrap_or_default());
    let mut meter = Meter::new(Limits::default(), bytes.len() as u64);
    let mut input = Cursor::new(bytes);
    let detection = detect(&mut input, Some(&name), &meter).unwrap();
    let mut collected = Collected::default();
    let mut files = BTreeMap::new();
    let Some(converter) = detection.format.spec().converter else {
        let error = format!("no converter for {}\n", detection.format.as_str());
        files.insert("error".to_owned(), error.into_bytes());
        return files;
    };
    match converter.convert(&mut input, &options, &mut meter, &mut collected) {
        Err(error) => {
            files.insert("error".to_owned(), format!("{error}\n").into_bytes());
            return files;
        }
        Ok(()) => {
            for (n, (label, kind, bytes)) in collected.parts.into_iter().enumerate() {
                let label =
                    label.map(|label| format!(".{}", label.replace(['/', ' '], "_"))).unwrap_or_default();
                files.insert(format!("out.{n}{label}.{}", kind.extension().unwrap_or("txt")), bytes);
            }
        }
    }
    if !collected.warnings.is_empty() {
        let lines: String =
            collected.warnings.iter().map(|(code, count)| format!("{code} {count}\n")).collect();
        files.insert("warnings".to_owned(), lines.into_bytes());
    }
    files
}

fn expected(case: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(case).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with("out.") || name == "warnings" || name == "error" {
            files.insert(name, std::fs::read(&path).unwrap());
        }
    }
    files
}

fn bless(case: &Path, old: &BTreeMap<String, Vec<u8>>, new: &BTreeMap<String, Vec<u8>>) {
    for name in old.keys() {
        std::fs::remove_file(case.join(name)).unwrap();
    }
    for (name, bytes) in new {
        std::fs::write(case.join(name), bytes).unwrap();
    }
}

#[test]
fn every_case_converts_to_its_expected_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/convert");
    let blessing = std::env::var_os("DOCFERRY_BLESS").is_some();
    let mut cases = 0;
    let mut differing = Vec::new();
    let mut formats: Vec<_> = std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).collect();
    formats.sort();
    for format in formats {
        let mut folders: Vec<_> =
            std::fs::read_dir(&format).unwrap().map(|entry| entry.unwrap().path()).collect();
        folders.sort();
        for case in folders {
            cases += 1;
            let (old, new) = (expected(&case), run(&case));
            if blessing {
                bless(&case, &old, &new);
            } else if old != new {
                let show = |files: &BTreeMap<String, Vec<u8>>| {
                    files
                        .iter()
                        .map(|(name, bytes)| format!("--- {name}\n{}\n", String::from_utf8_lossy(bytes)))
                        .collect::<String>()
                };
                differing.push(format!("{}\nexpected:\n{}got:\n{}", case.display(), show(&old), show(&new)));
            }
        }
    }
    assert!(cases > 0, "no case below {}", root.display());
    assert!(differing.is_empty(), "{} of {cases} cases differ\n{}", differing.len(), differing.join("\n"));
}
