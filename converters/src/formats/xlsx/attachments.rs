//! What hangs on a sheet besides its cells: comments, pictures, charts, shapes, embedded objects.
//!
//! None of it has a place in a CSV file, so it is only counted, for the warnings.

use crate::ooxml::Ooxml;
use crate::sheets::Tally;
use crate::xml::Event;
use crate::{ConvertError, Result};

/// Counts what the relationships of a sheet lead to. Damage there costs no cell, so it is only counted, too.
pub(super) fn count(ooxml: &mut Ooxml<'_>, sheet: &str, tally: &mut Tally) -> Result<()> {
    match count_all(ooxml, sheet, tally) {
        Err(ConvertError::Corrupt { .. }) => {
            tally.missing_parts += 1;
            Ok(())
        }
        other => other,
    }
}

fn count_all(ooxml: &mut Ooxml<'_>, sheet: &str, tally: &mut Tally) -> Result<()> {
    let relationships = ooxml.relationships(sheet)?;
    let of_kind = |kind: &'static str| relationships.iter().filter(move |r| !r.external && r.kind == kind);
    tally.embedded += (of_kind("oleObject").count() + of_kind("package").count()) as u64;
    // A sheet has one part of either kind. Threaded comments repeat themselves as plain ones for older programs.
    if let Some(comments) = of_kind("comments").next() {
        tally.comments += count_elements(ooxml, &comments.target, b"comment")?;
    }
    if let Some(drawing) = of_kind("drawing").next() {
        count_drawing(ooxml, &drawing.target, tally)?;
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
