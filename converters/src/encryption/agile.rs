//! Agile encryption ([MS-OFFCRYPTO] 2.3.4.10 to 2.3.4.15): AES in chained blocks, keys from a hash that the document
//! names.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::password;
use super::standard::Block;
use crate::xml::{Event, Reader, Tag};
use crate::{ConvertError, Meter, Result};

/// More spins than this are not waited for; programs write 100,000.
const MAX_SPINS: u32 = 1_000_000;
/// What makes three keys of one hash (2.3.4.13).
const VERIFIER_INPUT: [u8; 8] = [0xFE, 0xA7, 0xD2, 0x76, 0x3B, 0x4B, 0x9E, 0x79];
const VERIFIER_VALUE: [u8; 8] = [0xD7, 0xAA, 0x0F, 0x6D, 0x30, 0x61, 0x34, 0x4E];
const KEY_VALUE: [u8; 8] = [0x14, 0x6E, 0x0B, 0xE7, 0xAB, 0xAC, 0xD0, 0xD6];
/// Fills up keys and vectors that a hash is too short for.
const FILL: u8 = 0x36;

/// A hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "SHA1" | "SHA-1" => Self::Sha1,
            "SHA256" | "SHA-256" => Self::Sha256,
            "SHA384" | "SHA-384" => Self::Sha384,
            "SHA512" | "SHA-512" => Self::Sha512,
            _ => return None,
        })
    }

    fn of(self, first: &[u8], second: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => Sha1::new().chain_update(first).chain_update(second).finalize().to_vec(),
            Self::Sha256 => Sha256::new().chain_update(first).chain_update(second).finalize().to_vec(),
            Self::Sha384 => Sha384::new().chain_update(first).chain_update(second).finalize().to_vec(),
            Self::Sha512 => Sha512::new().chain_update(first).chain_update(second).finalize().to_vec(),
        }
    }
}

/// What an element says of a key.
#[derive(Debug)]
struct Parameters {
    hash: Hash,
    key_bytes: usize,
    salt: Vec<u8>,
}

impl Parameters {
    /// Reads the attributes; `None` for methods other than AES in chained blocks of sixteen bytes.
    fn read(tag: Tag<'_>) -> Option<Self> {
        let is = |name: &[u8], value: &[u8]| tag.raw(name) == Some(value);
        let known = is(b"cipherAlgorithm", b"AES")
            && is(b"cipherChaining", b"ChainingModeCBC")
            && is(b"blockSize", b"16");
        let hash = Hash::of_name(&tag.value(b"hashAlgorithm")?)?;
        let key_bytes = tag.number::<usize>(b"keyBits")? / 8;
        known.then_some(Self { hash, key_bytes, salt: bytes(tag, b"saltValue")? })
    }
}

/// The password's own part: from it comes the key of the package.
#[derive(Debug)]
struct Encryptor {
    parameters: Parameters,
    spins: u32,
    verifier_input: Vec<u8>,
    verifier_value: Vec<u8>,
    key_value: Vec<u8>,
}

impl Encryptor {
    fn read(tag: Tag<'_>) -> Option<Self> {
        Some(Self {
            parameters: Parameters::read(tag)?,
            spins: tag.number(b"spinCount").filter(|spins| *spins <= MAX_SPINS)?,
            verifier_input: bytes(tag, b"encryptedVerifierHashInput")?,
            verifier_value: bytes(tag, b"encryptedVerifierHashValue")?,
            key_value: bytes(tag, b"encryptedKeyValue")?,
        })
    }

    /// Returns the key of the package, if the password is the right one.
    fn key(&self, meter: &Meter) -> Result<Option<Vec<u8>>> {
        let Parameters { hash, key_bytes, salt } = &self.parameters;
        let mut spun = hash.of(salt, &password());
        for spin in 0..self.spins {
            if spin % 4096 == 0 {
                meter.check_cancelled()?;
            }
            spun = hash.of(&spin.to_le_bytes(), &spun);
        }
        let decipher = |purpose: &[u8; 8], bytes: &[u8]| {
            let key = Block::new(&fit(hash.of(&spun, purpose), *key_bytes))?;
            let mut bytes = bytes.to_vec();
            chained(&key, &fit(salt.clone(), 16), &mut bytes);
            Some(bytes)
        };
        let checked = || {
            let input = decipher(&VERIFIER_INPUT, &self.verifier_input)?;
            let value = decipher(&VERIFIER_VALUE, &self.verifier_value)?;
            let digest = hash.of(input.get(..salt.len())?, b"");
            value.starts_with(&digest).then(|| decipher(&KEY_VALUE, &self.key_value)).flatten()
        };
        Ok(checked())
    }
}

