//! Charts, diagrams, embedded objects, and the elements of formulas.

use crate::Result;
use crate::ooxml::math;
use crate::xml::Tag;

use super::{Open, Step, Walker};

impl Walker<'_, '_> {
    pub(super) fn start_graphic(&mut self, tag: Tag<'_>) -> Result<()> {
        match tag.local() {
            b"chart" => {
                let shown = self.show_graphic(tag, b"id")?;
                self.deck.tally.charts += u64::from(shown);
            }
            b"relIds" => {
                self.show_graphic(tag, b"dm")?;
            }
            b"oleObj" | b"control" => {
                self.deck.tally.embedded += 1;
                if let Some(shape) = self.shapes.last_mut() {
                    shape.is_object = true;
                }
            }
            _ => self.describe_shape(tag),
        }
        Ok(())
    }

    /// Writes the text of the chart or diagram that an attribute names.
    fn show_graphic(&mut self, tag: Tag<'_>, name: &[u8]) -> Result<bool> {
        let id = tag.value(name).unwrap_or_default();
        let Some(graphic) = self.links.graphic(&id) else {
            return Ok(false);
        };
        // Even one without text is what the other branches only stand for.
        self.content += 1;
        let text = if self.page.writer().is_single_line() { &graphic.line } else { &graphic.blocks };
        let text = text.to_owned();
        self.hold(text.len())?;
        self.page.writer().blocks(text);
        Ok(true)
    }

    /// Elements within a formula; `None` for those that mean there what they mean anywhere.
    pub(super) fn start_in_math(&mut self, tag: Tag<'_>) -> Option<Step> {
        match self.math.as_mut()?.start(tag) {
            math::Step::Into => Some(Step::Into(Open::InMath)),
            math::Step::Text => Some(Step::Into(Open::MathText)),
            math::Step::Skip => Some(Step::Skip),
            math::Step::Foreign => None,
        }
    }
}
