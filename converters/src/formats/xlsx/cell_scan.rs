//! Takes a whole `<c>` element from buffered bytes, if it looks as writers usually write it.
//!
//! This is an optimisation only: what it does not recognise goes through tokens, with the same result (a test
//! compares both). It takes nothing that is not well-formed.

use crate::sheets::reference;

use super::text;

/// Cells that do not end within so many bytes go through tokens, which bound their memory.
const MAX_CELL_BYTES: usize = 256 << 10;

/// The type of a cell's value (`ST_CellType`, ECMA-376 part 1, 18.18.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Kind {
    #[default]
    Number,
    Shared,
    /// The text result of a formula.
    Text,
    Inline,
    Bool,
    Error,
    Date,
}

impl Kind {
    /// Reads the value of the attribute `t`; unknown types are read as numbers, and as text if they are none.
    pub(super) fn parse(name: &[u8]) -> Self {
        match name {
            b"s" => Self::Shared,
            b"str" => Self::Text,
            b"inlineStr" => Self::Inline,
            b"b" => Self::Bool,
            b"e" => Self::Error,
            b"d" => Self::Date,
            _ => Self::Number,
        }
    }
}

/// What the start tag of a cell says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Head {
    /// Zero-based row and column; the next one if the cell does not say.
    pub(super) place: Option<(u32, u32)>,
    pub(super) style: u32,
    pub(super) kind: Kind,
}

/// A cell with its value as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Cell<'a> {
    pub(super) head: Head,
    pub(super) value: Option<&'a [u8]>,
    /// The bits of [`text::scan`].
    pub(super) classes: u8,
    /// Whether blanks around the text are to be kept.
    pub(super) preserve: bool,
    pub(super) has_formula: bool,
}

/// What came of looking at the bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step<'a> {
    /// A cell and the bytes of its element.
    Cell(Cell<'a>, usize),
    /// The element does not end in these bytes.
    More,
    /// Not the usual form.
    Unusual,
}

/// Looks at bytes that begin with `<c `.
pub(super) fn step(bytes: &[u8]) -> Step<'_> {
    match take(bytes) {
        Ok((cell, len)) => Step::Cell(cell, len),
        Err(Stop::End) if bytes.len() < MAX_CELL_BYTES => Step::More,
        Err(_) => Step::Unusual,
    }
}

enum Stop {
    End,
    Unusual,
}

impl Stop {
    /// Why `rest` is not what was expected, if that has at most `longest` bytes.
    fn at(rest: &[u8], longest: usize) -> Self {
        if rest.len() < longest { Self::End } else { Self::Unusual }
    }
}

fn take(bytes: &[u8]) -> Result<(Cell<'_>, usize), Stop> {
    let mut cell = Cell::default();
    let (mut rest, empty) = attributes(bytes.get(2..).ok_or(Stop::End)?, &mut cell.head)?;
    let consumed = |rest: &[u8]| bytes.len() - rest.len();
    if empty {
        return Ok((cell, consumed(rest)));
    }
    if rest.starts_with(b"<f") {
        cell.has_formula = true;
        rest = formula(rest)?;
    }
    let (open, close): (usize, &[u8]) = if rest.starts_with(b"<v>") {
        (3, b"</v></c>")
    } else if rest.starts_with(b"<is><t>") {
        (7, b"</t></is></c>")
    } else if rest.starts_with(b"<is><t xml:space=\"preserve\">") {
        cell.preserve = true;
        (28, b"</t></is></c>")
    } else if let Some(rest) = rest.strip_prefix(b"</c>") {
        return Ok((cell, consumed(rest)));
    } else {
        return Err(Stop::at(rest, 28));
    };
    let inner = rest.get(open..).ok_or(Stop::End)?;
    let (len, classes) = text::scan(inner).ok_or(Stop::End)?;
    let (value, tail) = inner.split_at(len);
    let tail_after = tail.strip_prefix(close).ok_or_else(|| Stop::at(tail, close.len()))?;
    if (open == 3) == (cell.head.kind == Kind::Inline) {
        return Err(Stop::Unusual);
    }
    cell.value = Some(value);
    cell.classes = classes;
    Ok((cell, consumed(tail_after)))
}

/// Reads the attributes up to the end of the start tag; returns what follows and whether the element is empty.
fn attributes<'a>(mut rest: &'a [u8], head: &mut Head) -> Result<(&'a [u8], bool), Stop> {
    let mut seen = 0u8;
    loop {
        let bit;
        (bit, rest) = match rest {
            [b' ', b'r', b'=', b'"', tail @ ..] => (1, place(tail, head)?),
            [b' ', b's', b'=', b'"', tail @ ..] => (2, style(tail, head)?),
            [b' ', b't', b'=', b'"', tail @ ..] => (4, kind(tail, head)?),
            [b'>', tail @ ..] => return Ok((tail, false)),
            [b'/', b'>', tail @ ..] => return Ok((tail, true)),
            _ => return Err(Stop::at(rest, 4)),
        };
        if seen & bit != 0 {
            return Err(Stop::Unusual);
        }
        seen |= bit;
    }
}

