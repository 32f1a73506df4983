//! A pull tokenizer for the XML of untrusted packages, streaming and bounded.
//!
//! Not a general XML library: no DTD (refused), no namespaces (callers compare local names, which also
//! makes strict OOXML work), no validation beyond well-formed nesting. In exchange it holds one buffer
//! whatever the length of a text node, checks depth, attributes and tag size, and costs a fraction of a general
//! reader on spreadsheet parts. Rules: XML 1.0 (fifth edition), sections 2 and 4.

use std::borrow::Cow;

use crate::limits::{Limits, check};
use crate::zip::PartReader;
use crate::{ConvertError, Result};

const BUFFER: usize = 64 << 10;
/// The longest reference that is resolved: `&#x0010FFFF;` with leading zeros to spare.
const MAX_REFERENCE: usize = 32;

/// Where the bytes of a document come from.
pub trait Source {
    /// Fills `out`; 0 means the end.
    ///
    /// # Errors
    /// Whatever the source reports.
    fn fill(&mut self, out: &mut [u8]) -> Result<usize>;

    /// Returns the name for error messages.
    fn name(&self) -> &str;
}

impl Source for PartReader<'_> {
    fn fill(&mut self, out: &mut [u8]) -> Result<usize> {
        PartReader::fill(self, out)
    }

    fn name(&self) -> &str {
        PartReader::name(self)
    }
}

impl Source for &[u8] {
    fn fill(&mut self, out: &mut [u8]) -> Result<usize> {
        let n = out.len().min(self.len());
        out[..n].copy_from_slice(&self[..n]);
        *self = &self[n..];
        Ok(n)
    }

    fn name(&self) -> &str {
        "the XML"
    }
}

/// One token. An empty element gives a start and an end.
#[derive(Debug)]
pub enum Event<'a> {
    /// A start tag.
    Start(Tag<'a>),
    /// An end tag, by its local name.
    End(&'a [u8]),
    /// A piece of character data, references resolved; one text node may come in several pieces.
    Text(&'a str),
    /// The end of the document.
    Eof,
}

/// A start tag with its attributes.
#[derive(Debug, Clone, Copy)]
pub struct Tag<'a> {
    name: &'a [u8],
    attributes: &'a [u8],
}

impl<'a> Tag<'a> {
    /// Returns the name without its prefix.
    #[must_use]
    pub fn local(&self) -> &'a [u8] {
        local_name(self.name)
    }

    /// Returns the name as written.
    #[must_use]
    pub fn qualified(&self) -> &'a [u8] {
        self.name
    }

    /// Returns the raw value of the first attribute with this local name; references are not resolved.
    #[must_use]
    pub fn raw(&self, local: &[u8]) -> Option<&'a [u8]> {
        self.attributes()
            .find(|(name, _)| local_name(name) == local)
            .map(|(_, value)| value)
    }

    /// Returns the value of the first attribute with this local name, references resolved, ill-formed UTF-8 replaced.
    #[must_use]
    pub fn value(&self, local: &[u8]) -> Option<Cow<'a, str>> {
        self.raw(local).map(unescape_lossy)
    }

    /// Returns the raw value of the attribute with exactly this qualified name, such as `r:id`.
    #[must_use]
    pub fn qualified_raw(&self, name: &[u8]) -> Option<&'a [u8]> {
        self.attributes()
            .find(|(n, _)| *n == name)
            .map(|(_, value)| value)
    }

    /// Iterates over (qualified name, raw value).
    #[must_use]
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes {
            rest: self.attributes,
        }
    }
}

/// Iterates over the attributes of a tag; stops at the first that is not well-formed.
#[derive(Debug, Clone)]
pub struct Attributes<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.rest.iter().position(|b| !b.is_ascii_whitespace())?;
        let rest = &self.rest[start..];
        let equals = memchr::memchr(b'=', rest)?;
        let name = rest[..equals].trim_ascii_end();
        let after = rest[equals + 1..].trim_ascii_start();
        let quote = *after.first()?;
        if quote != b'"' && quote != b'\'' {
            return None;
        }
        let end = memchr::memchr(quote, &after[1..])?;
        self.rest = &after[end + 2..];
        Some((name, &after[1..=end]))
    }
}

