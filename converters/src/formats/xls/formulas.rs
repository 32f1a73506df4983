//! Where the tokens of a formula are: in its cell, or in a record for many cells ([MS-XLS] 2.4.127, 2.4.260, 2.4.4).

use std::cell::Cell;
use std::collections::HashMap;

use crate::formula::{self, Formula, Layout, Workbook};
use crate::{Meter, Result};

use super::kind;
use super::records::u16_at;
use super::version::Biff;

/// What a shared formula weighs in memory besides its tokens.
const SHARED_BYTES: u64 = 96;
/// The token that leads to the formula of another cell.
const ELSEWHERE: u8 = 0x01;

pub(super) fn layout(biff: Biff) -> Layout {
    match biff {
        Biff::V2 => Layout::V2,
        Biff::V3 => Layout::V3,
        Biff::V4 => Layout::V4,
        Biff::V5 => Layout::V5,
        Biff::V8 => Layout::V8,
    }
}

/// The formulas of a sheet that stand for several cells, by their first cell.
#[derive(Debug, Default)]
pub(super) struct SharedFormulas {
    by_cell: HashMap<(u16, u16), Shared>,
}

#[derive(Debug)]
struct Shared {
    /// One value for the whole range, and no formula in its other cells.
    is_array: bool,
    tokens: Vec<u8>,
    extra: Vec<u8>,
    /// Known to have no text, so that no other cell tries again.
    is_unreadable: Cell<bool>,
}

/// What stands in the cell of a formula.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Shown {
    Text(String),
    /// Its value, because it is covered by the formula of another cell.
    Value,
    /// Its value, because its text is not known.
    Unreadable,
}

impl SharedFormulas {
    /// Takes a record that follows a formula in `cell`.
    pub(super) fn take(
        &mut self,
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
        let Some((tokens, extra)) =
            data.get(head..).and_then(|rest| rest.split_at_checked(size)).filter(|_| size > 0)
        else {
            return Ok(());
        };
        meter.resident(SHARED_BYTES + (tokens.len() + extra.len()) as u64)?;
        let (tokens, extra) = (tokens.to_vec(), extra.to_vec());
        self.by_cell.insert(cell, Shared { is_array, tokens, extra, is_unreadable: Cell::new(false) });
        Ok(())
    }

    /// Returns what to show for the formula in `cell`. `record` is what follows the value in its record.
    pub(super) fn show(&self, cell: (u16, u16), record: &[u8], biff: Biff, workbook: &dyn Workbook) -> Shown {
        let layout = layout(biff);
        let place = (u32::from(cell.0), u32::from(cell.1));
        let Some((tokens, extra)) = tokens(record, biff) else {
            return Shown::Unreadable;
        };
        if tokens.first() != Some(&ELSEWHERE) {
            let formula = Formula { layout, tokens, extra, cell: place };
            return formula::text(formula, workbook).map_or(Shown::Unreadable, Shown::Text);
        }
        let column =
            if biff == Biff::V2 { tokens.get(3).copied().map_or(0, u16::from) } else { u16_at(tokens, 3) };
        let first = (u16_at(tokens, 1), column);
        let Some(shared) = self.by_cell.get(&first).filter(|shared| !shared.is_unreadable.get()) else {
            return Shown::Unreadable;
        };
        if shared.is_array && first != cell {
            return Shown::Value;
        }
        let formula = Formula { layout, tokens: &shared.tokens, extra: &shared.extra, cell: place };
        match formula::text(formula, workbook) {
            Some(text) => Shown::Text(text),
            None => {
                shared.is_unreadable.set(true);
                Shown::Unreadable
            }
        }
    }
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
