//! What formulas refer to beyond their own sheet: sheets, other workbooks, defined names ([MS-XLS] 2.4.105, 2.4.150,
//! 2.4.271).
//!
//! Read only where the texts of formulas are wanted.

use crate::formula::{self, Sheets, sheet_prefix};
use crate::{Meter, Result};

use super::globals::{Globals, Listed};
use super::kind;
use super::records::{Parts, Records, u16_at};
use super::strings::{self, Length};
use super::version::Biff;

/// What a name weighs in memory besides its bytes.
const NAME_BYTES: u64 = 48;
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

/// All that may be referred to.
#[derive(Debug, Default)]
pub(super) struct Links {
    names: Vec<String>,
    books: Vec<Book>,
    /// Since Excel 97: a book with its first and last sheet.
    references: Vec<(u16, u16, u16)>,
}

/// A workbook or program.
#[derive(Debug)]
struct Book {
    /// The file's name; `None` for this workbook and for programs.
    file: Option<String>,
    is_own: bool,
    sheets: Vec<String>,
    names: Vec<String>,
}

impl Links {
    /// Takes a record of the globals.
    pub(super) fn take(&mut self, kind: u16, records: &mut Records<'_>, globals: &Globals) -> Result<()> {
        let meter = records.meter();
        match kind {
            kind::NAME | kind::NAME_V3 => {
                let name = defined_name(&mut records.parts(), globals)?;
                self.names.push(counted(name, meter)?);
            }
            kind::BOOK => self.books.push(book(&mut records.parts(), meter)?),
            kind::SHEETS if globals.biff == Biff::V8 => {
                let mut parts = records.parts();
                let count = parts.u16()?.unwrap_or(0);
                for _ in 0..count {
                    let (Some(book), Some(first), Some(last)) = (parts.u16()?, parts.u16()?, parts.u16()?)
                    else {
                        break;
                    };
                    meter.resident(8)?;
                    self.references.push((book, first, last));
                }
            }
            kind::SHEETS => {
                let mut text = Vec::new();
                globals.text(&mut records.parts(), Length::Byte, &mut text)?;
                let file = Some(counted(last_piece(&String::from_utf8_lossy(&text)), meter)?);
                self.books.push(Book { file, is_own: false, sheets: Vec::new(), names: Vec::new() });
            }
            kind::FOREIGN_NAME | kind::FOREIGN_NAME_V3 => {
                let mut parts = records.parts();
                let mut name = Vec::new();
                parts.consume(6);
                globals.text(&mut parts, Length::Byte, &mut name)?;
                let name = counted(String::from_utf8_lossy(&name).into_owned(), meter)?;
                if let Some(book) = self.books.last_mut() {
                    book.names.push(name);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn counted(name: String, meter: &Meter) -> Result<String> {
    meter.resident(NAME_BYTES + name.len() as u64)?;
    Ok(name)
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
    let mut book = Book { file: None, is_own: false, sheets: Vec::new(), names: Vec::new() };
    let count = parts.u16()?.unwrap_or(0);
    match u16_at(parts.rest(), 0) {
        OWN => book.is_own = true,
        PROGRAM => {}
        _ => {
            let mut text = Vec::new();
            strings::read_unicode(parts, Length::Word, &mut text)?;
            book.file = Some(counted(last_piece(&String::from_utf8_lossy(&text)), meter)?);
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

/// Returns the last part of a path, in which control characters stand for drives and separators.
fn last_piece(path: &str) -> String {
    let is_separator = |c: char| c < ' ' || matches!(c, '/' | '\\');
    path.rsplit(is_separator).next().unwrap_or_default().to_owned()
}

/// What formulas of a sheet refer to.
#[derive(Debug)]
pub(super) struct Resolver<'a> {
    pub(super) globals: &'a Globals,
    pub(super) sheets: &'a [Listed],
}

impl Resolver<'_> {
    /// Names sheets of this workbook.
    fn own(&self, first: u16, last: u16) -> Option<String> {
        /// Stands for the whole workbook, and for a sheet that was deleted.
        const WORKBOOK: u16 = 0xFFFE;
        const DELETED: u16 = 0xFFFF;
        match first {
            WORKBOOK => return Some(String::new()),
            DELETED => return Some("#REF!".to_owned()),
            _ => {}
        }
        let name = |sheet: u16| self.sheets.get(usize::from(sheet)).map(|sheet| &*sheet.name);
        let (first_name, last_name) = (name(first)?, name(last)?);
        Some(if first == last {
            sheet_prefix(first_name)
        } else {
            sheet_prefix(&format!("{first_name}:{last_name}"))
        })
    }

    fn book(&self, sheets: Sheets) -> Option<&Book> {
        let number = match sheets {
            Sheets::Listed(index) => self.globals.links.references.get(usize::from(index))?.0,
            Sheets::Span { book, .. } => u16::try_from(book).ok()?.checked_sub(1)?,
        };
        self.globals.links.books.get(usize::from(number))
    }
}

fn nth(names: &[String], index: u32) -> Option<String> {
    names.get(usize::try_from(index).ok()?.checked_sub(1)?).filter(|name| !name.is_empty()).cloned()
}

impl formula::Workbook for Resolver<'_> {
    fn sheets(&self, sheets: Sheets) -> Option<String> {
        let (first, last) = match sheets {
            Sheets::Listed(index) => {
                let (_, first, last) = *self.globals.links.references.get(usize::from(index))?;
                (first, last)
            }
            Sheets::Span { book: ..0, first, last } => return self.own(first, last),
            Sheets::Span { .. } => return Some(sheet_prefix(self.book(sheets)?.file.as_deref()?)),
        };
        let book = self.book(sheets)?;
        if book.is_own {
            return self.own(first, last);
        }
        let file = book.file.as_deref()?;
        let sheet = book.sheets.get(usize::from(first))?;
        Some(sheet_prefix(&format!("[{file}]{sheet}")))
    }

    fn name(&self, index: u32) -> Option<String> {
        nth(&self.globals.links.names, index)
    }

    fn foreign_name(&self, sheets: Sheets, index: u32) -> Option<String> {
        if let Sheets::Span { book: ..0, .. } = sheets {
            return self.name(index);
        }
        let book = self.book(sheets)?;
        if book.is_own {
            return self.name(index);
        }
        let name = nth(&book.names, index)?;
        Some(match book.file.as_deref().filter(|file| !file.is_empty()) {
            Some(file) if matches!(sheets, Sheets::Listed(_)) => sheet_prefix(file) + &name,
            _ => name,
        })
    }

    fn decode(&self, bytes: &[u8]) -> String {
        let mut text = Vec::new();
        self.globals.codepage.decode(bytes, &mut text);
        String::from_utf8_lossy(&text).into_owned()
    }
}
