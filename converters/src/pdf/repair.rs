//! The places of a PDF's objects where its index does not tell them: found by a look through the whole file, as readers of
//! PDFs do.

use super::lexer::{Value, is_regular, is_space};
use super::store::{Place, Store};
use super::xref::Trailer;
use crate::{ConvertError, Result};

const CHUNK_BYTES: usize = 256 << 10;
/// What a sign may have before it: two numbers and white space.
const OVERLAP_BYTES: usize = 64;
/// Trailers, roots and streams of objects that are looked at, each.
const MAX_SIGNS: usize = 10_000;

/// What the file shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Object,
    Pack,
    Index,
    Root,
    Trailer,
}

const SIGNS: [(&[u8], Sign); 5] = [
    (b"obj", Sign::Object),
    (b"/ObjStm", Sign::Pack),
    (b"/XRef", Sign::Index),
    (b"/Catalog", Sign::Root),
    (b"trailer", Sign::Trailer),
];

#[derive(Debug, Default)]
struct Signs {
    packs: Vec<u32>,
    indexes: Vec<u64>,
    roots: Vec<u32>,
    trailers: Vec<u64>,
}

/// Notes where the objects are, and returns what the trailers say.
pub(super) fn find(store: &mut Store<'_>) -> Result<Trailer> {
    store.forget();
    let signs = look(store)?;
    for pack in signs.packs {
        let numbers = match store.numbers_in(pack) {
            // One damaged stream of objects does not hide the others.
            Err(ConvertError::Corrupt { .. } | ConvertError::Unsupported(_)) => continue,
            numbers => numbers?,
        };
        for number in numbers {
            store.note(number, Place::In(pack))?;
        }
    }
    let mut trailer = Trailer::default();
    for at in signs.trailers.into_iter().rev() {
        if let Some(Value::Dict(dict)) = passable(store.parse(at, super::lexer::value))? {
            trailer.add(&dict);
        }
    }
    for at in signs.indexes.into_iter().rev() {
        if let Some(Value::Dict(dict)) = passable(store.object_at(at).map(|found| found.value))? {
            trailer.add(&dict);
        }
    }
    trailer.root = trailer.root.or(signs.roots.last().map(|root| Value::Ref(*root)));
    Ok(trailer)
}

/// Turns damage into nothing.
fn passable<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(ConvertError::Corrupt { .. } | ConvertError::Unsupported(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn look(store: &mut Store<'_>) -> Result<Signs> {
    let mut signs = Signs::default();
    let mut last = None;
    let mut from = 0;
    let mut seen = Vec::new();
    loop {
        store.meter.check_cancelled()?;
        let chunk = store.bytes(from, CHUNK_BYTES)?;
        let is_last = chunk.len() < CHUNK_BYTES;
        seen.clear();
        for (text, sign) in SIGNS {
            for at in memchr::memmem::find_iter(chunk, text) {
                // The last bytes of the chunk before come again; what is whole in them was seen.
                if from == 0 || at + text.len() > OVERLAP_BYTES {
                    seen.extend(meaning(chunk, at, text, sign).map(|(start, number)| (start, sign, number)));
                }
            }
        }
        seen.sort_by_key(|(start, ..)| *start);
        for &(start, sign, number) in &seen {
            let at = from + start as u64;
            if sign == Sign::Object {
                last = Some((number, at));
                store.note_newer(number, Place::At(at))?;
            } else {
                signs.take(sign, at, last);
            }
        }
        if is_last {
            return Ok(signs);
        }
        from += (CHUNK_BYTES - OVERLAP_BYTES) as u64;
    }
}

/// Returns where a sign begins, and the number of an object.
fn meaning(chunk: &[u8], at: usize, text: &[u8], sign: Sign) -> Option<(usize, u32)> {
    let after = at + text.len();
    match sign {
        Sign::Object => head(chunk.get(..at)?),
        Sign::Trailer => Some((after, 0)),
        Sign::Pack | Sign::Index | Sign::Root => {
            chunk.get(after).is_none_or(|byte| !is_regular(*byte)).then_some((at, 0))
        }
    }
}

/// Reads `N G ` backwards.
fn head(before: &[u8]) -> Option<(usize, u32)> {
    let rest = before.trim_ascii_end();
    let digits = |text: &[u8]| text.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let generation = digits(rest);
    let rest = rest.get(..rest.len() - generation)?;
    let number = rest.trim_ascii_end();
    if generation == 0 || !rest.last().is_some_and(|byte| is_space(*byte)) {
        return None;
    }
    let length = digits(number);
    let start = number.len() - length;
    let n = super::lexer::number(number.get(start..)?)?;
    Some((start, u32::try_from(n).ok()?))
}

impl Signs {
    fn take(&mut self, sign: Sign, at: u64, last: Option<(u32, u64)>) {
        let add = |list: &mut Vec<u64>, at| {
            if list.len() < MAX_SIGNS && list.last() != Some(&at) {
                list.push(at);
            }
        };
        let number = last.map(|(number, _)| number);
        match (sign, last) {
            (Sign::Trailer, _) => add(&mut self.trailers, at),
            (Sign::Index, Some((_, start))) => add(&mut self.indexes, start),
            (Sign::Pack, _) if self.packs.len() < MAX_SIGNS => self.packs.extend(number),
            (Sign::Root, _) if self.roots.len() < MAX_SIGNS => self.roots.extend(number),
            _ => {}
        }
    }
}
