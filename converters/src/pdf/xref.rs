//! The cross-reference data of a PDF (ISO 32000-1, 7.5.4 to 7.5.8): tables, streams, and both at once.

use std::collections::HashSet;

use super::inflate::{self, Holds};
use super::lexer::{self, Bad, Dict, Lexer, Value};
use super::store::{Found, Place, Store, corrupt};
use crate::Result;

/// Where the end of the file is looked for; ISO 32000-1 says the last 1,024 bytes.
const TAIL_BYTES: u64 = 4 << 10;
/// Updates of a file; each adds a section.
const MAX_SECTIONS: usize = 4_096;
/// Rows or entries between two looks at the clock.
const STEP: u64 = 4_096;

/// What the trailers say.
#[derive(Debug, Default)]
pub(super) struct Trailer {
    /// The document's root.
    pub(super) root: Option<Value>,
    /// Whether any of them says how the document is encrypted.
    pub(super) is_encrypted: bool,
}

impl Trailer {
    /// Takes what an older trailer says.
    pub(super) fn add(&mut self, dict: &Dict) {
        let said = |key| dict.get(key).filter(|value| **value != Value::Null);
        self.is_encrypted |= said("Encrypt").is_some();
        if self.root.is_none() {
            self.root = said("Root").cloned();
        }
    }
}

/// Returns where the newest section is; `None` if the end of the file does not say.
pub(super) fn start(store: &mut Store<'_>) -> Result<Option<u64>> {
    let size = store.size_bytes();
    let from = size.saturating_sub(TAIL_BYTES);
    let tail = store.bytes(from, usize::try_from(TAIL_BYTES).unwrap_or_default())?;
    let Some(at) = memchr::memmem::rfind(tail, b"startxref") else {
        let is_end = memchr::memmem::rfind(tail, b"%%EOF").is_some();
        return if is_end { Ok(None) } else { Err(corrupt("it has no end (the file may be cut short)")) };
    };
    let mut lexer = Lexer::new(tail.get(at + 9..).unwrap_or_default());
    Ok(lexer::number(lexer.word()))
}

/// Reads all sections from the newest one on.
pub(super) fn read(store: &mut Store<'_>, start: u64) -> Result<Trailer> {
    let mut trailer = Trailer::default();
    let mut seen = HashSet::new();
    let mut next = Some(start);
    while let Some(offset) = next {
        if !seen.insert(offset) {
            break;
        }
        if seen.len() > MAX_SECTIONS {
            return Err(corrupt("its index has more than 4,096 sections"));
        }
        let dict = section(store, offset)?;
        trailer.add(&dict);
        if let Some(also) = dict.number("XRefStm")
            && seen.insert(also)
        {
            trailer.add(&section(store, also)?);
        }
        next = dict.number("Prev");
    }
    Ok(trailer)
}

fn section(store: &mut Store<'_>, offset: u64) -> Result<Dict> {
    let offset = offset.checked_add(store.shift).filter(|at| *at < store.size_bytes());
    let offset = offset.ok_or_else(|| corrupt("its index lies outside the file"))?;
    let mut lexer = Lexer::new(store.bytes(offset, 64)?);
    match lexer.word() {
        b"xref" => {
            let at = offset + lexer.at as u64;
            table(store, at)
        }
        _ => {
            let found = store.object_at(offset)?;
            rows(store, found)
        }
    }
}

/// Reads a table from behind its keyword. Entries are taken word by word: many are a byte shorter than they should be.
fn table(store: &mut Store<'_>, mut at: u64) -> Result<Dict> {
    let broken = || corrupt("its index cannot be read");
    loop {
        let head = word(store, &mut at)?;
        if head == b"trailer" {
            return trailer(store, at);
        }
        let mut first = lexer::number(&head).ok_or_else(broken)?;
        let count = lexer::number(&word(store, &mut at)?).ok_or_else(broken)?;
        for n in 0..count {
            if n % STEP == 0 {
                store.meter.check_cancelled()?;
            }
            let offset = word(store, &mut at)?;
            if offset == b"trailer" {
                return trailer(store, at);
            }
            let offset = lexer::number(&offset).ok_or_else(broken)?;
            let generation = lexer::number(&word(store, &mut at)?).ok_or_else(broken)?;
            let kind = word(store, &mut at)?;
            // A common fault: the first entry is that of object 0, whatever the section says.
            if n == 0 && first == 1 && (generation, kind.as_slice()) == (65_535, b"f") {
                first = 0;
            }
            let place = match kind.as_slice() {
                b"n" if offset > 0 => Place::At(offset),
                b"n" | b"f" => Place::Free,
                _ => return Err(broken()),
            };
            let number = first.checked_add(n).and_then(|n| u32::try_from(n).ok()).ok_or_else(broken)?;
            store.note(number, place)?;
        }
    }
}

