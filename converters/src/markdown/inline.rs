//! One run of inline Markdown: text with bold, italic, strikethrough and links.
//!
//! Marks are opened before the first visible character of a style and closed behind the last one, so that
//! pieces of one style merge whatever pieces they come in, and no mark stands beside a space, where CommonMark
//! would not see it. Punctuation at the edge of a style that touches a word is moved out of it for the same
//! reason. White space collapses, as every Markdown reader does.

use std::rc::Rc;

use super::escape::{self, Place};

/// A longer run of underscores at the end of a piece of text is not looked at again.
const MAX_UNDERSCORES: usize = 256;

/// How text looks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Style {
    /// Strong emphasis.
    pub bold: bool,
    /// Emphasis.
    pub italic: bool,
    /// Strikethrough.
    pub strike: bool,
    /// The target of the link that the text belongs to.
    pub link: Option<Rc<str>>,
}

/// What surrounds the run: decides about line breaks and which marks count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Surroundings {
    #[default]
    Block,
    Heading,
    Cell,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Gap {
    #[default]
    None,
    Space,
    Break,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Link(Rc<str>),
    Bold,
    Italic,
    Strike,
}

#[derive(Debug)]
struct Mark {
    kind: Kind,
    /// Where its content begins.
    content: usize,
}

/// The run being written.
#[derive(Debug, Default)]
pub(super) struct Inline {
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
    /// The last character handed on, if the run is being handed on in pieces.
    handed_on: Option<char>,
}

impl Inline {
    /// Prepares for a new run.
    pub(super) fn reset(&mut self, surroundings: Surroundings, indent: usize) {
        self.text.clear();
        self.marks.clear();
        self.style = Style::default();
        self.gap = Gap::None;
        self.word_end = 0;
        self.underscores = None;
        self.line_start = (surroundings == Surroundings::Block).then_some(0);
        self.surroundings = surroundings;
        self.indent = indent;
        self.handed_on = None;
    }

    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    fn is_untouched(&self) -> bool {
        self.text.is_empty() && self.handed_on.is_none()
    }

    /// Appends text; white space at its ends counts once.
    pub(super) fn text(&mut self, text: &str, style: &Style) {
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

    /// Appends Markdown as it is, in the style that is open.
    pub(super) fn embed(&mut self, markdown: &str) {
        self.write_gap();
        self.underscores = None;
        self.text.push_str(markdown);
    }

    /// Closes what is open and returns the rest of the run.
    pub(super) fn finish(&mut self) -> &str {
        self.close_all();
        &self.text
    }

    /// Hands on what was written so far; the run goes on.
    pub(super) fn hand_on(&mut self, to: &mut String) {
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
        self.close_for(style, words);
        self.write_gap();
        // `word**(note)**`: the same at the other end; the marks open behind the punctuation.
        let emphasis = style.bold || style.italic || style.strike;
        let edge = if emphasis && self.text.ends_with(char::is_alphanumeric) {
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
            in_cell: self.surroundings == Surroundings::Cell,
            in_heading: self.surroundings == Surroundings::Heading,
            in_link: self.style.link.is_some(),
            before: self.handed_on,
        };
        let from = self.text.len();
        escape::append(&mut self.text, words, place);
        let new = &self.text[from..];
        if let Some((at, last)) = new.char_indices().rev().find(|(_, c)| c.is_alphanumeric()) {
            self.word_end = from + at + last.len_utf8();
        }
        self.underscores = None;
        if words.ends_with('_') {
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
                Surroundings::Cell => self.text.push_str("<br>"),
                Surroundings::Block => {
                    self.text.push_str("\\\n");
                    self.text.extend(std::iter::repeat_n(' ', self.indent));
                    self.line_start = Some(self.text.len());
                }
            },
        }
    }

