//! A byte-level reader of the two parts that are large: worksheets and shared strings.
//!
//! `xml::Reader` gives events; here callers may look at the buffered bytes themselves and take a whole cell at
//! once, falling back to tokens for what does not look as usual. The rules are the same: nesting is checked, DTDs
//! are refused, depth, attributes and tag size are bounded, and all bytes are valid UTF-8 before anyone sees them.

use crate::limits::{Limits, check};
use crate::xml::{self, Source};
use crate::{ConvertError, Result};

use super::attributes::Attributes;
use super::utf8::Utf8;

const BUFFER: usize = 128 << 10;

/// A token. An empty element gives a start and an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    /// A start tag: where its name and its attributes are in the buffer.
    Start { name: Span, attributes: Span },
    /// An end tag.
    End,
    /// Character data as written, references not resolved; a node may come in several pieces.
    Text(Span),
    /// A CDATA section.
    CharacterData(Span),
    /// The end of the part.
    Eof,
}

/// A range of the buffer, valid until the next token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    from: usize,
    to: usize,
}

/// The reader.
#[derive(Debug)]
pub(super) struct Scanner<S> {
    source: Utf8<S>,
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    done: bool,
    /// Qualified names of the open elements, one after the other.
    open: Vec<u8>,
    opened_at: Vec<usize>,
    pending_end: bool,
    seen_root: bool,
    max_depth: u64,
    max_attributes: u64,
    max_tag_bytes: u64,
}

impl<S: Source> Scanner<S> {
    pub(super) fn new(source: S, limits: &Limits) -> Self {
        Self {
            source: Utf8::new(source),
            buffer: vec![0; BUFFER],
            at: 0,
            end: 0,
            done: false,
            open: Vec::new(),
            opened_at: Vec::new(),
            pending_end: false,
            seen_root: false,
            max_depth: limits.max_xml_depth,
            max_attributes: limits.max_xml_attributes,
            max_tag_bytes: limits.max_xml_tag_bytes,
        }
    }

    /// Returns the bytes that are buffered and not yet consumed; empty inside an empty element.
    pub(super) fn window(&self) -> &[u8] {
        if self.pending_end {
            return &[];
        }
        self.buffer.get(self.at..self.end).unwrap_or_default()
    }

    /// Tells whether the window would grow by reading on.
    pub(super) fn can_grow(&self) -> bool {
        !self.pending_end
    }

    /// Consumes bytes of the window. They must be whole elements and text, or nesting goes wrong.
    pub(super) fn consume(&mut self, bytes: usize) {
        self.at = self.end.min(self.at + bytes);
    }

    pub(super) fn bytes(&self, span: Span) -> &[u8] {
        self.buffer.get(span.from..span.to).unwrap_or_default()
    }

    pub(super) fn local(&self, name: Span) -> &[u8] {
        xml::local_name(self.bytes(name))
    }

    pub(super) fn depth(&self) -> usize {
        self.opened_at.len()
    }

    /// Iterates over the attributes of a start tag as (local name, value as written).
    pub(super) fn attributes(&self, span: Span) -> impl Iterator<Item = (&[u8], &[u8])> {
        Attributes(self.bytes(span)).map(|(name, value)| (xml::local_name(name), value))
    }

    pub(super) fn corrupt(&self, reason: &str) -> ConvertError {
        ConvertError::corrupt(self.source.name(), reason)
    }

    /// Returns the next token.
    pub(super) fn token(&mut self) -> Result<Token> {
        if std::mem::take(&mut self.pending_end) {
            self.pop();
            return Ok(Token::End);
        }
        loop {
            if self.at == self.end && !self.more()? {
                return self.end_of_part();
            }
            if self.buffer.get(self.at) != Some(&b'<') {
                if self.opened_at.is_empty() {
                    self.outer_text()?;
                    continue;
                }
                return self.text();
            }
            match self.peek(1)? {
                b'/' => return self.end_tag(),
                b'?' => self.skip_past(b"?>", 2)?,
                b'!' => {
                    if let Some(token) = self.declaration()? {
                        return Ok(token);
                    }
                }
                _ => return self.start_tag(),
            }
        }
    }

