//! Where the tokens of a formula are: in its cell, or in a record for many cells ([MS-XLSB] 2.4.6, 2.4.785, 2.5.97.4).

use super::fields::Fields;
use super::links::Resolver;
use crate::Result;
use crate::formula::{Formula, Layout, SharedFormulas, Shown};
use crate::limits::Meter;

pub(super) const ARR_FMLA: u16 = 426;
pub(super) const SHR_FMLA: u16 = 427;

/// The formulas of a sheet.
#[derive(Debug)]
pub(super) struct Formulas<'a> {
    shared: SharedFormulas,
    resolver: Resolver<'a>,
}

impl<'a> Formulas<'a> {
    pub(super) fn new(resolver: Resolver<'a>) -> Self {
        Self { shared: SharedFormulas::default(), resolver }
    }

    /// Takes a record that follows a formula in `cell` and stands for other cells too; without a whole formula, none
    /// of these has a text.
    pub(super) fn take(
        &mut self,
        kind: u16,
        fields: Fields<'_>,
        cell: (u32, u32),
        meter: &Meter,
    ) -> Result<()> {
        let is_array = kind == ARR_FMLA;
        match behind_range(fields, is_array) {
            Some(formula) => self.shared.add(cell, is_array, formula, meter),
            None => Ok(()),
        }
    }

    /// Returns what to show for the formula in `cell`; its fields are read to the end of its value.
    pub(super) fn show(&self, mut fields: Fields<'_>, cell: (u32, u32)) -> Shown {
        let _flags = fields.u16();
        let Some((tokens, extra)) = parsed(&mut fields) else { return Shown::Unreadable };
        self.shared.show(Formula { layout: Layout::V12, tokens, extra, cell }, &self.resolver)
    }
}

/// Reads the formula of a `BrtShrFmla` or a `BrtArrFmla`, behind the range for which it stands.
fn behind_range(mut fields: Fields<'_>, is_array: bool) -> Option<(&[u8], &[u8])> {
    fields.bytes::<16>()?;
    if is_array {
        fields.u8()?;
    }
    parsed(&mut fields)
}

/// Reads the tokens of a formula and what follows them.
fn parsed<'a>(fields: &mut Fields<'a>) -> Option<(&'a [u8], &'a [u8])> {
    let tokens = fields.counted()?;
    // Not all writers give the length of what is not there.
    Some((tokens, fields.counted().unwrap_or_default()))
}
