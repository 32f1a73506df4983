//! What each structure looks like in LaTeX.

use super::fence::{self, Fence};
use super::symbols::{self, sign};
use super::{Part, push};

/// How a fraction is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Fraction {
    #[default]
    Bar,
    NoBar,
    Skewed,
    Linear,
}

/// What a structure is. Signs are given as the document has them, as text of at most one character.
#[derive(Debug)]
pub(crate) enum Shape<'a> {
    /// Its parts, side by side.
    Group,
    /// [`Part::Upper`] over [`Part::Lower`].
    Fraction(Fraction),
    /// [`Part::Degree`] and [`Part::Base`].
    Root,
    /// [`Part::Base`] with [`Part::Lower`] and [`Part::Upper`] behind it.
    Scripts,
    /// The same before it.
    PreScripts,
    /// The same below and above it.
    Limits,
    /// An operator with limits and what it is applied to.
    Operator { sign: &'a str, limits_below: bool },
    /// [`Part::Name`] applied to [`Part::Base`].
    Function,
    /// [`Part::Item`]s between delimiters, each of which may be missing.
    Fence { opening: &'a str, separator: &'a str, closing: &'a str },
    /// Cells.
    Row,
    /// Rows of cells.
    Matrix,
    /// Lines, aligned at [`super::Builder::align`].
    Equations,
    /// A combining or spacing accent above the base.
    Accent(&'a str),
    /// A line along the base.
    Line { above: bool },
    /// A brace or another sign along the base.
    Brace { sign: &'a str, above: bool },
    /// A frame.
    Boxed,
    /// The place that the base would take up.
    Phantom,
}

/// The parts of a structure.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    parts: Vec<(Option<Part>, &'a str)>,
}

impl<'a> Parts<'a> {
    /// Divides `content`, which began at `from`, where the parts begin.
    pub(super) fn new(content: &'a str, from: usize, begins: &[(Part, usize)]) -> Self {
        let starts = begins.iter().map(|(_, at)| at.saturating_sub(from));
        let ends = starts.clone().chain(std::iter::once(content.len()));
        let names = std::iter::once(None).chain(begins.iter().map(|(part, _)| Some(*part)));
        let parts = names.zip(std::iter::once(0).chain(starts)).zip(ends);
        let text = |(start, end): (usize, usize)| content.get(start..end).unwrap_or_default().trim();
        Self { parts: parts.map(|((part, start), end)| (part, text((start, end)))).collect() }
    }

    /// Takes the text of a part, which is empty if there is none.
    fn take(&mut self, part: Part) -> &'a str {
        let found = self.parts.iter_mut().find(|(name, _)| *name == Some(part));
        found.map(|(name, text)| (*name = None, std::mem::take(text)).1).unwrap_or_default()
    }

    fn take_items(&mut self) -> Vec<&'a str> {
        let items = self.parts.iter_mut().filter(|(name, _)| *name == Some(Part::Item));
        items.map(|(_, text)| std::mem::take(text)).collect()
    }

    /// Appends what was not taken: a damaged structure loses no text.
    fn rest(&self, out: &mut String) {
        for (_, text) in self.parts.iter().filter(|(_, text)| !text.is_empty()) {
            push(out, text);
        }
    }
}

impl Shape<'_> {
    /// Writes the structure with these parts.
    pub(super) fn write(&self, mut parts: Parts<'_>) -> String {
        let mut out = String::new();
        let parts = &mut parts;
        match self {
            Self::Group => {}
            Self::Fraction(kind) => fraction(&mut out, *kind, parts),
            Self::Root => root(&mut out, parts),
            Self::Scripts => {
                base(&mut out, parts.take(Part::Base));
                scripts(&mut out, parts);
            }
            Self::PreScripts => {
                out.push_str("{}");
                scripts(&mut out, parts);
                push(&mut out, parts.take(Part::Base));
            }
            Self::Limits => limits(&mut out, parts),
            Self::Operator { sign, limits_below } => operator(&mut out, sign, *limits_below, parts),
            Self::Function => function(&mut out, parts),
            Self::Fence { opening, separator, closing } => {
                let fence = Fence { opening, separator, closing };
                fence::write(&mut out, &fence, &parts.take_items());
            }
            Self::Row => out.push_str(&parts.take_items().join("&")),
            Self::Matrix => environment(&mut out, "matrix", parts),
            Self::Equations => environment(&mut out, "aligned", parts),
            Self::Accent(sign) => accent(&mut out, sign, parts.take(Part::Base)),
            Self::Line { above: true } => command(&mut out, "\\overline", parts.take(Part::Base)),
            Self::Line { above: false } => command(&mut out, "\\underline", parts.take(Part::Base)),
            Self::Brace { sign, above } => brace(&mut out, sign, *above, parts.take(Part::Base)),
            Self::Boxed => command(&mut out, "\\boxed", parts.take(Part::Base)),
            Self::Phantom => command(&mut out, "\\phantom", parts.take(Part::Base)),
        }
        parts.rest(&mut out);
        out
    }
}

