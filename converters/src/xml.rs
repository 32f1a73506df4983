//! A pull tokenizer for the XML of untrusted packages, streaming and bounded.
//!
//! Not a general XML library: no DTD (refused), no namespaces (callers compare local names, which also
//! makes strict OOXML work), no validation beyond well-formed nesting. In exchange it holds one buffer
//! whatever the length of a text node, checks depth, attributes and tag size, and costs a fraction of a general
//! reader on spreadsheet parts. Rules: XML 1.0 (fifth edition), sections 2 and 4.

mod reference;
mod tag;
mod token;
mod window;

use crate::limits::{Limits, check};
use crate::zip::PartReader;
use crate::{ConvertError, Result};

pub(crate) use reference::MAX_REFERENCE;
pub use reference::unescape_lossy;
pub use tag::{Attributes, Tag, local_name};
use token::Token;
use window::Window;

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

/// The tokenizer.
#[derive(Debug)]
pub struct Reader<S> {
    window: Window<S>,
    /// Qualified names of the open elements, one after the other; valid up to `open_len`.
    open: Vec<u8>,
    open_len: usize,
    opened_at: Vec<usize>,
    pending_end: bool,
    seen_root: bool,
    passes_doctype: bool,
    scratch: String,
    max_depth: u64,
    max_attributes: u64,
    max_tag_bytes: u64,
}

impl<S: Source> Reader<S> {
    /// Makes a reader over `source` with the XML bounds of `limits`.
    pub fn new(source: S, limits: &Limits) -> Self {
        Self {
            window: Window::new(source),
            open: Vec::new(),
            open_len: 0,
            opened_at: Vec::new(),
            pending_end: false,
            seen_root: false,
            passes_doctype: false,
            scratch: String::new(),
            max_depth: limits.max_xml_depth,
            max_attributes: limits.max_xml_attributes,
            max_tag_bytes: limits.max_xml_tag_bytes,
        }
    }

    /// Passes over a declaration that names a DTD instead of refusing it, as old OpenDocument parts and MathML have
    /// one. The DTD is not fetched, so that its entities stay undeclared; one that stands in the document is refused.
    #[must_use]
    pub fn with_doctype_passed_over(mut self) -> Self {
        self.passes_doctype = true;
        self
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
            Token::Start { name, attributes, empty } => {
                self.push_open(name)?;
                self.pending_end = empty;
                Ok(Event::Start(Tag {
                    name: &self.window.buffer[name.0..name.1],
                    attributes: &self.window.buffer[attributes.0..attributes.1],
                }))
            }
            Token::End { name } => {
                if self.opened_at.is_empty() || self.open_name() != &self.window.buffer[name.0..name.1] {
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

    /// Returns the qualified name of the innermost open element; empty outside the root.
    fn open_name(&self) -> &[u8] {
        let at = self.opened_at.last().copied().unwrap_or(self.open_len);
        &self.open[at..self.open_len]
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
        let open = (self.open_len + name.1 - name.0) as u64;
        check("the names of open XML elements", open, self.max_tag_bytes, "--max-xml-tag-size")?;
        self.open.truncate(self.open_len);
        self.opened_at.push(self.open_len);
        self.open.extend_from_slice(&self.window.buffer[name.0..name.1]);
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
        let bytes = &self.window.buffer[from..to];
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Err(self.corrupt("its text is not valid UTF-8"));
        };
        if cdata || memchr::memchr(b'&', bytes).is_none() {
            return Ok(Event::Text(text));
        }
        self.scratch.clear();
        if reference::resolve(text, &mut self.scratch) {
            Ok(Event::Text(&self.scratch))
        } else {
            Err(self.corrupt("it uses an entity that is not declared"))
        }
    }

    fn corrupt(&self, reason: &str) -> ConvertError {
        self.window.corrupt(reason)
    }
}

#[cfg(test)]
mod tests;
