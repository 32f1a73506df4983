use proptest::prelude::*;

use super::*;
use crate::limits::Limits;
use crate::xml::{Event, Reader};

/// Reads a formula whose elements are written without prefix; `w:` is the document's own.
fn latex(omml: &str) -> String {
    let xml = format!("<oMath>{omml}</oMath>");
    let mut reader = Reader::new(xml.as_bytes(), &Limits::default());
    let mut math: Option<Math> = None;
    let mut text = 0;
    let mut stack = Vec::new();
    loop {
        let step = match reader.next_event().unwrap() {
            Event::Start(tag) => match &mut math {
                None => {
                    math = Some(Math::new(tag));
                    Step::Foreign
                }
                Some(math) => math.start(tag),
            },
            Event::Text(characters) => {
                if let Some(math) = math.as_mut().filter(|_| text > 0) {
                    math.text(characters);
                }
                continue;
            }
            Event::End(_) => {
                match stack.pop() {
                    Some(Step::Into) => math.as_mut().unwrap().end(),
                    Some(Step::Text) => text -= 1,
                    _ => {}
                }
                continue;
            }
            Event::Eof => return math.unwrap().finish(),
        };
        if step == Step::Skip {
            reader.skip_element().unwrap();
        } else {
            text += usize::from(step == Step::Text);
            stack.push(step);
        }
    }
}

/// Makes a run.
fn r(text: &str) -> String {
    format!("<r><w:rPr><w:b/></w:rPr><t>{text}</t></r>")
}

fn roman(text: &str) -> String {
    format!("<r><rPr><sty val=\"p\"/></rPr><t>{text}</t></r>")
}

fn fraction(upper: &str, lower: &str) -> String {
    format!("<f><num>{}</num><den>{}</den></f>", r(upper), r(lower))
}

fn sup(base: &str, above: &str) -> String {
    format!("<sSup><e>{base}</e><sup>{}</sup></sSup>", r(above))
}

fn fence(opening: &str, closing: &str, content: &str) -> String {
    format!(
        "<d><dPr><begChr val=\"{opening}\"/><endChr val=\"{closing}\"/><ctrlPr><w:rPr/></ctrlPr></dPr><e>{content}</e></d>"
    )
}

fn matrix() -> String {
    let row = |a: &str, b: &str| format!("<mr><e>{}</e><e>{}</e></mr>", r(a), r(b));
    format!("<m>{}{}</m>", row("1", "0"), row("0", "α"))
}

fn check(cases: &[(String, &str)]) {
    for (omml, expected) in cases {
        assert_eq!(latex(omml), *expected, "{omml}");
    }
}

#[test]
fn scripts_are_braced_only_if_they_must_be() {
    check(&[
        (sup(&r("x"), "2"), "x^2"),
        (sup(&r("x"), "10"), "x^{10}"),
        (sup(&r("10"), "−6"), "10^{-6}"),
        (sup(&r("α"), "β"), "\\alpha^\\beta"),
        (sup(&r("ab"), "2"), "{ab}^2"),
        (sup(&sup(&r("x"), "2"), "3"), "{x^2}^3"),
        (sup(&fence("(", ")", &r("a+b")), "2"), "(a+b)^2"),
        (sup("", "2"), "{}^2"),
        (format!("<sSubSup><e>{}</e><sub>{}</sub><sup>{}</sup></sSubSup>", r("x"), r("i"), r("2")), "x_i^2"),
        (format!("<sPre><sub>{}</sub><sup>{}</sup><e>{}</e></sPre>", r("6"), r("14"), r("C")), "{}_6^{14}C"),
    ]);
}

#[test]
fn fractions_and_roots() {
    let kind =
        |kind: &str| fraction("a", "b").replace("<num>", &format!("<fPr><type val=\"{kind}\"/></fPr><num>"));
    check(&[
        (fraction("a+b", "2"), "\\frac{a+b}{2}"),
        (kind("skw"), "{}^a/_b"),
        (kind("lin"), "a/b"),
        (kind("noBar"), "{a \\atop b}"),
        (fence("(", ")", &kind("noBar")), "\\binom{a}{b}"),
        (fence("(", ")", &format!("{}{}", kind("noBar"), r("x"))), "\\left({a \\atop b}x\\right)"),
        (format!("<rad><deg/><e>{}</e></rad>", r("x")), "\\sqrt{x}"),
        (format!("<rad><deg>{}</deg><e>{}</e></rad>", r("3"), r("x")), "\\sqrt[3]{x}"),
    ]);
}

