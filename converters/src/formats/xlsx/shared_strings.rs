//! The shared strings part (ECMA-376 part 1, 18.4).
//!
//! An empty `<si/>` takes five bytes in the part as it does in memory, so that memory never exceeds the inflated
//! part. Declared counts are ignored.

use crate::Result;
use crate::limits::Meter;
use crate::sheets::Strings;
use crate::xml::Source;

use super::rich_text;
use super::scanner::{Scanner, Token};
use super::text;

/// Reads the part.
pub(super) fn read<S: Source>(mut scanner: Scanner<S>, meter: &Meter) -> Result<Strings> {
    let mut strings = Strings::default();
    loop {
        while take_usual(&mut strings, &mut scanner)? {
            strings.count(meter)?;
        }
        match scanner.token()? {
            Token::Start { name, .. } if scanner.local(name) == b"si" => {
                let start = strings.begin();
                rich_text::read(&mut scanner, strings.buffer())?;
                strings.end(start)?;
            }
            Token::Start { name, .. } if scanner.depth() > 1 && scanner.local(name) != b"sst" => {
                scanner.skip_element()?;
            }
            Token::Start { .. } | Token::End | Token::Text(_) | Token::CharacterData(_) => {}
            Token::Eof => {
                strings.count(meter)?;
                return Ok(strings);
            }
        }
        strings.count(meter)?;
    }
}

/// Takes strings of the usual form, `<si><t>...</t></si>`, from the buffer; false if the next is not one.
fn take_usual<S: Source>(strings: &mut Strings, scanner: &mut Scanner<S>) -> Result<bool> {
    let mut consumed = 0;
    let mut rest = scanner.window();
    while let Some((raw, classes, len)) = usual(rest) {
        let start = strings.begin();
        if classes & text::RAW == 0 {
            strings.buffer().extend_from_slice(raw);
        } else {
            text::append_data(raw, strings.buffer());
        }
        if classes & text::ESCAPE != 0 && text::may_have_escapes(raw) {
            text::unescape(strings.buffer(), start + 1);
        }
        strings.end(start)?;
        consumed += len;
        rest = rest.get(len..).unwrap_or_default();
    }
    let cut = rest.starts_with(b"<si>") && rest.len() < (64 << 10);
    scanner.consume(consumed);
    Ok(cut && scanner.more()?)
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

    fn texts(xml: &str) -> Vec<String> {
        let limits = Limits::default();
        let meter = Meter::new(limits.clone(), 1);
        let strings = read(Scanner::new(xml.as_bytes(), &limits), &meter).unwrap();
        (0..).map_while(|n| strings.get(n)).map(|s| String::from_utf8(s.text.to_vec()).unwrap()).collect()
    }

    #[test]
    fn strings_of_all_forms_are_read() {
        let xml = "<sst count=\"999999999\" uniqueCount=\"4294967295\"><si><t>a&amp;b</t></si><si/>\
                   <si><t xml:space=\"preserve\"> c </t></si><si><t> d </t></si>\n<si><r><rPr><b/></rPr><t>e </t></r>\
                   <r><t>f</t></r><rPh sb=\"0\" eb=\"1\"><t>no</t></rPh><phoneticPr fontId=\"1\"/></si>\
                   <si><t>_x0041_,</t></si></sst>";
        assert_eq!(texts(xml), ["a&b", "", " c ", "d", "e f", "A,"]);
        let prefixed = xml.replace('<', "<x:").replace("<x:/", "</x:");
        assert_eq!(texts(&prefixed), texts(xml));
    }

    #[test]
    fn strings_across_buffers_are_whole() {
        let strings: Vec<String> = (0..50_000).map(|n| format!("string number {n}")).collect();
        let items: String = strings.iter().map(|s| format!("<si><t>{s}</t></si>")).collect();
        assert_eq!(texts(&format!("<sst>{items}</sst>")), strings);
    }
}
