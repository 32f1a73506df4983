//! Mutations of XML: elements, attributes, texts and numbers, so that what results is mostly well-formed.

use std::fmt::Write as _;
use std::ops::Range;

use super::bytes::{self, MAX_BYTES};
use super::rng::Rng;

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Start,
    End,
    Empty,
    Text,
    Other,
}

#[derive(Clone)]
struct Token {
    kind: Kind,
    at: Range<usize>,
}

#[rustfmt::skip]
const VALUES: [&str; 66] = [
    "", "0", "1", "2", "3", "-1", "9", "10", "255", "256", "1024", "16383", "16384", "65535", "65536",
    "1048575", "1048576", "2147483647", "2147483648", "-2147483648", "4294967295", "4294967296",
    "9223372036854775807", "18446744073709551615", "18446744073709551616", "1e308", "-1e-320", "1e400",
    "0.1", "NaN", "INF", "0x10", "0000000000000000000000000000001", "A1", "XFD1048576", "XFE1048577",
    "A1:XFD1048576", "B2:A1", "$A$1", "ZZZZZZ99", "Sheet1.A1:Sheet9.XFD1048576", "true", "false", "on",
    "none", "%", "#REF!", "../../x.xml", "/", "//", "#", "rId1", "&#0;", "&#xD800;", "&#x10FFFF;",
    "&amp;&lt;&gt;", "&nosuch;", "\u{e9}\u{301}\u{202e}", "PT1H60M", "P99999999999Y", "2024-13-45T99:99:99",
    "-0001-01-01", "restart", "continue", "| a | b |\n|---|---|", "``` *_~[x](y)<b>\\",
];

const JUNK: [&str; 10] = [
    "<!-- -- -->",
    "<?a b?>",
    "<![CDATA[ ]]>",
    "<![CDATA[<a>&amp;]]>",
    "<!DOCTYPE a [<!ENTITY b \"c\">]>",
    "&#x1F600;",
    "<a/>",
    "</a>",
    "]]>",
    "\u{feff}",
];

/// What number formats are made of.
#[rustfmt::skip]
const FORMAT_PIECES: [&str; 46] = [
    "0", "00", "#", "?", ".", ",", "%", "E+", "e-", "/", "@", ";", ";;", "General", "[h]", "[mm]", "[ss]",
    "h", "hh", "m", "mm", "mmm", "mmmm", "mmmmm", "s", "ss", ".000", "AM/PM", "A/P", "d", "dd", "dddd",
    "yy", "yyyy", "e", "b", "[Red]", "[>100]", "[<=-1.5]", "[$-409]", "[$\u{20ac}-2]", "\"text\"", "\\x",
    "_(", "* ", "[",
];

/// Changes `text` once. `other` is XML of the same kind to take elements from.
pub(crate) fn mutate(rng: &mut Rng, text: &mut Vec<u8>, other: &[u8]) -> &'static str {
    let tokens = tokens(text);
    if tokens.is_empty() {
        return bytes::mutate(rng, text, other);
    }
    match rng.below(24) {
        0..=3 => attribute(rng, text, &tokens),
        4 => swap_values(rng, text, &tokens),
        5 | 6 => replace_text(rng, text, &tokens),
        7..=9 => number(rng, text),
        10 | 11 => {
            let range = element(rng, &tokens);
            text.drain(range);
            "delete element"
        }
        12 | 13 => duplicate(rng, text, &tokens),
        14 | 15 => {
            let range = element(rng, &tokens);
            let piece: Vec<u8> = text.drain(range).collect();
            insert(rng, text, &piece);
            "move element"
        }
        16 => nest(rng, text, &tokens),
        17 | 18 => {
            let theirs = self::tokens(other);
            if !theirs.is_empty() {
                let range = element(rng, &theirs);
                insert(rng, text, &other[range]);
            }
            "take element"
        }
        19 => {
            let token = rng.pick(&tokens).at.clone();
            text.drain(token);
            "drop token"
        }
        20 | 21 => rename(rng, text, &tokens),
        22 => {
            let junk = *rng.pick(&JUNK);
            insert(rng, text, junk.as_bytes());
            "junk"
        }
        _ => bytes::mutate(rng, text, other),
    }
}

/// Splits at the angle brackets; what is not well-formed still gives tokens.
fn tokens(text: &[u8]) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let (kind, len) = if rest[0] == b'<' {
            let len = memchr::memchr(b'>', rest).map_or(rest.len(), |end| end + 1);
            let kind = match (rest.get(1), rest.get(len.saturating_sub(2))) {
                (Some(b'?' | b'!'), _) => Kind::Other,
                (Some(b'/'), _) => Kind::End,
                (_, Some(b'/')) => Kind::Empty,
                _ => Kind::Start,
            };
            (kind, len)
        } else {
            (Kind::Text, memchr::memchr(b'<', rest).unwrap_or(rest.len()))
        };
        tokens.push(Token { kind, at: at..at + len });
        at += len;
    }
    tokens
}

