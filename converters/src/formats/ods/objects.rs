//! What stands on a sheet besides its cells: pictures, charts, other objects, shapes with text. All is only counted.

use crate::Result;
use crate::limits::Meter;
use crate::odf::{Odf, attribute};
use crate::sheets::Tally;
use crate::xml::{Event, Reader, Source, Tag};

/// What the name of an object weighs in memory beside its text.
const NAME_BYTES: u64 = 32;

/// The objects that a package holds, by name; what they are is found when the content is read.
#[derive(Debug, Default)]
pub(super) struct Objects(Vec<String>);

impl Objects {
    /// Counts the drawing element whose start tag came last, and passes its end; false if it is none.
    pub(super) fn pass<S: Source>(
        &mut self,
        reader: &mut Reader<S>,
        tally: &mut Tally,
        meter: &Meter,
    ) -> Result<()> {
        let outer = reader.depth();
        let mut has_text = false;
        // A chart or object has a picture of itself beside it.
        let (mut pictures, mut is_object) = (0, false);
        while reader.depth() >= outer {
            match reader.next_event()? {
                Event::Start(tag) => match tag.local() {
                    b"image" => pictures += 1,
                    b"object" | b"object-ole" | b"plugin" | b"applet" => {
                        is_object = true;
                        self.note(tag, tally, meter)?;
                        reader.skip_element()?;
                    }
                    _ => {}
                },
                Event::Text(text) => has_text |= !text.trim().is_empty(),
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

    fn note(&mut self, tag: Tag<'_>, tally: &mut Tally, meter: &Meter) -> Result<()> {
        match attribute(tag, b"xlink:href") {
            Some(href) if tag.local() == b"object" => {
                meter.resident(NAME_BYTES + href.len() as u64)?;
                self.0.push(href.into_owned());
            }
            _ => tally.embedded += 1,
        }
        Ok(())
    }

    /// Counts the charts and the other objects.
    pub(super) fn count(&self, odf: &mut Odf<'_>, tally: &mut Tally) -> Result<()> {
        for name in &self.0 {
            let is_chart = match odf.object(name)? {
                Some(mut reader) => is_chart(&mut reader)?,
                None => false,
            };
            if is_chart {
                tally.charts += 1;
            } else {
                tally.embedded += 1;
            }
        }
        Ok(())
    }
}

/// Tells whether the body of an object is a chart.
fn is_chart<S: Source>(reader: &mut Reader<S>) -> Result<bool> {
    let mut in_body = false;
    loop {
        match reader.next_event()? {
            Event::Start(tag) if in_body => return Ok(tag.local() == b"chart"),
            Event::Start(tag) => in_body = tag.local() == b"body",
            Event::End(_) | Event::Text(_) => {}
            Event::Eof => return Ok(false),
        }
    }
}

/// Tells whether an element draws something.
pub(super) fn is_drawing(local: &[u8]) -> bool {
    const DRAWINGS: [&[u8]; 16] = [
        b"frame",
        b"custom-shape",
        b"rect",
        b"line",
        b"ellipse",
        b"circle",
        b"g",
        b"polyline",
        b"polygon",
        b"path",
        b"connector",
        b"caption",
        b"measure",
        b"regular-polygon",
        b"control",
        b"a",
    ];
    DRAWINGS.contains(&local)
}
