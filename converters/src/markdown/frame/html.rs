//! A table that is held to its end, because it becomes HTML if it has merged cells and stays Markdown if not.
//!
//! What GitHub reads between HTML tags is Markdown again behind a blank line (CommonMark 0.31, section 4.6), so a cell
//! with marks, notes or formulas stands on lines of its own, and one that means the same in both on the line of its tags.

use super::merges::Side;
use super::tables::Table;
use super::{Frame, Previous, Separator};

/// What a slot weighs in memory beside its text.
const SLOT_BYTES: usize = size_of::<Slot>();

/// What means something in Markdown or in HTML.
const MEANINGFUL: &[u8] = b"\\`*_~[]<&$";

#[derive(Debug, Clone)]
struct Slot {
    text: String,
    continues: Option<Side>,
    columns: usize,
    rows: usize,
}

/// The rows of a table, one slot for each place.
#[derive(Debug, Default)]
pub(super) struct Grid {
    rows: Vec<Vec<Slot>>,
    row: Vec<Slot>,
    held: usize,
    has_merges: bool,
}

impl Grid {
    /// Returns the bytes held.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    pub(super) fn push(&mut self, text: &str, continues: Option<Side>) {
        // There is nothing beside the first slot and above the first row.
        let continues = continues.filter(|side| match side {
            Side::Left => !self.row.is_empty(),
            Side::Above => self.rows.last().is_some_and(|above| above.len() > self.row.len()),
        });
        self.has_merges |= continues.is_some();
        self.held += SLOT_BYTES + text.len();
        self.row.push(Slot { text: text.to_owned(), continues, columns: 1, rows: 1 });
    }

    /// Ends the row; one without text leaves no trace unless a merged cell reaches through it.
    pub(super) fn end_row(&mut self) {
        let row = std::mem::take(&mut self.row);
        if row.iter().any(|slot| !slot.text.is_empty() || slot.continues == Some(Side::Above)) {
            self.held += size_of::<Vec<Slot>>();
            self.rows.push(row);
        }
    }

    /// Adds the last row once more; `false` if there is none.
    pub(super) fn repeat_row(&mut self) -> bool {
        let Some(row) = self.rows.last().cloned() else {
            return false;
        };
        let slots: usize = row.iter().map(|slot| SLOT_BYTES + slot.text.len()).sum();
        self.held += size_of::<Vec<Slot>>() + slots;
        self.rows.push(row);
        true
    }

    /// Gives each slot of its own the size of what continues it, and the text found there.
    fn merge(&mut self) {
        let mut above: Vec<(usize, usize)> = Vec::new();
        for at in 0..self.rows.len() {
            let (before, rest) = self.rows.split_at_mut(at);
            let Some(row) = rest.first_mut() else { return };
            let mut owners: Vec<(usize, usize)> = Vec::with_capacity(row.len());
            for column in 0..row.len() {
                let (left, right) = row.split_at_mut(column);
                let Some(slot) = right.first_mut() else { return };
                let owner = match slot.continues {
                    None => None,
                    Some(Side::Left) => owners.last().copied(),
                    Some(Side::Above) => above.get(column).copied(),
                };
                let Some((owner_row, owner_column)) = owner else {
                    slot.continues = None;
                    owners.push((at, column));
                    continue;
                };
                owners.push((owner_row, owner_column));
                let row_of_owner = if owner_row == at {
                    Some(left)
                } else {
                    before.get_mut(owner_row).map(Vec::as_mut_slice)
                };
                if let Some(owner) = row_of_owner.and_then(|row| row.get_mut(owner_column)) {
                    owner.columns = owner.columns.max(column.saturating_sub(owner_column) + 1);
                    owner.rows = owner.rows.max(at - owner_row + 1);
                    if !slot.text.is_empty() {
                        if !owner.text.is_empty() {
                            owner.text.push_str("<br>");
                        }
                        owner.text.push_str(&std::mem::take(&mut slot.text));
                    }
                }
            }
            above = owners;
        }
    }
}

impl Frame {
    /// Writes the table that was held.
    pub(super) fn write_grid(&mut self, mut grid: Grid) {
        if grid.has_merges {
            grid.merge();
            self.write_html(&grid);
            return;
        }
        if let Some(table) = self.tables.last_mut() {
            *table = Table { columns: table.columns, ..Table::default() };
        }
        for row in grid.rows {
            self.begin_row();
            for slot in row {
                self.begin_cell();
                if !slot.text.is_empty() {
                    self.separator = Separator::None;
                    self.begin_in_cell();
                    self.out.push_str(&slot.text);
                }
                self.end_cell(1);
            }
            self.end_row();
        }
    }

    fn write_html(&mut self, grid: &Grid) {
        if grid.rows.iter().flatten().all(|slot| slot.text.is_empty()) {
            return;
        }
        if self.previous != Previous::Nothing {
            self.out.push_str("\n\n");
        }
        self.out.push_str("<table>\n");
        for (at, row) in grid.rows.iter().enumerate() {
            let name = if at == 0 { "th" } else { "td" };
            self.out.push_str("<tr>");
            for slot in row.iter().filter(|slot| slot.continues.is_none()) {
                self.write_slot(name, slot);
            }
            self.out.push_str("</tr>\n");
        }
        self.out.push_str("</table>");
        self.previous = Previous::Other;
    }

    fn write_slot(&mut self, name: &str, slot: &Slot) {
        self.out.push('<');
        self.out.push_str(name);
        for (attribute, count) in [("colspan", slot.columns), ("rowspan", slot.rows)] {
            if count > 1 {
                self.out.push_str(&format!(" {attribute}=\"{count}\""));
            }
        }
        let lines = if has_meaning(&slot.text) { "\n\n" } else { "" };
        for piece in [">", lines, &slot.text, lines, "</", name, ">"] {
            self.out.push_str(piece);
        }
    }
}

/// Tells whether Markdown would read the text in another way than HTML does.
fn has_meaning(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut special = bytes.iter().enumerate().filter(|(_, byte)| MEANINGFUL.contains(byte));
    !special.all(|(at, _)| bytes.get(at..).is_some_and(|rest| rest.starts_with(b"<br>")))
}
