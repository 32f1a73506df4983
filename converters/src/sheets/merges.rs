//! Merged ranges of one sheet, whose value is repeated in the cells that they cover.
//!
//! Cells come in the order of the sheet, so a range is open from its first cell to its last row, and holds one text.

use std::collections::HashMap;

use crate::limits::Meter;
use crate::{ConvertError, Result};

use super::reference::MAX_COLUMNS;

/// What a range weighs in memory beside its text.
const RANGE_BYTES: u64 = 64;

/// A zero-based place.
pub(super) type Place = (u32, u32);

/// A range whose first cell has come.
#[derive(Debug)]
struct Open {
    first: Place,
    last: Place,
    text: Vec<u8>,
}

/// The ranges.
#[derive(Debug, Default)]
pub(super) struct Merges {
    /// The last place of each range, by its first; those that are yet to come.
    waiting: HashMap<Place, Place>,
    /// In the order of their first columns.
    open: Vec<Open>,
    /// Every place before it is dealt with.
    next: Place,
}

impl Merges {
    /// Adds a range; one that covers no other cell means nothing.
    pub(super) fn add(&mut self, first: Place, last: Place, meter: &Meter) -> Result<()> {
        if first.0 <= last.0 && first.1 <= last.1 && first != last {
            meter.resident(RANGE_BYTES)?;
            self.waiting.insert(first, last);
        }
        Ok(())
    }

    /// Tells whether nothing is left to be repeated.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.open.is_empty()
    }

    /// Tells whether a range reaches further than it was filled.
    pub(super) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Takes the text of the cell in `place`, which begins a range or has its own value.
    pub(super) fn note(&mut self, place: Place, text: &[u8], meter: &Meter) -> Result<()> {
        self.next = self.next.max((place.0, place.1 + 1));
        let Some(last) = self.waiting.remove(&place) else { return Ok(()) };
        meter.resident(text.len() as u64)?;
        let at = self.open.partition_point(|open| open.first.1 < place.1);
        self.open.insert(at, Open { first: place, last, text: text.to_vec() });
        Ok(())
    }

    /// Gives every covered cell before `end` that was not given yet to `each`, in order.
    pub(super) fn fill(
        &mut self,
        end: Place,
        meter: &Meter,
        mut each: impl FnMut(Place, &[u8]) -> Result<(), ConvertError>,
    ) -> Result<()> {
        while self.next < end && !self.open.is_empty() {
            let (row, mut column) = self.next;
            let stop = if row == end.0 { end.1 } else { MAX_COLUMNS };
            for open in self.open.iter().filter(|open| open.last.0 >= row) {
                // Ranges may overlap where they must not; looking at each is work that counts.
                meter.cells(1)?;
                for covered in column.max(open.first.1)..stop.min(open.last.1 + 1) {
                    meter.cells(1)?;
                    each((row, covered), &open.text)?;
                    column = covered + 1;
                }
            }
            self.next = if row == end.0 { end } else { (row + 1, 0) };
            self.open.retain(|open| open.last.0 >= self.next.0);
        }
        self.next = self.next.max(end);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    #[test]
    fn covered_cells_come_in_order_and_once() {
        let meter = Meter::new(Limits::default(), 1);
        let mut merges = Merges::default();
        merges.add((0, 0), (2, 1), &meter).unwrap();
        merges.add((1, 3), (1, 4), &meter).unwrap();
        // It overlaps the first.
        merges.add((1, 0), (1, 4), &meter).unwrap();
        let mut found = Vec::new();
        let mut each = |place: Place, text: &[u8]| {
            found.push((place, text[0]));
            Ok(())
        };
        merges.note((0, 0), b"a", &meter).unwrap();
        merges.fill((1, 3), &meter, &mut each).unwrap();
        merges.note((1, 3), b"b", &meter).unwrap();
        merges.fill((5, 0), &meter, &mut each).unwrap();
        let a = |row, column| ((row, column), b'a');
        assert_eq!(found, [a(0, 1), a(1, 0), a(1, 1), ((1, 4), b'b'), a(2, 0), a(2, 1)]);
    }
}
