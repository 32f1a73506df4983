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

use super::xlsx::conversion::{self, Form, Shared};
use super::xlsx::workbook::Workbook;
use crate::formula::links::Links;
use crate::ooxml::{Ooxml, Relationship};
use crate::options;
use crate::sheets::{CellComments, Cells, Outcome, Strings, Styles};
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
        conversion::convert(Xlsb::default(), &mut Ooxml::open(input, meter)?, options, sink)
    }
}

/// Parts in records.
#[derive(Default)]
struct Xlsb {
    /// What formulas refer to, where their texts are wanted.
    links: Links,
}

impl Form for Xlsb {
    fn workbook(&mut self, ooxml: &mut Ooxml<'_>, options: &Options) -> Result<Workbook> {
        let wants_formulas = options.formulas == options::Formulas::Text;
        let (workbook, links) = workbook::read(ooxml, wants_formulas)?;
        self.links = links;
        Ok(workbook)
    }

    fn styles(ooxml: &mut Ooxml<'_>, part: Option<&str>) -> Result<Styles> {
        styles::read(ooxml, part)
    }

    fn strings(ooxml: &mut Ooxml<'_>, part: Option<&str>) -> Result<Strings> {
        strings::read(ooxml, part)
    }

    fn sheet(
        &self,
        ooxml: &mut Ooxml<'_>,
        part: &str,
        mut cells: Cells<'_>,
        shared: &Shared<'_>,
    ) -> Result<Option<Outcome>> {
        let (meter, book) = (ooxml.meter(), shared.book);
        let resolver = Resolver { links: &self.links, sheets: &shared.workbook.sheets };
        let mut formulas = book.wants_formulas().then(|| Formulas::new(resolver));
        if (book.wants_merges() || book.wants_formulas())
            && let Some(part) = ooxml.package().part(part)?
        {
            survey::read(Records::new(part), (book, meter), &mut cells, formulas.as_mut())?;
        }
        let Some(part) = ooxml.package().part(part)? else { return Ok(None) };
        sheet::read(Records::new(part), cells, (book, shared.strings, formulas), meter).map(Some)
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
