//! The text of formulas, also of those that share one (ECMA-376 part 1, 18.3.1.40).

use std::collections::HashMap;

use crate::Result;
use crate::limits::Meter;
use crate::sheets::shift;

/// What a shared formula weighs in memory beside its text.
const FORMULA_BYTES: u64 = 64;

/// A formula of one cell.
#[derive(Debug, Default)]
pub(super) struct Formula {
    /// Empty where it is not wanted, or where the cell shares that of another.
    pub(super) text: String,
    pub(super) is_shared: bool,
    pub(super) shared_index: u32,
}

/// A formula whose text is not wanted.
pub(super) static NO_TEXT: Formula = Formula { text: String::new(), is_shared: false, shared_index: 0 };

/// The formulas that several cells share, with the place of the first one.
#[derive(Debug, Default)]
pub(super) struct SharedFormulas(HashMap<u32, ((u32, u32), String)>);

impl SharedFormulas {
    /// Returns the text of the formula in `place`; `None` if it shares one that does not exist.
    pub(super) fn text(
        &mut self,
        formula: &Formula,
        place: (u32, u32),
        meter: &Meter,
    ) -> Result<Option<String>> {
        if !formula.text.is_empty() {
            if formula.is_shared {
                meter.resident(FORMULA_BYTES + formula.text.len() as u64)?;
                self.0.insert(formula.shared_index, (place, formula.text.clone()));
            }
            return Ok(Some(formula.text.clone()));
        }
        let Some((first, text)) = self.0.get(&formula.shared_index).filter(|_| formula.is_shared) else {
            return Ok(None);
        };
        let distance = |to: u32, from: u32| i64::from(to) - i64::from(from);
        Ok(Some(shift(text, distance(place.0, first.0), distance(place.1, first.1))))
    }
}
