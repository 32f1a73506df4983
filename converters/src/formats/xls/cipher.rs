//! Workbooks that Excel opens without asking: their password is the one it tries first ([MS-XLS] 2.4.117,
//! [MS-OFFCRYPTO] 2.3).
//!
//! Excel writes such files where a workbook is protected against changes only. Every other password is the
//! user's, and the document stays closed.

mod rc4;

use md5::{Digest, Md5};
use sha1::Sha1;

use super::kind;
use super::records::{u16_at, u32_at};
use super::version::{Biff, Bof};
use crate::{ConvertError, Result};

use rc4::Rc4;

/// The password that Excel tries first.
const PASSWORD: &str = "VelvetSweatshop";
/// What the oldest method makes of it: the key, a check, and the bytes that the text is mixed with (2.3.7.2).
const XOR_KEY_AND_CHECK: (u16, u16) = (0xB359, 0x9A0A);
const XOR_BYTES: [u8; 16] =
    [0x87, 0x6B, 0x9A, 0xE2, 0x1E, 0xE3, 0x05, 0x62, 0x1E, 0x69, 0x96, 0x60, 0x98, 0x6E, 0x94, 0x04];
/// Bytes of the stream between two keys.
const BLOCK: u64 = 1024;
/// Records that are never encrypted, besides the first of each substream.
const PLAIN: [u16; 6] = [kind::FILE_PASS, 0x0194, 0x0195, 0x00E1, 0x0196, 0x0138];

/// How a workbook is encrypted.
#[derive(Debug)]
enum Method {
    Xor,
    /// Keys from the first bytes of a digest, mixed with the number of the block.
    Md5([u8; 5]),
    Sha1 {
        base: [u8; 20],
        key_bytes: usize,
    },
}

/// Deciphers records.
#[derive(Debug)]
pub(super) struct Cipher {
    method: Method,
    /// The number of a block, its cipher and how many of its bytes that has passed.
    current: Option<(u64, Rc4, u64)>,
}

impl Cipher {
    /// Reads the record that says how the workbook is encrypted.
    ///
    /// # Errors
    /// [`ConvertError::Encrypted`] if the password is another one, or the method is unknown.
    pub(super) fn open(file_pass: &[u8], biff: Biff) -> Result<Self> {
        let method = match biff {
            Biff::V8 => match (u16_at(file_pass, 0), u16_at(file_pass, 2)) {
                (0, _) => xor(file_pass.get(2..)),
                (1, 1) => md5(file_pass.get(6..)),
                (1, 2..=4) => sha1(file_pass.get(6..)),
                _ => None,
            },
            Biff::V5 => xor(Some(file_pass)),
            _ => None,
        };
        Ok(Self { method: method.ok_or(ConvertError::Encrypted)?, current: None })
    }

    /// Deciphers the body of a record, which begins at `place` in the stream.
    pub(super) fn decipher(&mut self, kind: u16, place: u64, data: &mut [u8]) {
        if Bof::is_bof(kind) || PLAIN.contains(&kind) {
            return;
        }
        let size = data.len() as u64;
        // Where a sheet is may be read by everybody.
        let plain = if kind == kind::BOUND_SHEET { 4 } else { 0 };
        let data = data.get_mut(plain..).unwrap_or_default();
        let place = place + plain as u64;
        if let Method::Xor = self.method {
            for (at, byte) in (place + size..).zip(data) {
                let mixed = *byte ^ XOR_BYTES.get(usize::try_from(at % 16).unwrap_or(0)).unwrap_or(&0);
                *byte = mixed.rotate_right(5);
            }
            return;
        }
        let mut rest = data;
        let mut at = place;
        while !rest.is_empty() {
            let in_block = usize::try_from(BLOCK - at % BLOCK).unwrap_or(1).min(rest.len());
            let (now, later) = rest.split_at_mut(in_block);
            self.cipher_at(at).apply(now);
            at += in_block as u64;
            if let Some((_, _, passed)) = &mut self.current {
                *passed += in_block as u64;
            }
            rest = later;
        }
    }

