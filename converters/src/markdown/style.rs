//! How text looks, and the marks that say so.

use std::rc::Rc;

use super::form::Marks;

/// How text looks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Style {
    /// Strong emphasis.
    pub bold: bool,
    /// Emphasis.
    pub italic: bool,
    /// Strikethrough.
    pub strike: bool,
    /// Inserted by a tracked change that is shown.
    pub inserted: bool,
    /// Deleted by a tracked change that is shown.
    pub deleted: bool,
    /// The target of the link that the text belongs to.
    pub link: Option<Rc<str>>,
}

/// A mark around text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Inserted,
    Deleted,
    Link(Rc<str>),
    Bold,
    Italic,
    Strike,
}

impl Style {
    /// Tells whether both stand within the same link and the same changes.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        self.link == other.link && self.inserted == other.inserted && self.deleted == other.deleted
    }
}

impl Kind {
    /// Tells whether CommonMark asks what stands on both sides of the mark.
    pub(super) fn is_emphasis(&self) -> bool {
        !self.emphasis().is_empty()
    }

    /// Returns the mark, which is the same before and behind; empty if it is of another kind.
    pub(super) fn emphasis(&self) -> &'static str {
        match self {
            Self::Bold => "**",
            Self::Italic => "*",
            Self::Strike => "~~",
            Self::Inserted | Self::Deleted | Self::Link(_) => "",
        }
    }
}

/// Tells whether text of this style stands within the mark.
pub(super) fn wants(style: &Style, kind: &Kind) -> bool {
    match kind {
        Kind::Inserted => style.inserted,
        Kind::Deleted => style.deleted,
        Kind::Link(target) => style.link.as_ref() == Some(target),
        Kind::Bold => style.bold,
        Kind::Italic => style.italic,
        Kind::Strike => style.strike,
    }
}

/// Writes the closing mark at `at` and returns where it ends.
pub(super) fn close(text: &mut String, at: usize, kind: &Kind, form: &Marks) -> usize {
    let linked;
    let mark = match kind {
        Kind::Inserted => form.inserted[1],
        Kind::Deleted => form.deleted[1],
        Kind::Bold | Kind::Italic | Kind::Strike => kind.emphasis(),
        Kind::Link(target) => {
            linked = format!("]({})", destination(target));
            &linked
        }
    };
    text.insert_str(at, mark);
    at + mark.len()
}

/// Makes a link destination: what would end it early is percent-encoded, as URIs do (RFC 3986 section 2.1).
fn destination(target: &str) -> String {
    let mut out = String::with_capacity(target.len());
    for c in target.chars() {
        match c {
            ' ' => out.push_str("%20"),
            '(' => out.push_str("%28"),
            ')' => out.push_str("%29"),
            '<' => out.push_str("%3C"),
            '>' => out.push_str("%3E"),
            '|' => out.push_str("%7C"),
            '\\' => out.push_str("%5C"),
            _ if c.is_control() || c.is_whitespace() => {}
            _ => out.push(c),
        }
    }
    out
}
