//! Guesses the format of text from its first characters, for files whose name does not say.
//!
//! Light evidence on purpose: nothing is parsed, and a name that claims any text format beats it. The HTML tags
//! are those of the WHATWG MIME Sniffing Standard, section 7.1.

use std::io::{Read, SeekFrom};

use crate::charset::{Charset, Decoder};
use crate::formats::Format;
use crate::odf::Kind;
use crate::{ConvertError, Input, Result};

/// Bytes of the head that are looked at.
const PREFIX: usize = 4096;
/// Bytes of the head within which the root tag of a flat OpenDocument file ends: it declares some forty namespaces.
const ROOT_TAG_PREFIX: usize = 32 << 10;
/// Bytes of the end that are looked at for a closing bracket.
const SUFFIX: u64 = 64;

const HTML_TAGS: [&str; 17] = [
    "!doctype html",
    "html",
    "head",
    "script",
    "iframe",
    "h1",
    "div",
    "font",
    "table",
    "a",
    "style",
    "title",
    "b",
    "body",
    "br",
    "p",
    "meta",
];

pub(super) fn sniff(input: &mut dyn Input, head: &[u8], charset: Charset) -> Result<Option<Format>> {
    let Some(text) = beginning(head, charset, PREFIX) else {
        return Ok(None);
    };
    let text = text.trim_start_matches('\u{FEFF}').trim_start();
    if text.starts_with('<') {
        return Ok(match markup(&text.to_ascii_lowercase()) {
            Some(Format::FlatOdf) => beginning(head, charset, ROOT_TAG_PREFIX).map(|text| flat_odf(&text)),
            found => found,
        });
    }
    if text.starts_with("#!") {
        return Ok(Some(interpreter(text.lines().next().unwrap_or_default())));
    }
    if text.starts_with(['{', '[']) {
        return json(input, text);
    }
    Ok(None)
}

/// Decodes the first bytes.
fn beginning(head: &[u8], charset: Charset, len: usize) -> Option<String> {
    let mut text = String::new();
    Decoder::new(charset.name)?.decode(&head[..head.len().min(len)], false, &mut text);
    Some(text)
}

/// Says which OpenDocument a flat file is, by the media type in its root tag (ODF 1.3 part 3, section 19.386).
fn flat_odf(text: &str) -> Format {
    let kind = || {
        let root = text.get(text.find("<office:document")?..)?;
        let tag = root.get(..root.find('>')?)?;
        let value = tag.get(tag.find("office:mimetype")?..)?.split_once('=')?.1.trim_start();
        Kind::of_media_type(value.get(1..)?.split(['"', '\'']).next()?)
    };
    match kind() {
        Some(Kind::Text) => Format::Fodt,
        Some(Kind::Spreadsheet) => Format::Fods,
        Some(Kind::Presentation) => Format::Fodp,
        Some(Kind::Drawing | Kind::Chart | Kind::Formula) | None => Format::FlatOdf,
    }
}

fn markup(text: &str) -> Option<Format> {
    let root = skip_prolog(text);
    let tag = |name: &str| {
        root.strip_prefix('<')
            .and_then(|rest| rest.strip_prefix(name))
            .is_some_and(|rest| rest.starts_with([' ', '>', '/', '\t', '\r', '\n']))
    };
    if HTML_TAGS.iter().any(|name| tag(name)) {
        Some(Format::Html)
    } else if tag("svg") || tag("svg:svg") || root.starts_with("<!doctype svg") {
        Some(Format::Svg)
    } else if tag("office:document") {
        Some(Format::FlatOdf)
    } else if text.starts_with("<?xml") {
        Some(Format::Xml)
    } else {
        None
    }
}

/// Skips the XML declaration, other processing instructions and comments.
fn skip_prolog(mut text: &str) -> &str {
    loop {
        let end = if text.starts_with("<?") {
            "?>"
        } else if text.starts_with("<!--") {
            "-->"
        } else {
            return text;
        };
        match text.find(end) {
            Some(at) => text = text[at + end.len()..].trim_start(),
            None => return text,
        }
    }
}

fn interpreter(line: &str) -> Format {
    let program = line.rsplit('/').next().unwrap_or_default();
    let program = program.strip_prefix("env ").unwrap_or(program);
    let name = program.split_whitespace().next().unwrap_or_default();
    if ["sh", "bash", "zsh", "fish", "ksh", "dash", "csh", "tcsh"].contains(&name) {
        Format::Shell
    } else {
        Format::SourceCode
    }
}

fn json(input: &mut dyn Input, text: &str) -> Result<Option<Format>> {
    let mut tail = Vec::new();
    let start = input.size_bytes().saturating_sub(SUFFIX);
    input.seek(SeekFrom::Start(start)).map_err(ConvertError::Io)?;
    input.take(SUFFIX).read_to_end(&mut tail).map_err(ConvertError::Io)?;
    let inner = text[1..].trim_start();
    let opens = match text.as_bytes()[0] {
        b'{' => inner.starts_with(['"', '}']),
        _ => {
            inner.starts_with(['"', '{', '[', ']', '-', 't', 'f', 'n'])
                || inner.starts_with(|c: char| c.is_ascii_digit())
        }
    };
    // UTF-16 leaves NUL bytes after the bracket.
    let last = tail.iter().rev().find(|byte| !byte.is_ascii_whitespace() && **byte != 0);
    if !opens || !last.is_some_and(|byte| b"}]".contains(byte)) {
        return Ok(None);
    }
    let mut lines = text.lines();
    let whole =
        |line: Option<&str>| line.is_some_and(|line| line.starts_with('{') && line.trim_end().ends_with('}'));
    let lines_of_objects = whole(lines.next()) && lines.next().is_some_and(|line| line.starts_with('{'));
    Ok(Some(if lines_of_objects { Format::JsonLines } else { Format::Json }))
}
