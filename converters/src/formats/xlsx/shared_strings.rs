//! The shared strings of a workbook (ECMA-376 part 1, 18.4).
//!
//! One arena of bytes and one of ends: five bytes a string besides its text, which is what `<si/>` takes in the
//! part, so that memory never exceeds the inflated part. Declared counts are ignored. What a field needs to know
//! (quotes, formula-like) is found once for each string, not once for each cell.

use crate::csv;
use crate::limits::Meter;
use crate::xml::Source;
use crate::{ConvertError, Result};

use super::rich_text;
use super::scanner::{Scanner, Token};
use super::text;

const QUOTED: u8 = 1;
const FORMULA_LIKE: u8 = 2;

/// All strings, by index.
#[derive(Debug, Default)]
pub(super) struct SharedStrings {
    /// For each string a byte of flags and its text.
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

/// One string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shared<'a> {
    pub(super) text: &'a [u8],
    flags: u8,
}

impl Shared<'_> {
    pub(super) fn needs_quotes(self) -> bool {
        self.flags & QUOTED != 0
    }

    pub(super) fn is_formula_like(self) -> bool {
        self.flags & FORMULA_LIKE != 0
    }
}

impl SharedStrings {
    pub(super) fn read<S: Source>(mut scanner: Scanner<S>, meter: &Meter) -> Result<Self> {
        let mut strings = Self::default();
        let mut counted = 0;
        loop {
            while strings.take_usual(&mut scanner)? {
                strings.count(&mut counted, meter)?;
            }
            match scanner.token()? {
                Token::Start { name, .. } if scanner.local(name) == b"si" => {
                    let start = strings.begin();
                    rich_text::read(&mut scanner, &mut strings.bytes)?;
                    strings.end(start)?;
                }
                Token::Start { name, .. } if scanner.depth() > 1 && scanner.local(name) != b"sst" => {
                    scanner.skip_element()?;
                }
                Token::Start { .. } | Token::End | Token::Text(_) | Token::CharacterData(_) => {}
                Token::Eof => {
                    strings.count(&mut counted, meter)?;
                    return Ok(strings);
                }
            }
            strings.count(&mut counted, meter)?;
        }
    }

    /// Takes strings of the usual form, `<si><t>...</t></si>`, from the buffer; false if the next is not one.
    fn take_usual<S: Source>(&mut self, scanner: &mut Scanner<S>) -> Result<bool> {
        let mut consumed = 0;
        let mut rest = scanner.window();
        while let Some((raw, classes, len)) = usual(rest) {
            let start = self.begin();
            if classes & text::RAW == 0 {
                self.bytes.extend_from_slice(raw);
            } else {
                text::append_data(raw, &mut self.bytes);
            }
            if classes & text::ESCAPE != 0 && text::may_have_escapes(raw) {
                text::unescape(&mut self.bytes, start + 1);
            }
            self.end(start)?;
            consumed += len;
            rest = rest.get(len..).unwrap_or_default();
        }
        let cut = rest.starts_with(b"<si>") && rest.len() < (64 << 10);
        scanner.consume(consumed);
        Ok(cut && scanner.more()?)
    }

    fn begin(&mut self) -> usize {
        let start = self.bytes.len();
        self.bytes.push(0);
        start
    }

    fn end(&mut self, start: usize) -> Result<()> {
        let text = self.bytes.get(start + 1..).unwrap_or_default();
        let flags = if csv::needs_quotes(text) { QUOTED } else { 0 }
            | if csv::is_formula_like(text) { FORMULA_LIKE } else { 0 };
        if let Some(byte) = self.bytes.get_mut(start) {
            *byte = flags;
        }
        let end = u32::try_from(self.bytes.len());
        self.ends.push(
            end.map_err(|_| ConvertError::Unsupported("a table of more than 4 GiB of strings".into()))?,
        );
        Ok(())
    }

    /// Counts what is held beyond what was `counted`.
    fn count(&self, counted: &mut u64, meter: &Meter) -> Result<()> {
        let size = (self.bytes.len() + 4 * self.ends.len()) as u64;
        meter.resident(size - std::mem::replace(counted, size))
    }

    pub(super) fn get(&self, index: usize) -> Option<Shared<'_>> {
        let end = *self.ends.get(index)?;
        let start = match index.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        let (&flags, text) = self.bytes.get(start as usize..end as usize)?.split_first()?;
        Some(Shared { text, flags })
    }
}

/// Splits a string of the usual form off: its text as written, its classes and the length of its element.
fn usual(bytes: &[u8]) -> Option<(&[u8], u8, usize)> {
    const CLOSE: &[u8] = b"</t></si>";
    let (inner, preserve) = match bytes.strip_prefix(b"<si><t>") {
        Some(inner) => (inner, false),
        None => (bytes.strip_prefix(b"<si><t xml:space=\"preserve\">")?, true),
    };
    let (len, classes) = text::scan(inner)?;
    let (raw, tail) = inner.split_at(len);
    let tail = tail.strip_prefix(CLOSE)?;
    let raw = if preserve { raw } else { raw.trim_ascii() };
    Some((raw, classes, bytes.len() - tail.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    fn read(xml: &str) -> Vec<String> {
        let limits = Limits::default();
        let meter = Meter::new(limits.clone(), 1);
        let strings = SharedStrings::read(Scanner::new(xml.as_bytes(), &limits), &meter).unwrap();
        (0..).map_while(|n| strings.get(n)).map(|s| String::from_utf8(s.text.to_vec()).unwrap()).collect()
    }

    #[test]
    fn strings_of_all_forms_are_read() {
        let xml = "<sst count=\"999999999\" uniqueCount=\"4294967295\"><si><t>a&amp;b</t></si><si/>\
                   <si><t xml:space=\"preserve\"> c </t></si><si><t> d </t></si>\n<si><r><rPr><b/></rPr><t>e </t></r>\
                   <r><t>f</t></r><rPh sb=\"0\" eb=\"1\"><t>no</t></rPh><phoneticPr fontId=\"1\"/></si>\
                   <si><t>_x0041_,</t></si></sst>";
        assert_eq!(read(xml), ["a&b", "", " c ", "d", "e f", "A,"]);
        let prefixed = xml.replace('<', "<x:").replace("<x:/", "</x:");
        assert_eq!(read(&prefixed), read(xml));
    }

    #[test]
    fn strings_across_buffers_are_whole() {
        let strings: Vec<String> = (0..50_000).map(|n| format!("string number {n}")).collect();
        let items: String = strings.iter().map(|s| format!("<si><t>{s}</t></si>")).collect();
        assert_eq!(read(&format!("<sst>{items}</sst>")), strings);
    }
}
