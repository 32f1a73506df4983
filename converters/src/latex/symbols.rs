//! Which commands stand for which characters.

use super::{Font, push};

/// Characters and what LaTeX writes for them, in order of the characters. Names are those of LaTeX and amssymb.
#[rustfmt::skip]
const SYMBOLS: &[(char, &str)] = &[
    ('#', r"\#"), ('$', r"\$"), ('%', r"\%"), ('&', r"\&"), ('\\', r"\backslash"), ('^', r"\wedge"),
    ('_', r"\_"), ('{', r"\{"), ('}', r"\}"), ('~', r"\sim"), ('¬', r"\neg"), ('±', r"\pm"),
    ('µ', r"\mu"), ('·', r"\cdot"), ('×', r"\times"), ('÷', r"\div"), ('ı', r"\imath"),
    ('ȷ', r"\jmath"), ('Γ', r"\Gamma"), ('Δ', r"\Delta"), ('Θ', r"\Theta"), ('Λ', r"\Lambda"),
    ('Ξ', r"\Xi"), ('Π', r"\Pi"), ('Σ', r"\Sigma"), ('Υ', r"\Upsilon"), ('Φ', r"\Phi"), ('Ψ', r"\Psi"),
    ('Ω', r"\Omega"), ('α', r"\alpha"), ('β', r"\beta"), ('γ', r"\gamma"), ('δ', r"\delta"),
    ('ε', r"\varepsilon"), ('ζ', r"\zeta"), ('η', r"\eta"), ('θ', r"\theta"), ('ι', r"\iota"),
    ('κ', r"\kappa"), ('λ', r"\lambda"), ('μ', r"\mu"), ('ν', r"\nu"), ('ξ', r"\xi"), ('π', r"\pi"),
    ('ρ', r"\rho"), ('ς', r"\varsigma"), ('σ', r"\sigma"), ('τ', r"\tau"), ('υ', r"\upsilon"),
    ('φ', r"\varphi"), ('χ', r"\chi"), ('ψ', r"\psi"), ('ω', r"\omega"), ('ϑ', r"\vartheta"),
    ('ϕ', r"\phi"), ('ϖ', r"\varpi"), ('ϰ', r"\varkappa"), ('ϱ', r"\varrho"), ('ϵ', r"\epsilon"),
    ('‐', r"-"), ('‖', r"\|"), ('†', r"\dagger"), ('‡', r"\ddagger"), ('•', r"\bullet"),
    ('…', r"\dots"), ('′', r"'"), ('″', r"''"), ('‴', r"'''"), ('⁄', r"/"), ('ℂ', r"\mathbb{C}"),
    ('ℊ', r"\mathcal{g}"), ('ℋ', r"\mathcal{H}"), ('ℌ', r"\mathfrak{H}"), ('ℍ', r"\mathbb{H}"),
    ('ℎ', r"h"), ('ℏ', r"\hbar"), ('ℐ', r"\mathcal{I}"), ('ℑ', r"\Im"), ('ℒ', r"\mathcal{L}"),
    ('ℓ', r"\ell"), ('ℕ', r"\mathbb{N}"), ('℘', r"\wp"), ('ℙ', r"\mathbb{P}"), ('ℚ', r"\mathbb{Q}"),
    ('ℛ', r"\mathcal{R}"), ('ℜ', r"\Re"), ('ℝ', r"\mathbb{R}"), ('ℤ', r"\mathbb{Z}"), ('Ω', r"\Omega"),
    ('℧', r"\mho"), ('ℨ', r"\mathfrak{Z}"), ('ℬ', r"\mathcal{B}"), ('ℭ', r"\mathfrak{C}"),
    ('ℯ', r"\mathcal{e}"), ('ℰ', r"\mathcal{E}"), ('ℱ', r"\mathcal{F}"), ('ℳ', r"\mathcal{M}"),
    ('ℴ', r"\mathcal{o}"), ('ℵ', r"\aleph"), ('ℶ', r"\beth"), ('ℷ', r"\gimel"), ('ⅆ', r"d"),
    ('ⅇ', r"e"), ('ⅈ', r"i"), ('ⅉ', r"j"), ('←', r"\leftarrow"), ('↑', r"\uparrow"), ('→', r"\to"),
    ('↓', r"\downarrow"), ('↔', r"\leftrightarrow"), ('↕', r"\updownarrow"), ('↖', r"\nwarrow"),
    ('↗', r"\nearrow"), ('↘', r"\searrow"), ('↙', r"\swarrow"), ('↛', r"\nrightarrow"),
    ('↝', r"\leadsto"), ('↞', r"\twoheadleftarrow"), ('↠', r"\twoheadrightarrow"), ('↦', r"\mapsto"),
    ('↩', r"\hookleftarrow"), ('↪', r"\hookrightarrow"), ('↼', r"\leftharpoonup"),
    ('↽', r"\leftharpoondown"), ('⇀', r"\rightharpoonup"), ('⇁', r"\rightharpoondown"),
    ('⇄', r"\rightleftarrows"), ('⇆', r"\leftrightarrows"), ('⇋', r"\leftrightharpoons"),
    ('⇌', r"\rightleftharpoons"), ('⇏', r"\nRightarrow"), ('⇐', r"\Leftarrow"), ('⇑', r"\Uparrow"),
    ('⇒', r"\Rightarrow"), ('⇓', r"\Downarrow"), ('⇔', r"\Leftrightarrow"), ('⇕', r"\Updownarrow"),
    ('∀', r"\forall"), ('∁', r"\complement"), ('∂', r"\partial"), ('∃', r"\exists"),
    ('∄', r"\nexists"), ('∅', r"\emptyset"), ('∆', r"\Delta"), ('∇', r"\nabla"), ('∈', r"\in"),
    ('∉', r"\notin"), ('∊', r"\in"), ('∋', r"\ni"), ('∍', r"\ni"), ('∎', r"\blacksquare"),
    ('∏', r"\prod"), ('∐', r"\coprod"), ('∑', r"\sum"), ('−', r"-"), ('∓', r"\mp"), ('∔', r"\dotplus"),
    ('∕', r"/"), ('∖', r"\setminus"), ('∗', r"\ast"), ('∘', r"\circ"), ('∙', r"\bullet"),
    ('√', r"\surd"), ('∝', r"\propto"), ('∞', r"\infty"), ('∠', r"\angle"), ('∡', r"\measuredangle"),
    ('∢', r"\sphericalangle"), ('∣', r"\mid"), ('∤', r"\nmid"), ('∥', r"\parallel"),
    ('∦', r"\nparallel"), ('∧', r"\wedge"), ('∨', r"\vee"), ('∩', r"\cap"), ('∪', r"\cup"),
    ('∫', r"\int"), ('∬', r"\iint"), ('∭', r"\iiint"), ('∮', r"\oint"), ('∯', r"\oiint"),
    ('∰', r"\oiiint"), ('∴', r"\therefore"), ('∵', r"\because"), ('∶', r":"), ('∷', r"::"),
    ('∼', r"\sim"), ('≀', r"\wr"), ('≁', r"\nsim"), ('≃', r"\simeq"), ('≅', r"\cong"),
    ('≇', r"\ncong"), ('≈', r"\approx"), ('≉', r"\not\approx"), ('≊', r"\approxeq"), ('≍', r"\asymp"),
    ('≐', r"\doteq"), ('≔', r":="), ('≜', r"\triangleq"), ('≠', r"\neq"), ('≡', r"\equiv"),
    ('≢', r"\not\equiv"), ('≤', r"\leq"), ('≥', r"\geq"), ('≦', r"\leqq"), ('≧', r"\geqq"),
    ('≪', r"\ll"), ('≫', r"\gg"), ('≮', r"\nless"), ('≯', r"\ngtr"), ('≰', r"\nleq"), ('≱', r"\ngeq"),
    ('≲', r"\lesssim"), ('≳', r"\gtrsim"), ('≺', r"\prec"), ('≻', r"\succ"), ('≼', r"\preceq"),
    ('≽', r"\succeq"), ('⊂', r"\subset"), ('⊃', r"\supset"), ('⊄', r"\not\subset"),
    ('⊆', r"\subseteq"), ('⊇', r"\supseteq"), ('⊊', r"\subsetneq"), ('⊋', r"\supsetneq"),
    ('⊎', r"\uplus"), ('⊏', r"\sqsubset"), ('⊐', r"\sqsupset"), ('⊑', r"\sqsubseteq"),
    ('⊒', r"\sqsupseteq"), ('⊓', r"\sqcap"), ('⊔', r"\sqcup"), ('⊕', r"\oplus"), ('⊖', r"\ominus"),
    ('⊗', r"\otimes"), ('⊘', r"\oslash"), ('⊙', r"\odot"), ('⊞', r"\boxplus"), ('⊟', r"\boxminus"),
    ('⊠', r"\boxtimes"), ('⊡', r"\boxdot"), ('⊢', r"\vdash"), ('⊣', r"\dashv"), ('⊤', r"\top"),
    ('⊥', r"\perp"), ('⊨', r"\models"), ('⊩', r"\Vdash"), ('⋀', r"\bigwedge"), ('⋁', r"\bigvee"),
    ('⋂', r"\bigcap"), ('⋃', r"\bigcup"), ('⋄', r"\diamond"), ('⋅', r"\cdot"), ('⋆', r"\star"),
    ('⋈', r"\bowtie"), ('⋉', r"\ltimes"), ('⋊', r"\rtimes"), ('⋮', r"\vdots"), ('⋯', r"\cdots"),
    ('⋱', r"\ddots"), ('⌀', r"\varnothing"), ('⌈', r"\lceil"), ('⌉', r"\rceil"), ('⌊', r"\lfloor"),
    ('⌋', r"\rfloor"), ('⌢', r"\frown"), ('⌣', r"\smile"), ('■', r"\blacksquare"), ('□', r"\square"),
    ('△', r"\triangle"), ('▽', r"\triangledown"), ('◇', r"\diamond"), ('★', r"\bigstar"),
    ('♠', r"\spadesuit"), ('♡', r"\heartsuit"), ('♢', r"\diamondsuit"), ('♣', r"\clubsuit"),
    ('♥', r"\heartsuit"), ('♭', r"\flat"), ('♮', r"\natural"), ('♯', r"\sharp"), ('⟂', r"\perp"),
    ('⟦', r"\llbracket"), ('⟧', r"\rrbracket"), ('⟨', r"\langle"), ('⟩', r"\rangle"),
    ('⟮', r"\lgroup"), ('⟯', r"\rgroup"), ('⟵', r"\longleftarrow"), ('⟶', r"\longrightarrow"),
    ('⟷', r"\longleftrightarrow"), ('⟸', r"\Longleftarrow"), ('⟹', r"\Longrightarrow"),
    ('⟺', r"\Longleftrightarrow"), ('⟼', r"\longmapsto"), ('⨀', r"\bigodot"), ('⨁', r"\bigoplus"),
    ('⨂', r"\bigotimes"), ('⨄', r"\biguplus"), ('⨆', r"\bigsqcup"), ('⨌', r"\iiiint"),
    ('⨿', r"\amalg"), ('⩽', r"\leqslant"), ('⩾', r"\geqslant"), ('〈', r"\langle"), ('〉', r"\rangle"),
];

