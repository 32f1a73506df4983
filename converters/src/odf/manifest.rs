//! `META-INF/manifest.xml`: what the document is, and which of its parts are encrypted (ODF 1.3 part 2, section 4).

use std::collections::HashSet;

use crate::Result;
use crate::xml::{self, Event};
use crate::zip::Package;

use super::{Kind, attribute, kind_of, raw_attribute};

/// What an encrypted entry weighs in memory beside its name.
const ENTRY_BYTES: u64 = 64;

/// What the manifest says.
#[derive(Debug, Default)]
pub(super) struct Manifest {
    kind: Option<Kind>,
    encrypted: HashSet<String>,
}

impl Manifest {
    /// Reads the manifest. A package without one is read all the same: nothing in it is encrypted then.
    pub(super) fn read(package: &mut Package<'_>) -> Result<Self> {
        let meter = package.meter();
        let mut manifest = Self::default();
        let Some(part) = package.part("META-INF/manifest.xml")? else {
            return Ok(manifest);
        };
        let mut reader = xml::Reader::new(part, meter.limits()).with_doctype_passed_over();
        let mut entry = String::new();
        loop {
            match reader.next_event()? {
                Event::Start(tag) => match tag.local() {
                    b"file-entry" => {
                        entry = attribute(tag, b"manifest:full-path").unwrap_or_default().into_owned();
                        if entry == "/" {
                            manifest.kind = raw_attribute(tag, b"manifest:media-type").and_then(kind_of);
                        }
                    }
                    b"encryption-data" => {
                        meter.resident(ENTRY_BYTES + entry.len() as u64)?;
                        manifest.encrypted.insert(entry.clone());
                    }
                    _ => {}
                },
                Event::Eof => return Ok(manifest),
                Event::End(_) | Event::Text(_) => {}
            }
        }
    }

    pub(super) fn kind(&self) -> Option<Kind> {
        self.kind
    }

    pub(super) fn is_encrypted(&self, part: &str) -> bool {
        self.encrypted.contains(part)
    }
}
