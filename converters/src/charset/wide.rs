//! Weighs whether bytes are UTF-16 or UTF-32, in either byte order, while they stream by.
//!
//! All four readings are weighed at once from the first byte. A reading dies of what text does not hold:
//! U+0000 and, without a byte order mark, halves of surrogate pairs or values beyond Unicode. Random bytes kill
//! every reading within some fifty units; text in other charsets has no NUL bytes and is never asked.

/// Below this many units, a few that look like ASCII may be chance, and a quarter has to.
const FEW_UNITS: u64 = 32;

/// One reading of the bytes as UTF-16.
#[derive(Debug, Clone, Default)]
struct Reading16 {
    nul: u64,
    lone: u64,
    odd: u64,
    ascii: u64,
    blank: u64,
    after_high: bool,
}

impl Reading16 {
    fn unit(&mut self, unit: u16) {
        let low = (0xDC00..0xE000).contains(&unit);
        // Exactly one of the two is true for a half that has no partner.
        self.lone += u64::from(low != self.after_high);
        self.after_high = (0xD800..0xDC00).contains(&unit);
        match unit {
            0 => self.nul += 1,
            9 | 10 | 13 | 0x20 => {
                self.ascii += 1;
                self.blank += 1;
            }
            0x21..=0x7E => self.ascii += 1,
            1..=0x1F | 0x7F | 0xFFFE | 0xFFFF => self.odd += 1,
            _ => {}
        }
    }

    fn is_dead(&self) -> bool {
        self.nul > 0 || self.lone > 0
    }

    /// Tells whether this byte order is the likelier one. Swapped blanks are U+2000, U+0A00 and U+0D00, which text
    /// hardly holds; swapped ASCII is not as good a sign, because U+4E00, the Chinese one, is a swapped `N`.
    fn beats(&self, other: &Self) -> bool {
        other.is_dead()
            || self.blank > other.blank * 2
            || (self.blank == other.blank && self.ascii > other.ascii * 2)
    }
}

/// One reading of the bytes as UTF-32.
#[derive(Debug, Clone, Default)]
struct Reading32 {
    bad: u64,
    odd: u64,
    ascii: u64,
}

impl Reading32 {
    fn unit(&mut self, unit: u32) {
        match unit {
            0 | 0xD800..=0xDFFF | 0x0011_0000.. => self.bad += 1,
            9 | 10 | 13 | 0x20..=0x7E => self.ascii += 1,
            1..=0x1F | 0x7F | 0xFFFE | 0xFFFF => self.odd += 1,
            // Planes without characters, and the private ones beyond the first.
            0x0004_0000..=0x000D_FFFF | 0x000F_0000.. => self.odd += 1,
            _ => {}
        }
    }
}

/// Which of the four a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wide {
    Utf16Le,
    Utf16Be,
    Utf32Le,
    Utf32Be,
}

impl Wide {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
            Self::Utf32Le => "UTF-32LE",
            Self::Utf32Be => "UTF-32BE",
        }
    }
}

/// The four readings of what was fed so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Readings {
    little: Reading16,
    big: Reading16,
    little_32: Reading32,
    big_32: Reading32,
    carry: [u8; 4],
    carried: usize,
    len: u64,
}

impl Readings {
    pub(super) fn feed(&mut self, mut bytes: &[u8]) {
        self.len += bytes.len() as u64;
        while self.carried > 0 && !bytes.is_empty() {
            self.carry[self.carried] = bytes[0];
            bytes = &bytes[1..];
            self.carried = (self.carried + 1) % 4;
            if self.carried == 0 {
                self.group(self.carry);
            }
        }
        let (groups, rest) = bytes.as_chunks::<4>();
        for group in groups {
            self.group(*group);
        }
        if !rest.is_empty() {
            self.carry[..rest.len()].copy_from_slice(rest);
            self.carried = rest.len();
        }
    }

    fn group(&mut self, group: [u8; 4]) {
        let [a, b, c, d] = group;
        self.little.unit(u16::from_le_bytes([a, b]));
        self.little.unit(u16::from_le_bytes([c, d]));
        self.big.unit(u16::from_be_bytes([a, b]));
        self.big.unit(u16::from_be_bytes([c, d]));
        self.little_32.unit(u32::from_le_bytes(group));
        self.big_32.unit(u32::from_be_bytes(group));
    }

    /// Tells whether no reading without a byte order mark can hold any more.
    pub(super) fn all_dead(&self) -> bool {
        self.little.is_dead() && self.big.is_dead() && self.little_32.bad > 0 && self.big_32.bad > 0
    }

    /// Takes the last bytes that make no group of four.
    fn end(&mut self) {
        if self.carried >= 2 {
            let [a, b, ..] = self.carry;
            self.little.unit(u16::from_le_bytes([a, b]));
            self.big.unit(u16::from_be_bytes([a, b]));
        }
        self.carried = 0;
    }

    /// Returns the reading that the bytes bear out without a byte order mark.
    pub(super) fn without_mark(mut self) -> Option<Wide> {
        self.end();
        let (units_16, units_32) = (self.len / 2, self.len / 4);
        let fits_32 = |reading: &Reading32| {
            self.len.is_multiple_of(4)
                && units_32 >= 2
                && reading.bad == 0
                && reading.odd * 100 <= units_32
                && reading.ascii * 200 >= units_32
        };
        // Half a per cent of ASCII is a line end in every 200 characters.
        let fits_16 = |reading: &Reading16, other: &Reading16| {
            self.len.is_multiple_of(2)
                && units_16 >= 2
                && !reading.is_dead()
                && !reading.after_high
                && reading.odd * 100 <= units_16
                && reading.ascii * (if units_16 < FEW_UNITS { 4 } else { 200 }) >= units_16
                && reading.beats(other)
        };
        if fits_32(&self.little_32) {
            Some(Wide::Utf32Le)
        } else if fits_32(&self.big_32) {
            Some(Wide::Utf32Be)
        } else if fits_16(&self.little, &self.big) {
            Some(Wide::Utf16Le)
        } else if fits_16(&self.big, &self.little) {
            Some(Wide::Utf16Be)
        } else {
            None
        }
    }

    /// Tells whether the bytes, which begin with the mark of `wide`, are text. Single damaged units are the
    /// decoder's to report; U+0000 or damage all over say that the mark was a coincidence.
    pub(super) fn after_mark(mut self, wide: Wide) -> bool {
        self.end();
        let few = |bad: u64, units: u64| bad * 2 <= units;
        match wide {
            Wide::Utf16Le => self.little.nul == 0 && few(self.little.lone + self.little.odd, self.len / 2),
            Wide::Utf16Be => self.big.nul == 0 && few(self.big.lone + self.big.odd, self.len / 2),
            Wide::Utf32Le => few(self.little_32.bad + self.little_32.odd, self.len / 4),
            Wide::Utf32Be => few(self.big_32.bad + self.big_32.odd, self.len / 4),
        }
    }
}