    /// Skips to the end tag of the element whose start tag came last.
    pub(super) fn skip_element(&mut self) -> Result<()> {
        let outer = self.depth().saturating_sub(1);
        while self.depth() > outer {
            self.token()?;
        }
        Ok(())
    }

    fn end_of_part(&mut self) -> Result<Token> {
        if self.opened_at.is_empty() && self.seen_root {
            Ok(Token::Eof)
        } else {
            Err(self.corrupt("the XML ends early"))
        }
    }

    fn peek(&mut self, offset: usize) -> Result<u8> {
        while self.end - self.at <= offset {
            if !self.more()? {
                return Err(self.corrupt("the XML ends inside a tag"));
            }
        }
        Ok(self.buffer.get(self.at + offset).copied().unwrap_or(0))
    }

    fn outer_text(&mut self) -> Result<()> {
        let window = self.window();
        let len = memchr::memchr(b'<', window).unwrap_or(window.len());
        let (text, _) = window.split_at(len);
        if !text.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0) {
            return Err(self.corrupt("there is text outside the root element"));
        }
        self.at += len;
        Ok(())
    }

    /// Text up to the next tag. A node that does not fit the buffer comes in pieces, never cut inside a reference.
    fn text(&mut self) -> Result<Token> {
        let mut searched = 0;
        loop {
            let window = self.window();
            let rest = window.get(searched..).unwrap_or_default();
            if let Some(found) = memchr::memchr(b'<', rest) {
                return Ok(Token::Text(self.take(searched + found)));
            }
            searched = window.len();
            if searched >= BUFFER / 2 {
                let tail_start = searched - 64;
                let tail = window.get(tail_start..).unwrap_or_default();
                let cut = safe_cut(tail);
                return Ok(Token::Text(self.take(tail_start + cut)));
            }
            if !self.more()? {
                return Err(self.corrupt("the XML ends early"));
            }
        }
    }

    fn take(&mut self, len: usize) -> Span {
        let from = self.at;
        self.at += len;
        Span { from, to: self.at }
    }

    fn start_tag(&mut self) -> Result<Token> {
        let (close, quotes) = self.find_tag_end()?;
        check("attributes of an XML element", quotes / 2, self.max_attributes, "--max-xml-attributes")?;
        let begin = self.at + 1;
        let empty = close > begin && self.buffer.get(close - 1) == Some(&b'/');
        let to = if empty { close - 1 } else { close };
        let inner = self.bytes(Span { from: begin, to });
        let name_len = inner.iter().position(u8::is_ascii_whitespace).unwrap_or(inner.len());
        if name_len == 0 {
            return Err(self.corrupt("a tag has no name"));
        }
        let name = Span { from: begin, to: begin + name_len };
        self.at = close + 1;
        self.push(name)?;
        self.pending_end = empty;
        let attributes = Span { from: name.to, to };
        Ok(Token::Start { name, attributes })
    }

    fn end_tag(&mut self) -> Result<Token> {
        let (close, _) = self.find_tag_end()?;
        let written = self.bytes(Span { from: self.at + 2, to: close });
        let expected = self.opened_at.last().and_then(|at| self.open.get(*at..));
        if expected != Some(written.trim_ascii_end()) {
            return Err(self.corrupt("an end tag does not match its start tag"));
        }
        self.at = close + 1;
        self.pop();
        Ok(Token::End)
    }

    fn push(&mut self, name: Span) -> Result<()> {
        if self.opened_at.is_empty() && std::mem::replace(&mut self.seen_root, true) {
            return Err(self.corrupt("the XML has two root elements"));
        }
        check(
            "the nesting of XML elements",
            self.opened_at.len() as u64 + 1,
            self.max_depth,
            "--max-xml-depth",
        )?;
        let open = (self.open.len() + name.to - name.from) as u64;
        check("the names of open XML elements", open, self.max_tag_bytes, "--max-xml-tag-size")?;
        self.opened_at.push(self.open.len());
        let name = self.buffer.get(name.from..name.to).unwrap_or_default();
        self.open.extend_from_slice(name);
        Ok(())
    }

    fn pop(&mut self) {
        self.open.truncate(self.opened_at.pop().unwrap_or(0));
    }

    /// Makes the whole tag resident; returns the index of its `>` and the number of quotes before it.
    fn find_tag_end(&mut self) -> Result<(usize, u64)> {
        let (mut offset, mut quote, mut quotes) = (1, 0u8, 0);
        loop {
            for (skipped, &byte) in self.window().iter().enumerate().skip(offset) {
                match byte {
                    _ if quote != 0 && byte == quote => {
                        quote = 0;
                        quotes += 1;
                    }
                    _ if quote != 0 => {}
                    b'>' => return Ok((self.at + skipped, quotes)),
                    b'"' | b'\'' => {
                        quote = byte;
                        quotes += 1;
                    }
                    b'<' => return Err(self.corrupt("a tag is not closed")),
                    _ => {}
                }
            }
            offset = self.end - self.at;
            check("the size of an XML tag", offset as u64, self.max_tag_bytes, "--max-xml-tag-size")?;
            if !self.more()? {
                return Err(self.corrupt("the XML ends inside a tag"));
            }
        }
    }

    /// Handles `<!`: comments are passed over, CDATA is text, a DTD is refused.
    fn declaration(&mut self) -> Result<Option<Token>> {
        self.peek(3)?;
        if self.window().starts_with(b"<!--") {
            self.skip_past(b"-->", 4)?;
            return Ok(None);
        }
        self.peek(8)?;
        if !self.window().starts_with(b"<![CDATA[") || self.opened_at.is_empty() {
            return Err(self.corrupt("it has a document type declaration, which is not allowed"));
        }
        let mut searched = 9;
        loop {
            let rest = self.window().get(searched..).unwrap_or_default();
            if let Some(found) = memchr::memmem::find(rest, b"]]>") {
                self.at += 9;
                let span = self.take(searched - 9 + found);
                self.at += 3;
                return Ok(Some(Token::CharacterData(span)));
            }
            let resident = self.window().len();
            searched = resident.saturating_sub(2).max(9);
            check("the size of a CDATA section", resident as u64, self.max_tag_bytes, "--max-xml-tag-size")?;
            if !self.more()? {
                return Err(self.corrupt("the XML ends inside a CDATA section"));
            }
        }
    }

    fn skip_past(&mut self, mark: &[u8], from: usize) -> Result<()> {
        self.consume(from);
        loop {
            if let Some(found) = memchr::memmem::find(self.window(), mark) {
                self.at += found + mark.len();
                return Ok(());
            }
            self.at = self.at.max(self.end.saturating_sub(mark.len() - 1));
            if !self.more()? {
                return Err(self.corrupt("the XML ends inside a comment or instruction"));
            }
        }
    }

    /// Brings more bytes behind those not yet consumed; false at the end of the part.
    pub(super) fn more(&mut self) -> Result<bool> {
        if self.done {
            return Ok(false);
        }
        if self.at > 0 {
            self.buffer.copy_within(self.at..self.end, 0);
            self.end -= self.at;
            self.at = 0;
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let n = self.source.fill(&mut self.buffer, self.end)?;
        self.end += n;
        self.done = n == 0;
        Ok(n > 0)
    }
}

