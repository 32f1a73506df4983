//! The decoded bytes of a stream that the structure is kept in: `FlateDecode` with PNG predictors, or no filter.

use flate2::{Decompress, FlushDecompress, Status};

use super::lexer::{Dict, Value};
use super::store::{Store, corrupt};
use crate::{ConvertError, Result};

const CHUNK_BYTES: usize = 16 << 10;
/// The longest row of a predictor; those of cross-reference streams have at most 24 bytes.
const MAX_ROW_BYTES: u64 = 64 << 10;

/// What a stream holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// Objects.
    Objects,
    /// Rows of an index. Those of an honest file are alike, and compress beyond the ratio of other streams; whoever
    /// takes them counts them.
    Rows,
}

/// Hands the decoded bytes of the stream at `start` to `take`.
pub(super) fn stream(
    store: &mut Store<'_>,
    (dict, start): (&Dict, u64),
    holds: Holds,
    take: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let filter = one(dict, &["Filter", "F"])?;
    let parms = one(dict, &["DecodeParms", "DP"])?;
    match filter {
        None => plain(store, dict, start, take),
        Some(Value::Name(name)) if matches!(&*name, b"FlateDecode" | b"Fl") => {
            let mut predictor = Predictor::of(parms.as_ref())?;
            flate(store, start, holds, &mut |chunk| match &mut predictor {
                None => take(chunk),
                Some(predictor) => predictor.feed(chunk, take),
            })
        }
        Some(_) => Err(ConvertError::Unsupported("the filter of a stream of the PDF's structure".to_owned())),
    }
}

/// Returns the only filter, or its parameters.
fn one(dict: &Dict, keys: &[&str]) -> Result<Option<Value>> {
    match keys.iter().find_map(|key| dict.get(key)) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(all)) => match all.as_slice() {
            [] | [Value::Null] => Ok(None),
            [only] => Ok(Some(only.clone())),
            _ => Err(ConvertError::Unsupported("more than one filter in a PDF's structure".to_owned())),
        },
        Some(only) => Ok(Some(only.clone())),
    }
}

fn plain(
    store: &mut Store<'_>,
    dict: &Dict,
    start: u64,
    take: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let length = match dict.get("Length") {
        Some(length) => store.resolve(&length.clone())?.number(),
        None => None,
    };
    let mut left = length.ok_or_else(|| corrupt("a stream has no length"))?;
    let mut at = start;
    while left > 0 {
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(CHUNK_BYTES);
        let chunk = store.bytes(at, wanted)?;
        let n = chunk.len() as u64;
        if n == 0 {
            return Err(corrupt("a stream lies outside the file"));
        }
        take(chunk)?;
        (at, left) = (at + n, left - n);
    }
    Ok(())
}

/// Inflates until the compressed data itself ends: lengths of streams lie.
fn flate(
    store: &mut Store<'_>,
    start: u64,
    holds: Holds,
    take: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let broken = || corrupt("the compressed data of a stream is damaged");
    let mut inflate = Decompress::new(true);
    let mut out = vec![0; CHUNK_BYTES];
    loop {
        let (read, wrote) = (inflate.total_in(), inflate.total_out());
        let chunk = store.bytes(start.saturating_add(read), CHUNK_BYTES)?;
        let is_end = chunk.is_empty();
        let status = inflate.decompress(chunk, &mut out, FlushDecompress::None).map_err(|_| broken())?;
        let made = inflate.total_out() - wrote;
        if made > 0 {
            let n = usize::try_from(made).unwrap_or(0);
            let compressed = if holds == Holds::Rows { inflate.total_out() } else { inflate.total_in() };
            store.meter.inflated(made, inflate.total_out(), compressed)?;
            take(out.get(..n).unwrap_or_default())?;
        }
        match status {
            Status::StreamEnd => return Ok(()),
            _ if made == 0 && (is_end || inflate.total_in() == read) => return Err(broken()),
            _ => {}
        }
    }
}

/// Undoes the filters of PNG (RFC 2083, section 6) row by row.
struct Predictor {
    row: Vec<u8>,
    before: Vec<u8>,
    columns: usize,
    pixel: usize,
}

impl Predictor {
    fn of(parms: Option<&Value>) -> Result<Option<Self>> {
        let Some(Value::Dict(parms)) = parms else { return Ok(None) };
        let number = |key: &str, default: u64| parms.number(key).unwrap_or(default);
        match number("Predictor", 1) {
            0 | 1 => return Ok(None),
            10..=15 => {}
            _ => return Err(ConvertError::Unsupported("a predictor of the PDF's structure".to_owned())),
        }
        let bits = number("Colors", 1).saturating_mul(number("BitsPerComponent", 8));
        let row = bits.saturating_mul(number("Columns", 1)).div_ceil(8);
        if row == 0 || row > MAX_ROW_BYTES {
            return Err(corrupt("a predictor has rows beyond reason"));
        }
        let columns = usize::try_from(row).unwrap_or(0);
        let pixel = usize::try_from(bits.div_ceil(8)).unwrap_or(1);
        Ok(Some(Self { row: Vec::with_capacity(columns + 1), before: vec![0; columns], columns, pixel }))
    }

    fn feed(&mut self, mut bytes: &[u8], take: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        while !bytes.is_empty() {
            let room = (self.columns + 1).saturating_sub(self.row.len()).min(bytes.len());
            let (now, later) = bytes.split_at(room);
            self.row.extend_from_slice(now);
            bytes = later;
            if self.row.len() > self.columns {
                self.undo()?;
                take(&self.before)?;
                self.row.clear();
            }
        }
        Ok(())
    }

    fn undo(&mut self) -> Result<()> {
        let Some((kind, coded)) = self.row.split_first() else { return Ok(()) };
        let mut decoded = Vec::with_capacity(self.columns);
        for (at, byte) in coded.iter().enumerate() {
            let behind =
                |row: &[u8]| at.checked_sub(self.pixel).and_then(|at| row.get(at)).copied().unwrap_or(0);
            let (left, up, corner) =
                (behind(&decoded), self.before.get(at).copied().unwrap_or(0), behind(&self.before));
            let guess = match kind {
                0 => 0,
                1 => left,
                2 => up,
                3 => left.midpoint(up),
                4 => paeth(left, up, corner),
                _ => return Err(corrupt("a predictor names no filter of PNG")),
            };
            decoded.push(byte.wrapping_add(guess));
        }
        self.before = decoded;
        Ok(())
    }
}

fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let [a, b, c] = [left, up, corner].map(i16::from);
    let guess = a + b - c;
    let [da, db, dc] = [a, b, c].map(|near| (guess - near).abs());
    if da <= db && da <= dc {
        left
    } else if db <= dc {
        up
    } else {
        corner
    }
}
