//! What hangs on a sheet besides its cells: comments, pictures, charts, shapes, embedded objects.
//!
//! None of it has a place in a CSV file, so it is only counted, for the warnings.

use crate::Result;
use crate::ooxml::Ooxml;
use crate::xml::Event;

use super::tally::Tally;

/// Counts what the relationships of a sheet lead to.
pub(super) fn count(ooxml: &mut Ooxml<'_>, sheet: &str, tally: &mut Tally) -> Result<()> {
    for relationship in ooxml.relationships(sheet)?.iter().filter(|r| !r.external) {
        match &*relationship.kind {
            // Threaded comments repeat themselves as plain ones for older programs.
            "comments" => tally.comments += count_elements(ooxml, &relationship.target, b"comment")?,
            "drawing" => count_drawing(ooxml, &relationship.target, tally)?,
            "oleObject" | "package" => tally.embedded += 1,
            _ => {}
        }
    }
    Ok(())
}

fn count_drawing(ooxml: &mut Ooxml<'_>, part: &str, tally: &mut Tally) -> Result<()> {
    for relationship in ooxml.relationships(part)? {
        match &*relationship.kind {
            "image" => tally.pictures += 1,
            "chart" | "chartEx" => tally.charts += 1,
            _ => {}
        }
    }
    let Some(mut reader) = ooxml.xml(part)? else {
        return Ok(());
    };
    let mut in_body = false;
    loop {
        match reader.next_event()? {
            Event::Start(tag) if tag.local() == b"txBody" => in_body = true,
            Event::End(b"txBody") => in_body = false,
            // One count for each shape: its first text ends the search.
            Event::Text(text) if in_body && !text.trim().is_empty() => {
                tally.shapes += 1;
                in_body = false;
            }
            Event::Start(_) | Event::End(_) | Event::Text(_) => {}
            Event::Eof => return Ok(()),
        }
    }
}

fn count_elements(ooxml: &mut Ooxml<'_>, part: &str, name: &[u8]) -> Result<u64> {
    let Some(mut reader) = ooxml.xml(part)? else {
        return Ok(0);
    };
    let mut count = 0;
    loop {
        match reader.next_event()? {
            Event::Start(tag) if tag.local() == name => count += 1,
            Event::Start(_) | Event::End(_) | Event::Text(_) => {}
            Event::Eof => return Ok(count),
        }
    }
}
