//! Finds and decodes charsets.
//!
//! A byte order mark decides, then the NUL bytes that UTF-16 and UTF-32 leave, then validity as UTF-8; only what
//! is left is guessed from statistics. The order matters: UTF-16 without a mark is often valid UTF-8 with
//! control characters, which no statistics tell apart (0 of 600 samples). A declaration in the text counts for
//! no more than a better guess, since it often lies. UTF-7 is never decoded: it would let
//! ASCII that every check has passed turn into something else.

mod declared;
mod decode;
mod guess;
mod scan;
mod wide;

use std::io::{Read, SeekFrom};

use crate::{ConvertError, Input, Meter, Options, Result};

pub use decode::Decoder;
pub use scan::{Scan, Verdict};

/// Bytes read at once.
pub(crate) const CHUNK: usize = 64 << 10;

/// How a charset is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CharsetEvidence {
    /// A byte order mark.
    Bom,
    /// The pattern of NUL bytes that UTF-16 and UTF-32 leave.
    NulPattern,
    /// The whole file is valid UTF-8.
    Valid,
    /// The text declares it, and it fits.
    Declared,
    /// A statistical guess.
    Guess,
    /// The user said so.
    Label,
    /// The user's default, where there is too little text to guess from.
    Default,
}

/// How far a charset can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confidence {
    /// The bytes or the user leave no doubt: a mark, validity as UTF-8 throughout, a label.
    Certain,
    /// Wrong in at most one of fifty files: a pattern of NUL bytes, a declaration that fits, a guess from enough text.
    High,
    /// There was too little text to tell, or it was damaged.
    Low,
}

/// A charset with how it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charset {
    /// The WHATWG name, such as `UTF-8` or `windows-1252`; also `UTF-32LE`, `UTF-32BE` and, for text that cannot
    /// be decoded, `EBCDIC`.
    pub name: &'static str,
    /// How it is known.
    pub evidence: CharsetEvidence,
    /// Whether the bytes begin with a byte order mark.
    pub bom: bool,
    /// How far it can be relied on.
    pub confidence: Confidence,
}

impl Charset {
    const fn certain(name: &'static str, evidence: CharsetEvidence, bom: bool) -> Self {
        Self { name, evidence, bom, confidence: Confidence::Certain }
    }

    const fn likely(name: &'static str, evidence: CharsetEvidence, confidence: Confidence) -> Self {
        Self { name, evidence, bom: false, confidence }
    }
}

/// What a user says about the charset of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hints {
    /// The charset of all text.
    pub label: Option<Charset>,
    /// The charset of text where there is too little of it to tell.
    pub default: Option<Charset>,
}

impl Hints {
    /// Takes the hints from the options; labels that name no charset are left out.
    #[must_use]
    pub fn of(options: &Options) -> Self {
        let charset = |label: &Option<String>| by_label(label.as_deref()?);
        Self { label: charset(&options.charset), default: charset(&options.default_charset) }
    }
}

/// Charsets without a mark that WHATWG does not list.
const UTF_32: [(&str, &str); 5] = [
    ("utf-32", "UTF-32LE"),
    ("utf32", "UTF-32LE"),
    ("utf-32le", "UTF-32LE"),
    ("ucs-4", "UTF-32LE"),
    ("utf-32be", "UTF-32BE"),
];

/// Returns the charset that a user names, by the WHATWG labels and those of UTF-32, or `None` for a name that
/// means nothing or that cannot be decoded (the WHATWG `replacement` labels, `x-user-defined`).
#[must_use]
pub fn by_label(label: &str) -> Option<Charset> {
    let label = label.trim().to_ascii_lowercase();
    let utf_32 = UTF_32.iter().find(|(known, _)| *known == label);
    let name = match utf_32 {
        Some((_, name)) => name,
        // Python writes `latin-1` and `utf_8`, where WHATWG knows `latin1` and `utf8`.
        None => [label.as_str(), &label.replace(['-', '_'], "")]
            .iter()
            .find_map(|label| encoding_rs::Encoding::for_label_no_replacement(label.as_bytes()))
            .filter(|encoding| *encoding != encoding_rs::X_USER_DEFINED)?
            .name(),
    };
    Some(Charset::certain(name, CharsetEvidence::Label, false))
}

/// What a look at all bytes gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// Text in this charset.
    Text(Charset),
    /// Text whose charset only the user can say, with what it may be: never decode by it.
    Undecided(Charset),
    /// Not text.
    Binary,
}

