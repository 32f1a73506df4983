//! The text of a SmartArt diagram: its points in document order, as a list.
//!
//! The data part holds what the author typed; how the points are drawn and connected is left out.

use crate::Result;
use crate::limits::Meter;
use crate::markdown::{Block, Marker, Style, Writer};
use crate::xml::{Event, Reader, Source};

/// Reads a diagram data part; its text counts as held in memory.
pub(super) fn read<S: Source>(reader: &mut Reader<S>, meter: &Meter) -> Result<String> {
    let mut writer = Writer::new();
    let style = Style::default();
    let mut in_text = false;
    loop {
        match reader.next_event()? {
            Event::Start(tag) => match tag.local() {
                b"p" => writer.begin_paragraph(Block::Item { level: 0, marker: Marker::Bullet }),
                b"br" => writer.line_break(),
                b"t" => in_text = true,
                // Placeholder text that the author did not type.
                b"prSet" | b"presLayoutVars" => reader.skip_element()?,
                _ => {}
            },
            Event::Text(text) if in_text => {
                meter.resident(text.len() as u64)?;
                writer.text(text, &style);
            }
            Event::End(b"t") => in_text = false,
            Event::End(b"p") => writer.end_paragraph(),
            Event::End(_) | Event::Text(_) => {}
            Event::Eof => return Ok(writer.finish()),
        }
    }
}
