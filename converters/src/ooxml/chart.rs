//! The text of a chart: its titles, then each series as a table of categories and values.
//!
//! Values are the cached ones that the document shows; the embedded workbook behind them is not opened. Each series
//! has categories of its own in the file, and they may differ; a series without any has those of the first that does.
//! Charts of the 2014 extension (`chartex`, [MS-ODRAWXML] section 2.24.3) hold data and series apart.

use std::collections::{BTreeMap, HashMap};

use crate::Result;
use crate::limits::Meter;
use crate::markdown::{Block, Form, Style, Writer};
use crate::xml::{Event, Reader, Source, Tag};

use super::links::Graphic;

/// What a cached point weighs in memory beside its text.
const POINT_BYTES: u64 = 64;
/// A longer category is not repeated for series that have none: one could become many times the document.
const MAX_REPEATED_BYTES: usize = 256;

type Points = BTreeMap<u32, String>;

#[derive(Debug, Default)]
struct Series {
    name: String,
    /// By level, the innermost first; charts about more than one attribute have several.
    categories: Vec<Points>,
    values: Points,
    sizes: Points,
    /// What authors wrote at single points.
    labels: Points,
}

/// Which cache of a series a point belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Name,
    Categories,
    Values,
    Sizes,
    Labels,
}

#[derive(Debug, Default)]
struct Chart {
    titles: Vec<String>,
    series: Vec<Series>,
    role: Option<Role>,
    in_title: bool,
    in_label: bool,
    /// Whether the text of points stands in the points themselves.
    in_dimension: bool,
    in_text: bool,
    /// Where the data of a `chartex` stand among the series, by the id by which these name them.
    data: HashMap<u32, usize>,
    /// The name of a series that stands apart from its data.
    name: Option<String>,
    index: u32,
}

