//! The `ods-to-csv` converter: an OpenDocument spreadsheet, packed or flat, becomes one CSV part for each sheet with
//! values (ODF 1.3 part 3, section 9).
//!
//! The content is read once. A cell holds its value and the text that a spreadsheet program showed; which of the two
//! is written is the choice of cell values. Rows and cells that are repeated are written as often as they say, which
//! the meter counts.

mod cell;
mod duration;
mod formula;
mod objects;
mod row;
mod table;
mod visibility;

use crate::number_format::Epoch;
use crate::odf::Odf;
use crate::sheets::{Book, Styles, Tally, Yields};
use crate::xml::Event;
use crate::{ConvertError, Converter, Input, Meter, Options, Result, Sink};

use objects::Objects;
use visibility::HiddenTables;

/// The converter.
#[derive(Debug)]
pub struct OdsToCsv;

impl Converter for OdsToCsv {
    fn name(&self) -> &'static str {
        "ods-to-csv"
    }

    fn revision(&self) -> u32 {
        1
    }

    fn convert(
        &self,
        input: &mut dyn Input,
        options: &Options,
        meter: &mut Meter,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let mut odf = Odf::open(input, meter)?;
        let styles = Styles::default();
        let book = Book { options, styles: &styles, epoch: Epoch::Y1900 };
        let mut tally = Tally { has_macros: odf.macros() > 0, ..Tally::default() };
        let mut objects = Objects::default();
        let yields = read(&mut odf, &book, &mut objects, &mut tally, sink)?;
        objects.count(&mut odf, &mut tally)?;
        tally.warn(options, sink);
        yields.finish(sink)
    }
}

/// Reads the content: automatic styles for what they hide, then the sheets.
fn read(
    odf: &mut Odf<'_>,
    book: &Book<'_>,
    objects: &mut Objects,
    tally: &mut Tally,
    sink: &mut dyn Sink,
) -> Result<Yields> {
    let meter = odf.meter();
    let missing = || ConvertError::corrupt("the package", "its content is missing");
    let mut reader = odf.content()?.ok_or_else(missing)?;
    let mut hidden = HiddenTables::default();
    let mut yields = Yields::default();
    let (mut sheets, mut seen_body) = (0, None);
    loop {
        let depth = reader.depth();
        let is_in_body = seen_body == Some(depth);
        match reader.next_event()? {
            Event::Start(tag) => match tag.local() {
                b"style" => hidden.style(tag),
                b"table-properties" => hidden.table_properties(tag, meter)?,
                b"spreadsheet" => seen_body = Some(depth + 1),
                // Macros of a flat file.
                b"module" => tally.has_macros = true,
                b"table" if is_in_body => {
                    sheets += 1;
                    meter.sheets(sheets)?;
                    let sheet = table::Sheet::new(tag, &hidden);
                    let outcome =
                        sheet.convert(&mut reader, (book, meter), (&mut *objects, &mut *tally), sink)?;
                    yields.note(sheet.name(), outcome);
                }
                // Filters, sources of data and earlier states of cells hold tables that are no sheets.
                _ if is_in_body => reader.skip_element()?,
                _ => {}
            },
            Event::End(_) | Event::Text(_) => {}
            Event::Eof if seen_body.is_none() => {
                return Err(ConvertError::corrupt("the content", "it is not that of a spreadsheet"));
            }
            Event::Eof => return Ok(yields),
        }
    }
}
