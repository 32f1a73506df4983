//! What formulas refer to beyond their own sheet: sheets, other workbooks, defined names ([MS-XLS] 2.4.105, 2.4.150,
//! 2.4.271).
//!
//! Read only where the texts of formulas are wanted.

use crate::formula::links::{Book, Kind, Links, Reference, counted, last_piece, nth, own_sheets};
use crate::formula::{self, Sheets, sheet_prefix};
use crate::{Meter, Result};

use super::globals::{Globals, Listed};
use super::kind;
use super::records::{Parts, Records, u16_at};
use super::strings::{self, Length};
use super::version::Biff;

/// The defined names that have a number instead of a text.
const BUILT_IN: [&str; 14] = [
    "Consolidate_Area",
    "Auto_Open",
    "Auto_Close",
    "Extract",
    "Database",
    "Criteria",
    "Print_Area",
    "Print_Titles",
    "Recorder",
    "Data_Form",
    "Auto_Activate",
    "Auto_Deactivate",
    "Sheet_Title",
    "_FilterDatabase",
];

/// Takes a record of the globals.
pub(super) fn take(links: &mut Links, kind: u16, records: &mut Records<'_>, globals: &Globals) -> Result<()> {
    let meter = records.meter();
    match kind {
        kind::NAME | kind::NAME_V3 => {
            let name = defined_name(&mut records.parts(), globals)?;
            links.names.push(counted(name, meter)?);
        }
        kind::BOOK => links.books.push(book(&mut records.parts(), meter)?),
        kind::SHEETS if globals.biff == Biff::V8 => {
            let mut parts = records.parts();
            let count = parts.u16()?.unwrap_or(0);
            for _ in 0..count {
                let (Some(book), Some(first), Some(last)) = (parts.u16()?, parts.u16()?, parts.u16()?) else {
                    break;
                };
                let [first, last] = [first, last].map(|sheet| i32::from(sheet.cast_signed()));
                links.refer(Reference { book: u32::from(book), first, last }, meter)?;
            }
        }
        kind::SHEETS => {
            let mut text = Vec::new();
            globals.text(&mut records.parts(), Length::Byte, &mut text)?;
            let file = counted(last_piece(&String::from_utf8_lossy(&text)), meter)?;
            links.books.push(Kind::File(file).into());
        }
        kind::FOREIGN_NAME | kind::FOREIGN_NAME_V3 => {
            let mut parts = records.parts();
            let mut name = Vec::new();
            parts.consume(6);
            globals.text(&mut parts, Length::Byte, &mut name)?;
            let name = counted(String::from_utf8_lossy(&name).into_owned(), meter)?;
            if let Some(book) = links.books.last_mut() {
                book.names.push(name);
            }
        }
        _ => {}
    }
    Ok(())
}

/// Reads a defined name, which stands behind a head of a fixed length.
fn defined_name(parts: &mut Parts<'_, '_>, globals: &Globals) -> Result<String> {
    const IS_BUILT_IN: u16 = 0x20;
    let flags = u16_at(parts.rest(), 0);
    let (count_at, head) = match globals.biff {
        Biff::V2 => (3, 5),
        Biff::V3 | Biff::V4 => (3, 6),
        Biff::V5 | Biff::V8 => (3, 14),
    };
    let count = parts.rest().get(count_at).copied().unwrap_or(0);
    parts.consume(head);
    let mut name = Vec::new();
    if globals.biff == Biff::V8 {
        let flags = parts.byte()?.unwrap_or(0);
        strings::read_characters(parts, u16::from(count), flags, &mut name)?;
    } else {
        let bytes = parts.rest();
        globals.codepage.decode(bytes.get(..usize::from(count)).unwrap_or(bytes), &mut name);
    }
    if globals.biff >= Biff::V3 && flags & IS_BUILT_IN != 0 {
        let number = name.first().map_or(usize::MAX, |number| usize::from(*number));
        return Ok((*BUILT_IN.get(number).unwrap_or(&"")).to_owned());
    }
    Ok(String::from_utf8_lossy(&name).into_owned())
}

/// Reads what a reference may lead to: this workbook, functions of programs, or another workbook with its sheets.
fn book(parts: &mut Parts<'_, '_>, meter: &Meter) -> Result<Book> {
    const OWN: u16 = 0x0401;
    const PROGRAM: u16 = 0x3A01;
    let mut book = Book::default();
    let count = parts.u16()?.unwrap_or(0);
    match u16_at(parts.rest(), 0) {
        OWN => book.kind = Kind::Own,
        PROGRAM => book.kind = Kind::AddIn,
        _ => {
            let mut text = Vec::new();
            strings::read_unicode(parts, Length::Word, &mut text)?;
            let path = String::from_utf8_lossy(&text);
            // A running program instead of a file: its name, and what it is asked for.
            let is_program = count == 0 && !path.starts_with(char::is_control) && path.contains('\u{3}');
            if !is_program {
                book.kind = Kind::File(counted(last_piece(&path), meter)?);
            }
            for _ in 0..count {
                let mut name = Vec::new();
                if !strings::read_unicode(parts, Length::Word, &mut name)? {
                    break;
                }
                book.sheets.push(counted(String::from_utf8_lossy(&name).into_owned(), meter)?);
            }
        }
    }
    Ok(book)
}

/// What formulas of a sheet refer to.
#[derive(Debug)]
pub(super) struct Resolver<'a> {
    pub(super) globals: &'a Globals,
    pub(super) sheets: &'a [Listed],
}

impl Resolver<'_> {
    fn own(&self, sheet: usize) -> Option<&str> {
        self.sheets.get(sheet).map(|sheet| &*sheet.name)
    }

    /// Returns the workbook of a number counted from one.
    fn book(&self, number: i16) -> Option<&Book> {
        self.globals.links.books.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }
}

impl formula::Workbook for Resolver<'_> {
    fn sheets(&self, sheets: Sheets) -> Option<String> {
        match sheets {
            Sheets::Listed(listed) => self.globals.links.sheets(listed, |sheet| self.own(sheet)),
            Sheets::Span { book: ..0, first, last } => {
                let [first, last] = [first, last].map(|sheet| i32::from(sheet.cast_signed()));
                own_sheets((first, last), |sheet| self.own(sheet))
            }
            Sheets::Span { book, .. } => match &self.book(book)?.kind {
                Kind::File(file) => Some(sheet_prefix(file)),
                _ => None,
            },
        }
    }

    fn name(&self, index: u32) -> Option<String> {
        self.globals.links.name(index)
    }

    fn foreign_name(&self, sheets: Sheets, index: u32) -> Option<String> {
        match sheets {
            Sheets::Listed(listed) => {
                self.globals.links.foreign_name((listed, index), |sheet| self.own(sheet))
            }
            Sheets::Span { book: ..0, .. } => self.name(index),
            Sheets::Span { book, .. } => nth(&self.book(book)?.names, index),
        }
    }

    fn decode(&self, bytes: &[u8]) -> String {
        let mut text = Vec::new();
        self.globals.codepage.decode(bytes, &mut text);
        String::from_utf8_lossy(&text).into_owned()
    }
}
