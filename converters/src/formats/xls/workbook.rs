//! The sheets of a workbook, and where each of them ends.

use crate::{ConvertError, Options, Result};

use super::globals::{Globals, Listed};
use super::records::Records;
use super::version::{Bof, Content};

/// The name of the sheet of a file that is one.
const ONLY_SHEET: &str = "Sheet1";

/// A workbook.
#[derive(Debug)]
pub(super) struct Workbook {
    /// What all sheets share, unless each brings its own.
    pub(super) globals: Globals,
    /// Whether each sheet brings what its cells refer to.
    pub(super) sheets_have_globals: bool,
    pub(super) sheets: Vec<Listed>,
    /// Where sheets begin, in order.
    starts: Vec<u64>,
}

impl Workbook {
    /// Reads the first substream, from which all others are found.
    pub(super) fn read(records: &mut Records<'_>, options: &Options) -> Result<Self> {
        let no_workbook = || ConvertError::corrupt("the workbook", "it does not begin as one");
        let first = records.next()?.ok_or_else(no_workbook)?;
        let bof = Bof::read(first, records.data()).ok_or_else(no_workbook)?;
        let is_sheet = matches!(bof.content, Content::Worksheet | Content::Other);
        let mut globals = Globals::read(records, bof.biff, None, options)?;
        let mut sheets = std::mem::take(&mut globals.sheets);
        if is_sheet {
            let name = ONLY_SHEET.to_owned();
            sheets = vec![Listed { name, at: 0, is_hidden: false, is_worksheet: true }];
        }
        let mut starts: Vec<u64> = sheets.iter().map(|sheet| sheet.at).collect();
        starts.sort_unstable();
        let mut checked = Vec::new();
        for start in starts {
            if read_bof(records, start)?.is_some() {
                checked.push(start);
            }
        }
        Ok(Self { globals, sheets_have_globals: bof.content == Content::Bundle, sheets, starts: checked })
    }

    /// Goes behind the first record of a sheet; returns it with the place where the sheet ends at the latest, so
    /// that no byte is part of two sheets. `None` if there is no sheet, or it is another one's.
    pub(super) fn find(&self, records: &mut Records<'_>, sheet: &Listed) -> Result<Option<(Bof, u64)>> {
        let first = self.sheets.iter().find(|other| other.at == sheet.at);
        if first.is_none_or(|first| !std::ptr::eq(first, sheet)) {
            return Ok(None);
        }
        let next = self.starts.partition_point(|start| *start <= sheet.at);
        let limit = self.starts.get(next).copied().unwrap_or_else(|| records.size());
        Ok(read_bof(records, sheet.at)?.map(|bof| (bof, limit)))
    }
}

fn read_bof(records: &mut Records<'_>, at: u64) -> Result<Option<Bof>> {
    records.seek(at);
    // What lies elsewhere may have any length.
    if !records.peek()?.is_some_and(|(kind, len)| Bof::is_bof(kind) && len <= 32) {
        return Ok(None);
    }
    let kind = records.next()?;
    Ok(kind.and_then(|kind| Bof::read(kind, records.data())))
}
