//! Little-endian numbers and reads at an offset, as ZIP records need them.
//!
//! The callers have checked the record's length before they take a number out of it.

use std::io::SeekFrom;

use crate::{ConvertError, Input, Result};

use super::corrupt;

pub(super) fn to_usize(n: u64) -> Result<usize> {
    usize::try_from(n).map_err(|_| corrupt("a size does not fit this machine"))
}

pub(super) fn read_at(input: &mut dyn Input, offset: u64, out: &mut [u8]) -> Result<()> {
    input.seek(SeekFrom::Start(offset)).map_err(ConvertError::Io)?;
    match input.read_exact(out) {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => Err(corrupt("the file is cut short")),
        Err(e) => Err(ConvertError::Io(e)),
    }
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | (u64::from(u32_at(bytes, at + 4)) << 32)
}
