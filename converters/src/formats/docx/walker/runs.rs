//! Runs: what text looks like, and what becomes of its characters.
//!
//! Bold, italic and the like are toggles: a paragraph style and a character style that both say "bold" cancel
//! each other, direct formatting has the last word (ECMA-376 part 1, section 17.7.3).

use std::rc::Rc;

use crate::Result;
use crate::markdown::Style;
use crate::options::{HiddenContent, TrackChanges};
use crate::symbol::{self, SymbolFont};
use crate::xml::Tag;

use super::super::field::{Form, Shown};
use super::super::properties::{RunProperties, Vertical, is_on};
use super::super::styles::Styles;
use super::{Open, Paragraph, Step, Walker};

/// What the text of a run looks like.
#[derive(Debug, Clone, Default)]
pub(super) struct Run {
    pub(super) style: Style,
    hidden: bool,
    /// Whether the run was counted as hidden.
    counted: bool,
    vertical: Vertical,
    font: Option<SymbolFont>,
}

impl Run {
    pub(super) fn new(
        direct: &RunProperties,
        paragraph: &Paragraph,
        styles: &Styles,
        surroundings: Style,
    ) -> Self {
        let character = styles.get(direct.style).run;
        // How a heading style looks says nothing: that it is a heading is said already.
        let of_paragraph = if paragraph.is_heading { RunProperties::default() } else { paragraph.style.run };
        let defaults = styles.defaults();
        let toggle = |of: fn(&RunProperties) -> Option<bool>| {
            let styled = of(&character).unwrap_or(false) != of(&of_paragraph).unwrap_or(false);
            of(direct).unwrap_or(styled || of(&defaults).unwrap_or(false))
        };
        let vertical = direct.vertical.or(character.vertical).or(of_paragraph.vertical);
        Self {
            style: Style {
                // Nor does a heading that is made bold by hand.
                bold: toggle(|run| run.bold) && !paragraph.is_heading,
                italic: toggle(|run| run.italic),
                strike: toggle(|run| run.strike),
                ..surroundings
            },
            hidden: toggle(|run| run.hidden),
            counted: false,
            vertical: vertical.unwrap_or_default(),
            font: direct.font.or(character.font).or(of_paragraph.font),
        }
    }
}

impl Walker<'_, '_> {
    pub(super) fn start_run(&mut self) -> Step {
        let run = Run::new(
            &RunProperties::default(),
            &self.paragraph(),
            &self.document.styles,
            self.surroundings(),
        );
        self.runs.push(run);
        Step::Into(Open::Run)
    }

    pub(super) fn run_properties(&mut self, found: RunProperties) {
        let run = Run::new(&found, &self.paragraph(), &self.document.styles, self.surroundings());
        if let Some(last) = self.runs.last_mut() {
            *last = run;
        }
    }

    /// Returns the target of the link that text now belongs to.
    pub(super) fn link(&self) -> Option<Rc<str>> {
        let field = self.fields.link();
        let element = || self.hyperlinks.last().and_then(Option::as_ref);
        field.or_else(element).map(Rc::clone)
    }

    /// Returns how text looks that only its link and the changes around it say anything about.
    pub(super) fn surroundings(&self) -> Style {
        let shows_changes = self.document.track_changes() == TrackChanges::All;
        Style {
            link: self.link(),
            inserted: shows_changes && self.inserted > 0,
            deleted: shows_changes && self.deleted > 0,
            ..Style::default()
        }
    }

    /// Brings the open run up to date when a link or a change begins or ends within it.
    pub(super) fn refresh_style(&mut self) {
        let Style { link, inserted, deleted, .. } = self.surroundings();
        if let Some(run) = self.runs.last_mut() {
            let look = std::mem::take(&mut run.style);
            run.style = Style { link, inserted, deleted, ..look };
        }
    }

