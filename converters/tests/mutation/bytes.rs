//! Mutations that know nothing of a format.

use super::rng::Rng;

/// No mutation makes an input longer than this, so that a case stays cheap.
pub(crate) const MAX_BYTES: usize = 1 << 20;

const BYTES: [u8; 16] =
    [0, 1, 0x7f, 0x80, 0xff, b' ', b'\n', b'\r', b'"', b'<', b'>', b'&', b'\'', b',', b';', 0x1b];

const INTEGERS: [u64; 22] = [
    0,
    1,
    2,
    7,
    127,
    128,
    255,
    256,
    4096,
    32_767,
    32_768,
    65_535,
    65_536,
    0xff_ffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_fffe,
    0xffff_ffff,
    0x1_0000_0000,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    u64::MAX,
];

/// Marks, escapes and signatures that readers treat as something else than text.
const PIECES: [&[u8]; 18] = [
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xfe\xff",
    b"\xff\xfe\0\0",
    b"\0",
    b"\0\0\0\0",
    b"\x1b$B",
    b"\x1b(B",
    b"\x0e",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xc0\x80",
    b"\x81\x30\x81\x30",
    b"PK\x03\x04",
    b"PK\x01\x02",
    b"PK\x05\x06",
    b"\r\n\r",
    b"\"\"\"",
];

/// Changes `bytes` once. `other` is a document of the same format to take pieces from.
pub(crate) fn mutate(rng: &mut Rng, bytes: &mut Vec<u8>, other: &[u8]) -> &'static str {
    if bytes.is_empty() {
        let piece = *rng.pick(&PIECES);
        bytes.extend_from_slice(piece);
        return "begin";
    }
    let (at, range) = (rng.below(bytes.len()), rng.range(bytes.len()));
    match rng.below(13) {
        0 | 1 => {
            bytes[at] ^= 1 << rng.below(8);
            "flip"
        }
        2 => {
            bytes[at] = *rng.pick(&BYTES);
            "byte"
        }
        3 => {
            bytes[range].fill_with(|| rng.byte());
            "noise"
        }
        4 | 5 => integer(rng, bytes, at),
        6 => {
            bytes.drain(range);
            "delete"
        }
        7 => repeat(rng, bytes, range),
        8 if !other.is_empty() => {
            let piece = other[rng.range(other.len())].to_vec();
            bytes.splice(range, piece);
            "splice"
        }
        9 => {
            bytes.truncate(at);
            "truncate"
        }
        10 => {
            let byte = *rng.pick(&BYTES);
            bytes[range].fill(byte);
            "fill"
        }
        11 => {
            let piece: Vec<u8> = bytes.drain(range).collect();
            let at = rng.below(bytes.len() + 1);
            bytes.splice(at..at, piece);
            "move"
        }
        _ => {
            let piece = *rng.pick(&PIECES);
            bytes.splice(at..at, piece.iter().copied());
            "insert"
        }
    }
}

/// Sets or shifts an integer field of one to eight bytes of either order.
fn integer(rng: &mut Rng, bytes: &mut [u8], at: usize) -> &'static str {
    let width = (1 << rng.below(4)).min(bytes.len() - at);
    let field = &mut bytes[at..at + width];
    let is_little = rng.one_in(2);
    if !is_little {
        field.reverse();
    }
    let mut buffer = [0; 8];
    buffer[..width].copy_from_slice(field);
    let value = match rng.below(3) {
        0 => u64::from_le_bytes(buffer).wrapping_add(1 + rng.next() % 16),
        1 => u64::from_le_bytes(buffer).wrapping_sub(1 + rng.next() % 16),
        _ => *rng.pick(&INTEGERS),
    };
    field.copy_from_slice(&value.to_le_bytes()[..width]);
    if !is_little {
        field.reverse();
    }
    "integer"
}

fn repeat(rng: &mut Rng, bytes: &mut Vec<u8>, range: std::ops::Range<usize>) -> &'static str {
    let times = *rng.pick(&[1, 1, 2, 3, 16, 256]);
    let piece = bytes[range.clone()].repeat(times);
    if bytes.len() + piece.len() <= MAX_BYTES {
        bytes.splice(range.end..range.end, piece);
    }
    "repeat"
}
