//! Frames, text boxes, shapes, pictures, embedded objects and form controls.
//!
//! A frame may hold the same thing in several ways (an object and a picture of it); what gives text counts. A
//! picture is its alternative text, or nothing; either way it is counted as dropped.

use crate::Result;
use crate::markdown::{Style, Writer};
use crate::ooxml::description;
use crate::xml::{Event, Reader, Source, Tag};

use super::super::lists::Nest;
use super::super::objects::Object;
use super::super::{Kind, attribute, raw_attribute};
use super::side::Side;
use super::{Open, Step, Walker};

/// What a form control weighs in memory beside its text.
const CONTROL_BYTES: u64 = 96;
/// Longer descriptions are no alternative text.
const MAX_ALT_BYTES: usize = 16 << 10;

/// An open frame, shape or group.
#[derive(Debug, Default)]
pub(super) struct Frame {
    alt: String,
    has_picture: bool,
    pub(super) is_object: bool,
    text_before: u64,
    boxed: bool,
}

/// What a form control shows.
#[derive(Debug, Default)]
pub(super) struct Control {
    mark: Option<&'static str>,
    text: String,
}

impl Walker<'_, '_> {
    pub(super) fn start_drawing(&mut self, tag: Tag<'_>) -> Result<Option<Step>> {
        Ok(Some(match tag.local() {
            b"frame" | b"g" | b"custom-shape" | b"rect" | b"ellipse" | b"circle" | b"line" | b"polyline"
            | b"polygon" | b"path" | b"regular-polygon" | b"connector" | b"measure" | b"caption"
            | b"page-thumbnail" => return self.start_frame(tag).map(Some),
            b"text-box" => {
                let boxed = self.flow.writer.is_in_paragraph() && self.flow.side != Side::Title;
                self.begin_box(boxed);
                Step::Into(Open::Box { boxed })
            }
            b"image" | b"plugin" | b"applet" | b"floating-frame" => {
                if let Some(frame) = self.flow.frames.last_mut() {
                    frame.has_picture |= tag.local() == b"image";
                    frame.is_object |= tag.local() != b"image";
                    if tag.local() != b"image" {
                        self.document.tally.embedded += 1;
                    }
                }
                Step::Into(Open::Other)
            }
            b"object" | b"object-ole" => return self.object(tag).map(Some),
            b"document" => match raw_attribute(tag, b"office:mimetype")
                .and_then(|name| Kind::of_media_type(std::str::from_utf8(name).ok()?))
            {
                Some(Kind::Chart) => Step::Chart,
                Some(Kind::Formula) => Step::Into(Open::Other),
                _ => {
                    self.document.tally.embedded += 1;
                    Step::Skip
                }
            },
            b"math" => Step::Formula,
            b"title" | b"desc" if tag.qualified() == b"svg:title" || tag.qualified() == b"svg:desc" => {
                self.start_description(tag.local() == b"title")
            }
            b"control" => {
                self.control(tag)?;
                Step::Into(Open::Other)
            }
            b"glue-point" | b"image-map" | b"contour-polygon" | b"contour-path" | b"enhanced-geometry" => {
                Step::Skip
            }
            _ => return Ok(None),
        }))
    }

    fn start_frame(&mut self, tag: Tag<'_>) -> Result<Step> {
        let class = raw_attribute(tag, b"presentation:class").unwrap_or_default();
        let is_number = class == b"page-number";
        let is_edge = is_number || matches!(class, b"date-time" | b"header" | b"footer");
        // What an empty placeholder asks for, and what stands around speaker notes.
        let is_noise = Self::is_true(tag, b"presentation:placeholder")
            || class == b"page"
            || (is_edge && self.flow.side != Side::Slide);
        if is_noise || self.is_omitting() {
            return Ok(Step::Skip);
        }
        if raw_attribute(tag, b"draw:display") == Some(b"none") && self.document.hide() {
            return Ok(Step::Skip);
        }
        if is_edge {
            return self.begin_side(Writer::single_line(self.document.form()), Side::Edge { is_number });
        }
        if self.flow.side == Side::Slide && class == b"title" {
            return self.begin_side(Writer::with(self.document.form()), Side::Title);
        }
        let is_shape = !matches!(tag.local(), b"frame" | b"g");
        let boxed = is_shape && self.flow.writer.is_in_paragraph();
        self.held(size_of::<Frame>())?;
        self.flow.frames.push(Frame { text_before: self.text_bytes, boxed, ..Frame::default() });
        self.begin_box(boxed);
        Ok(Step::Into(Open::Frame))
    }

    fn begin_box(&mut self, boxed: bool) {
        if boxed {
            self.flow.writer.begin_box();
        }
        self.flow.nests.push(Nest::default());
    }

    pub(super) fn end_box(&mut self, boxed: bool) {
        self.flow.nests.pop();
        if boxed {
            self.flow.writer.end_box();
        }
    }

    pub(super) fn end_frame(&mut self) {
        let Some(frame) = self.flow.frames.pop() else {
            return;
        };
        self.end_box(frame.boxed);
        let says_nothing = self.text_bytes == frame.text_before;
        if frame.has_picture && !frame.is_object {
            self.document.tally.pictures += 1;
        }
        if says_nothing || (frame.has_picture && !frame.is_object) {
            self.text_bytes += frame.alt.len() as u64;
            self.flow.writer.picture(&frame.alt);
        }
    }

