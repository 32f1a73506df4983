//! One run of inline text: bold, italic, struck, inserted, deleted, linked, as the form has marks for it.
//!
//! Marks are opened before the first visible character of a style and closed behind the last one, so that
//! pieces of one style merge whatever pieces they come in, and no mark stands beside a space, where CommonMark
//! would not see it. Punctuation at the edge of a style that touches a word is moved out of it for the same
//! reason. White space collapses, as every Markdown reader does.

use std::rc::Rc;

use super::escape::{self, Place};
use super::form::Marks;
use super::style::{Kind, Style, close, wants};
use super::surroundings::Surroundings;
use super::words::plain_len;

/// A longer run of underscores at the end of a piece of text is not looked at again.
const MAX_UNDERSCORES: usize = 256;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Gap {
    #[default]
    None,
    Space,
    Break,
}

#[derive(Debug)]
struct Mark {
    kind: Kind,
    /// Where its content begins.
    content: usize,
}

/// The run being written.
#[derive(Debug)]
pub(super) struct Inline {
    form: &'static Marks,
    text: String,
    marks: Vec<Mark>,
    style: Style,
    gap: Gap,
    /// Behind the last letter or digit.
    word_end: usize,
    /// Where a run of underscores begins that ends the text; it opens emphasis if a word follows.
    underscores: Option<usize>,
    line_start: Option<usize>,
    surroundings: Surroundings,
    indent: usize,
    /// Where the last formula ends, and whether a dollar sign behind it could begin one that is none.
    formula_end: usize,
    opens_formula: bool,
    /// The last character handed on, if the run is being handed on in pieces.
    handed_on: Option<char>,
}

impl Inline {
    pub(super) fn new(form: &'static Marks) -> Self {
        Self {
            form,
            text: String::new(),
            marks: Vec::new(),
            style: Style::default(),
            gap: Gap::None,
            word_end: 0,
            underscores: None,
            line_start: None,
            surroundings: Surroundings::default(),
            indent: 0,
            formula_end: 0,
            opens_formula: false,
            handed_on: None,
        }
    }

    /// Prepares for a new run.
    pub(super) fn reset(&mut self, surroundings: Surroundings, indent: usize) {
        self.text.clear();
        self.marks.clear();
        self.style = Style::default();
        self.gap = Gap::None;
        self.word_end = 0;
        self.underscores = None;
        self.line_start = surroundings.begins_line().then_some(0);
        self.surroundings = surroundings;
        self.indent = indent;
        self.formula_end = 0;
        self.opens_formula = false;
        self.handed_on = None;
    }

    /// Takes back what was written; what follows stands where it stood.
    pub(super) fn clear(&mut self) {
        let (surroundings, indent) = (self.surroundings, self.indent);
        self.reset(surroundings, indent);
    }

    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    fn is_untouched(&self) -> bool {
        self.text.is_empty() && self.handed_on.is_none()
    }

    /// Appends text; white space at its ends counts once.
    pub(super) fn text(&mut self, text: &str, style: &Style) {
        if self.form.styled {
            self.pieces(text, style);
        } else {
            let Style { inserted, deleted, .. } = *style;
            self.pieces(text, &Style { inserted, deleted, ..Style::default() });
        }
    }

    fn pieces(&mut self, text: &str, style: &Style) {
        let mut rest = text;
        loop {
            let words = rest.trim_start();
            if words.len() < rest.len() {
                self.space();
            }
            if words.is_empty() {
                return;
            }
            let end = plain_len(words);
            self.words(&words[..end], style);
            rest = &words[end..];
        }
    }

    pub(super) fn space(&mut self) {
        if !self.is_untouched() {
            self.gap = self.gap.max(Gap::Space);
        }
    }

    pub(super) fn line_break(&mut self) {
        if !self.is_untouched() {
            self.gap = Gap::Break;
        }
    }

    /// Appends Markdown as it is, outside of any mark: a link must not hold a note's reference, which is one itself.
    pub(super) fn raw(&mut self, markdown: &str) {
        self.close_all();
        self.embed(markdown);
    }

