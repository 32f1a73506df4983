//! The `xlsx-to-csv` converter: a workbook becomes one CSV part for each worksheet with values.
//!
//! An own streaming reader: memory does not grow with a sheet, only with the shared strings. Parts are found
//! by relationship and elements by local name, so that transitional and strict documents are the same here.
//! Sheets without cells of their own kind (chart, dialogue and macro sheets) cost a warning, never the workbook;
//! layout, formulas and everything that is not a value are left out, which the warnings count.

pub(super) mod attachments;
mod attributes;
mod cell_scan;
pub(super) mod comments;
mod formula;
mod rich_text;
mod scanner;
mod shared_strings;
mod sheet;
mod styles;
mod text;
mod utf8;
pub(super) mod workbook;

use crate::ooxml::Ooxml;
use crate::sheets::{Book, Cells, Outcome, Strings, Tally, Yields};
use crate::{Converter, Input, Meter, Options, Result, Sink};

use scanner::Scanner;
use sheet::Worksheet;
use workbook::{Sheet, Workbook};

/// The converter.
#[derive(Debug)]
pub struct XlsxToCsv;

impl Converter for XlsxToCsv {
    fn name(&self) -> &'static str {
        "xlsx-to-csv"
    }

    fn revision(&self) -> u32 {
        2
    }

    fn convert(
        &self,
        input: &mut dyn Input,
        options: &Options,
        meter: &mut Meter,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let mut ooxml = Ooxml::open(input, meter)?;
        let workbook = Workbook::read(&mut ooxml)?;
        let styles = styles::read(&mut ooxml, workbook.part("styles"))?;
        let strings = read_strings(&mut ooxml, workbook.part("sharedStrings"))?;
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

fn read_strings(ooxml: &mut Ooxml<'_>, part: Option<&str>) -> Result<Strings> {
    let meter = ooxml.meter();
    let part = match part {
        Some(name) => ooxml.package().part(name)?,
        None => None,
    };
    match part {
        Some(part) => shared_strings::read(Scanner::new(part, meter.limits()), meter),
        // Cells that name a string are counted one by one.
        None => Ok(Strings::default()),
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
        sheet::merged_ranges(Scanner::new(part, meter.limits()), &mut cells)?;
        ooxml.package().part(name)?
    } else {
        Some(part)
    };
    let Some(part) = part else { return Ok(Outcome::Empty) };
    let worksheet = Worksheet::new(Scanner::new(part, meter.limits()), cells, (book, strings), meter);
    let outcome = worksheet.read()?;
    if outcome == Outcome::NoWorksheet {
        tally.sheets_skipped += 1;
    }
    let comments = attachments::read(ooxml, name, tally, |ooxml, relationships| {
        comments::read(ooxml, relationships, workbook.part("person"), book.options)
    })?;
    let has_comments = comments.finish(&sheet.name, book.options, tally, (meter, sink))?;
    Ok(outcome.with_comments(has_comments))
}
