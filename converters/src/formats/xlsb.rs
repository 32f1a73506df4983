//! The `xlsb-to-csv` converter: a binary workbook ([MS-XLSB]) becomes one CSV part for each worksheet with values.
//!
//! The package is that of xlsx; its parts are streams of records. Each is read once, record by record, and what
//! is not a value, a style or a fact about rows and columns is passed over by its length.

mod comments;
mod fields;
mod records;
mod sheet;
mod strings;
mod styles;
mod workbook;

use super::xlsx::attachments;
use super::xlsx::workbook::{Sheet, Workbook};
use crate::ooxml::Ooxml;
use crate::sheets::{Book, Cells, Outcome, Strings, Tally, Yields};
use crate::{Converter, Input, Meter, Options, Result, Sink};

use records::Records;

/// The converter.
#[derive(Debug)]
pub struct XlsbToCsv;

impl Converter for XlsbToCsv {
    fn name(&self) -> &'static str {
        "xlsb-to-csv"
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
        let mut ooxml = Ooxml::open(input, meter)?;
        let workbook = workbook::read(&mut ooxml)?;
        let styles = styles::read(&mut ooxml, workbook.part("styles"))?;
        let strings = strings::read(&mut ooxml, workbook.part("sharedStrings"))?;
        let book = Book { options, styles: &styles, epoch: workbook.epoch };
        let mut tally = Tally { has_macros: workbook.part("vbaProject").is_some(), ..Tally::default() };
        let mut yields = Yields::default();
        for sheet in &workbook.sheets {
            let outcome = convert_sheet(&mut ooxml, (&workbook, sheet), (&book, &strings), &mut tally, sink)?;
            yields.note(&sheet.name, outcome);
        }
        tally.warn(options, sink);
        yields.finish(sink)
    }
}

/// Converts one sheet. One that is left out counts as empty.
fn convert_sheet(
    ooxml: &mut Ooxml<'_>,
    (workbook, sheet): (&Workbook, &Sheet),
    (book, strings): (&Book<'_>, &Strings),
    tally: &mut Tally,
    sink: &mut dyn Sink,
) -> Result<Outcome> {
    let Some(name) = workbook.part_of(sheet, book.options, tally) else {
        return Ok(Outcome::Empty);
    };
    let meter = ooxml.meter();
    let Some(part) = ooxml.package().part(name)? else {
        tally.missing_parts += 1;
        return Ok(Outcome::Empty);
    };
    let mut cells = Cells::new(book, &sheet.name, tally, (meter, &mut *sink));
    let part = if book.wants_merges() {
        sheet::merged_ranges(Records::new(part), &mut cells)?;
        ooxml.package().part(name)?
    } else {
        Some(part)
    };
    let Some(part) = part else { return Ok(Outcome::Empty) };
    let outcome = sheet::read(Records::new(part), cells, (book, strings), meter)?;
    if outcome == Outcome::NoWorksheet {
        tally.sheets_skipped += 1;
    }
    let comments = attachments::read(ooxml, name, tally, |ooxml, relationships| {
        comments::read(ooxml, relationships, workbook.part("person"), book.options)
    })?;
    let has_comments = comments.finish(&sheet.name, book.options, tally, (meter, sink))?;
    Ok(outcome.with_comments(has_comments))
}
