//! Mutations of binary workbooks: records of an identifier, a length and a body.

use std::collections::HashMap;

use super::bytes;
use super::rng::Rng;

/// How the head of a record is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Dialect {
    /// Identifier and length of two bytes each ([MS-XLS] 2.1.4).
    Biff8,
    /// Identifier of one or two bytes, length of one to four, seven bits a byte ([MS-XLSB] 2.1.4).
    Biff12,
}

#[derive(Clone)]
struct Record {
    /// Where it stood, to mend what points to it.
    at: Option<usize>,
    id: Vec<u8>,
    body: Vec<u8>,
    /// A length that is not that of the body.
    lie: Option<usize>,
}

const BOUND_SHEET: [u8; 2] = [0x85, 0];
/// The lengths of bodies that readers have to refuse.
const LIES: [usize; 6] = [0, 1, 0x7f, 0x2020, 0xffff, 0x0fff_ffff];

/// Changes a stream of records once or twice.
pub(crate) fn mutate(rng: &mut Rng, dialect: Dialect, stream: &mut Vec<u8>, other: &[u8]) -> &'static str {
    let mut records = parse(dialect, stream);
    if records.len() < 2 {
        return bytes::mutate(rng, stream, other);
    }
    let at = rng.below(records.len());
    let name = match rng.below(14) {
        0..=6 => {
            let theirs = records[rng.below(records.len())].body.clone();
            bytes::mutate(rng, &mut records[at].body, &theirs)
        }
        7 => {
            records.remove(at);
            "delete record"
        }
        8 => {
            let end = (at + 1 + rng.below(4)).min(records.len());
            let times = *rng.pick(&[1, 1, 2, 40, 1000]);
            let copies: Vec<_> = records[at..end].iter().cloned().map(|r| Record { at: None, ..r }).collect();
            records.splice(end..end, copies.into_iter().cycle().take((end - at) * times));
            "repeat records"
        }
        9 => {
            let record = records.remove(at);
            let to = rng.below(records.len());
            records.insert(to, record);
            "move record"
        }
        10 => {
            records[at].id = records[rng.below(records.len())].id.clone();
            "rename record"
        }
        11 => {
            records[at].lie = Some(*rng.pick(&LIES));
            "length of a record"
        }
        12 => {
            let theirs = parse(dialect, other);
            if !theirs.is_empty() {
                let record = Record { at: None, ..rng.pick(&theirs).clone() };
                records.insert(at, record);
            }
            "take record"
        }
        _ => {
            // Cuts a body in two, the second half in a record that continues it.
            let half = records[at].body.len() / 2;
            let rest = records[at].body.split_off(half);
            let id = if dialect == Dialect::Biff8 { vec![0x3c, 0] } else { records[at].id.clone() };
            records.insert(at + 1, Record { at: None, id, body: rest, lie: None });
            "cut record"
        }
    };
    *stream = write(dialect, records);
    name
}

fn parse(dialect: Dialect, stream: &[u8]) -> Vec<Record> {
    let mut records = Vec::new();
    let mut at = 0;
    while let Some((id, len, head)) = head(dialect, &stream[at..]) {
        let start = at + head;
        let end = start.saturating_add(len).min(stream.len());
        records.push(Record { at: Some(at), id, body: stream[start..end].to_vec(), lie: None });
        at = end;
    }
    records
}

/// Returns the identifier, the length of the body and that of the head.
fn head(dialect: Dialect, bytes: &[u8]) -> Option<(Vec<u8>, usize, usize)> {
    if dialect == Dialect::Biff8 {
        let len = u16::from_le_bytes([*bytes.get(2)?, *bytes.get(3)?]);
        return Some((bytes[..2].to_vec(), len.into(), 4));
    }
    let id = if *bytes.first()? & 0x80 == 0 { &bytes[..1] } else { bytes.get(..2)? };
    let mut len = 0;
    for n in 0..4 {
        let byte = *bytes.get(id.len() + n)?;
        len |= usize::from(byte & 0x7f) << (7 * n);
        if byte & 0x80 == 0 || n == 3 {
            return Some((id.to_vec(), len, id.len() + n + 1));
        }
    }
    None
}

fn write(dialect: Dialect, mut records: Vec<Record>) -> Vec<u8> {
    let mut places = HashMap::new();
    let mut out = Vec::new();
    for record in &mut records {
        if let Some(at) = record.at {
            places.insert(at, out.len());
        }
        if dialect == Dialect::Biff8 {
            record.body.truncate(0xffff);
        }
        put(dialect, record, &mut out);
    }
    if dialect == Dialect::Biff12 {
        return out;
    }
    // The list of sheets holds their places in the stream ([MS-XLS] 2.4.28).
    let mut at = 0;
    for record in &records {
        if record.id == BOUND_SHEET && record.body.len() >= 4 && record.at.is_some() {
            let old = record.body[..4].iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            if let Some(new) = places.get(&old).and_then(|place| u32::try_from(*place).ok()) {
                out[at + 4..at + 8].copy_from_slice(&new.to_le_bytes());
            }
        }
        at += 4 + record.body.len();
    }
    out
}

fn put(dialect: Dialect, record: &Record, out: &mut Vec<u8>) {
    let len = record.lie.unwrap_or(record.body.len());
    out.extend_from_slice(&record.id);
    if dialect == Dialect::Biff8 {
        out.extend_from_slice(&u16::try_from(len).unwrap_or(u16::MAX).to_le_bytes());
    } else {
        let mut rest = len;
        for n in 0..4 {
            let more = rest > 0x7f && n < 3;
            out.push(u8::try_from(rest & 0x7f).unwrap_or(0) | if more { 0x80 } else { 0 });
            rest >>= 7;
            if !more {
                break;
            }
        }
    }
    out.extend_from_slice(&record.body);
}
