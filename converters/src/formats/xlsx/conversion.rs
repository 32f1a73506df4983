//! What the two forms of Excel packages share: from the sheets that the workbook lists to their CSV parts.

use crate::ooxml::{Ooxml, Relationship};
use crate::sheets::{Book, CellComments, Cells, Outcome, Strings, Styles, Tally, Yields};
use crate::zip::PartReader;
use crate::{Meter, Options, Result, Sink};

use super::attachments;
use super::workbook::{Sheet, Workbook};

/// How the parts of a form are written.
pub(in crate::formats) trait Form {
    /// Reads the part that names the sheets.
    fn workbook(ooxml: &mut Ooxml<'_>) -> Result<Workbook>;

    /// Reads the styles; without a part all cells are `General`.
    fn styles(ooxml: &mut Ooxml<'_>, part: Option<&str>) -> Result<Styles>;

    /// Reads the shared strings; without a part there are none, and cells that name one are counted.
    fn strings(ooxml: &mut Ooxml<'_>, part: Option<&str>) -> Result<Strings>;

    /// Reads the merged ranges of a sheet, which follow its cells.
    fn merged_ranges(part: PartReader<'_>, meter: &Meter, cells: &mut Cells<'_>) -> Result<()>;

    /// Reads a sheet.
    fn sheet(
        part: PartReader<'_>,
        cells: Cells<'_>,
        shared: (&Book<'_>, &Strings),
        meter: &Meter,
    ) -> Result<Outcome>;

    /// Reads the comments of a sheet by its relationships; `persons` is the part that names the authors of threads.
    fn comments(
        ooxml: &mut Ooxml<'_>,
        relationships: &[Relationship],
        persons: Option<&str>,
        options: &Options,
    ) -> Result<CellComments>;
}

/// Converts a workbook.
pub(in crate::formats) fn convert<F: Form>(
    ooxml: &mut Ooxml<'_>,
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<()> {
    let workbook = F::workbook(ooxml)?;
    let styles = F::styles(ooxml, workbook.part("styles"))?;
    let strings = F::strings(ooxml, workbook.part("sharedStrings"))?;
    let book = Book { options, styles: &styles, epoch: workbook.epoch };
    let mut tally = Tally { has_macros: workbook.part("vbaProject").is_some(), ..Tally::default() };
    let mut yields = Yields::default();
    for sheet in &workbook.sheets {
        let outcome = convert_sheet::<F>(ooxml, (&workbook, sheet), (&book, &strings), &mut tally, sink)?;
        yields.note(&sheet.name, outcome);
    }
    tally.warn(options, sink);
    yields.finish(sink)
}

/// Converts one sheet. One that is left out counts as empty.
fn convert_sheet<F: Form>(
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
        F::merged_ranges(part, meter, &mut cells)?;
        ooxml.package().part(name)?
    } else {
        Some(part)
    };
    let Some(part) = part else { return Ok(Outcome::Empty) };
    let outcome = F::sheet(part, cells, (book, strings), meter)?;
    if outcome == Outcome::NoWorksheet {
        tally.sheets_skipped += 1;
    }
    let comments = attachments::read(ooxml, name, tally, |ooxml, relationships| {
        F::comments(ooxml, relationships, workbook.part("person"), book.options)
    })?;
    let has_comments = comments.finish(&sheet.name, book.options, tally, (meter, sink))?;
    Ok(outcome.with_comments(has_comments))
}
