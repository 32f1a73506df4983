//! Splits a format code into sections and tokens (ECMA-376 part 1, 18.8.31).
//!
//! Colours, fill characters (`*x`) and the blanks that `_x` leaves have no text form and are dropped here. What
//! the grammar does not know is taken as literal text, as spreadsheet programs do; no code is an error.

use std::iter::Peekable;
use std::str::Chars;

/// One piece of a section.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Literal(String),
    /// `0`, `#` or `?`.
    Digit(u8),
    Point,
    Comma,
    Percent,
    /// `E+` (`plus`) or `E-`.
    Exponent {
        plus: bool,
    },
    Slash,
    /// `@`.
    Text,
    General,
    /// A run of one date letter, in lower case, with its length.
    Date(u8, usize),
    /// `[h]`, `[m]`, `[s]` and longer.
    Elapsed(u8, usize),
    /// `AM/PM` or `A/P`.
    Half {
        long: bool,
    },
    /// `[$-F800]` or `[$-F400]`: the system's long date or time.
    System {
        time: bool,
    },
}

/// When a section applies, if it says so itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Condition {
    pub(super) test: Test,
    pub(super) operand: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Test {
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
    GreaterOrEqual,
    Greater,
}

impl Condition {
    pub(super) fn holds(self, value: f64) -> bool {
        match self.test {
            Test::Less => value < self.operand,
            Test::LessOrEqual => value <= self.operand,
            #[expect(clippy::float_cmp, reason = "the format asks for equality")]
            Test::Equal => value == self.operand,
            #[expect(clippy::float_cmp, reason = "the format asks for equality")]
            Test::NotEqual => value != self.operand,
            Test::GreaterOrEqual => value >= self.operand,
            Test::Greater => value > self.operand,
        }
    }

    /// Tells whether only negative numbers can satisfy it.
    pub(super) fn is_negative_only(self) -> bool {
        match self.test {
            Test::Less => self.operand <= 0.0,
            Test::LessOrEqual | Test::Equal => self.operand < 0.0,
            Test::NotEqual | Test::GreaterOrEqual | Test::Greater => false,
        }
    }

    /// Tells whether no number from zero on can fail it.
    pub(super) fn covers_all_from_zero(self) -> bool {
        match self.test {
            Test::GreaterOrEqual => self.operand <= 0.0,
            Test::Greater => self.operand < 0.0,
            Test::Less | Test::LessOrEqual | Test::Equal | Test::NotEqual => false,
        }
    }
}

/// The tokens between two semicolons.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Section {
    pub(super) condition: Option<Condition>,
    pub(super) tokens: Vec<Token>,
}

impl Section {
    fn literal(&mut self, c: char) {
        if let Some(Token::Literal(text)) = self.tokens.last_mut() {
            text.push(c);
        } else {
            self.tokens.push(Token::Literal(c.into()));
        }
    }

    pub(super) fn has(&self, wanted: impl Fn(&Token) -> bool) -> bool {
        self.tokens.iter().any(wanted)
    }
}

/// Splits `code`; there are one to four sections.
pub(super) fn parse(code: &str) -> Vec<Section> {
    let mut sections = vec![Section::default()];
    let mut chars = code.chars().peekable();
    while let Some(c) = chars.next() {
        if c == ';' {
            if sections.len() == 4 {
                break;
            }
            sections.push(Section::default());
        } else if let Some(section) = sections.last_mut() {
            piece(c, &mut chars, section);
        }
    }
    sections
}

