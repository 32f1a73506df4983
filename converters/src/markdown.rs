//! Markdown writing for converters: blocks, lists, tables and inline marks, as GitHub reads them; or plain text.
//!
//! A [`Writer`] takes calls in document order and hands finished text on, so that memory does not grow with the
//! document. It tolerates any order of calls: what damaged documents nest wrongly is closed or opened as needed.
//! A table cell holds one line in Markdown, so paragraphs, lists and tables within a cell are flattened
//! there: `<br>` between lines, `\|` between the cells of an inner table. Plain text has the same blocks without any
//! mark or escape: see [`Form`].

mod escape;
mod form;
mod frame;
mod inline;
mod style;
mod surroundings;
mod words;

use std::borrow::Cow;

use crate::options::TextForm;
pub use form::{Form, comment, note, quotation};
pub use frame::Side;
use frame::{Anchored, Frame};
pub use style::Style;

/// What a list item begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Marker {
    /// `-`.
    Bullet,
    /// `3.` or `3)`.
    Number {
        /// The number shown.
        number: u32,
        /// `.` or `)`.
        delimiter: char,
    },
    /// A label that Markdown has no list for (`iv.`, `1.2`); it is written as text.
    Label(String),
}

/// What a paragraph is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Block {
    /// Plain text.
    #[default]
    Paragraph,
    /// A heading of level 1 to 6; others are brought into that range.
    Heading(u8),
    /// An item of a list.
    Item {
        /// The nesting level, from 0.
        level: u8,
        /// What it begins with.
        marker: Marker,
    },
}

/// Writes Markdown or plain text.
#[derive(Debug)]
pub struct Writer {
    form: Form,
    base: Frame,
    /// Text boxes being written; each is anchored in a paragraph of the one before.
    boxes: Vec<Frame>,
    has_text: bool,
    /// Whether there was text before the paragraph that was begun last.
    had_text: bool,
}

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

