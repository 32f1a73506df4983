//! Text of `si` and `is` elements (`CT_Rst`, ECMA-376 part 1, 18.4.8): runs are joined, phonetic runs dropped.
//!
//! Blanks around a plain `t` count only with `xml:space="preserve"`; between runs they are kept, because
//! writers forget the attribute there and words would run together.

use crate::Result;
use crate::xml::Source;

use super::scanner::{Scanner, Span, Token};
use super::text;

/// A cell holds 32,767 characters; what is far beyond is not a cell.
const MAX_TEXT_BYTES: usize = 16 << 20;

/// Appends the text of the element whose start tag came last, and passes its end tag.
pub(super) fn read<S: Source>(scanner: &mut Scanner<S>, out: &mut Vec<u8>) -> Result<()> {
    let (start, own) = (out.len(), scanner.depth());
    loop {
        match scanner.token()? {
            Token::Start { name, attributes } => match scanner.local(name) {
                b"t" => {
                    let plain = scanner.depth() == own + 1;
                    let trims = plain && !preserves(scanner, attributes);
                    let from = out.len();
                    character_data(scanner, out)?;
                    if trims {
                        trim(out, from);
                    }
                }
                b"r" => {}
                _ => scanner.skip_element()?,
            },
            Token::End if scanner.depth() < own => break,
            Token::End | Token::Text(_) | Token::CharacterData(_) | Token::Eof => {}
        }
        bound(scanner, out.len() - start)?;
    }
    if text::may_have_escapes(out.get(start..).unwrap_or_default()) {
        text::unescape(out, start);
    }
    Ok(())
}

/// Appends the character data of the element whose start tag came last, and passes its end tag.
pub(super) fn character_data<S: Source>(scanner: &mut Scanner<S>, out: &mut Vec<u8>) -> Result<()> {
    let (start, own) = (out.len(), scanner.depth());
    loop {
        match scanner.token()? {
            Token::Text(span) => text::append_data(scanner.bytes(span), out),
            Token::CharacterData(span) => text::append_cdata(scanner.bytes(span), out),
            Token::Start { .. } => scanner.skip_element()?,
            Token::End if scanner.depth() < own => return Ok(()),
            Token::End | Token::Eof => {}
        }
        bound(scanner, out.len() - start)?;
    }
}

fn bound<S: Source>(scanner: &Scanner<S>, bytes: usize) -> Result<()> {
    if bytes > MAX_TEXT_BYTES {
        return Err(scanner.corrupt("a cell holds more than 16 MiB of text"));
    }
    Ok(())
}

fn preserves<S: Source>(scanner: &Scanner<S>, attributes: Span) -> bool {
    scanner.attributes(attributes).any(|(name, value)| name == b"space" && value == b"preserve")
}

fn trim(out: &mut Vec<u8>, from: usize) {
    let written = out.get(from..).unwrap_or_default();
    let tail = written.len() - written.trim_ascii_end().len();
    let head = written.len() - written.trim_ascii_start().len();
    out.truncate(out.len() - tail);
    out.drain(from..out.len().min(from + head));
}