fn command(out: &mut String, name: &str, argument: &str) {
    if !argument.is_empty() {
        out.push_str(name);
        group(out, argument);
    }
}

fn group(out: &mut String, text: &str) {
    out.push('{');
    out.push_str(text);
    out.push('}');
}

/// Tells whether the text is one sign to LaTeX: a character or a command without arguments.
fn is_sign(text: &str) -> bool {
    match text.strip_prefix('\\') {
        Some(name) => !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic()),
        None => text.chars().nth(1).is_none(),
    }
}

fn argument(out: &mut String, text: &str) {
    if is_sign(text) && !text.is_empty() { push(out, text) } else { group(out, text) }
}

/// Tells whether the text is a command with one argument, to which scripts may be given: those of a brace are limits.
fn is_framed(text: &str) -> bool {
    let name = text.bytes().skip(1).take_while(u8::is_ascii_alphabetic).count() + 1;
    let brace = text.starts_with("\\underbrace") || text.starts_with("\\overbrace");
    text.starts_with('\\') && !brace && text.get(name..).is_some_and(fence::is_one_group)
}

/// Writes what scripts hang on.
fn base(out: &mut String, text: &str) {
    let number = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let fenced = text.ends_with([')', ']']) && text.starts_with(['(', '[']);
    if !text.is_empty() && (is_sign(text) || number || fenced || is_framed(text)) {
        out.push_str(text);
    } else {
        group(out, text);
    }
}

fn scripts(out: &mut String, parts: &mut Parts<'_>) {
    for (mark, part) in [('_', Part::Lower), ('^', Part::Upper)] {
        let text = parts.take(part);
        if !text.is_empty() {
            out.push(mark);
            argument(out, text);
        }
    }
}

fn fraction(out: &mut String, kind: Fraction, parts: &mut Parts<'_>) {
    let (upper, lower) = (parts.take(Part::Upper), parts.take(Part::Lower));
    if upper.is_empty() && lower.is_empty() {
        return;
    }
    match kind {
        Fraction::Bar => {
            out.push_str("\\frac");
            group(out, upper);
            group(out, lower);
        }
        Fraction::NoBar => {
            out.push('{');
            out.push_str(upper);
            out.push_str(fence::ATOP);
            out.push_str(lower);
            out.push('}');
        }
        Fraction::Skewed => {
            out.push_str("{}^");
            argument(out, upper);
            out.push_str("/_");
            argument(out, lower);
        }
        Fraction::Linear => {
            argument(out, upper);
            out.push('/');
            argument(out, lower);
        }
    }
}

fn root(out: &mut String, parts: &mut Parts<'_>) {
    let degree = parts.take(Part::Degree);
    out.push_str("\\sqrt");
    if degree.contains([']', '[']) {
        out.push_str("[{");
        out.push_str(degree);
        out.push_str("}]");
    } else if !degree.is_empty() {
        out.push('[');
        out.push_str(degree);
        out.push(']');
    }
    group(out, parts.take(Part::Base));
}

/// Tells whether scripts of the text are limits in LaTeX, too.
fn takes_limits(text: &str) -> bool {
    let is_operator = |text: &str| {
        text.strip_prefix('\\').is_some_and(|name| symbols::is_limit(name) || symbols::is_big_operator(name))
    };
    let braced = text.starts_with("\\underbrace{") || text.starts_with("\\overbrace{");
    is_operator(text) || (braced && fence::is_one_group(text.trim_start_matches(|c| c != '{')))
}

fn limits(out: &mut String, parts: &mut Parts<'_>) {
    let text = parts.take(Part::Base);
    if takes_limits(text) {
        out.push_str(text);
        scripts(out, parts);
        return;
    }
    let mut inner = text.to_owned();
    for (name, part) in [("\\underset", Part::Lower), ("\\overset", Part::Upper)] {
        let limit = parts.take(part);
        if !limit.is_empty() {
            inner = format!("{name}{{{limit}}}{{{inner}}}");
        }
    }
    out.push_str(&inner);
}