/// Reads a chart part; its text counts as held in memory.
pub(crate) fn read<S: Source>(reader: &mut Reader<S>, meter: &Meter, form: Form) -> Result<Graphic> {
    let mut chart = Chart::default();
    loop {
        match reader.next_event()? {
            Event::Start(tag) => match tag.local() {
                // Numbers that no one wrote or reads.
                b"errBars" => reader.skip_element()?,
                _ => {
                    if chart.start(tag) {
                        meter.resident(POINT_BYTES * 4)?;
                    }
                }
            },
            Event::Text(text) if chart.in_text => {
                meter.resident(POINT_BYTES + text.len() as u64)?;
                chart.text(text);
            }
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
    fn start(&mut self, tag: Tag<'_>) -> bool {
        match tag.local() {
            b"t" | b"v" => self.in_text = true,
            b"pt" => {
                self.index = tag.number(b"idx").unwrap_or(u32::MAX);
                self.in_text = self.in_dimension;
                return true;
            }
            b"ser" => self.series.push(Series::default()),
            b"data" => {
                if let Some(id) = tag.number(b"id") {
                    self.data.entry(id).or_insert(self.series.len());
                }
                self.series.push(Series::default());
            }
            b"series" => self.name = Some(String::new()),
            b"dataId" => self.name_data(tag.number(b"val")),
            b"title" => {
                self.in_title = true;
                self.titles.push(String::new());
            }
            b"dLbl" => (self.in_label, self.role) = (true, Some(Role::Labels)),
            b"idx" if self.in_label => self.index = tag.number(b"val").unwrap_or(u32::MAX),
            local => return self.start_role(local),
        }
        matches!(tag.local(), b"ser" | b"data" | b"series" | b"title")
    }

    fn start_role(&mut self, local: &[u8]) -> bool {
        match local {
            b"tx" if !self.in_title && !self.in_label => self.role = Some(Role::Name),
            b"cat" | b"xVal" | b"strDim" => self.role = Some(Role::Categories),
            b"val" | b"yVal" | b"numDim" => self.role = Some(Role::Values),
            b"bubbleSize" => self.role = Some(Role::Sizes),
            b"datalabelsRange" => self.role = Some(Role::Labels),
            b"lvl" if self.role == Some(Role::Categories) => {
                if let Some(series) = self.series.last_mut() {
                    series.categories.push(Points::new());
                }
                return true;
            }
            _ => {}
        }
        if matches!(local, b"strDim" | b"numDim") {
            self.in_dimension = true;
        }
        false
    }

    fn end(&mut self, local: &[u8]) {
        match local {
            b"t" | b"v" | b"pt" => self.in_text = false,
            b"title" => self.in_title = false,
            b"series" => self.name = None,
            b"dLbl" => (self.in_label, self.role) = (false, None),
            b"tx" if self.in_label => {}
            b"strDim" | b"numDim" => (self.in_dimension, self.role) = (false, None),
            b"tx" | b"cat" | b"xVal" | b"val" | b"yVal" | b"bubbleSize" | b"datalabelsRange" => {
                self.role = None;
            }
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
        if let (Some(Role::Name), Some(name)) = (self.role, &mut self.name) {
            name.push_str(text);
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
            Role::Categories => {
                if series.categories.is_empty() {
                    series.categories.push(Points::new());
                }
                let Some(level) = series.categories.last_mut() else { return };
                level
            }
            Role::Values => &mut series.values,
            Role::Sizes => &mut series.sizes,
            Role::Labels => &mut series.labels,
        };
        points.entry(self.index).or_default().push_str(text);
    }

    /// Gives the name that was read to the data it belongs to.
    fn name_data(&mut self, id: Option<u32>) {
        let named = id.and_then(|id| self.data.get(&id)).and_then(|at| self.series.get_mut(*at));
        if let (Some(series), Some(name)) = (named, self.name.take()) {
            series.name = name;
        }
    }

    /// Writes the chart. What is written counts as held, as categories may be written for many series.
    fn write(&self, meter: &Meter, mut writer: Writer) -> Result<String> {
        for title in &self.titles {
            writer.begin_paragraph(Block::Paragraph);
            writer.text(title, &Style::default());
            writer.end_paragraph();
        }
        let shared = self.series.iter().map(|series| &series.categories).find(|levels| !levels.is_empty());
        for series in &self.series {
            series.write(shared.map_or(&[][..], Vec::as_slice), meter, &mut writer)?;
        }
        Ok(writer.finish())
    }
}

impl Series {
    /// Writes the table; `shared` are the categories of a series that has none.
    fn write(&self, shared: &[Points], meter: &Meter, writer: &mut Writer) -> Result<()> {
        let columns: Vec<&Points> = std::iter::once(&self.values)
            .chain([&self.sizes, &self.labels].into_iter().filter(|points| !points.is_empty()))
            .collect();
        let categories = if self.categories.is_empty() { shared } else { &self.categories };
        let points = self.categories.iter().chain(columns.iter().copied());
        let mut rows: Vec<u32> = points.flat_map(|points| points.keys().copied()).collect();
        rows.sort_unstable();
        rows.dedup();
        // On one line there are no columns to keep.
        let corner = (!writer.is_single_line()).then_some("");
        writer.begin_table(columns.len() + 1);
        write_row(writer, corner.into_iter().chain([self.name.as_str()]));
        for row in rows {
            meter.check_cancelled()?;
            // The outermost level first; it stands at the first of the points that it is about.
            let mut category = String::new();
            for name in categories.iter().rev().filter_map(|level| level.get(&row)) {
                if !self.categories.is_empty() || name.len() <= MAX_REPEATED_BYTES {
                    category.push_str(name);
                    category.push(' ');
                }
            }
            let values = columns.iter().map(|points| points.get(&row).map_or("", String::as_str));
            write_row(writer, std::iter::once(category.as_str()).chain(values));
            meter.resident(writer.grown() as u64)?;
        }
        writer.end_table();
        Ok(())
    }
}

fn write_row<'a>(writer: &mut Writer, cells: impl Iterator<Item = &'a str>) {
    let style = Style::default();
    writer.begin_row();
    for text in cells {
        writer.begin_cell();
        writer.text(text, &style);
        writer.end_cell(1);
    }
    writer.end_row();
}