/// The tokenizer.
#[derive(Debug)]
pub struct Reader<S> {
    source: S,
    decoder: Option<Box<encoding_rs::Decoder>>,
    raw: Vec<u8>,
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    source_done: bool,
    started: bool,
    /// Qualified names of the open elements, one after the other; valid up to `open_len`.
    open: Vec<u8>,
    open_len: usize,
    opened_at: Vec<usize>,
    pending_end: bool,
    seen_root: bool,
    scratch: String,
    max_depth: u64,
    max_attributes: u64,
    max_tag_bytes: u64,
}

/// What the next token in the buffer is, as ranges.
enum Token {
    Start {
        name: (usize, usize),
        attributes: (usize, usize),
        empty: bool,
    },
    End {
        name: (usize, usize),
    },
    Text {
        from: usize,
        to: usize,
        cdata: bool,
    },
    Eof,
}

impl<S: Source> Reader<S> {
    /// Makes a reader over `source` with the XML bounds of `limits`.
    pub fn new(source: S, limits: &Limits) -> Self {
        Self {
            source,
            decoder: None,
            raw: Vec::new(),
            buffer: vec![0; BUFFER],
            at: 0,
            end: 0,
            source_done: false,
            started: false,
            open: Vec::new(),
            open_len: 0,
            opened_at: Vec::new(),
            pending_end: false,
            seen_root: false,
            scratch: String::new(),
            max_depth: limits.max_xml_depth,
            max_attributes: limits.max_xml_attributes,
            max_tag_bytes: limits.max_xml_tag_bytes,
        }
    }

