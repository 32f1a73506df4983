//! What a field's instruction says: the address of a link, or text that stands nowhere else (ECMA-376 part 1, section 17.16).

use crate::symbol::SymbolFont;

/// What shows where a field has no result.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) enum Shown {
    Text(String),
    /// Something that only a word processor works out.
    Lost,
}

/// Returns the address of a HYPERLINK instruction with its place; one to a place in the document (`\l` alone) has none.
pub(super) fn hyperlink(instruction: &str) -> Option<String> {
    let mut words = Words { rest: instruction };
    if !words.next()?.is("HYPERLINK") {
        return None;
    }
    let (mut address, mut place) = (None, None);
    while let Some(word) = words.next() {
        match word.switch() {
            Some('l' | 'L') => place = words.next(),
            Some('o' | 'O' | 't' | 'T') => {
                words.next();
            }
            Some(_) => {}
            None => address = address.or(Some(word)),
        }
    }
    let address = address.map(|word| word.text).filter(|text| !text.is_empty())?;
    Some(match place {
        Some(place) if !place.text.is_empty() && !address.contains('#') => {
            format!("{address}#{}", place.text)
        }
        _ => address,
    })
}

/// Returns what a field shows of its instruction, if it is one that has no result to store.
pub(super) fn shown(instruction: &str) -> Option<Shown> {
    let mut words = Words { rest: instruction };
    let name = words.next()?;
    if name.is("MACROBUTTON") || name.is("GOTOBUTTON") {
        words.next()?;
        return Some(Shown::Text(words.rest.trim().to_owned()));
    }
    if name.is("SYMBOL") {
        return Some(symbol(&mut words).map_or(Shown::Lost, |c| Shown::Text(c.to_string())));
    }
    let counts = ["EQ", "LISTNUM", "AUTONUM", "AUTONUMLGL", "AUTONUMOUT"];
    counts.iter().any(|known| name.is(known)).then_some(Shown::Lost)
}

/// Reads the code, decimal or hexadecimal, and the font of a SYMBOL instruction.
fn symbol(words: &mut Words<'_>) -> Option<char> {
    let code = words.next()?.text;
    let hex = code.strip_prefix("0x").or_else(|| code.strip_prefix("0X"));
    let code = hex.map_or_else(|| code.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok())?;
    let mut font = None;
    while let Some(word) = words.next() {
        if matches!(word.switch(), Some('f' | 'F')) {
            font = words.next().and_then(|name| SymbolFont::named(name.text.as_bytes()));
        }
    }
    match font {
        Some(font) => font.character(code),
        None => char::from_u32(code).filter(|c| !c.is_control()),
    }
}

/// A word of an instruction, or what stands between quotes.
struct Word {
    text: String,
    quoted: bool,
}

impl Word {
    fn is(&self, name: &str) -> bool {
        !self.quoted && self.text.eq_ignore_ascii_case(name)
    }

    /// Returns the letter of a switch, such as `\l`.
    fn switch(&self) -> Option<char> {
        if self.quoted { None } else { self.text.strip_prefix('\\')?.chars().next() }
    }
}

struct Words<'a> {
    rest: &'a str,
}

impl Words<'_> {
    fn next(&mut self) -> Option<Word> {
        let rest = self.rest.trim_start();
        let Some(inner) = rest.strip_prefix('"') else {
            let end = rest.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(rest.len());
            let (word, rest) = rest.split_at(end);
            self.rest = rest;
            return (!word.is_empty()).then(|| Word { text: word.to_owned(), quoted: false });
        };
        let mut text = String::new();
        let mut chars = inner.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = &inner[at + 1..];
                    return Some(Word { text, quoted: true });
                }
                // Only a quote and a backslash are escaped; paths of old documents have single backslashes.
                '\\' => text
                    .push(chars.next_if(|(_, next)| matches!(next, '"' | '\\')).map_or(c, |(_, next)| next)),
                _ => text.push(c),
            }
        }
        self.rest = "";
        Some(Word { text, quoted: true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_has_an_address_and_a_place() {
        for (instruction, expected) in [
            (r#" HYPERLINK "http://a/b" "#, Some("http://a/b")),
            (r#"hyperlink "http://a" \l "here" \o "a tip""#, Some("http://a#here")),
            (r#"HYPERLINK \t "_blank" "http://a""#, Some("http://a")),
            (r#"HYPERLINK \o "tip" http://a \h"#, Some("http://a")),
            (r#"HYPERLINK "C:\\dir\file \"x\"""#, Some(r#"C:\dir\file "x""#)),
            (r#"HYPERLINK \l "_Toc1""#, None),
            (r#"HYPERLINK "" \l "x""#, None),
            (r#"HYPERLINKS "http://a""#, None),
            (r#"HYPERLINK "http://open"#, Some("http://open")),
            ("", None),
        ] {
            assert_eq!(hyperlink(instruction).as_deref(), expected, "{instruction}");
        }
    }

    #[test]
    fn some_instructions_are_what_shows() {
        let text = |text: &str| Some(Shown::Text(text.to_owned()));
        assert_eq!(shown(" MACROBUTTON NoMacro [Click here] "), text("[Click here]"));
        assert_eq!(shown(r#"SYMBOL 97 \f "Symbol" \s 12"#), text("α"));
        assert_eq!(shown("symbol 0x20AC"), text("€"));
        assert_eq!(shown(r"EQ \f(1,2)"), Some(Shown::Lost));
        assert_eq!(shown("PAGE"), None);
        assert_eq!(shown(""), None);
    }
}
