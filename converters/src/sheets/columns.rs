//! Hidden rows and columns of one sheet.
//!
//! Included, they are counted once they hold a value: sheets often hide all columns behind the last used one.
//! Left out, the rows and columns behind them close the gap, as on the screen.

use super::reference::MAX_COLUMNS;

/// The hidden columns and where the others go when those are left out.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    /// For each column whether it is hidden; empty if none is.
    hidden: Vec<bool>,
    /// For each column whether a value was seen in it while hidden.
    used: Vec<bool>,
    /// For each column how many before it are hidden; made when first asked for.
    before: Vec<u32>,
}

impl Columns {
    /// Hides zero-based columns.
    pub(crate) fn hide(&mut self, first: u32, last: u32) {
        self.hidden.resize(MAX_COLUMNS as usize, false);
        self.used.resize(MAX_COLUMNS as usize, false);
        self.before.clear();
        let range = first as usize..=last.min(MAX_COLUMNS - 1) as usize;
        if let Some(range) = self.hidden.get_mut(range) {
            range.fill(true);
        }
    }

    pub(crate) fn any(&self) -> bool {
        !self.hidden.is_empty()
    }

    pub(crate) fn is_hidden(&self, column: u32) -> bool {
        self.hidden.get(column as usize).copied().unwrap_or(false)
    }

    /// Notes a value in a hidden column; true the first time.
    pub(crate) fn note(&mut self, column: u32) -> bool {
        self.used.get_mut(column as usize).is_some_and(|used| !std::mem::replace(used, true))
    }

    /// Returns the number of hidden columns before `column`.
    pub(crate) fn before(&mut self, column: u32) -> u32 {
        if self.before.is_empty() {
            let counts = self.hidden.iter().scan(0, |count, hidden| {
                let before = *count;
                *count += u32::from(*hidden);
                Some(before)
            });
            self.before = counts.collect();
        }
        self.before.get(column as usize).copied().unwrap_or(0)
    }
}
