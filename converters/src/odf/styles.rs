//! Styles: what a name means for text, lists and visibility (ODF 1.3 part 3, section 16).
//!
//! Common styles belong to the document; automatic styles to the stream that they stand in, so the same name means
//! one thing in the content and another in the master pages. Chains of parents are followed for so long only: they
//! may run in circles.

use std::collections::HashMap;
use std::rc::Rc;

use crate::Result;
use crate::limits::Meter;
use crate::symbol::SymbolFont;
use crate::xml::{Event, Reader, Source, Tag};

use super::list_style::{self, ListStyle};
use super::{attribute, raw_attribute};

/// Longer chains of parents are damage.
const MAX_CHAIN: usize = 32;
/// What a style weighs in memory beside its names.
const STYLE_BYTES: u64 = 192;

/// The families of styles that say something about text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Paragraph,
    Text,
    Graphic,
    Presentation,
    Page,
}

const FAMILIES: usize = 5;

impl Family {
    fn named(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"paragraph" => Self::Paragraph,
            b"text" => Self::Text,
            b"graphic" | b"graphics" => Self::Graphic,
            b"presentation" => Self::Presentation,
            b"drawing-page" => Self::Page,
            _ => return None,
        })
    }
}

/// Whether text is raised or lowered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Vertical {
    Baseline,
    Super,
    Sub,
}

/// Text properties; `None` is "not said here".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct TextProperties {
    pub(crate) bold: Option<bool>,
    pub(crate) italic: Option<bool>,
    pub(crate) strike: Option<bool>,
    pub(crate) hidden: Option<bool>,
    pub(crate) vertical: Option<Vertical>,
    pub(crate) font: Option<SymbolFont>,
}

impl TextProperties {
    /// Takes from `base` what is not said here.
    pub(crate) fn or(self, base: Self) -> Self {
        Self {
            bold: self.bold.or(base.bold),
            italic: self.italic.or(base.italic),
            strike: self.strike.or(base.strike),
            hidden: self.hidden.or(base.hidden),
            vertical: self.vertical.or(base.vertical),
            font: self.font.or(base.font),
        }
    }

    fn read(tag: Tag<'_>) -> Self {
        let is_line = |value: &[u8]| value != b"none";
        let line = |name| raw_attribute(tag, name).map(is_line);
        let font = raw_attribute(tag, b"style:font-name").or_else(|| raw_attribute(tag, b"fo:font-family"));
        Self {
            bold: raw_attribute(tag, b"fo:font-weight")
                .map(|weight| matches!(weight, b"bold" | b"600" | b"700" | b"800" | b"900")),
            italic: raw_attribute(tag, b"fo:font-style").map(|style| matches!(style, b"italic" | b"oblique")),
            strike: line(b"style:text-line-through-style")
                .or_else(|| line(b"style:text-line-through-type"))
                .or_else(|| line(b"style:text-crossing-out")),
            hidden: raw_attribute(tag, b"text:display").map(|display| display == b"none"),
            vertical: raw_attribute(tag, b"style:text-position").map(vertical),
            font: font.and_then(|name| SymbolFont::named(name.trim_ascii())),
        }
    }
}

/// Reads `super 58%`, `-33% 58%` and the like.
fn vertical(position: &[u8]) -> Vertical {
    match position.trim_ascii() {
        [b's', b'u', b'p', ..] => Vertical::Super,
        [b's', b'u', b'b', ..] | [b'-', ..] => Vertical::Sub,
        // A percentage that does not begin with zero raises the text.
        [b'1'..=b'9', ..] => Vertical::Super,
        _ => Vertical::Baseline,
    }
}

/// What slides show, and whether they are shown; `None` is "not said here".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PageProperties {
    pub(crate) hidden: Option<bool>,
    pub(crate) shows_date: Option<bool>,
    pub(crate) shows_footer: Option<bool>,
    pub(crate) shows_number: Option<bool>,
}

impl PageProperties {
    fn or(self, base: Self) -> Self {
        Self {
            hidden: self.hidden.or(base.hidden),
            shows_date: self.shows_date.or(base.shows_date),
            shows_footer: self.shows_footer.or(base.shows_footer),
            shows_number: self.shows_number.or(base.shows_number),
        }
    }

    fn read(tag: Tag<'_>) -> Self {
        let is = |name: &[u8], value: &[u8]| raw_attribute(tag, name).map(|found| found == value);
        Self {
            hidden: is(b"presentation:visibility", b"hidden"),
            shows_date: is(b"presentation:display-date-time", b"true"),
            shows_footer: is(b"presentation:display-footer", b"true"),
            shows_number: is(b"presentation:display-page-number", b"true"),
        }
    }
}

#[derive(Debug, Clone, Default)]
struct Style {
    parent: Option<Rc<str>>,
    text: TextProperties,
    list: Option<Rc<str>>,
    numbered: Option<bool>,
    page: PageProperties,
    /// The heading level of the style's paragraphs; 0 is none.
    heading: Option<u8>,
}

/// What a style means, its parents counted in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Resolved {
    pub(crate) text: TextProperties,
    /// Whether paragraphs of a list show their label.
    pub(crate) numbered: Option<bool>,
    pub(crate) page: PageProperties,
    /// The heading level, from 1, of paragraphs that are headings by their style alone.
    pub(crate) heading: Option<u8>,
}

/// The styles of one stream.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    families: [HashMap<Rc<str>, Style>; FAMILIES],
    lists: HashMap<Rc<str>, Rc<ListStyle>>,
    /// How headings are numbered.
    outline: Option<Rc<ListStyle>>,
    defaults: [TextProperties; FAMILIES],
}