fn operator(out: &mut String, character: &str, limits_below: bool, parts: &mut Parts<'_>) {
    let sign = sign(character);
    match sign.strip_prefix('\\') {
        Some(name) if symbols::is_big_operator(name) => {
            out.push_str(&sign);
            if limits_below && name.ends_with("int") {
                out.push_str("\\limits");
            }
        }
        _ if sign.is_empty() => {}
        _ => command(out, "\\mathop", &sign),
    }
    scripts(out, parts);
    let operand = parts.take(Part::Base);
    if !operand.is_empty() && !out.is_empty() {
        out.push(' ');
    }
    out.push_str(operand);
}

fn function(out: &mut String, parts: &mut Parts<'_>) {
    let name = parts.take(Part::Name);
    let word = name.strip_prefix("\\mathrm{").and_then(|word| word.strip_suffix('}')).unwrap_or(name);
    if word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        command(out, "\\operatorname", word);
    } else {
        out.push_str(name);
    }
    let operand = parts.take(Part::Base);
    let fenced = operand.starts_with(['(', '[']) || operand.starts_with("\\left");
    if !operand.is_empty() && !out.is_empty() && !fenced {
        out.push(' ');
    }
    out.push_str(operand);
}

fn environment(out: &mut String, name: &str, parts: &mut Parts<'_>) {
    let rows = parts.take_items();
    if rows.iter().all(|row| row.is_empty()) {
        return;
    }
    for piece in ["\\begin{", name, "}"] {
        out.push_str(piece);
    }
    for (at, row) in rows.iter().enumerate() {
        if at > 0 {
            // A bracket behind the mark would be the distance to the next line.
            out.push_str(if row.starts_with('[') { "\\\\{}" } else { "\\\\" });
        }
        out.push_str(row);
    }
    for piece in ["\\end{", name, "}"] {
        out.push_str(piece);
    }
}

fn accent(out: &mut String, character: &str, text: &str) {
    let (narrow, wide) = match character {
        "" | "^" | "\u{302}" | "\u{2C6}" => ("\\hat", "\\widehat"),
        "~" | "\u{303}" | "\u{2DC}" => ("\\tilde", "\\widetilde"),
        "\u{304}" | "\u{305}" | "\u{AF}" | "\u{203E}" => ("\\bar", "\\overline"),
        "\u{20D7}" | "\u{2192}" => ("\\vec", "\\overrightarrow"),
        "\u{20D6}" | "\u{2190}" => ("\\overleftarrow", "\\overleftarrow"),
        "\u{20E1}" | "\u{2194}" => ("\\overleftrightarrow", "\\overleftrightarrow"),
        "\u{300}" | "`" => ("\\grave", "\\grave"),
        "\u{301}" | "\u{B4}" => ("\\acute", "\\acute"),
        "\u{306}" | "\u{2D8}" => ("\\breve", "\\breve"),
        "\u{307}" | "\u{2D9}" => ("\\dot", "\\dot"),
        "\u{308}" | "\u{A8}" => ("\\ddot", "\\ddot"),
        "\u{20DB}" => ("\\dddot", "\\dddot"),
        "\u{30A}" | "\u{2DA}" => ("\\mathring", "\\mathring"),
        "\u{30C}" | "\u{2C7}" => ("\\check", "\\check"),
        "\u{332}" => ("\\underline", "\\underline"),
        _ => return over(out, character, true, text),
    };
    command(out, if is_sign(text) { narrow } else { wide }, text);
}

fn brace(out: &mut String, character: &str, above: bool, text: &str) {
    match (character, above) {
        ("\u{23DF}", _) => command(out, "\\underbrace", text),
        ("\u{23DE}", _) => command(out, "\\overbrace", text),
        ("\u{2192}", true) => command(out, "\\overrightarrow", text),
        ("\u{2190}", true) => command(out, "\\overleftarrow", text),
        _ => over(out, character, above, text),
    }
}

/// Puts a sign above or below.
fn over(out: &mut String, character: &str, above: bool, text: &str) {
    let sign = sign(character);
    if sign.is_empty() || text.is_empty() {
        out.push_str(text);
        return;
    }
    command(out, if above { "\\overset" } else { "\\underset" }, &sign);
    group(out, text);
}
