//! The text of a chart: its titles, then the table of its values (ODF 1.3 part 3, section 11).
//!
//! A chart holds a copy of the cells that it shows as a table of its own, with the categories in the first column
//! and a series in each other one. It is written as it stands.

use crate::Result;
use crate::limits::Meter;
use crate::markdown::{Block, Form, Style, Writer};
use crate::xml::{Event, Reader, Source};

use super::{raw_attribute, read_paragraph};

/// What a cell weighs in memory beside its text.
const CELL_BYTES: u64 = 32;
/// Charts do not have more columns; what repeats beyond is empty.
const MAX_COLUMNS: usize = 256;

/// A chart as finished Markdown.
#[derive(Debug, Clone)]
pub(crate) struct Chart {
    /// As blocks of their own.
    pub(crate) blocks: String,
    /// On one line, for table cells.
    pub(crate) line: String,
}

#[derive(Debug, Default)]
struct Content {
    titles: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// Reads the chart within the element whose start tag came last; its text counts as held in memory.
pub(crate) fn read<S: Source>(reader: &mut Reader<S>, meter: &Meter, form: Form) -> Result<Chart> {
    let mut content = Content::default();
    let outer = reader.depth();
    let (mut in_table, mut repeated) = (false, 1);
    while reader.depth() >= outer {
        match reader.next_event()? {
            Event::Start(tag) => match tag.local() {
                b"meta" | b"settings" | b"styles" | b"automatic-styles" | b"master-styles" => {
                    reader.skip_element()?;
                }
                b"table" => in_table = true,
                b"table-row" => {
                    meter.resident(CELL_BYTES)?;
                    content.rows.push(Vec::new());
                }
                b"table-cell" => {
                    let count = raw_attribute(tag, b"table:number-columns-repeated");
                    let count = count.and_then(|count| std::str::from_utf8(count).ok()?.parse().ok());
                    repeated = count.unwrap_or(1).clamp(1, MAX_COLUMNS);
                    content.add_cells(repeated, meter)?;
                }
                b"p" => {
                    let mut text = String::new();
                    read_paragraph(reader, meter, &mut text)?;
                    content.add_text(&text, in_table.then_some(repeated), meter)?;
                }
                _ => {}
            },
            Event::End(b"table") => in_table = false,
            Event::End(_) | Event::Text(_) => {}
            Event::Eof => break,
        }
    }
    content.drop_empty_rows();
    Ok(Chart { blocks: content.write(Writer::with(form)), line: content.write(Writer::single_line(form)) })
}

impl Content {
    fn add_cells(&mut self, count: usize, meter: &Meter) -> Result<()> {
        let Some(row) = self.rows.last_mut() else {
            return Ok(());
        };
        let room = MAX_COLUMNS.saturating_sub(row.len());
        meter.resident(count.min(room) as u64 * CELL_BYTES)?;
        row.extend(std::iter::repeat_n(String::new(), count.min(room)));
        Ok(())
    }

    /// Adds a paragraph: to the last cells, or to the titles if it stands in no table.
    fn add_text(&mut self, text: &str, cells: Option<usize>, meter: &Meter) -> Result<()> {
        let Some(cells) = cells else {
            if !text.trim().is_empty() {
                self.titles.push(text.to_owned());
            }
            return Ok(());
        };
        let Some(row) = self.rows.last_mut() else {
            return Ok(());
        };
        let from = row.len().saturating_sub(cells);
        for cell in row.iter_mut().skip(from) {
            meter.resident(text.len() as u64)?;
            if !cell.is_empty() {
                cell.push(' ');
            }
            cell.push_str(text);
        }
        Ok(())
    }

    fn drop_empty_rows(&mut self) {
        self.rows.retain(|row| row.iter().any(|cell| !cell.trim().is_empty()));
    }

    fn write(&self, mut writer: Writer) -> String {
        let style = Style::default();
        for title in &self.titles {
            writer.begin_paragraph(Block::Paragraph);
            writer.text(title, &style);
            writer.end_paragraph();
        }
        if !self.rows.is_empty() {
            writer.begin_table(self.rows.iter().map(Vec::len).max().unwrap_or(1));
            for row in &self.rows {
                writer.begin_row();
                for cell in row {
                    writer.begin_cell();
                    writer.text(cell, &style);
                    writer.end_cell(1);
                }
                writer.end_row();
            }
            writer.end_table();
        }
        writer.finish()
    }
}
