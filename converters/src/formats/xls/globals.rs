//! What the cells of a workbook share: code page, epoch, number formats and strings ([MS-XLS] 2.1.7.20.3).
//!
//! Since Excel 5, this is a substream of its own. Before, each sheet brings its own, between its other records.

use crate::formula::links::Links;
use crate::number_format::Epoch;
use crate::options::Formulas;
use crate::sheets::{Strings, Styles};
use crate::{Meter, Options, Result};

use super::cipher::Cipher;
use super::codepage::Codepage;
use super::kind;
use super::links;
use super::records::{Parts, Records, u16_at, u32_at};
use super::strings::{self, Length};
use super::version::{Biff, Bof};

/// A sheet as the workbook lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) name: String,
    /// Where its substream begins.
    pub(super) at: u64,
    pub(super) is_hidden: bool,
    pub(super) is_worksheet: bool,
}

/// The shared things.
#[derive(Debug)]
pub(super) struct Globals {
    pub(super) biff: Biff,
    pub(super) codepage: Codepage,
    pub(super) epoch: Epoch,
    pub(super) styles: Styles,
    pub(super) strings: Strings,
    pub(super) sheets: Vec<Listed>,
    /// What formulas refer to, if their texts are wanted.
    pub(super) links: Links,
    wants_formulas: bool,
    /// The number formats of the styles, by their ids.
    formats: Vec<u32>,
    declared: u32,
    /// Whether cells name a style; in the first version they may name a number format instead.
    pub(super) has_styles: bool,
}

impl Globals {
    /// Reads the substream whose first record has just been read, to its end. What it does not say, `above` does.
    pub(super) fn read(
        records: &mut Records<'_>,
        biff: Biff,
        above: Option<&Self>,
        options: &Options,
    ) -> Result<Self> {
        let mut globals = Self {
            biff,
            codepage: above.map(|above| above.codepage).unwrap_or_default(),
            epoch: above.map_or(Epoch::Y1900, |above| above.epoch),
            styles: Styles::default(),
            strings: Strings::default(),
            sheets: Vec::new(),
            links: Links::default(),
            wants_formulas: options.formulas == Formulas::Text,
            formats: Vec::new(),
            declared: 0,
            has_styles: false,
        };
        let mut depth = 1;
        while depth > 0 {
            let Some(kind) = records.next()? else { break };
            match kind {
                kind::END => depth -= 1,
                _ if Bof::is_bof(kind) => depth += 1,
                _ if depth == 1 => globals.take(kind, records)?,
                _ => {}
            }
        }
        globals.finish_styles(records.meter())?;
        Ok(globals)
    }

    fn take(&mut self, kind: u16, records: &mut Records<'_>) -> Result<()> {
        let meter = records.meter();
        match kind {
            kind::FILE_PASS => {
                let cipher = Cipher::open(records.data(), self.biff)?;
                records.decipher(cipher);
            }
            kind::CODE_PAGE => self.codepage = Codepage::new(u16_at(records.data(), 0)),
            kind::DATE_MODE if u16_at(records.data(), 0) == 1 => self.epoch = Epoch::Y1904,
            kind::FORMAT | kind::FORMAT_V2 => self.format(&mut records.parts(), meter)?,
            _ if kind::STYLES.contains(&kind) => {
                meter.resident(4)?;
                self.formats.push(self.format_of(records.data()));
            }
            kind::SHARED_STRINGS => self.strings = strings::read_shared(&mut records.parts(), meter)?,
            kind::BOUND_SHEET if self.biff >= Biff::V5 => {
                let data = records.data();
                let (at, state, content) =
                    (u64::from(u32_at(data, 0)), u16_at(data, 4) & 0xFF, u16_at(data, 4) >> 8);
                let name = self.name(&mut records.parts(), 6)?;
                self.list(Listed { name, at, is_hidden: state & 3 != 0, is_worksheet: content == 0 }, meter)?;
            }
            kind::SHEET_HEADER => {
                let name = self.name(&mut records.parts(), 4)?;
                let at = records.next_at();
                self.list(Listed { name, at, is_hidden: false, is_worksheet: true }, meter)?;
                // The sheet lies between here and the next header.
                let len = u32_at(records.data(), 0);
                records.seek(at + u64::from(len));
            }
            _ if self.wants_formulas => {
                let mut links = std::mem::take(&mut self.links);
                links::take(&mut links, kind, records, self)?;
                self.links = links;
            }
            _ => {}
        }
        Ok(())
    }

    fn list(&mut self, sheet: Listed, meter: &Meter) -> Result<()> {
        meter.resident(sheet.name.len() as u64 + 64)?;
        self.sheets.push(sheet);
        meter.sheets(self.sheets.len() as u64)
    }

    /// Reads the name of a sheet behind the first bytes of a record.
    fn name(&self, parts: &mut Parts<'_, '_>, skip: u64) -> Result<String> {
        let mut name = Vec::new();
        parts.skip(skip)?;
        self.text(parts, Length::Byte, &mut name)?;
        let name = String::from_utf8_lossy(&name).into_owned();
        // Some writers end the name with a character of no meaning.
        Ok(name.replace('\0', ""))
    }

    /// Appends a text with its length before it, as this version stores it; false if it has no end.
    pub(super) fn text(&self, parts: &mut Parts<'_, '_>, length: Length, out: &mut Vec<u8>) -> Result<bool> {
        if self.biff == Biff::V8 {
            strings::read_unicode(parts, length, out)
        } else {
            strings::read_bytes(parts, length, self.codepage, out)
        }
    }

    /// Reads a number format. Until Excel 4, its place among the others is its id.
    fn format(&mut self, parts: &mut Parts<'_, '_>, meter: &Meter) -> Result<()> {
        let (mut id, mut code) = (self.declared, Vec::new());
        self.declared += 1;
        if self.biff >= Biff::V4 {
            let stored = parts.u16()?.unwrap_or(0);
            if self.biff >= Biff::V5 {
                id = u32::from(stored);
            }
        }
        let length = if self.biff == Biff::V8 { Length::Word } else { Length::Byte };
        self.text(parts, length, &mut code)?;
        self.styles.declare(id, String::from_utf8_lossy(&code).into_owned(), meter)
    }

    /// Returns the id of the number format in a style record.
    fn format_of(&self, data: &[u8]) -> u32 {
        let byte = |at: usize| u32::from(data.get(at).copied().unwrap_or(0));
        match self.biff {
            Biff::V2 => byte(2) & 0x3F,
            Biff::V3 | Biff::V4 => byte(1),
            Biff::V5 | Biff::V8 => u32::from(u16_at(data, 2)),
        }
    }

    fn finish_styles(&mut self, meter: &Meter) -> Result<()> {
        self.has_styles = !self.formats.is_empty();
        if self.biff == Biff::V2 && !self.has_styles {
            self.formats = (0..64).collect();
        }
        for id in std::mem::take(&mut self.formats) {
            let is_declared = self.biff >= Biff::V5 || id < self.declared;
            self.styles.push(if is_declared { id } else { builtin(self.biff, id) }, meter)?;
        }
        Ok(())
    }
}

/// Returns the id that a format of an early version has in the later ones: Excel 2 had no fractions.
fn builtin(biff: Biff, id: u32) -> u32 {
    if biff == Biff::V2 && id >= 12 { id + 2 } else { id }
}
