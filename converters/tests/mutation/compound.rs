//! Mutations within the streams of compound files, which leave the container sound.

use super::bytes;
use super::records::{self, Dialect};
use super::rng::Rng;

/// Where the bytes of a stream lie in the file.
#[derive(Debug, Clone)]
pub(crate) struct Stream {
    is_workbook: bool,
    /// Offset and length of each piece.
    pieces: Vec<(usize, usize)>,
}

const SIGNATURE: [u8; 8] = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
const MINI_LIMIT: usize = 4096;
const MINI_SECTOR: usize = 64;

/// A view of a file that is known to be a sound one; only its first 109 FAT sectors are looked at.
struct File<'a> {
    bytes: &'a [u8],
    sector: usize,
    fat: Vec<usize>,
}

/// Finds the streams, or none in a file that is not sound ([MS-CFB] 2).
pub(crate) fn streams(bytes: &[u8]) -> Option<Vec<Stream>> {
    if !bytes.starts_with(&SIGNATURE) {
        return None;
    }
    let sector =
        1_usize.checked_shl(u32::try_from(short(bytes, 30)?).ok()?).filter(|s| [512, 4096].contains(s))?;
    let mut file = File { bytes, sector, fat: Vec::new() };
    for n in 0..109 {
        let at = word(bytes, 76 + 4 * n)?;
        if at >= 0xffff_fffa {
            break;
        }
        for entry in 0..sector / 4 {
            file.fat.push(word(bytes, (at + 1) * sector + 4 * entry)?);
        }
    }
    let directory = file.chain(word(bytes, 48)?)?;
    let entries: Vec<usize> =
        directory.iter().flat_map(|sector| (0..file.sector / 128).map(move |n| sector + 128 * n)).collect();
    let mini_stream = file.chain(word(bytes, entries.first()? + 116)?).unwrap_or_default();
    let mini_fat = file.chain(word(bytes, 60)?).unwrap_or_default();
    let mut found = Vec::new();
    for entry in entries {
        if bytes.get(entry + 66) == Some(&2) {
            found.extend(file.stream(entry, &mini_stream, &mini_fat));
        }
    }
    (!found.is_empty()).then_some(found)
}

impl File<'_> {
    /// Returns the offsets of a chain's sectors.
    fn chain(&self, first: usize) -> Option<Vec<usize>> {
        let mut offsets = Vec::new();
        let mut at = first;
        while at < 0xffff_fffa {
            let offset = (at + 1) * self.sector;
            if offset + self.sector > self.bytes.len() || offsets.len() > self.fat.len() {
                return None;
            }
            offsets.push(offset);
            at = *self.fat.get(at)?;
        }
        Some(offsets)
    }

    fn stream(&self, entry: usize, mini_stream: &[usize], mini_fat: &[usize]) -> Option<Stream> {
        let (first, size) = (word(self.bytes, entry + 116)?, word(self.bytes, entry + 120)?);
        let name = self.bytes.get(entry..entry + 16)?;
        let is_workbook =
            name.starts_with(b"W\0o\0r\0k\0b\0o\0o\0k\0") || name.starts_with(b"B\0o\0o\0k\0\0\0");
        let mut pieces = Vec::new();
        if size >= MINI_LIMIT {
            pieces = self.chain(first)?.into_iter().map(|offset| (offset, self.sector)).collect();
        } else {
            let mut at = first;
            while at < 0xffff_fffa && pieces.len() * MINI_SECTOR < size {
                let offset = at * MINI_SECTOR;
                pieces.push((mini_stream.get(offset / self.sector)? + offset % self.sector, MINI_SECTOR));
                at = word(self.bytes, mini_fat.get(at * 4 / self.sector)? + at * 4 % self.sector)?;
            }
        }
        Some(Stream { is_workbook, pieces })
    }
}

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    let field = bytes.get(at..at + 4)?;
    Some(field.iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
}

fn short(bytes: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(*bytes.get(at)?) | usize::from(*bytes.get(at + 1)?) << 8)
}

/// Changes one stream, mostly that of the workbook. What it grows beyond its sectors is lost.
pub(crate) fn mutate(
    rng: &mut Rng,
    file: &mut Vec<u8>,
    streams: &[Stream],
    other: &Other<'_>,
) -> &'static str {
    if rng.one_in(12) {
        return bytes::mutate(rng, file, other.bytes);
    }
    let workbook = streams.iter().find(|stream| stream.is_workbook).filter(|_| !rng.one_in(12));
    let stream = workbook.unwrap_or_else(|| rng.pick(streams));
    let mut content = read(file, stream);
    let theirs =
        other.streams.iter().find(|s| s.is_workbook).map(|s| read(other.bytes, s)).unwrap_or_default();
    let name = if stream.is_workbook {
        records::mutate(rng, Dialect::Biff8, &mut content, &theirs)
    } else {
        bytes::mutate(rng, &mut content, &theirs)
    };
    let mut rest = &*content;
    for (offset, len) in &stream.pieces {
        let Some(piece) = file.get_mut(*offset..offset + len) else { break };
        let n = rest.len().min(piece.len());
        piece[..n].copy_from_slice(&rest[..n]);
        piece[n..].fill(0);
        rest = &rest[n..];
    }
    name
}

/// Another compound file to take pieces from.
pub(crate) struct Other<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) streams: &'a [Stream],
}

fn read(file: &[u8], stream: &Stream) -> Vec<u8> {
    let pieces = stream.pieces.iter().filter_map(|(offset, len)| file.get(*offset..offset + len));
    pieces.collect::<Vec<_>>().concat()
}
