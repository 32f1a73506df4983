//! Formulas: presentation MathML as LaTeX (MathML 3, section 3).
//!
//! What each element becomes is put together when it ends, from what its children became, so nothing recurs and
//! nothing is held but the formula. An element that is not known is a row of its children. Where a formula has
//! no signs at all, its StarMath source stands for it.

use crate::Result;
use crate::limits::Meter;
use crate::xml::{Event, Reader, Source, Tag};

use super::attribute;

/// A longer structure is left as its parts in a row: each level around it would move all of it.
const MAX_STRUCTURE_BYTES: usize = 64 << 10;

/// An open element and what its children became.
#[derive(Debug, Default)]
struct Open {
    name: Vec<u8>,
    children: Vec<String>,
    text: String,
    /// The opening, closing and separating characters of `mfenced`.
    fence: [Option<String>; 3],
}

/// Reads the formula whose start tag came last; returns LaTeX without delimiters. What it holds counts as held in
/// memory.
pub(crate) fn read<S: Source>(reader: &mut Reader<S>, meter: &Meter) -> Result<String> {
    let outer = reader.depth();
    let mut open = vec![Open { name: b"math".to_vec(), ..Open::default() }];
    let mut source = String::new();
    while reader.depth() >= outer {
        match reader.next_event()? {
            Event::Start(tag) if matches!(tag.local(), b"annotation" | b"annotation-xml") => {
                let is_star = attribute(tag, b"encoding").is_some_and(|name| name.starts_with("StarMath"));
                if is_star && source.is_empty() {
                    reader.text_content(&mut source)?;
                    meter.resident(source.len() as u64)?;
                } else {
                    reader.skip_element()?;
                }
            }
            Event::Start(tag) => {
                meter.resident(size_of::<Open>() as u64)?;
                open.push(begin(tag));
            }
            Event::Text(text) => {
                meter.resident(text.len() as u64)?;
                if let Some(last) = open.last_mut() {
                    last.text.push_str(text);
                }
            }
            Event::End(_) if open.len() > 1 => {
                if let Some(done) = open.pop() {
                    let latex = end(done);
                    // Each level may hold all of what is in it once more.
                    meter.resident(latex.len() as u64)?;
                    if let Some(parent) = open.last_mut() {
                        parent.children.push(latex);
                    }
                }
            }
            Event::End(_) => {}
            Event::Eof => break,
        }
    }
    let formula = open.pop().map(end).unwrap_or_default();
    let formula = if formula.trim().is_empty() { source } else { formula };
    Ok(formula.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn begin(tag: Tag<'_>) -> Open {
    let name = tag.local().to_vec();
    let is_fence = name == b"mfenced";
    let fence = |name: &[u8]| tag.value(name).filter(|_| is_fence).map(|value| value.trim().to_owned());
    Open { name, fence: [fence(b"open"), fence(b"close"), fence(b"separators")], ..Open::default() }
}

fn end(open: Open) -> String {
    let Open { name, children, text, fence } = open;
    let long = children.iter().map(String::len).sum::<usize>() > MAX_STRUCTURE_BYTES;
    let part = |at: usize| children.get(at).map_or("", String::as_str);
    match name.as_slice() {
        b"mi" | b"mn" | b"mo" | b"ms" => token(&name, text.trim()),
        b"mtext" if !text.trim().is_empty() => format!("\\text{{{}}}", escape(text.trim())),
        b"mspace" => String::from(" "),
        b"none" | b"mprescripts" | b"mphantom" | b"mtext" => String::new(),
        _ if long => children.concat(),
        b"mfrac" => format!("\\frac{{{}}}{{{}}}", part(0), part(1)),
        b"msqrt" => format!("\\sqrt{{{}}}", row(&children)),
        b"mroot" => format!("\\sqrt[{}]{{{}}}", part(1), part(0)),
        b"msup" => script(part(0), "", part(1)),
        b"msub" => script(part(0), part(1), ""),
        b"msubsup" | b"munderover" => script(part(0), part(1), part(2)),
        b"munder" => over_or_under(part(0), part(1), false),
        b"mover" => over_or_under(part(0), part(1), true),
        b"mfenced" => {
            let [opening, closing, separators] = fence;
            let separator = separators.as_deref().unwrap_or(",").chars().next().map(String::from);
            let inner = children.join(separator.as_deref().unwrap_or(" "));
            let [opening, closing] = [opening.as_deref().unwrap_or("("), closing.as_deref().unwrap_or(")")];
            format!("{}{inner}{}", escape(opening), escape(closing))
        }
        b"mtable" => format!("\\begin{{matrix}} {} \\end{{matrix}}", children.join(" \\\\ ")),
        b"mtr" | b"mlabeledtr" => children.join(" & "),
        _ => row(&children),
    }
}

/// Puts parts side by side; a command must not run into a letter behind it.
fn row(children: &[String]) -> String {
    let mut out = String::new();
    for child in children {
        let command = out
            .rfind('\\')
            .and_then(|at| out.get(at + 1..))
            .is_some_and(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphabetic()));
        if command && child.starts_with(|c: char| c.is_ascii_alphabetic()) {
            out.push(' ');
        }
        out.push_str(child);
    }
    out
}

fn script(base: &str, sub: &str, sup: &str) -> String {
    let mut out = if base.chars().nth(1).is_none() || base.starts_with('\\') {
        base.to_owned()
    } else {
        format!("{{{base}}}")
    };
    for (mark, part) in [('_', sub), ('^', sup)] {
        if !part.is_empty() {
            out.push(mark);
            out.push_str(&format!("{{{part}}}"));
        }
    }
    out
}

fn over_or_under(base: &str, mark: &str, over: bool) -> String {
    let command = match (mark.trim(), over) {
        ("¯" | "‾" | "ˉ", true) => "\\overline",
        ("^" | "ˆ" | "\\^{}", true) => "\\hat",
        ("~" | "˜" | "\\sim", true) => "\\tilde",
        ("→" | "\\to" | "⃗", true) => "\\vec",
        ("˙" | ".", true) => "\\dot",
        ("_" | "\\_" | "̲", false) => "\\underline",
        (_, true) => return script(base, "", mark),
        (_, false) => return script(base, mark, ""),
    };
    format!("{command}{{{base}}}")
}

/// Writes a sign: an identifier of several letters is a function's name, others are symbols.
fn token(name: &[u8], text: &str) -> String {
    // Invisible operators: function application, times, separator, plus.
    let text: String = text.chars().filter(|c| !matches!(c, '\u{2061}'..='\u{2064}')).collect();
    let letters = text.chars().nth(1).is_some() && text.chars().all(char::is_alphabetic);
    match name {
        b"mi" if letters && FUNCTIONS.contains(&text.as_str()) => format!("\\{text}"),
        b"mi" if letters => format!("\\text{{{text}}}"),
        _ => escape(&text),
    }
}

const FUNCTIONS: [&str; 22] = [
    "sin", "cos", "tan", "cot", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "coth", "exp", "ln",
    "log", "lim", "max", "min", "sup", "inf", "det", "dim", "gcd",
];

/// Escapes what LaTeX reads as something else. Symbols stay the characters that they are.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '{' | '}' | '#' | '$' | '%' | '&' | '_' => {
                out.push('\\');
                out.push(c);
            }
            '\\' => out.push_str("\\backslash "),
            '\n' | '\r' => out.push(' '),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    fn latex(inner: &str) -> String {
        let xml = format!("<math:math>{inner}</math:math>");
        let meter = Meter::new(Limits::default(), 1);
        let mut reader = Reader::new(xml.as_bytes(), meter.limits());
        assert!(matches!(reader.next_event(), Ok(Event::Start(_))));
        read(&mut reader, &meter).unwrap()
    }

    #[test]
    fn structures_become_latex() {
        let star = "<annotation encoding='StarMath 5.0'>a over b</annotation>";
        for (xml, expected) in [
            ("<mfrac><mi>a</mi><mn>2</mn></mfrac>", "\\frac{a}{2}"),
            ("<msup><mi>x</mi><mn>2</mn></msup><mo>=</mo><mi>y</mi>", "x^{2}=y"),
            ("<msup><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mn>2</mn></msup>", "{a+b}^{2}"),
            ("<munderover><mo>∑</mo><mi>i</mi><mi>n</mi></munderover>", "∑_{i}^{n}"),
            ("<msqrt><mi>x</mi><mi>y</mi></msqrt>", "\\sqrt{xy}"),
            ("<mroot><mi>x</mi><mn>3</mn></mroot>", "\\sqrt[3]{x}"),
            ("<mover><mi>v</mi><mo>→</mo></mover>", "\\vec{v}"),
            ("<mi>sin</mi><mi>x</mi>", "\\sin x"),
            ("<mi>rate</mi><mo>&lt;</mo><mtext>50 %</mtext>", "\\text{rate}<\\text{50 \\%}"),
            ("<mfenced open='[' separators=';'><mi>a</mi><mi>b</mi></mfenced>", "[a;b)"),
            (
                "<mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr></mtable>",
                "\\begin{matrix} 1 & 2 \\end{matrix}",
            ),
            (&format!("<semantics><mrow><mi>a</mi></mrow>{star}</semantics>"), "a"),
            (&format!("<semantics><mrow/>{star}</semantics>"), "a over b"),
            ("<mfrac/>", "\\frac{}{}"),
        ] {
            assert_eq!(latex(xml), expected, "{xml}");
        }
    }
}
