//! One flow of blocks: the document, a text box, a note.
//!
//! Decides what stands between two blocks: a blank line, a line end within a list, `<br>` within a cell. The
//! prefix of a paragraph is written when its first text comes, so an empty paragraph costs nothing.

mod html;
mod lists;
mod merges;
mod tables;

use super::form::{Form, Marks};
use super::inline::Inline;
use super::style::Style;
use super::surroundings::Surroundings;
use super::{Block, Marker};
use lists::{List, marker_width};
pub use merges::Side;
use tables::Table;

/// A paragraph longer than this is handed on in pieces.
const LONG_PARAGRAPH_BYTES: usize = 64 << 10;
/// Deeper list levels are written at this one.
const MAX_LEVEL: u8 = 16;

/// What follows a paragraph because it is anchored in it.
#[derive(Debug)]
pub(super) enum Anchored {
    Blocks(String),
    Quote(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Previous {
    Nothing,
    Item,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Separator {
    None,
    Line,
    InnerCell,
}

#[derive(Debug)]
pub(super) struct Frame {
    form: Form,
    marks: &'static Marks,
    out: String,
    /// Whether the whole frame lies within a cell.
    in_cell: bool,
    inline: Inline,
    block: Option<Block>,
    /// Whether the paragraph's prefix is written.
    begun: bool,
    previous: Previous,
    lists: Vec<List>,
    tables: Vec<Table>,
    cell_has_text: bool,
    separator: Separator,
    anchored: Vec<Anchored>,
    /// Merged cells whose value stands in the first cell only.
    pub(super) merged: u64,
    /// How much of what is held here the caller was told of.
    told: usize,
}

impl Frame {
    pub(super) fn new(form: Form, in_cell: bool) -> Self {
        Self {
            form,
            marks: form.marks(),
            out: String::new(),
            in_cell,
            inline: Inline::new(form.marks()),
            block: None,
            begun: false,
            previous: Previous::Nothing,
            lists: Vec::new(),
            tables: Vec::new(),
            cell_has_text: false,
            separator: Separator::None,
            anchored: Vec::new(),
            merged: 0,
            told: 0,
        }
    }

    pub(super) fn is_single_line(&self) -> bool {
        self.in_cell || !self.tables.is_empty()
    }

    /// Tells whether a paragraph is open and nothing was written to it.
    pub(super) fn is_paragraph_empty(&self) -> bool {
        self.block.is_some() && !self.begun && self.inline.len() == 0
    }

    pub(super) fn is_in_paragraph(&self) -> bool {
        self.block.is_some()
    }

    pub(super) fn inline(&mut self) -> &mut Inline {
        &mut self.inline
    }

    pub(super) fn begin_paragraph(&mut self, block: Block) {
        self.end_paragraph();
        let block = match block {
            Block::Heading(level) => Block::Heading(level.clamp(1, 6)),
            Block::Item { level, marker } => Block::Item { level: level.min(MAX_LEVEL), marker },
            Block::Paragraph => Block::Paragraph,
        };
        let indent = self.text_indent(&block);
        let surroundings = if self.holds_table() && self.is_cell_empty() {
            Surroundings::BlockCell
        } else if self.is_single_line() {
            Surroundings::Cell
        } else if matches!(block, Block::Heading(_)) {
            Surroundings::Heading
        } else {
            Surroundings::Block
        };
        self.inline.reset(surroundings, indent);
        self.separator = self.separator.max(Separator::Line);
        self.begun = false;
        if let Block::Item { marker: Marker::Label(label), .. } = &block {
            self.inline.text(label, &Style::default());
            self.inline.space();
        }
        self.block = Some(block);
    }

    /// Takes back the text of the open paragraph; tells whether there was a paragraph of which nothing was written yet.
    pub(super) fn clear_paragraph(&mut self) -> bool {
        let clears = self.block.is_some() && !self.begun;
        if clears {
            self.inline.clear();
        }
        clears
    }

    /// Returns where the lines of the block begin.
    fn text_indent(&self, block: &Block) -> usize {
        let Block::Item { level, marker } = block else {
            return 0;
        };
        let outer = self.lists.iter().rfind(|list| list.level < *level);
        outer.map_or(0, |list| list.indent) + marker_width(marker)
    }

    pub(super) fn end_paragraph(&mut self) {
        let Some(block) = self.block.take() else {
            self.release_anchored();
            return;
        };
        if self.inline.len() > 0 || self.begun {
            self.begin_block(&block);
            let text = self.inline.finish();
            self.out.push_str(text);
            if !self.is_single_line() {
                self.previous = match block {
                    // A label is text to Markdown: a number behind it would go on the paragraph.
                    Block::Item { marker: Marker::Label(_), .. } | Block::Paragraph | Block::Heading(_) => {
                        Previous::Other
                    }
                    Block::Item { .. } => Previous::Item,
                };
            }
        }
        self.inline.reset(Surroundings::Block, 0);
        self.begun = false;
        self.release_anchored();
    }

    fn release_anchored(&mut self) {
        for anchored in std::mem::take(&mut self.anchored) {
            self.write_anchored(&anchored);
        }
    }

    pub(super) fn anchor(&mut self, anchored: Anchored) {
        let (Anchored::Blocks(text) | Anchored::Quote(text)) = &anchored;
        if text.is_empty() {
            return;
        }
        if self.block.is_some() {
            self.anchored.push(anchored);
        } else {
            self.write_anchored(&anchored);
        }
    }

    fn write_anchored(&mut self, anchored: &Anchored) {
        if self.is_single_line() {
            self.separator = self.separator.max(Separator::Line);
            self.begin_in_cell();
            match anchored {
                Anchored::Blocks(text) => self.out.push_str(text),
                Anchored::Quote(line) => self.enclose(self.marks.inner_quote, line),
            }
            return;
        }
        self.lists.clear();
        self.separate();
        match anchored {
            Anchored::Blocks(text) => self.out.push_str(text.trim_end_matches('\n')),
            Anchored::Quote(line) => self.enclose(self.marks.quote, line),
        }
        self.previous = Previous::Other;
    }

    fn enclose(&mut self, [before, behind]: [&str; 2], line: &str) {
        self.out.push_str(before);
        self.out.push_str(line);
        self.out.push_str(behind);
    }

    pub(super) fn text(&mut self, text: &str, style: &Style) {
        if self.block.is_none() {
            if text.trim_start().is_empty() {
                return;
            }
            self.begin_paragraph(Block::Paragraph);
        }
        self.inline.text(text, style);
    }

    /// Returns the open paragraph, opening one if there is none.
    pub(super) fn paragraph(&mut self) -> &mut Inline {
        if self.block.is_none() {
            self.begin_paragraph(Block::Paragraph);
        }
        &mut self.inline
    }

    /// Writes what stands before the text of a block, once.
    fn begin_block(&mut self, block: &Block) {
        if self.begun {
            return;
        }
        self.begun = true;
        if self.is_single_line() {
            self.begin_in_cell();
            if let Block::Item { marker, .. } = block {
                self.push_marker(marker);
            }
            return;
        }
        match block {
            Block::Paragraph => {
                self.lists.clear();
                self.separate();
            }
            Block::Heading(level) => {
                self.lists.clear();
                self.separate();
                self.out.extend(std::iter::repeat_n(self.marks.heading, usize::from(*level)));
                self.out.push_str(self.marks.after_heading);
            }
            Block::Item { level, marker } => self.begin_item(*level, marker),
        }
    }

    fn separate(&mut self) {
        if self.previous != Previous::Nothing {
            self.out.push_str("\n\n");
        }
        self.previous = Previous::Other;
    }

    /// Writes what stands between two pieces of one cell.
    fn begin_in_cell(&mut self) {
        self.ensure_cell();
        let separator = std::mem::replace(&mut self.separator, Separator::None);
        if self.cell_has_text {
            self.out.push_str(match separator {
                Separator::None | Separator::Line => self.marks.cell_break,
                Separator::InnerCell => self.marks.inner_cell,
            });
        }
        self.cell_has_text = true;
        for table in &mut self.tables {
            table.row_has_text = true;
        }
    }

    pub(super) fn grown(&mut self) -> usize {
        let grid: usize = self.tables.iter().map(Table::held).sum();
        let held = self.out.len() + self.inline.len() + grid;
        let grown = held.saturating_sub(self.told);
        self.told += grown;
        grown
    }

    /// Takes the finished text, of a long paragraph what is written so far.
    pub(super) fn take_ready(&mut self, least: usize) -> Option<String> {
        if self.inline.len() > LONG_PARAGRAPH_BYTES
            && let Some(block) = self.block.take()
        {
            self.begin_block(&block);
            self.inline.hand_on(&mut self.out);
            self.block = Some(block);
        }
        let holds_row = |table: &Table| table.row_open && (!table.row_has_text || table.holds_row);
        if self.out.len() < least || self.holds_table() || self.tables.first().is_some_and(holds_row) {
            return None;
        }
        for table in &mut self.tables {
            table.row_start = None;
            table.cell_start = None;
        }
        Some(std::mem::take(&mut self.out))
    }

    /// Ends whatever is open.
    pub(super) fn end_all(&mut self) {
        self.end_paragraph();
        while !self.tables.is_empty() {
            self.end_table();
        }
        self.lists.clear();
    }

    /// Ends everything and returns what was not taken, and how many merged cells there were.
    pub(super) fn finish(mut self) -> (String, u64) {
        self.end_all();
        if !self.in_cell && self.previous != Previous::Nothing {
            self.out.push('\n');
        }
        (self.out, self.merged)
    }
}
