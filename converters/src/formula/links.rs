//! What formulas refer to beyond their own sheet: sheets, other workbooks, defined names ([MS-XLS] 2.4.105, 2.4.271,
//! [MS-XLSB] 2.5.173).

use crate::{Meter, Result};

use super::{sheet_prefix, span_prefix};

/// What a name weighs in memory besides its bytes.
const NAME_BYTES: u64 = 48;
/// Stands for the whole workbook in place of a sheet.
const WORKBOOK: i32 = -2;
/// Stands for a sheet that was deleted.
const DELETED: i32 = -1;

/// All that may be referred to. The names of this workbook's sheets are elsewhere.
#[derive(Debug, Default)]
pub(crate) struct Links {
    pub(crate) names: Vec<String>,
    pub(crate) books: Vec<Book>,
    references: Vec<Reference>,
}

/// A workbook or program, with what it names.
#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(crate) kind: Kind,
    pub(crate) sheets: Vec<String>,
    pub(crate) names: Vec<String>,
}

/// What a book is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    /// This workbook.
    Own,
    /// Functions that are added to the program.
    AddIn,
    /// Another workbook, by the name of its file.
    File(String),
    /// What has no text here, such as the data of a running program.
    #[default]
    Unknown,
}

impl From<Kind> for Book {
    fn from(kind: Kind) -> Self {
        Self { kind, ..Self::default() }
    }
}

/// A workbook with its first and last sheet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reference {
    pub(crate) book: u32,
    /// Counted from zero; negative for what is no sheet.
    pub(crate) first: i32,
    pub(crate) last: i32,
}

impl Links {
    pub(crate) fn refer(&mut self, reference: Reference, meter: &Meter) -> Result<()> {
        meter.resident(size_of::<Reference>() as u64)?;
        self.references.push(reference);
        Ok(())
    }

    /// Returns the workbook or program of an entry of the list of references.
    fn book(&self, listed: u16) -> Option<&Book> {
        self.books.get(usize::try_from(self.reference(listed)?.book).ok()?)
    }

    /// Returns what stands before cells on the sheets of an entry; `own` names the sheets of this workbook.
    pub(crate) fn sheets<'s>(&self, listed: u16, own: impl Fn(usize) -> Option<&'s str>) -> Option<String> {
        let Reference { first, last, .. } = self.reference(listed)?;
        let book = self.book(listed)?;
        match &book.kind {
            Kind::Own => own_sheets((first, last), own),
            Kind::File(file) => {
                let sheet = book.sheets.get(usize::try_from(first).ok()?)?;
                Some(sheet_prefix(&format!("[{file}]{sheet}")))
            }
            Kind::AddIn | Kind::Unknown => None,
        }
    }

    /// Returns a defined name of this workbook, counted from one.
    pub(crate) fn name(&self, index: u32) -> Option<String> {
        nth(&self.names, index)
    }

    /// Returns a name, counted from one, that the workbook or program of an entry defines; `own` names sheets.
    pub(crate) fn foreign_name<'s>(
        &self,
        (listed, index): (u16, u32),
        own: impl Fn(usize) -> Option<&'s str>,
    ) -> Option<String> {
        let book = self.book(listed)?;
        match &book.kind {
            Kind::Own => {
                // A name of one sheet only.
                let Reference { first, last, .. } = self.reference(listed)?;
                let sheet = if first < 0 { String::new() } else { own_sheets((first, last), own)? };
                Some(sheet + &self.name(index)?)
            }
            Kind::File(file) if !file.is_empty() => Some(sheet_prefix(file) + &nth(&book.names, index)?),
            Kind::File(_) | Kind::AddIn => nth(&book.names, index),
            Kind::Unknown => None,
        }
    }

    fn reference(&self, listed: u16) -> Option<Reference> {
        self.references.get(usize::from(listed)).copied()
    }
}

/// Returns what stands before cells on sheets of this workbook, counted from zero.
pub(crate) fn own_sheets<'s>(
    (first, last): (i32, i32),
    name: impl Fn(usize) -> Option<&'s str>,
) -> Option<String> {
    match first {
        WORKBOOK => return Some(String::new()),
        DELETED => return Some("#REF!".to_owned()),
        _ => {}
    }
    let name = |sheet: i32| name(usize::try_from(sheet).ok()?);
    Some(if first == last { sheet_prefix(name(first)?) } else { span_prefix(name(first)?, name(last)?) })
}

/// Counts a name that is kept.
pub(crate) fn counted(name: String, meter: &Meter) -> Result<String> {
    meter.resident(NAME_BYTES + name.len() as u64)?;
    Ok(name)
}

/// Returns the last part of a path, in which control characters stand for drives and separators.
pub(crate) fn last_piece(path: &str) -> String {
    let is_separator = |c: char| c < ' ' || matches!(c, '/' | '\\');
    path.rsplit(is_separator).next().unwrap_or_default().to_owned()
}

/// Returns a name, counted from one.
pub(crate) fn nth(names: &[String], index: u32) -> Option<String> {
    names.get(usize::try_from(index).ok()?.checked_sub(1)?).filter(|name| !name.is_empty()).cloned()
}
