//! The properties of a package: `docProps/core.xml` (ECMA-376 part 2, section 8) and `docProps/app.xml` (part 1, section
//! 22.2), both found by relationship.

use crate::Result;
use crate::front_matter::{FrontMatter, Property};
use crate::ooxml::Ooxml;
use crate::xml::Event;

/// Reads the properties; a package without any has none.
pub(crate) fn read(ooxml: &mut Ooxml<'_>) -> Result<FrontMatter> {
    let mut found = FrontMatter::default();
    for relationship in ooxml.relationships("")? {
        // The strict form has the second name.
        let kind = relationship.kind.as_str();
        if !relationship.external
            && matches!(kind, "core-properties" | "extended-properties" | "extendedProperties")
        {
            read_part(ooxml, &relationship.target, &mut found)?;
        }
    }
    Ok(found)
}

fn read_part(ooxml: &mut Ooxml<'_>, part: &str, found: &mut FrontMatter) -> Result<()> {
    let meter = ooxml.meter();
    let Some(mut reader) = ooxml.xml(part)? else {
        return Ok(());
    };
    let mut open = None;
    let mut text = String::new();
    loop {
        match reader.next_event()? {
            Event::Start(tag) => {
                open = property(tag.local());
                text.clear();
            }
            Event::Text(piece) if open.is_some() => {
                meter.resident(piece.len() as u64)?;
                text.push_str(piece);
            }
            Event::Text(_) => {}
            Event::End(_) => {
                if let Some(property) = open.take() {
                    found.add(property, &text, meter)?;
                }
            }
            Event::Eof => return Ok(()),
        }
    }
}

fn property(local: &[u8]) -> Option<Property> {
    Some(match local {
        b"title" => Property::Title,
        b"subject" => Property::Subject,
        b"creator" => Property::Author,
        b"Company" => Property::Company,
        b"category" => Property::Category,
        b"keywords" => Property::Keywords,
        b"description" => Property::Description,
        b"language" => Property::Language,
        b"created" => Property::Created,
        b"modified" => Property::Modified,
        _ => return None,
    })
}
