//! HTML inserted into a document: its blocks and inline marks, as far as Markdown has them.
//!
//! Not a browser: no styles, no scripts, and no repair of what is nested wrongly beyond what the writer
//! tolerates. One pass over the text; what is open is counted, not kept.

mod entity;

use std::rc::Rc;

use crate::Result;
use crate::limits::Meter;
use crate::markdown::{Block, Marker, Style, Writer};

/// Writes `html`.
pub(super) fn write(html: &str, writer: &mut Writer, meter: &Meter) -> Result<()> {
    let mut page = Page { writer, meter, lists: Vec::new(), tables: 0, span: 1, marks: [0; 4], link: None };
    let mut rest = html;
    while !rest.is_empty() {
        let at = memchr::memchr(b'<', rest.as_bytes()).unwrap_or(rest.len());
        let (text, markup) = rest.split_at(at);
        page.text(text);
        rest = match Tag::read(markup) {
            Some((Tag::Nothing, behind)) => behind,
            Some((Tag::Open { name, attributes }, behind)) => {
                meter.check_cancelled()?;
                page.open(&name, attributes)?;
                if is_raw(&name) { after_end(behind, &name) } else { behind }
            }
            Some((Tag::Close { name }, behind)) => {
                page.close(&name);
                behind
            }
            None if markup.is_empty() => "",
            None => {
                page.text("<");
                markup.get(1..).unwrap_or_default()
            }
        };
    }
    page.writer.end_paragraph();
    while page.tables > 0 {
        page.close("table");
    }
    Ok(())
}

/// Elements whose content is no text of the page.
fn is_raw(name: &str) -> bool {
    matches!(name, "script" | "style" | "title" | "template" | "noscript" | "iframe" | "object" | "svg")
}

/// Returns what follows the end tag of a raw element; nothing if it does not end.
fn after_end<'a>(text: &'a str, name: &str) -> &'a str {
    let mut rest = text;
    while let Some(at) = memchr::memmem::find(rest.as_bytes(), b"</") {
        let behind = rest.get(at + 2..).unwrap_or_default();
        if behind.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            return behind.split_once('>').map_or("", |(_, behind)| behind);
        }
        rest = behind;
    }
    ""
}

/// Markup.
enum Tag<'a> {
    Open {
        name: String,
        attributes: &'a str,
    },
    Close {
        name: String,
    },
    /// A comment, a declaration or an instruction.
    Nothing,
}

impl<'a> Tag<'a> {
    /// Reads the markup at the front of `text` and returns what follows it; `None` if there is none.
    fn read(text: &'a str) -> Option<(Self, &'a str)> {
        let inner = text.strip_prefix('<')?;
        if let Some(comment) = inner.strip_prefix("!--") {
            return Some((Self::Nothing, comment.split_once("-->").map_or("", |(_, behind)| behind)));
        }
        if inner.starts_with(['!', '?']) {
            return Some((Self::Nothing, inner.split_once('>').map_or("", |(_, behind)| behind)));
        }
        let (closes, inner) = inner.strip_prefix('/').map_or((false, inner), |inner| (true, inner));
        if !inner.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return None;
        }
        let end = inner.find(|c: char| c.is_whitespace() || matches!(c, '/' | '>')).unwrap_or(inner.len());
        let (name, attributes) = inner.split_at(end);
        let name = name.to_ascii_lowercase();
        // Only the value of an attribute is quoted; anywhere else a quote is a character like others.
        let (mut quote, mut is_value) = (None, false);
        let end = attributes.find(|c: char| {
            let was_value = is_value;
            is_value = c == '=' || (was_value && c.is_whitespace());
            match (quote, c) {
                (None, '>') => return true,
                (None, '"' | '\'') if was_value => quote = Some(c),
                (Some(open), _) if open == c => quote = None,
                _ => {}
            }
            false
        });
        let end = end.unwrap_or(attributes.len());
        let behind = attributes.get(end + 1..).unwrap_or_default();
        let attributes = attributes.get(..end).unwrap_or_default();
        Some((if closes { Self::Close { name } } else { Self::Open { name, attributes } }, behind))
    }
}

/// Returns the value of an attribute, references resolved.
fn attribute(attributes: &str, name: &str) -> Option<String> {
    let mut rest = attributes;
    while let Some((before, after)) = rest.split_once('=') {
        let found = before.trim_end().rsplit(char::is_whitespace).next().unwrap_or_default();
        let after = after.trim_start();
        let (value, behind) = match after.chars().next() {
            Some(quote @ ('"' | '\'')) => after.get(1..)?.split_once(quote).unwrap_or((after.get(1..)?, "")),
            _ => after.split_once(char::is_whitespace).unwrap_or((after, "")),
        };
        if found.eq_ignore_ascii_case(name) {
            return Some(entity::resolve(value).into_owned());
        }
        rest = behind;
    }
    None
}

/// The page being written.
struct Page<'p> {
    writer: &'p mut Writer,
    meter: &'p Meter,
    /// The next number of each open list; bullets have none.
    lists: Vec<Option<u32>>,
    tables: u64,
    /// How many columns the cell spans.
    span: u64,
    /// How many elements are open that make text bold, italic, struck and keep its lines.
    marks: [u32; 4],
    link: Option<Rc<str>>,
}

