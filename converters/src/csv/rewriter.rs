//! Writes delimited text anew: by RFC 4180, or as it stands where it only has to be split between rows.
//!
//! Nothing is lost where quotes are out of place. A quote within a field that is not quoted is text. A quoted field
//! whose closing quote is followed by more text was not quoted; if a line end lies between, the opening quote was one
//! of text, and what follows it is read again. So is a field that the file ends in. Fields up to [`MAX_HELD`] bytes are
//! held to see their end; a longer one is written as it comes, in quotes.

use super::dialect::Dialect;
use super::field::{double_quotes, has_line_end, is_number, undoubled};
use super::form::{Findings, Form};
use super::pieces::Pieces;
use super::{is_formula_like, needs_quotes};
use crate::{Result, Sink};

/// Bytes of a field that wait for its end.
const MAX_HELD: usize = 1 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the start of a field.
    Start,
    /// In a field without quotes.
    Plain,
    /// Behind a CR that ends a row if LF follows, or always.
    PlainCr,
    /// In a quoted field.
    Quoted,
    /// Behind a quote in a quoted field.
    Quote,
    /// Behind a quoted field and a CR.
    QuotedCr,
}

/// Takes delimited text in pieces and writes it.
pub(crate) struct Rewriter<'a> {
    dialect: Dialect,
    form: Form,
    out: Pieces<'a>,
    state: State,
    /// What of the field at hand came in earlier pieces, without the quotes around it.
    field: Vec<u8>,
    /// Whether the field at hand was written in part already, and then behind a quote.
    is_written: bool,
    /// Whether text is read for the second time.
    is_again: bool,
    /// Fields of the row that have ended.
    fields: u64,
    is_changed: bool,
    findings: Findings,
}

impl<'a> Rewriter<'a> {
    pub(crate) fn new(dialect: Dialect, form: Form, out: Pieces<'a>) -> Self {
        Self {
            dialect,
            form,
            out,
            state: State::Start,
            field: Vec::new(),
            is_written: false,
            is_again: false,
            fields: 0,
            is_changed: false,
            findings: Findings::default(),
        }
    }

    /// Takes the line that names the separator, which only text that is kept goes on having.
    pub(crate) fn separator_line(&mut self, line: &[u8]) {
        if self.form == Form::Kept {
            self.out.buffer.extend_from_slice(line);
        } else if !line.is_empty() {
            self.findings.changed_rows += 1;
        }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// What the meter and sink report.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Result<()> {
        let mut rest = bytes;
        while let Some((&byte, behind)) = rest.split_first() {
            match self.state {
                State::Start if Some(byte) == self.dialect.quote => {
                    self.state = State::Quoted;
                    rest = behind;
                }
                State::Start | State::Plain => rest = self.plain(rest)?,
                State::PlainCr if byte == b'\n' => {
                    self.end_plain(&[])?;
                    self.end_row(b"\r\n")?;
                    rest = behind;
                }
                State::PlainCr if self.dialect.cr_ends_rows => {
                    self.end_plain(&[])?;
                    self.end_row(b"\r")?;
                }
                State::PlainCr => {
                    self.state = State::Plain;
                    self.hold(b"\r")?;
                }
                State::Quoted => rest = self.quoted(rest)?,
                State::Quote => rest = self.behind_quote(rest)?,
                State::QuotedCr => {
                    let is_pair = byte == b'\n';
                    self.end_row(if is_pair { b"\r\n" } else { b"\r" })?;
                    rest = if is_pair { behind } else { rest };
                }
            }
        }
        Ok(())
    }

