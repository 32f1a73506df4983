//! The text of a chart: its titles, then its series as a table of categories and values.
//!
//! Values are the cached ones that the document shows; the embedded workbook behind them is not opened. Where
//! series differ in their categories, those of the first series stand.

use std::collections::BTreeMap;

use crate::Result;
use crate::limits::Meter;
use crate::markdown::{Block, Form, Style, Writer};
use crate::xml::{Event, Reader, Source};

use super::links::Graphic;

/// What a cached point weighs in memory beside its text.
const POINT_BYTES: u64 = 64;
/// What an empty cell weighs in the output.
const CELL_BYTES: u64 = 4;

type Points = BTreeMap<u32, String>;

#[derive(Debug, Default)]
struct Series {
    name: String,
    categories: Points,
    values: Points,
    sizes: Points,
}

/// Which cache of a series a point belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Name,
    Categories,
    Values,
    Sizes,
}

#[derive(Debug, Default)]
struct Chart {
    titles: Vec<String>,
    series: Vec<Series>,
    role: Option<Role>,
    in_title: bool,
    index: u32,
}

/// Reads a chart part; its text counts as held in memory.
pub(crate) fn read<S: Source>(reader: &mut Reader<S>, meter: &Meter, form: Form) -> Result<Graphic> {
    let mut chart = Chart::default();
    let mut in_text = false;
    loop {
        match reader.next_event()? {
            Event::Start(tag) => match tag.local() {
                b"t" | b"v" => in_text = true,
                b"pt" => {
                    chart.index = tag.number(b"idx").unwrap_or(u32::MAX);
                    meter.resident(POINT_BYTES)?;
                }
                local => {
                    if chart.start(local) {
                        meter.resident(POINT_BYTES * 4)?;
                    }
                }
            },
            Event::Text(text) if in_text => {
                meter.resident(POINT_BYTES + text.len() as u64)?;
                chart.text(text);
            }
            Event::End(b"t" | b"v") => in_text = false,
            Event::End(local) => chart.end(local),
            Event::Text(_) => {}
            Event::Eof => {
                let blocks = chart.write(meter, Writer::with(form))?;
                return Ok(Graphic { blocks, line: chart.write(meter, Writer::single_line(form))? });
            }
        }
    }
}

impl Chart {
    /// Begins an element; tells whether it is something to be held.
    fn start(&mut self, local: &[u8]) -> bool {
        match local {
            b"ser" | b"series" => self.series.push(Series::default()),
            b"title" => {
                self.in_title = true;
                self.titles.push(String::new());
            }
            b"tx" if !self.in_title => self.role = Some(Role::Name),
            b"cat" | b"xVal" => self.role = Some(Role::Categories),
            b"val" | b"yVal" => self.role = Some(Role::Values),
            b"bubbleSize" => self.role = Some(Role::Sizes),
            _ => {}
        }
        matches!(local, b"ser" | b"series" | b"title")
    }

    fn end(&mut self, local: &[u8]) {
        match local {
            b"title" => self.in_title = false,
            b"tx" | b"cat" | b"xVal" | b"val" | b"yVal" | b"bubbleSize" => self.role = None,
            b"p" => {
                if let Some(title) = self.titles.last_mut().filter(|_| self.in_title) {
                    title.push(' ');
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if self.in_title {
            if let Some(title) = self.titles.last_mut() {
                title.push_str(text);
            }
            return;
        }
        let (Some(role), Some(series)) = (self.role, self.series.last_mut()) else {
            // Text that hangs loose (labels, text boxes in the chart) is kept beside the titles.
            self.titles.push(text.to_owned());
            return;
        };
        let points = match role {
            Role::Name => {
                series.name.push_str(text);
                return;
            }
            Role::Categories => &mut series.categories,
            Role::Values => &mut series.values,
            Role::Sizes => &mut series.sizes,
        };
        points.entry(self.index).or_default().push_str(text);
    }

    /// Writes the chart. Every cell counts as held: few points in many series are many cells.
    fn write(&self, meter: &Meter, mut writer: Writer) -> Result<String> {
        let style = Style::default();
        for title in &self.titles {
            writer.begin_paragraph(Block::Paragraph);
            writer.text(title, &style);
            writer.end_paragraph();
        }
        let columns: Vec<(&str, &Points)> = self.series.iter().flat_map(Series::columns).collect();
        let categories =
            self.series.iter().map(|series| &series.categories).find(|points| !points.is_empty());
        let mut rows: Vec<u32> = columns.iter().flat_map(|(_, points)| points.keys().copied()).collect();
        rows.extend(categories.into_iter().flat_map(|points| points.keys().copied()));
        rows.sort_unstable();
        rows.dedup();
        if columns.is_empty() {
            return Ok(writer.finish());
        }
        writer.begin_table(columns.len() + 1);
        write_row(&mut writer, "", columns.iter().map(|(name, _)| *name));
        for row in rows {
            meter.check_cancelled()?;
            meter.resident(columns.len() as u64 * CELL_BYTES)?;
            let category = categories.and_then(|points| points.get(&row)).map_or("", String::as_str);
            let values = columns.iter().map(|(_, points)| points.get(&row).map_or("", String::as_str));
            write_row(&mut writer, category, values);
        }
        writer.end_table();
        Ok(writer.finish())
    }
}

impl Series {
    fn columns(&self) -> impl Iterator<Item = (&str, &Points)> {
        let sizes = (!self.sizes.is_empty()).then_some(("", &self.sizes));
        std::iter::once((self.name.as_str(), &self.values)).chain(sizes)
    }
}

fn write_row<'a>(writer: &mut Writer, first: &'a str, rest: impl Iterator<Item = &'a str>) {
    let style = Style::default();
    writer.begin_row();
    for text in std::iter::once(first).chain(rest) {
        writer.begin_cell();
        writer.text(text, &style);
        writer.end_cell(1);
    }
    writer.end_row();
}
