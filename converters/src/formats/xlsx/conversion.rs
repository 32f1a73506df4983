//! What the two forms of Excel packages share: from the sheets that the workbook lists to their CSV parts.

use crate::ooxml::{Ooxml, Relationship};
use crate::sheets::{Book, CellComments, Cells, Outcome, Strings, Styles, Tally, Yields};
use crate::{Options, Result, Sink};

use super::attachments;
use super::workbook::{Sheet, Workbook};

/// How the parts of a form are written.
pub(in crate::formats) trait Form {
    /// Reads the part that names the sheets; what else is wanted of it stays with the form.
    fn workbook(&mut self, ooxml: &mut Ooxml<'_>, options: &Options) -> Result<Workbook>;

    /// Reads the styles; without a part all cells are `General`.
    fn styles(ooxml: &mut Ooxml<'_>, part: Option<&str>) -> Result<Styles>;

    /// Reads the shared strings; without a part there are none, and cells that name one are counted.
    fn strings(ooxml: &mut Ooxml<'_>, part: Option<&str>) -> Result<Strings>;

    /// Reads the part of a sheet, twice where what stands behind the cells concerns them; `None` if the package does
    /// not hold it.
    fn sheet(
        &self,
        ooxml: &mut Ooxml<'_>,
        part: &str,
        cells: Cells<'_>,
        shared: &Shared<'_>,
    ) -> Result<Option<Outcome>>;

    /// Reads the comments of a sheet by its relationships; `persons` is the part that names the authors of threads.
    fn comments(
        ooxml: &mut Ooxml<'_>,
        relationships: &[Relationship],
        persons: Option<&str>,
        options: &Options,
    ) -> Result<CellComments>;
}

/// What all sheets share.
#[derive(Debug)]
pub(in crate::formats) struct Shared<'a> {
    pub(in crate::formats) workbook: &'a Workbook,
    pub(in crate::formats) book: &'a Book<'a>,
    pub(in crate::formats) strings: &'a Strings,
}

/// Converts a workbook.
pub(in crate::formats) fn convert<F: Form>(
    mut form: F,
    ooxml: &mut Ooxml<'_>,
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<()> {
    let workbook = form.workbook(ooxml, options)?;
    let styles = F::styles(ooxml, workbook.part("styles"))?;
    let strings = F::strings(ooxml, workbook.part("sharedStrings"))?;
    let book = Book { options, styles: &styles, epoch: workbook.epoch };
    let shared = Shared { workbook: &workbook, book: &book, strings: &strings };
    let mut tally = Tally { has_macros: workbook.part("vbaProject").is_some(), ..Tally::default() };
    let mut yields = Yields::default();
    for sheet in &workbook.sheets {
        let outcome = convert_sheet(&form, ooxml, (&shared, sheet), &mut tally, sink)?;
        yields.note(&sheet.name, outcome);
    }
    tally.warn(options, sink);
    yields.finish(sink)
}

/// Converts one sheet. One that is left out counts as empty.
fn convert_sheet<F: Form>(
    form: &F,
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
    let cells = Cells::new(book, &sheet.name, tally, (meter, &mut *sink));
    let Some(outcome) = form.sheet(ooxml, name, cells, shared)? else {
        tally.missing_parts += 1;
        return Ok(Outcome::Empty);
    };
    if outcome == Outcome::NoWorksheet {
        tally.sheets_skipped += 1;
    }
    let comments = attachments::read(ooxml, name, tally, |ooxml, relationships| {
        F::comments(ooxml, relationships, workbook.part("person"), book.options)
    })?;
    let has_comments = comments.finish(&sheet.name, book.options, tally, (meter, sink))?;
    Ok(outcome.with_comments(has_comments))
}
