//! The styles part (ECMA-376 part 1, 18.8): number formats and `cellXfs`. Everything else about styles is looks.

use crate::Result;
use crate::ooxml::Ooxml;
use crate::sheets::{Styles, reference};
use crate::xml::Event;

/// Reads the part; without one, all cells are `General`.
pub(super) fn read(ooxml: &mut Ooxml<'_>, part: Option<&str>) -> Result<Styles> {
    let mut styles = Styles::default();
    let meter = ooxml.meter();
    let Some(part) = part else { return Ok(styles) };
    let Some(mut reader) = ooxml.xml(part)? else { return Ok(styles) };
    let mut in_cell_xfs = false;
    loop {
        match reader.next_event()? {
            Event::Start(tag) => {
                let id = tag.raw(b"numFmtId").and_then(reference::number);
                match tag.local() {
                    b"numFmt" if !in_cell_xfs => {
                        if let Some((id, code)) = id.zip(tag.value(b"formatCode")) {
                            styles.declare(id, code.into_owned(), meter)?;
                        }
                    }
                    b"cellXfs" => in_cell_xfs = true,
                    b"xf" if in_cell_xfs => styles.push(id.unwrap_or(0), meter)?,
                    _ => {}
                }
            }
            Event::End(b"cellXfs") => in_cell_xfs = false,
            Event::End(_) | Event::Text(_) => {}
            Event::Eof => return Ok(styles),
        }
    }
}