impl Page<'_> {
    fn text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let [bold, italic, strike, keeps_lines] = self.marks.map(|open| open > 0);
        let style = Style { bold, italic, strike, link: self.link.clone(), ..Style::default() };
        let text = entity::resolve(text);
        if !keeps_lines {
            self.writer.text(&text, &style);
            return;
        }
        for (at, line) in text.lines().enumerate() {
            if at > 0 {
                self.writer.line_break();
            }
            self.writer.text(line, &style);
        }
        if text.ends_with('\n') {
            self.writer.line_break();
        }
    }

    fn open(&mut self, name: &str, attributes: &str) -> Result<()> {
        match name {
            "br" => self.writer.line_break(),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                let level = name.bytes().last().unwrap_or(b'1') - b'0';
                self.writer.begin_paragraph(Block::Heading(level));
            }
            "ul" => self.begin_list(None)?,
            "ol" => {
                let start = attribute(attributes, "start").and_then(|start| start.trim().parse().ok());
                self.begin_list(Some(start.unwrap_or(1)))?;
            }
            "li" => self.item(),
            "table" => {
                self.tables += 1;
                self.meter.table_depth(self.tables)?;
                self.writer.end_paragraph();
                self.writer.begin_table(0);
            }
            "tr" if self.tables > 0 => self.writer.begin_row(),
            "td" | "th" if self.tables > 0 => {
                let span = attribute(attributes, "colspan").and_then(|span| span.trim().parse().ok());
                self.span = span.unwrap_or(1);
                self.writer.begin_cell();
            }
            "a" => {
                self.link =
                    attribute(attributes, "href").filter(|target| !target.starts_with('#')).map(Rc::from);
            }
            "img" => self.writer.picture(&attribute(attributes, "alt").unwrap_or_default()),
            _ => {
                if is_block(name) {
                    self.end_block();
                }
                if let Some(mark) = self.mark(name) {
                    *mark += 1;
                }
            }
        }
        let grown = self.writer.grown();
        self.meter.resident(grown as u64)
    }

    fn close(&mut self, name: &str) {
        match name {
            "ul" | "ol" => {
                self.writer.end_paragraph();
                self.lists.pop();
            }
            "table" if self.tables > 0 => {
                self.tables -= 1;
                self.writer.end_table();
            }
            "tr" if self.tables > 0 => self.writer.end_row(),
            "td" | "th" if self.tables > 0 => self.writer.end_cell(std::mem::replace(&mut self.span, 1)),
            "a" => self.link = None,
            "li" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.writer.end_paragraph(),
            _ => {
                if is_block(name) {
                    self.end_block();
                }
                if let Some(mark) = self.mark(name) {
                    *mark = mark.saturating_sub(1);
                }
            }
        }
    }

    fn begin_list(&mut self, next: Option<u32>) -> Result<()> {
        self.end_block();
        self.meter.resident(size_of::<Option<u32>>() as u64)?;
        self.lists.push(next);
        Ok(())
    }

    fn item(&mut self) {
        let level = u8::try_from(self.lists.len().saturating_sub(1)).unwrap_or(u8::MAX);
        let marker = match self.lists.last_mut() {
            Some(Some(next)) => {
                let number = *next;
                *next = number.saturating_add(1);
                Marker::Number { number: number.min(999_999_999), delimiter: '.' }
            }
            _ => Marker::Bullet,
        };
        self.writer.begin_paragraph(Block::Item { level, marker });
    }

    /// A block within an item that has no text yet is the item's.
    fn end_block(&mut self) {
        if !self.writer.is_paragraph_empty() {
            self.writer.end_paragraph();
        }
    }

    fn mark(&mut self, name: &str) -> Option<&mut u32> {
        let [bold, italic, strike, keeps_lines] = &mut self.marks;
        match name {
            "b" | "strong" => Some(bold),
            "i" | "em" => Some(italic),
            "s" | "strike" | "del" => Some(strike),
            "pre" => Some(keeps_lines),
            _ => None,
        }
    }
}

fn is_block(name: &str) -> bool {
    const BLOCKS: [&str; 22] = [
        "p",
        "div",
        "section",
        "article",
        "header",
        "footer",
        "main",
        "aside",
        "nav",
        "blockquote",
        "pre",
        "address",
        "center",
        "dl",
        "dt",
        "dd",
        "figure",
        "figcaption",
        "caption",
        "hr",
        "body",
        "form",
    ];
    BLOCKS.contains(&name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Limits;

    fn convert(html: &str) -> Result<String> {
        let mut writer = Writer::new();
        write(html, &mut writer, &Meter::new(Limits::default(), html.len() as u64))?;
        Ok(writer.finish())
    }

    #[test]
    fn tables_nest_as_deep_as_the_limit_says() {
        assert!(convert(&"<table><tr><td>".repeat(64)).is_ok());
        assert!(convert(&"<table>".repeat(65)).is_err());
    }

    #[test]
    fn a_quote_that_opens_no_value_ends_nothing() {
        assert_eq!(convert("<p</'>one<p a'b>two<p a = '>'>three").unwrap().trim(), "one\n\ntwo\n\nthree");
    }

    proptest! {
        #[test]
        fn no_page_loses_its_last_word(pieces in prop::collection::vec(
            prop::sample::select(vec![
                "<", "</", ">", "/>", "p", "table", "tr", "td", "li", "ul", "ol", "h2", "a href=", "pre", "b", "img alt=",
                " colspan=99999999", "\"", "'", "=", "&", "&amp;", "#x41;", "<!--", "-->", "<!", "ä", "\n", "word",
            ]),
            0..60,
        )) {
            // Whatever is open, a paragraph behind a finished tag is written.
            let text = convert(&format!("{}'>\">--></script><p>last", pieces.concat())).unwrap();
            let swallowed = pieces.contains(&"<!--") || pieces.iter().any(|piece| piece.contains(['"', '\'', '=']));
            prop_assert!(swallowed || text.contains("last"), "{}", text);
        }
    }
}
