//! One sheet: its columns, rows and cells (ODF 1.3 part 3, 9.1).

use crate::limits::{HighWater, Meter};
use crate::odf::{Character, OdfReader, Plain, attribute};
use crate::options::HiddenContent;
use crate::sheets::reference::MAX_COLUMNS;
use crate::sheets::{Book, CellComments, Cells, Outcome, Tally};
use crate::xml::{Event, Tag};
use crate::{Result, Sink};

use super::cell::{Cell, count};
use super::formula;
use super::objects::{Objects, is_drawing};
use super::row::Row;
use super::visibility::{HiddenTables, is_hidden};

/// A sheet by its start tag.
#[derive(Debug)]
pub(super) struct Sheet {
    name: String,
    is_hidden: bool,
}

/// What is read of a sheet besides its cells.
struct Around<'a> {
    book: &'a Book<'a>,
    meter: &'a Meter,
    objects: &'a mut Objects,
    comments: CellComments,
    /// The texts of the open cell and comment.
    held: HighWater,
}

/// Where the reading of a sheet is.
#[derive(Default)]
struct Place {
    row: u32,
    repeated: u32,
    is_hidden: bool,
    column: u32,
    /// The next column to be declared.
    declared: u32,
}

impl Sheet {
    pub(super) fn new(tag: Tag<'_>, hidden: &HiddenTables) -> Self {
        let name = attribute(tag, b"table:name").unwrap_or_default().into_owned();
        Self { name, is_hidden: hidden.hides(tag) }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Reads the table whose start tag came last, and passes its end.
    pub(super) fn convert(
        &self,
        reader: &mut OdfReader<'_>,
        (book, meter): (&Book<'_>, &Meter),
        (objects, tally): (&mut Objects, &mut Tally),
        sink: &mut dyn Sink,
    ) -> Result<Outcome> {
        if self.is_hidden {
            tally.hidden_sheets += 1;
            if book.options.hidden_content == HiddenContent::Exclude {
                reader.skip_element()?;
                return Ok(Outcome::Empty);
            }
        }
        let mut around =
            Around { book, meter, objects, comments: CellComments::default(), held: HighWater::default() };
        let cells = Cells::new(book, &self.name, tally, (meter, &mut *sink));
        let outcome = around.rows(reader, cells)?;
        let has_comments = around.comments.finish(&self.name, book.options, tally, (meter, sink))?;
        Ok(outcome.with_comments(has_comments))
    }
}

impl Around<'_> {
    fn rows(&mut self, reader: &mut OdfReader<'_>, mut cells: Cells<'_>) -> Result<Outcome> {
        let outer = reader.depth();
        let (mut place, mut row) = (Place::default(), Row::default());
        while reader.depth() >= outer {
            match reader.next_event()? {
                Event::Start(tag) => match tag.local() {
                    b"table-column" => place.column(tag, &mut cells)?,
                    b"table-row" => {
                        place.repeated = count(tag, b"table:number-rows-repeated")?;
                        (place.is_hidden, place.column) = (is_hidden(tag), 0);
                    }
                    local @ (b"table-cell" | b"covered-table-cell") => {
                        if local == b"covered-table-cell" {
                            row.cover();
                        }
                        let cell = Cell::new(tag)?;
                        self.cell(reader, cell, (&mut place, &mut row), &mut cells)?;
                    }
                    local if is_drawing(local) => self.objects.pass(reader, cells.tally(), self.meter)?,
                    // Rows and columns may stand in groups and headers; all else is no part of the grid.
                    b"table-columns"
                    | b"table-rows"
                    | b"table-header-columns"
                    | b"table-header-rows"
                    | b"table-column-group"
                    | b"table-row-group"
                    | b"shapes"
                    | b"g"
                    | b"a" => {}
                    _ => reader.skip_element()?,
                },
                Event::End(b"table-row") => {
                    row.write((place.row, place.repeated), place.is_hidden, self.meter, &mut cells)?;
                    place.row = place.row.saturating_add(place.repeated);
                }
                Event::End(_) | Event::Text(_) => {}
                Event::Eof => break,
            }
        }
        cells.finish()
    }

    /// Reads what stands in a cell, and passes its end.
    fn cell(
        &mut self,
        reader: &mut OdfReader<'_>,
        mut cell: Cell,
        (place, row): (&mut Place, &mut Row),
        cells: &mut Cells<'_>,
    ) -> Result<()> {
        let at = (place.row, place.column);
        place.column = place.column.saturating_add(cell.repeated);
        self.content(reader, &mut cell.text, at, cells.tally())?;
        if cell.spans != (1, 1) {
            row.merge((at.1, cell.repeated), cell.spans, self.meter)?;
        }
        let values = self.book.options.cell_values;
        let formula = cell.formula.as_deref().filter(|_| self.book.wants_formulas());
        row.push((at.1, cell.repeated), formula.is_some(), self.meter, |out| match formula {
            Some(text) => {
                out.push_str(&formula::show(text));
                super::cell::Form::Text
            }
            None => cell.show(values, out),
        })
    }

    /// Collects the paragraphs of a cell, one a line, and what else stands in it.
    fn content(
        &mut self,
        reader: &mut OdfReader<'_>,
        text: &mut String,
        at: (u32, u32),
        tally: &mut Tally,
    ) -> Result<()> {
        let outer = reader.depth();
        let (mut paragraph, mut paragraphs): (Option<Plain>, u64) = (None, 0);
        while reader.depth() >= outer {
            match reader.next_event()? {
                Event::Start(tag) => match tag.local() {
                    b"p" | b"h" => paragraph = Some(Plain::default()),
                    b"annotation" => self.annotation(reader, at)?,
                    b"table" => {
                        tally.shapes += 1;
                        reader.skip_element()?;
                    }
                    b"ruby-text" | b"detective" | b"cell-range-source" => reader.skip_element()?,
                    b"a" => {
                        let target = attribute(tag, b"xlink:href");
                        tally.links += u64::from(target.is_some_and(|target| !target.starts_with('#')));
                    }
                    local if is_drawing(local) => self.objects.pass(reader, tally, self.meter)?,
                    _ => {
                        if let Some((plain, character)) = paragraph.as_mut().zip(Character::of(tag)) {
                            plain.character(character);
                        }
                    }
                },
                Event::Text(piece) => {
                    if let Some(plain) = &mut paragraph {
                        plain.characters(piece);
                    }
                }
                Event::End(b"p" | b"h") => {
                    if let Some(plain) = paragraph.take() {
                        if paragraphs > 0 {
                            text.push('\n');
                        }
                        paragraphs += 1;
                        text.push_str(&plain.finish());
                    }
                }
                Event::End(_) => {}
                Event::Eof => break,
            }
            let open = paragraph.as_ref().map_or(0, Plain::size_bytes);
            self.held.note(text.len() + open, self.meter)?;
        }
        Ok(())
    }

    /// Reads a comment, and passes its end.
    fn annotation(&mut self, reader: &mut OdfReader<'_>, at: (u32, u32)) -> Result<()> {
        let outer = reader.depth();
        let (mut author, mut text, mut in_author) = (String::new(), String::new(), false);
        let mut paragraph: Option<Plain> = None;
        while reader.depth() >= outer {
            match reader.next_event()? {
                Event::Start(tag) => match tag.local() {
                    b"creator" => in_author = true,
                    b"p" => paragraph = Some(Plain::default()),
                    _ => {
                        if let Some((plain, character)) = paragraph.as_mut().zip(Character::of(tag)) {
                            plain.character(character);
                        }
                    }
                },
                Event::Text(piece) => match &mut paragraph {
                    Some(plain) => plain.characters(piece),
                    None if in_author => author.push_str(piece),
                    None => {}
                },
                Event::End(b"creator") => in_author = false,
                Event::End(b"p") => {
                    if let Some(plain) = paragraph.take() {
                        if !text.is_empty() {
                            text.push('\n');
                        }
                        text.push_str(&plain.finish());
                    }
                }
                Event::End(_) => {}
                Event::Eof => break,
            }
            let open = paragraph.as_ref().map_or(0, Plain::size_bytes);
            self.held.note(author.len() + text.len() + open, self.meter)?;
        }
        self.comments.push(Some(at), &author, &text, (self.book.options, self.meter))
    }
}

impl Place {
    /// Declares columns.
    fn column(&mut self, tag: Tag<'_>, cells: &mut Cells<'_>) -> Result<()> {
        let repeated = count(tag, b"table:number-columns-repeated")?;
        let next = self.declared.saturating_add(repeated);
        if is_hidden(tag) && self.declared < MAX_COLUMNS {
            cells.columns().hide(self.declared, next - 1);
        }
        self.declared = next;
        Ok(())
    }
}
