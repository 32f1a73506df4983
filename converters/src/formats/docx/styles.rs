//! The styles part: what a style id means for text, after inheritance.
//!
//! Styles are resolved once, when the part is read. A `basedOn` chain is followed a bounded number of steps, so a
//! loop ends like a long chain. A style is a heading by its outline level or by its built-in name, which Word
//! stores in English whatever the language of its ids is.

use std::collections::HashMap;

use crate::limits::Meter;
use crate::xml::{Event, Reader, Source};
use crate::{Result, xml};

use super::properties::{self, ParagraphProperties, RunProperties};

const MAX_CHAIN: usize = 32;
/// What a style weighs in memory beside its strings.
const STYLE_BYTES: u64 = 256;
/// The outline level of body text.
const BODY: u8 = 9;

/// A style of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct StyleId(usize);

#[derive(Debug, Default, Clone)]
struct Style {
    id: Vec<u8>,
    based_on: Option<Vec<u8>>,
    heading: Option<u8>,
    run: RunProperties,
    paragraph: ParagraphProperties,
}

/// What a style means after inheritance.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Resolved {
    /// 0 to 8 is a heading of level 1 to 9.
    pub(super) outline: Option<u8>,
    pub(super) number: Option<u32>,
    pub(super) level: Option<u8>,
    pub(super) run: RunProperties,
}

/// The styles of a document.
#[derive(Debug, Default)]
pub(super) struct Styles {
    ids: HashMap<Vec<u8>, StyleId>,
    styles: Vec<Style>,
    resolved: Vec<Resolved>,
    default_paragraph: Option<StyleId>,
    defaults: RunProperties,
}

impl Styles {
    /// Reads the part; its styles count as held in memory.
    pub(super) fn read<S: Source>(reader: &mut Reader<S>, meter: &Meter) -> Result<Self> {
        let mut styles = Self::default();
        loop {
            match reader.next_event()? {
                Event::Start(tag) => match tag.local() {
                    b"style" => {
                        let id = tag.raw(b"styleId").unwrap_or_default().to_vec();
                        meter.resident(STYLE_BYTES + id.len() as u64)?;
                        let at = StyleId(styles.styles.len());
                        let is_default = matches!(tag.raw(b"default"), Some(b"1" | b"true" | b"on"));
                        if is_default && tag.raw(b"type") == Some(b"paragraph") {
                            styles.default_paragraph = Some(at);
                        }
                        let mut style = read_style(reader, &styles)?;
                        style.id.clone_from(&id);
                        let base = style.based_on.as_ref().map_or(0, Vec::len);
                        meter.resident((id.len() + base) as u64)?;
                        styles.ids.insert(id, at);
                        styles.styles.push(style);
                    }
                    b"docDefaults" => styles.defaults = read_defaults(reader, &styles)?,
                    b"latentStyles" => reader.skip_element()?,
                    _ => {}
                },
                Event::Eof => break,
                Event::End(_) | Event::Text(_) => {}
            }
        }
        styles.resolved = styles.styles.iter().map(|style| styles.resolve(style)).collect();
        Ok(styles)
    }

    /// Returns the style of an id as it stands in the XML.
    pub(super) fn find(&self, id: &[u8]) -> Option<StyleId> {
        self.ids.get(id).copied()
    }

    /// Returns the id of a style.
    pub(super) fn id(&self, style: StyleId) -> &[u8] {
        self.styles.get(style.0).map_or(&[], |style| &style.id)
    }

    /// Returns the style of paragraphs that name none.
    pub(super) fn default_paragraph(&self) -> Option<StyleId> {
        self.default_paragraph
    }

    /// Returns what runs look like that no style says anything about.
    pub(super) fn defaults(&self) -> RunProperties {
        self.defaults
    }

    /// Returns what a style means.
    pub(super) fn get(&self, id: Option<StyleId>) -> Resolved {
        id.and_then(|id| self.resolved.get(id.0)).copied().unwrap_or_default()
    }

    fn resolve(&self, style: &Style) -> Resolved {
        let mut found = Resolved::default();
        let mut next = Some(style);
        for _ in 0..MAX_CHAIN {
            let Some(style) = next else { break };
            found.outline = found.outline.or(style.paragraph.outline).or(style.heading);
            found.number = found.number.or(style.paragraph.number);
            found.level = found.level.or(style.paragraph.level);
            inherit(&mut found.run, &style.run);
            let base = style.based_on.as_ref().and_then(|id| self.ids.get(id));
            next = base.and_then(|id| self.styles.get(id.0));
        }
        found.outline = found.outline.filter(|level| *level < BODY);
        found
    }
}

fn inherit(run: &mut RunProperties, base: &RunProperties) {
    run.bold = run.bold.or(base.bold);
    run.italic = run.italic.or(base.italic);
    run.strike = run.strike.or(base.strike);
    run.hidden = run.hidden.or(base.hidden);
    run.vertical = run.vertical.or(base.vertical);
    run.font = run.font.or(base.font);
}

fn read_style<S: Source>(reader: &mut Reader<S>, styles: &Styles) -> Result<Style> {
    let mut style = Style::default();
    let outer = reader.depth();
    while reader.depth() >= outer {
        let Event::Start(tag) = reader.next_event()? else {
            continue;
        };
        match tag.local() {
            b"name" => style.heading = tag.raw(b"val").and_then(heading_of_name),
            b"basedOn" => style.based_on = tag.raw(b"val").map(<[u8]>::to_vec),
            b"rPr" => style.run = properties::read_run(reader, styles)?,
            b"pPr" => style.paragraph = properties::read_paragraph(reader, styles)?,
            // Conditional formatting of tables is not followed.
            b"tblStylePr" => reader.skip_element()?,
            _ => {}
        }
    }
    Ok(style)
}

fn read_defaults<S: Source>(reader: &mut Reader<S>, styles: &Styles) -> Result<RunProperties> {
    let mut found = RunProperties::default();
    let outer = reader.depth();
    while reader.depth() >= outer {
        if let Event::Start(tag) = reader.next_event()?
            && tag.local() == b"rPr"
        {
            found = properties::read_run(reader, styles)?;
        }
    }
    Ok(found)
}

/// Returns the outline level of a built-in heading name.
fn heading_of_name(name: &[u8]) -> Option<u8> {
    let name = xml::unescape_lossy(name).to_ascii_lowercase();
    if name == "title" {
        return Some(0);
    }
    let level: u8 = name.strip_prefix("heading")?.trim().parse().ok()?;
    (1..=BODY).contains(&level).then(|| level - 1)
}

/// Returns the `numId` of the numbering style with this id, for numbering that is linked to a style.
pub(super) fn number_of_style(styles: &Styles, id: &[u8]) -> Option<u32> {
    styles.get(styles.find(id)).number
}

/// Returns the outline level that direct formatting gives, if it is a heading's.
pub(super) fn outline_of(direct: Option<u8>, style: Option<u8>) -> Option<u8> {
    direct.or(style).filter(|level| *level < BODY)
}

/// Reads a `w:val` that is a style id.
pub(super) fn style_id(tag: xml::Tag<'_>) -> Option<Vec<u8>> {
    tag.raw(b"val").map(<[u8]>::to_vec)
}

/// Reads a level number, of which there are nine.
pub(super) fn level_number(tag: xml::Tag<'_>, name: &[u8]) -> Option<u8> {
    tag.number::<u8>(name).filter(|level| *level < 9)
}
