//! What formulas refer to beyond their own sheet: defined names, sheets, other workbooks ([MS-XLSB] 2.1.7.25, 2.4.711,
//! 2.5.173).
//!
//! Read only where the texts of formulas are wanted.

use super::super::xlsx::workbook::Sheet;
use super::fields::Fields;
use super::records::Records;
use crate::Result;
use crate::formula::links::{Book, Kind, Links, Reference, counted, last_piece};
use crate::formula::{self, Sheets};
use crate::limits::Meter;
use crate::ooxml::{Ooxml, Relationship, percent_decode};
use crate::xml::Source;

const NAME: u16 = 39;
const SUP_BOOK_SRC: u16 = 355;
const SUP_SELF: u16 = 357;
const SUP_SAME: u16 = 358;
const SUP_TABS: u16 = 359;
const BEGIN_SUP_BOOK: u16 = 360;
const PLACEHOLDER_NAME: u16 = 361;
const EXTERN_SHEET: u16 = 362;
const SUP_NAME_START: u16 = 577;
const SUP_ADDIN: u16 = 667;

/// What a book weighs in memory besides its names.
const BOOK_BYTES: u64 = size_of::<Book>() as u64;

/// The links of a workbook while its part is read.
#[derive(Debug, Default)]
pub(super) struct Reader {
    links: Links,
    /// The books that have a part, by their place and the id of its relationship.
    sources: Vec<(usize, String)>,
}

impl Reader {
    /// Takes a record of the workbook part. What is cut short counts as missing, so that others keep their numbers.
    pub(super) fn take<S: Source>(
        &mut self,
        kind: u16,
        records: &mut Records<S>,
        meter: &Meter,
    ) -> Result<()> {
        match kind {
            NAME => {
                let name = defined_name(records.fields()?).unwrap_or_default();
                self.links.names.push(counted(name, meter)?);
            }
            SUP_BOOK_SRC => {
                let id = records.fields()?.string().unwrap_or_default();
                self.sources.push((self.links.books.len(), counted(id, meter)?));
                self.book(Kind::Unknown, meter)?;
            }
            SUP_SELF => self.book(Kind::Own, meter)?,
            SUP_SAME => self.book(Kind::Unknown, meter)?,
            SUP_ADDIN => self.book(Kind::AddIn, meter)?,
            // The names of what a program adds, which stand behind it.
            PLACEHOLDER_NAME => {
                let name = records.fields()?.string().unwrap_or_default();
                if let Some(book) = self.links.books.last_mut() {
                    book.names.push(counted(name, meter)?);
                }
            }
            EXTERN_SHEET => references(records.fields()?, &mut self.links, meter)?,
            _ => {}
        }
        Ok(())
    }

    fn book(&mut self, kind: Kind, meter: &Meter) -> Result<()> {
        meter.resident(BOOK_BYTES)?;
        self.links.books.push(kind.into());
        Ok(())
    }

    /// Reads the parts of the other workbooks.
    pub(super) fn finish(self, ooxml: &mut Ooxml<'_>, relationships: &[Relationship]) -> Result<Links> {
        let mut links = self.links;
        for (place, id) in self.sources {
            let part =
                relationships.iter().find(|relationship| relationship.id == id && !relationship.external);
            if let (Some(part), Some(book)) = (part, links.books.get_mut(place)) {
                read_book(ooxml, &part.target, book)?;
            }
        }
        Ok(links)
    }
}

/// Reads the name in a `BrtName` ([MS-XLSB] 2.4.711).
fn defined_name(mut fields: Fields<'_>) -> Option<String> {
    let (_flags, _key, _sheet) = (fields.u32()?, fields.u8()?, fields.u32()?);
    fields.string()
}

/// Reads a `BrtExternSheet` ([MS-XLSB] 2.4.667).
fn references(mut fields: Fields<'_>, links: &mut Links, meter: &Meter) -> Result<()> {
    let _count = fields.u32();
    while let (Some(book), Some(first), Some(last)) = (fields.u32(), fields.u32(), fields.u32()) {
        links.refer(Reference { book, first: first.cast_signed(), last: last.cast_signed() }, meter)?;
    }
    Ok(())
}

/// Reads the part of another workbook ([MS-XLSB] 2.1.7.25); what it lacks is missing where a formula needs it.
fn read_book(ooxml: &mut Ooxml<'_>, part: &str, book: &mut Book) -> Result<()> {
    const WORKBOOK: u16 = 0;
    let relationships = ooxml.relationships(part)?;
    let meter = ooxml.meter();
    let Some(part) = ooxml.package().part(part)? else { return Ok(()) };
    let mut records = Records::new(part);
    while let Some(kind) = records.next()? {
        match kind {
            BEGIN_SUP_BOOK => {
                let mut fields = records.fields()?;
                let id = (fields.u16() == Some(WORKBOOK)).then(|| fields.string()).flatten();
                let file = relationships.iter().find(|found| Some(&found.id) == id.as_ref());
                if let Some(file) = file {
                    book.kind = Kind::File(counted(last_piece(&percent_decode(&file.target)), meter)?);
                }
            }
            SUP_TABS => {
                let mut fields = records.fields()?;
                let count = fields.u32().unwrap_or(0);
                for _ in 0..count {
                    let Some(name) = fields.string() else { break };
                    book.sheets.push(counted(name, meter)?);
                }
            }
            SUP_NAME_START => {
                let name = records.fields()?.string().unwrap_or_default();
                book.names.push(counted(name, meter)?);
            }
            _ => {}
        }
    }
    Ok(())
}

/// What formulas of all sheets refer to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resolver<'a> {
    pub(super) links: &'a Links,
    pub(super) sheets: &'a [Sheet],
}

impl Resolver<'_> {
    fn own(&self, sheet: usize) -> Option<&str> {
        self.sheets.get(sheet).map(|sheet| &*sheet.name)
    }
}

impl formula::Workbook for Resolver<'_> {
    fn sheets(&self, sheets: Sheets) -> Option<String> {
        match sheets {
            Sheets::Listed(listed) => self.links.sheets(listed, |sheet| self.own(sheet)),
            Sheets::Span { .. } => None,
        }
    }

    fn name(&self, index: u32) -> Option<String> {
        self.links.name(index)
    }

    fn foreign_name(&self, sheets: Sheets, index: u32) -> Option<String> {
        match sheets {
            Sheets::Listed(listed) => self.links.foreign_name((listed, index), |sheet| self.own(sheet)),
            Sheets::Span { .. } => None,
        }
    }

    /// All texts of this format are in Unicode.
    fn decode(&self, _: &[u8]) -> String {
        String::new()
    }
}
