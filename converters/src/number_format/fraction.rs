//! Fraction sections, such as `# ?/?` and `0/16`.
//!
//! The blanks by which a spreadsheet program lines up fractions are left out: `2 1/2`, not `2 1/2 `.

use super::code::Token;
use super::decimal::Decimal;
use super::number::literal_of;

/// Denominators have at most this many digits; more placeholders count as this many.
const MAX_DIGITS: usize = 7;

/// A compiled fraction section.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pattern {
    prefix: String,
    /// Whether whole numbers stand before the fraction.
    mixed: bool,
    /// Whether a whole part of zero is written.
    keeps_zero: bool,
    largest: u64,
    fixed: Option<u64>,
    suffix: String,
}

impl Pattern {
    /// Compiles a section that has placeholders before a slash; `None` if there is no fraction in it.
    pub(super) fn compile(tokens: &[Token]) -> Option<Self> {
        let slash = tokens.iter().position(|t| *t == Token::Slash)?;
        let (before, after) = (tokens.get(..slash)?, tokens.get(slash + 1..)?);
        let is_digit = |t: &Token| matches!(t, Token::Digit(_));
        let numerator_end = before.iter().rposition(is_digit)?;
        let numerator_start =
            before[..numerator_end].iter().rposition(|t| !is_digit(t)).map_or(0, |at| at + 1);
        let whole = before[..numerator_start].iter().position(is_digit);
        let prefix_end = whole.unwrap_or(numerator_start);
        let (fixed, digits, suffix_start) = denominator(after)?;
        Some(Self {
            prefix: before[..prefix_end].iter().map(literal_of).collect(),
            mixed: whole.is_some(),
            keeps_zero: before[..numerator_start].contains(&Token::Digit(b'0')),
            largest: 10u64.pow(u32::try_from(digits.clamp(1, MAX_DIGITS)).unwrap_or(1)) - 1,
            fixed,
            suffix: after.get(suffix_start..)?.iter().map(literal_of).collect(),
        })
    }

    /// Appends the number without its sign.
    pub(super) fn write(&self, value: Decimal, out: &mut Vec<u8>) {
        let value = value.to_f64().abs();
        let whole = value.trunc();
        let part = if self.mixed { value - whole } else { value };
        let (mut numerator, denominator) = match self.fixed {
            Some(fixed) => (to_u64(part * to_f64(fixed)), fixed),
            None => nearest(part, self.largest),
        };
        let mut whole = to_u64(whole);
        if self.mixed && numerator == denominator {
            (whole, numerator) = (whole + 1, 0);
        }
        out.extend_from_slice(self.prefix.as_bytes());
        let mut text = String::new();
        if self.mixed && (whole > 0 || numerator == 0 || self.keeps_zero) {
            text = whole.to_string();
        }
        if !self.mixed || numerator > 0 {
            let gap = if text.is_empty() { "" } else { " " };
            text.push_str(&format!("{gap}{numerator}/{denominator}"));
        }
        out.extend_from_slice(text.as_bytes());
        out.extend_from_slice(self.suffix.as_bytes());
    }
}

/// Returns the fixed denominator, or the number of placeholders, and where the suffix begins.
fn denominator(after: &[Token]) -> Option<(Option<u64>, usize, usize)> {
    let digits = after.iter().take_while(|t| matches!(t, Token::Digit(_))).count();
    if digits > 0 {
        return Some((None, digits, digits));
    }
    // `?/100`: the literal digits and the zeros, which look like placeholders, make one number.
    let Some(Token::Literal(text)) = after.first() else {
        return None;
    };
    let mut number = text.trim().to_owned();
    let zeros = after[1..].iter().take_while(|t| **t == Token::Digit(b'0')).count();
    number.push_str(&"0".repeat(zeros.min(MAX_DIGITS)));
    let fixed = number.parse().ok().filter(|n| (1..100_000_000).contains(n))?;
    Some((Some(fixed), 0, 1 + zeros))
}

/// Returns the fraction nearest to `value` whose denominator is at most `largest`, by continued fractions.
fn nearest(value: f64, largest: u64) -> (u64, u64) {
    let (mut numerator, mut previous_numerator) = (to_u64(value.floor()), 1u64);
    let (mut denominator, mut previous_denominator) = (1u64, 0u64);
    if to_f64(numerator) >= 9e15 {
        return (numerator, 1);
    }
    let mut rest = value - value.floor();
    while rest > 1e-10 {
        let inverse = 1.0 / rest;
        let term = to_u64(inverse.floor());
        let next_denominator = term.saturating_mul(denominator).saturating_add(previous_denominator);
        if next_denominator > largest {
            // The last convergent, as the programs show it, although a fraction between two may be nearer.
            break;
        }
        let next_numerator = term.saturating_mul(numerator).saturating_add(previous_numerator);
        (previous_numerator, numerator) = (numerator, next_numerator);
        (previous_denominator, denominator) = (denominator, next_denominator);
        rest = inverse - inverse.floor();
    }
    (numerator, denominator)
}

fn to_u64(value: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates, and a fraction of a number that large shows nothing anyway"
    )]
    let whole = value.round() as u64;
    whole
}

fn to_f64(value: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "denominators are small, whole parts may lose digits")]
    let value = value as f64;
    value
}