/// Operators that take limits below and above in display style, and those that stretch as they do.
const BIG_OPERATORS: [&str; 18] = [
    "sum",
    "prod",
    "coprod",
    "int",
    "iint",
    "iiint",
    "iiiint",
    "oint",
    "oiint",
    "oiiint",
    "bigcup",
    "bigcap",
    "bigvee",
    "bigwedge",
    "bigoplus",
    "bigotimes",
    "bigodot",
    "biguplus",
];

/// Functions with limits below.
const LIMITS: [&str; 10] = ["lim", "limsup", "liminf", "max", "min", "sup", "inf", "gcd", "det", "Pr"];

/// Functions that LaTeX has a name for, beside [`LIMITS`].
const FUNCTIONS: [&str; 22] = [
    "arccos", "arcsin", "arctan", "arg", "cos", "cosh", "cot", "coth", "csc", "deg", "dim", "exp", "hom",
    "ker", "lg", "ln", "log", "sec", "sin", "sinh", "tan", "tanh",
];

pub(super) fn is_big_operator(name: &str) -> bool {
    BIG_OPERATORS.contains(&name)
}

pub(super) fn is_limit(name: &str) -> bool {
    LIMITS.contains(&name)
}

/// Appends the characters of a formula.
pub(super) fn append(out: &mut String, text: &str, font: Font) {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let word = rest.bytes().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(if word > 0 { word } else { c.len_utf8() });
        rest = after;
        if word > 1 {
            append_word(out, piece, font);
        } else {
            append_character(out, c);
        }
    }
}

