//! Formulas that stand for several cells: those of arrays, and those that cells share ([MS-XLS] 2.5.198.58, [MS-XLSB]
//! 2.5.97.40).

use std::cell::Cell;
use std::collections::HashMap;

use crate::{Meter, Result};

use super::{Formula, Layout, Workbook, text};

/// What a shared formula weighs in memory besides its tokens.
const SHARED_BYTES: u64 = 96;
/// The token that leads to the formula of another cell.
const ELSEWHERE: u8 = 0x01;

/// The formulas of a sheet that stand for several cells, by the cell that they follow.
#[derive(Debug, Default)]
pub(crate) struct SharedFormulas {
    by_cell: HashMap<(u32, u32), Shared>,
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
pub(crate) enum Shown {
    Text(String),
    /// Its value, because it is covered by the formula of another cell.
    Value,
    /// Its value, because its text is not known.
    Unreadable,
}

impl SharedFormulas {
    /// Adds the formula that follows a cell: its tokens, and what stands behind them.
    pub(crate) fn add(
        &mut self,
        cell: (u32, u32),
        is_array: bool,
        (tokens, extra): (&[u8], &[u8]),
        meter: &Meter,
    ) -> Result<()> {
        meter.resident(SHARED_BYTES + (tokens.len() + extra.len()) as u64)?;
        let (tokens, extra) = (tokens.to_vec(), extra.to_vec());
        self.by_cell.insert(cell, Shared { is_array, tokens, extra, is_unreadable: Cell::new(false) });
        Ok(())
    }

    /// Returns what to show for a formula, which may lead to one of these.
    pub(crate) fn show(&self, formula: Formula<'_>, workbook: &dyn Workbook) -> Shown {
        if formula.tokens.first() != Some(&ELSEWHERE) {
            return text(formula, workbook).map_or(Shown::Unreadable, Shown::Text);
        }
        let first = place(formula);
        let shared = first.and_then(|first| self.by_cell.get(&first));
        let Some(shared) = shared.filter(|shared| !shared.is_unreadable.get()) else {
            return Shown::Unreadable;
        };
        if shared.is_array && first != Some(formula.cell) {
            return Shown::Value;
        }
        let formula = Formula { tokens: &shared.tokens, extra: &shared.extra, ..formula };
        match text(formula, workbook) {
            Some(text) => Shown::Text(text),
            None => {
                shared.is_unreadable.set(true);
                Shown::Unreadable
            }
        }
    }
}

/// Returns the row and column that the token leads to.
fn place(formula: Formula<'_>) -> Option<(u32, u32)> {
    let operands = formula.tokens.get(1..)?;
    let word = |at: usize| Some(u32::from(u16::from_le_bytes(operands.get(at..at + 2)?.try_into().ok()?)));
    match formula.layout {
        Layout::V2 => Some((word(0)?, u32::from(*operands.get(2)?))),
        // The column stands behind the tokens.
        Layout::V12 => Some((
            u32::from_le_bytes(*operands.first_chunk()?),
            u32::from_le_bytes(*formula.extra.first_chunk()?),
        )),
        _ => Some((word(0)?, word(2)?)),
    }
}
