//! Decimal numbers of 15 significant digits, the precision that spreadsheet programs show.
//!
//! Not an arithmetic type: it can be read, rounded and written. Cells are stored as decimal text, so going from
//! decimal to decimal is both exact (1.005 in `0.00` is 1.01, as a spreadsheet program shows it, and not the
//! 1.00 of the binary fraction below it) and faster than going through `f64`.

/// The significant digits that count.
const PRECISION: u32 = 15;
/// Digits read before the rest is dropped; the two beyond [`PRECISION`] decide the rounding.
const READ_DIGITS: u32 = 18;
const POWERS: [u64; 20] = {
    let mut powers = [1; 20];
    let mut at = 1;
    while at < 20 {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

/// A number: `mantissa` times ten to the `exponent`, negated if `negative`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    pub(crate) negative: bool,
    pub(crate) mantissa: u64,
    pub(crate) exponent: i32,
}

impl Decimal {
    /// Reads a number as XML Schema writes a double; white space around it, infinities and NaN are no numbers.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (negative, mut rest) = match text.split_first()? {
            (b'-', rest) => (true, rest),
            (b'+', rest) => (false, rest),
            _ => (false, text),
        };
        let (mut mantissa, mut digits, mut exponent) = (0u64, 0u32, 0i32);
        let (mut any, mut fraction) = (false, false);
        while let Some((&byte, tail)) = rest.split_first() {
            match byte {
                b'0'..=b'9' => {
                    any = true;
                    if digits < READ_DIGITS {
                        mantissa = mantissa * 10 + u64::from(byte - b'0');
                        digits += u32::from(mantissa != 0);
                        exponent -= i32::from(fraction);
                    } else {
                        exponent = exponent.checked_add(i32::from(!fraction))?;
                    }
                }
                b'.' if !fraction => fraction = true,
                _ => break,
            }
            rest = tail;
        }
        if !any {
            return None;
        }
        if !rest.is_empty() {
            exponent = exponent.checked_add(parse_exponent(rest)?)?;
        }
        Self::rounded(negative, mantissa, digits, exponent)
    }

    /// Makes a number from a binary one; infinities and NaN are no numbers.
    #[must_use]
    pub fn from_f64(value: f64) -> Option<Self> {
        if !value.is_finite() {
            return None;
        }
        // The shortest text that reads back as the same binary number.
        Self::parse(format!("{value:e}").as_bytes())
    }

    fn rounded(negative: bool, mantissa: u64, digits: u32, exponent: i32) -> Option<Self> {
        let mut value = Self { negative, mantissa, exponent };
        if mantissa == 0 {
            value.exponent = 0;
            return Some(value);
        }
        if let Some(excess @ 1..) = digits.checked_sub(PRECISION) {
            let unit = POWERS[excess as usize];
            value.mantissa = (mantissa + unit / 2) / unit;
            value.exponent = exponent.checked_add_unsigned(excess)?;
        }
        // The range of a double; beyond it a spreadsheet program has no such number either.
        match value.magnitude() {
            309.. => None,
            ..-330 => Some(Self { negative, mantissa: 0, exponent: 0 }),
            _ => Some(value),
        }
    }

    /// Tells whether the number is zero.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// Returns the nearest binary number.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        // A mantissa of 15 digits and powers up to 22 are exact, so this rounds once.
        #[expect(clippy::cast_precision_loss, reason = "at most 10^16, which f64 holds")]
        let mantissa = self.mantissa as f64;
        let value = match self.exponent {
            0 => mantissa,
            1..=22 => mantissa * 10f64.powi(self.exponent),
            -22..0 => mantissa / 10f64.powi(-self.exponent),
            // Beyond, powers of ten are not exact: the standard library rounds right.
            _ => format!("{}e{}", self.mantissa, self.exponent).parse().unwrap_or(0.0),
        };
        if self.negative { -value } else { value }
    }

    /// Returns the power of ten of the first digit, 0 for zero.
    #[must_use]
    pub fn magnitude(self) -> i32 {
        i32::try_from(self.mantissa.checked_ilog10().unwrap_or(0)).unwrap_or(0) + self.exponent
    }

    /// Moves the decimal point by `places` to the right.
    #[must_use]
    pub fn shifted(self, places: i32) -> Self {
        Self { exponent: self.exponent.saturating_add(places), ..self }
    }

    /// Returns the digits of the number rounded half up to `places` after the point, without the point.
    #[must_use]
    pub fn digits(self, places: u32) -> Digits {
        let shift = self.exponent.saturating_add(i32::try_from(places).unwrap_or(i32::MAX));
        if self.mantissa == 0 {
            return Digits::new(0, 0);
        }
        if let Ok(zeros) = u32::try_from(shift) {
            return Digits::new(self.mantissa, zeros);
        }
        match POWERS.get(shift.unsigned_abs() as usize) {
            Some(unit) => Digits::new(self.mantissa.saturating_add(unit / 2) / unit, 0),
            None => Digits::new(0, 0),
        }
    }

    /// Returns the number with the zeros at the end of its mantissa moved into the exponent.
    #[must_use]
    pub fn normalised(mut self) -> Self {
        if self.mantissa == 0 {
            self.exponent = 0;
            return self;
        }
        while self.mantissa.is_multiple_of(10) {
            self.mantissa /= 10;
            self.exponent += 1;
        }
        self
    }
}

