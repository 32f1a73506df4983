//! Delimiters: sized only around what is higher than a line, and as the environments that LaTeX has for them.

use super::{push, symbols};

/// Between the two parts of a fraction without a bar.
pub(super) const ATOP: &str = " \\atop ";

/// What is higher than a line.
const TALL: [&str; 6] = ["\\frac", "\\begin", "\\atop", "\\binom", "\\over", "\\under"];

/// The delimiters, as the document has them.
#[derive(Debug)]
pub(super) struct Fence<'a> {
    pub(super) opening: &'a str,
    pub(super) separator: &'a str,
    pub(super) closing: &'a str,
}

pub(super) fn write(out: &mut String, fence: &Fence<'_>, items: &[&str]) {
    if let [only] = items
        && let Some(text) = environment(fence, only)
    {
        out.push_str(&text);
        return;
    }
    let tall = items.iter().any(|item| is_tall(item));
    let (opening, closing) = (symbols::sign(fence.opening), symbols::sign(fence.closing));
    let separator = symbols::sign(fence.separator);
    // Only some signs grow.
    let sized = tall
        && is_delimiter(&opening)
        && is_delimiter(&closing)
        && !(opening.is_empty() && closing.is_empty());
    let none = |sign: &str| if sign.is_empty() { ".".to_owned() } else { sign.to_owned() };
    if sized {
        out.push_str("\\left");
        out.push_str(&none(&opening));
    } else {
        out.push_str(&opening);
    }
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push_str(if sized && is_delimiter(&separator) { "\\middle" } else { "" });
            push(out, &separator);
        }
        push(out, item);
    }
    if sized {
        out.push_str("\\right");
        out.push_str(&none(&closing));
    } else {
        push(out, &closing);
    }
}

/// Returns what LaTeX has a name for: matrices with their delimiters, cases, binomial coefficients.
fn environment(fence: &Fence<'_>, item: &str) -> Option<String> {
    let name = match (fence.opening, fence.closing) {
        ("(", ")") => "pmatrix",
        ("[", "]") => "bmatrix",
        ("{", "}") => "Bmatrix",
        ("|", "|") => "vmatrix",
        ("\u{2016}", "\u{2016}") => "Vmatrix",
        ("{", "") => {
            let lines = inside(item, "\\begin{aligned}", "\\end{aligned}")?;
            return Some(format!("\\begin{{cases}}{lines}\\end{{cases}}"));
        }
        _ => return None,
    };
    if let Some(rows) = inside(item, "\\begin{matrix}", "\\end{matrix}") {
        return Some(format!("\\begin{{{name}}}{rows}\\end{{{name}}}"));
    }
    if name != "pmatrix" || !is_one_group(item) || item.matches(ATOP).count() != 1 {
        return None;
    }
    let (upper, lower) = item.get(1..item.len() - 1)?.split_once(ATOP)?;
    // It may be that of a fraction within.
    if !is_one_group(&format!("{{{upper}}}")) {
        return None;
    }
    Some(format!("\\binom{{{upper}}}{{{lower}}}"))
}

/// Returns what stands between, if it is one and the same environment that begins and ends there.
fn inside<'a>(text: &'a str, begin: &str, end: &str) -> Option<&'a str> {
    let inner = text.strip_prefix(begin)?.strip_suffix(end)?;
    (!inner.contains(end)).then_some(inner)
}

/// Tells whether the braces that begin and end the text belong together.
pub(super) fn is_one_group(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return at == bytes.len() && bytes.first() == Some(&b'{');
        }
    }
    false
}

fn is_tall(text: &str) -> bool {
    TALL.iter().any(|command| text.contains(command))
        || text.match_indices('\\').any(|(at, _)| {
            let name = text.get(at + 1..).unwrap_or_default();
            let end = name.bytes().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(name.len());
            name.get(..end).is_some_and(symbols::is_big_operator)
        })
}

/// Tells whether `\left` and `\right` take the sign.
fn is_delimiter(sign: &str) -> bool {
    const NAMED: [&str; 16] = [
        "\\{",
        "\\}",
        "\\|",
        "\\langle",
        "\\rangle",
        "\\lfloor",
        "\\rfloor",
        "\\lceil",
        "\\rceil",
        "\\lgroup",
        "\\rgroup",
        "\\uparrow",
        "\\downarrow",
        "\\updownarrow",
        "\\Uparrow",
        "\\Downarrow",
    ];
    sign.is_empty() || matches!(sign, "(" | ")" | "[" | "]" | "|" | "/") || NAMED.contains(&sign)
}
