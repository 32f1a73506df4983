//! Office packages with a password, as far as they open without asking ([MS-OFFCRYPTO] 2.3.4).
//!
//! Spreadsheet programs encrypt a workbook that is protected against changes only with one fixed password and try
//! it first, so that nobody is asked. Every other password is the user's, and the document stays closed. The
//! package is deciphered where it is read, a segment at a time.

mod agile;
mod segments;
mod standard;

use crate::cfb::Compound;
use crate::{ConvertError, Input, Meter, Result};

pub(crate) use segments::Deciphered;

/// The password that is tried.
const PASSWORD: &str = "VelvetSweatshop";
const INFO_STREAM: &str = "EncryptionInfo";
const PACKAGE_STREAM: &str = "EncryptedPackage";
/// What says how a package is encrypted is one or two KiB.
const MAX_INFO_BYTES: u64 = 64 << 10;

/// The key of a package, and how its segments are enciphered.
enum Key {
    Agile(agile::Key),
    Standard(standard::Key),
}

/// Opens an encrypted package; `None` if the input is none.
///
/// # Errors
/// [`ConvertError::Encrypted`] if the password is another one, or the method is unknown.
pub(crate) fn open<'a>(input: &'a mut dyn Input, meter: &Meter) -> Result<Option<Deciphered<'a>>> {
    let Some(mut file) = Compound::open(input, meter)? else {
        return Ok(None);
    };
    let root = file.root();
    if !root.iter().any(|entry| entry.name.eq_ignore_ascii_case(PACKAGE_STREAM)) {
        return Ok(None);
    }
    let Some(info) = file.stream(input, INFO_STREAM, meter)? else {
        return Err(ConvertError::Encrypted);
    };
    let mut bytes = vec![0; usize::try_from(info.size().min(MAX_INFO_BYTES)).unwrap_or(0)];
    let len = info.read_at(input, 0, &mut bytes)?;
    bytes.truncate(len);
    let key = key(&bytes, meter)?.ok_or(ConvertError::Encrypted)?;
    match file.stream(input, PACKAGE_STREAM, meter)? {
        Some(package) => Deciphered::new(input, package, key).map(Some),
        None => Err(ConvertError::Encrypted),
    }
}

/// Finds the key by what the first bytes say of the method; `None` if the password does not open it.
fn key(info: &[u8], meter: &Meter) -> Result<Option<Key>> {
    let version = |at: usize| info.get(at..at + 2).map(|bytes| u16::from_le_bytes([bytes[0], bytes[1]]));
    Ok(match (version(0), version(2)) {
        (Some(4), Some(4)) => agile::open(info.get(8..).unwrap_or_default(), meter)?.map(Key::Agile),
        (Some(2..=4), Some(2)) => {
            standard::open(info.get(8..).unwrap_or_default(), meter)?.map(Key::Standard)
        }
        _ => None,
    })
}

/// Returns the password as it is hashed.
fn password() -> Vec<u8> {
    PASSWORD.encode_utf16().flat_map(u16::to_le_bytes).collect()
}
