//! Sizes and lengths of time: a number with its unit.

use std::fmt;
use std::time::Duration;

use super::{BadValue, Value};

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

const UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

impl Value for Size {
    fn parse(text: &str) -> Result<Self, BadValue> {
        let bad = || BadValue::new(text, "a size such as 512MiB, 500MB or 1000");
        let (number, unit) = split_unit(text);
        let factor = match unit {
            "" => 1,
            unit => {
                let known = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit));
                known.map(|(_, factor)| *factor).ok_or_else(bad)?
            }
        };
        let number: u64 = number.parse().map_err(|_| bad())?;
        number.checked_mul(factor).map(Self).ok_or_else(bad)
    }

    fn show(&self) -> String {
        let unit = UNITS.iter().find(|(_, factor)| self.0 >= *factor && self.0.is_multiple_of(*factor));
        match unit {
            Some((name, factor)) if *factor > 1 => format!("{}{name}", self.0 / factor),
            _ => self.0.to_string(),
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.show())
    }
}

/// A length of time in whole milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

/// Units by their milliseconds.
const TIMES: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

impl Value for Span {
    fn parse(text: &str) -> Result<Self, BadValue> {
        let bad = || BadValue::new(text, "a duration such as 200ms, 30s, 5m, 12h or 30d");
        let (number, unit) = split_unit(text);
        let factor = TIMES.iter().find(|(name, _)| *name == unit).ok_or_else(bad)?.1;
        let number: u64 = number.parse().map_err(|_| bad())?;
        let millis = number.checked_mul(factor).ok_or_else(bad)?;
        Ok(Self(Duration::from_millis(millis)))
    }

    fn show(&self) -> String {
        let millis = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        let unit = TIMES.iter().find(|(_, factor)| millis >= *factor && millis.is_multiple_of(*factor));
        match unit {
            Some((name, factor)) => format!("{}{name}", millis / factor),
            None => "0s".to_owned(),
        }
    }
}

fn split_unit(text: &str) -> (&str, &str) {
    let at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    (number, unit.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_binary_and_decimal_units() {
        for (text, bytes) in
            [("1000", 1000), ("512MiB", 512 << 20), ("500MB", 500_000_000), ("1 gib", 1 << 30), ("7B", 7)]
        {
            assert_eq!(Size::parse(text), Ok(Size(bytes)), "{text}");
        }
        for text in ["", "MiB", "-1", "1.5GiB", "512M", "99999999999TiB"] {
            assert!(Size::parse(text).is_err(), "{text}");
        }
        assert_eq!(
            Size::parse("x").unwrap_err().to_string(),
            "`x` is not a size such as 512MiB, 500MB or 1000"
        );
    }

    #[test]
    fn values_show_what_they_parse() {
        for text in ["1000", "1536", "512MiB", "500MB", "8GiB", "0"] {
            let size = Size::parse(text).unwrap();
            assert_eq!(Size::parse(&size.show()), Ok(size));
        }
        assert_eq!(Size(1 << 29).show(), "512MiB");
        assert_eq!(Size(500_000_000).show(), "500MB");
        for text in ["30s", "90s", "5m", "30d", "0s", "200ms", "1500ms"] {
            let span = Span::parse(text).unwrap();
            assert_eq!(Span::parse(&span.show()), Ok(span));
        }
        assert_eq!(
            (Span::parse("200ms").unwrap().show(), Span::parse("2000ms").unwrap().show()),
            ("200ms".to_owned(), "2s".to_owned())
        );
        assert_eq!(Span(Duration::from_secs(120)).show(), "2m");
        assert!(Span::parse("30").is_err(), "a bare number has no unit");
    }
}