#[test]
fn operators_and_functions() {
    let nary = |chr: &str, more: &str| {
        let chr = if chr.is_empty() { String::new() } else { format!("<chr val=\"{chr}\"/>") };
        format!(
            "<nary><naryPr>{chr}{more}</naryPr><sub>{}</sub><sup>{}</sup><e>{}</e></nary>",
            r("i=1"),
            r("n"),
            r("x")
        )
    };
    let function = |name: &str, of: &str| format!("<func><fName>{name}</fName><e>{of}</e></func>");
    let limit = format!("<limLow><e>{}</e><lim>{}</lim></limLow>", roman("lim"), r("n→∞"));
    check(&[
        (nary("∑", ""), "\\sum_{i=1}^n x"),
        (nary("", ""), "\\int_{i=1}^n x"),
        (nary("", "<limLoc val=\"undOvr\"/>"), "\\int\\limits_{i=1}^n x"),
        (nary("@", ""), "\\mathop{@}_{i=1}^n x"),
        (function(&roman("sin"), &r("θ")), "\\sin \\theta"),
        (function(&r("sgn"), &r("x")), "\\operatorname{sgn} x"),
        (function(&roman("cos"), &fence("(", ")", &r("x"))), "\\cos(x)"),
        (function(&sup(&roman("sin"), "−1"), &r("x")), "\\sin^{-1} x"),
        (function(&limit, &r("a")), "\\lim_{n\\to\\infty} a"),
        (format!("{}{}", roman("sin\u{2061}"), r("y")), "\\sin y"),
        (format!("<limUpp><e>{}</e><lim>{}</lim></limUpp>", r("="), r("def")), "\\overset{def}{=}"),
    ]);
}

#[test]
fn delimiters_grow_only_around_what_is_high() {
    let two = |separator: &str| {
        format!("<d><dPr>{separator}</dPr><e>{}</e><e>{}</e></d>", r("a"), fraction("1", "2"))
    };
    check(&[
        (fence("(", ")", &r("a")), "(a)"),
        (fence("[", "]", &fraction("1", "2")), "\\left[\\frac{1}{2}\\right]"),
        (fence("{", "}", &r("a")), "\\{a\\}"),
        (fence("", "|", &fraction("1", "2")), "\\left.\\frac{1}{2}\\right|"),
        (fence("⟨", "⟩", &r("a")), "\\langle a\\rangle"),
        (two(""), "\\left(a\\middle|\\frac{1}{2}\\right)"),
        (two("<sepChr val=\",\"/>"), "\\left(a,\\frac{1}{2}\\right)"),
    ]);
}

#[test]
fn arrays_have_the_environments_of_their_delimiters() {
    let cases = format!("<eqArr><e>{}</e><e>{}</e></eqArr>", r("x&amp;=1"), r("y&amp;=2"));
    check(&[
        (matrix(), "\\begin{matrix}1&0\\\\0&\\alpha\\end{matrix}"),
        (fence("(", ")", &matrix()), "\\begin{pmatrix}1&0\\\\0&\\alpha\\end{pmatrix}"),
        (cases.clone(), "\\begin{aligned}x&=1\\\\y&=2\\end{aligned}"),
        (fence("{", "", &cases), "\\begin{cases}x&=1\\\\y&=2\\end{cases}"),
        (r("a&amp;b"), "a\\&b"),
    ]);
}

#[test]
fn accents_lines_and_frames() {
    let accent =
        |chr: &str, base: &str| format!("<acc><accPr><chr val=\"{chr}\"/></accPr><e>{}</e></acc>", r(base));
    let group = format!("<groupChr><e>{}</e></groupChr>", r("a+b"));
    check(&[
        (format!("<acc><e>{}</e></acc>", r("x")), "\\hat{x}"),
        (accent("\u{303}", "xy"), "\\widetilde{xy}"),
        (accent("\u{20D7}", "v"), "\\vec{v}"),
        (format!("<bar><barPr><pos val=\"top\"/></barPr><e>{}</e></bar>", r("x")), "\\overline{x}"),
        (format!("<bar><e>{}</e></bar>", r("x")), "\\underline{x}"),
        (group.clone(), "\\underbrace{a+b}"),
        (format!("<limLow><e>{group}</e><lim>{}</lim></limLow>", r("n")), "\\underbrace{a+b}_n"),
        (format!("<borderBox><e>{}</e></borderBox>", r("x")), "\\boxed{x}"),
        (format!("<box><e>{}</e></box>", r("x")), "x"),
        (format!("<phant><phantPr><show val=\"0\"/></phantPr><e>{}</e></phant>", r("x")), "\\phantom{x}"),
    ]);
}

