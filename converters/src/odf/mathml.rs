//! Formulas: presentation MathML as LaTeX (MathML 3, section 3).
//!
//! What a child is to its parent is said by its place, so each open element counts its children. An element that is
//! not known is a row of its children. Where a formula has no signs at all, its StarMath source stands for it.

use crate::Result;
use crate::latex::{Builder, Font, Fraction, Part, Shape};
use crate::limits::Meter;
use crate::xml::{Event, Reader, Source, Tag};

/// What an element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Row,
    Token(Font),
    Space,
    Fraction,
    Square,
    Root,
    /// Scripts behind a base: subscript, superscript, both.
    Scripts(&'static [Part]),
    /// The same below and above it.
    Limits,
    /// A mark below or above, such as an accent.
    Mark {
        above: bool,
    },
    Fence,
    Matrix,
    MatrixRow,
    Phantom,
}

/// An open element.
#[derive(Debug)]
struct Open {
    kind: Kind,
    /// What it is to its parent.
    part: Option<Part>,
    children: usize,
    /// Of a sign: its characters.
    text: String,
    /// Of a base with a mark: the mark.
    mark: Option<String>,
    /// Of a fence: its opening, separating and closing characters.
    fence: [Option<String>; 3],
}

/// Reads the formula whose start tag came last; returns LaTeX without delimiters. What it holds counts as held in
/// memory.
pub(crate) fn read<S: Source>(reader: &mut Reader<S>, meter: &Meter) -> Result<String> {
    let outer = reader.depth();
    let mut formula = Formula::default();
    let mut source = String::new();
    while reader.depth() >= outer {
        match reader.next_event()? {
            Event::Start(tag) if matches!(tag.local(), b"annotation" | b"annotation-xml") => {
                let is_star = tag.value(b"encoding").is_some_and(|name| name.starts_with("StarMath"));
                if is_star && source.is_empty() {
                    reader.text_content(&mut source)?;
                    meter.resident(source.len() as u64)?;
                } else {
                    reader.skip_element()?;
                }
            }
            Event::Start(tag) => {
                meter.resident(size_of::<Open>() as u64)?;
                formula.start(tag);
            }
            Event::Text(text) => {
                meter.resident(text.len() as u64)?;
                formula.text(text);
            }
            Event::End(_) => formula.end(),
            Event::Eof => break,
        }
        meter.resident(formula.latex.grown() as u64)?;
    }
    let latex = formula.latex.finish();
    Ok(if latex.is_empty() { source.split_whitespace().collect::<Vec<_>>().join(" ") } else { latex })
}

#[derive(Debug, Default)]
struct Formula {
    latex: Builder,
    open: Vec<Open>,
}

impl Formula {
    fn start(&mut self, tag: Tag<'_>) {
        let kind = Kind::of(tag);
        let part = self.open.last_mut().and_then(|parent| {
            let at = parent.children;
            parent.children += 1;
            parent.kind.part(at)
        });
        if !matches!(kind, Kind::Token(_) | Kind::Space) {
            if let Some(part) = part {
                self.latex.part(part);
            }
            self.latex.begin();
        }
        let value = |name: &[u8]| {
            tag.value(name).filter(|_| kind == Kind::Fence).map(|value| value.trim().to_owned())
        };
        let fence = [value(b"open"), value(b"separators"), value(b"close")];
        self.open.push(Open { kind, part, children: 0, text: String::new(), mark: None, fence });
    }

    fn text(&mut self, text: &str) {
        if let Some(last) = self.open.last_mut()
            && matches!(last.kind, Kind::Token(_))
        {
            last.text.push_str(text);
        }
    }

    fn end(&mut self) {
        let Some(done) = self.open.pop() else {
            return;
        };
        match done.kind {
            Kind::Token(font) => self.token(&done, font),
            Kind::Space => self.latex.end_sign(),
            Kind::Mark { above } => self.marked(done.mark.as_deref(), above),
            Kind::Fence => {
                let [opening, separator, closing] = &done.fence;
                let sign = |text: &Option<String>, usual: &'static str| {
                    text.as_ref().map_or(usual.to_owned(), |text| text.chars().take(1).collect())
                };
                let (opening, separator, closing) =
                    (sign(opening, "("), sign(separator, ","), sign(closing, ")"));
                self.latex.end(&Shape::Fence { opening: &opening, separator: &separator, closing: &closing });
            }
            Kind::Row => self.latex.end(&Shape::Group),
            Kind::Fraction => self.latex.end(&Shape::Fraction(Fraction::Bar)),
            Kind::Square | Kind::Root => self.latex.end(&Shape::Root),
            Kind::Scripts(_) => self.latex.end(&Shape::Scripts),
            Kind::Limits => self.latex.end(&Shape::Limits),
            Kind::Matrix => self.latex.end(&Shape::Matrix),
            Kind::MatrixRow => self.latex.end(&Shape::Row),
            Kind::Phantom => self.latex.end(&Shape::Phantom),
        }
    }

    fn token(&mut self, done: &Open, font: Font) {
        let text = if font == Font::Text { done.text.as_str() } else { done.text.trim() };
        if let Some(parent) = self.open.last_mut()
            && matches!(parent.kind, Kind::Mark { .. })
            && parent.children == 2
        {
            parent.mark = Some(text.to_owned());
            return;
        }
        if let Some(part) = done.part {
            self.latex.part(part);
        }
        self.latex.characters(text, font);
        self.latex.end_sign();
    }

    /// Ends a base with something below or above it, which is an accent if it is one sign of these.
    fn marked(&mut self, mark: Option<&str>, above: bool) {
        match (mark, above) {
            (Some("¯" | "‾" | "ˉ" | "_" | "̅" | "̲" | "―"), above) => {
                self.latex.end(&Shape::Line { above });
            }
            (Some(sign @ ("⏞" | "⏟" | "︷" | "︸")), above) => {
                self.latex.end(&Shape::Brace { sign, above });
            }
            (
                Some(sign @ ("^" | "ˆ" | "~" | "˜" | "→" | "⃗" | "˙" | "¨" | "ˇ" | "´" | "`" | "˘" | "˚")),
                true,
            ) => {
                self.latex.end(&Shape::Accent(sign));
            }
            (mark, above) => {
                if let Some(mark) = mark {
                    self.latex.part(if above { Part::Upper } else { Part::Lower });
                    self.latex.characters(mark, Font::Italic);
                }
                self.latex.end(&Shape::Limits);
            }
        }
    }
}