/// Returns the place of a whole element, or of one token if there is no element.
fn element(rng: &mut Rng, tokens: &[Token]) -> Range<usize> {
    // The root is no element to work with.
    let is_tag = |at: &usize| matches!(tokens[*at].kind, Kind::Start | Kind::Empty);
    let root = (0..tokens.len()).find(is_tag).unwrap_or(0);
    let first = (root + 1 + rng.below(tokens.len())) % tokens.len();
    let Some(start) = (first..tokens.len()).find(is_tag) else { return tokens[first].at.clone() };
    let mut depth = 0_usize;
    for token in &tokens[start..] {
        match token.kind {
            Kind::Start => depth += 1,
            Kind::End => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return tokens[start].at.start..token.at.end;
        }
    }
    tokens[start].at.clone()
}

/// Puts `piece` before a tag within the root.
fn insert(rng: &mut Rng, text: &mut Vec<u8>, piece: &[u8]) {
    if text.len() + piece.len() > MAX_BYTES {
        return;
    }
    let tokens = tokens(text);
    let at = (0..8).find_map(|_| {
        let token =
            &tokens[rng.below(tokens.len().max(1))..].iter().find(|token| token.kind != Kind::Text)?;
        (token.at.start > 0 && token.kind != Kind::Other).then_some(token.at.start)
    });
    let at = at.unwrap_or(text.len());
    text.splice(at..at, piece.iter().copied());
}

/// Returns the places of the attribute values of a tag, without their quotes.
fn values(text: &[u8], tag: &Range<usize>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = tag.start;
    while let Some(open) = memchr::memchr2(b'"', b'\'', &text[at..tag.end]).map(|n| at + n) {
        let Some(len) = memchr::memchr(text[open], &text[open + 1..tag.end]) else { break };
        found.push(open + 1..open + 1 + len);
        at = open + len + 2;
    }
    found
}

/// Returns a place of an attribute value near a random tag.
fn some_value(rng: &mut Rng, text: &[u8], tokens: &[Token]) -> Option<Range<usize>> {
    let first = rng.below(tokens.len());
    let found =
        tokens[first..].iter().take(64).map(|token| values(text, &token.at)).find(|v| !v.is_empty())?;
    Some(rng.pick(&found).clone())
}

fn value(rng: &mut Rng) -> String {
    match rng.below(12) {
        0 => (0..1 + rng.below(12)).map(|_| *rng.pick(&FORMAT_PIECES)).collect(),
        1 => "9".repeat(1 + rng.below(400)),
        2 => "x y ".repeat(1 + rng.below(1000)),
        3 => {
            let (row, column) = (rng.below(70_000), rng.below(26));
            format!("{}{row}", char::from(b'A' + u8::try_from(column).unwrap_or(0)))
        }
        4 => rng.below(300).to_string(),
        _ => (*rng.pick(&VALUES)).to_owned(),
    }
}

fn attribute(rng: &mut Rng, text: &mut Vec<u8>, tokens: &[Token]) -> &'static str {
    let Some(range) = some_value(rng, text, tokens) else { return number(rng, text) };
    match rng.below(8) {
        0 => {
            // The name loses its last letter: the attribute is an unknown one.
            if range.start >= 3 {
                text.remove(range.start - 3);
            }
            "rename attribute"
        }
        1 => {
            let mut piece = text[range.clone()].to_vec();
            bytes::mutate(rng, &mut piece, b"");
            text.splice(range, piece);
            "attribute bytes"
        }
        _ => {
            let value = value(rng).replace(['"', '\''], "&quot;").replace('<', "&lt;");
            text.splice(range, value.into_bytes());
            "attribute"
        }
    }
}

fn swap_values(rng: &mut Rng, text: &mut Vec<u8>, tokens: &[Token]) -> &'static str {
    if let (Some(one), Some(two)) = (some_value(rng, text, tokens), some_value(rng, text, tokens)) {
        let piece = text[two].to_vec();
        text.splice(one, piece);
    }
    "copy attribute"
}

fn replace_text(rng: &mut Rng, text: &mut Vec<u8>, tokens: &[Token]) -> &'static str {
    let first = rng.below(tokens.len());
    let found = tokens[first..].iter().find(|token| token.kind == Kind::Text);
    let Some(range) = found.map(|token| token.at.clone()) else { return number(rng, text) };
    let value = value(rng).replace('<', "&lt;");
    text.splice(range, value.into_bytes());
    "text"
}

