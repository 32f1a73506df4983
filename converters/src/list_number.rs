//! How numbers of lists are written (ECMA-376 part 1, section 17.18.59).
//!
//! Formats in words of a language fall back to decimal, as do numbers that a format has no short form for.

mod east_asian;

const MAX_ROMAN: u32 = 3999;
/// Letters repeat after z (`aa`, `bb`); a label stops being one long before this many.
const MAX_LETTER_REPEATS: u32 = 8;
/// No document pads its numbers to more digits.
const MAX_PADDING: u8 = 10;

/// A numbering format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum NumberFormat {
    #[default]
    Decimal,
    /// Decimal with at least so many digits.
    Padded(u8),
    UpperRoman,
    LowerRoman,
    UpperLetter,
    LowerLetter,
    Ordinal,
    Hex,
    /// Between hyphens.
    Dashed,
    /// One of so many characters in a row, from the first one on.
    Enclosed {
        first: char,
        count: u32,
    },
    /// Symbols of footnotes, repeated.
    Chicago,
    /// Letters of another alphabet, repeated as `UpperLetter` is.
    Alphabet(&'static str),
    /// Decimal in other digits.
    Digits(&'static str),
    /// Counting in ideographs, as `二十三`; the Chinese way says the ones and zeros of `一百零五`.
    Ideographs {
        chinese: bool,
    },
    Bullet,
    None,
}

const CYRILLIC_UPPER: &str = "АБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЫЭЮЯ";
const CYRILLIC_LOWER: &str = "абвгдежзиклмнопрстуфхцчшщыэюя";
const GREEK: &str = "αβγδεζηθικλμνξοπρστυφχψω";
const HEBREW: &str = "אבגדהוזחטיכלמנסעפצקרשת";
const ARABIC: &str = "أبتثجحخدذرزسشصضطظعغفقكلمنهوي";
const ABJAD: &str = "أبجدهوزحطيكلمنسعفصقرشتثخذضظغ";
const THAI: &str = "กขคงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรลวศษสหฬอฮ";

impl NumberFormat {
    /// Returns the format of a `w:numFmt` value.
    pub(crate) fn named(name: &[u8]) -> Self {
        match name {
            b"decimalZero" => Self::Padded(2),
            b"upperRoman" => Self::UpperRoman,
            b"lowerRoman" => Self::LowerRoman,
            b"upperLetter" => Self::UpperLetter,
            b"lowerLetter" => Self::LowerLetter,
            b"ordinal" => Self::Ordinal,
            b"hex" => Self::Hex,
            b"numberInDash" => Self::Dashed,
            b"decimalEnclosedCircle" => Self::Enclosed { first: '①', count: 20 },
            b"decimalEnclosedParen" => Self::Enclosed { first: '⑴', count: 20 },
            b"decimalEnclosedFullstop" => Self::Enclosed { first: '⒈', count: 20 },
            b"ideographEnclosedCircle" => Self::Enclosed { first: '㊀', count: 10 },
            b"chicago" => Self::Chicago,
            b"russianUpper" => Self::Alphabet(CYRILLIC_UPPER),
            b"russianLower" => Self::Alphabet(CYRILLIC_LOWER),
            b"hebrew2" => Self::Alphabet(HEBREW),
            b"arabicAlpha" => Self::Alphabet(ARABIC),
            b"arabicAbjad" => Self::Alphabet(ABJAD),
            b"thaiLetters" => Self::Alphabet(THAI),
            b"hindiNumbers" => Self::Digits("०१२३४५६७८९"),
            b"thaiNumbers" => Self::Digits("๐๑๒๓๔๕๖๗๘๙"),
            b"bullet" => Self::Bullet,
            b"none" => Self::None,
            _ => east_asian::named(name).unwrap_or_default(),
        }
    }

    /// Returns the format that begins with these examples, as `001, 002, 003, ...`.
    pub(crate) fn by_example(examples: &str) -> Option<Self> {
        let first = examples.split(',').next().unwrap_or_default().trim();
        let digits = u8::try_from(first.len()).ok().filter(|digits| *digits <= MAX_PADDING)?;
        match first {
            "α" => Some(Self::Alphabet(GREEK)),
            _ if first.ends_with('1') && first[..first.len() - 1].bytes().all(|b| b == b'0') => {
                Some(Self::Padded(digits))
            }
            _ => None,
        }
    }

    /// Appends `number`.
    pub(crate) fn write(self, number: u32, out: &mut String) {
        let before = out.len();
        match self {
            Self::Decimal => out.push_str(&number.to_string()),
            Self::Padded(digits) => out.push_str(&format!("{number:0width$}", width = usize::from(digits))),
            Self::UpperRoman => roman(number, out),
            Self::LowerRoman => {
                roman(number, out);
                let lower = out[before..].to_ascii_lowercase();
                out.replace_range(before.., &lower);
            }
            Self::UpperLetter => letters(number, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", out),
            Self::LowerLetter => letters(number, "abcdefghijklmnopqrstuvwxyz", out),
            Self::Alphabet(alphabet) => letters(number, alphabet, out),
            Self::Chicago => letters(number, "*†‡§", out),
            Self::Hex => out.push_str(&format!("{number:X}")),
            Self::Dashed => out.push_str(&format!("- {number} -")),
            Self::Enclosed { first, count } => {
                let at = number.checked_sub(1).filter(|at| *at < count);
                let enclosed = at.and_then(|at| char::from_u32(u32::from(first) + at));
                match enclosed {
                    Some(enclosed) => out.push(enclosed),
                    None => out.push_str(&number.to_string()),
                }
            }
            Self::Digits(digits) => {
                let of = |digit: char| {
                    digit.to_digit(10).and_then(|at| digits.chars().nth(usize::try_from(at).ok()?))
                };
                out.extend(number.to_string().chars().filter_map(of));
            }
            Self::Ideographs { chinese } => east_asian::count(number, chinese, out),
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

fn letters(number: u32, alphabet: &str, out: &mut String) {
    let count = u32::try_from(alphabet.chars().count()).unwrap_or(u32::MAX);
    let index = number.checked_sub(1).filter(|index| index / count < MAX_LETTER_REPEATS);
    let letter = index.and_then(|index| alphabet.chars().nth(usize::try_from(index % count).ok()?));
    match (index, letter) {
        (Some(index), Some(letter)) => (0..=index / count).for_each(|_| out.push(letter)),
        _ => out.push_str(&number.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_a_word_processor_shows_them() {
        for (name, number, expected) in [
            ("decimalZero", 7, "07"),
            ("lowerLetter", 28, "bb"),
            ("lowerLetter", 0, "0"),
            ("upperRoman", 1994, "MCMXCIV"),
            ("ordinal", 112, "112th"),
            ("numberInDash", 3, "- 3 -"),
            ("decimalEnclosedCircle", 20, "⑳"),
            ("decimalEnclosedCircle", 21, "21"),
            ("chicago", 5, "**"),
            ("russianLower", 3, "в"),
            ("hindiNumbers", 10, "१०"),
            ("japaneseCounting", 23, "二十三"),
            ("japaneseCounting", 1105, "千百五"),
            ("chineseCounting", 10, "十"),
            ("chineseCounting", 10_000, "10000"),
            ("chineseCountingThousand", 105, "一百零五"),
            ("ideographDigital", 20, "二〇"),
            ("ideographTraditional", 2, "乙"),
            ("aiueo", 3, "ウ"),
            ("ganada", 2, "나"),
            ("decimalFullWidth", 12, "１２"),
            ("cardinalText", 4, "4"),
        ] {
            let mut out = String::new();
            NumberFormat::named(name.as_bytes()).write(number, &mut out);
            assert_eq!(out, expected, "{name} {number}");
        }
        assert_eq!(NumberFormat::by_example("001, 002, 003, ..."), Some(NumberFormat::Padded(3)));
        assert_eq!(NumberFormat::by_example("α, β, γ, ..."), Some(NumberFormat::Alphabet(GREEK)));
        for other in ["", "a, b", "010", "0000000000000000000000001"] {
            assert_eq!(NumberFormat::by_example(other), None, "{other}");
        }
    }
}