impl Kind {
    fn of(tag: Tag<'_>) -> Self {
        match tag.local() {
            b"mi" | b"mn" | b"mo" | b"ms" => Self::Token(font(tag)),
            b"mtext" => Self::Token(Font::Text),
            b"mspace" => Self::Space,
            b"mfrac" => Self::Fraction,
            b"msqrt" => Self::Square,
            b"mroot" => Self::Root,
            b"msub" => Self::Scripts(&[Part::Base, Part::Lower]),
            b"msup" => Self::Scripts(&[Part::Base, Part::Upper]),
            b"msubsup" => Self::Scripts(&[Part::Base, Part::Lower, Part::Upper]),
            b"munderover" => Self::Limits,
            b"munder" => Self::Mark { above: false },
            b"mover" => Self::Mark { above: true },
            b"mfenced" => Self::Fence,
            b"mtable" => Self::Matrix,
            b"mtr" | b"mlabeledtr" => Self::MatrixRow,
            b"mphantom" => Self::Phantom,
            _ => Self::Row,
        }
    }

    /// Returns what the child at this place is.
    fn part(self, at: usize) -> Option<Part> {
        let places: &[Part] = match self {
            Self::Row | Self::Token(_) | Self::Space => return None,
            Self::Fence | Self::Matrix | Self::MatrixRow => return Some(Part::Item),
            Self::Fraction => &[Part::Upper, Part::Lower],
            Self::Square | Self::Phantom => &[Part::Base],
            Self::Root => &[Part::Base, Part::Degree],
            Self::Scripts(places) => places,
            Self::Limits => &[Part::Base, Part::Lower, Part::Upper],
            Self::Mark { above: true } => &[Part::Base, Part::Upper],
            Self::Mark { above: false } => &[Part::Base, Part::Lower],
        };
        places.get(at).copied()
    }
}

fn font(tag: Tag<'_>) -> Font {
    match tag.raw(b"mathvariant").unwrap_or_default() {
        b"normal" => Font::Roman,
        b"bold" => Font::Bold,
        b"bold-italic" => Font::BoldItalic,
        b"script" => Font::Script,
        b"fraktur" => Font::Fraktur,
        b"double-struck" => Font::DoubleStruck,
        b"sans-serif" => Font::SansSerif,
        b"monospace" => Font::Monospace,
        _ => Font::Italic,
    }
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
        let star = "<annotation encoding='StarMath 5.0'>a  over b</annotation>";
        for (xml, expected) in [
            ("<mfrac><mi>a</mi><mn>2</mn></mfrac>", "\\frac{a}{2}"),
            ("<msup><mi>x</mi><mn>2</mn></msup><mo>=</mo><mi>y</mi>", "x^2=y"),
            ("<msup><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mn>2</mn></msup>", "{a+b}^2"),
            ("<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>", "x_i^2"),
            ("<munderover><mo>∑</mo><mi>i</mi><mi>n</mi></munderover>", "\\sum_i^n"),
            ("<munder><mi>lim</mi><mi>n</mi></munder>", "\\lim_n"),
            ("<msqrt><mi>x</mi><mi>y</mi></msqrt>", "\\sqrt{x y}"),
            ("<mroot><mi>x</mi><mn>3</mn></mroot>", "\\sqrt[3]{x}"),
            ("<mover><mi>v</mi><mo>→</mo></mover>", "\\vec{v}"),
            ("<mover><mi>v</mi><mo>¯</mo></mover>", "\\overline{v}"),
            ("<mi>sin</mi><mi>x</mi>", "\\sin x"),
            ("<mi mathvariant='italic'>two</mi><mi mathvariant='italic'>words</mi>", "two words"),
            ("<mtext>50 % of</mtext>", "\\text{50 \\% of}"),
            ("<mfenced open='['><mi>a</mi><mi>b</mi></mfenced>", "[a,b)"),
            (
                "<mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr></mtable>",
                "\\begin{matrix}1&2\\end{matrix}",
            ),
            (&format!("<semantics><mrow><mi>a</mi></mrow>{star}</semantics>"), "a"),
            (&format!("<semantics><mrow/>{star}</semantics>"), "a over b"),
            ("<mfrac/>", ""),
        ] {
            assert_eq!(latex(xml), expected, "{xml}");
        }
    }
}