/// The key of a package.
pub(super) struct Key {
    block: Block,
    data: Parameters,
}

impl Key {
    /// Deciphers a segment in place.
    pub(super) fn decipher(&self, segment: u32, bytes: &mut [u8]) {
        let vector = fit(self.data.hash.of(&self.data.salt, &segment.to_le_bytes()), 16);
        chained(&self.block, &vector, bytes);
    }
}

/// Reads the XML that follows the version and flags.
pub(super) fn open(xml: &[u8], meter: &Meter) -> Result<Option<Key>> {
    let Some((data, encryptor)) = read(xml, meter)? else {
        return Ok(None);
    };
    let key = encryptor.key(meter)?;
    let block = key.as_ref().and_then(|key| key.get(..data.key_bytes)).and_then(Block::new);
    Ok(block.map(|block| Key { block, data }))
}

/// Reads what the XML says of the package and of the password. Beside the password, there may be certificates.
fn read(xml: &[u8], meter: &Meter) -> Result<Option<(Parameters, Encryptor)>> {
    let mut reader = Reader::new(xml, meter.limits());
    let (mut data, mut encryptor) = (None, None);
    loop {
        // Damage here is a document that cannot be opened.
        match reader.next_event() {
            Ok(Event::Start(tag)) if tag.local() == b"keyData" => data = Parameters::read(tag),
            Ok(Event::Start(tag)) if tag.local() == b"encryptedKey" => {
                encryptor = encryptor.or(Encryptor::read(tag));
            }
            Ok(Event::Start(_) | Event::End(_) | Event::Text(_)) => {}
            Ok(Event::Eof) | Err(ConvertError::Corrupt { .. }) => return Ok(data.zip(encryptor)),
            Err(error) => return Err(error),
        }
    }
}

fn bytes(tag: Tag<'_>, name: &[u8]) -> Option<Vec<u8>> {
    STANDARD.decode(tag.raw(name)?).ok()
}

/// Cuts or fills up to a length.
fn fit(mut bytes: Vec<u8>, len: usize) -> Vec<u8> {
    bytes.resize(len.min(64), FILL);
    bytes
}

/// Deciphers whole chained blocks in place.
fn chained(key: &Block, vector: &[u8], bytes: &mut [u8]) {
    let mut before: [u8; 16] = vector.try_into().unwrap_or_default();
    for block in bytes.as_chunks_mut().0 {
        let enciphered = *block;
        key.decipher(block);
        block.iter_mut().zip(before).for_each(|(byte, with)| *byte ^= with);
        before = enciphered;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    #[test]
    fn the_password_counts_beside_a_certificate() {
        let key = "cipherAlgorithm='AES' cipherChaining='ChainingModeCBC' blockSize='16' keyBits='128' \
                   hashAlgorithm='SHA1' saltValue='AAAA'";
        let password = format!(
            "<p:encryptedKey spinCount='7' {key} encryptedVerifierHashInput='' encryptedVerifierHashValue='' \
             encryptedKeyValue=''/>"
        );
        let certificate =
            "<c:encryptedKey encryptedKeyValue='AAAA' X509Certificate='AAAA' certVerifier='AAAA'/>";
        let meter = Meter::new(Limits::default(), 1);
        for keys in [format!("{certificate}{password}"), format!("{password}{certificate}")] {
            let xml =
                format!("<encryption><keyData {key}/><keyEncryptors>{keys}</keyEncryptors></encryption>");
            let (data, encryptor) = read(xml.as_bytes(), &meter).unwrap().unwrap();
            assert_eq!((data.key_bytes, encryptor.spins), (16, 7));
        }
    }
}
