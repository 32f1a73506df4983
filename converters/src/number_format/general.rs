//! The `General` format: the shortest form of a number.
//!
//! Up to 15 significant digits, as a spreadsheet program without a column width shows and exports them.
//! A program with narrower columns shows 11 characters at most (ECMA-376 part 1, 18.8.30 leaves it open);
//! that would turn 13-digit article numbers and time stamps into `1.23457E+12`, so it is not done here.

use super::decimal::Decimal;

/// Below this power of ten, and above the next, the exponent is written.
const SMALLEST: i32 = -14;
const LARGEST: i32 = 15;

/// Appends `value` in the `General` format.
pub fn write(value: Decimal, out: &mut Vec<u8>) {
    let value = value.normalised();
    if value.is_zero() {
        out.push(b'0');
        return;
    }
    if value.negative {
        out.push(b'-');
    }
    let magnitude = value.magnitude();
    if (SMALLEST..=LARGEST).contains(&magnitude) {
        write_fixed(value, out);
    } else {
        write_scientific(value, magnitude, out);
    }
}

fn write_fixed(value: Decimal, out: &mut Vec<u8>) {
    let places = value.exponent.min(0).unsigned_abs();
    let digits = value.digits(places);
    let places = places as usize;
    if digits.len() <= places {
        out.extend_from_slice(b"0.");
        out.resize(out.len() + places - digits.len(), b'0');
        digits.write(out);
        return;
    }
    let start = out.len();
    digits.write(out);
    if places > 0 {
        out.insert(start + digits.len() - places, b'.');
    }
}

fn write_scientific(value: Decimal, magnitude: i32, out: &mut Vec<u8>) {
    let digits = Decimal { exponent: 0, ..value }.digits(0);
    let (first, rest) = digits.leading().split_at(1);
    out.extend_from_slice(first);
    if !rest.is_empty() {
        out.push(b'.');
        out.extend_from_slice(rest);
    }
    let sign = if magnitude < 0 { '-' } else { '+' };
    out.extend_from_slice(format!("E{sign}{:02}", magnitude.unsigned_abs()).as_bytes());
}

/// Tells whether `stored` is its own `General` form, so that it can be copied.
#[must_use]
pub fn is_plain(stored: &[u8]) -> bool {
    let unsigned = stored.strip_prefix(b"-").unwrap_or(stored);
    let mut point = None;
    for (at, byte) in unsigned.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {}
            b'.' if point.is_none() => point = Some(at),
            _ => return false,
        }
    }
    let whole = point.unwrap_or(unsigned.len());
    let leading_zero = unsigned.first() == Some(&b'0');
    match point {
        Some(at) => {
            (1..=16).contains(&at)
                && unsigned.len() <= 16
                && unsigned.last() > Some(&b'0')
                && (!leading_zero || at == 1)
        }
        // A double holds whole numbers exactly up to 2^53, a little more than 9 * 10^15.
        None => {
            let exact = unsigned.len() < 16 || (unsigned.len() == 16 && unsigned < b"9".as_slice());
            whole > 0 && exact && (!leading_zero || stored == b"0")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn general(text: &str) -> String {
        let mut out = Vec::new();
        write(Decimal::parse(text.as_bytes()).unwrap(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn writes_the_shortest_form() {
        for (stored, shown) in [
            ("0", "0"),
            ("-0", "0"),
            ("1.50", "1.5"),
            ("0.10000000000000001", "0.1"),
            ("0.30000000000000004", "0.3"),
            ("88.888888888888886", "88.8888888888889"),
            ("1234567890123", "1234567890123"),
            ("1E+3", "1000"),
            ("-1.5E-5", "-0.000015"),
            ("1e-15", "1E-15"),
            ("1e16", "1E+16"),
            ("1.5e300", "1.5E+300"),
            ("1e15", "1000000000000000"),
        ] {
            assert_eq!(general(stored), shown, "{stored}");
        }
    }

    #[test]
    fn whole_numbers_that_a_double_holds_are_plain() {
        assert!(is_plain(b"1234567890123451"));
        assert!(!is_plain(b"9234567890123456"));
    }

    #[test]
    fn plain_text_is_its_own_general_form() {
        for text in ["0", "7", "-7", "12.5", "0.001", "123456789012345", "-0.5"] {
            assert!(is_plain(text.as_bytes()), "{text}");
            assert_eq!(general(text), text);
        }
        for text in [
            "",
            "-",
            "00007",
            "1.50",
            "5.",
            ".5",
            "-0",
            "1e3",
            "0.10000000000000001",
            "01.5",
            "1.2.3",
            "9234567890123456",
        ] {
            assert!(!is_plain(text.as_bytes()), "{text}");
        }
    }
}