    /// Appends a formula outside of any mark. A displayed one stands apart from what is around it, and two beside each
    /// other must not make `$$`.
    pub(super) fn formula(&mut self, latex: &str, display: bool) {
        self.close_all();
        self.open_no_formula();
        let [before, behind] = if display { self.form.display_math } else { self.form.math };
        if display || (!before.is_empty() && self.text.ends_with(before)) {
            self.space();
        }
        self.write_gap();
        self.underscores = None;
        for piece in [before, latex, behind] {
            self.text.push_str(piece);
        }
        self.formula_end = self.text.len();
        if display {
            self.space();
        }
    }

    /// Takes care that what stands behind the last formula begins none.
    fn open_no_formula(&mut self) {
        if std::mem::take(&mut self.opens_formula) {
            escape::open_no_formula(&mut self.text, self.formula_end);
        }
    }

    /// Appends Markdown as it is, in the style that is open.
    pub(super) fn embed(&mut self, markdown: &str) {
        self.write_gap();
        self.underscores = None;
        self.opens_formula |= self.form.styled && markdown.contains('$');
        self.text.push_str(markdown);
    }

    /// Closes what is open and returns the rest of the run.
    pub(super) fn finish(&mut self) -> &str {
        self.close_all();
        &self.text
    }

    /// Hands on what was written so far; the run goes on.
    pub(super) fn hand_on(&mut self, to: &mut String) {
        self.open_no_formula();
        self.formula_end = 0;
        self.handed_on = self.text.chars().next_back().or(self.handed_on);
        to.push_str(&self.text);
        self.text.clear();
        self.word_end = 0;
        self.underscores = None;
        self.line_start = None;
        for mark in &mut self.marks {
            mark.content = 0;
        }
    }

    fn words(&mut self, words: &str, style: &Style) {
        if self.gap == Gap::None
            && let Some(at) = self.underscores.take()
        {
            let run = self.text.split_off(at.min(self.text.len()));
            self.text.push_str(&run.replace('_', "\\_"));
        }
        if self.style == *style {
            self.write_gap();
            self.append(words);
            return;
        }
        // The mark of a change is punctuation itself, and so is that of a link.
        let touches = self.style.is_within(style)
            && self.gap == Gap::None
            && self.text.chars().next_back().or(self.handed_on).is_some_and(char::is_alphanumeric);
        self.close_for(style, words);
        self.write_gap();
        // `word**(note)**`: the same at the other end; the marks open behind the punctuation.
        let emphasis = style.bold || style.italic || style.strike;
        let edge = if emphasis && touches {
            let inner = words.trim_start_matches(|c: char| !c.is_alphanumeric() && !c.is_whitespace());
            words.len() - inner.len()
        } else {
            0
        };
        if edge > 0 {
            self.append(&words[..edge]);
        }
        let rest = words[edge..].trim_start();
        if rest.is_empty() {
            return;
        }
        if rest.len() < words.len() - edge {
            self.text.push(' ');
        }
        self.open_for(style);
        self.append(rest);
    }

    fn append(&mut self, words: &str) {
        let place = Place {
            line_start: self.line_start,
            in_cell: self.surroundings.is_cell(),
            in_heading: self.surroundings == Surroundings::Heading,
            in_link: self.style.link.is_some(),
            is_struck: self.style.strike,
            before: self.handed_on,
        };
        let from = self.text.len();
        if self.form.styled {
            escape::append(&mut self.text, words, place);
            self.opens_formula =
                escape::close_no_formula(&mut self.text, from, self.handed_on, self.opens_formula);
        } else {
            escape::append_plain(&mut self.text, words);
        }
        let new = &self.text[from..];
        if let Some((at, last)) = new.char_indices().rev().find(|(_, c)| c.is_alphanumeric()) {
            self.word_end = from + at + last.len_utf8();
        }
        self.underscores = None;
        if self.form.styled && words.ends_with('_') {
            // Only so far back: a run that comes in a thousand pieces must not be searched a thousand times.
            let from = self.text.len().saturating_sub(MAX_UNDERSCORES);
            let tail = self.text.as_bytes().get(from..).unwrap_or_default();
            let run = self.text.len() - tail.iter().rev().take_while(|&&b| b == b'_').count();
            let before = self.text.get(..run).and_then(|text| text.chars().next_back());
            if !before.or(self.handed_on).is_some_and(|c| c.is_alphanumeric() || c == '\\') {
                self.underscores = Some(run);
            }
        }
    }

