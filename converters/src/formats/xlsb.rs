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

use super::xlsx::conversion::{self, Form};
use super::xlsx::workbook::Workbook;
use crate::ooxml::{Ooxml, Relationship};
use crate::sheets::{Book, CellComments, Cells, Outcome, Strings, Styles};
use crate::zip::PartReader;
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
        conversion::convert::<Xlsb>(&mut Ooxml::open(input, meter)?, options, sink)
    }
}

/// Parts in records.
struct Xlsb;

impl Form for Xlsb {
    fn workbook(ooxml: &mut Ooxml<'_>) -> Result<Workbook> {
        workbook::read(ooxml)
    }

    fn styles(ooxml: &mut Ooxml<'_>, part: Option<&str>) -> Result<Styles> {
        styles::read(ooxml, part)
    }

    fn strings(ooxml: &mut Ooxml<'_>, part: Option<&str>) -> Result<Strings> {
        strings::read(ooxml, part)
    }

    fn merged_ranges(part: PartReader<'_>, _: &Meter, cells: &mut Cells<'_>) -> Result<()> {
        sheet::merged_ranges(Records::new(part), cells)
    }

    fn sheet(
        part: PartReader<'_>,
        cells: Cells<'_>,
        shared: (&Book<'_>, &Strings),
        meter: &Meter,
    ) -> Result<Outcome> {
        sheet::read(Records::new(part), cells, shared, meter)
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