    /// Returns the number of open elements.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.opened_at.len()
    }

    /// Returns the next token.
    ///
    /// # Errors
    /// [`ConvertError::Corrupt`] for XML that is not well-formed or has a DTD, [`ConvertError::Limit`] for
    /// depth, attributes or tag size, and what the source reports.
    pub fn next_event(&mut self) -> Result<Event<'_>> {
        if self.pending_end {
            self.pending_end = false;
            return Ok(self.pop_open());
        }
        match self.token()? {
            Token::Start {
                name,
                attributes,
                empty,
            } => {
                self.push_open(name)?;
                self.pending_end = empty;
                Ok(Event::Start(Tag {
                    name: &self.buffer[name.0..name.1],
                    attributes: &self.buffer[attributes.0..attributes.1],
                }))
            }
            Token::End { name } => {
                let expected = self.opened_at.last().map(|&at| &self.open[at..self.open_len]);
                if expected != Some(&self.buffer[name.0..name.1]) {
                    return Err(self.corrupt("an end tag does not match its start tag"));
                }
                Ok(self.pop_open())
            }
            Token::Text { from, to, cdata } => self.text(from, to, cdata),
            Token::Eof => {
                if self.opened_at.is_empty() && self.seen_root {
                    Ok(Event::Eof)
                } else {
                    Err(self.corrupt("the XML ends early"))
                }
            }
        }
    }

    /// Skips to the end tag of the element whose start tag came last.
    ///
    /// # Errors
    /// As for [`Reader::next_event`].
    pub fn skip_element(&mut self) -> Result<()> {
        let outer = self.depth().saturating_sub(1);
        while self.depth() > outer {
            self.next_event()?;
        }
        Ok(())
    }

    /// Appends the character data up to the end tag of the element whose start tag came last, at any depth.
    ///
    /// # Errors
    /// As for [`Reader::next_event`].
    pub fn text_content(&mut self, out: &mut String) -> Result<()> {
        let outer = self.depth().saturating_sub(1);
        while self.depth() > outer {
            if let Event::Text(text) = self.next_event()? {
                out.push_str(text);
            }
        }
        Ok(())
    }

    fn push_open(&mut self, name: (usize, usize)) -> Result<()> {
        if self.opened_at.is_empty() && self.seen_root {
            return Err(self.corrupt("the XML has two root elements"));
        }
        self.seen_root = true;
        check(
            "the nesting of XML elements",
            self.opened_at.len() as u64 + 1,
            self.max_depth,
            "--max-xml-depth",
        )?;
        self.open.truncate(self.open_len);
        self.opened_at.push(self.open_len);
        self.open.extend_from_slice(&self.buffer[name.0..name.1]);
        self.open_len = self.open.len();
        Ok(())
    }

    fn pop_open(&mut self) -> Event<'_> {
        let at = self.opened_at.pop().unwrap_or(0);
        let end = std::mem::replace(&mut self.open_len, at);
        // The bytes stay in place until the next push truncates them.
        Event::End(local_name(&self.open[at..end]))
    }

    fn text(&mut self, from: usize, to: usize, cdata: bool) -> Result<Event<'_>> {
        let bytes = &self.buffer[from..to];
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Err(self.corrupt("its text is not valid UTF-8"));
        };
        if cdata || memchr::memchr(b'&', bytes).is_none() {
            return Ok(Event::Text(text));
        }
        self.scratch.clear();
        if resolve(text, &mut self.scratch) {
            Ok(Event::Text(&self.scratch))
        } else {
            Err(self.corrupt("it uses an entity that is not declared"))
        }
    }

    /// Finds the next token that callers see; comments, processing instructions and outer white space are passed over.
    fn token(&mut self) -> Result<Token> {
        loop {
            if self.at == self.end && !self.more()? {
                return Ok(Token::Eof);
            }
            if self.buffer[self.at] != b'<' {
                if self.opened_at.is_empty() {
                    self.outer_text()?;
                    continue;
                }
                return self.text_token();
            }
            match self.peek(1)? {
                Some(b'/') => return self.end_token(),
                Some(b'?') => self.skip_past(b"?>")?,
                Some(b'!') => {
                    if let Some(token) = self.declaration()? {
                        return Ok(token);
                    }
                }
                Some(_) => return self.start_token(),
                None => return Err(self.corrupt("the XML ends inside a tag")),
            }
        }
    }

    fn outer_text(&mut self) -> Result<()> {
        let until = memchr::memchr(b'<', &self.buffer[self.at..self.end]).map_or(self.end, |n| self.at + n);
        if self.buffer[self.at..until]
            .iter()
            .any(|b| !b.is_ascii_whitespace() && *b != 0)
        {
            return Err(self.corrupt("there is text outside the root element"));
        }
        self.at = until;
        Ok(())
    }

    /// Text up to the next tag or as far as the buffer goes, never cutting a character or a reference.
    fn text_token(&mut self) -> Result<Token> {
        loop {
            let from = self.at;
            if let Some(n) = memchr::memchr(b'<', &self.buffer[from..self.end]) {
                self.at = from + n;
                return Ok(Token::Text {
                    from,
                    to: self.at,
                    cdata: false,
                });
            }
            let keep = incomplete_tail(&self.buffer[from..self.end]);
            if self.end - from > keep && (self.end - from >= BUFFER / 2 || self.source_done) {
                let to = if self.source_done {
                    self.end
                } else {
                    self.end - keep
                };
                self.at = to;
                return Ok(Token::Text {
                    from,
                    to,
                    cdata: false,
                });
            }
            if !self.more()? {
                self.at = self.end;
                return Ok(Token::Text {
                    from,
                    to: self.end,
                    cdata: false,
                });
            }
        }
    }

    fn start_token(&mut self) -> Result<Token> {
        let (close, quotes) = self.find_tag_end()?;
        let begin = self.at + 1;
        let empty = self.buffer[close - 1] == b'/';
        let inner_end = if empty { close - 1 } else { close };
        let name_len = self.buffer[begin..inner_end]
            .iter()
            .position(u8::is_ascii_whitespace)
            .unwrap_or(inner_end - begin);
        if name_len == 0 {
            return Err(self.corrupt("a tag has no name"));
        }
        check(
            "attributes of an XML element",
            quotes / 2,
            self.max_attributes,
            "--max-xml-attributes",
        )?;
        self.at = close + 1;
        let name = (begin, begin + name_len);
        Ok(Token::Start {
            name,
            attributes: (name.1, inner_end),
            empty,
        })
    }

    fn end_token(&mut self) -> Result<Token> {
        let (close, _) = self.find_tag_end()?;
        let begin = self.at + 2;
        let len = self.buffer[begin..close].trim_ascii_end().len();
        self.at = close + 1;
        Ok(Token::End {
            name: (begin, begin + len),
        })
    }

    /// Makes the whole tag resident; returns the index of its `>` and the number of quotes before it.
    fn find_tag_end(&mut self) -> Result<(usize, u64)> {
        let mut offset = 1;
        let mut quote = 0u8;
        let mut quotes = 0;
        loop {
            let mut i = self.at + offset;
            while i < self.end {
                let byte = self.buffer[i];
                if quote != 0 {
                    if byte == quote {
                        quote = 0;
                        quotes += 1;
                    }
                } else if byte == b'>' {
                    return Ok((i, quotes));
                } else if byte == b'"' || byte == b'\'' {
                    quote = byte;
                    quotes += 1;
                } else if byte == b'<' {
                    return Err(self.corrupt("a tag is not closed"));
                }
                i += 1;
            }
            offset = i - self.at;
            check(
                "the size of an XML tag",
                offset as u64,
                self.max_tag_bytes,
                "--max-xml-tag-size",
            )?;
            if !self.more()? {
                return Err(self.corrupt("the XML ends inside a tag"));
            }
        }
    }

    /// Handles `<!`: comments are passed over, CDATA is text, a DTD is refused.
    fn declaration(&mut self) -> Result<Option<Token>> {
        self.need(9)?;
        let rest = &self.buffer[self.at..self.end];
        if rest.starts_with(b"<!--") {
            self.at += 4;
            self.skip_past(b"-->")?;
            return Ok(None);
        }
        if rest.starts_with(b"<![CDATA[") && !self.opened_at.is_empty() {
            return self.cdata_token().map(Some);
        }
        Err(self.corrupt("it declares a DTD, which is never read"))
    }

    fn cdata_token(&mut self) -> Result<Token> {
        let mut searched = 9;
        loop {
            let from = self.at + 9;
            if let Some(n) = memchr::memmem::find(&self.buffer[self.at + searched..self.end], b"]]>") {
                let to = self.at + searched + n;
                self.at = to + 3;
                return Ok(Token::Text {
                    from,
                    to,
                    cdata: true,
                });
            }
            searched = (self.end - self.at).saturating_sub(2).max(9);
            check(
                "the size of a CDATA section",
                searched as u64,
                self.max_tag_bytes,
                "--max-xml-tag-size",
            )?;
            if !self.more()? {
                return Err(self.corrupt("the XML ends inside a CDATA section"));
            }
        }
    }

    fn skip_past(&mut self, mark: &[u8]) -> Result<()> {
        loop {
            if let Some(n) = memchr::memmem::find(&self.buffer[self.at..self.end], mark) {
                self.at += n + mark.len();
                return Ok(());
            }
            self.at = self.at.max(self.end.saturating_sub(mark.len() - 1));
            if !self.more()? {
                return Err(self.corrupt("the XML ends inside a comment or instruction"));
            }
        }
    }

    fn peek(&mut self, offset: usize) -> Result<Option<u8>> {
        self.need(offset + 1)?;
        Ok(self.buffer[..self.end].get(self.at + offset).copied())
    }

    fn need(&mut self, bytes: usize) -> Result<()> {
        while self.end - self.at < bytes && self.more()? {}
        Ok(())
    }

    /// Brings more bytes behind those not yet consumed; false at the end of the source.
    fn more(&mut self) -> Result<bool> {
        if !self.started {
            self.start()?;
            return Ok(self.end > self.at);
        }
        if self.source_done {
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
        let before = self.end;
        self.pull()?;
        Ok(self.end > before)
    }

    fn pull(&mut self) -> Result<()> {
        let Some(decoder) = self.decoder.as_mut() else {
            let n = self.source.fill(&mut self.buffer[self.end..])?;
            self.end += n;
            self.source_done = n == 0;
            return Ok(());
        };
        loop {
            let mut chunk = [0; 4096];
            let n = self.source.fill(&mut chunk)?;
            self.raw.extend_from_slice(&chunk[..n]);
            if self.buffer.len() - self.end < self.raw.len() * 3 + 16 {
                self.buffer.resize(self.end + self.raw.len() * 3 + 16, 0);
            }
            let (_, read, wrote, _) = decoder.decode_to_utf8(&self.raw, &mut self.buffer[self.end..], n == 0);
            self.raw.drain(..read);
            self.end += wrote;
            self.source_done = n == 0;
            if wrote > 0 || n == 0 {
                return Ok(());
            }
        }
    }

    /// Reads the first bytes and decides the encoding: BOM, the pattern of `<?`, or the declaration (XML 1.0 appendix F).
    fn start(&mut self) -> Result<()> {
        self.started = true;
        while self.end < 256 && !self.source_done {
            self.pull()?;
        }
        let head = &self.buffer[..self.end];
        let encoding = match head {
            [0xEF, 0xBB, 0xBF, ..] => {
                self.at = 3;
                return Ok(());
            }
            [0xFF, 0xFE, ..] | [b'<', 0, ..] => encoding_rs::UTF_16LE,
            [0xFE, 0xFF, ..] | [0, b'<', ..] => encoding_rs::UTF_16BE,
            _ => match declared_encoding(head) {
                Some(encoding) if encoding != encoding_rs::UTF_8 => encoding,
                _ => return Ok(()),
            },
        };
        self.decoder = Some(Box::new(encoding.new_decoder_with_bom_removal()));
        self.raw = self.buffer[..self.end].to_vec();
        self.end = 0;
        if self.source_done {
            self.source_done = false;
        }
        self.pull()
    }

    fn corrupt(&self, reason: &str) -> ConvertError {
        ConvertError::corrupt(self.source.name(), reason)
    }
}

