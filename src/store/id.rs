//! File ids: a prefix, 14 hexadecimal digits of time and 24 of chance.
//!
//! The time makes ids sort by age, so that a listing needs names only, and a cursor stays good after its file is
//! deleted. It is no secret: `created_at` says the same. The 96 random bits keep ids apart between processes.

use super::StoreError;

const TICK_DIGITS: usize = 14;
const RANDOM_BYTES: usize = 12;
const KEY_DIGITS: usize = TICK_DIGITS + 2 * RANDOM_BYTES;
/// 2^28 microseconds: the files of four and a half minutes share a folder.
const BUCKET_DIGITS: usize = 7;
const MAX_PREFIX: usize = 32;

/// A well-formed file id; whether there is such a file is another question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileId(String);

impl FileId {
    /// Reads an id. Only such a text ever becomes part of a path.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let at = text.len().checked_sub(KEY_DIGITS)?;
        let (prefix, key) = text.split_at_checked(at)?;
        let is_key = key.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        (is_prefix(prefix) && is_key).then(|| Self(text.to_owned()))
    }

    /// Makes a new id whose place in a listing is `tick`, in microseconds.
    pub(super) fn generate(prefix: &str, tick: u64) -> Result<Self, StoreError> {
        if !is_prefix(prefix) {
            return Err(StoreError::BadId(prefix.to_owned()));
        }
        let tick = tick & ((1 << (4 * TICK_DIGITS)) - 1);
        let random = random_hex(RANDOM_BYTES)?;
        Ok(Self(format!("{prefix}{tick:0TICK_DIGITS$x}{random}")))
    }

    /// Returns the id's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns what ids are sorted by: their age, whatever their prefix.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.0[self.0.len() - KEY_DIGITS..]
    }

    /// Returns the name of the folder that the file is in.
    pub(super) fn bucket(&self) -> &str {
        &self.key()[..BUCKET_DIGITS]
    }
}

/// Tells whether `name` is one of [`FileId::bucket`].
pub(super) fn is_bucket(name: &str) -> bool {
    name.len() == BUCKET_DIGITS && name.bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_prefix(prefix: &str) -> bool {
    prefix.len() <= MAX_PREFIX
        && prefix.ends_with('_')
        && prefix.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

/// Returns `bytes` random bytes as hexadecimal digits.
pub(super) fn random_hex(bytes: usize) -> Result<String, StoreError> {
    let mut random = vec![0; bytes];
    getrandom::fill(&mut random).map_err(|error| StoreError::Random(error.to_string()))?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Returns a random UUID (RFC 9562, version 4).
pub(super) fn uuid() -> Result<String, StoreError> {
    let mut hex = random_hex(16)?;
    hex.replace_range(12..13, "4");
    // The variant's two bits are 10: one of 8, 9, a, b.
    let variant = match hex.as_bytes()[16] {
        b'0' | b'4' | b'8' | b'c' => "8",
        b'1' | b'5' | b'9' | b'd' => "9",
        b'2' | b'6' | b'a' | b'e' => "a",
        _ => "b",
    };
    hex.replace_range(16..17, variant);
    for at in [20, 16, 12, 8] {
        hex.insert(at, '-');
    }
    Ok(hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_tick_whatever_their_prefix() {
        let early = FileId::generate("file_local_", 10).unwrap();
        let late = FileId::generate("file_", 11).unwrap();
        assert!(early.key() < late.key());
        assert_eq!(FileId::parse(early.as_str()), Some(early));
    }

    #[test]
    fn refuses_what_could_leave_the_folder() {
        let good = FileId::generate("file_", 1).unwrap();
        let upper = good.as_str().to_uppercase();
        let long = format!("../{}", good.as_str());
        for bad in ["", "file_", "../../etc/passwd", &upper, &long, "file_\u{e9}"] {
            assert_eq!(FileId::parse(bad), None, "{bad}");
        }
        assert!(FileId::generate("../", 1).is_err());
    }

    #[test]
    fn uuid_has_the_form_of_version_4() {
        let uuid = uuid().unwrap();
        let parts: Vec<usize> = uuid.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
        assert_eq!(uuid.as_bytes()[14], b'4');
        assert!(b"89ab".contains(&uuid.as_bytes()[19]));
    }
}
