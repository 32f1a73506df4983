//! Run properties, read from their tag and its children.

use crate::Result;
use crate::symbol::SymbolFont;
use crate::xml::{Event, Reader, Source, Tag};

/// Whether text is raised or lowered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Vertical {
    #[default]
    Baseline,
    Super,
    Sub,
}

/// What the text of a run looks like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct RunProperties {
    pub(super) bold: bool,
    pub(super) italic: bool,
    pub(super) strike: bool,
    pub(super) vertical: Vertical,
    pub(super) font: Option<SymbolFont>,
    /// The relationship of a hyperlink.
    pub(super) link: Option<String>,
}

impl RunProperties {
    /// Reads the attributes of an `rPr`.
    pub(super) fn of(tag: Tag<'_>) -> Self {
        let vertical = match tag.raw(b"baseline") {
            Some([b'-', ..]) => Vertical::Sub,
            Some(raised) if raised.iter().any(|b| matches!(b, b'1'..=b'9')) => Vertical::Super,
            _ => Vertical::Baseline,
        };
        Self {
            bold: is_on(tag, b"b"),
            italic: is_on(tag, b"i"),
            strike: matches!(tag.raw(b"strike"), Some(b"sngStrike" | b"dblStrike")),
            vertical,
            ..Self::default()
        }
    }

    /// Reads the children of the `rPr`.
    pub(super) fn read_children<S: Source>(mut self, reader: &mut Reader<S>) -> Result<Self> {
        let outer = reader.depth();
        while reader.depth() >= outer {
            let Event::Start(tag) = reader.next_event()? else {
                continue;
            };
            match tag.local() {
                b"hlinkClick" => self.link = tag.value(b"id").map(std::borrow::Cow::into_owned),
                b"latin" | b"sym" => {
                    self.font = tag.raw(b"typeface").and_then(SymbolFont::named).or(self.font);
                }
                _ => {}
            }
        }
        Ok(self)
    }
}

/// Reads an `xsd:boolean` attribute; absent means off.
pub(super) fn is_on(tag: Tag<'_>, name: &[u8]) -> bool {
    matches!(tag.raw(name), Some(b"1" | b"true" | b"on"))
}
