//! The reader of PDFs: the samples as other programs count them, and the same bytes cut and changed at random.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that reads its cases from files")]

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use docferry_converters::pdf::{Survey, survey};
use docferry_converters::{ConvertError, Limits, Meter};

/// Looks at the clock after which a survey of some kilobytes is taken to be out of bounds.
const MAX_STEPS: u64 = 50_000;
/// Changed documents for each sound one.
const CHANGES: u64 = 400;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata").join(name)
}

fn look(bytes: &[u8]) -> Result<Survey, ConvertError> {
    let steps = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&steps);
    let meter = Meter::new(Limits::default(), bytes.len() as u64)
        .with_stop(move || counter.fetch_add(1, Ordering::Relaxed) >= MAX_STEPS);
    let ended = survey(&mut Cursor::new(bytes), &meter);
    assert!(!matches!(ended, Err(ConvertError::Cancelled)), "more than {MAX_STEPS} steps");
    ended
}

/// As pikepdf and LibreOffice count them.
#[test]
fn samples_have_the_pages_that_other_programs_count() {
    for (name, pages) in [
        ("SCAN_0001.PDF", 1),
        ("behind junk.pdf", 1),
        ("handbook.pdf", 4),
        ("minimal.pdf", 1),
        ("timetable", 1),
        ("timetable (web).pdf", 1),
    ] {
        let found = look(&std::fs::read(folder("samples/pdf").join(name)).unwrap());
        assert_eq!(found.unwrap(), Survey { pages, is_damaged: false }, "{name}");
    }
}

/// Returns small PDFs, sound and not.
fn seeds() -> Vec<Vec<u8>> {
    let mut paths: Vec<PathBuf> = ["samples/pdf", "hostile"]
        .iter()
        .flat_map(|name| std::fs::read_dir(folder(name)).unwrap().map(|entry| entry.unwrap().path()))
        .collect();
    paths.sort();
    let all = paths.iter().map(|path| std::fs::read(path).unwrap());
    // The bomb of an index costs a second each time; it has its own test.
    all.filter(|bytes| bytes.len() < 20_000 && memchr::memmem::find(bytes, b"%PDF-").is_some())
        .filter(|bytes| memchr::memmem::find(bytes, b"/Index[0 4294967295]").is_none())
        .collect()
}

/// Numbers that look random and are the same each time (xorshift64*).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let n = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16;
        usize::try_from(n).unwrap() % bound.max(1)
    }
}

#[test]
fn changed_documents_end_within_bounds_and_the_same_way_each_time() {
    let seeds = seeds();
    assert!(seeds.len() >= 20, "{} seeds", seeds.len());
    let words: [&[u8]; 8] =
        [b"0 R", b"<<", b"]", b"/Kids", b"/Prev 9", b"4294967295", b"endobj\n1 0 obj", b"stream\n"];
    for (at, seed) in seeds.iter().enumerate() {
        let mut dice = Dice(at as u64 + 1);
        for _ in 0..CHANGES {
            let mut bytes = seed.clone();
            for _ in 0..=dice.below(4) {
                let place = dice.below(bytes.len());
                match dice.below(4) {
                    0 => bytes[place] = u8::try_from(dice.below(256)).unwrap(),
                    1 => {
                        let word = words[dice.below(words.len())];
                        let end = (place + word.len()).min(bytes.len());
                        bytes.splice(place..end, word.iter().copied());
                    }
                    2 => {
                        let end = (place + 1 + dice.below(40)).min(bytes.len());
                        bytes.drain(place..end);
                    }
                    _ => {
                        let end = (place + 1 + dice.below(200)).min(bytes.len());
                        let again = bytes[place..end].to_vec();
                        bytes.splice(place..place, again);
                    }
                }
                if bytes.is_empty() {
                    break;
                }
            }
            let told = |found: Result<Survey, ConvertError>| found.map_err(|error| error.to_string());
            let first = told(look(&bytes));
            assert!(first.as_ref().is_ok_and(|survey| survey.pages > 0) || first.is_err());
            assert_eq!(first, told(look(&bytes)));
        }
    }
}

#[test]
fn what_is_cut_short_is_never_sound() {
    let whole = std::fs::read(folder("samples/pdf/minimal.pdf")).unwrap();
    let end = memchr::memmem::rfind(&whole, b"startxref").unwrap();
    for length in 0..end {
        let found = look(&whole[..length]);
        assert!(matches!(found, Err(ConvertError::Corrupt { .. })), "{length}: {found:?}");
    }
}
