//! What a writer writes: Markdown or plain text, and how tables show merged cells.
//!
//! The two forms differ in their [`Marks`] and in nothing else, so that what is a paragraph, an item or a cell is
//! decided in one place.

use crate::PartKind;
use crate::options::{MergedCells, Options, TextForm};

/// What a [`super::Writer`] writes. The default is Markdown whose merged cells hold their value once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Form {
    /// Markdown or plain text.
    pub text: TextForm,
    /// What the cells that a merged cell covers hold. Plain text has no HTML: it is as with
    /// [`MergedCells::Empty`] there.
    pub merged_cells: MergedCells,
}

impl Form {
    /// Returns what `options` ask for.
    #[must_use]
    pub fn of(options: &Options) -> Self {
        Self { text: options.text, merged_cells: options.merged_cells }
    }

    /// Returns what a part in this form is.
    #[must_use]
    pub fn part_kind(self) -> PartKind {
        match self.text {
            TextForm::Markdown => PartKind::Markdown,
            TextForm::Plain => PartKind::Text,
        }
    }

    pub(super) fn marks(self) -> &'static Marks {
        match self.text {
            TextForm::Markdown => &MARKDOWN,
            TextForm::Plain => &PLAIN,
        }
    }

    pub(super) fn repeats(self) -> bool {
        self.merged_cells == MergedCells::Repeat
    }

    pub(super) fn has_html(self) -> bool {
        self.merged_cells == MergedCells::Html && self.text == TextForm::Markdown
    }
}

/// What stands before and behind.
pub(super) type Pair = [&'static str; 2];

/// Everything that a form writes around text.
#[derive(Debug)]
pub(super) struct Marks {
    /// Whether there are marks for how text looks and for where it links to, and text that looks like a mark is
    /// escaped.
    pub(super) styled: bool,
    pub(super) inserted: Pair,
    pub(super) deleted: Pair,
    /// Written once for each level.
    pub(super) heading: &'static str,
    pub(super) after_heading: &'static str,
    pub(super) line_break: &'static str,
    /// Between two lists that would be read as one, if anything has to stand there.
    pub(super) list_break: Option<&'static str>,
    /// Between two lines of a cell.
    pub(super) cell_break: &'static str,
    /// Between two cells of a table within a cell.
    pub(super) inner_cell: &'static str,
    /// Before the first cell of a row, before the others, behind each, behind the row.
    pub(super) first_cell: &'static str,
    pub(super) cell: &'static str,
    pub(super) cell_end: &'static str,
    pub(super) row_end: &'static str,
    /// Under each column of the header, if there is a line below it.
    pub(super) rule: Option<&'static str>,
    pub(super) quote: Pair,
    /// A quotation on the line of a cell.
    pub(super) inner_quote: Pair,
    /// Around the words for a picture, which are a link without a target already where there are links.
    pub(super) picture: Pair,
    pub(super) note: Pair,
    pub(super) note_begin: Pair,
    pub(super) note_indent: &'static str,
    pub(super) math: Pair,
    pub(super) display_math: Pair,
}

const MARKDOWN: Marks = Marks {
    styled: true,
    inserted: ["<ins>", "</ins>"],
    deleted: ["<del>", "</del>"],
    heading: "#",
    after_heading: " ",
    line_break: "\\\n",
    list_break: Some("<!-- -->"),
    cell_break: "<br>",
    inner_cell: " \\| ",
    first_cell: "| ",
    cell: "| ",
    cell_end: " ",
    row_end: "|",
    rule: Some(" --- |"),
    quote: ["> ", ""],
    inner_quote: ["", ""],
    picture: ["!", ""],
    note: ["[^", "]"],
    note_begin: ["[^", "]:"],
    note_indent: "    ",
    math: ["$", "$"],
    display_math: ["$$", "$$"],
};

const PLAIN: Marks = Marks {
    styled: false,
    inserted: ["[+", "+]"],
    deleted: ["[-", "-]"],
    heading: "",
    after_heading: "",
    line_break: "\n",
    list_break: None,
    cell_break: " ",
    inner_cell: " ",
    first_cell: "",
    cell: "\t",
    cell_end: "",
    row_end: "",
    rule: None,
    quote: ["[", "]"],
    inner_quote: ["[", "]"],
    picture: ["[", "]"],
    note: ["[", "]"],
    note_begin: ["[", "]"],
    note_indent: "",
    math: ["", ""],
    display_math: ["", ""],
};

/// Makes the text of a note that [`super::Writer::note`] refers to; in Markdown its further lines are indented, as
/// GitHub has it.
#[must_use]
pub fn note(form: Form, number: u64, text: &str) -> String {
    let marks = form.marks();
    let [before, behind] = marks.note_begin;
    let mut out = format!("{before}{number}{behind}");
    for (at, line) in text.trim().lines().enumerate() {
        if at == 0 {
            out.push(' ');
        } else {
            out.push('\n');
            if !line.is_empty() {
                out.push_str(marks.note_indent);
            }
        }
        out.push_str(line);
    }
    out.push('\n');
    out
}

/// Makes the line of a comment, for [`super::Writer::quote`], from its text on one line.
#[must_use]
pub fn comment(form: Form, author: &str, text: &str) -> String {
    let author = author.trim();
    let title = if author.is_empty() { "Comment:".to_owned() } else { format!("Comment ({author}):") };
    let mut writer = super::Writer::single_line(form);
    writer.text(&title, &super::Style { bold: true, ..super::Style::default() });
    format!("{} {}", writer.finish(), text.trim())
}

/// Makes a quotation of finished blocks; in plain text they stand for themselves.
#[must_use]
pub fn quotation(form: Form, text: &str) -> String {
    if form.text == TextForm::Plain {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    for line in text.trim_end().lines() {
        out.push_str(if line.is_empty() { ">" } else { "> " });
        out.push_str(line);
        out.push('\n');
    }
    out
}