    /// Closes the marks that `style` does not have, innermost first.
    fn close_for(&mut self, style: &Style, next: &str) {
        // A link that begins or ends closes everything: it is always the outermost.
        let keep = if self.style.link == style.link {
            let unwanted = self.marks.iter().position(|mark| !wants(style, &mark.kind));
            unwanted.unwrap_or(self.marks.len())
        } else {
            0
        };
        if keep == self.marks.len() {
            return;
        }
        let content = self.marks.last().map_or(0, |mark| mark.content);
        // `**word.**next`: the closing mark would stand between punctuation and a letter and mean nothing.
        let inner = self.marks[keep..].iter().all(|mark| !matches!(mark.kind, Kind::Link(_)));
        let shift = inner
            && self.gap == Gap::None
            && next.starts_with(char::is_alphanumeric)
            && !self.text.ends_with(char::is_alphanumeric)
            && self.word_end > content;
        let mut at = if shift { self.word_end } else { self.text.len() };
        for mark in self.marks.drain(keep..).rev() {
            at = close(&mut self.text, at, &mark.kind);
        }
        self.style = Style {
            bold: self.marks.iter().any(|mark| mark.kind == Kind::Bold),
            italic: self.marks.iter().any(|mark| mark.kind == Kind::Italic),
            strike: self.marks.iter().any(|mark| mark.kind == Kind::Strike),
            link: self.marks.iter().find_map(|mark| match &mark.kind {
                Kind::Link(target) => Some(Rc::clone(target)),
                Kind::Bold | Kind::Italic | Kind::Strike => None,
            }),
        };
    }

    fn close_all(&mut self) {
        while let Some(mark) = self.marks.pop() {
            let end = self.text.len();
            close(&mut self.text, end, &mark.kind);
        }
        self.style = Style::default();
    }

    /// Opens the marks of `style` that are not open. A link is always the outermost.
    fn open_for(&mut self, style: &Style) {
        if self.style.link != style.link {
            self.close_all();
            if let Some(target) = &style.link {
                if self.text.ends_with('!') {
                    self.text.insert(self.text.len() - 1, '\\');
                }
                self.text.push('[');
                self.push(Kind::Link(Rc::clone(target)));
            }
        }
        for (wanted, open, kind, mark) in [
            (style.bold, self.style.bold, Kind::Bold, "**"),
            (style.italic, self.style.italic, Kind::Italic, "*"),
            (style.strike, self.style.strike, Kind::Strike, "~~"),
        ] {
            if wanted && !open {
                self.text.push_str(mark);
                self.push(kind);
            }
        }
        self.style = style.clone();
    }

    fn push(&mut self, kind: Kind) {
        let content = self.text.len();
        self.marks.push(Mark { kind, content });
    }
}

fn wants(style: &Style, kind: &Kind) -> bool {
    match kind {
        Kind::Link(target) => style.link.as_ref() == Some(target),
        Kind::Bold => style.bold,
        Kind::Italic => style.italic,
        Kind::Strike => style.strike,
    }
}

/// Writes the closing mark at `at` and returns where it ends.
fn close(text: &mut String, at: usize, kind: &Kind) -> usize {
    match kind {
        Kind::Bold => text.insert_str(at, "**"),
        Kind::Italic => text.insert(at, '*'),
        Kind::Strike => text.insert_str(at, "~~"),
        Kind::Link(target) => {
            let closing = format!("]({})", destination(target));
            text.insert_str(at, &closing);
            return at + closing.len();
        }
    }
    at + if *kind == Kind::Italic { 1 } else { 2 }
}

/// Makes a link destination: what would end it early is percent-encoded, as URIs do (RFC 3986 section 2.1).
fn destination(target: &str) -> String {
    let mut out = String::with_capacity(target.len());
    for c in target.chars() {
        match c {
            ' ' => out.push_str("%20"),
            '(' => out.push_str("%28"),
            ')' => out.push_str("%29"),
            '<' => out.push_str("%3C"),
            '>' => out.push_str("%3E"),
            '|' => out.push_str("%7C"),
            '\\' => out.push_str("%5C"),
            _ if c.is_control() || c.is_whitespace() => {}
            _ => out.push(c),
        }
    }
    out
}

/// Returns how much of `words`, which begins with a visible character, can be written at once: up to white
/// space that is more than one plain space between visible characters.
fn plain_len(words: &str) -> usize {
    let bytes = words.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b' ' if bytes.get(at + 1).is_some_and(u8::is_ascii_graphic) => at += 1,
            b' ' | b'\t'..=b'\r' => return at,
            // The only lead bytes of white space outside ASCII.
            0xC2 | 0xE1 | 0xE2 | 0xE3 => {
                let c = words[at..].chars().next().unwrap_or(' ');
                if c.is_whitespace() {
                    return at;
                }
                at += c.len_utf8();
            }
            _ => at += 1,
        }
    }
    at
}
