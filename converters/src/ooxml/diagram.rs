//! The text of a SmartArt diagram: its points in document order, as a list.
//!
//! The data part holds what the author typed; how the points are drawn and connected is left out.

use crate::Result;
use crate::limits::Meter;
use crate::markdown::{Block, Form, Marker, Style, Writer};
use crate::xml::{Event, Reader, Source};

use super::links::Graphic;

/// Reads a diagram data part; its text counts as held in memory.
pub(crate) fn read<S: Source>(reader: &mut Reader<S>, meter: &Meter, form: Form) -> Result<Graphic> {
    let (mut blocks, mut line) = (Writer::with(form), Writer::single_line(form));
    let style = Style::default();
    let mut in_text = false;
    loop {
        match reader.next_event()? {
            Event::Start(tag) => match tag.local() {
                b"p" => {
                    for writer in [&mut blocks, &mut line] {
                        writer.begin_paragraph(Block::Item { level: 0, marker: Marker::Bullet });
                    }
                }
                b"br" => [&mut blocks, &mut line].into_iter().for_each(Writer::line_break),
                b"t" => in_text = true,
                // Placeholder text that the author did not type.
                b"prSet" | b"presLayoutVars" => reader.skip_element()?,
                _ => {}
            },
            Event::Text(text) if in_text => {
                meter.resident(2 * text.len() as u64)?;
                for writer in [&mut blocks, &mut line] {
                    writer.text(text, &style);
                }
            }
            Event::End(b"t") => in_text = false,
            Event::End(b"p") => [&mut blocks, &mut line].into_iter().for_each(Writer::end_paragraph),
            Event::End(_) | Event::Text(_) => {}
            Event::Eof => return Ok(Graphic { blocks: blocks.finish(), line: line.finish() }),
        }
    }
}
