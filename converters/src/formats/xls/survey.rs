//! A first look at a sheet: what has to be known before its first cell, and what is only counted.
//!
//! Hidden rows and merged cells may stand behind the cells they concern, and not every writer puts cells in order.

use crate::formula::SharedFormulas;
use crate::options::Formulas;
use crate::sheets::{CellComments, Cells, Tally};
use crate::{Meter, Options, Result};

use super::formulas;
use super::globals::Globals;
use super::kind;
use super::notes::Notes;
use super::records::{Records, u16_at, u32_at};
use super::version::{Biff, Bof};

const ROWS: usize = 1 << 16;

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Survey {
    pub(super) hidden_rows: Rows,
    /// Formulas that stand for several cells, if their texts are wanted.
    pub(super) formulas: SharedFormulas,
    /// Where the cells are, if they stand in no order.
    pub(super) scattered: Option<Vec<Place>>,
    /// Cells in a place where another one follows.
    pub(super) replaced: u64,
    pub(super) is_dialog: bool,
    /// Whether the sheet has an end.
    pub(super) is_whole: bool,
    last: Option<(u16, u16)>,
    is_scattered: bool,
    /// The object whose text may follow, if it is a comment.
    comment: Option<u16>,
}

/// A cell: its row and column, and where its record is.
pub(super) type Place = (u16, u16, u64);

/// A set of rows.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// A bit for each row; empty if there is none.
    bits: Vec<u64>,
}

impl Rows {
    fn insert(&mut self, row: u16) {
        self.bits.resize(ROWS / 64, 0);
        if let Some(bits) = self.bits.get_mut(usize::from(row / 64)) {
            *bits |= 1 << (row % 64);
        }
    }

    pub(super) fn contains(&self, row: u16) -> bool {
        self.bits.get(usize::from(row / 64)).is_some_and(|bits| bits & 1 << (row % 64) != 0)
    }

    pub(super) fn any(&self) -> bool {
        !self.bits.is_empty()
    }
}

impl Survey {
    /// Reads a sheet from behind its first record, at most up to `limit`. What its cells have to know goes to
    /// `cells`.
    pub(super) fn read(
        records: &mut Records<'_>,
        limit: u64,
        (globals, options): (&Globals, &Options),
        cells: &mut Cells<'_>,
    ) -> Result<(Self, CellComments)> {
        let start = records.next_at();
        let mut survey = Self::default();
        let mut notes = Notes::new(options, records.meter());
        let is_whole = walk(records, limit, |records, kind| match kind {
            kind::NOTE => notes.place(records, globals),
            kind::TEXT_OBJECT => match survey.comment {
                Some(object) => notes.text(object, records),
                None => {
                    cells.tally().shapes += u64::from(u16_at(records.data(), 10) > 0);
                    Ok(())
                }
            },
            kind::ARRAY | kind::ARRAY_V2 | kind::SHARED_FORMULA | kind::SHARED_FORMULA_OTHER => {
                let cell = survey.last.filter(|_| options.formulas == Formulas::Text);
                let meter = records.meter();
                cell.map_or(Ok(()), |cell| {
                    let record = (kind, records.data());
                    formulas::take(&mut survey.formulas, record, cell, globals.biff, meter)
                })
            }
            _ => survey.take(kind, records.data(), globals.biff, cells),
        })?;
        survey.is_whole = is_whole;
        if survey.is_scattered {
            records.seek(start);
            let (places, replaced) = find_cells(records, limit)?;
            (survey.scattered, survey.replaced) = (Some(places), replaced);
        }
        Ok((survey, notes.finish()?))
    }

