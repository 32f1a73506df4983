//! Slides: their titles, what stands at their edges (date, footer, number), and what their master pages show.
//!
//! Slides name the texts of their footers, which are declared once; whether a slide shows one is up to its style,
//! and its number is up to its master page, too. Other texts of a master page are the same on every slide.

use std::collections::{HashMap, HashSet};

use crate::Result;
use crate::limits::Meter;
use crate::markdown::{Style, Writer};
use crate::options::TextForm;
use crate::xml::{Reader, Source, Tag};

use super::super::attribute;
use super::super::distinct::Distinct;
use super::super::styles::Family;
use super::side::Side;
use super::{Step, Walker};

/// What stands between the texts at a slide's edge.
const BETWEEN: &str = " · ";

/// What master pages show on every slide, and which of them the slides have.
#[derive(Debug, Default)]
pub(crate) struct Masters {
    texts: HashMap<String, Vec<String>>,
    /// The masters that have a place for the number of the slide.
    numbered: HashSet<String>,
    /// The texts of the masters in use, each once, in the order of their use.
    used: Distinct,
}

impl Masters {
    /// Adds a text that the master page shows.
    pub(crate) fn add(&mut self, master: &str, text: String, meter: &Meter) -> Result<()> {
        meter.resident((master.len() + text.len() + size_of::<String>() * 2) as u64)?;
        self.texts.entry(master.to_owned()).or_default().push(text);
        Ok(())
    }

    /// Notes that the master page has a place for the number of the slide.
    pub(crate) fn add_number(&mut self, master: &str, meter: &Meter) -> Result<()> {
        meter.resident((master.len() + size_of::<String>()) as u64)?;
        self.numbered.insert(master.to_owned());
        Ok(())
    }

    fn use_for_slide(&mut self, master: &str, meter: &Meter) -> Result<()> {
        self.texts
            .remove(master)
            .unwrap_or_default()
            .into_iter()
            .try_for_each(|text| self.used.add(text, meter))
    }

    /// Returns what the slides show of their masters.
    pub(crate) fn into_used(self) -> Vec<String> {
        self.used.into_texts()
    }
}

/// A slide being read.
#[derive(Debug, Default)]
pub(super) struct Slide {
    /// Its title, which may stand behind other things.
    pub(super) title: String,
    /// The texts at its edge, finished.
    edge: Vec<String>,
    number: Option<String>,
}

/// The slides of a presentation.
#[derive(Debug, Default)]
pub(super) struct Slides {
    /// Those that were begun.
    begun: u64,
    /// Those that were written.
    written: u64,
    /// What declared texts say, by the element that declares them and their name.
    declared: HashMap<(Vec<u8>, String), String>,
    /// The element and name of the declaration being read.
    declares: (Vec<u8>, String),
}

impl Walker<'_, '_> {
    pub(super) fn start_slide(&mut self, tag: Tag<'_>) -> Result<Step> {
        let value = |name: &[u8]| attribute(tag, name).unwrap_or_default();
        let page = self.document.styles.resolve(Family::Page, &value(b"draw:style-name")).page;
        self.slides.begun += 1;
        if page.hidden == Some(true) && self.document.hide() {
            return Ok(Step::Skip);
        }
        let master = value(b"draw:master-page-name");
        self.document.masters.use_for_slide(&master, self.document.meter)?;
        let mut slide = Slide::default();
        let uses: [(&[u8], &[u8], Option<bool>); 2] = [
            (b"date-time-decl", b"presentation:use-date-time-name", page.shows_date),
            (b"footer-decl", b"presentation:use-footer-name", page.shows_footer),
        ];
        for (element, name, shown) in uses {
            let key = (element.to_vec(), value(name).into_owned());
            if let Some(text) = self.slides.declared.get(&key).filter(|_| shown != Some(false)) {
                slide.edge.push(text.clone());
            }
        }
        if page.shows_number == Some(true) && self.document.masters.numbered.contains(&*master) {
            slide.number = Some(self.slides.begun.to_string());
        }
        self.held(slide.edge.iter().map(String::len).sum())?;
        let step = self.begin_side(Writer::with(self.document.form()), Side::Slide)?;
        self.flow.slide = slide;
        Ok(step)
    }

    /// Begins the declaration of a text that slides show at their edge.
    pub(super) fn start_declaration(&mut self, tag: Tag<'_>) -> Step {
        let name = attribute(tag, b"presentation:name").unwrap_or_default();
        self.slides.declares = (tag.local().to_vec(), name.into_owned());
        Step::Declaration
    }

    pub(super) fn declaration<S: Source>(&mut self, reader: &mut Reader<S>) -> Result<()> {
        let mut text = String::new();
        reader.text_content(&mut text)?;
        let mut writer = Writer::single_line(self.document.form());
        writer.text(&text, &Style::default());
        let text = writer.finish();
        if !text.is_empty() {
            let key = std::mem::take(&mut self.slides.declares);
            self.held(text.len() + key.0.len() + key.1.len() + size_of::<String>() * 4)?;
            self.slides.declared.insert(key, text);
        }
        Ok(())
    }

    /// Keeps what a frame at the edge of the slide says.
    pub(super) fn end_edge(&mut self, text: String, is_number: bool) -> Result<()> {
        self.held(text.len())?;
        if is_number {
            self.flow.slide.number = Some(text);
        } else {
            self.flow.slide.edge.push(text);
        }
        Ok(())
    }

    /// Writes the edge of the slide behind what it says; a number alone is nothing.
    pub(super) fn write_edge(&mut self) {
        let slide = &mut self.flow.slide;
        let mut edge = std::mem::take(&mut slide.edge);
        let says_something = self.flow.writer.has_text() || !slide.title.is_empty() || !edge.is_empty();
        edge.extend(slide.number.take().filter(|_| says_something));
        if !edge.is_empty() {
            self.flow.writer.end_paragraph();
            self.flow.writer.blocks(edge.join(BETWEEN));
        }
    }

    /// Writes a slide that was read; one that says nothing leaves no trace.
    pub(super) fn end_slide(&mut self, slide: Slide, text: String) {
        if slide.title.is_empty() && text.trim().is_empty() {
            return;
        }
        // A title sets its slide off already.
        if self.slides.written > 0
            && slide.title.is_empty()
            && self.document.form().text == TextForm::Markdown
        {
            self.flow.writer.blocks("---".to_owned());
        }
        self.slides.written += 1;
        self.flow.writer.blocks(slide.title);
        self.flow.writer.blocks(text);
    }
}