fn place<'a>(bytes: &'a [u8], head: &mut Head) -> Result<&'a [u8], Stop> {
    let (value, tail) = quoted(bytes)?;
    head.place = Some(reference::parse(value).ok_or(Stop::Unusual)?);
    Ok(tail)
}

fn style<'a>(bytes: &'a [u8], head: &mut Head) -> Result<&'a [u8], Stop> {
    let (value, tail) = quoted(bytes)?;
    head.style = reference::number(value).ok_or(Stop::Unusual)?;
    Ok(tail)
}

fn kind<'a>(bytes: &'a [u8], head: &mut Head) -> Result<&'a [u8], Stop> {
    let (value, tail) = quoted(bytes)?;
    head.kind = Kind::parse(value);
    Ok(tail)
}

/// Splits behind the closing quote of a short attribute value.
fn quoted(bytes: &[u8]) -> Result<(&[u8], &[u8]), Stop> {
    let window = bytes.get(..16).unwrap_or(bytes);
    let end = window.iter().position(|byte| *byte == b'"').ok_or_else(|| Stop::at(bytes, 16))?;
    let (value, tail) = bytes.split_at(end);
    Ok((value, tail.get(1..).unwrap_or_default()))
}

/// Passes over `<f>...</f>`.
fn formula(rest: &[u8]) -> Result<&[u8], Stop> {
    if !matches!(rest.get(2), Some(b'>' | b' ' | b'/')) {
        return Err(Stop::at(rest, 3));
    }
    let close = memchr::memchr(b'>', rest).ok_or(Stop::End)?;
    let (tag, tail) = rest.split_at(close + 1);
    if !memchr::memchr_iter(b'"', tag).count().is_multiple_of(2)
        || memchr::memchr2(b'\'', b'<', tag.get(1..).unwrap_or_default()).is_some()
    {
        return Err(Stop::Unusual);
    }
    if tag.ends_with(b"/>") {
        return Ok(tail);
    }
    let end = memchr::memchr(b'<', tail).ok_or(Stop::End)?;
    let end_tag = tail.get(end..).unwrap_or_default();
    end_tag.strip_prefix(b"</f>").ok_or_else(|| Stop::at(end_tag, 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: [&str; 10] = [
        r#"<c r="A1"/>"#,
        r#"<c r="B2" s="3"></c>"#,
        r#"<c r="A1" s="1" t="s"><v>0</v></c>"#,
        r#"<c r="A1" t="b"><v>1</v></c>"#,
        r#"<c r="XFD1048576"><v>-1.5E-7</v></c>"#,
        r#"<c r="A1" t="str"><f>A2&amp;"x"</f><v>a&amp;b</v></c>"#,
        r#"<c r="A1"><f t="shared" ref="A1:A9" si="0"/><v>5</v></c>"#,
        r#"<c r="A1"><f>NOW()</f></c>"#,
        r#"<c r="A1" t="inlineStr"><is><t>text</t></is></c>"#,
        r#"<c r="A1" t="inlineStr"><is><t xml:space="preserve"> text </t></is></c>"#,
    ];

    #[test]
    fn usual_cells_are_taken_whole() {
        for xml in USUAL {
            let bytes = format!("{xml}<c r=\"B1\"/>");
            let Step::Cell(_, len) = step(bytes.as_bytes()) else {
                panic!("{xml} is not taken");
            };
            assert_eq!(len, xml.len(), "{xml}");
        }
        let Step::Cell(cell, _) = step(USUAL[5].as_bytes()) else {
            panic!("not taken");
        };
        let head = Head { place: Some((0, 0)), style: 0, kind: Kind::Text };
        assert_eq!((cell.head, cell.value, cell.has_formula), (head, Some(&b"a&amp;b"[..]), true));
    }

    #[test]
    fn a_cell_that_is_cut_anywhere_asks_for_more() {
        for xml in USUAL {
            for len in 0..xml.len() {
                assert_eq!(step(&xml.as_bytes()[..len]), Step::More, "{}", &xml[..len]);
            }
        }
    }

    #[test]
    fn what_is_not_usual_is_left_to_tokens() {
        for xml in [
            r#"<c r="A0"><v>1</v></c>         "#,
            r#"<c r="A1" r="A2"><v>1</v></c>  "#,
            r#"<c r='A1'><v>1</v></c>         "#,
            r#"<c r="A1" cm="1"><v>1</v></c>  "#,
            r#"<c r="A1" s="x"><v>1</v></c>   "#,
            r#"<c r="A1"> <v>1</v></c>                        "#,
            r#"<c r="A1"><v>1</v> </c>        "#,
            r#"<c r="A1"><v>1<!-- --></v></c> "#,
            r#"<c r="A1"><v/></c>                             "#,
            r#"<c r="A1" t="inlineStr"><v>1</v></c>           "#,
            r#"<c r="A1"><is><t>text</t></is></c>             "#,
            r#"<c r="A1"><f a='"'>1</f><v>1</v></c>           "#,
            r#"<c r="A1"><f><b/></f><v>1</v></c>              "#,
            r#"<c r="A1" t="inlineStr"><is><r><t>x</t></r></is></c>        "#,
        ] {
            assert_eq!(step(xml.as_bytes()), Step::Unusual, "{xml}");
        }
    }
}
