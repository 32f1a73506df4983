//! The `xlsb-to-csv` converter: a binary workbook ([MS-XLSB]) becomes one CSV part for each worksheet with values.
//!
//! The package is that of xlsx; its parts are streams of records. Each is read once, record by record, and what
//! is not a value, a style or a fact about rows and columns is passed over by its length. Sheets are read twice where
//! something behind a cell has to be known before it: repeated merged ranges, the texts of shared formulas.

mod comments;
mod fields;
mod formulas;
mod links;
mod records;
mod sheet;
mod strings;
mod styles;
mod survey;
mod workbook;

use super::xlsx::attachments;
use super::xlsx::workbook::{Sheet, Workbook};
use crate::ooxml::Ooxml;
use crate::options;
use crate::sheets::{Book, Cells, Outcome, Strings, Tally, Yields};
use crate::{Converter, Input, Meter, Options, Result, Sink};

use formulas::Formulas;
use links::Resolver;
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
        let wants_formulas = options.formulas == options::Formulas::Text;
        let (workbook, links) = workbook::read(&mut ooxml, wants_formulas)?;
        let styles = styles::read(&mut ooxml, workbook.part("styles"))?;
        let strings = strings::read(&mut ooxml, workbook.part("sharedStrings"))?;
        let book = Book { options, styles: &styles, epoch: workbook.epoch };
        let mut tally = Tally { has_macros: workbook.part("vbaProject").is_some(), ..Tally::default() };
        let resolver = Resolver { links: &links, sheets: &workbook.sheets };
        let shared = Shared { workbook: &workbook, book: &book, strings: &strings, resolver };
        let mut yields = Yields::default();
        for sheet in &workbook.sheets {
            let outcome = convert_sheet(&mut ooxml, (&shared, sheet), &mut tally, sink)?;
            yields.note(&sheet.name, outcome);
        }
        tally.warn(options, sink);
        yields.finish(sink)
    }
}

/// What all sheets share.
#[derive(Debug)]
struct Shared<'a> {
    workbook: &'a Workbook,
    book: &'a Book<'a>,
    strings: &'a Strings,
    resolver: Resolver<'a>,
}

/// Converts one sheet. One that is left out counts as empty.
fn convert_sheet(
    ooxml: &mut Ooxml<'_>,
    (shared, sheet): (&Shared<'_>, &Sheet),
    tally: &mut Tally,
    sink: &mut dyn Sink,
) -> Result<Outcome> {
    let Shared { workbook, book, .. } = *shared;
    let Some(name) = workbook.part_of(sheet, book.options, tally) else {
        return Ok(Outcome::Empty);
    };
    let meter = ooxml.meter();
    let Some(part) = ooxml.package().part(name)? else {
        tally.missing_parts += 1;
        return Ok(Outcome::Empty);
    };
    let mut cells = Cells::new(book, &sheet.name, tally, (meter, &mut *sink));
    let mut formulas = book.wants_formulas().then(|| Formulas::new(shared.resolver));
    let part = if book.wants_merges() || book.wants_formulas() {
        survey::read(Records::new(part), (book, meter), &mut cells, formulas.as_mut())?;
        ooxml.package().part(name)?
    } else {
        Some(part)
    };
    let Some(part) = part else { return Ok(Outcome::Empty) };
    let outcome = sheet::read(Records::new(part), cells, (book, shared.strings, formulas), meter)?;
    if outcome == Outcome::NoWorksheet {
        tally.sheets_skipped += 1;
    }
    let comments = attachments::read(ooxml, name, tally, |ooxml, relationships| {
        comments::read(ooxml, relationships, workbook.part("person"), book.options)
    })?;
    comments.finish(&sheet.name, book.options, tally, (meter, sink))?;
    Ok(outcome)
}
