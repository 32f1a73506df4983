//! The `xls-to-csv` converter: a workbook of Excel 2 to 2003 becomes one CSV part for each sheet with values.
//!
//! An own streaming reader: memory does not grow with a sheet, only with the shared strings. Each sheet is read
//! twice, because what concerns a cell may stand behind it. Nothing is done by a count or size in the file. Sheets
//! without cells of their own kind (chart, dialogue and macro sheets, modules) cost a warning, never the workbook.

mod cipher;
mod codepage;
mod formulas;
mod globals;
mod kind;
mod links;
mod notes;
mod records;
mod sheet;
mod strings;
mod survey;
mod version;
mod workbook;

use crate::cfb::{Compound, Stream};
use crate::options::HiddenContent;
use crate::sheets::{Book, Cells, Outcome, Tally, Yields};
use crate::{ConvertError, Converter, Input, Meter, Options, Result, Sink, Warning, WarningCode};

use globals::{Globals, Listed};
use links::Resolver;
use records::Records;
use sheet::Sheet;
use survey::Survey;
use version::Content;
use workbook::Workbook;

/// The converter.
#[derive(Debug)]
pub struct XlsToCsv;

impl Converter for XlsToCsv {
    fn name(&self) -> &'static str {
        "xls-to-csv"
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
        let mut tally = Tally::default();
        let stream = open(input, &mut tally, meter)?;
        let mut records = Records::new(input, stream, meter);
        let workbook = Workbook::read(&mut records, options)?;
        let mut yields = Yields::default();
        for sheet in &workbook.sheets {
            let outcome = convert_sheet(&mut records, (&workbook, sheet), options, &mut tally, sink)?;
            yields.note(&sheet.name, outcome);
        }
        tally.warn(options, sink);
        yields.finish(sink)
    }
}

/// Opens the stream of the workbook, which until Excel 4 is the file itself.
fn open(input: &mut dyn Input, tally: &mut Tally, meter: &Meter) -> Result<Stream> {
    let Some(mut file) = Compound::open(input, meter)? else {
        return Ok(Stream::whole(input));
    };
    for entry in file.root().into_iter().filter(|entry| entry.is_storage()) {
        tally.has_macros |= entry.name.starts_with("_VBA_PROJECT");
    }
    // A file for two versions has both.
    for name in ["Workbook", "Book"] {
        if let Some(stream) = file.stream(input, name, meter)? {
            return Ok(stream);
        }
    }
    Err(ConvertError::corrupt("the compound file", "it has no workbook"))
}

/// Converts one sheet. One that is left out counts as empty.
fn convert_sheet(
    records: &mut Records<'_>,
    (workbook, listed): (&Workbook, &Listed),
    options: &Options,
    tally: &mut Tally,
    sink: &mut dyn Sink,
) -> Result<Outcome> {
    let Some((bof, limit)) = workbook.find(records, listed)? else {
        tally.missing_parts += 1;
        return Ok(Outcome::Empty);
    };
    if !listed.is_worksheet || bof.content != Content::Worksheet {
        tally.sheets_skipped += 1;
        return Ok(Outcome::NoWorksheet);
    }
    if listed.is_hidden {
        tally.hidden_sheets += 1;
        if options.hidden_content == HiddenContent::Exclude {
            return Ok(Outcome::Empty);
        }
    }
    let start = records.next_at();
    let own = if workbook.sheets_have_globals {
        let own = Globals::read(records, bof.biff, Some(&workbook.globals), options)?;
        records.seek(start);
        // A workbook of Excel 4 may have the styles of all sheets in one place.
        own.has_styles.then_some(own)
    } else {
        None
    };
    let globals = own.as_ref().unwrap_or(&workbook.globals);
    let book = Book { options, styles: &globals.styles, epoch: globals.epoch };
    let meter = records.meter();
    let mut cells = Cells::new(&book, &listed.name, tally, (meter, &mut *sink));
    let (survey, comments) = Survey::read(records, limit, (globals, options), &mut cells)?;
    if survey.is_dialog {
        drop(cells);
        tally.sheets_skipped += 1;
        return Ok(Outcome::NoWorksheet);
    }
    if !survey.is_whole {
        return Err(ConvertError::corrupt(format!("the sheet {}", listed.name), "it has no end"));
    }
    records.seek(start);
    let replaced = survey.replaced;
    let mut sheet = Sheet::new(Resolver { globals, sheets: &workbook.sheets }, cells, book.wants_formulas());
    sheet.read(records, limit, survey)?;
    let outcome = sheet.finish()?;
    if replaced > 0 {
        let message = "cells stand in a place where another one follows; the last one counts";
        sink.warn(Warning::new(WarningCode::BadCell, replaced, message));
    }
    let has_comments = comments.finish(&listed.name, options, tally, (meter, sink))?;
    Ok(outcome.with_comments(has_comments))
}