    /// Takes a field without quotes up to its end, as far as it is here.
    fn plain<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8]> {
        self.state = State::Plain;
        let separator = self.dialect.separator;
        let end = bytes.iter().position(|byte| *byte == separator || matches!(byte, b'\n' | b'\r'));
        let (mut text, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
        // Whether a field is long must not depend on how the input is cut.
        if self.field.len() + text.len() >= MAX_HELD {
            self.hold(std::mem::take(&mut text))?;
        }
        match rest {
            [] => self.hold(text)?,
            [b'\r', b'\n', ..] => {
                self.end_plain(text)?;
                self.end_row(b"\r\n")?;
            }
            [b'\r', ..] => {
                self.hold(text)?;
                self.state = State::PlainCr;
            }
            [b'\n', ..] => {
                self.end_plain(text)?;
                self.end_row(b"\n")?;
            }
            [..] => {
                self.end_plain(text)?;
                self.separate()?;
            }
        }
        let taken = if rest.starts_with(b"\r\n") { 2 } else { 1 };
        Ok(rest.get(taken..).unwrap_or_default())
    }

    /// Takes a quoted field up to the next quote.
    fn quoted<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8]> {
        let end = self.dialect.quote.and_then(|quote| memchr::memchr(quote, bytes));
        let (text, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
        self.hold(text)?;
        let Some((_, rest)) = rest.split_first() else { return Ok(rest) };
        self.state = State::Quote;
        Ok(rest)
    }

    /// Decides what a quote in a quoted field is by the byte behind it.
    fn behind_quote<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8]> {
        let Some((&byte, rest)) = bytes.split_first() else { return Ok(bytes) };
        if Some(byte) == self.dialect.quote {
            self.field.extend_from_slice(&[byte, byte]);
            self.state = State::Quoted;
        } else if byte == self.dialect.separator {
            self.end_quoted()?;
            self.separate()?;
        } else if byte == b'\n' {
            self.end_quoted()?;
            self.end_row(b"\n")?;
        } else if byte == b'\r' {
            self.end_quoted()?;
            self.state = State::QuotedCr;
        } else {
            self.unquote(true)?;
            return Ok(bytes);
        }
        Ok(rest)
    }

    /// Takes a field that looked quoted for one that is not. `has_closing` says that a second quote was taken.
    fn unquote(&mut self, has_closing: bool) -> Result<()> {
        let Some(quote) = self.dialect.quote else { return Ok(()) };
        self.findings.stray_quotes += 1;
        let closing: &[u8] = if has_closing { &[quote] } else { &[] };
        self.state = State::Plain;
        if self.is_written {
            // It was begun as a quoted one; what it holds so far is written as such.
            self.write_quoted_part();
            self.field.extend_from_slice(closing);
            return Ok(());
        }
        let held = std::mem::replace(&mut self.field, vec![quote]);
        if self.is_again || !has_closing && held.is_empty() || has_closing && !has_line_end(&held) {
            self.field.extend_from_slice(&held);
            self.field.extend_from_slice(closing);
            return Ok(());
        }
        self.is_again = true;
        self.take(&held)?;
        self.take(closing)?;
        self.is_again = false;
        Ok(())
    }

    /// Adds to the field at hand, and writes of it what need not wait.
    fn hold(&mut self, text: &[u8]) -> Result<()> {
        self.field.extend_from_slice(text);
        if self.field.len() < MAX_HELD {
            return Ok(());
        }
        let is_quoted = self.state == State::Quoted;
        if !self.is_written {
            self.is_written = true;
            match (self.form, self.dialect.quote) {
                (Form::Kept, Some(quote)) if is_quoted => self.out.buffer.push(quote),
                (Form::Kept, _) => {}
                (Form::Rfc4180 { .. }, _) => {
                    self.is_changed |= !is_quoted;
                    self.out.buffer.push(b'"');
                    let field = std::mem::take(&mut self.field);
                    self.guard(&field);
                    self.field = field;
                }
            }
        }
        if is_quoted {
            self.write_quoted_part();
        } else {
            self.write_plain_part(&[]);
        }
        self.out.relieve()
    }

    /// Writes what is held of a field that is longer than what is held, and `more` of it.
    fn write_plain_part(&mut self, more: &[u8]) {
        for text in [&self.field, more] {
            match self.form {
                Form::Kept => self.out.buffer.extend_from_slice(text),
                Form::Rfc4180 { .. } => double_quotes(text, &mut self.out.buffer),
            }
        }
        self.field.clear();
    }

    /// The same for a quoted field, in which quotes are doubled already.
    fn write_quoted_part(&mut self) {
        match (self.form, self.dialect.quote) {
            (Form::Rfc4180 { .. }, Some(quote)) if quote != b'"' => {
                double_quotes(&undoubled(&self.field, quote), &mut self.out.buffer);
            }
            _ => self.out.buffer.extend_from_slice(&self.field),
        }
        self.field.clear();
    }

    /// Ends a field without quotes, the end of which is `text`.
    fn end_plain(&mut self, text: &[u8]) -> Result<()> {
        if self.is_written {
            self.write_plain_part(text);
            if self.form != Form::Kept {
                self.out.buffer.push(b'"');
            }
            self.is_written = false;
            return self.out.relieve();
        }
        if self.field.is_empty() {
            self.write_plain(text);
        } else {
            let mut field = std::mem::take(&mut self.field);
            field.extend_from_slice(text);
            self.write_plain(&field);
            field.clear();
            self.field = field;
        }
        self.out.relieve()
    }

    fn write_plain(&mut self, text: &[u8]) {
        let is_special = self.form != Form::Kept && needs_quotes(text);
        if is_special {
            self.is_changed = true;
            // One at the start was counted when it turned out not to quote.
            let is_counted = self.dialect.quote == Some(b'"') && text.starts_with(b"\"");
            self.findings.stray_quotes += u64::from(!is_counted && memchr::memchr(b'"', text).is_some());
            self.out.buffer.push(b'"');
            self.guard(text);
            double_quotes(text, &mut self.out.buffer);
            self.out.buffer.push(b'"');
        } else {
            self.guard(text);
            self.out.buffer.extend_from_slice(text);
        }
    }

    /// Ends a quoted field.
    fn end_quoted(&mut self) -> Result<()> {
        let Some(quote) = self.dialect.quote else { return Ok(()) };
        if self.is_written {
            self.write_quoted_part();
            self.out.buffer.push(if self.form == Form::Kept { quote } else { b'"' });
            self.is_written = false;
            return self.out.relieve();
        }
        let mut field = std::mem::take(&mut self.field);
        if self.form == Form::Kept {
            self.out.buffer.push(quote);
            self.out.buffer.extend_from_slice(&field);
            self.out.buffer.push(quote);
        } else {
            if quote != b'"' {
                self.is_changed = true;
                field = undoubled(&field, quote);
            }
            // A row of one empty field would be an empty line, which readers pass over.
            let is_special = needs_quotes(&field) || field.is_empty() && self.fields == 0;
            self.is_changed |= !is_special;
            if is_special {
                self.out.buffer.push(b'"');
            }
            self.guard(&field);
            if quote == b'"' {
                self.out.buffer.extend_from_slice(&field);
            } else {
                double_quotes(&field, &mut self.out.buffer);
            }
            if is_special {
                self.out.buffer.push(b'"');
            }
        }
        field.clear();
        self.field = field;
        self.out.relieve()
    }

    /// Counts a field that begins like a formula, and puts an apostrophe before it on request.
    fn guard(&mut self, field: &[u8]) {
        let Form::Rfc4180 { guard } = self.form else { return };
        if is_formula_like(field) && !is_number(field) {
            self.findings.formula_like += 1;
            if guard {
                self.is_changed = true;
                self.out.buffer.push(b'\'');
            }
        }
    }

    fn separate(&mut self) -> Result<()> {
        let separator = if self.form == Form::Kept { self.dialect.separator } else { b',' };
        self.is_changed |= separator != self.dialect.separator;
        self.out.buffer.push(separator);
        self.fields += 1;
        self.state = State::Start;
        self.out.relieve()
    }

    fn end_row(&mut self, line_end: &[u8]) -> Result<()> {
        let written: &[u8] = if self.form == Form::Kept { line_end } else { b"\r\n" };
        self.is_changed |= written != line_end && !line_end.is_empty();
        self.out.buffer.extend_from_slice(written);
        self.findings.changed_rows += u64::from(self.is_changed && self.form != Form::Kept);
        (self.is_changed, self.fields, self.state) = (false, 0, State::Start);
        self.out.end_row()
    }

    /// Ends the text.
    ///
    /// # Errors
    /// What the meter and sink report.
    pub(crate) fn finish(mut self) -> Result<(&'a mut dyn Sink, Findings)> {
        if self.state == State::Quoted {
            self.unquote(false)?;
            // What was read again ends in a field that is not quoted: its quotes come in pairs.
        }
        match self.state {
            State::Start if self.fields == 0 => {}
            State::Start | State::Plain => {
                self.end_plain(&[])?;
                self.end_row(b"")?;
            }
            State::PlainCr => {
                self.end_plain(&[])?;
                self.end_row(b"\r")?;
            }
            State::Quoted | State::Quote => {
                self.end_quoted()?;
                self.end_row(b"")?;
            }
            State::QuotedCr => self.end_row(b"\r")?,
        }
        Ok((self.out.finish()?, self.findings))
    }
}

#[cfg(test)]
mod tests;
