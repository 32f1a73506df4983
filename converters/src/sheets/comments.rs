//! Comments of cells, which CSV has no place for: a part of their own beside the sheet's.

use crate::csv::{self, Table};
use crate::limits::Meter;
use crate::options::Comments;
use crate::{Options, Result, Sink};

use super::Tally;
use super::reference::{self, MAX_COLUMNS, MAX_ROWS};

/// What a comment weighs in memory beside its texts.
const COMMENT_BYTES: u64 = 64;

/// The comments of one sheet.
#[derive(Debug, Default)]
pub(crate) struct CellComments {
    kept: Vec<Comment>,
    /// Those that are left out.
    dropped: u64,
}

/// One comment. The order of equal places is that of the sheet.
#[derive(Debug)]
struct Comment {
    place: (u32, u32),
    author: String,
    text: String,
}

impl CellComments {
    /// Adds the comment of a zero-based place; one that has no place in a sheet is left out.
    pub(crate) fn push(
        &mut self,
        place: Option<(u32, u32)>,
        author: &str,
        text: &str,
        (options, meter): (&Options, &Meter),
    ) -> Result<()> {
        let place = place.filter(|(row, column)| *row < MAX_ROWS && *column < MAX_COLUMNS);
        let Some(place) = place.filter(|_| options.comments == Comments::Keep) else {
            self.dropped += 1;
            return Ok(());
        };
        meter.resident(COMMENT_BYTES + (author.len() + text.len()) as u64)?;
        self.kept.push(Comment { place, author: author.to_owned(), text: text.trim().to_owned() });
        Ok(())
    }

    /// Writes the comments that are kept as a part, and counts the others; tells whether there is such a part.
    pub(crate) fn finish(
        mut self,
        sheet: &str,
        options: &Options,
        tally: &mut Tally,
        (meter, sink): (&Meter, &mut dyn Sink),
    ) -> Result<bool> {
        tally.comments += self.dropped;
        if self.kept.is_empty() {
            return Ok(false);
        }
        self.kept.sort_by_key(|comment| comment.place);
        let label = format!("{sheet} comments");
        let mut table = Table::new(&label, meter, sink).split_at(options.max_csv_bytes);
        write_row(&mut table, 0, ["cell", "author", "text"])?;
        for (row, comment) in (1..).zip(&self.kept) {
            let place = reference::show(comment.place);
            let guard = |text: &str| {
                let is_like = csv::is_formula_like(text.as_bytes());
                let text = if is_like && options.csv_guard { format!("'{text}") } else { text.to_owned() };
                (text, u64::from(is_like))
            };
            let ((author, in_author), (text, in_text)) = (guard(&comment.author), guard(&comment.text));
            tally.formula_like += in_author + in_text;
            write_row(&mut table, row, [&place, &author, &text])?;
        }
        table.finish()
    }
}

fn write_row(table: &mut Table<'_>, row: u32, fields: [&str; 3]) -> Result<()> {
    for (column, field) in (0..).zip(fields) {
        table.place(row, column)?;
        table.field(field.as_bytes());
    }
    Ok(())
}