/// Finds the charset of `input`. Reads all of it, in constant memory.
///
/// # Errors
/// [`ConvertError::Io`] if the input cannot be read, [`ConvertError::Cancelled`].
pub fn find(input: &mut dyn Input, meter: &Meter) -> Result<Finding> {
    find_with(input, Hints::default(), meter)
}

/// Finds the charset of `input` as [`find`] does, with what the user says: a label counts for all that is text, a
/// default where there is too little text to tell.
///
/// # Errors
/// As for [`find`].
pub fn find_with(input: &mut dyn Input, hints: Hints, meter: &Meter) -> Result<Finding> {
    let mut scan = Scan::default();
    each_chunk(input, meter, 0, u64::MAX, |bytes| {
        scan.feed(bytes);
        !scan.is_binary()
    })?;
    match (scan.finish(), hints.label) {
        (Verdict::Binary, _) => Ok(Finding::Binary),
        (_, Some(label)) => Ok(Finding::Text(with_mark(input, label)?)),
        (Verdict::Known(charset), None) => Ok(Finding::Text(charset)),
        (Verdict::Open(remains), None) => guess::guess(input, meter, remains, hints.default),
    }
}

/// Returns the length of the byte order mark of a charset, 0 if it has none.
#[must_use]
pub fn mark_len(name: &str) -> u64 {
    mark(name).len() as u64
}

fn mark(name: &str) -> &'static [u8] {
    match name {
        "UTF-8" => b"\xEF\xBB\xBF",
        "UTF-16LE" => b"\xFF\xFE",
        "UTF-16BE" => b"\xFE\xFF",
        "UTF-32LE" => b"\xFF\xFE\0\0",
        "UTF-32BE" => b"\0\0\xFE\xFF",
        _ => b"",
    }
}

/// Looks whether `input` begins with the byte order mark of `charset`, which a user has named. A mark of the
/// other byte order corrects the user: `utf-16` does not say which one is meant.
///
/// # Errors
/// [`ConvertError::Io`].
pub fn with_mark(input: &mut dyn Input, charset: Charset) -> Result<Charset> {
    let mut head = Vec::new();
    input.seek(SeekFrom::Start(0)).map_err(ConvertError::Io)?;
    input.take(4).read_to_end(&mut head).map_err(ConvertError::Io)?;
    let names: &[&'static str] = match charset.name {
        "UTF-8" => &["UTF-8"],
        "UTF-16LE" | "UTF-16BE" => &["UTF-16LE", "UTF-16BE"],
        "UTF-32LE" | "UTF-32BE" => &["UTF-32LE", "UTF-32BE"],
        _ => &[],
    };
    let marked = names.iter().find(|name| head.starts_with(mark(name)));
    Ok(marked.map_or(charset, |name| Charset { name, bom: true, ..charset }))
}

/// Hands `input` from `start` to `take` in pieces, until it returns false or `limit` bytes are through.
pub(crate) fn each_chunk(
    input: &mut dyn Input,
    meter: &Meter,
    start: u64,
    limit: u64,
    mut take: impl FnMut(&[u8]) -> bool,
) -> Result<()> {
    let usize_of = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    if let Some(all) = input.in_memory() {
        let from = all.get(usize_of(start)..).unwrap_or_default();
        for piece in from[..from.len().min(usize_of(limit))].chunks(CHUNK) {
            meter.check_cancelled()?;
            if !take(piece) {
                break;
            }
        }
        return Ok(());
    }
    input.seek(SeekFrom::Start(start)).map_err(ConvertError::Io)?;
    let mut left = limit;
    let mut chunk = vec![0; CHUNK];
    while left > 0 {
        meter.check_cancelled()?;
        let want = CHUNK.min(usize_of(left));
        let n = match input.read(&mut chunk[..want]) {
            Ok(0) => break,
            Ok(n) => n,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(ConvertError::Io(e)),
        };
        left -= n as u64;
        if !take(&chunk[..n]) {
            break;
        }
    }
    Ok(())
}

/// So many bytes can be counted in a `u8`, and are whole vectors: the rest of a lane would go byte by byte.
const LANE: usize = 192;

/// Counts bytes, in lanes of `u8` that the compiler turns into vector code: a sum that is checked for overflow, which a
/// lane cannot have, would be none.
pub(crate) fn count(bytes: &[u8], is: impl Fn(u8) -> bool) -> u64 {
    let lanes = bytes.chunks(LANE);
    lanes.map(|lane| u64::from(lane.iter().fold(0_u8, |n, &byte| n.wrapping_add(is(byte).into())))).sum()
}
