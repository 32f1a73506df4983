//! Tables. Cells that a merged cell covers stand in the document themselves, so every row has all its cells.

use crate::Result;
use crate::markdown::Writer;
use crate::xml::Tag;

use super::super::lists::Nest;
use super::super::raw_attribute;
use super::side::Side;
use super::{Flow, Open, Step, Walker};

/// Cells and columns that repeat beyond this are not text, whatever their count says.
const MAX_REPEATED: u64 = 1024;

/// An open table.
#[derive(Debug, Default)]
pub(super) struct Table {
    columns: u64,
    /// How often the open row repeats, and how much text there was before it.
    rows_repeated: u64,
    text_before: u64,
}

fn repeated(tag: Tag<'_>, name: &[u8]) -> u64 {
    let count =
        raw_attribute(tag, name).and_then(|count| std::str::from_utf8(count).ok()?.trim().parse().ok());
    count.unwrap_or(1).clamp(1, MAX_REPEATED)
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
                    table.columns += count;
                    seen
                });
                for _ in 0..count.min(MAX_REPEATED.saturating_sub(seen)) {
                    self.flow.writer.add_column();
                }
                Step::Into(Open::Other)
            }
            b"table-row" => {
                if let Some(table) = self.flow.tables.last_mut() {
                    table.rows_repeated = repeated(tag, b"table:number-rows-repeated");
                    table.text_before = self.text_bytes;
                }
                self.flow.writer.begin_row();
                Step::Into(Open::Row)
            }
            b"table-cell" => {
                let span = repeated(tag, b"table:number-columns-spanned");
                self.start_cell(repeated(tag, b"table:number-columns-repeated"), span)?
            }
            b"covered-table-cell" => {
                let count = repeated(tag, b"table:number-columns-repeated");
                self.document.meter.cells(count)?;
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

    fn start_cell(&mut self, count: u64, span: u64) -> Result<Step> {
        self.document.meter.cells(count)?;
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
        for _ in 0..count {
            self.held(text.len() + 2)?;
            self.flow.writer.begin_cell();
            if has_text {
                self.flow.writer.blocks(text.clone());
            }
            self.flow.writer.end_cell(1);
        }
        Ok(())
    }

    pub(super) fn end_row(&mut self) {
        self.flow.writer.end_row();
        if let Some(table) = self.flow.tables.last()
            && table.rows_repeated > 1
            && self.text_bytes > table.text_before
        {
            self.document.tally.unsupported += table.rows_repeated - 1;
        }
    }

    pub(super) fn end_table(&mut self) {
        self.flow.tables.pop();
        self.flow.writer.end_table();
    }
}
