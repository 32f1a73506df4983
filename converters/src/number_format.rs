//! Spreadsheet number formats: stored numbers as a spreadsheet program shows them, in a neutral locale.
//!
//! Shared by all spreadsheet formats. A format code is compiled once; writing a number allocates nothing but
//! output. Codes and values that make no sense show the plain number, as the programs do, and are no error. The
//! neutral locale is English names, `.` and `,`, and ISO 8601 for every date whose look depends on a locale.

mod builtin;
mod calendar;
mod code;
mod date;
mod decimal;
mod fraction;
mod general;
mod number;

pub use calendar::{Epoch, serial_of};
use code::{Condition, Section, Token};
pub use decimal::Decimal;
pub use general::{is_plain, write as write_general};

/// Codes longer than this show the plain number; spreadsheet programs take no longer ones either. The bound keeps
/// the cost of a cell small, whatever its format.
const MAX_CODE_CHARS: usize = 255;

/// How the numbers of a section are written.
#[derive(Debug, Clone, PartialEq)]
enum Body {
    /// The plain number between two literals.
    General(String, String),
    Number(number::Pattern),
    Fraction(fraction::Pattern),
    Date(date::Pattern),
}

#[derive(Debug, Clone, PartialEq)]
struct Part {
    condition: Option<Condition>,
    body: Body,
}

/// A compiled format.
#[derive(Debug, Clone, PartialEq)]
pub struct NumberFormat {
    parts: Vec<Part>,
    /// The literals around text; `None` if text stays as it is.
    text: Option<Vec<TextPiece>>,
    hides_all: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum TextPiece {
    Literal(String),
    Value,
}

impl NumberFormat {
    /// Compiles a format code.
    #[must_use]
    pub fn parse(code: &str) -> Self {
        let usable = !code.is_empty() && code.chars().take(MAX_CODE_CHARS + 1).count() <= MAX_CODE_CHARS;
        let code = if usable { code } else { "General" };
        let mut sections = code::parse(code);
        let explicit_text = sections.len() == 4;
        let is_text = |s: &Section| s.has(|t| *t == Token::Text);
        let text = if explicit_text || (sections.len() > 1 && sections.last().is_some_and(is_text)) {
            sections.pop()
        } else {
            sections.first().filter(|s| is_text(s)).cloned()
        };
        let hides_all = sections.len() > 1 && sections.iter().chain(&text).all(|s| s.tokens.is_empty());
        Self {
            parts: sections.iter().map(compile).collect(),
            text: text.map(|s| compile_text(&s)).filter(|text| *text != [TextPiece::Value]),
            hides_all,
        }
    }

    /// Returns the format of a built-in id; ids without a meaning are `General`.
    #[must_use]
    pub fn builtin(id: u32) -> Self {
        match builtin::of(id) {
            builtin::Builtin::Code(code) => Self::parse(code),
            builtin::Builtin::Iso(iso, shown) => Self {
                parts: vec![Part { condition: None, body: Body::Date(date::Pattern::iso(iso, shown)) }],
                text: None,
                hides_all: false,
            },
        }
    }

    /// Tells whether every number is written in its plain form.
    #[must_use]
    pub fn is_general(&self) -> bool {
        matches!(&*self.parts, [Part { condition: None, body: Body::General(prefix, suffix) }]
            if prefix.is_empty() && suffix.is_empty())
    }

    /// Tells whether positive numbers are dates or times.
    #[must_use]
    pub fn is_date(&self) -> bool {
        matches!(self.parts.first(), Some(Part { body: Body::Date(_), .. }))
    }

    /// Tells whether the format (`;;;`) shows nothing, whatever the value.
    #[must_use]
    pub fn hides_all(&self) -> bool {
        self.hides_all
    }

    /// Tells whether text stays as it is.
    #[must_use]
    pub fn keeps_text(&self) -> bool {
        self.text.is_none()
    }

    /// Appends a number as the format shows it. Blanks at either end, which only align, are left out.
    pub fn write(&self, value: Decimal, epoch: Epoch, out: &mut Vec<u8>) {
        let start = out.len();
        let Some((part, signed)) = self.choose(value) else {
            general::write(value, out);
            return;
        };
        if signed && !matches!(part.body, Body::Date(_)) {
            out.push(b'-');
        }
        let size = Decimal { negative: false, ..value };
        match &part.body {
            Body::General(prefix, suffix) => {
                out.extend_from_slice(prefix.as_bytes());
                general::write(size, out);
                out.extend_from_slice(suffix.as_bytes());
            }
            Body::Number(pattern) => pattern.write(size, out),
            Body::Fraction(pattern) => pattern.write(size, out),
            Body::Date(pattern) => {
                if !pattern.write(if signed { value } else { size }, epoch, out) {
                    general::write(value, out);
                }
            }
        }
        trim(start, out);
    }

