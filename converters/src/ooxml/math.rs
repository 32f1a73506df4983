//! Office mathematics as LaTeX (OMML, ECMA-376 part 1, section 22.1).
//!
//! The elements of a formula are told from those of the document around it by their prefix: both have runs and
//! properties. What a structure looks like is said by properties before its parts, and written when it ends.

use crate::latex::{Builder, Font, Fraction, Part, Shape};
use crate::xml::Tag;

/// What a caller does with an element within a formula.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Its end goes to [`Math::end`].
    Into,
    /// Its characters go to [`Math::text`].
    Text,
    /// It holds nothing of the formula.
    Skip,
    /// It is the document's own.
    Foreign,
}

/// What an element is to the formula.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element {
    Structure,
    Run,
    Other,
}

/// The structures that have parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Accent,
    Bar,
    Box,
    BorderBox,
    Delimiters,
    EquationArray,
    Fraction,
    Function,
    Group,
    Limits,
    Matrix,
    MatrixRow,
    Nary,
    Phantom,
    Prescripts,
    Radical,
    Scripts,
}

impl Kind {
    fn named(local: &[u8]) -> Option<Self> {
        Some(match local {
            b"acc" => Self::Accent,
            b"bar" => Self::Bar,
            b"box" => Self::Box,
            b"borderBox" => Self::BorderBox,
            b"d" => Self::Delimiters,
            b"eqArr" => Self::EquationArray,
            b"f" => Self::Fraction,
            b"func" => Self::Function,
            b"groupChr" => Self::Group,
            b"limLow" | b"limUpp" => Self::Limits,
            b"m" => Self::Matrix,
            b"mr" => Self::MatrixRow,
            b"nary" => Self::Nary,
            b"phant" => Self::Phantom,
            b"sPre" => Self::Prescripts,
            b"rad" => Self::Radical,
            b"sSub" | b"sSup" | b"sSubSup" => Self::Scripts,
            _ => return None,
        })
    }

    fn has_items(self) -> bool {
        matches!(self, Self::Delimiters | Self::EquationArray | Self::Matrix | Self::MatrixRow)
    }
}

/// An open structure and its properties.
#[derive(Debug)]
struct Structure {
    kind: Kind,
    upper_limit: bool,
    character: Option<String>,
    opening: Option<String>,
    separator: Option<String>,
    closing: Option<String>,
    top: Option<bool>,
    limits_below: bool,
    hidden: bool,
    fraction: Fraction,
}

/// The formula being read.
#[derive(Debug)]
pub(crate) struct Math {
    /// The prefix of its elements, colon included.
    prefix: Vec<u8>,
    latex: Builder,
    open: Vec<Element>,
    structures: Vec<Structure>,
    font: Font,
}

impl Math {
    /// Begins the formula whose `oMath` is `tag`.
    pub(crate) fn new(tag: Tag<'_>) -> Self {
        Self {
            prefix: prefix(tag).to_vec(),
            latex: Builder::default(),
            open: Vec::new(),
            structures: Vec::new(),
            font: Font::default(),
        }
    }

    /// Begins an element and says what to do with it.
    pub(crate) fn start(&mut self, tag: Tag<'_>) -> Step {
        let own = prefix(tag) == self.prefix.as_slice();
        let local = tag.local();
        match local {
            b"ctrlPr" => return Step::Skip,
            b"rPr" | b"sym" if !own => return Step::Skip,
            b"t" => return Step::Text,
            _ if !own => return Step::Foreign,
            _ => {}
        }
        let element = if let Some(kind) = Kind::named(local) {
            self.structure(kind, local);
            Element::Structure
        } else if local == b"r" {
            // Adjacent runs are separate signs: `sin` and `y` must not become `siny`.
            self.latex.end_sign();
            self.font = Font::default();
            Element::Run
        } else {
            if let Some(part) = self.part(local) {
                self.latex.part(part);
            } else {
                self.property(local, tag);
            }
            Element::Other
        };
        self.open.push(element);
        Step::Into
    }

    fn structure(&mut self, kind: Kind, local: &[u8]) {
        // A row is an element of its matrix.
        if kind == Kind::MatrixRow {
            self.latex.part(Part::Item);
        }
        self.latex.begin();
        self.structures.push(Structure {
            kind,
            upper_limit: local == b"limUpp",
            character: None,
            opening: None,
            separator: None,
            closing: None,
            top: None,
            limits_below: false,
            hidden: false,
            fraction: Fraction::Bar,
        });
    }

    /// Returns what an element is to the innermost structure.
    fn part(&self, local: &[u8]) -> Option<Part> {
        let structure = self.structures.last()?;
        Some(match local {
            b"e" if structure.kind.has_items() => Part::Item,
            b"e" => Part::Base,
            b"num" | b"sup" => Part::Upper,
            b"den" | b"sub" => Part::Lower,
            b"lim" if structure.upper_limit => Part::Upper,
            b"lim" => Part::Lower,
            b"deg" => Part::Degree,
            b"fName" => Part::Name,
            _ => return None,
        })
    }

