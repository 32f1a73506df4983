//! How numbers of lists are written.
//!
//! Formats that no text needs in full (words, ideographs) fall back to decimal, as do numbers that a format has no
//! short form for.

const MAX_ROMAN: u32 = 3999;
/// Letters repeat after z (`aa`, `bb`); a label stops being one long before this many.
const MAX_LETTER_REPEATS: u32 = 8;

/// A numbering format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum NumberFormat {
    #[default]
    Decimal,
    DecimalZero,
    UpperRoman,
    LowerRoman,
    UpperLetter,
    LowerLetter,
    Ordinal,
    Bullet,
    None,
}

impl NumberFormat {
    /// Returns the format of a `w:numFmt` value.
    pub(crate) fn named(name: &[u8]) -> Self {
        match name {
            b"decimalZero" => Self::DecimalZero,
            b"upperRoman" => Self::UpperRoman,
            b"lowerRoman" => Self::LowerRoman,
            b"upperLetter" => Self::UpperLetter,
            b"lowerLetter" => Self::LowerLetter,
            b"ordinal" => Self::Ordinal,
            b"bullet" => Self::Bullet,
            b"none" => Self::None,
            _ => Self::Decimal,
        }
    }

    /// Appends `number`.
    pub(crate) fn write(self, number: u32, out: &mut String) {
        let before = out.len();
        match self {
            Self::Decimal => out.push_str(&number.to_string()),
            Self::DecimalZero => out.push_str(&format!("{number:02}")),
            Self::UpperRoman => roman(number, out),
            Self::LowerRoman => {
                roman(number, out);
                let lower = out[before..].to_ascii_lowercase();
                out.replace_range(before.., &lower);
            }
            Self::UpperLetter => letters(number, b'A', out),
            Self::LowerLetter => letters(number, b'a', out),
            Self::Ordinal => {
                let suffix = match (number % 10, number % 100) {
                    (1, rest) if rest != 11 => "st",
                    (2, rest) if rest != 12 => "nd",
                    (3, rest) if rest != 13 => "rd",
                    _ => "th",
                };
                out.push_str(&format!("{number}{suffix}"));
            }
            Self::Bullet | Self::None => {}
        }
    }
}

fn roman(number: u32, out: &mut String) {
    const STEPS: [(u32, &str); 13] = [
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ];
    if number == 0 || number > MAX_ROMAN {
        out.push_str(&number.to_string());
        return;
    }
    let mut rest = number;
    for (value, digits) in STEPS {
        while rest >= value {
            out.push_str(digits);
            rest -= value;
        }
    }
}

fn letters(number: u32, first: u8, out: &mut String) {
    let Some(index) = number.checked_sub(1).filter(|index| index / 26 < MAX_LETTER_REPEATS) else {
        out.push_str(&number.to_string());
        return;
    };
    let letter = char::from(first.saturating_add(u8::try_from(index % 26).unwrap_or(0)));
    for _ in 0..=index / 26 {
        out.push(letter);
    }
}
