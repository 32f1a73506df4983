//! Where the tokens of a formula are: in its cell, or in a record for many cells ([MS-XLS] 2.4.127, 2.4.260, 2.4.4).

use crate::formula::{Formula, Layout, SharedFormulas, Shown, Workbook};
use crate::{Meter, Result};

use super::kind;
use super::records::u16_at;
use super::version::Biff;

pub(super) fn layout(biff: Biff) -> Layout {
    match biff {
        Biff::V2 => Layout::V2,
        Biff::V3 => Layout::V3,
        Biff::V4 => Layout::V4,
        Biff::V5 => Layout::V5,
        Biff::V8 => Layout::V8,
    }
}

/// Takes a record that follows a formula in `cell`, which stands for other cells too.
pub(super) fn take(
    shared: &mut SharedFormulas,
    (kind, data): (u16, &[u8]),
    cell: (u16, u16),
    biff: Biff,
    meter: &Meter,
) -> Result<()> {
    let is_array = matches!(kind, kind::ARRAY | kind::ARRAY_V2);
    let (size_at, head) = match biff {
        Biff::V2 => (7, 8),
        Biff::V3 | Biff::V4 if is_array => (8, 10),
        _ if is_array => (12, 14),
        _ => (8, 10),
    };
    let size = match biff {
        Biff::V2 => data.get(size_at).copied().map_or(0, usize::from),
        _ => usize::from(u16_at(data, size_at)),
    };
    let Some(formula) = data.get(head..).and_then(|rest| rest.split_at_checked(size)).filter(|_| size > 0)
    else {
        return Ok(());
    };
    shared.add((u32::from(cell.0), u32::from(cell.1)), is_array, formula, meter)
}

/// Returns what to show for the formula in `cell`. `record` is what follows the value in its record.
pub(super) fn show(
    shared: &SharedFormulas,
    cell: (u16, u16),
    record: &[u8],
    biff: Biff,
    workbook: &dyn Workbook,
) -> Shown {
    let Some((tokens, extra)) = tokens(record, biff) else {
        return Shown::Unreadable;
    };
    let cell = (u32::from(cell.0), u32::from(cell.1));
    shared.show(Formula { layout: layout(biff), tokens, extra, cell }, workbook)
}

/// Returns the tokens and what follows them, from what follows the value of a formula.
pub(super) fn tokens(record: &[u8], biff: Biff) -> Option<(&[u8], &[u8])> {
    let (size, head) = match biff {
        Biff::V2 => (usize::from(*record.get(1)?), 2),
        Biff::V3 | Biff::V4 => (usize::from(u16_at(record, 2)), 4),
        Biff::V5 | Biff::V8 => (usize::from(u16_at(record, 6)), 8),
    };
    record.get(head..)?.split_at_checked(size)
}
