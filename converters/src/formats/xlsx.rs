//! The `xlsx-to-csv` converter: a workbook becomes one CSV part for each worksheet with values.
//!
//! An own streaming reader: memory does not grow with a sheet, only with the shared strings. Parts are found
//! by relationship and elements by local name, so that transitional and strict documents are the same here.
//! Sheets without cells of their own kind (chart, dialogue and macro sheets) cost a warning, never the workbook;
//! layout, formulas and everything that is not a value are left out, which the warnings count.

mod attachments;
mod attributes;
mod cell_scan;
pub(super) mod comments;
pub(super) mod conversion;
mod formula;
mod rich_text;
mod scanner;
mod shared_strings;
mod sheet;
mod styles;
mod text;
mod utf8;
pub(super) mod workbook;

use crate::ooxml::{Ooxml, Relationship};
use crate::sheets::{CellComments, Cells, Outcome, Strings, Styles};
use crate::{Converter, Input, Meter, Options, Result, Sink};

use conversion::{Form, Shared};
use scanner::Scanner;
use sheet::Worksheet;
use workbook::Workbook;

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
        conversion::convert(Xlsx, &mut Ooxml::open(input, meter)?, options, sink)
    }
}

/// Parts in XML.
struct Xlsx;

impl Form for Xlsx {
    fn workbook(&mut self, ooxml: &mut Ooxml<'_>, _: &Options) -> Result<Workbook> {
        Workbook::read(ooxml)
    }

    fn styles(ooxml: &mut Ooxml<'_>, part: Option<&str>) -> Result<Styles> {
        styles::read(ooxml, part)
    }

    fn strings(ooxml: &mut Ooxml<'_>, part: Option<&str>) -> Result<Strings> {
        let meter = ooxml.meter();
        let part = match part {
            Some(name) => ooxml.package().part(name)?,
            None => None,
        };
        match part {
            Some(part) => shared_strings::read(Scanner::new(part, meter.limits()), meter),
            None => Ok(Strings::default()),
        }
    }

    fn sheet(
        &self,
        ooxml: &mut Ooxml<'_>,
        part: &str,
        mut cells: Cells<'_>,
        shared: &Shared<'_>,
    ) -> Result<Option<Outcome>> {
        let meter = ooxml.meter();
        if shared.book.wants_merges()
            && let Some(part) = ooxml.package().part(part)?
        {
            sheet::merged_ranges(Scanner::new(part, meter.limits()), &mut cells)?;
        }
        let Some(part) = ooxml.package().part(part)? else { return Ok(None) };
        let scanner = Scanner::new(part, meter.limits());
        Worksheet::new(scanner, cells, (shared.book, shared.strings), meter).read().map(Some)
    }

    fn comments(
        ooxml: &mut Ooxml<'_>,
        relationships: &[Relationship],
        persons: Option<&str>,
        options: &Options,
    ) -> Result<CellComments> {
        comments::read(ooxml, relationships, persons, options)
    }
}