/// Returns the part of a name after its prefix.
#[must_use]
pub fn local_name(name: &[u8]) -> &[u8] {
    memchr::memchr(b':', name).map_or(name, |at| &name[at + 1..])
}

/// Resolves the references of an attribute value; what cannot be resolved stays as written.
#[must_use]
pub fn unescape_lossy(raw: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(raw);
    if !text.contains('&') {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let whole = resolve(&text, &mut out);
    if whole { Cow::Owned(out) } else { text }
}

fn declared_encoding(head: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let head = head.strip_prefix(b"<?xml")?;
    let declaration = &head[..memchr::memmem::find(head, b"?>")?];
    let (_, label) = Attributes { rest: declaration }.find(|(name, _)| *name == b"encoding")?;
    let encoding = encoding_rs::Encoding::for_label(label)?;
    // The bytes were read as single bytes to get here: a UTF-16 label is a lie then.
    let wide = encoding == encoding_rs::UTF_16LE || encoding == encoding_rs::UTF_16BE;
    (!wide).then_some(encoding)
}

/// Returns how many trailing bytes may belong to an unfinished character or reference.
fn incomplete_tail(bytes: &[u8]) -> usize {
    let window = &bytes[bytes.len().saturating_sub(MAX_REFERENCE)..];
    if let Some(at) = memchr::memrchr(b'&', window)
        && memchr::memchr(b';', &window[at..]).is_none()
    {
        return window.len() - at;
    }
    let tail = &bytes[bytes.len().saturating_sub(4)..];
    for (back, byte) in tail.iter().rev().enumerate() {
        let needed = match byte {
            0x00..=0x7F => 1,
            0x80..=0xBF => continue,
            0xC0..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xFF => 4,
        };
        return if back + 1 < needed { back + 1 } else { 0 };
    }
    0
}

/// Appends `text` with its references resolved; false if one is not declared. Characters that XML forbids become U+FFFD.
fn resolve(text: &str, out: &mut String) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        let Some(len) = rest[at..].find(';') else {
            return false;
        };
        let name = &rest[at + 1..at + len];
        match name {
            "amp" => out.push('&'),
            "lt" => out.push('<'),
            "gt" => out.push('>'),
            "quot" => out.push('"'),
            "apos" => out.push('\''),
            _ => {
                let Some(number) = name.strip_prefix('#') else {
                    return false;
                };
                let code = match number.strip_prefix(['x', 'X']) {
                    Some(hex) => u32::from_str_radix(hex, 16),
                    None => number.parse(),
                };
                let Ok(code) = code else { return false };
                let legal = matches!(code, 0x9 | 0xA | 0xD | 0x20..=0xD7FF | 0xE000..=0xFFFD | 0x1_0000..);
                out.push(
                    char::from_u32(code)
                        .filter(|_| legal)
                        .unwrap_or(char::REPLACEMENT_CHARACTER),
                );
            }
        }
        rest = &rest[at + len + 1..];
    }
    out.push_str(rest);
    true
}