    /// Notes what a property says of the run or the structure.
    fn property(&mut self, local: &[u8], tag: Tag<'_>) {
        let value = tag.value(b"val");
        let value = value.as_deref();
        match (local, value) {
            (b"nor", _) if is_on(value) => self.font = Font::Text,
            (b"sty", Some("p")) if self.font == Font::Italic => self.font = Font::Roman,
            (b"sty", Some("b")) if self.font != Font::Text => self.font = Font::Bold,
            (b"sty", Some("bi")) if self.font != Font::Text => self.font = Font::BoldItalic,
            (b"scr", Some(script)) if self.font != Font::Text => {
                self.font = match script {
                    "script" => Font::Script,
                    "fraktur" => Font::Fraktur,
                    "double-struck" => Font::DoubleStruck,
                    "sans-serif" => Font::SansSerif,
                    "monospace" => Font::Monospace,
                    _ => self.font,
                };
            }
            _ => {}
        }
        let Some(structure) = self.structures.last_mut() else {
            return;
        };
        // What is longer is no character, and is written many times.
        let character =
            || Some(value.and_then(|value| value.chars().next()).map(String::from).unwrap_or_default());
        match local {
            b"chr" => structure.character = character(),
            b"begChr" => structure.opening = character(),
            b"sepChr" => structure.separator = character(),
            b"endChr" => structure.closing = character(),
            b"pos" => structure.top = Some(value == Some("top")),
            b"limLoc" => structure.limits_below = value == Some("undOvr"),
            b"show" => structure.hidden = !is_on(value),
            b"type" => {
                structure.fraction = match value {
                    Some("noBar") => Fraction::NoBar,
                    Some("skw") => Fraction::Skewed,
                    Some("lin") => Fraction::Linear,
                    _ => Fraction::Bar,
                };
            }
            _ => {}
        }
    }

    /// Appends characters.
    pub(crate) fn text(&mut self, text: &str) {
        if self.structures.last().is_none_or(|structure| structure.kind != Kind::EquationArray) {
            self.latex.characters(text, self.font);
            return;
        }
        // Lines of an array are aligned at ampersands (section 22.1.2.34).
        for (at, piece) in text.split('&').enumerate() {
            if at > 0 {
                self.latex.align();
            }
            self.latex.characters(piece, self.font);
        }
    }

    /// Ends the element that was begun last.
    pub(crate) fn end(&mut self) {
        match self.open.pop() {
            Some(Element::Structure) => {
                if let Some(structure) = self.structures.pop() {
                    self.latex.end(&structure.shape());
                }
            }
            Some(Element::Run) => self.font = Font::default(),
            Some(Element::Other) | None => {}
        }
    }

    /// Returns by how many bytes the formula grew since the last call.
    pub(crate) fn grown(&mut self) -> usize {
        self.latex.grown()
    }

    /// Returns the formula.
    pub(crate) fn finish(self) -> String {
        self.latex.finish()
    }
}

impl Structure {
    /// Returns what it is; defaults are those of section 22.1.2.
    fn shape(&self) -> Shape<'_> {
        fn or<'a>(value: Option<&'a String>, default: &'a str) -> &'a str {
            value.map_or(default, String::as_str)
        }
        let character = self.character.as_ref();
        match self.kind {
            Kind::Accent => Shape::Accent(or(character, "\u{302}")),
            Kind::Bar => Shape::Line { above: self.top.unwrap_or(false) },
            Kind::Box => Shape::Group,
            Kind::BorderBox => Shape::Boxed,
            Kind::Delimiters => Shape::Fence {
                opening: or(self.opening.as_ref(), "("),
                separator: or(self.separator.as_ref(), "|"),
                closing: or(self.closing.as_ref(), ")"),
            },
            Kind::EquationArray => Shape::Equations,
            Kind::Fraction => Shape::Fraction(self.fraction),
            Kind::Function => Shape::Function,
            Kind::Group => Shape::Brace { sign: or(character, "\u{23DF}"), above: self.top.unwrap_or(false) },
            Kind::Limits => Shape::Limits,
            Kind::Matrix => Shape::Matrix,
            Kind::MatrixRow => Shape::Row,
            Kind::Nary => {
                Shape::Operator { sign: or(character, "\u{222B}"), limits_below: self.limits_below }
            }
            Kind::Phantom if self.hidden => Shape::Phantom,
            Kind::Phantom => Shape::Group,
            Kind::Prescripts => Shape::PreScripts,
            Kind::Radical => Shape::Root,
            Kind::Scripts => Shape::Scripts,
        }
    }
}

fn prefix(tag: Tag<'_>) -> &[u8] {
    let name = tag.qualified();
    name.get(..name.len() - tag.local().len()).unwrap_or_default()
}

/// Reads an on/off property (section 22.1.3.9): absent value means on.
fn is_on(value: Option<&str>) -> bool {
    !matches!(value, Some("0" | "false" | "off"))
}

#[cfg(test)]
mod tests;
