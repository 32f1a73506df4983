//! What the relationships of one part lead to: hyperlink targets, and the text of its charts and diagrams.
//!
//! Charts and diagrams are read before the part that shows them: a package gives one part at a time. Their text
//! is held in memory and counted; they are small beside what they draw.

use std::collections::HashMap;
use std::rc::Rc;

use crate::Result;
use crate::ooxml::Ooxml;

use super::tally::Tally;
use super::{chart, diagram};

/// What a part refers to, by relationship id.
#[derive(Debug, Default)]
pub(super) struct Links {
    hyperlinks: HashMap<String, Rc<str>>,
    graphics: HashMap<String, Graphic>,
}

/// A chart or diagram as finished Markdown.
#[derive(Debug)]
pub(super) struct Graphic {
    /// As blocks of their own.
    pub(super) blocks: String,
    /// On one line, for table cells.
    pub(super) line: String,
}

impl Links {
    /// Follows the relationships of `part`.
    pub(super) fn read(ooxml: &mut Ooxml<'_>, part: &str, tally: &mut Tally) -> Result<Self> {
        let mut links = Self::default();
        let meter = ooxml.meter();
        for relationship in ooxml.relationships(part)? {
            if relationship.kind == "hyperlink" {
                meter.resident((relationship.id.len() + relationship.target.len()) as u64)?;
                links.hyperlinks.insert(relationship.id, relationship.target.into());
                continue;
            }
            if relationship.external {
                continue;
            }
            let text = match relationship.kind.as_str() {
                "chart" | "chartEx" => {
                    ooxml.xml(&relationship.target)?.map(|mut reader| chart::read(&mut reader, meter))
                }
                "diagramData" => {
                    ooxml.xml(&relationship.target)?.map(|mut reader| diagram::read(&mut reader, meter))
                }
                _ => continue,
            };
            match text {
                Some(text) => {
                    links.graphics.insert(relationship.id, text?);
                }
                None => tally.missing_parts += 1,
            }
        }
        Ok(links)
    }

    pub(super) fn hyperlink(&self, id: &str) -> Option<&Rc<str>> {
        self.hyperlinks.get(id)
    }

    pub(super) fn graphic(&self, id: &str) -> Option<&Graphic> {
        self.graphics.get(id)
    }
}
