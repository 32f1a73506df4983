//! Pictures, charts, diagrams, embedded objects, WordArt, and the elements of formulas.
//!
//! A picture is its alternative text, or nothing; either way it is counted as dropped. The same picture may be
//! described twice (the frame around it and the picture itself); the frame's words count.

use crate::Result;
use crate::markdown::Style;
use crate::xml::Tag;

use super::{Open, Step, Walker};
use crate::ooxml::{description, math};

/// A drawing or VML picture being read.
#[derive(Debug, Default)]
pub(super) struct Graphic {
    alt: String,
    has_picture: bool,
    /// Whether the picture only stands for an embedded object.
    is_object: bool,
    is_hidden: bool,
    is_dropped: bool,
}

impl Graphic {
    /// Tells whether it is left out as hidden, with all that it holds.
    pub(super) fn is_dropped(&self) -> bool {
        self.is_dropped
    }
}

impl Walker<'_, '_> {
    pub(super) fn start_graphic(&mut self, tag: Tag<'_>) -> Result<Step> {
        match tag.local() {
            b"drawing" | b"pict" | b"object" => {
                self.graphics.push(Graphic::default());
                return Ok(Step::Into(Open::Graphic));
            }
            b"docPr" => {
                self.describe(tag, b"descr");
                if tag.raw(b"hidden").is_some_and(|value| matches!(value, b"1" | b"true" | b"on")) {
                    self.hide_graphic();
                }
            }
            b"cNvPr" if self.graphics.last().is_some_and(|graphic| graphic.alt.is_empty()) => {
                self.describe(tag, b"descr");
            }
            b"shape" | b"rect" => {
                self.describe(tag, b"alt");
                if tag.value(b"style").is_some_and(|style| is_invisible(&style)) {
                    self.hide_graphic();
                }
            }
            b"pic" | b"imagedata" => {
                if let Some(graphic) = self.graphics.last_mut() {
                    graphic.has_picture = true;
                }
            }
            b"textpath" => {
                let text = tag.value(b"string").unwrap_or_default();
                self.writer.begin_box();
                self.put_styled(&text, &Style::default())?;
                self.writer.end_box();
            }
            b"chart" => {
                let shown = self.show_graphic(tag, b"id")?;
                self.document.tally.charts += u64::from(shown);
            }
            b"relIds" => {
                self.show_graphic(tag, b"dm")?;
            }
            b"OLEObject" | b"control" => {
                self.document.tally.embedded += 1;
                if let Some(graphic) = self.graphics.last_mut() {
                    graphic.is_object = true;
                }
            }
            _ => {}
        }
        Ok(Step::Into(Open::Other))
    }

    /// Counts a graphic that is not shown, once.
    fn hide_graphic(&mut self) {
        if self.graphics.last().is_none_or(|graphic| graphic.is_hidden) {
            return;
        }
        let is_dropped = self.hide();
        if is_dropped {
            // Other branches only say the same in other ways.
            self.text_bytes += 1;
        }
        if let Some(graphic) = self.graphics.last_mut() {
            (graphic.is_hidden, graphic.is_dropped) = (true, is_dropped);
        }
    }

    fn describe(&mut self, tag: Tag<'_>, name: &[u8]) {
        let Some(graphic) = self.graphics.last_mut() else {
            return;
        };
        if let Some(text) = description::of(tag, name) {
            graphic.alt = text;
        }
    }

    /// Writes the text of the chart or diagram that an attribute names.
    fn show_graphic(&mut self, tag: Tag<'_>, name: &[u8]) -> Result<bool> {
        let id = tag.value(name).unwrap_or_default();
        let Some(graphic) = self.links.graphic(&id) else {
            return Ok(false);
        };
        let text = if self.writer.is_single_line() { &graphic.line } else { &graphic.blocks };
        if !text.is_empty() {
            let text = text.to_owned();
            self.held(text.len())?;
            self.text_bytes += text.len() as u64;
            self.writer.blocks(text);
        }
        Ok(true)
    }

    pub(super) fn end_graphic(&mut self) -> Result<()> {
        let Some(graphic) = self.graphics.pop() else {
            return Ok(());
        };
        if graphic.has_picture && !graphic.is_object && !graphic.is_dropped {
            self.pictures += 1;
            self.text_bytes += graphic.alt.len() as u64;
            self.document.tally.pictures += 1;
            self.writer.picture(&graphic.alt);
        }
        Ok(())
    }

    /// Elements within a formula; `None` for those of a word processor, which mean there what they mean anywhere.
    pub(super) fn start_in_math(&mut self, tag: Tag<'_>) -> Option<Step> {
        match self.math.as_mut()?.start(tag) {
            math::Step::Into => Some(Step::Into(Open::InMath)),
            math::Step::Text => Some(Step::Into(Open::MathText)),
            math::Step::Skip => Some(Step::Skip),
            math::Step::Foreign => None,
        }
    }
}

/// Tells whether the style of a VML shape says that it is not shown (ECMA-376 part 4, section 19.1.2.19).
fn is_invisible(style: &str) -> bool {
    style.split(';').filter_map(|rule| rule.split_once(':')).any(|(name, value)| {
        name.trim().eq_ignore_ascii_case("visibility") && value.trim().eq_ignore_ascii_case("hidden")
    })
}