fn piece(c: char, chars: &mut Peekable<Chars<'_>>, section: &mut Section) {
    let tokens = &mut section.tokens;
    match c {
        '"' => chars.by_ref().take_while(|c| *c != '"').for_each(|c| section.literal(c)),
        '\\' | '!' => chars.next().into_iter().for_each(|c| section.literal(c)),
        '_' | '*' => drop(chars.next()),
        '[' => bracket(chars, section),
        '0' => tokens.push(Token::Digit(b'0')),
        '#' => tokens.push(Token::Digit(b'#')),
        '?' => tokens.push(Token::Digit(b'?')),
        '1'..='9' => section.literal(c),
        '.' => tokens.push(Token::Point),
        ',' => tokens.push(Token::Comma),
        '%' => tokens.push(Token::Percent),
        '/' => tokens.push(Token::Slash),
        '@' => tokens.push(Token::Text),
        'E' | 'e' if chars.next_if_eq(&'+').is_some() => tokens.push(Token::Exponent { plus: true }),
        'E' | 'e' if chars.next_if_eq(&'-').is_some() => tokens.push(Token::Exponent { plus: false }),
        'G' | 'g' if take_word(chars, "eneral") => tokens.push(Token::General),
        'A' | 'a' if take_word(chars, "m/pm") => tokens.push(Token::Half { long: true }),
        'A' | 'a' if take_word(chars, "/p") => tokens.push(Token::Half { long: false }),
        '上' if take_word(chars, "午/下午") => tokens.push(Token::Half { long: true }),
        _ => match c.to_ascii_lowercase() {
            letter @ ('y' | 'm' | 'd' | 'h' | 's' | 'e' | 'b' | 'g') => {
                let letter_byte = u8::try_from(letter).unwrap_or(b'y');
                tokens.push(Token::Date(letter_byte, 1 + run_length(letter, chars)));
            }
            _ => section.literal(c),
        },
    }
}

/// Takes the following repetitions of `letter`, in either case.
fn run_length(letter: char, chars: &mut Peekable<Chars<'_>>) -> usize {
    let mut length = 0;
    while chars.next_if(|c| c.eq_ignore_ascii_case(&letter)).is_some() {
        length += 1;
    }
    length
}

fn take_word(chars: &mut Peekable<Chars<'_>>, word: &str) -> bool {
    let mut ahead = chars.clone();
    let same = word.chars().all(|expected| ahead.next().is_some_and(|c| c.eq_ignore_ascii_case(&expected)));
    if same {
        *chars = ahead;
    }
    same
}

/// Handles `[...]`: elapsed time, condition, currency and locale, or a colour, which is dropped.
fn bracket(chars: &mut Peekable<Chars<'_>>, section: &mut Section) {
    let inner: String = chars.by_ref().take_while(|c| *c != ']').collect();
    if let Some(currency) = inner.strip_prefix('$') {
        let (symbol, locale) = currency.rsplit_once('-').unwrap_or((currency, ""));
        match locale.to_ascii_uppercase().as_str() {
            "F800" => section.tokens.push(Token::System { time: false }),
            "F400" => section.tokens.push(Token::System { time: true }),
            _ => symbol.chars().for_each(|c| section.literal(c)),
        }
        return;
    }
    if let Some(letter) = inner.bytes().next().map(|b| b.to_ascii_lowercase())
        && matches!(letter, b'h' | b'm' | b's')
        && inner.bytes().all(|b| b.eq_ignore_ascii_case(&letter))
    {
        section.tokens.push(Token::Elapsed(letter, inner.len()));
        return;
    }
    section.condition = section.condition.or_else(|| condition(&inner));
}

fn condition(inner: &str) -> Option<Condition> {
    let tests = [
        ("<=", Test::LessOrEqual),
        ("<>", Test::NotEqual),
        (">=", Test::GreaterOrEqual),
        ("<", Test::Less),
        (">", Test::Greater),
        ("=", Test::Equal),
    ];
    tests.into_iter().find_map(|(sign, test)| {
        let operand = inner.strip_prefix(sign)?.trim().parse().ok()?;
        Some(Condition { test, operand })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semicolons_in_quotes_brackets_and_after_a_backslash_do_not_split() {
        assert_eq!(parse(r#"0";"\;[$;-407]0;0"#).len(), 2);
        assert_eq!(parse("0;0;0;0;0;0").len(), 4);
        assert_eq!(parse("").len(), 1);
    }

    #[test]
    fn conditions_and_elapsed_times_are_told_from_colours() {
        let sections = parse("[Red][<=-5.5]0;[hh]:mm");
        assert_eq!(sections[0].condition, Some(Condition { test: Test::LessOrEqual, operand: -5.5 }));
        assert_eq!(sections[0].tokens, [Token::Digit(b'0')]);
        assert_eq!(sections[1].tokens[0], Token::Elapsed(b'h', 2));
    }
}
