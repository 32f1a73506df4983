//! Comments of cells. Since Excel 97, their texts stand in objects that they name ([MS-XLS] 2.4.179).

use std::collections::HashMap;

use crate::options::Comments;
use crate::sheets::CellComments;
use crate::{Meter, Options, Result};

use super::globals::Globals;
use super::records::{Records, u16_at};
use super::strings::{self, Length};
use super::version::Biff;

/// What a text weighs in memory besides its bytes.
const TEXT_BYTES: u64 = 64;
/// Stands for the row in the records that go on with a text.
const GOES_ON: u16 = 0xFFFF;

/// The comments of a sheet.
#[derive(Debug)]
pub(super) struct Notes<'a> {
    options: &'a Options,
    meter: &'a Meter,
    /// By the number of the object.
    texts: HashMap<u16, String>,
    /// Until Excel 95: the place of the comment that may go on, and its text so far.
    open: Option<((u32, u32), Vec<u8>)>,
    found: CellComments,
}

impl<'a> Notes<'a> {
    pub(super) fn new(options: &'a Options, meter: &'a Meter) -> Self {
        Self { options, meter, texts: HashMap::new(), open: None, found: CellComments::default() }
    }

    /// Reads the text of an object, of which the current record has the length and others have the characters.
    pub(super) fn text(&mut self, object: u16, records: &mut Records<'_>) -> Result<()> {
        let count = u16_at(records.data(), 10);
        if self.options.comments != Comments::Keep || count == 0 {
            return Ok(());
        }
        let mut parts = records.parts();
        let mut text = Vec::new();
        if parts.advance()? {
            let flags = parts.byte()?.unwrap_or(0);
            strings::read_characters(&mut parts, count, flags, &mut text)?;
        }
        self.meter.resident(TEXT_BYTES + text.len() as u64)?;
        self.texts.insert(object, String::from_utf8_lossy(&text).into_owned());
        Ok(())
    }

    /// Reads the record that says where a comment belongs.
    pub(super) fn place(&mut self, records: &mut Records<'_>, globals: &Globals) -> Result<()> {
        let data = records.data();
        let place = (u32::from(u16_at(data, 0)), u32::from(u16_at(data, 2)));
        let (row, object) = (u16_at(data, 0), u16_at(data, 6));
        let mut parts = records.parts();
        if globals.biff == Biff::V8 {
            let mut author = Vec::new();
            parts.consume(8);
            globals.text(&mut parts, Length::Word, &mut author)?;
            let text = self.texts.get(&object).map_or("", String::as_str);
            let context = (self.options, self.meter);
            return self.found.push(Some(place), String::from_utf8_lossy(&author).trim(), text, context);
        }
        if row != GOES_ON {
            self.close()?;
            self.open = Some((place, Vec::new()));
        }
        parts.consume(6);
        if let Some((_, text)) = &mut self.open {
            let more = parts.rest();
            self.meter.resident(more.len() as u64)?;
            globals.codepage.decode(more, text);
        }
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        match self.open.take() {
            Some((place, text)) => {
                let context = (self.options, self.meter);
                self.found.push(Some(place), "", &String::from_utf8_lossy(&text), context)
            }
            None => Ok(()),
        }
    }

    /// Returns all comments.
    pub(super) fn finish(mut self) -> Result<CellComments> {
        self.close()?;
        Ok(self.found)
    }
}