    /// Returns the cipher of a block, advanced to a place in it.
    fn cipher_at(&mut self, place: u64) -> &mut Rc4 {
        let (block, wanted) = (place / BLOCK, place % BLOCK);
        let held = self.current.take().filter(|(held, _, passed)| *held == block && *passed <= wanted);
        let (_, mut cipher, passed) = held.unwrap_or_else(|| (block, self.method.key(block), 0));
        cipher.skip(wanted - passed);
        &mut self.current.insert((block, cipher, wanted)).1
    }
}

impl Method {
    /// Makes the cipher of a block.
    fn key(&self, block: u64) -> Rc4 {
        let block = u32::try_from(block).unwrap_or(0).to_le_bytes();
        match self {
            Self::Xor => Rc4::new(&[0]),
            Self::Md5(base) => Rc4::new(&Md5::new().chain_update(base).chain_update(block).finalize()),
            Self::Sha1 { base, key_bytes } => {
                let digest = Sha1::new().chain_update(base).chain_update(block).finalize();
                let mut key = digest.get(..*key_bytes).unwrap_or(&digest).to_vec();
                // A key of 40 bits is filled up.
                if key.len() == 5 {
                    key.resize(16, 0);
                }
                Rc4::new(&key)
            }
        }
    }

    /// Tells whether a text and its digest, deciphered, fit each other.
    fn fits(&self, text: &[u8], digest: &[u8]) -> bool {
        let mut cipher = self.key(0);
        let (mut text, mut digest) = (text.to_vec(), digest.to_vec());
        cipher.apply(&mut text);
        cipher.apply(&mut digest);
        match self {
            Self::Xor => true,
            Self::Md5(_) => *Md5::digest(&text) == *digest,
            Self::Sha1 { .. } => *Sha1::digest(&text) == *digest,
        }
    }
}

fn password() -> Vec<u8> {
    PASSWORD.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// The key and its check (2.3.7).
fn xor(fields: Option<&[u8]>) -> Option<Method> {
    let fields = fields?;
    (XOR_KEY_AND_CHECK == (u16_at(fields, 0), u16_at(fields, 2))).then_some(Method::Xor)
}

/// A salt, a text and its digest (2.3.6).
fn md5(fields: Option<&[u8]>) -> Option<Method> {
    let fields = fields?;
    let (salt, text, digest) = (fields.get(..16)?, fields.get(16..32)?, fields.get(32..48)?);
    let first = Md5::digest(password());
    let mut all = Md5::new();
    for _ in 0..16 {
        all.update(first.get(..5)?);
        all.update(salt);
    }
    let method = Method::Md5(all.finalize().get(..5)?.try_into().ok()?);
    method.fits(text, digest).then_some(method)
}

/// A header with the size of the key, then a salt, a text and its digest (2.3.5).
fn sha1(fields: Option<&[u8]>) -> Option<Method> {
    /// RC4, and what stands for it.
    const RC4: [u32; 2] = [0x6801, 0];
    let fields = fields?;
    let header_bytes = usize::try_from(u32_at(fields, 4)).ok()?;
    let (header, verifier) = fields.get(8..)?.split_at_checked(header_bytes)?;
    if !RC4.contains(&u32_at(header, 8)) {
        return None;
    }
    let key_bytes = match u32_at(header, 16) {
        0 => 5,
        bits => usize::try_from(bits / 8).ok().filter(|bytes| (5..=16).contains(bytes))?,
    };
    let (salt, text, digest) = (verifier.get(4..20)?, verifier.get(20..36)?, verifier.get(40..60)?);
    let base = Sha1::new().chain_update(salt).chain_update(password()).finalize().into();
    let method = Method::Sha1 { base, key_bytes };
    method.fits(text, digest).then_some(method)
}
