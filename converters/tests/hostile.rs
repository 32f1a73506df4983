//! Walks `testdata/hostile/`: each file gives the outcome that `expectations` names, in few steps and few bytes.
//!
//! A line of `expectations` is a file name, a blank, and `ok`, the pages of a PDF, or the start of the error. What a conversion does is
//! counted by its checks of the meter, which it makes for every chunk that it reads or writes.
//! `DOCFERRY_BLESS=1 cargo test -p docferry-converters --test hostile` rewrites the file.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that reads its cases from files, and stops at what is wrong with them"
)]

use std::collections::BTreeMap;
use std::io::Cursor;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use docferry_converters::detect::detect;
use docferry_converters::formats::Format;
use docferry_converters::pdf::{self, Survey};
use docferry_converters::{ConvertError, Converter, Limits, Meter, Options, PartKind, Sink, Warning};

/// Checks of the meter after which a conversion of 4 KiB is taken to be out of bounds.
const MAX_STEPS: u64 = 20_000;
const MAX_OUTPUT_BYTES: u64 = 32 << 20;

struct Counted(u64);

impl Sink for Counted {
    fn begin_part(&mut self, _: Option<&str>, _: PartKind) -> std::io::Result<()> {
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0 += bytes.len() as u64;
        Ok(())
    }

    fn warn(&mut self, _: Warning) {}
}

/// Detects and converts as the product does, and says how that ended.
fn outcome(name: &str, bytes: &[u8]) -> String {
    let steps = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&steps);
    let mut meter = Meter::new(Limits::default(), bytes.len() as u64)
        .with_stop(move || counter.fetch_add(1, Ordering::Relaxed) >= MAX_STEPS);
    let mut input = Cursor::new(bytes);
    let found = detect(&mut input, Some(name), &meter).unwrap();
    if found.format == Format::Pdf {
        let surveyed = pdf::survey(&mut input, &meter);
        assert!(!matches!(surveyed, Err(ConvertError::Cancelled)), "{name}: more than {MAX_STEPS} steps");
        let Survey { pages, is_damaged } = match surveyed {
            Ok(survey) => survey,
            Err(error) => return error.to_string(),
        };
        let kind = if is_damaged { " of a damaged PDF" } else { "" };
        return format!("{pages} pages{kind}, {}", split(name, &mut input, pages, &mut meter));
    }
    let Some(converter) = found.format.spec().converter else {
        return format!("no converter for {}", found.format.as_str());
    };
    let mut sink = Counted(0);
    let ended = converter.convert(&mut input, &Options::default(), &mut meter, &mut sink);
    assert!(!matches!(ended, Err(ConvertError::Cancelled)), "{name}: more than {MAX_STEPS} steps");
    assert!(sink.0 <= MAX_OUTPUT_BYTES, "{name}: {} bytes of output", sink.0);
    ended.map_or_else(|error| error.to_string(), |()| "ok".to_owned())
}

/// Splits a PDF into its pages, and says how that ended.
fn split(name: &str, input: &mut Cursor<&[u8]>, pages: u64, meter: &mut Meter) -> String {
    let options = Options { split_pdf: NonZeroUsize::new(1), ..Options::default() };
    let mut sink = Counted(0);
    let ended = pdf::Splitter.convert(input, &options, meter, &mut sink);
    assert!(sink.0 <= MAX_OUTPUT_BYTES, "{name}: {} bytes of output for {pages} pages", sink.0);
    ended.map_or_else(|error| format!("not split: {error}"), |()| "split".to_owned())
}

#[test]
fn hostile_files_end_as_expected_within_bounds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/hostile");
    let mut outcomes = BTreeMap::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name != "README.md" && name != "expectations" {
            outcomes.insert(name.clone(), outcome(&name, &std::fs::read(&path).unwrap()));
        }
    }
    let list = folder.join("expectations");
    if std::env::var_os("DOCFERRY_BLESS").is_some() {
        let lines: String = outcomes.iter().map(|(name, ended)| format!("{name} {ended}\n")).collect();
        std::fs::write(&list, lines).unwrap();
        return;
    }
    let text = std::fs::read_to_string(&list).unwrap();
    let expected: BTreeMap<_, _> = text.lines().map(|line| line.split_once(' ').unwrap()).collect();
    for (name, ended) in &outcomes {
        let Some(expected) = expected.get(name.as_str()) else {
            panic!("{name} is not in the list; it ended with: {ended}");
        };
        assert!(ended.starts_with(expected), "{name}: {ended}, not: {expected}");
    }
    assert_eq!(outcomes.len(), expected.len(), "the list names files that are not there");
}