    pub(super) fn characters(&mut self, text: &str) -> Result<()> {
        match self.stack.last() {
            Some(Open::Text) => self.put(text),
            Some(Open::Instruction) => {
                self.fields.instruction(text);
                Ok(())
            }
            Some(Open::MathText) => {
                if let Some(math) = &mut self.math {
                    math.text(text);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Writes text of the open run.
    pub(super) fn put(&mut self, text: &str) -> Result<()> {
        if self.fields.is_instruction() {
            self.fields.hold_back(text);
            return self.held(text.len());
        }
        if let Some(reading) = self.phonetic.as_mut().filter(|_| self.stack.contains(&Open::Phonetic)) {
            reading.push_str(text);
            return self.held(text.len());
        }
        let Some(mut run) = self.runs.pop() else {
            return self.put_styled(text, &self.surroundings());
        };
        let result = self.put_run(text, &mut run);
        self.runs.push(run);
        result
    }

    fn put_run(&mut self, text: &str, run: &mut Run) -> Result<()> {
        if run.hidden {
            if !run.counted && !text.trim().is_empty() {
                run.counted = true;
                self.hide();
            }
            if self.excludes_hidden() {
                return Ok(());
            }
        }
        let private = |c: char| ('\u{F000}'..='\u{F0FF}').contains(&c);
        if let Some(font) = run.font
            && text.contains(private)
        {
            let mapped: String = text
                .chars()
                .map(|c| if private(c) { font.character(u32::from(c)).unwrap_or(c) } else { c })
                .collect();
            return self.put_styled(&mapped, &run.style);
        }
        let shifted = match run.vertical {
            Vertical::Baseline => None,
            Vertical::Super => symbol::shifted(text, true),
            Vertical::Sub => symbol::shifted(text, false),
        };
        self.put_styled(shifted.as_deref().unwrap_or(text), &run.style)
    }

    /// Counts something hidden; tells whether it is to be left out.
    pub(super) fn hide(&mut self) -> bool {
        let excludes = self.excludes_hidden();
        let tally = &mut self.document.tally;
        *if excludes { &mut tally.hidden_dropped } else { &mut tally.hidden } += 1;
        excludes
    }

    fn excludes_hidden(&self) -> bool {
        self.document.options.hidden_content == HiddenContent::Exclude
    }

    pub(super) fn put_styled(&mut self, text: &str, style: &Style) -> Result<()> {
        let visible = text.trim_ascii().len() as u64;
        self.text_bytes += visible;
        if visible > 0 {
            self.fields.saw_text();
        }
        self.writer.text(text, style);
        Ok(())
    }

    pub(super) fn put_formula(&mut self, latex: &str, display: bool) -> Result<()> {
        let style = self.surroundings();
        if style.inserted || style.deleted {
            // A formula stands outside of any mark, and would look as if nothing had happened to it.
            return self.put_styled(latex, &style);
        }
        self.text_bytes += latex.len() as u64;
        if !latex.is_empty() {
            self.fields.saw_text();
        }
        self.writer.math(latex, display);
        Ok(())
    }

    pub(super) fn space(&mut self) {
        if self.fields.is_instruction() {
            self.fields.hold_back(" ");
        } else {
            self.writer.space();
        }
    }

    pub(super) fn line_break(&mut self) {
        if self.fields.is_instruction() {
            self.fields.hold_back(" ");
        } else {
            self.writer.line_break();
        }
    }

    pub(super) fn symbol(&mut self, tag: Tag<'_>) -> Result<()> {
        let font = tag.raw(b"font").and_then(SymbolFont::named);
        let code = tag.raw(b"char").and_then(|hex| std::str::from_utf8(hex).ok());
        let code = code.and_then(|hex| u32::from_str_radix(hex.trim(), 16).ok());
        let character = match (font, code) {
            (Some(font), Some(code)) => font.character(code),
            // In any other font a code below the private area is an ordinary character.
            (None, Some(code)) if code < 0xE000 => char::from_u32(code).filter(|c| !c.is_control()),
            _ => None,
        };
        match character {
            Some(character) => self.put(character.encode_utf8(&mut [0; 4])),
            None => {
                self.document.tally.unsupported += 1;
                Ok(())
            }
        }
    }

    pub(super) fn field_character(&mut self, tag: Tag<'_>) -> Result<()> {
        match tag.raw(b"fldCharType") {
            Some(b"begin") => self.fields.begin(),
            Some(b"separate") => self.fields.separate(),
            Some(b"end") => self.end_field()?,
            _ => {}
        }
        self.refresh_style();
        Ok(())
    }

    pub(super) fn end_field(&mut self) -> Result<()> {
        let shown = self.fields.end();
        self.refresh_style();
        match shown {
            Some(Shown::Text(text)) => self.put(&text),
            Some(Shown::Lost) => {
                self.document.tally.unsupported += 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Notes what a form field shows: its check mark or choice. Text has a result of its own.
    pub(super) fn form_field(&mut self, tag: Tag<'_>) -> Result<()> {
        let form = match tag.local() {
            b"checkBox" => Some(Form::CheckBox(false)),
            b"ddList" => Some(Form::Choice { entries: Vec::new(), chosen: 0 }),
            _ => None,
        };
        if let Some(form) = form {
            self.fields.begin_form(form);
            return Ok(());
        }
        let mut held = 0;
        match (tag.local(), self.fields.form()) {
            (b"checked" | b"default", Some(Form::CheckBox(checked))) => *checked = is_on(tag),
            (b"result" | b"default", Some(Form::Choice { chosen, .. })) => {
                *chosen = tag.number(b"val").unwrap_or_default();
            }
            (b"listEntry", Some(Form::Choice { entries, .. })) => {
                let entry = tag.value(b"val").unwrap_or_default().into_owned();
                held = size_of::<String>() + entry.len();
                entries.push(entry);
            }
            _ => {}
        }
        self.held(held)
    }
}
