//! Finds tokens in the window: where a tag, a text, a CDATA section begins and ends.
//!
//! Tokens are ranges, so that nothing is copied. Only tags and CDATA sections have to be whole in the
//! buffer; both are bounded by the size limit of a tag.

use crate::limits::check;
use crate::{ConvertError, Result};

use super::window::{FULL_BYTES, incomplete_tail};
use super::{Reader, Source};

/// What the next token in the buffer is, as ranges.
pub(super) enum Token {
    Start { name: (usize, usize), attributes: (usize, usize), empty: bool },
    End { name: (usize, usize) },
    Text { from: usize, to: usize, cdata: bool },
    Eof,
}

impl<S: Source> Reader<S> {
    /// Finds the next token that callers see; comments, processing instructions and outer white space are passed over.
    pub(super) fn token(&mut self) -> Result<Token> {
        loop {
            if self.window.at == self.window.end && !self.window.more()? {
                return Ok(Token::Eof);
            }
            if self.window.buffer[self.window.at] != b'<' {
                if self.opened_at.is_empty() {
                    self.outer_text()?;
                    continue;
                }
                return self.text_token();
            }
            match self.window.peek(1)? {
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
        let rest = self.window.rest();
        let until = memchr::memchr(b'<', rest).unwrap_or(rest.len());
        if rest[..until].iter().any(|b| !b.is_ascii_whitespace() && *b != 0) {
            return Err(self.corrupt("there is text outside the root element"));
        }
        self.window.at += until;
        Ok(())
    }

    /// Text up to the next tag or as far as the buffer goes, never cutting a character or a reference.
    fn text_token(&mut self) -> Result<Token> {
        let mut searched = 0;
        loop {
            let from = self.window.at;
            let rest = self.window.rest();
            let to = if let Some(n) = memchr::memchr(b'<', &rest[searched..]) {
                from + searched + n
            } else if self.window.source_done {
                self.window.end
            } else {
                let keep = incomplete_tail(rest);
                if rest.len() < FULL_BYTES / 2 || rest.len() == keep {
                    searched = rest.len();
                    self.window.more()?;
                    continue;
                }
                self.window.end - keep
            };
            self.window.at = to;
            return Ok(Token::Text { from, to, cdata: false });
        }
    }

    fn start_token(&mut self) -> Result<Token> {
        let (close, quotes) = self.find_tag_end()?;
        let buffer = &self.window.buffer;
        let begin = self.window.at + 1;
        let empty = buffer[close - 1] == b'/';
        let inner_end = if empty { close - 1 } else { close };
        let name_len =
            buffer[begin..inner_end].iter().position(u8::is_ascii_whitespace).unwrap_or(inner_end - begin);
        if name_len == 0 {
            return Err(self.corrupt("a tag has no name"));
        }
        check("attributes of an XML element", quotes / 2, self.max_attributes, "--max-xml-attributes")?;
        self.window.at = close + 1;
        let name = (begin, begin + name_len);
        Ok(Token::Start { name, attributes: (name.1, inner_end), empty })
    }

    fn end_token(&mut self) -> Result<Token> {
        // The usual case without a scan: exactly the name that is open, then `>`.
        let expected = self.open_name().len();
        let begin = self.window.at + 2;
        if self.window.end > begin + expected && self.window.buffer[begin + expected] == b'>' {
            self.window.at = begin + expected + 1;
            return Ok(Token::End { name: (begin, begin + expected) });
        }
        let (close, _) = self.find_tag_end()?;
        let begin = self.window.at + 2;
        let len = self.window.buffer[begin..close].trim_ascii_end().len();
        self.window.at = close + 1;
        Ok(Token::End { name: (begin, begin + len) })
    }

    /// Makes the whole tag resident; returns the index of its `>` and the number of quotes before it.
    fn find_tag_end(&mut self) -> Result<(usize, u64)> {
        let mut offset = 1;
        let mut quote = None;
        let mut quotes = 0;
        loop {
            let rest = self.window.rest();
            while offset < rest.len() {
                if let Some(mark) = quote {
                    let Some(n) = rest[offset..].iter().position(|&b| b == mark) else {
                        offset = rest.len();
                        break;
                    };
                    offset += n + 1;
                    quotes += 1;
                    quote = None;
                    continue;
                }
                let Some(n) = rest[offset..].iter().position(|&b| matches!(b, b'>' | b'"' | b'\'' | b'<'))
                else {
                    offset = rest.len();
                    break;
                };
                offset += n;
                match rest[offset] {
                    b'>' => return Ok((self.window.at + offset, quotes)),
                    b'<' => return Err(self.corrupt("a tag is not closed")),
                    mark => quote = Some(mark),
                }
                quotes += 1;
                offset += 1;
            }
            check("the size of an XML tag", offset as u64, self.max_tag_bytes, "--max-xml-tag-size")?;
            if !self.window.more()? {
                return Err(self.corrupt("the XML ends inside a tag"));
            }
        }
    }

    /// Handles `<!`: comments are passed over, CDATA is text, a DTD is refused.
    fn declaration(&mut self) -> Result<Option<Token>> {
        self.window.need(9)?;
        let rest = self.window.rest();
        if rest.starts_with(b"<!--") {
            self.window.at += 4;
            self.skip_past(b"-->")?;
            return Ok(None);
        }
        if rest.starts_with(b"<![CDATA[") && !self.opened_at.is_empty() {
            return self.cdata_token().map(Some);
        }
        if rest.starts_with(b"<!DOCTYPE") && self.passes_doctype && !self.seen_root {
            return self.pass_doctype();
        }
        Err(self.corrupt("it declares a DTD, which is never read"))
    }

    /// Passes over a declaration that only names a DTD; one that holds any of it is refused all the same.
    fn pass_doctype(&mut self) -> Result<Option<Token>> {
        match self.find_tag_end() {
            Ok((close, _)) if !self.window.buffer[self.window.at..close].contains(&b'[') => {
                self.window.at = close + 1;
                Ok(None)
            }
            Ok(_) | Err(ConvertError::Corrupt { .. }) => {
                Err(self.corrupt("it declares a DTD, which is never read"))
            }
            Err(error) => Err(error),
        }
    }

    fn cdata_token(&mut self) -> Result<Token> {
        const OPENING: usize = b"<![CDATA[".len();
        let mut searched = OPENING;
        loop {
            let rest = self.window.rest();
            if let Some(n) = memchr::memmem::find(&rest[searched..], b"]]>") {
                let from = self.window.at + OPENING;
                let to = self.window.at + searched + n;
                self.window.at = to + 3;
                return Ok(Token::Text { from, to, cdata: true });
            }
            searched = rest.len().saturating_sub(2).max(OPENING);
            check("the size of a CDATA section", searched as u64, self.max_tag_bytes, "--max-xml-tag-size")?;
            if !self.window.more()? {
                return Err(self.corrupt("the XML ends inside a CDATA section"));
            }
        }
    }

    fn skip_past(&mut self, mark: &[u8]) -> Result<()> {
        loop {
            let rest = self.window.rest();
            if let Some(n) = memchr::memmem::find(rest, mark) {
                self.window.at += n + mark.len();
                return Ok(());
            }
            self.window.at += rest.len().saturating_sub(mark.len() - 1);
            if !self.window.more()? {
                return Err(self.corrupt("the XML ends inside a comment or instruction"));
            }
        }
    }
}