fn trailer(store: &mut Store<'_>, at: u64) -> Result<Dict> {
    match store.parse(at, lexer::value)? {
        Value::Dict(dict) => Ok(dict),
        _ => Err(corrupt("its trailer is no dictionary")),
    }
}

/// Returns the next word and goes behind it.
fn word(store: &mut Store<'_>, at: &mut u64) -> Result<Vec<u8>> {
    let (word, end) = store.parse(*at, |lexer| {
        let word = lexer.word().to_vec();
        match word.len() {
            // One that touches the end of what is looked at may go on.
            0..=32 if lexer.is_at_end() => Err(Bad::Short),
            1..=32 => Ok((word, lexer.at)),
            _ => Err(Bad::Wrong("its index cannot be read")),
        }
    })?;
    *at += end as u64;
    Ok(word)
}

/// Reads the rows of a cross-reference stream.
fn rows(store: &mut Store<'_>, found: Found) -> Result<Dict> {
    let broken = || corrupt("its index cannot be read");
    let (Value::Dict(dict), Some(start)) = (found.value, found.stream) else { return Err(broken()) };
    if !dict.is("Type", "XRef") {
        return Err(corrupt("its index is not where its end says"));
    }
    let mut numbers = Numbers::of(&dict).ok_or_else(broken)?;
    let Some(Value::Array(widths)) = dict.get("W") else { return Err(broken()) };
    let width = |at: usize| widths.get(at).and_then(Value::number).filter(|width| *width <= 8);
    let (Some(kind), Some(second), Some(third)) = (width(0), width(1), width(2)) else {
        return Err(broken());
    };
    let widths = [kind, second, third].map(|width| usize::try_from(width).unwrap_or(0));
    let length: usize = widths.iter().sum();
    if length == 0 {
        return Err(broken());
    }
    let mut places = Vec::new();
    let mut row = Vec::with_capacity(length);
    let meter = store.meter;
    inflate::stream(store, (&dict, start), Holds::Rows, &mut |mut bytes| {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at((length - row.len()).min(bytes.len()));
            row.extend_from_slice(now);
            bytes = later;
            if row.len() == length {
                // Counted here and again when it is noted: as long as this lasts, it is held twice.
                meter.resident(16)?;
                places.extend(numbers.next().map(|number| (number, place(&row, widths))));
                row.clear();
            }
        }
        Ok(())
    })?;
    for (number, place) in places {
        store.note(number, place)?;
    }
    Ok(dict)
}

fn place(row: &[u8], [kind, second, third]: [usize; 3]) -> Place {
    let field = |from: usize, width: usize| {
        let bytes = row.get(from..from + width).unwrap_or_default();
        bytes.iter().fold(0u64, |n, byte| n << 8 | u64::from(*byte))
    };
    let kind_of = if kind == 0 { 1 } else { field(0, kind) };
    let (first, _index) = (field(kind, second), field(kind + second, third));
    match kind_of {
        1 => Place::At(first),
        2 => u32::try_from(first).map_or(Place::Free, Place::In),
        _ => Place::Free,
    }
}

/// The numbers of the objects of a cross-reference stream, in the order of its rows.
struct Numbers {
    spans: Vec<(u64, u64)>,
}

impl Numbers {
    fn of(dict: &Dict) -> Option<Self> {
        let mut spans = match dict.get("Index") {
            Some(Value::Array(index)) => {
                let numbers: Option<Vec<u64>> = index.iter().map(Value::number).collect();
                numbers?
                    .chunks_exact(2)
                    .map(|pair| Some((*pair.first()?, *pair.last()?)))
                    .collect::<Option<_>>()?
            }
            _ => vec![(0, dict.number("Size")?)],
        };
        spans.reverse();
        Some(Self { spans })
    }
}

impl Iterator for Numbers {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        loop {
            let (first, count) = self.spans.last_mut()?;
            if *count > 0 {
                let number = *first;
                (*first, *count) = (first.checked_add(1)?, *count - 1);
                return u32::try_from(number).ok();
            }
            self.spans.pop();
        }
    }
}