    fn take(&mut self, kind: u16, data: &[u8], biff: Biff, cells: &mut Cells<'_>) -> Result<()> {
        match kind {
            _ if kind::is_cell(kind) => {
                let place = (u16_at(data, 0), u16_at(data, 2));
                self.is_scattered |= self.last.is_some_and(|last| place <= last);
                self.last = Some(place);
            }
            kind::ROW if u32_at(data, 12) & 0x20 != 0 => self.hidden_rows.insert(u16_at(data, 0)),
            kind::ROW_V2 if u16_at(data, 6) == 0 => self.hidden_rows.insert(u16_at(data, 0)),
            kind::COLUMNS if u16_at(data, 8) & 1 != 0 => {
                cells.columns().hide(u32::from(u16_at(data, 0)), u32::from(u16_at(data, 2)));
            }
            kind::COLUMNS_V2 if u16_at(data, 2) == 0 => {
                let [first, last] = u16_at(data, 0).to_le_bytes();
                cells.columns().hide(u32::from(first), u32::from(last));
            }
            kind::MERGED_CELLS => {
                let count = usize::from(u16_at(data, 0));
                for range in data.get(2..).unwrap_or_default().chunks_exact(8).take(count) {
                    let at = |at: usize| u32::from(u16_at(range, at));
                    cells.merge((at(0), at(4)), (at(2), at(6)))?;
                }
            }
            kind::SHEET_OPTIONS if biff >= Biff::V5 => self.is_dialog = u16_at(data, 0) & 0x10 != 0,
            kind::OBJECT => self.object(data, biff, cells.tally()),
            // A link within the workbook has no moniker ([MS-OSHARED] 2.3.7.1).
            kind::LINK if u32_at(data, 28) & 1 != 0 => cells.tally().links += 1,
            _ => {}
        }
        Ok(())
    }

    /// Counts an object ([MS-XLS] 2.4.181): charts, pictures, embedded objects; texts are counted as they come.
    fn object(&mut self, data: &[u8], biff: Biff, tally: &mut Tally) {
        const CHART: u16 = 5;
        const TEXT: u16 = 6;
        const PICTURE: u16 = 8;
        const COMMENT: u16 = 25;
        let object = u16_at(data, 4);
        self.comment = (object == COMMENT).then(|| u16_at(data, 6));
        match object {
            CHART => tally.charts += 1,
            PICTURE if biff == Biff::V8 && is_embedded(data) => tally.embedded += 1,
            PICTURE => tally.pictures += 1,
            // Before Excel 97, the text stands in the record itself.
            TEXT if biff < Biff::V8 => tally.shapes += 1,
            _ => {}
        }
    }
}

/// Tells whether a picture stands for an object: one of its fields is the formula that names it.
fn is_embedded(mut data: &[u8]) -> bool {
    const FORMULA: u16 = 9;
    while data.len() >= 4 {
        if u16_at(data, 0) == FORMULA {
            return true;
        }
        data = data.get(4 + usize::from(u16_at(data, 2))..).unwrap_or_default();
    }
    false
}

/// Hands on the records of a sheet up to its end, without those of the charts in it; tells whether it has an end.
pub(super) fn walk<'a>(
    records: &mut Records<'a>,
    limit: u64,
    mut take: impl FnMut(&mut Records<'a>, u16) -> Result<()>,
) -> Result<bool> {
    let mut depth = 1u32;
    while records.next_at() < limit {
        let Some(kind) = records.next()? else { break };
        if kind == kind::END {
            depth -= 1;
            if depth == 0 {
                return Ok(true);
            }
        } else if Bof::is_bof(kind) {
            depth = depth.saturating_add(1);
        } else if depth == 1 {
            take(records, kind)?;
        }
    }
    Ok(false)
}

/// Returns the places of all cells in order, of several in one place the last, and the number of the others.
fn find_cells(records: &mut Records<'_>, limit: u64) -> Result<(Vec<Place>, u64)> {
    let meter: &Meter = records.meter();
    let mut found: Vec<Place> = Vec::new();
    walk(records, limit, |records, kind| {
        if kind::is_cell(kind) {
            meter.resident(size_of::<Place>() as u64)?;
            let data = records.data();
            found.push((u16_at(data, 0), u16_at(data, 2), records.at()));
        }
        Ok(())
    })?;
    found.sort_unstable_by_key(|(row, column, at)| (*row, *column, std::cmp::Reverse(*at)));
    let all = found.len();
    found.dedup_by_key(|(row, column, _)| (*row, *column));
    let replaced = (all - found.len()) as u64;
    Ok((found, replaced))
}
