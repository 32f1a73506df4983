//! Standard encryption ([MS-OFFCRYPTO] 2.3.4.5 to 2.3.4.9): AES in single blocks, keys from SHA-1.

use aes::cipher::{BlockDecrypt, KeyInit, generic_array::GenericArray};
use aes::{Aes128, Aes192, Aes256};
use sha1::{Digest, Sha1};

use super::password;
use crate::{Meter, Result};

/// How often the password is hashed.
const SPINS: u32 = 50_000;
/// AES with keys of 128, 192 and 256 bits, and what stands for the first of them.
const AES: [u32; 4] = [0x660E, 0x660F, 0x6610, 0];

/// AES of any key size.
pub(super) enum Block {
    Short(Box<Aes128>),
    Middle(Box<Aes192>),
    Long(Box<Aes256>),
}

impl Block {
    pub(super) fn new(key: &[u8]) -> Option<Self> {
        Some(match key.len() {
            16 => Self::Short(Box::new(Aes128::new(GenericArray::from_slice(key)))),
            24 => Self::Middle(Box::new(Aes192::new(GenericArray::from_slice(key)))),
            32 => Self::Long(Box::new(Aes256::new(GenericArray::from_slice(key)))),
            _ => return None,
        })
    }

    /// Deciphers one block of sixteen bytes.
    pub(super) fn decipher(&self, block: &mut [u8; 16]) {
        let block = GenericArray::from_mut_slice(block);
        match self {
            Self::Short(cipher) => cipher.decrypt_block(block),
            Self::Middle(cipher) => cipher.decrypt_block(block),
            Self::Long(cipher) => cipher.decrypt_block(block),
        }
    }
}

/// The key of a package.
pub(super) struct Key(Block);

impl Key {
    /// Deciphers whole blocks in place; what is left over at the end stays as it is.
    pub(super) fn decipher(&self, bytes: &mut [u8]) {
        for block in bytes.as_chunks_mut().0 {
            self.0.decipher(block);
        }
    }
}

/// Reads the header and the verifier that follow the version and flags.
pub(super) fn open(info: &[u8], meter: &Meter) -> Result<Option<Key>> {
    let Some(Verifier { salt, verifier, digest, key_bytes }) = Verifier::parse(info) else {
        return Ok(None);
    };
    let mut hash: [u8; 20] = Sha1::new().chain_update(salt).chain_update(password()).finalize().into();
    for spin in 0..SPINS {
        if spin % 4096 == 0 {
            meter.check_cancelled()?;
        }
        hash = Sha1::new().chain_update(spin.to_le_bytes()).chain_update(hash).finalize().into();
    }
    let hash: [u8; 20] = Sha1::new().chain_update(hash).chain_update(0u32.to_le_bytes()).finalize().into();
    let half = |pad: u8| {
        let mut mixed = [pad; 64];
        mixed.iter_mut().zip(hash).for_each(|(byte, with)| *byte ^= with);
        Sha1::digest(mixed)
    };
    let derived = [half(0x36), half(0x5C)].concat();
    let Some(key) = derived.get(..key_bytes).and_then(Block::new).map(Key) else {
        return Ok(None);
    };
    let (mut verifier, mut digest) = (verifier.to_vec(), digest.to_vec());
    key.decipher(&mut verifier);
    key.decipher(&mut digest);
    let fits = digest.starts_with(&Sha1::digest(&verifier));
    Ok(fits.then_some(key))
}

/// What a password is checked with.
struct Verifier<'a> {
    salt: &'a [u8],
    verifier: &'a [u8],
    digest: &'a [u8],
    key_bytes: usize,
}

impl<'a> Verifier<'a> {
    /// Reads the header and what follows it; `None` for methods other than AES.
    fn parse(info: &'a [u8]) -> Option<Self> {
        let u32_at = |bytes: &[u8], at: usize| bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
        let header_bytes = usize::try_from(u32_at(info, 0)?).ok()?;
        let (header, verifier) = info.get(4..)?.split_at_checked(header_bytes)?;
        if !AES.contains(&u32_at(header, 8)?) {
            return None;
        }
        let key_bytes = usize::try_from(u32_at(header, 16)? / 8).ok()?;
        Some(Self {
            salt: verifier.get(4..20)?,
            verifier: verifier.get(20..36)?,
            digest: verifier.get(40..72)?,
            key_bytes,
        })
    }
}