    /// Appends a number in the one form of its kind, which the format tells: dates and times in ISO 8601, elapsed time
    /// in hours, minutes and seconds, percentages, whole numbers with their leading zeros, or else the plain
    /// number, with all its digits.
    pub fn write_canonical(&self, value: Decimal, epoch: Epoch, out: &mut Vec<u8>) {
        match self.choose(value).map(|(part, _)| &part.body) {
            Some(Body::Date(pattern)) => {
                if !pattern.write_canonical(value, epoch, out) {
                    general::write(value, out);
                }
            }
            Some(Body::Number(pattern)) if pattern.is_identifier() && value.normalised().exponent >= 0 => {
                self.write(value, epoch, out);
            }
            Some(Body::Number(pattern)) if pattern.is_percent() => {
                general::write(value.shifted(2), out);
                out.push(b'%');
            }
            _ => general::write(value, out),
        }
    }

    /// Appends text as the format shows it.
    pub fn write_text(&self, value: &[u8], out: &mut Vec<u8>) {
        let Some(pieces) = &self.text else {
            out.extend_from_slice(value);
            return;
        };
        for piece in pieces {
            match piece {
                TextPiece::Literal(text) => out.extend_from_slice(text.as_bytes()),
                TextPiece::Value => out.extend_from_slice(value),
            }
        }
    }

    /// Returns the section for a number, and whether its sign is still to be written (18.8.31).
    fn choose(&self, value: Decimal) -> Option<(&Part, bool)> {
        let negative = value.negative && !value.is_zero();
        let (first, rest) = self.parts.split_first()?;
        let Some((second, rest)) = rest.split_first() else {
            let number = value.to_f64();
            let holds = first.condition.is_none_or(|c| c.holds(number));
            return holds.then_some((first, negative));
        };
        let last = rest.first();
        if first.condition.is_none() && second.condition.is_none() {
            return Some(match last {
                Some(zero) if value.is_zero() => (zero, false),
                _ if negative => (second, false),
                _ => (first, false),
            });
        }
        let number = value.to_f64();
        let holds = |part: &Part, default: bool| part.condition.map_or(default, |c| c.holds(number));
        let own_sign = |part: &Part| negative && !part.condition.is_some_and(Condition::is_negative_only);
        if holds(first, if last.is_some() { number > 0.0 } else { number >= 0.0 }) {
            Some((first, own_sign(first)))
        } else if last.is_none() {
            let rest_is_negative = first.condition.is_some_and(Condition::covers_all_from_zero);
            Some((second, own_sign(second) && !rest_is_negative))
        } else if holds(second, number < 0.0) {
            Some((second, own_sign(second) && second.condition.is_some()))
        } else {
            last.map(|part| (part, negative))
        }
    }
}

fn compile(section: &Section) -> Part {
    let tokens = &section.tokens;
    let is_plain = |t: &Token| matches!(t, Token::General | Token::Text);
    let body = if let Some(pattern) = date::Pattern::compile(tokens) {
        Body::Date(pattern)
    } else if let Some(at) = tokens.iter().position(is_plain) {
        let literals = |tokens: &[Token]| tokens.iter().map(number::literal_of).collect();
        Body::General(literals(&tokens[..at]), literals(&tokens[at + 1..]))
    } else if let Some(pattern) = fraction::Pattern::compile(tokens) {
        Body::Fraction(pattern)
    } else {
        Body::Number(number::Pattern::compile(tokens))
    };
    Part { condition: section.condition, body }
}

fn compile_text(section: &Section) -> Vec<TextPiece> {
    let piece = |token: &Token| match token {
        Token::Text | Token::General => TextPiece::Value,
        other => TextPiece::Literal(number::literal_of(other).to_owned()),
    };
    section.tokens.iter().map(piece).collect()
}

/// Removes the blanks at both ends of what was written from `start` on.
fn trim(start: usize, out: &mut Vec<u8>) {
    while out.len() > start && out.last() == Some(&b' ') {
        out.pop();
    }
    let written = out.get(start..).unwrap_or_default();
    let blanks = written.iter().take_while(|byte| **byte == b' ').count();
    if blanks > 0 {
        out.drain(start..start + blanks);
    }
}

#[cfg(test)]
mod tests;