fn append_word(out: &mut String, word: &str, font: Font) {
    if LIMITS.contains(&word) || FUNCTIONS.contains(&word) {
        push(out, "\\");
        out.push_str(word);
    } else if font == Font::Roman {
        push(out, "\\mathrm{");
        out.push_str(word);
        out.push('}');
    } else {
        push(out, word);
    }
}

fn append_character(out: &mut String, c: char) {
    if c.is_ascii_alphanumeric() {
        push(out, c.encode_utf8(&mut [0; 4]));
    } else if c.is_whitespace() {
        if !out.ends_with(' ') && !out.is_empty() {
            out.push(' ');
        }
    } else if let Ok(at) = SYMBOLS.binary_search_by_key(&c, |(symbol, _)| *symbol) {
        push(out, SYMBOLS.get(at).map_or("", |(_, command)| *command));
    } else if let Some((command, letter)) = alphanumeric(c) {
        if command.is_empty() {
            append_character(out, letter);
        } else {
            push(out, command);
            out.push('{');
            append_character(out, letter);
            out.push('}');
        }
    } else if !c.is_control() && !is_invisible(c) {
        push(out, c.encode_utf8(&mut [0; 4]));
    }
}

/// Function application, times, separator and plus that are not seen; joiners and marks of direction.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{2061}'..='\u{2064}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' | '\u{AD}')
}