#[test]
fn letters_keep_their_font() {
    let font = |properties: &str, text: &str| format!("<r><rPr>{properties}</rPr><t>{text}</t></r>");
    check(&[
        (font("<nor/>", "if x_1 &gt; 0"), "\\text{if x\\_1 > 0}"),
        (font("<sty val=\"b\"/>", "v"), "\\mathbf{v}"),
        (font("<sty val=\"p\"/>", "d"), "d"),
        (font("<sty val=\"p\"/>", "mm"), "\\mathrm{mm}"),
        (font("<scr val=\"double-struck\"/>", "R"), "\\mathbb{R}"),
        (r("𝑥𝐀𝛼𝟏ℝ"), "x\\mathbf{A}\\alpha\\mathbf{1}\\mathbb{R}"),
        (r("mλa"), "m\\lambda a"),
        (r("50% {a} #1 $ \\ ~ é 漢"), "50\\% \\{a\\} \\#1 \\$ \\backslash \\sim é 漢"),
        (r("a&lt;b"), "a< b"),
    ]);
}

#[test]
fn damaged_structures_lose_no_text() {
    check(&[
        ("<f><t>a</t></f>".to_owned(), "a"),
        (format!("<f><e>{}</e><num>{}</num><num>{}</num></f>", r("a"), r("b"), r("c")), "\\frac{b}{}ac"),
        (format!("<num>{}</num>", r("a")), "a"),
        (fence("(", ")", &r(&"x".repeat(40_000))), &"x".repeat(40_000)),
    ]);
}

/// Tells whether braces, sized delimiters and environments are balanced.
fn is_balanced(text: &str) -> bool {
    let (mut depth, mut escaped) = (0_i64, false);
    for c in text.chars() {
        if escaped {
            escaped = false;
            continue;
        }
        match c {
            '\\' => escaped = true,
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return false;
        }
    }
    // `\leftarrow` is no delimiter.
    let sized = |name: &str| {
        text.match_indices(name)
            .filter(|(at, _)| !text[at + name.len()..].starts_with(|c: char| c.is_ascii_alphabetic()))
            .count()
    };
    depth == 0 && sized("\\left") == sized("\\right") && sized("\\begin") == sized("\\end")
}

const ELEMENTS: [&str; 37] = [
    "acc",
    "bar",
    "box",
    "borderBox",
    "d",
    "eqArr",
    "f",
    "func",
    "groupChr",
    "limLow",
    "limUpp",
    "m",
    "mr",
    "nary",
    "phant",
    "sPre",
    "rad",
    "sSub",
    "sSup",
    "sSubSup",
    "e",
    "num",
    "den",
    "sup",
    "sub",
    "lim",
    "deg",
    "fName",
    "r",
    "chr",
    "begChr",
    "endChr",
    "sepChr",
    "type",
    "sty",
    "nor",
    "pos",
];
const VALUES: [&str; 12] = ["noBar", "lin", "skw", "{", "}", "\\", "(", "[", "∑", "p", "top", ""];
const TEXTS: [&str; 10] = ["word", "{", "}", "\\", "$", "&amp;", "∑", "α", "_^", "["];

proptest! {
    #[test]
    fn braces_are_balanced_whatever_the_order_of_elements(
        events in prop::collection::vec((0..80_usize, 0..12_usize), 0..120),
    ) {
        let mut omml = String::new();
        let mut open: Vec<&str> = Vec::new();
        let mut words = 0;
        for (element, value) in events {
            if let Some(name) = ELEMENTS.get(element) {
                omml.push_str(&format!("<{name} val=\"{}\">", VALUES[value]));
                open.push(name);
            } else if element < 55 {
                if let Some(name) = open.pop() {
                    omml.push_str(&format!("</{name}>"));
                }
            } else {
                let text = TEXTS[value % TEXTS.len()];
                words += usize::from(text == "word");
                omml.push_str(&format!("<t>{text}</t>"));
            }
        }
        for name in open.iter().rev() {
            omml.push_str(&format!("</{name}>"));
        }
        let latex = latex(&omml);
        prop_assert!(is_balanced(&latex), "{omml}\n{latex}");
        prop_assert_eq!(latex.matches("word").count(), words, "{}\n{}", omml, latex);
        prop_assert!(!latex.contains('\n'));
    }
}