    fn write_gap(&mut self) {
        match std::mem::take(&mut self.gap) {
            Gap::None => {}
            Gap::Space => self.text.push(' '),
            Gap::Break => match self.surroundings {
                Surroundings::Heading => self.text.push(' '),
                Surroundings::Cell | Surroundings::BlockCell => self.text.push_str(self.form.cell_break),
                Surroundings::Block => {
                    self.text.push_str(self.form.line_break);
                    self.text.extend(std::iter::repeat_n(' ', self.indent));
                    self.line_start = Some(self.text.len());
                }
            },
        }
    }

    /// Closes the marks that `style` does not have, innermost first.
    fn close_for(&mut self, style: &Style, next: &str) {
        // Where a link or a change begins or ends, everything closes: they are always the outermost.
        let keep = if self.style.is_within(style) {
            let unwanted = self.marks.iter().position(|mark| !wants(style, &mark.kind));
            unwanted.unwrap_or(self.marks.len())
        } else {
            0
        };
        if keep == self.marks.len() {
            return;
        }
        // `**word.**next`: the closing mark would stand between punctuation and a letter and mean nothing.
        let inner = self.marks[keep..].iter().all(|mark| mark.kind.is_emphasis());
        let shift = inner
            && self.gap == Gap::None
            && next.starts_with(char::is_alphanumeric)
            && !self.text.ends_with(char::is_alphanumeric);
        let mut at = if shift { self.word_end } else { self.text.len() };
        for mark in self.marks.drain(keep..).rev() {
            if !shift || self.word_end > mark.content {
                at = close(&mut self.text, at, &mark.kind, self.form);
            } else if let Some(begin) = mark.content.checked_sub(mark.kind.emphasis().len()) {
                // `**!**next`: no mark is read around punctuation alone.
                self.text.replace_range(begin..mark.content, "");
            } else {
                let end = self.text.len();
                close(&mut self.text, end, &mark.kind, self.form);
            }
        }
        self.style = Style::default();
        for mark in &self.marks {
            match &mark.kind {
                Kind::Inserted => self.style.inserted = true,
                Kind::Deleted => self.style.deleted = true,
                Kind::Link(target) => self.style.link = Some(Rc::clone(target)),
                Kind::Bold => self.style.bold = true,
                Kind::Italic => self.style.italic = true,
                Kind::Strike => self.style.strike = true,
            }
        }
    }

    fn close_all(&mut self) {
        while let Some(mark) = self.marks.pop() {
            let end = self.text.len();
            close(&mut self.text, end, &mark.kind, self.form);
        }
        self.style = Style::default();
    }

    /// Opens the marks of `style` that are not open: changes outermost, then the link.
    fn open_for(&mut self, style: &Style) {
        if !self.style.is_within(style) {
            self.close_all();
            self.open_outer(style);
        }
        for (wanted, open, kind) in [
            (style.bold, self.style.bold, Kind::Bold),
            (style.italic, self.style.italic, Kind::Italic),
            (style.strike, self.style.strike, Kind::Strike),
        ] {
            if wanted && !open {
                self.text.push_str(kind.emphasis());
                self.push(kind);
            }
        }
        self.style = style.clone();
    }

    fn open_outer(&mut self, style: &Style) {
        for (wanted, kind, [mark, _]) in [
            (style.inserted, Kind::Inserted, self.form.inserted),
            (style.deleted, Kind::Deleted, self.form.deleted),
        ] {
            if wanted {
                self.text.push_str(mark);
                self.push(kind);
            }
        }
        if let Some(target) = &style.link {
            if self.text.ends_with('!') {
                self.text.insert(self.text.len() - 1, '\\');
            }
            self.text.push('[');
            self.push(Kind::Link(Rc::clone(target)));
        }
    }

    fn push(&mut self, kind: Kind) {
        let content = self.text.len();
        self.marks.push(Mark { kind, content });
    }
}