    /// Begins the name or description of a frame; the description says more.
    fn start_description(&mut self, is_title: bool) -> Step {
        let Some(frame) = self.flow.frames.last() else {
            return Step::Skip;
        };
        if is_title && !frame.alt.is_empty() {
            return Step::Skip;
        }
        Step::Description
    }

    /// Reads what describes the open frame.
    pub(super) fn description<S: Source>(&mut self, reader: &mut Reader<S>) -> Result<()> {
        let mut text = String::new();
        reader.text_content(&mut text)?;
        self.held(text.len())?;
        if let Some(frame) = self.flow.frames.last_mut()
            && text.len() <= MAX_ALT_BYTES
            && description::is_by_hand(&text)
        {
            frame.alt = text;
        }
        Ok(())
    }

    /// Writes the object that an element names, or goes into it if it holds the object.
    fn object(&mut self, tag: Tag<'_>) -> Result<Step> {
        if let Some(frame) = self.flow.frames.last_mut() {
            frame.is_object = true;
        }
        let Some(href) = attribute(tag, b"xlink:href") else {
            return Ok(Step::Into(Open::Other));
        };
        match self.document.objects.get(&href).cloned() {
            Some(object) => self.show(&object)?,
            None => self.document.tally.embedded += 1,
        }
        Ok(Step::Into(Open::Other))
    }

    /// Writes what an object says.
    pub(super) fn show(&mut self, object: &Object) -> Result<()> {
        if self.is_omitting() {
            return Ok(());
        }
        let text = match object {
            Object::Formula(formula) if formula.is_empty() => return Ok(()),
            Object::Formula(formula) => {
                self.text_bytes += formula.len() as u64;
                self.flow.writer.math(formula, false);
                return Ok(());
            }
            Object::Chart(chart) if self.flow.writer.is_single_line() => &chart.line,
            Object::Chart(chart) => &chart.blocks,
        };
        self.document.tally.charts += 1;
        self.held(text.len())?;
        self.text_bytes += text.len() as u64;
        self.flow.writer.blocks(text.clone());
        Ok(())
    }

    /// Reads the form controls; each is shown where the text refers to it.
    pub(super) fn forms<S: Source>(&mut self, reader: &mut Reader<S>) -> Result<()> {
        let outer = reader.depth();
        let mut last = None;
        while reader.depth() >= outer {
            let Event::Start(tag) = reader.next_event()? else {
                continue;
            };
            if matches!(tag.local(), b"option" | b"item") {
                let chosen = Self::is_true(tag, b"form:current-selected");
                let label = attribute(tag, b"form:label").filter(|_| chosen).unwrap_or_default();
                if let Some(control) = last.as_ref().and_then(|id| self.document.controls.get_mut(id)) {
                    self.document.meter.resident(label.len() as u64)?;
                    control.add(&label);
                }
                continue;
            }
            let Some(id) = attribute(tag, b"form:id").or_else(|| attribute(tag, b"xml:id")) else {
                continue;
            };
            let control = Control::read(tag);
            self.held(id.len() * 2 + control.text.len())?;
            self.document.meter.resident(CONTROL_BYTES)?;
            self.document.controls.insert(id.to_string(), control);
            last = Some(id.into_owned());
        }
        Ok(())
    }

    fn control(&mut self, tag: Tag<'_>) -> Result<()> {
        let id = attribute(tag, b"draw:control").unwrap_or_default();
        let Some(control) = self.document.controls.get(&*id) else {
            return Ok(());
        };
        let text = match control.mark {
            Some(mark) => format!("{mark} {}", control.text),
            None => control.text.clone(),
        };
        if text.trim().is_empty() {
            return Ok(());
        }
        self.held(text.len())?;
        self.flow.writer.space();
        self.put_styled(&text, &Style::default())?;
        self.flow.writer.space();
        Ok(())
    }
}

impl Control {
    fn read(tag: Tag<'_>) -> Self {
        let label = || attribute(tag, b"form:label").unwrap_or_default().into_owned();
        let is = |name: &[u8], value: &[u8]| raw_attribute(tag, name) == Some(value);
        match tag.local() {
            b"checkbox" | b"radio" => {
                let on = is(b"form:current-state", b"checked") || is(b"form:current-selected", b"true");
                Self { mark: Some(if on { "☒" } else { "☐" }), text: label() }
            }
            b"button" | b"fixed-text" | b"frame" => Self { mark: None, text: label() },
            b"text" | b"textarea" | b"formatted-text" | b"number" | b"date" | b"time" | b"combobox" => {
                let value = attribute(tag, b"form:current-value").or_else(|| attribute(tag, b"form:value"));
                Self { mark: None, text: value.unwrap_or_default().into_owned() }
            }
            _ => Self::default(),
        }
    }

    fn add(&mut self, label: &str) {
        if !self.text.is_empty() && !label.is_empty() {
            self.text.push_str(", ");
        }
        self.text.push_str(label);
    }
}
