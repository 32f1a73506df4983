//! Placeholders: what a shape is on its slide, and the list styles that it inherits from its layout and master.
//!
//! A shape finds its model in the layout by index, then by type, and the layout's placeholder its own in the master
//! by type (ECMA-376 part 1, section 19.3.1.36). Each layout and master is read once, when a slide first uses it.

use std::collections::HashMap;
use std::rc::Rc;

use crate::Result;
use crate::limits::Meter;
use crate::ooxml::{Ooxml, Relationship};
use crate::xml::{Event, Reader, Source, Tag};

use super::list_styles::{self, Levels};

/// More placeholders of a layout are not told apart: a slide would have to be searched for each of them.
const MAX_PLACEHOLDERS: usize = 256;

/// What a placeholder is for (ST_PlaceholderType), as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Title,
    Subtitle,
    /// Text or any object.
    Body,
    /// Date, footer or header.
    Edge,
    /// The number of the slide.
    Number,
}

/// A placeholder by kind and index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Placeholder {
    pub(super) kind: Kind,
    index: u32,
}

impl Placeholder {
    /// Reads a `ph` element.
    pub(super) fn of(tag: Tag<'_>) -> Self {
        let kind = match tag.raw(b"type").unwrap_or_default() {
            b"title" | b"ctrTitle" => Kind::Title,
            b"subTitle" => Kind::Subtitle,
            b"dt" | b"ftr" | b"hdr" => Kind::Edge,
            b"sldNum" => Kind::Number,
            _ => Kind::Body,
        };
        Self { kind, index: tag.number(b"idx").unwrap_or(0) }
    }
}

/// The placeholders of a layout or master.
#[derive(Debug, Default)]
pub(super) struct Model {
    placeholders: Vec<(Placeholder, Levels)>,
    /// The style of body text, of a master only.
    body: Levels,
}

impl Model {
    /// Returns the list style that a placeholder inherits.
    pub(super) fn levels(&self, placeholder: Placeholder) -> Levels {
        let found = self
            .placeholders
            .iter()
            .find(|(known, _)| known.index == placeholder.index && same_family(known.kind, placeholder.kind))
            .or_else(|| self.placeholders.iter().find(|(known, _)| known.kind == placeholder.kind));
        let mut levels = found.map_or_else(Levels::default, |(_, levels)| *levels);
        if matches!(placeholder.kind, Kind::Body | Kind::Subtitle) {
            list_styles::inherit(&mut levels, &self.body);
        }
        levels
    }

    fn read<S: Source>(reader: &mut Reader<S>, meter: &Meter) -> Result<Self> {
        let mut model = Self::default();
        let mut current = None;
        loop {
            match reader.next_event()? {
                Event::Start(tag) => match tag.local() {
                    b"sp" => current = None,
                    b"ph" => current = Some(Placeholder::of(tag)),
                    b"lstStyle" => {
                        let levels = list_styles::read(reader)?;
                        if let Some(placeholder) = current.take()
                            && model.placeholders.len() < MAX_PLACEHOLDERS
                        {
                            meter.resident(size_of::<(Placeholder, Levels)>() as u64)?;
                            model.placeholders.push((placeholder, levels));
                        }
                    }
                    b"bodyStyle" => model.body = list_styles::read(reader)?,
                    b"p" | b"pic" | b"graphicFrame" | b"timing" | b"titleStyle" | b"otherStyle" => {
                        reader.skip_element()?;
                    }
                    _ => {}
                },
                Event::Eof => return Ok(model),
                Event::End(_) | Event::Text(_) => {}
            }
        }
    }

    /// Fills what the placeholders do not say from the master's.
    fn inherit(&mut self, master: &Self) {
        for (placeholder, levels) in &mut self.placeholders {
            let of_master = master.placeholders.iter().find(|(known, _)| {
                known.kind == placeholder.kind
                    || (placeholder.kind == Kind::Subtitle && known.kind == Kind::Body)
            });
            if let Some((_, others)) = of_master {
                list_styles::inherit(levels, others);
            }
        }
        self.body = master.body;
    }
}

/// A layout may call `body` what the slide calls by another type, if both hold content.
fn same_family(one: Kind, other: Kind) -> bool {
    let content = |kind| matches!(kind, Kind::Body | Kind::Subtitle);
    one == other || (content(one) && content(other))
}

/// The layouts and masters that were read, by part.
#[derive(Debug, Default)]
pub(super) struct Models {
    read: HashMap<String, Rc<Model>>,
    /// How many layouts and masters the package lacks.
    pub(super) missing: u64,
}

impl Models {
    /// Returns the layout that one of the relationships of a slide leads to.
    pub(super) fn of_slide(
        &mut self,
        ooxml: &mut Ooxml<'_>,
        relationships: &[Relationship],
    ) -> Result<Rc<Model>> {
        let Some(layout) = target(relationships, "slideLayout") else {
            return Ok(Rc::default());
        };
        if let Some(known) = self.read.get(layout) {
            return Ok(Rc::clone(known));
        }
        let mut model = self.part(ooxml, layout)?;
        let related = ooxml.relationships(layout)?;
        if let Some(master) = target(&related, "slideMaster") {
            let master = match self.read.get(master) {
                Some(known) => Rc::clone(known),
                None => {
                    let read = self.part(ooxml, master)?;
                    self.keep(ooxml, master, read)?
                }
            };
            model.inherit(&master);
        }
        self.keep(ooxml, layout, model)
    }

    fn part(&mut self, ooxml: &mut Ooxml<'_>, part: &str) -> Result<Model> {
        let meter = ooxml.meter();
        match ooxml.xml(part)? {
            Some(mut reader) => Model::read(&mut reader, meter),
            None => {
                self.missing += 1;
                Ok(Model::default())
            }
        }
    }

    fn keep(&mut self, ooxml: &Ooxml<'_>, part: &str, model: Model) -> Result<Rc<Model>> {
        ooxml.meter().resident((size_of::<(String, Model)>() + part.len()) as u64)?;
        let model = Rc::new(model);
        self.read.insert(part.to_owned(), Rc::clone(&model));
        Ok(model)
    }
}

/// Returns the part that the first relationship of this kind leads to.
pub(super) fn target<'r>(relationships: &'r [Relationship], kind: &str) -> Option<&'r str> {
    let found = relationships.iter().find(|r| r.kind == kind && !r.external)?;
    Some(&found.target)
}
