//! Fixed, grouped, scaled, percent and scientific number sections.
//!
//! The digits of the rounded number are laid over the placeholders from the point outwards, so that literals
//! may stand between them (`000-00-0000`). The blanks by which `?` lines numbers up are left out.

use super::code::Token;
use super::decimal::{Decimal, Digits};

#[derive(Debug, Clone, PartialEq)]
enum Item {
    Literal(String),
    /// A placeholder before the point.
    Whole(u8),
    Point,
    /// A placeholder after the point.
    Fraction(u8),
    Exponent {
        plus: bool,
    },
    /// A placeholder of the exponent.
    Power(u8),
}

/// A compiled number section.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Pattern {
    items: Vec<Item>,
    whole: usize,
    fraction: usize,
    power: usize,
    has_point: bool,
    grouped: bool,
    /// The places by which `%` and trailing commas move the point.
    shift: i32,
    scientific: bool,
}

impl Pattern {
    pub(super) fn compile(tokens: &[Token]) -> Self {
        let mut pattern = Self::default();
        let mut pending_commas = 0;
        for (at, token) in tokens.iter().enumerate() {
            match token {
                Token::Digit(kind) => {
                    // A comma between placeholders groups; commas after the last one scale by 1,000 each.
                    pattern.grouped |= pending_commas > 0 && !pattern.has_point && !pattern.scientific;
                    pending_commas = 0;
                    pattern.digit(*kind);
                }
                Token::Comma if tokens[..at].iter().any(|t| matches!(t, Token::Digit(_))) => {
                    pending_commas += 1;
                }
                Token::Point if !pattern.has_point && !pattern.scientific => {
                    pattern.scale(&mut pending_commas);
                    pattern.has_point = true;
                    pattern.items.push(Item::Point);
                }
                Token::Exponent { plus } if !pattern.scientific && pattern.whole + pattern.fraction > 0 => {
                    pattern.scientific = true;
                    pattern.items.push(Item::Exponent { plus: *plus });
                }
                Token::Percent => {
                    pattern.shift += 2;
                    pattern.literal("%");
                }
                other => pattern.literal(literal_of(other)),
            }
        }
        pattern.scale(&mut pending_commas);
        pattern
    }

    fn digit(&mut self, kind: u8) {
        if self.scientific {
            self.power += 1;
            self.items.push(Item::Power(kind));
        } else if self.has_point {
            self.fraction += 1;
            self.items.push(Item::Fraction(kind));
        } else {
            self.whole += 1;
            self.items.push(Item::Whole(kind));
        }
    }

    fn scale(&mut self, pending_commas: &mut i32) {
        self.shift -= 3 * std::mem::take(pending_commas);
    }

    fn literal(&mut self, text: &str) {
        if let Some(Item::Literal(last)) = self.items.last_mut() {
            last.push_str(text);
        } else {
            self.items.push(Item::Literal(text.to_owned()));
        }
    }

    pub(super) fn is_percent(&self) -> bool {
        self.shift == 2
    }

    /// Tells whether the section writes whole numbers with leading zeros: article numbers, post codes.
    pub(super) fn is_identifier(&self) -> bool {
        let zeros = self.items.iter().filter(|item| **item == Item::Whole(b'0'));
        let is_whole = self.fraction == 0 && !self.scientific && self.shift == 0 && !self.grouped;
        is_whole && zeros.count() > 1
    }

    /// Appends the number without its sign.
    pub(super) fn write(&self, value: Decimal, out: &mut Vec<u8>) {
        let value = value.shifted(self.shift);
        let places = u32::try_from(self.fraction).unwrap_or(u32::MAX);
        let (value, power) = if self.scientific { self.normalise(value, places) } else { (value, 0) };
        let digits = value.digits(places);
        let power_digits =
            Decimal { negative: false, mantissa: u64::from(power.unsigned_abs()), exponent: 0 }.digits(0);
        let trailing_zeros = digits.trailing_zeros().unwrap_or(usize::MAX);
        let mut whole_left = self.whole;
        let mut fraction_left = self.fraction;
        let mut power_left = self.power;
        for item in &self.items {
            match item {
                Item::Literal(text) => out.extend_from_slice(text.as_bytes()),
                Item::Whole(kind) => {
                    whole_left -= 1;
                    self.write_whole(&digits, (whole_left, whole_left + 1 == self.whole), *kind, out);
                }
                Item::Point => {
                    if self.whole == 0 {
                        write_all(&digits, self.fraction, out);
                    }
                    out.push(b'.');
                }
                Item::Fraction(kind) => {
                    fraction_left -= 1;
                    // `#` and `?` leave out the zeros that end the number.
                    if *kind == b'0' || fraction_left >= trailing_zeros {
                        out.push(digits.digit(fraction_left));
                    }
                }
                Item::Exponent { plus } => {
                    out.push(b'E');
                    if power < 0 {
                        out.push(b'-');
                    } else if *plus {
                        out.push(b'+');
                    }
                }
                Item::Power(kind) => {
                    power_left -= 1;
                    write_power(&power_digits, (power_left, power_left + 1 == self.power), *kind, out);
                }
            }
        }
    }

    /// Moves the point so that the whole part fills the placeholders; several of them make the exponent a
    /// multiple of their number.
    fn normalise(&self, value: Decimal, places: u32) -> (Decimal, i32) {
        if value.is_zero() {
            return (value, 0);
        }
        let step = i32::try_from(self.whole.max(1)).unwrap_or(1);
        let power = value.magnitude().div_euclid(step) * step;
        let moved = value.shifted(-power);
        // Rounding may add a digit: 9.99 in 0.0E+0 is 1.0E+1.
        if moved.digits(places).len() > self.whole.max(1) + self.fraction {
            return (value.shifted(-power - step), power + step);
        }
        (moved, power)
    }

    /// Writes the digit at one placeholder; the first one writes all digits that stand before it, too.
    fn write_whole(&self, digits: &Digits, (place, first): (usize, bool), kind: u8, out: &mut Vec<u8>) {
        let len = digits.len().saturating_sub(self.fraction);
        let mut put = |place: usize| {
            if place < len {
                out.push(digits.digit(place + self.fraction));
            } else if kind == b'0' {
                out.push(b'0');
            } else {
                return;
            }
            if self.grouped && place > 0 && place.is_multiple_of(3) {
                out.push(b',');
            }
        };
        if first {
            (place + 1..len).rev().for_each(&mut put);
        }
        put(place);
    }
}

/// Writes the whole part when no placeholder stands for it, as in `.00`.
fn write_all(digits: &Digits, fraction: usize, out: &mut Vec<u8>) {
    for place in (fraction..digits.len()).rev() {
        out.push(digits.digit(place));
    }
}

fn write_power(digits: &Digits, (place, first): (usize, bool), kind: u8, out: &mut Vec<u8>) {
    if first {
        for place in (place + 1..digits.len()).rev() {
            out.push(digits.digit(place));
        }
    }
    if place < digits.len() {
        out.push(digits.digit(place));
    } else if kind == b'0' || (place == 0 && digits.is_empty()) {
        out.push(b'0');
    }
}

/// What a token stands for where it has no meaning of its own.
pub(super) fn literal_of(token: &Token) -> &str {
    match token {
        Token::Literal(text) => text,
        Token::Point => ".",
        Token::Comma => ",",
        Token::Slash => "/",
        Token::Percent => "%",
        Token::Exponent { .. } => "E",
        Token::Digit(_)
        | Token::Text
        | Token::General
        | Token::Date(..)
        | Token::Elapsed(..)
        | Token::Half { .. }
        | Token::System { .. } => "",
    }
}
