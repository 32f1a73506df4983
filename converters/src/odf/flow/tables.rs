//! Tables. Cells that a merged cell covers stand in the document themselves, so every row has all its cells.

use crate::Result;
use crate::markdown::Writer;
use crate::xml::Tag;

use super::super::lists::Nest;
use super::super::raw_attribute;
use super::side::Side;
use super::{Flow, Open, Step, Walker};

/// Cells and columns that repeat beyond this are not written.
const MAX_REPEATED: u64 = 1024;

/// An open table.
#[derive(Debug, Default)]
pub(super) struct Table {
    columns: u64,
    /// How often the open row repeats, and how much text there was before it.
    rows_repeated: u64,
    text_before: u64,
    /// The cells of the open row.
    cells: u64,
}

/// Returns how often something stands in a table, up to a bound.
fn repeated(tag: Tag<'_>, name: &[u8]) -> u64 {
    count(tag, name).min(MAX_REPEATED)
}

/// Returns how often something stands in a table.
fn count(tag: Tag<'_>, name: &[u8]) -> u64 {
    let count =
        raw_attribute(tag, name).and_then(|count| std::str::from_utf8(count).ok()?.trim().parse().ok());
    count.unwrap_or(1).max(1)
}

impl Walker<'_, '_> {
    pub(super) fn start_table(&mut self, tag: Tag<'_>) -> Result<Option<Step>> {
        Ok(Some(match tag.local() {
            b"table" => {
                self.flow.tables.push(Table::default());
                // A picture of the table stands beside it.
                if self.stack.last() == Some(&Open::Frame)
                    && let Some(frame) = self.flow.frames.last_mut()
                {
                    frame.is_object = true;
                }
                let outer: usize = self.outer.iter().map(|flow| flow.tables.len()).sum();
                self.document.meter.table_depth((outer + self.flow.tables.len()) as u64)?;
                self.flow.writer.begin_table(0);
                Step::Into(Open::Table)
            }
            b"table-column" => {
                let count = repeated(tag, b"table:number-columns-repeated");
                let seen = self.flow.tables.last_mut().map_or(0, |table| {
                    let seen = table.columns;
                    table.columns = table.columns.saturating_add(count);
                    seen
                });
                for _ in 0..count.min(MAX_REPEATED.saturating_sub(seen)) {
                    self.flow.writer.add_column();
                }
                Step::Into(Open::Other)
            }
            b"table-row" => {
                let rows_repeated = count(tag, b"table:number-rows-repeated");
                if let Some(table) = self.flow.tables.last_mut() {
                    *table = Table {
                        columns: table.columns,
                        rows_repeated,
                        text_before: self.text_bytes,
                        cells: 0,
                    };
                }
                self.flow.writer.begin_row();
                if rows_repeated > 1 {
                    self.flow.writer.hold_row();
                }
                Step::Into(Open::Row)
            }
            b"table-cell" => {
                let span = repeated(tag, b"table:number-columns-spanned");
                self.start_cell(count(tag, b"table:number-columns-repeated"), span)?
            }
            b"covered-table-cell" => {
                let count = repeated(tag, b"table:number-columns-repeated");
                self.count_cells(count)?;
                self.held(usize::try_from(count).unwrap_or(0) * 2)?;
                for _ in 0..count {
                    self.flow.writer.begin_covered_cell();
                    self.flow.writer.end_cell(1);
                }
                Step::Skip
            }
            // What the table is called, not what it says.
            b"title" | b"desc" if tag.qualified().starts_with(b"table:") => Step::Skip,
            b"scenario" | b"table-protection" | b"table-template" => Step::Skip,
            _ => return Ok(None),
        }))
    }

    fn count_cells(&mut self, count: u64) -> Result<()> {
        if let Some(table) = self.flow.tables.last_mut() {
            table.cells = table.cells.saturating_add(count);
        }
        self.document.meter.cells(count)
    }

    fn start_cell(&mut self, count: u64, span: u64) -> Result<Step> {
        self.count_cells(count.min(MAX_REPEATED))?;
        if count > 1 {
            // What it holds is needed as often as it repeats.
            let flow = Flow::new(Writer::single_line(self.document.form()), Side::Cell);
            self.outer.push(std::mem::replace(&mut self.flow, flow));
        } else {
            self.flow.writer.begin_cell();
        }
        self.flow.nests.push(Nest::default());
        Ok(Step::Into(Open::Cell { repeated: count, span }))
    }

    pub(super) fn end_cell(&mut self, count: u64, span: u64) -> Result<()> {
        self.flow.nests.pop();
        if count <= 1 {
            self.flow.writer.end_cell(span);
            return Ok(());
        }
        let Some(outer) = self.outer.pop() else {
            return Ok(());
        };
        let cell = std::mem::replace(&mut self.flow, outer);
        let has_text = cell.writer.has_text();
        let text = cell.writer.finish();
        let written = count.min(MAX_REPEATED);
        if has_text {
            self.document.tally.not_repeated(count - written);
        }
        for _ in 0..written {
            self.held(text.len() + 2)?;
            self.flow.writer.begin_cell();
            if has_text {
                self.flow.writer.blocks(text.clone());
            }
            self.flow.writer.end_cell(1);
        }
        Ok(())
    }

    /// Ends a row and writes it as often as it repeats, if it says anything.
    pub(super) fn end_row(&mut self) -> Result<()> {
        self.flow.writer.end_row();
        let Some(table) = self.flow.tables.last().filter(|table| self.text_bytes > table.text_before) else {
            return Ok(());
        };
        let cells = table.cells;
        for left in (1..table.rows_repeated).rev() {
            if !self.flow.writer.repeat_row() {
                // Within a cell there are no rows.
                self.document.tally.not_repeated(left);
                break;
            }
            self.document.meter.cells(cells)?;
            let grown = self.flow.writer.grown();
            self.held(grown)?;
        }
        Ok(())
    }

    pub(super) fn end_table(&mut self) {
        self.flow.tables.pop();
        self.flow.writer.end_table();
    }
}
