//! Text bodies: paragraphs as list items or not, and runs.

use std::rc::Rc;

use crate::Result;
use crate::markdown::{Block, Style};
use crate::symbol;
use crate::xml::Tag;

use super::super::list_styles::{Bullet, Counters, Levels};
use super::super::properties::{RunProperties, Vertical};
use super::{Open, Step, Story, Walker};

/// A longer title goes on as text.
const MAX_TITLE_BYTES: usize = 16 << 10;

/// The text of a shape or cell.
#[derive(Debug, Default)]
pub(super) struct TextBody {
    /// The list style, inherited and own.
    pub(super) levels: Levels,
    counters: Counters,
    /// How much of a title was written.
    title_bytes: usize,
    /// Whether the text of an edge was begun.
    in_edge: bool,
}

/// A paragraph being read.
#[derive(Debug, Default)]
pub(super) struct Paragraph {
    level: usize,
    /// What its own properties say.
    bullet: Option<Bullet>,
    /// Whether there is text in it: an empty one is no item and does not count.
    begun: bool,
}

/// A run or field being read.
#[derive(Debug, Default)]
pub(super) struct Run {
    properties: RunProperties,
    link: Option<Rc<str>>,
    is_number: bool,
}

impl Walker<'_, '_> {
    pub(super) fn start_text_body(&mut self) -> Step {
        let placeholder = self.shapes.last().and_then(|shape| shape.placeholder);
        let inherits = self.story == Story::Slide && self.table_depth == 0;
        let levels = placeholder.filter(|_| inherits).map(|placeholder| self.model.levels(placeholder));
        self.text_body = TextBody { levels: levels.unwrap_or_default(), ..TextBody::default() };
        Step::Into(Open::TextBody)
    }

    pub(super) fn start_paragraph(&mut self) -> Step {
        self.end_paragraph();
        self.paragraph = Some(Paragraph::default());
        Step::Into(Open::Paragraph)
    }

    pub(super) fn paragraph_properties(&mut self, level: usize, bullet: Option<Bullet>) {
        if let Some(paragraph) = &mut self.paragraph {
            (paragraph.level, paragraph.bullet) = (level, bullet);
        }
    }

    pub(super) fn end_paragraph(&mut self) {
        let begun = self.paragraph.take().is_some_and(|paragraph| paragraph.begun);
        if begun && !self.is_in_title() && !self.text_body.in_edge {
            self.page.writer().end_paragraph();
        }
    }

    fn is_in_title(&self) -> bool {
        let is_title = self.table_depth == 0 && self.shapes.last().is_some_and(super::Shape::is_title);
        is_title && self.text_body.title_bytes <= MAX_TITLE_BYTES
    }

    pub(super) fn start_run(&mut self, tag: Tag<'_>) -> Step {
        let link = self.shapes.last().and_then(|shape| shape.link.clone());
        let is_number = tag.local() == b"fld" && tag.raw(b"type") == Some(b"slidenum");
        self.run = Some(Run { properties: RunProperties::default(), link, is_number });
        Step::Into(Open::Run)
    }

    pub(super) fn run_properties(&mut self, found: RunProperties) {
        if let Some(run) = &mut self.run {
            let own = found.link.as_deref().and_then(|id| self.links.hyperlink(id));
            run.link = own.map(Rc::clone).or(run.link.take());
            run.properties = found;
        }
    }

    /// Takes character data; tells whether it is text.
    pub(super) fn characters(&mut self, text: &str) -> Result<bool> {
        match self.stack.last() {
            Some(Open::Text) => self.put(text)?,
            Some(Open::MathText) => {
                if let Some(math) = &mut self.math {
                    math.text(text);
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Writes text of the open run.
    pub(super) fn put(&mut self, text: &str) -> Result<()> {
        let visible = text.trim().len();
        if visible == 0 {
            if self.paragraph.as_ref().is_some_and(|paragraph| paragraph.begun) {
                self.page.writer().space();
            }
            return Ok(());
        }
        let run = self.run.take().unwrap_or_default();
        // A number that no program has filled in reads `‹#›` or `<number>`.
        if !run.is_number || text.contains(char::is_numeric) {
            self.content += visible as u64;
            self.begin_paragraph();
            self.put_run(text, &run);
        }
        self.run = Some(run);
        Ok(())
    }

    /// Writes a formula, on a line of its own if it is displayed so.
    pub(super) fn put_formula(&mut self, latex: &str, display: bool) {
        if latex.trim().is_empty() {
            return;
        }
        self.content += latex.len() as u64;
        self.begin_paragraph();
        let in_title = self.is_in_title();
        if in_title {
            self.text_body.title_bytes += latex.len();
        }
        self.page.writer().math(latex, display && !in_title);
    }

    fn put_run(&mut self, text: &str, run: &Run) {
        let properties = &run.properties;
        let in_title = self.is_in_title();
        if in_title {
            self.text_body.title_bytes += text.len();
        }
        let style = Style {
            // That a title is bold says nothing.
            bold: properties.bold && !in_title,
            italic: properties.italic,
            strike: properties.strike,
            link: run.link.clone(),
            ..Style::default()
        };
        let private = |c: char| ('\u{F000}'..='\u{F0FF}').contains(&c);
        let shown = match (properties.font, properties.vertical) {
            (Some(font), _) if text.contains(private) => {
                let map = |c| if private(c) { font.character(u32::from(c)).unwrap_or(c) } else { c };
                Some(text.chars().map(map).collect())
            }
            (_, Vertical::Super) => symbol::shifted(text, true),
            (_, Vertical::Sub) => symbol::shifted(text, false),
            _ => None,
        };
        self.page.writer().text(shown.as_deref().unwrap_or(text), &style);
    }

    pub(super) fn line_break(&mut self) {
        if self.paragraph.as_ref().is_some_and(|paragraph| paragraph.begun) {
            self.page.writer().line_break();
        }
    }

    /// Begins the paragraph in the output, when its first text comes.
    fn begin_paragraph(&mut self) {
        let in_title = self.is_in_title();
        let Some(paragraph) = self.paragraph.as_mut().filter(|paragraph| !paragraph.begun) else {
            return;
        };
        paragraph.begun = true;
        if in_title {
            // The paragraphs of a title are lines of one heading.
            if self.text_body.title_bytes == 0 {
                self.page.begin_title();
            } else {
                self.page.writer().space();
            }
            return;
        }
        if let Some(shape) = self.shapes.last().filter(|shape| shape.is_edge()) {
            if !self.text_body.in_edge {
                self.page.begin_edge(shape.is_number());
            }
            self.text_body.in_edge = true;
            self.page.writer().space();
            return;
        }
        let level = paragraph.level;
        let inherited = self.text_body.levels.get(level).copied().flatten();
        let bullet = paragraph.bullet.or(inherited).unwrap_or(Bullet::None);
        let block = match self.text_body.counters.next(level, bullet) {
            Some(marker) => Block::Item { level: u8::try_from(level).unwrap_or(u8::MAX), marker },
            None => Block::Paragraph,
        };
        self.page.writer().begin_paragraph(block);
    }
}
