//! The text of a SmartArt diagram: its points as a list, nested and ordered as they are connected.
//!
//! The data part holds what the author typed (ECMA-376 part 1, section 21.4.3); how the points are drawn is left out.
//! A point that no connection leads to, such as the words on an arrow, follows behind the others.

use std::collections::{HashMap, HashSet};

use crate::Result;
use crate::limits::Meter;
use crate::markdown::{Block, Form, Marker, Style, Writer};
use crate::xml::{Event, Reader, Source, Tag};

use super::links::Graphic;

/// What a point or a connection weighs in memory beside its text.
const ENTRY_BYTES: u64 = 192;

/// A point; its lines of text are separated by line feeds.
#[derive(Debug)]
struct Point {
    id: String,
    text: String,
}

/// The children of a point, each behind its place among them.
type Children = Vec<(u32, String)>;

#[derive(Debug, Default)]
struct Diagram {
    points: Vec<Point>,
    /// The point that stands for the diagram.
    root: Option<String>,
    children: HashMap<String, Children>,
}

/// Reads a diagram data part; its text counts as held in memory.
pub(crate) fn read<S: Source>(reader: &mut Reader<S>, meter: &Meter, form: Form) -> Result<Graphic> {
    let mut diagram = Diagram::default();
    let mut in_text = false;
    loop {
        match reader.next_event()? {
            Event::Start(tag) => match tag.local() {
                b"pt" => diagram.add_point(tag, meter)?,
                b"cxn" => diagram.connect(tag, meter)?,
                b"p" | b"br" => diagram.text("\n", meter)?,
                // The text of a point stands in an element of this name too, which holds paragraphs.
                b"t" => in_text = true,
                // Placeholder text that the author did not type.
                b"prSet" | b"presLayoutVars" => reader.skip_element()?,
                _ => {}
            },
            Event::Text(text) if in_text => diagram.text(text, meter)?,
            Event::End(b"t") => in_text = false,
            Event::End(_) | Event::Text(_) => {}
            Event::Eof => break,
        }
    }
    diagram.children.values_mut().for_each(|children| children.sort_by_key(|(place, _)| *place));
    let (mut blocks, mut line) = (Writer::with(form), Writer::single_line(form));
    for (point, level) in diagram.ordered() {
        for writer in [&mut blocks, &mut line] {
            write_point(point, level, writer);
        }
        meter.resident((blocks.grown() + line.grown()) as u64)?;
    }
    Ok(Graphic { blocks: blocks.finish(), line: line.finish() })
}

impl Diagram {
    fn add_point(&mut self, tag: Tag<'_>, meter: &Meter) -> Result<()> {
        let id = tag.value(b"modelId").unwrap_or_default().into_owned();
        meter.resident(ENTRY_BYTES + 2 * id.len() as u64)?;
        if tag.raw(b"type") == Some(b"doc") {
            self.root.get_or_insert_with(|| id.clone());
        }
        self.points.push(Point { id, text: String::new() });
        Ok(())
    }

    /// Adds a connection from parent to child; other types concern how the diagram is drawn.
    fn connect(&mut self, tag: Tag<'_>, meter: &Meter) -> Result<()> {
        if tag.raw(b"type").is_some_and(|kind| kind != b"parOf") {
            return Ok(());
        }
        let parent = tag.value(b"srcId").unwrap_or_default();
        let child = tag.value(b"destId").unwrap_or_default().into_owned();
        meter.resident(ENTRY_BYTES + (parent.len() + child.len()) as u64)?;
        let place = tag.number(b"srcOrd").unwrap_or(u32::MAX);
        self.children.entry(parent.into_owned()).or_default().push((place, child));
        Ok(())
    }

    fn text(&mut self, text: &str, meter: &Meter) -> Result<()> {
        meter.resident(text.len() as u64)?;
        if let Some(point) = self.points.last_mut() {
            point.text.push_str(text);
        }
        Ok(())
    }

    /// Returns the points with text and their levels: depth first from the root, each once, then what is left.
    fn ordered(&self) -> Vec<(&Point, u8)> {
        let mut left: HashMap<&str, usize> = HashMap::new();
        for (at, point) in self.points.iter().enumerate() {
            left.entry(&point.id).or_insert(at);
        }
        let (mut found, mut is_found) = (Vec::new(), HashSet::new());
        // The root is no item itself: its children are on the first level.
        let root = self.root.as_deref().unwrap_or_default();
        let mut open: Vec<(&str, u8)> = self.children_of(root, 0).collect();
        while let Some((id, level)) = open.pop() {
            // One that was met before is gone from the map: connections may run in circles.
            if let Some(at) = left.remove(id) {
                is_found.insert(at);
                found.extend(self.points.get(at).map(|point| (point, level)));
                open.extend(self.children_of(id, level.saturating_add(1)));
            }
        }
        let loose = self.points.iter().enumerate().filter(|(at, _)| !is_found.contains(at));
        found.extend(loose.map(|(_, point)| (point, 0)));
        found.retain(|(point, _)| !point.text.trim().is_empty());
        found
    }

    /// Returns the children of a point, the last first.
    fn children_of(&self, id: &str, level: u8) -> impl Iterator<Item = (&str, u8)> {
        let children = self.children.get(id).map_or(&[][..], Vec::as_slice);
        children.iter().rev().map(move |(_, child)| (child.as_str(), level))
    }
}

fn write_point(point: &Point, level: u8, writer: &mut Writer) {
    writer.begin_paragraph(Block::Item { level, marker: Marker::Bullet });
    for (at, line) in point.text.lines().filter(|line| !line.trim().is_empty()).enumerate() {
        if at > 0 {
            writer.line_break();
        }
        writer.text(line, &Style::default());
    }
    writer.end_paragraph();
}
