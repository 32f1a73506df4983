//! Lists of the text: which level an item stands at, and which number it has (ODF 1.3 part 3, sections 5.3 and 19.880).
//!
//! An item counts when its first paragraph comes, so that items which only hold a deeper list, as writers make them to
//! go on with one, count for nothing.

use std::collections::HashMap;
use std::rc::Rc;

use crate::Result;
use crate::limits::Meter;
use crate::markdown::Marker;

use super::list_style::{LEVELS, ListStyle};

/// What the state of a list weighs in memory beside its name.
const STATE_BYTES: u64 = 128;

type Counts = [Option<u32>; LEVELS];

/// What begins a list.
#[derive(Debug, Default)]
pub(crate) struct Beginning {
    /// The list's id, under which a later one can go on with it.
    pub(crate) id: Option<String>,
    /// The name of its style.
    pub(crate) style_name: Option<String>,
    pub(crate) style: Option<Rc<ListStyle>>,
    /// The id of the list that it goes on with.
    pub(crate) continues: Option<String>,
    /// Whether it goes on with the last list of its style.
    pub(crate) goes_on: bool,
    /// The level it stands at, if it says so itself; else one below the list around it.
    pub(crate) level: Option<usize>,
}

#[derive(Debug)]
struct Open {
    style: Option<Rc<ListStyle>>,
    level: usize,
    /// The keys that its numbers are kept under.
    keys: [Option<String>; 2],
}

/// The lists of one flow that are open, innermost last.
#[derive(Debug, Default)]
pub(crate) struct Nest {
    open: Vec<Open>,
    counts: Counts,
    /// Whether an item began that has had no paragraph yet, and the number it begins with.
    item: Option<Option<u32>>,
}

/// How far the lists of a document have counted.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    kept: HashMap<String, Counts>,
    last: Counts,
    headings: Counts,
}

impl Nest {
    pub(crate) fn is_in_list(&self) -> bool {
        !self.open.is_empty()
    }

    /// Begins an item, which may say its number.
    pub(crate) fn begin_item(&mut self, start: Option<u32>) {
        self.item = Some(start);
    }

    /// Begins a list header or ends an item: paragraphs that come now have no label.
    pub(crate) fn end_item(&mut self) {
        self.item = None;
    }
}

impl Lists {
    /// Begins a list within `nest`.
    pub(crate) fn begin(&mut self, nest: &mut Nest, beginning: Beginning) {
        let outer = nest.open.last();
        let level =
            beginning.level.unwrap_or_else(|| outer.map_or(0, |outer| outer.level + 1)).min(LEVELS - 1);
        let style = beginning.style.or_else(|| outer.and_then(|outer| outer.style.clone()));
        let by_style = beginning.style_name.map(|name| format!("style {name}"));
        if outer.is_none() {
            let kept = |key: Option<String>| key.and_then(|key| self.kept.get(&key)).copied();
            nest.counts = if let Some(id) = beginning.continues {
                // A paragraph that is a list of its own begins one where none has its name.
                let unknown = if beginning.level.is_some() { Counts::default() } else { self.last };
                kept(Some(format!("id {id}"))).unwrap_or(unknown)
            } else if beginning.goes_on {
                kept(by_style.clone()).unwrap_or(self.last)
            } else {
                Counts::default()
            };
        } else if !beginning.goes_on && beginning.continues.is_none() {
            nest.counts.iter_mut().skip(level).for_each(|count| *count = None);
        }
        nest.item = None;
        let by_id = beginning.id.map(|id| format!("id {id}"));
        nest.open.push(Open { style, level, keys: [by_id, by_style] });
    }

    /// Ends the innermost list; the numbers of an outermost one are kept.
    pub(crate) fn end(&mut self, nest: &mut Nest, meter: &Meter) -> Result<()> {
        nest.item = None;
        let Some(open) = nest.open.pop() else {
            return Ok(());
        };
        if !nest.open.is_empty() {
            return Ok(());
        }
        self.last = nest.counts;
        for key in open.keys.into_iter().flatten() {
            if !self.kept.contains_key(&key) {
                meter.resident(STATE_BYTES + key.len() as u64)?;
            }
            self.kept.insert(key, nest.counts);
        }
        Ok(())
    }

    /// Counts the first paragraph of an item; returns its level and what it begins with. `None` for any other
    /// paragraph, and for an item without a label.
    pub(crate) fn next(&mut self, nest: &mut Nest, fallback: Option<Rc<ListStyle>>) -> Option<(u8, Marker)> {
        let start = nest.item.take()?;
        let open = nest.open.last()?;
        let level = open.level;
        let marker = match open.style.clone().or(fallback) {
            Some(style) => count(&mut nest.counts, level, start, &style)?,
            None => Marker::Bullet,
        };
        Some((u8::try_from(level).unwrap_or(u8::MAX), marker))
    }

    /// Counts a heading of the outline level `level`, from 0, and returns its label.
    pub(crate) fn heading(&mut self, level: usize, start: Option<u32>, style: &ListStyle) -> Option<Marker> {
        count(&mut self.headings, level.min(LEVELS - 1), start, style)
    }
}

fn count(counts: &mut Counts, level: usize, start: Option<u32>, style: &ListStyle) -> Option<Marker> {
    let this = counts.get_mut(level)?;
    *this = Some(start.unwrap_or_else(|| this.map_or(style.start(level), |count| count.saturating_add(1))));
    counts.iter_mut().skip(level + 1).for_each(|count| *count = None);
    // A level that was skipped counts as begun.
    let numbers = std::array::from_fn(|at| counts[at].unwrap_or_else(|| style.start(at)));
    style.marker(level, &numbers)
}
