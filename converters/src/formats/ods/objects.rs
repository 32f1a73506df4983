//! What stands on a sheet besides its cells: pictures, charts, other objects, shapes with text. All is only counted.

use crate::limits::Meter;
use crate::odf::{Odf, attribute};
use crate::sheets::Tally;
use crate::xml::{Event, Reader, Source, Tag};
use crate::{ConvertError, Result};

/// What the name of an object weighs in memory beside its text.
const NAME_BYTES: u64 = 32;

/// The objects that a package holds, by name; what they are is found when the content is read.
#[derive(Debug, Default)]
pub(super) struct Objects(Vec<String>);

impl Objects {
    /// Counts the drawing element whose start tag came last, and passes its end. Groups are none: what is in them is.
    pub(super) fn pass<S: Source>(
        &mut self,
        reader: &mut Reader<S>,
        tally: &mut Tally,
        meter: &Meter,
    ) -> Result<()> {
        let outer = reader.depth();
        // Titles and descriptions are no text of a shape.
        let (mut has_text, mut in_paragraph) = (false, false);
        // A chart or object has a picture of itself beside it.
        let (mut pictures, mut is_object) = (0, false);
        while reader.depth() >= outer {
            match reader.next_event()? {
                Event::Start(tag) => match tag.local() {
                    b"p" | b"h" => in_paragraph = true,
                    b"image" => pictures += 1,
                    b"object" | b"object-ole" | b"plugin" | b"applet" => {
                        is_object = true;
                        if !self.note(tag, meter)? {
                            count(is_chart(reader)?, tally);
                        }
                    }
                    _ => {}
                },
                Event::Text(text) => has_text |= in_paragraph && !text.trim().is_empty(),
                Event::End(b"p" | b"h") => in_paragraph = false,
                Event::End(_) => {}
                Event::Eof => break,
            }
        }
        if !is_object {
            tally.pictures += pictures;
            tally.shapes += u64::from(has_text);
        }
        Ok(())
    }

    /// Notes an object that is a part of its own; false if it stands where it is shown.
    fn note(&mut self, tag: Tag<'_>, meter: &Meter) -> Result<bool> {
        let Some(href) = attribute(tag, b"xlink:href") else { return Ok(false) };
        // Of objects of other programs it is known that they are no charts.
        let name = if tag.local() == b"object" { href.into_owned() } else { String::new() };
        meter.resident(NAME_BYTES + name.len() as u64)?;
        self.0.push(name);
        Ok(true)
    }

    /// Counts the charts and the other objects. Damage there costs no cell.
    pub(super) fn count(&self, odf: &mut Odf<'_>, tally: &mut Tally) -> Result<()> {
        for name in &self.0 {
            let found = match odf.object(name) {
                Ok(Some(mut reader)) => is_chart(&mut reader),
                Ok(None) => Ok(false),
                Err(error) => Err(error),
            };
            match found {
                Ok(is_chart) => count(is_chart, tally),
                Err(ConvertError::Corrupt { .. }) => tally.missing_parts += 1,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn count(is_chart: bool, tally: &mut Tally) {
    if is_chart {
        tally.charts += 1;
    } else {
        tally.embedded += 1;
    }
}

/// Tells whether the body of an object is a chart, and passes the end of the element whose start tag came last.
fn is_chart<S: Source>(reader: &mut Reader<S>) -> Result<bool> {
    let outer = reader.depth();
    let (mut in_body, mut is_chart) = (false, false);
    while reader.depth() >= outer {
        match reader.next_event()? {
            Event::Start(tag) => {
                is_chart |= in_body && tag.local() == b"chart";
                in_body = tag.local() == b"body";
            }
            Event::End(_) | Event::Text(_) => {}
            Event::Eof => break,
        }
    }
    Ok(is_chart)
}

/// Tells whether an element draws something.
pub(super) fn is_drawing(local: &[u8]) -> bool {
    const DRAWINGS: [&[u8]; 15] = [
        b"frame",
        b"custom-shape",
        b"rect",
        b"line",
        b"ellipse",
        b"circle",
        b"polyline",
        b"polygon",
        b"path",
        b"connector",
        b"caption",
        b"measure",
        b"regular-polygon",
        b"control",
        b"scene",
    ];
    DRAWINGS.contains(&local)
}
