//! The workbook part: its sheets in order, and its epoch (ECMA-376 part 1, 18.2).

use crate::number_format::Epoch;
use crate::ooxml::{Ooxml, Relationship};
use crate::options::HiddenContent;
use crate::sheets::Tally;
use crate::xml::{Event, Tag};
use crate::{ConvertError, Options, Result};

/// A sheet as the workbook lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::formats) struct Sheet {
    pub(in crate::formats) name: String,
    pub(in crate::formats) is_hidden: bool,
    /// The id of its relationship.
    pub(in crate::formats) relationship: String,
}

/// The workbook.
#[derive(Debug)]
pub(in crate::formats) struct Workbook {
    pub(in crate::formats) sheets: Vec<Sheet>,
    pub(in crate::formats) epoch: Epoch,
    pub(in crate::formats) relationships: Vec<Relationship>,
}

impl Workbook {
    /// Reads the package's main part, which has to be a workbook in XML.
    pub(in crate::formats) fn read(ooxml: &mut Ooxml<'_>) -> Result<Self> {
        let part = ooxml.main_part()?;
        let content_type = ooxml.content_types().of(&part).unwrap_or_default();
        if content_type.contains("sheet.binary") || part.ends_with(".bin") {
            return Err(ConvertError::Unsupported("a binary workbook (xlsb)".into()));
        }
        let mut workbook =
            Self { sheets: Vec::new(), epoch: Epoch::Y1900, relationships: ooxml.relationships(&part)? };
        let meter = ooxml.meter();
        let missing = || ConvertError::corrupt("the package", "its workbook is missing");
        let mut reader = ooxml.xml(&part)?.ok_or_else(missing)?;
        let mut seen_root = false;
        loop {
            match reader.next_event()? {
                Event::Start(tag) if !std::mem::replace(&mut seen_root, true) => {
                    if tag.local() != b"workbook" {
                        return Err(ConvertError::corrupt(part, "it is not a workbook"));
                    }
                }
                Event::Start(tag) => match tag.local() {
                    b"sheet" => {
                        workbook.sheets.push(sheet(&tag));
                        meter.sheets(workbook.sheets.len() as u64)?;
                        let len = |name: &[u8]| tag.raw(name).map_or(0, <[u8]>::len) as u64;
                        meter.resident(len(b"name") + len(b"id") + 64)?;
                    }
                    b"workbookPr" if tag.raw(b"date1904").is_some_and(is_true) => {
                        workbook.epoch = Epoch::Y1904;
                    }
                    _ => {}
                },
                Event::End(_) | Event::Text(_) => {}
                Event::Eof => return Ok(workbook),
            }
        }
    }

    /// Returns the part of a kind that the workbook has one of, such as `styles`.
    pub(in crate::formats) fn part(&self, kind: &str) -> Option<&str> {
        let found = self.relationships.iter().find(|r| r.kind == kind && !r.external)?;
        Some(&found.target)
    }

    /// Returns the part of a sheet that is to be read; what is left out instead is counted.
    pub(in crate::formats) fn part_of(
        &self,
        sheet: &Sheet,
        options: &Options,
        tally: &mut Tally,
    ) -> Option<&str> {
        let found = self.relationships.iter().find(|r| r.id == sheet.relationship && !r.external);
        let Some(relationship) = found else {
            tally.missing_parts += 1;
            return None;
        };
        if relationship.kind != "worksheet" {
            tally.sheets_skipped += 1;
            return None;
        }
        if sheet.is_hidden {
            tally.hidden_sheets += 1;
            if options.hidden_content == HiddenContent::Exclude {
                return None;
            }
        }
        Some(&relationship.target)
    }
}

fn sheet(tag: &Tag<'_>) -> Sheet {
    // `id` is the relationship's; the sheet's own number is `sheetId`.
    let relationship = tag.value(b"id").unwrap_or_default().into_owned();
    Sheet {
        name: tag.value(b"name").unwrap_or_default().into_owned(),
        is_hidden: tag.raw(b"state").is_some_and(|state| state == b"hidden" || state == b"veryHidden"),
        relationship,
    }
}

/// Reads an `xsd:boolean`.
pub(in crate::formats) fn is_true(value: &[u8]) -> bool {
    value == b"1" || value == b"true" || value == b"on"
}