/// Appends ordinary text, fit for `\text{}`.
pub(super) fn append_text(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\textbackslash "),
            '{' | '}' | '$' | '%' | '#' | '&' | '_' => {
                out.push('\\');
                out.push(c);
            }
            '^' => out.push_str("\\^{}"),
            '~' => out.push_str("\\~{}"),
            _ if c.is_whitespace() => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            _ if c.is_control() || is_invisible(c) => {}
            _ => out.push(c),
        }
    }
}

/// Returns the sign that a property of a structure names: its first character, because it may be written many times.
pub(super) fn sign(value: &str) -> String {
    let mut out = String::new();
    if let Some(c) = value.chars().next() {
        append_character(&mut out, c);
    }
    out
}

/// Returns the font and the letter of a mathematical alphanumeric symbol (Unicode 15, U+1D400 to U+1D7FF).
fn alphanumeric(c: char) -> Option<(&'static str, char)> {
    const LETTERS: [&str; 13] = [
        "\\mathbf",
        "",
        "\\boldsymbol",
        "\\mathcal",
        "\\mathcal",
        "\\mathfrak",
        "\\mathbb",
        "\\mathfrak",
        "\\mathsf",
        "\\mathsf",
        "\\mathsf",
        "\\mathsf",
        "\\mathtt",
    ];
    const GREEK: [&str; 5] = ["\\boldsymbol", "", "\\boldsymbol", "\\boldsymbol", "\\boldsymbol"];
    const DIGITS: [&str; 5] = ["\\mathbf", "\\mathbb", "\\mathsf", "\\mathsf", "\\mathtt"];
    let code = u32::from(c);
    let place = |first: u32, count: u32| ((code - first) / count, (code - first) % count);
    let (fonts, (font, at)): (&[&str], _) = match code {
        0x1D400..=0x1D6A3 => (&LETTERS, place(0x1D400, 52)),
        0x1D6A8..=0x1D7C9 => (&GREEK, place(0x1D6A8, 58)),
        0x1D7CE..=0x1D7FF => (&DIGITS, place(0x1D7CE, 10)),
        _ => return None,
    };
    let base = match code {
        0x1D400..=0x1D6A3 if at < 26 => u32::from('A') + at,
        0x1D400..=0x1D6A3 => u32::from('a') + at - 26,
        0x1D6A8..=0x1D7C9 => match at {
            0..=16 | 18..=24 => 0x391 + at,
            17 => 0x3F4,
            25 => 0x2207,
            26..=50 => 0x3B1 + at - 26,
            51 => 0x2202,
            52 => 0x3F5,
            53 => 0x3D1,
            54 => 0x3F0,
            55 => 0x3D5,
            56 => 0x3F1,
            _ => 0x3D6,
        },
        _ => u32::from('0') + at,
    };
    Some((fonts.get(usize::try_from(font).ok()?).copied()?, char::from_u32(base)?))
}

/// Tells whether the table can be searched.
#[cfg(test)]
pub(super) fn in_order() -> bool {
    SYMBOLS.windows(2).all(|pair| pair[0].0 < pair[1].0)
}
