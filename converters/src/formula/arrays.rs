//! Constants of arrays, which stand behind the tokens ([MS-XLS] 2.5.198.8).

use super::tokens::utf16;
use super::{Layout, MAX_TEXT, Workbook, number, quoted};
use crate::biff;

/// What follows the tokens, in the order in which they need it.
pub(super) struct Extra<'a> {
    layout: Layout,
    rest: &'a [u8],
    workbook: &'a dyn Workbook,
}

impl<'a> Extra<'a> {
    pub(super) fn new(layout: Layout, rest: &'a [u8], workbook: &'a dyn Workbook) -> Self {
        Self { layout, rest, workbook }
    }

    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.take(2)?.try_into().ok()?))
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    /// Passes over the ranges that a token has found out already.
    pub(super) fn skip_ranges(&mut self) -> Option<()> {
        let len = match self.layout {
            Layout::V12 => usize::try_from(self.u32()?).ok()?.checked_mul(16)?,
            Layout::V8 => 8 * usize::from(self.u16()?),
            _ => 6 * usize::from(self.u16()?),
        };
        self.take(len).map(drop)
    }

    /// Reads an array: rows between semicolons, cells between commas.
    pub(super) fn array(&mut self) -> Option<String> {
        let (columns, rows) = match self.layout {
            Layout::V12 => {
                let rows = self.u32()?;
                (self.u32()?, rows)
            }
            Layout::V8 => (u32::from(self.byte()?) + 1, u32::from(self.u16()?) + 1),
            _ => {
                let columns = self.byte()?;
                (if columns == 0 { 256 } else { u32::from(columns) }, u32::from(self.u16()?))
            }
        };
        // Without values, nothing would end what their numbers begin.
        if rows == 0 || columns == 0 {
            return None;
        }
        let mut text = String::from("{");
        for row in 0..rows {
            for column in 0..columns {
                match (row, column) {
                    (0, 0) => {}
                    (_, 0) => text.push(';'),
                    _ => text.push(','),
                }
                text.push_str(&self.value()?);
                if text.len() > MAX_TEXT {
                    return None;
                }
            }
        }
        text.push('}');
        Some(text)
    }

    fn value(&mut self) -> Option<String> {
        let kind = self.byte()?;
        if self.layout == Layout::V12 {
            return match kind {
                0 => self.number(),
                1 => {
                    let len = 2 * usize::from(self.u16()?);
                    Some(quoted(&utf16(self.take(len)?)))
                }
                2 => Some(truth(self.byte()?)),
                4 => error(*self.take(4)?.first()?),
                _ => None,
            };
        }
        match kind {
            0 => self.take(8).map(|_| String::new()),
            1 => self.number(),
            2 => self.string(),
            4 => Some(truth(*self.take(8)?.first()?)),
            16 => error(*self.take(8)?.first()?),
            _ => None,
        }
    }

    fn number(&mut self) -> Option<String> {
        number(f64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    fn string(&mut self) -> Option<String> {
        if self.layout != Layout::V8 {
            let len = usize::from(self.byte()?);
            let bytes = self.take(len)?;
            return Some(quoted(&self.workbook.decode(bytes)));
        }
        let count = usize::from(self.u16()?);
        Some(quoted(&if self.byte()? & 1 == 0 {
            self.take(count)?.iter().map(|byte| char::from(*byte)).collect()
        } else {
            utf16(self.take(2 * count)?)
        }))
    }
}

fn truth(value: u8) -> String {
    if value == 0 { "FALSE" } else { "TRUE" }.to_owned()
}

fn error(code: u8) -> Option<String> {
    std::str::from_utf8(biff::error(code)).ok().map(str::to_owned)
}
