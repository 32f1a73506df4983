//! What hangs on a sheet besides its cells: comments, pictures, charts, shapes, embedded objects.
//!
//! None of it has a place in a CSV file. Comments can become a part of their own; the rest is only counted.

use crate::ooxml::{Ooxml, Relationship};
use crate::sheets::{CellComments, Tally};
use crate::xml::Event;
use crate::{ConvertError, Result};

/// Reads the comments of a sheet by `comments` and counts what else its relationships lead to. Damage there costs no cell, so it is
/// only counted, too.
pub(super) fn read(
    ooxml: &mut Ooxml<'_>,
    sheet: &str,
    tally: &mut Tally,
    comments: impl FnOnce(&mut Ooxml<'_>, &[Relationship]) -> Result<CellComments>,
) -> Result<CellComments> {
    let relationships = tolerate(ooxml.relationships(sheet), tally)?.unwrap_or_default();
    let comments = tolerate(comments(ooxml, &relationships), tally)?.unwrap_or_default();
    let counted = count(ooxml, &relationships, tally);
    tolerate(counted, tally)?;
    Ok(comments)
}

fn tolerate<T>(result: Result<T>, tally: &mut Tally) -> Result<Option<T>> {
    match result {
        Err(ConvertError::Corrupt { .. }) => {
            tally.missing_parts += 1;
            Ok(None)
        }
        other => other.map(Some),
    }
}

fn count(ooxml: &mut Ooxml<'_>, relationships: &[Relationship], tally: &mut Tally) -> Result<()> {
    let of_kind = |kind: &'static str| relationships.iter().filter(move |r| !r.external && r.kind == kind);
    tally.embedded += (of_kind("oleObject").count() + of_kind("package").count()) as u64;
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
