//! Workbooks that are encrypted with the password that Excel knows.

use super::version::Biff;
use crate::{ConvertError, Result};

/// Deciphers records.
#[derive(Debug)]
pub(super) struct Cipher;

impl Cipher {
    pub(super) fn open(_file_pass: &[u8], _biff: Biff) -> Result<Self> {
        Err(ConvertError::Encrypted)
    }

    pub(super) fn decipher(&mut self, _kind: u16, _place: u64, _data: &mut [u8]) {}
}