/// Returns where text may be cut: not inside a character, nor inside a reference, nor between CR and LF.
fn safe_cut(tail: &[u8]) -> usize {
    let mut cut = tail.len();
    if let Some(at) = memchr::memrchr(b'&', tail)
        && memchr::memchr(b';', tail.get(at..).unwrap_or_default()).is_none()
    {
        cut = at;
    }
    while cut > 0 && tail.get(cut).is_some_and(|byte| byte & 0xC0 == 0x80) {
        cut -= 1;
    }
    if cut > 0 && tail.get(cut - 1) == Some(&b'\r') {
        cut -= 1;
    }
    // A lone `&` or CR at the start has to move on, or the reader would stand still.
    if cut == 0 { tail.len() } else { cut }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time, so that every token meets the end of the buffer.
    struct Trickle<'a>(&'a [u8]);

    impl Source for Trickle<'_> {
        fn fill(&mut self, out: &mut [u8]) -> Result<usize> {
            let Some((first, rest)) = self.0.split_first() else {
                return Ok(0);
            };
            out[0] = *first;
            self.0 = rest;
            Ok(1)
        }

        fn name(&self) -> &str {
            "test"
        }
    }

    fn tokens(source: impl Source) -> Result<String> {
        let mut scanner = Scanner::new(source, &Limits::default());
        let mut out = String::new();
        loop {
            let token = scanner.token()?;
            let text = |span| String::from_utf8(scanner.bytes(span).to_vec()).unwrap();
            match token {
                Token::Start { name, attributes } => {
                    out.push_str(&format!("<{}", text(name)));
                    for (name, value) in scanner.attributes(attributes) {
                        out.push_str(&format!(
                            " {}={}",
                            String::from_utf8_lossy(name),
                            String::from_utf8_lossy(value)
                        ));
                    }
                    out.push('>');
                }
                Token::End => out.push_str("</>"),
                Token::Text(span) | Token::CharacterData(span) => out.push_str(&text(span)),
                Token::Eof => return Ok(out),
            }
        }
    }

    #[test]
    fn tokens_do_not_depend_on_how_the_bytes_come() {
        let xml = "\u{feff}<?xml version=\"1.0\"?><!-- <c> --><x:a b='>' y:c=\"1\">\u{e9}&lt;<d/><![CDATA[<&]]]]></x:a>\n";
        let expected = "<x:a b=> c=1>\u{e9}&lt;<d></><&]]</>";
        assert_eq!(tokens(xml.as_bytes()).unwrap(), expected);
        assert_eq!(tokens(Trickle(xml.as_bytes())).unwrap(), expected);
        let utf16: Vec<u8> = xml.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(tokens(Trickle(&utf16)).unwrap(), expected);
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        for xml in [
            "",
            " ",
            "<a>",
            "<a></b>",
            "<a",
            "<a/><b/>",
            "x<a/>",
            "<a/>x",
            "<a><!-- </a>",
            "<a><b</a>",
            "< a/>",
            "<!DOCTYPE a><a/>",
            "<a><![CDATA[</a>",
            "<a>\u{0}",
            "</a>",
        ] {
            assert!(tokens(xml.as_bytes()).is_err(), "{xml}");
        }
        assert!(tokens(&b"<a>\xFF</a>"[..]).is_err(), "ill-formed UTF-8");
        assert!(tokens(&b"<a>\xC3"[..]).is_err(), "cut UTF-8");
    }

    #[test]
    fn bounds_hold() {
        let deep = format!("{}{}", "<a>".repeat(300), "</a>".repeat(300));
        assert!(matches!(tokens(deep.as_bytes()), Err(ConvertError::Limit(_))));
        let wide = format!("<a{}/>", " b='1'".repeat(2000));
        assert!(matches!(tokens(wide.as_bytes()), Err(ConvertError::Limit(_))));
        let long = format!("<a b='{}'/>", "x".repeat(2 << 20));
        assert!(matches!(tokens(long.as_bytes()), Err(ConvertError::Limit(_))));
    }

    #[test]
    fn long_text_comes_in_pieces_that_cut_nothing() {
        let text = "\u{e9}&amp;".repeat(100_000);
        let xml = format!("<a>{text}</a>");
        assert_eq!(tokens(xml.as_bytes()).unwrap(), format!("<a>{text}</>"));
    }
}
