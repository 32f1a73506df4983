//! Numbering: which label a paragraph of a list shows.
//!
//! Counters belong to the abstract numbering, which several lists share; a list that overrides the start begins
//! anew when it is first used (ECMA-376 part 1, section 17.9). Numbers are formatted up to bounds: a start of two
//! billion must not become a label of eighty million letters.

use std::collections::{HashMap, HashSet};

use crate::Result;
use crate::limits::Meter;
use crate::list_number::NumberFormat;
use crate::markdown::Marker;
use crate::xml::{Event, Reader, Source, Tag};

use super::styles::{Styles, level_number, number_of_style, style_id};

const LEVELS: usize = 9;
/// A longer label text is not a label.
const MAX_LABEL_BYTES: usize = 256;
/// What a level weighs in memory beside its text, and a list without its levels.
const LEVEL_BYTES: u64 = 96;
const LIST_BYTES: u64 = 1024;

#[derive(Debug, Clone, Default)]
struct Level {
    start: Option<u32>,
    format: NumberFormat,
    text: String,
    legal: bool,
    /// The level whose use begins this one anew; 0 means none does.
    restart: Option<u8>,
    style: Option<Vec<u8>>,
}

#[derive(Debug, Default)]
struct Abstract {
    levels: [Option<Level>; LEVELS],
    style_link: Option<Vec<u8>>,
    number_style_link: Option<Vec<u8>>,
}

#[derive(Debug, Default)]
struct List {
    abstract_id: u32,
    starts: [Option<u32>; LEVELS],
    levels: [Option<Level>; LEVELS],
}

/// The lists of a document and how far they have counted.
#[derive(Debug, Default)]
pub(super) struct Numbering {
    abstracts: HashMap<u32, Abstract>,
    /// The abstract numbering that each numbering style stands for.
    by_style: HashMap<Vec<u8>, u32>,
    lists: HashMap<u32, List>,
    counters: HashMap<u32, [Option<u32>; LEVELS]>,
    used: HashSet<u32>,
}

impl Numbering {
    /// Reads the part; its levels count as held in memory.
    pub(super) fn read<S: Source>(reader: &mut Reader<S>, meter: &Meter) -> Result<Self> {
        let mut numbering = Self::default();
        loop {
            match reader.next_event()? {
                Event::Start(tag) => match tag.local() {
                    b"abstractNum" => {
                        let id = tag.number(b"abstractNumId");
                        let read = read_abstract(reader, meter)?;
                        if let Some(id) = id {
                            if let Some(style) = &read.style_link {
                                meter.resident(LEVEL_BYTES + style.len() as u64)?;
                                numbering.by_style.insert(style.clone(), id);
                            }
                            numbering.abstracts.insert(id, read);
                        }
                    }
                    b"num" => {
                        let id = tag.number(b"numId");
                        let read = read_list(reader, meter)?;
                        if let Some(id) = id {
                            numbering.lists.insert(id, read);
                        }
                    }
                    b"numPicBullet" => reader.skip_element()?,
                    _ => {}
                },
                Event::Eof => return Ok(numbering),
                Event::End(_) | Event::Text(_) => {}
            }
        }
    }

    /// Returns the level at which a list is linked to a paragraph style.
    pub(super) fn level_of_style(&self, list: u32, style: &[u8], styles: &Styles) -> Option<u8> {
        let (_, definition) = self.definition(list, styles)?;
        let linked =
            |level: &Option<Level>| level.as_ref().is_some_and(|level| level.style.as_deref() == Some(style));
        definition.levels.iter().position(linked).and_then(|at| u8::try_from(at).ok())
    }

    /// Follows a list to its abstract numbering, through a style if it is linked to one.
    fn definition(&self, list: u32, styles: &Styles) -> Option<(u32, &Abstract)> {
        let id = self.lists.get(&list)?.abstract_id;
        let found = self.abstracts.get(&id)?;
        let Some(link) = &found.number_style_link else {
            return Some((id, found));
        };
        let id = match self.by_style.get(link) {
            Some(id) => *id,
            None => self.lists.get(&number_of_style(styles, link)?)?.abstract_id,
        };
        Some((id, self.abstracts.get(&id)?))
    }

    /// Counts a paragraph and returns what it begins with; `None` if that is nothing.
    pub(super) fn next(&mut self, list: u32, level: u8, styles: &Styles) -> Option<Marker> {
        let level = usize::from(level).min(LEVELS - 1);
        let (abstract_id, definition) = self.definition(list, styles)?;
        let overrides = self.lists.get(&list)?;
        let levels: [Option<&Level>; LEVELS] =
            std::array::from_fn(|at| overrides.levels[at].as_ref().or(definition.levels[at].as_ref()));
        let first_use = !self.used.contains(&list);
        let start = |at: usize| {
            let of_level = levels[at].map_or(1, |level| level.start.unwrap_or(0));
            overrides.starts[at].unwrap_or(of_level)
        };
        let mut counters = self.counters.get(&abstract_id).copied().unwrap_or_default();
        if first_use {
            for (at, counter) in counters.iter_mut().enumerate() {
                if overrides.starts[at].is_some() {
                    *counter = None;
                }
            }
        }
        // A level that was skipped counts as begun.
        for (at, counter) in counters.iter_mut().enumerate().take(level) {
            counter.get_or_insert_with(|| start(at));
        }
        counters[level] = Some(counters[level].map_or(start(level), |count| count.saturating_add(1)));
        for at in level + 1..LEVELS {
            let restarts_at = levels[at].and_then(|level| level.restart);
            if restarts_at.is_none_or(|restart| restart != 0 && level < usize::from(restart)) {
                counters[at] = None;
            }
        }
        let values: [u32; LEVELS] = std::array::from_fn(|at| counters[at].unwrap_or_else(|| start(at)));
        let marker = levels[level].and_then(|this| marker(this, level, &levels, &values));
        self.counters.insert(abstract_id, counters);
        self.used.insert(list);
        marker
    }
}