impl Sheet {
    /// Reads the element of styles whose start tag came last; what it holds counts as held in memory.
    pub(crate) fn read<S: Source>(&mut self, reader: &mut Reader<S>, meter: &Meter) -> Result<()> {
        let outer = reader.depth();
        while reader.depth() >= outer {
            let Event::Start(tag) = reader.next_event()? else {
                continue;
            };
            match tag.local() {
                b"style" => {
                    let family = raw_attribute(tag, b"style:family").and_then(Family::named);
                    let name: Rc<str> = attribute(tag, b"style:name").unwrap_or_default().into();
                    let style = read_properties(begin_style(tag), reader, meter)?;
                    meter.resident(STYLE_BYTES + name.len() as u64)?;
                    if let Some(family) = family {
                        self.families[family as usize].insert(name, style);
                    }
                }
                b"default-style" => {
                    let family = raw_attribute(tag, b"style:family").and_then(Family::named);
                    let style = read_properties(begin_style(tag), reader, meter)?;
                    if let Some(family) = family {
                        self.defaults[family as usize] = style.text;
                    }
                }
                b"list-style" => {
                    let name: Rc<str> = attribute(tag, b"style:name").unwrap_or_default().into();
                    let style = list_style::read(reader, meter)?;
                    meter.resident(STYLE_BYTES + name.len() as u64)?;
                    self.lists.insert(name, Rc::new(style));
                }
                b"outline-style" => self.outline = Some(Rc::new(list_style::read(reader, meter)?)),
                _ => reader.skip_element()?,
            }
        }
        Ok(())
    }
}

/// The styles that a stream sees.
#[derive(Debug, Default)]
pub(crate) struct Styles {
    pub(crate) common: Sheet,
    pub(crate) automatic: Sheet,
}

impl Styles {
    fn get(&self, family: Family, name: &str) -> Option<&Style> {
        let own = self.automatic.families[family as usize].get(name);
        own.or_else(|| self.common.families[family as usize].get(name))
    }

    /// Returns what a style means; one that does not exist means nothing.
    pub(crate) fn resolve(&self, family: Family, name: &str) -> Resolved {
        let mut found = Resolved::default();
        let mut next = Some(name);
        for _ in 0..MAX_CHAIN {
            let Some(name) = next else { break };
            let style = self.get(family, name);
            if family == Family::Paragraph && found.heading.is_none() {
                found.heading = style.and_then(|style| style.heading).or_else(|| heading_of_name(name));
            }
            let Some(style) = style else { break };
            found.text = found.text.or(style.text);
            found.numbered = found.numbered.or(style.numbered);
            found.page = found.page.or(style.page);
            next = style.parent.as_deref();
        }
        found.heading = found.heading.filter(|level| *level > 0);
        found.text = found.text.or(self.common.defaults[family as usize]);
        found
    }

    /// Returns the list style of this name.
    pub(crate) fn list(&self, name: &str) -> Option<Rc<ListStyle>> {
        let own = self.automatic.lists.get(name);
        own.or_else(|| self.common.lists.get(name)).map(Rc::clone)
    }

    /// Returns the list style that a paragraph style names, itself or through its parents.
    pub(crate) fn list_of_paragraph(&self, name: &str) -> Option<Rc<ListStyle>> {
        let mut next = Some(name);
        for _ in 0..MAX_CHAIN {
            let style = self.get(Family::Paragraph, next?)?;
            if let Some(list) = &style.list {
                return self.list(list);
            }
            next = style.parent.as_deref();
        }
        None
    }

    /// Returns how headings are numbered.
    pub(crate) fn outline(&self) -> Option<Rc<ListStyle>> {
        self.common.outline.as_ref().map(Rc::clone)
    }
}

/// Names of styles are those of the program in English, whatever language it shows.
fn heading_of_name(name: &str) -> Option<u8> {
    match name {
        "Title" => Some(1),
        "Subtitle" => Some(2),
        _ => name.strip_prefix("Heading_20_")?.parse().ok().filter(|level| (1..=10).contains(level)),
    }
}

/// Reads the attributes of a style.
fn begin_style(tag: Tag<'_>) -> Style {
    let name = |name: &[u8]| attribute(tag, name).filter(|value| !value.is_empty()).map(Rc::from);
    let level = raw_attribute(tag, b"style:default-outline-level");
    let level_of = |level: &[u8]| std::str::from_utf8(level).ok()?.trim().parse().ok();
    Style {
        parent: name(b"style:parent-style-name"),
        list: name(b"style:list-style-name"),
        // An empty level says that there is none.
        heading: level.map(|level| level_of(level).unwrap_or(0)),
        ..Style::default()
    }
}

/// Reads the properties within the style whose start tag came last.
fn read_properties<S: Source>(mut style: Style, reader: &mut Reader<S>, meter: &Meter) -> Result<Style> {
    let held = |name: &Option<Rc<str>>| name.as_ref().map_or(0, |name| name.len() as u64);
    meter.resident(held(&style.parent) + held(&style.list))?;
    let outer = reader.depth();
    while reader.depth() >= outer {
        let Event::Start(tag) = reader.next_event()? else {
            continue;
        };
        match tag.local() {
            // Older documents say everything in one element.
            b"text-properties" | b"properties" => style.text = TextProperties::read(tag),
            b"paragraph-properties" => {
                let numbered = raw_attribute(tag, b"text:enable-numbering");
                style.numbered = numbered.map(|value| value == b"true");
            }
            b"drawing-page-properties" => style.page = PageProperties::read(tag),
            // Conditions choose among styles by circumstances that are not known here.
            b"map" => reader.skip_element()?,
            _ => {}
        }
    }
    Ok(style)
}
