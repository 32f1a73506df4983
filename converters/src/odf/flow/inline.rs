//! Text within paragraphs: what it looks like, links, fields, and elements that stand for characters.

use crate::Result;
use crate::markdown::Style;
use crate::symbol;
use crate::xml::{Reader, Source, Tag};

use super::super::attribute;
use super::super::styles::{Family, Resolved, TextProperties, Vertical};
use super::super::text::Character;
use super::{Open, Step, Walker};

/// Longer readings are no ruby text.
const MAX_READING_BYTES: usize = 4096;

/// What text looks like within a paragraph, span or link.
#[derive(Debug, Clone, Default)]
pub(super) struct Run {
    properties: TextProperties,
    style: Style,
    is_heading: bool,
    /// Whether the run was counted as hidden.
    counted: bool,
}

impl Run {
    pub(super) fn of_paragraph(style: &Resolved) -> Self {
        let mut run = Self { properties: style.text, ..Self::default() };
        run.refresh();
        run
    }

    /// How a heading looks says nothing: that it is a heading is said already.
    pub(super) fn make_heading(&mut self) {
        self.properties = TextProperties { hidden: self.properties.hidden, ..TextProperties::default() };
        self.is_heading = true;
        self.refresh();
    }

    fn within(&self, properties: TextProperties) -> Self {
        let mut run = Self { properties: properties.or(self.properties), counted: false, ..self.clone() };
        run.refresh();
        run
    }

    fn refresh(&mut self) {
        self.style.bold = self.properties.bold == Some(true) && !self.is_heading;
        self.style.italic = self.properties.italic == Some(true);
        self.style.strike = self.properties.strike == Some(true);
    }
}

impl Walker<'_, '_> {
    /// Elements that stand within paragraphs.
    pub(super) fn start_inline(&mut self, tag: Tag<'_>) -> Result<Step> {
        if let Some(character) = Character::of(tag) {
            self.character(character);
            return Ok(Step::Into(Open::Other));
        }
        Ok(match tag.local() {
            b"span" => {
                let name = attribute(tag, b"text:style-name").unwrap_or_default();
                let style = self.document.styles.resolve(Family::Text, &name);
                let run = self.flow.runs.last().cloned().unwrap_or_default();
                self.flow.runs.push(run.within(style.text));
                Step::Into(Open::Run)
            }
            b"a" if !self.flow.runs.is_empty() => {
                let mut run = self.flow.runs.last().cloned().unwrap_or_default();
                let target = attribute(tag, b"xlink:href").unwrap_or_default();
                // A place within the document has no address in Markdown.
                if !target.is_empty() && !target.starts_with('#') {
                    self.held(target.len())?;
                    run.style.link = Some(target.into());
                }
                self.flow.runs.push(run);
                Step::Into(Open::Run)
            }
            b"page-number" | b"page-count" => Step::Into(Open::PageNumber),
            b"ruby-text" => Step::Reading,
            b"hidden-text" => {
                self.hidden_field(tag)?;
                Step::Skip
            }
            b"hidden-paragraph" => {
                self.hide_paragraph(tag);
                Step::Skip
            }
            // The text of a label beside its number, for readers that cannot count.
            b"number" if !self.flow.runs.is_empty() => Step::Skip,
            b"variable-set" | b"user-field-get" | b"variable-input" | b"user-field-input"
                if tag.raw(b"display") == Some(b"none") =>
            {
                Step::Skip
            }
            _ => Step::Into(Open::Other),
        })
    }

    pub(super) fn character(&mut self, character: Character) {
        if self.flow.runs.is_empty() || self.is_omitting() {
            return;
        }
        match character {
            Character::Spaces(_) | Character::Tab => self.flow.writer.space(),
            Character::LineBreak => self.flow.writer.line_break(),
        }
    }

    /// A text that a condition hides or shows.
    fn hidden_field(&mut self, tag: Tag<'_>) -> Result<()> {
        let hidden = Self::is_true(tag, b"text:is-hidden");
        let text = attribute(tag, b"text:string-value").unwrap_or_default();
        if text.trim().is_empty() || (hidden && self.document.hide()) {
            return Ok(());
        }
        self.put(&text)
    }

    /// A field that hides the whole of its paragraph if its condition is met.
    fn hide_paragraph(&mut self, tag: Tag<'_>) {
        if Self::is_true(tag, b"text:is-hidden") && !self.flow.hides_paragraph && self.document.hide() {
            self.flow.writer.clear_paragraph();
            self.flow.hides_paragraph = true;
        }
    }

    /// Writes the reading of a ruby text behind its base.
    pub(super) fn reading<S: Source>(&mut self, reader: &mut Reader<S>) -> Result<()> {
        let mut text = String::new();
        reader.text_content(&mut text)?;
        let text = text.trim();
        if text.is_empty() || text.len() > MAX_READING_BYTES {
            return Ok(());
        }
        self.put(&format!("({text})"))
    }

    pub(super) fn characters(&mut self, text: &str) -> Result<()> {
        if self.flow.runs.is_empty() { Ok(()) } else { self.put(text) }
    }

    /// Writes text of the innermost run.
    pub(super) fn put(&mut self, text: &str) -> Result<()> {
        if self.is_omitting() {
            return Ok(());
        }
        let Some(mut run) = self.flow.runs.pop() else {
            return self.put_styled(text, &Style::default());
        };
        let result = self.put_run(text, &mut run);
        self.flow.runs.push(run);
        result
    }

    fn put_run(&mut self, text: &str, run: &mut Run) -> Result<()> {
        let properties = run.properties;
        if properties.hidden == Some(true) && !text.trim().is_empty() {
            let exclude = if run.counted {
                self.document.options.hidden_content == crate::options::HiddenContent::Exclude
            } else {
                self.document.hide()
            };
            run.counted = true;
            if exclude {
                return Ok(());
            }
        }
        if let Some(font) = properties.font
            && let Some(mapped) = symbol::unicode(font, text)
        {
            return self.put_styled(&mapped, &run.style);
        }
        let shifted = match properties.vertical {
            Some(Vertical::Super) => symbol::shifted(text, true),
            Some(Vertical::Sub) => symbol::shifted(text, false),
            Some(Vertical::Baseline) | None => None,
        };
        self.put_styled(shifted.as_deref().unwrap_or(text), &run.style)
    }

    pub(super) fn put_styled(&mut self, text: &str, style: &Style) -> Result<()> {
        if self.stack.last() != Some(&Open::PageNumber) {
            self.text_bytes += text.trim_ascii().len() as u64;
        }
        let mut style = style.clone();
        self.document.changes.mark(&mut style);
        self.flow.writer.text(text, &style);
        Ok(())
    }
}
