//! Objects embedded in a package: formulas and charts, read before the text that shows them.
//!
//! A package gives one part at a time, so what the objects say is held in memory and counted. Objects of other kinds
//! (spreadsheets, drawings, foreign files) are documents of their own and not read.

use std::collections::HashMap;

use crate::Result;
use crate::limits::Meter;
use crate::markdown::Form;
use crate::xml::{Event, Reader, Source};

use super::chart::{self, Chart};
use super::{Odf, mathml};

/// What an object weighs in memory beside its text.
const OBJECT_BYTES: u64 = 128;

/// What an object says.
#[derive(Debug, Clone)]
pub(crate) enum Object {
    /// LaTeX.
    Formula(String),
    Chart(Chart),
}

/// The objects of a package, by folder.
#[derive(Debug, Default)]
pub(crate) struct Objects {
    by_folder: HashMap<String, Object>,
}

impl Objects {
    /// Reads the objects of a package. One that is damaged makes the document damaged, as any part does.
    pub(crate) fn read(odf: &mut Odf<'_>, form: Form) -> Result<Self> {
        let mut objects = Self::default();
        let meter = odf.meter();
        for folder in odf.object_folders() {
            let Some(mut reader) = odf.object(&folder)? else { continue };
            if let Some(object) = read(&mut reader, meter, form)? {
                meter.resident(OBJECT_BYTES + folder.len() as u64)?;
                objects.by_folder.insert(folder, object);
            }
        }
        Ok(objects)
    }

    /// Returns the object that an `xlink:href` names.
    pub(crate) fn get(&self, href: &str) -> Option<&Object> {
        self.by_folder.get(href.trim_start_matches("./").trim_end_matches('/'))
    }
}

fn read<S: Source>(reader: &mut Reader<S>, meter: &Meter, form: Form) -> Result<Option<Object>> {
    let mut found = None;
    loop {
        match reader.next_event()? {
            Event::Start(tag) => match tag.local() {
                b"document-content" | b"body" => {}
                b"math" => found = Some(Object::Formula(mathml::read(reader, meter)?)),
                b"chart" => found = Some(Object::Chart(chart::read(reader, meter, form)?)),
                _ => reader.skip_element()?,
            },
            Event::Eof => return Ok(found),
            Event::End(_) | Event::Text(_) => {}
        }
    }
}
