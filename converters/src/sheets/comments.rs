//! Comments of cells, which CSV has no place for: a part of their own beside the sheet's.

use crate::csv::{self, Table};
use crate::limits::Meter;
use crate::options::Comments;
use crate::{Options, Result, Sink};

use super::{Tally, reference};

/// What a comment weighs in memory beside its texts.
const COMMENT_BYTES: u64 = 64;

/// The comments of one sheet.
#[derive(Debug, Default)]
pub(crate) struct CellComments {
    kept: Vec<Comment>,
    count: u64,
}

/// One comment. The order of equal places is that of the sheet.
#[derive(Debug)]
struct Comment {
    place: (u32, u32),
    author: String,
    text: String,
}

impl CellComments {
    /// Adds the comment of a zero-based place.
    pub(crate) fn push(
        &mut self,
        place: (u32, u32),
        author: &str,
        text: &str,
        (options, meter): (&Options, &Meter),
    ) -> Result<()> {
        self.count += 1;
        if options.comments == Comments::Keep {
            meter.resident(COMMENT_BYTES + (author.len() + text.len()) as u64)?;
            self.kept.push(Comment { place, author: author.to_owned(), text: text.trim().to_owned() });
        }
        Ok(())
    }

    /// Writes the comments as a part, if they are kept, or counts them as dropped.
    pub(crate) fn finish(
        mut self,
        sheet: &str,
        options: &Options,
        tally: &mut Tally,
        (meter, sink): (&Meter, &mut dyn Sink),
    ) -> Result<()> {
        if options.comments != Comments::Keep {
            tally.comments += self.count;
            return Ok(());
        }
        if self.kept.is_empty() {
            return Ok(());
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
        table.finish().map(drop)
    }
}

fn write_row(table: &mut Table<'_>, row: u32, fields: [&str; 3]) -> Result<()> {
    for (column, field) in (0..).zip(fields) {
        table.place(row, column)?;
        table.field(field.as_bytes());
    }
    Ok(())
}
