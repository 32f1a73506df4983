//! What the relationships of one part lead to: hyperlink targets, and the text of its charts and diagrams.
//!
//! Charts and diagrams are read before the part that shows them: a package gives one part at a time. Their text
//! is held in memory and counted; they are small beside what they draw.

use std::collections::HashMap;
use std::rc::Rc;

use crate::Result;
use crate::markdown::Form;
use crate::ooxml::{Ooxml, Relationship};

use super::{chart, diagram};

/// What a part refers to, by relationship id.
#[derive(Debug, Default)]
pub(crate) struct Links {
    hyperlinks: HashMap<String, Rc<str>>,
    graphics: HashMap<String, Rc<Graphic>>,
    /// How many related parts the package lacks.
    missing: u64,
}

/// A chart or diagram as finished text.
#[derive(Debug)]
pub(crate) struct Graphic {
    /// As blocks of their own.
    pub(crate) blocks: String,
    /// On one line, for table cells.
    pub(crate) line: String,
}

impl Links {
    /// Follows the relationships of `part`; charts and diagrams are written in `form`.
    pub(crate) fn read(ooxml: &mut Ooxml<'_>, part: &str, form: Form) -> Result<Self> {
        let relationships = ooxml.relationships(part)?;
        Self::follow(ooxml, &relationships, form)
    }

    /// Follows the relationships that were read of a part.
    pub(crate) fn follow(ooxml: &mut Ooxml<'_>, relationships: &[Relationship], form: Form) -> Result<Self> {
        let mut links = Self::default();
        let meter = ooxml.meter();
        // A part that many relationships lead to is read once.
        let mut read: HashMap<&str, Rc<Graphic>> = HashMap::new();
        for relationship in relationships {
            if relationship.kind == "hyperlink" && relationship.external {
                meter.resident((relationship.id.len() + relationship.target.len()) as u64)?;
                links.hyperlinks.insert(relationship.id.clone(), relationship.target.as_str().into());
                continue;
            }
            if relationship.external {
                continue;
            }
            if let Some(graphic) = read.get(relationship.target.as_str()) {
                links.graphics.insert(relationship.id.clone(), Rc::clone(graphic));
                continue;
            }
            let text = match relationship.kind.as_str() {
                "chart" | "chartEx" => {
                    ooxml.xml(&relationship.target)?.map(|mut reader| chart::read(&mut reader, meter, form))
                }
                "diagramData" => {
                    ooxml.xml(&relationship.target)?.map(|mut reader| diagram::read(&mut reader, meter, form))
                }
                _ => continue,
            };
            match text {
                Some(text) => {
                    let graphic = Rc::new(text?);
                    links.graphics.insert(relationship.id.clone(), Rc::clone(&graphic));
                    read.insert(&relationship.target, graphic);
                }
                None => links.missing += 1,
            }
        }
        Ok(links)
    }

    /// Returns how many related parts the package lacks.
    pub(crate) fn missing(&self) -> u64 {
        self.missing
    }

    /// Returns the target of a hyperlink.
    pub(crate) fn hyperlink(&self, id: &str) -> Option<&Rc<str>> {
        self.hyperlinks.get(id)
    }

    /// Returns a chart or diagram.
    pub(crate) fn graphic(&self, id: &str) -> Option<&Graphic> {
        self.graphics.get(id).map(Rc::as_ref)
    }
}