fn marker(
    this: &Level,
    level: usize,
    levels: &[Option<&Level>; LEVELS],
    values: &[u32; LEVELS],
) -> Option<Marker> {
    if this.format == NumberFormat::Bullet {
        return Some(Marker::Bullet);
    }
    let own = format!("%{}", level + 1);
    if this.format == NumberFormat::Decimal
        && let Some(rest) = this.text.strip_prefix(&own)
        && let Some(delimiter @ ('.' | ')')) = single(rest)
        && values[level] <= 999_999_999
    {
        return Some(Marker::Number { number: values[level], delimiter });
    }
    let mut label = String::new();
    let mut rest = this.text.as_str();
    while let Some(at) = rest.find('%') {
        label.push_str(&rest[..at]);
        let digit = rest[at + 1..].chars().next().and_then(|c| c.to_digit(10));
        let Some(at_level) =
            digit.and_then(|digit| usize::try_from(digit).ok()).filter(|d| (1..=LEVELS).contains(d))
        else {
            label.push('%');
            rest = &rest[at + 1..];
            continue;
        };
        let format = levels[at_level - 1].map_or(NumberFormat::Decimal, |level| level.format);
        let format = if this.legal { NumberFormat::Decimal } else { format };
        format.write(values[at_level - 1], &mut label);
        rest = &rest[at + 2..];
    }
    label.push_str(rest);
    let label = label.trim();
    (!label.is_empty()).then(|| Marker::Label(label.to_owned()))
}

fn single(text: &str) -> Option<char> {
    let mut chars = text.trim_end().chars();
    let first = chars.next()?;
    chars.next().is_none().then_some(first)
}

fn read_abstract<S: Source>(reader: &mut Reader<S>, meter: &Meter) -> Result<Abstract> {
    meter.resident(LIST_BYTES)?;
    let mut found = Abstract::default();
    let outer = reader.depth();
    while reader.depth() >= outer {
        let Event::Start(tag) = reader.next_event()? else {
            continue;
        };
        match tag.local() {
            b"lvl" => {
                let at = level_number(tag, b"ilvl");
                let level = read_level(reader, meter)?;
                if let Some(at) = at {
                    found.levels[usize::from(at)] = Some(level);
                }
            }
            b"styleLink" => found.style_link = style_id(tag),
            b"numStyleLink" => found.number_style_link = style_id(tag),
            _ => {}
        }
    }
    meter.resident((held(&found.style_link) + held(&found.number_style_link)) as u64)?;
    Ok(found)
}

fn read_list<S: Source>(reader: &mut Reader<S>, meter: &Meter) -> Result<List> {
    meter.resident(LIST_BYTES)?;
    let mut found = List::default();
    let mut overridden = None;
    let outer = reader.depth();
    while reader.depth() >= outer {
        let Event::Start(tag) = reader.next_event()? else {
            continue;
        };
        match tag.local() {
            b"abstractNumId" => found.abstract_id = tag.number(b"val").unwrap_or(u32::MAX),
            b"lvlOverride" => overridden = level_number(tag, b"ilvl").map(usize::from),
            b"startOverride" => {
                if let Some(at) = overridden {
                    found.starts[at] = tag.number(b"val");
                }
            }
            b"lvl" => {
                let at = level_number(tag, b"ilvl").map(usize::from).or(overridden);
                let level = read_level(reader, meter)?;
                if let Some(at) = at {
                    found.levels[at] = Some(level);
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

fn read_level<S: Source>(reader: &mut Reader<S>, meter: &Meter) -> Result<Level> {
    let mut level = Level::default();
    let mut by_example = false;
    let outer = reader.depth();
    while reader.depth() >= outer {
        let Event::Start(tag) = reader.next_event()? else {
            continue;
        };
        match tag.local() {
            b"start" => level.start = tag.number(b"val"),
            // Newer formats come as examples, with an older one to fall back to.
            b"numFmt" => {
                match tag.value(b"format").and_then(|examples| NumberFormat::by_example(&examples)) {
                    Some(format) => (level.format, by_example) = (format, true),
                    None if by_example => {}
                    None => level.format = NumberFormat::named(tag.raw(b"val").unwrap_or_default()),
                }
            }
            b"lvlText" => level.text = label_text(tag),
            b"isLgl" => level.legal = super::properties::is_on(tag),
            b"lvlRestart" => level.restart = tag.number(b"val"),
            b"pStyle" => level.style = style_id(tag),
            b"rPr" | b"pPr" => reader.skip_element()?,
            _ => {}
        }
    }
    meter.resident(LEVEL_BYTES + (level.text.len() + held(&level.style)) as u64)?;
    Ok(level)
}

/// Returns what a style id weighs in memory.
fn held(id: &Option<Vec<u8>>) -> usize {
    id.as_ref().map_or(0, Vec::len)
}

fn label_text(tag: Tag<'_>) -> String {
    let text = tag.value(b"val").unwrap_or_default();
    if text.len() > MAX_LABEL_BYTES { String::new() } else { text.into_owned() }
}