impl Writer {
    /// Makes an empty writer of Markdown.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Form::default())
    }

    /// Makes an empty writer of this form.
    #[must_use]
    pub fn with(form: Form) -> Self {
        Self { form, base: Frame::new(form, false), boxes: Vec::new(), has_text: false, had_text: false }
    }

    /// Makes an empty writer whose whole output is one line, fit for a table cell or a quotation.
    #[must_use]
    pub fn single_line(form: Form) -> Self {
        Self { form, base: Frame::new(form, true), boxes: Vec::new(), has_text: false, had_text: false }
    }

    /// Returns what is written.
    #[must_use]
    pub fn form(&self) -> Form {
        self.form
    }

    fn frame(&mut self) -> &mut Frame {
        self.boxes.last_mut().unwrap_or(&mut self.base)
    }

    /// Tells whether anything but white space was written.
    #[must_use]
    pub fn has_text(&self) -> bool {
        self.has_text
    }

    /// Tells whether what is written now is held until a text box ends.
    #[must_use]
    pub fn is_in_box(&self) -> bool {
        !self.boxes.is_empty()
    }

    /// Tells whether what is written now has to stay on one line, as in a table cell.
    #[must_use]
    pub fn is_single_line(&self) -> bool {
        self.boxes.last().unwrap_or(&self.base).is_single_line()
    }

    /// Tells whether a paragraph is open.
    #[must_use]
    pub fn is_in_paragraph(&self) -> bool {
        self.boxes.last().unwrap_or(&self.base).is_in_paragraph()
    }

    /// Tells whether a paragraph is open and nothing was written to it.
    #[must_use]
    pub fn is_paragraph_empty(&self) -> bool {
        self.boxes.last().unwrap_or(&self.base).is_paragraph_empty()
    }

    /// Begins a paragraph, ending one that is open. One that stays empty leaves no trace.
    pub fn begin_paragraph(&mut self, block: Block) {
        self.had_text = self.has_text;
        self.frame().begin_paragraph(block);
    }

    /// Takes back what was written of the open paragraph, as far as it was not handed on.
    pub fn clear_paragraph(&mut self) {
        if self.frame().clear_paragraph() {
            self.has_text = self.had_text;
        }
    }

    /// Ends the paragraph; what was anchored in it follows.
    pub fn end_paragraph(&mut self) {
        self.frame().end_paragraph();
    }

    /// Appends text to the paragraph, opening one if there is none. White space collapses.
    pub fn text(&mut self, text: &str, style: &Style) {
        if !self.has_text && text.contains(|c: char| !c.is_whitespace()) {
            self.has_text = true;
        }
        self.frame().text(text, style);
    }

    /// Appends the label of a numbered heading.
    pub fn label(&mut self, marker: &Marker) {
        let label = match marker {
            Marker::Bullet => return,
            Marker::Number { number, delimiter } => format!("{number}{delimiter}"),
            Marker::Label(label) => label.clone(),
        };
        self.frame().inline().text(&label, &Style::default());
        self.space();
    }

    /// Separates words.
    pub fn space(&mut self) {
        self.frame().inline().space();
    }

    /// Begins a new line within the paragraph.
    pub fn line_break(&mut self) {
        self.frame().inline().line_break();
    }

    /// Appends a reference to a note; [`note`] makes its text.
    pub fn note(&mut self, number: u64) {
        let [before, behind] = self.form.marks().note;
        self.raw(&format!("{before}{number}{behind}"));
    }

    /// Appends a formula in LaTeX, on a line of its own in the paragraph if it is `display`ed and there can be one.
    pub fn math(&mut self, latex: &str, display: bool) {
        let latex = latex.trim();
        if latex.is_empty() {
            return;
        }
        self.has_text = true;
        let display = display && !self.is_single_line();
        let in_cell = self.is_single_line() && self.form.text == TextForm::Markdown;
        let latex = if in_cell { Cow::from(without_bars(latex)) } else { Cow::from(latex) };
        self.frame().paragraph().formula(latex.trim_end(), display);
    }

    /// Appends Markdown that is not escaped.
    pub fn raw(&mut self, markdown: &str) {
        self.frame().paragraph().raw(markdown);
    }

    /// Appends a picture without a target, if it has a text to stand for it.
    pub fn picture(&mut self, alt: &str) {
        let alt = alt.trim();
        if alt.is_empty() {
            return;
        }
        self.has_text = true;
        let marks = self.form.marks();
        let mut text = inline::Inline::new(marks);
        text.reset(surroundings::Surroundings::Cell, 0);
        let in_link = Style { link: Some("".into()), ..Style::default() };
        text.text(alt, &in_link);
        let [before, behind] = marks.picture;
        let picture = format!("{before}{}{behind}", text.finish());
        self.frame().paragraph().embed(&picture);
    }

    /// Begins a table of about `columns` columns, which the header row is padded to.
    pub fn begin_table(&mut self, columns: usize) {
        self.frame().begin_table(columns);
    }

    /// Adds a column to the table that was begun last.
    pub fn add_column(&mut self) {
        self.frame().add_column();
    }

    /// Begins a row; the first one is the header.
    pub fn begin_row(&mut self) {
        self.frame().begin_row();
    }

    /// Says that [`Writer::repeat_row`] will follow the row that was begun, which is held until then.
    pub fn hold_row(&mut self) {
        self.frame().hold_row();
    }

    /// Writes once more the row that ended last; `false` if it is not held or has no text.
    pub fn repeat_row(&mut self) -> bool {
        self.frame().repeat_row()
    }

    /// Begins a cell.
    pub fn begin_cell(&mut self) {
        self.frame().begin_cell();
    }

    /// Begins a cell that the document gives although another one covers it. The one that covers it comes before:
    /// it spans so many columns, or is the one above. Text that it holds all the same is kept.
    pub fn begin_covered_cell(&mut self) {
        self.frame().begin_covered_cell();
    }

    /// Says that the cell that was begun only continues another one, as in a document whose cells say so themselves.
    pub fn continue_cell(&mut self, side: Side) {
        self.frame().continue_cell(side);
    }

    /// Ends a cell that spans `columns` columns. Those beyond the first follow by [`Writer::begin_covered_cell`] or have
    /// no cell of their own; how far it spans down, the cells below say. What covered cells hold is up to
    /// [`Form::merged_cells`].
    pub fn end_cell(&mut self, columns: u64) {
        self.frame().end_cell(columns);
    }

    /// Ends a row; one without any text leaves no trace.
    pub fn end_row(&mut self) {
        self.frame().end_row();
    }

    /// Ends a table.
    pub fn end_table(&mut self) {
        self.frame().end_table();
    }

    /// Begins blocks that stand beside the paragraph; they follow it.
    pub fn begin_box(&mut self) {
        let single_line = self.frame().is_single_line();
        self.boxes.push(Frame::new(self.form, single_line));
    }

    /// Ends what [`Writer::begin_box`] began.
    pub fn end_box(&mut self) {
        if let Some(frame) = self.boxes.pop() {
            let (text, merged) = frame.finish();
            self.frame().merged += merged;
            self.frame().anchor(Anchored::Blocks(text));
        }
    }

    /// Puts one line of Markdown into a quotation after the paragraph.
    pub fn quote(&mut self, line: String) {
        self.has_text = true;
        self.frame().anchor(Anchored::Quote(line));
    }

    /// Returns by how many bytes the text held in the innermost flow grew since the last call, for callers that count
    /// what they hold.
    pub fn grown(&mut self) -> usize {
        self.frame().grown()
    }

    /// Takes the finished text if there are at least `least` bytes of it.
    pub fn take_ready(&mut self, least: usize) -> Option<String> {
        self.base.take_ready(least)
    }

    /// Ends everything and returns what was not taken, with a line end if it is a document.
    #[must_use]
    pub fn finish(mut self) -> String {
        while !self.boxes.is_empty() {
            self.end_box();
        }
        self.base.finish().0
    }

    /// Returns how many merged cells hold their value in the first cell only, which deserves a warning.
    #[must_use]
    pub fn merged(&self) -> u64 {
        self.base.merged + self.boxes.iter().map(|frame| frame.merged).sum::<u64>()
    }

    /// Separates what follows from what was written, as the parts of a document are.
    pub fn end_section(&mut self) {
        while !self.boxes.is_empty() {
            self.end_box();
        }
        self.base.end_all();
    }

    /// Appends finished blocks of Markdown.
    pub fn blocks(&mut self, markdown: String) {
        self.has_text |= !markdown.trim().is_empty();
        self.frame().anchor(Anchored::Blocks(markdown));
    }
}

/// Writes bars by their names: as signs they would end a cell.
fn without_bars(latex: &str) -> String {
    let mut out = String::with_capacity(latex.len());
    for (at, piece) in latex.split('|').enumerate() {
        if at > 0 {
            let is_double = out.bytes().rev().take_while(|&byte| byte == b'\\').count() % 2 == 1;
            out.push_str(if is_double { "Vert " } else { "\\vert " });
        }
        out.push_str(piece);
    }
    out
}

#[cfg(test)]
mod tests;