fn parse_exponent(text: &[u8]) -> Option<i32> {
    let (b'e' | b'E', digits) = text.split_first()? else {
        return None;
    };
    let digits = std::str::from_utf8(digits).ok()?;
    // `parse` takes one sign and at least one digit, which is the grammar of an exponent.
    digits.parse().ok().filter(|n| (-10_000..=10_000).contains(n))
}

/// The digits of a whole number, from the most significant on, and zeros after them.
#[derive(Debug, Clone, Copy)]
pub struct Digits {
    bytes: [u8; 20],
    start: usize,
    zeros: usize,
}

impl Digits {
    fn new(mut number: u64, zeros: u32) -> Self {
        let mut bytes = [b'0'; 20];
        let mut start = bytes.len();
        while number > 0 {
            start -= 1;
            bytes[start] = b'0' + u8::try_from(number % 10).unwrap_or(0);
            number /= 10;
        }
        let zeros = if start == bytes.len() { 0 } else { zeros as usize };
        Self { bytes, start, zeros }
    }

    /// Returns the number of digits; none for zero.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len() - self.start + self.zeros
    }

    /// Tells whether the number is zero.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the digit `from_right` places from the right, 0 being the last.
    #[must_use]
    pub fn digit(&self, from_right: usize) -> u8 {
        let Some(at) = from_right.checked_sub(self.zeros) else {
            return b'0';
        };
        self.bytes.iter().rev().nth(at).copied().unwrap_or(b'0')
    }

    /// Returns the number of zeros at the end; `None` for zero.
    #[must_use]
    pub fn trailing_zeros(&self) -> Option<usize> {
        let last = self.bytes.iter().rev().position(|digit| *digit != b'0')?;
        Some(last + self.zeros)
    }

    /// Returns the digits before the zeros.
    #[must_use]
    pub fn leading(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Appends all digits; nothing for zero.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.leading());
        out.resize(out.len() + self.zeros, b'0');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_a_double_may_look_like() {
        let parse = |text: &str| Decimal::parse(text.as_bytes()).map(Decimal::to_f64);
        for (text, expected) in [
            ("0", Some(0.0)),
            ("-12.50", Some(-12.5)),
            ("+.5", Some(0.5)),
            ("5.", Some(5.0)),
            ("1E3", Some(1000.0)),
            ("1e-3", Some(0.001)),
            ("0.10000000000000001", Some(0.1)),
            ("123456789012345678", Some(123_456_789_012_346_000.0)),
            ("9999999999999999", Some(10_000_000_000_000_000.0)),
            ("1e308", Some(1e308)),
            ("1e309", None),
            ("1e-400", Some(0.0)),
            ("", None),
            (".", None),
            ("-", None),
            ("1e", None),
            ("1.2.3", None),
            (" 1", None),
            ("NaN", None),
            ("inf", None),
            ("0x10", None),
            ("1e99999999999", None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    #[test]
    fn rounds_the_decimal_and_not_the_binary_number() {
        let digits = |text: &str, places| {
            let mut out = Vec::new();
            Decimal::parse(text.as_bytes()).unwrap().digits(places).write(&mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(digits("1.005", 2), "101");
        assert_eq!(digits("2.5", 0), "3");
        assert_eq!(digits("0.4", 0), "");
        assert_eq!(digits("12e3", 1), "120000");
        assert_eq!(digits("1e-300", 2), "");
    }
}
