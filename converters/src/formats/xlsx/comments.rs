//! Comments of cells: notes (ECMA-376 part 1, 18.7) and threaded comments ([MS-XLSX] 2.6.203).
//!
//! A thread is stored twice, the second time as a note for programs that know no threads; the thread counts.

use std::collections::{HashMap, HashSet};

use crate::limits::{HighWater, Meter};
use crate::ooxml::{Ooxml, Relationship};
use crate::sheets::{CellComments, reference};
use crate::xml::{Event, Tag};
use crate::{Options, Result};

/// What an author weighs in memory beside the name.
const AUTHOR_BYTES: u64 = 64;

/// Which comment an open element belongs to.
#[derive(Debug, Default)]
struct Open {
    place: Option<(u32, u32)>,
    author: String,
    text: String,
    held: HighWater,
}

impl Open {
    /// Begins a comment.
    fn begin(&mut self, tag: Tag<'_>, author: Option<&String>) {
        self.place = tag.raw(b"ref").and_then(|place| reference::parse(place.trim_ascii()));
        self.author = author.cloned().unwrap_or_default();
        self.text.clear();
    }

    fn append(&mut self, text: &str, meter: &Meter) -> Result<()> {
        self.held.note(self.text.len() + text.len(), meter)?;
        self.text.push_str(text);
        Ok(())
    }
}

/// Reads the comments of a sheet by its relationships; `persons` is the part that names the authors of threads.
pub(super) fn read(
    ooxml: &mut Ooxml<'_>,
    relationships: &[Relationship],
    persons: Option<&str>,
    options: &Options,
) -> Result<CellComments> {
    let (mut comments, threaded) = threads(ooxml, relationships, persons, options)?;
    if let Some(part) = relationships.iter().find(|r| !r.external && r.kind == "comments") {
        notes(ooxml, &part.target, (&mut comments, &threaded), options)?;
    }
    Ok(comments)
}

/// Reads the threads of a sheet, and tells which cells have one.
pub(in crate::formats) fn threads(
    ooxml: &mut Ooxml<'_>,
    relationships: &[Relationship],
    persons: Option<&str>,
    options: &Options,
) -> Result<(CellComments, HashSet<(u32, u32)>)> {
    let mut found = (CellComments::default(), HashSet::new());
    if let Some(part) = relationships.iter().find(|r| !r.external && r.kind == "threadedComment") {
        let names = names(ooxml, persons)?;
        replies(ooxml, &part.target, &names, (&mut found.0, &mut found.1), options)?;
    }
    Ok(found)
}

/// Reads the names of persons by their ids.
fn names(ooxml: &mut Ooxml<'_>, part: Option<&str>) -> Result<HashMap<String, String>> {
    let mut names = HashMap::new();
    let meter = ooxml.meter();
    let Some(part) = part else { return Ok(names) };
    let Some(mut reader) = ooxml.xml(part)? else { return Ok(names) };
    loop {
        match reader.next_event()? {
            Event::Start(tag) if tag.local() == b"person" => {
                if let Some((id, name)) = tag.value(b"id").zip(tag.value(b"displayName")) {
                    meter.resident(AUTHOR_BYTES + (id.len() + name.len()) as u64)?;
                    names.insert(id.into_owned(), name.into_owned());
                }
            }
            Event::Start(_) | Event::End(_) | Event::Text(_) => {}
            Event::Eof => return Ok(names),
        }
    }
}

fn replies(
    ooxml: &mut Ooxml<'_>,
    part: &str,
    names: &HashMap<String, String>,
    (comments, threaded): (&mut CellComments, &mut HashSet<(u32, u32)>),
    options: &Options,
) -> Result<()> {
    let meter = ooxml.meter();
    let Some(mut reader) = ooxml.xml(part)? else { return Ok(()) };
    let mut open = Open::default();
    let mut in_text = false;
    loop {
        match reader.next_event()? {
            Event::Start(tag) => match tag.local() {
                b"threadedComment" => {
                    open.begin(tag, tag.value(b"personId").and_then(|id| names.get(&*id)));
                }
                b"text" => in_text = true,
                _ => {}
            },
            Event::Text(text) if in_text => open.append(text, meter)?,
            Event::End(b"text") => in_text = false,
            Event::End(b"threadedComment") => {
                if let Some(place) = open.place {
                    meter.resident(size_of::<(u32, u32)>() as u64)?;
                    threaded.insert(place);
                }
                comments.push(open.place, &open.author, &open.text, (options, meter))?;
            }
            Event::End(_) | Event::Text(_) => {}
            Event::Eof => return Ok(()),
        }
    }
}

fn notes(
    ooxml: &mut Ooxml<'_>,
    part: &str,
    (comments, threaded): (&mut CellComments, &HashSet<(u32, u32)>),
    options: &Options,
) -> Result<()> {
    let meter = ooxml.meter();
    let Some(mut reader) = ooxml.xml(part)? else { return Ok(()) };
    let mut authors: Vec<String> = Vec::new();
    let mut open = Open::default();
    let (mut in_author, mut in_text) = (false, false);
    loop {
        match reader.next_event()? {
            Event::Start(tag) => match tag.local() {
                b"author" => {
                    meter.resident(AUTHOR_BYTES)?;
                    authors.push(String::new());
                    in_author = true;
                }
                b"comment" => {
                    open.begin(tag, tag.number::<usize>(b"authorId").and_then(|id| authors.get(id)));
                }
                b"t" => in_text = true,
                b"rPh" => reader.skip_element()?,
                _ => {}
            },
            Event::Text(text) if in_author => {
                meter.resident(text.len() as u64)?;
                if let Some(author) = authors.last_mut() {
                    author.push_str(text);
                }
            }
            Event::Text(text) if in_text => open.append(text, meter)?,
            Event::End(b"author") => in_author = false,
            Event::End(b"t") => in_text = false,
            Event::End(b"comment") => {
                if open.place.is_none_or(|place| !threaded.contains(&place)) {
                    comments.push(open.place, &open.author, &open.text, (options, meter))?;
                }
            }
            Event::End(_) | Event::Text(_) => {}
            Event::Eof => return Ok(()),
        }
    }
}
