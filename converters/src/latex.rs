//! Formulas as LaTeX, written while their document is read.
//!
//! A [`Builder`] takes the structures of a formula as they begin and end and says what each was at its end, when every
//! part of it is known; no tree is built. It suits OMML (ECMA-376 part 1, section 22.1), whose parts have names, and
//! MathML, whose parts have places. Braces are balanced whatever the order of calls, and the text is one line. Commands
//! are those of LaTeX with amsmath, as MathJax and KaTeX read them; nothing is braced or sized that need not be.

mod fence;
mod shape;
mod symbols;

use shape::Parts;
pub(crate) use shape::{Fraction, Shape};

/// A longer structure is left as the text it holds: each level around it would move all of it.
const MAX_STRUCTURE_BYTES: usize = 16 << 10;

/// Longer than the name of any command.
const MAX_COMMAND_BYTES: usize = 32;

/// What an element of a structure is to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// What a script, an accent, an operator or a function belongs to; the radicand.
    Base,
    /// A subscript, lower limit or denominator.
    Lower,
    /// A superscript, upper limit or numerator.
    Upper,
    /// The degree of a root.
    Degree,
    /// The name of a function.
    Name,
    /// One of many: between delimiters, in a row, a row.
    Item,
}

/// How letters look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Font {
    /// As variables are.
    #[default]
    Italic,
    Roman,
    /// Ordinary text, whose spaces count.
    Text,
    Bold,
    BoldItalic,
    Script,
    Fraktur,
    DoubleStruck,
    SansSerif,
    Monospace,
}

impl Font {
    fn command(self) -> Option<&'static str> {
        match self {
            Self::Italic | Self::Roman | Self::Text => None,
            Self::Bold => Some("\\mathbf"),
            Self::BoldItalic => Some("\\boldsymbol"),
            Self::Script => Some("\\mathcal"),
            Self::Fraktur => Some("\\mathfrak"),
            Self::DoubleStruck => Some("\\mathbb"),
            Self::SansSerif => Some("\\mathsf"),
            Self::Monospace => Some("\\mathtt"),
        }
    }
}

/// An open structure.
#[derive(Debug)]
struct Open {
    /// Where it begins in the text.
    from: usize,
    /// Its parts, and where they begin.
    parts: Vec<(Part, usize)>,
}

/// The formula being written.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    text: String,
    open: Vec<Open>,
    /// Whether a sign ended that the next one must not run into.
    sign_ended: bool,
    /// Bytes held for parts so far.
    parts: usize,
    /// How much of what is held the caller was told of.
    told: usize,
}

impl Builder {
    /// Begins a structure.
    pub(crate) fn begin(&mut self) {
        self.open.push(Open { from: self.text.len(), parts: Vec::new() });
        self.parts += size_of::<Open>();
    }

    /// Begins the next part of the structure that was begun last.
    pub(crate) fn part(&mut self, part: Part) {
        if let Some(open) = self.open.last_mut() {
            open.parts.push((part, self.text.len()));
            self.parts += size_of::<(Part, usize)>();
        }
    }

    /// Ends the structure that was begun last.
    pub(crate) fn end(&mut self, shape: &Shape<'_>) {
        let Some(open) = self.open.pop() else {
            return;
        };
        if self.text.len() - open.from > MAX_STRUCTURE_BYTES {
            return;
        }
        let content = self.text.split_off(open.from);
        let parts = Parts::new(&content, open.from, &open.parts);
        push(&mut self.text, &shape.write(parts));
    }

    /// Ends a sign: a word that follows is not part of it.
    pub(crate) fn end_sign(&mut self) {
        self.sign_ended = true;
    }

    /// Writes the mark at which lines are aligned.
    pub(crate) fn align(&mut self) {
        self.text.push('&');
    }

    /// Appends characters.
    pub(crate) fn characters(&mut self, text: &str, font: Font) {
        let letter = |c: Option<char>| c.is_some_and(char::is_alphabetic);
        if std::mem::take(&mut self.sign_ended)
            && letter(text.chars().next())
            && letter(self.text.chars().next_back())
        {
            self.text.push(' ');
        }
        let has_word = text.contains(|c: char| c.is_alphanumeric());
        match (font, font.command()) {
            (Font::Text, _) if text.contains(char::is_alphabetic) => {
                push(&mut self.text, "\\text{");
                symbols::append_text(&mut self.text, text);
                self.text.push('}');
            }
            (_, Some(command)) if has_word => {
                push(&mut self.text, command);
                self.text.push('{');
                symbols::append(&mut self.text, text, Font::Italic);
                self.text.push('}');
            }
            _ => symbols::append(&mut self.text, text, font),
        }
    }

    /// Returns by how many bytes the formula grew since the last call.
    pub(crate) fn grown(&mut self) -> usize {
        let grown = (self.text.len() + self.parts).saturating_sub(self.told);
        self.told += grown;
        grown
    }

    /// Ends everything and returns the formula.
    pub(crate) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.end(&Shape::Group);
        }
        self.text.truncate(self.text.trim_end().len());
        self.text
    }
}

/// Appends a piece so that it does not run into a command or make a tag of a less-than sign.
fn push(out: &mut String, piece: &str) {
    let next = piece.chars().next();
    let after_sign = out.ends_with('<') && next.is_some_and(|c| matches!(c, '/' | '!' | '?'));
    if (next.is_some_and(|c| c.is_ascii_alphabetic()) && (ends_with_command(out) || out.ends_with('<')))
        || after_sign
    {
        out.push(' ');
    }
    out.push_str(piece);
}

/// Tells whether the text ends with a command's name, such as `\alpha`.
fn ends_with_command(text: &str) -> bool {
    // Only so far back: a word that comes in a thousand pieces must not be searched a thousand times.
    let letters = text.bytes().rev().take(MAX_COMMAND_BYTES).take_while(u8::is_ascii_alphabetic).count();
    letters > 0 && text.get(..text.len() - letters).is_some_and(is_open)
}

/// Tells whether the text ends with a backslash that begins something: the last of an odd number.
fn is_open(text: &str) -> bool {
    text.bytes().rev().take_while(|&byte| byte == b'\\').count() % 2 == 1
}

#[cfg(test)]
mod tests;