/// Changes a run of digits, wherever it stands.
fn number(rng: &mut Rng, text: &mut Vec<u8>) -> &'static str {
    let from = rng.below(text.len());
    let Some(start) = text[from..].iter().position(u8::is_ascii_digit).map(|n| from + n) else {
        return "none";
    };
    let len = text[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let old = text[start..start + len]
        .iter()
        .fold(0_u64, |sum, digit| sum.wrapping_mul(10).wrapping_add(u64::from(digit - b'0')));
    let mut new = String::new();
    let _ = match rng.below(6) {
        0 => write!(new, "{}", old.wrapping_add(1)),
        1 => write!(new, "{}", old.wrapping_sub(1)),
        2 => write!(new, "-{old}"),
        3 => write!(new, "{}", old.wrapping_mul(1 + rng.next() % 70_000)),
        4 => write!(new, "{}", rng.next() >> rng.below(64)),
        _ => write!(new, "{old}.{}", rng.below(1000)),
    };
    text.splice(start..start + len, new.into_bytes());
    "number"
}

fn duplicate(rng: &mut Rng, text: &mut Vec<u8>, tokens: &[Token]) -> &'static str {
    let range = element(rng, tokens);
    let times = *rng.pick(&[1, 1, 1, 2, 3, 17, 65, 300, 5000]);
    let room = (MAX_BYTES - text.len().min(MAX_BYTES)) / range.len().max(1);
    // Most often little, so that the cases stay cheap.
    let room = if rng.one_in(16) { room } else { room.min((64 << 10) / range.len().max(1) + 1) };
    let piece = text[range.clone()].repeat(times.min(room));
    text.splice(range.end..range.end, piece);
    "repeat element"
}

/// Puts an element into as many copies of its own tag.
fn nest(rng: &mut Rng, text: &mut Vec<u8>, tokens: &[Token]) -> &'static str {
    let range = element(rng, tokens);
    let tag: Vec<u8> =
        text[range.clone()].split_inclusive(|byte| *byte == b'>').next().unwrap_or(b"").to_vec();
    let times = *rng.pick(&[1, 2, 3, 9, 70, 200, 260, 1000]);
    if tag.len() * times > MAX_BYTES / 2 || !tag.ends_with(b">") || tag.ends_with(b"/>") {
        return "none";
    }
    let name = name_of(&tag);
    let end = [b"</", name, b">"].concat().repeat(times);
    text.splice(range.end..range.end, end);
    text.splice(range.start..range.start, tag.repeat(times));
    "nest"
}

fn name_of(tag: &[u8]) -> &[u8] {
    let tag = tag.strip_prefix(b"</").or_else(|| tag.strip_prefix(b"<")).unwrap_or(tag);
    let end = tag.iter().position(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'/' | b'>'));
    &tag[..end.unwrap_or(tag.len())]
}

/// Gives an element the name of another one.
fn rename(rng: &mut Rng, text: &mut Vec<u8>, tokens: &[Token]) -> &'static str {
    let range = element(rng, tokens);
    let old = name_of(&text[range.clone()]).to_vec();
    let new = name_of(&text[rng.pick(tokens).at.clone()]).to_vec();
    let is_tag = text[range.start] == b'<' && text.get(range.start + 1) != Some(&b'/');
    if !is_tag || old.is_empty() || new.is_empty() || new.len() > 100 {
        return "none";
    }
    let close = [b"</", &*old, b">"].concat();
    if text[range.clone()].ends_with(&close) {
        text.splice(range.end - close.len()..range.end, [b"</", &*new, b">"].concat());
    }
    text.splice(range.start + 1..range.start + 1 + old.len(), new);
    "rename element"
}

/// Closes what is open and drops ends of nothing and what is outside the root: readers refuse what is not well-formed, and what they do with the rest
/// is what cases are for.
pub(crate) fn mend(text: &mut Vec<u8>) {
    let mut out = Vec::with_capacity(text.len() + 64);
    let mut open: Vec<Vec<u8>> = Vec::new();
    let mut has_root = false;
    for token in tokens(text) {
        let piece = &text[token.at];
        let name = name_of(piece);
        let is_outside = open.is_empty() && (has_root || token.kind == Kind::Text);
        match token.kind {
            Kind::Start | Kind::Empty | Kind::Text if is_outside => continue,
            Kind::Start if !piece.ends_with(b">") => continue,
            Kind::Start => open.push(name.to_vec()),
            Kind::End => {
                let Some(at) = open.iter().rposition(|open| open == name) else { continue };
                for name in open.drain(at + 1..).rev() {
                    out.extend([b"</", &*name, b">"].concat());
                }
                open.pop();
            }
            _ => {}
        }
        has_root |= matches!(token.kind, Kind::Start | Kind::Empty);
        out.extend_from_slice(piece);
    }
    for name in open.into_iter().rev() {
        out.extend([b"</", &*name, b">"].concat());
    }
    *text = out;
}
