//! Characters of symbol fonts, which documents store by their place in the font instead of in Unicode.
//!
//! Covers the whole Symbol font (Greek and mathematics change the meaning of a text) and of the Wingdings family
//! what people write with: bullets, boxes, check marks, arrows, circled numbers.

/// A font whose characters are not what their codes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SymbolFont {
    Symbol,
    Wingdings,
    Wingdings2,
    Wingdings3,
    Webdings,
}

impl SymbolFont {
    /// Returns the symbol font of this name.
    pub(crate) fn named(name: &[u8]) -> Option<Self> {
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        match () {
            () if is("Symbol") => Some(Self::Symbol),
            () if is("Wingdings") => Some(Self::Wingdings),
            () if is("Wingdings 2") => Some(Self::Wingdings2),
            () if is("Wingdings 3") => Some(Self::Wingdings3),
            () if is("Webdings") => Some(Self::Webdings),
            () => None,
        }
    }

    /// Returns the Unicode character for a code, which may be offset to the private use area at U+F000.
    pub(crate) fn character(self, code: u32) -> Option<char> {
        let code = if (0xF000..=0xF0FF).contains(&code) { code - 0xF000 } else { code };
        let code = u8::try_from(code).ok()?;
        match self {
            Self::Symbol => symbol(code),
            Self::Wingdings => wingdings(code),
            Self::Wingdings2 => lookup(code, WINGDINGS2),
            Self::Wingdings3 => lookup(code, WINGDINGS3),
            Self::Webdings => lookup(code, WEBDINGS),
        }
    }
}

/// Symbol, 0x20 to 0x7E and 0xA0 to 0xFE, after the font's own encoding vector; `\0` stands for "none".
const SYMBOL_LOW: &str =
    " !∀#∃%&∍()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_\u{203E}αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼";
const SYMBOL_HIGH: &str =
    "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪\0〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭";

fn symbol(code: u8) -> Option<char> {
    let found = match code {
        0x20..=0x7E => SYMBOL_LOW.chars().nth(usize::from(code) - 0x20),
        0xA0..=0xFE => SYMBOL_HIGH.chars().nth(usize::from(code) - 0xA0),
        _ => None,
    };
    found.filter(|c| *c != '\0')
}

fn wingdings(code: u8) -> Option<char> {
    match code {
        // Circled digits: zero to ten, open and filled.
        0x80 => Some('⓪'),
        0x81..=0x8A => char::from_u32(0x2460 + u32::from(code - 0x81)),
        0x8B => Some('⓿'),
        0x8C..=0x95 => char::from_u32(0x2776 + u32::from(code - 0x8C)),
        _ => lookup(code, WINGDINGS),
    }
}

fn lookup(code: u8, table: &[(u8, char)]) -> Option<char> {
    table.iter().find(|(at, _)| *at == code).map(|(_, c)| *c)
}

const WINGDINGS: &[(u8, char)] = &[
    (0x20, ' '),
    (0x21, '✏'),
    (0x22, '✂'),
    (0x23, '✁'),
    (0x28, '☎'),
    (0x29, '✆'),
    (0x2A, '✉'),
    (0x36, '⌛'),
    (0x37, '⌨'),
    (0x3E, '✇'),
    (0x3F, '✍'),
    (0x41, '✌'),
    (0x46, '☞'),
    (0x47, '☝'),
    (0x48, '☟'),
    (0x4A, '☺'),
    (0x4B, '😐'),
    (0x4C, '☹'),
    (0x4D, '💣'),
    (0x4E, '☠'),
    (0x51, '✈'),
    (0x52, '☼'),
    (0x54, '❄'),
    (0x58, '✠'),
    (0x6C, '●'),
    (0x6D, '❍'),
    (0x6E, '■'),
    (0x6F, '□'),
    (0x70, '◻'),
    (0x71, '❑'),
    (0x72, '❒'),
    (0x73, '⬧'),
    (0x74, '⧫'),
    (0x75, '◆'),
    (0x76, '❖'),
    (0x77, '⬥'),
    (0x78, '⌧'),
    (0x7A, '⌘'),
    (0x7D, '❝'),
    (0x7E, '❞'),
    (0x9E, '·'),
    (0x9F, '•'),
    (0xA1, '○'),
    (0xA4, '◉'),
    (0xA5, '◎'),
    (0xA7, '▪'),
    (0xA8, '◻'),
    (0xAA, '✦'),
    (0xAB, '★'),
    (0xAC, '✶'),
    (0xAE, '✹'),
    (0xD8, '➢'),
    (0xDC, '➲'),
    (0xDF, '←'),
    (0xE0, '→'),
    (0xE1, '↑'),
    (0xE2, '↓'),
    (0xE8, '➔'),
    (0xEF, '⇦'),
    (0xF0, '⇨'),
    (0xF1, '⇧'),
    (0xF2, '⇩'),
    (0xF3, '⇔'),
    (0xFB, '✗'),
    (0xFC, '✓'),
    (0xFD, '☒'),
    (0xFE, '☑'),
];

const WINGDINGS2: &[(u8, char)] = &[
    (0x20, ' '),
    (0x4F, '✗'),
    (0x50, '✓'),
    (0x51, '☒'),
    (0x52, '☑'),
    (0x53, '☒'),
    (0x54, '☒'),
    (0x97, '●'),
    (0xA0, '■'),
    (0xA2, '■'),
    (0xA3, '□'),
];

const WINGDINGS3: &[(u8, char)] = &[
    (0x20, ' '),
    (0x21, '→'),
    (0x22, '↑'),
    (0x23, '↓'),
    (0x70, '▲'),
    (0x71, '▼'),
    (0x74, '◀'),
    (0x75, '▶'),
    (0x7D, '▶'),
];

const WEBDINGS: &[(u8, char)] = &[
    (0x20, ' '),
    (0x33, '◀'),
    (0x34, '▶'),
    (0x35, '▲'),
    (0x36, '▼'),
    (0x61, '✓'),
    (0x63, '□'),
    (0x67, '■'),
    (0x6E, '●'),
    (0x72, '✗'),
];

/// Returns `text` with its characters of a symbol font in Unicode, if it has any: they are in the private use area.
pub(crate) fn unicode(font: SymbolFont, text: &str) -> Option<String> {
    let private = |c: char| ('\u{F000}'..='\u{F0FF}').contains(&c);
    let mapped = |c: char| if private(c) { font.character(u32::from(c)).unwrap_or(c) } else { c };
    text.contains(private).then(|| text.chars().map(mapped).collect())
}

/// Returns the raised or lowered form of `text`, if all of it has one.
pub(crate) fn shifted(text: &str, raised: bool) -> Option<String> {
    let from = "0123456789+-=()ni";
    let to = if raised {
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ"
    } else {
        "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₙᵢ"
    };
    text.chars()
        .map(|c| {
            let at = from.chars().position(|known| known == c)?;
            to.chars().nth(at)
        })
        .collect()
}
