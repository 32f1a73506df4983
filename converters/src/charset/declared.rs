//! Finds the charset that a text declares about itself: in its XML declaration, an HTML `meta` element, a CSS
//! `@charset` rule, or the comment that Emacs and Python read (PEP 263).
//!
//! Only asked about text that is neither UTF-8 nor UTF-16, where it is better than statistics on little text. Looks
//! at the first KiB, as HTML requires of the declaration; nothing else in a text counts, so that a program which
//! mentions a charset does not declare one.

/// HTML 13.2.3.2 lets browsers look this far.
pub(super) const PREFIX: usize = 1024;

/// Returns the label, as written.
pub(super) fn declared(head: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(&head[..head.len().min(PREFIX)]).to_ascii_lowercase();
    let text = head.trim_start();
    if let Some(rest) = text.strip_prefix("<?xml") {
        let declaration = rest.split("?>").next()?;
        return value_after(declaration, "encoding");
    }
    if let Some(rest) = text.strip_prefix("@charset ") {
        return label(rest);
    }
    if let Some(found) =
        text.split("<meta").skip(1).find_map(|meta| value_after(meta.split('>').next()?, "charset"))
    {
        return Some(found);
    }
    let comments = text.lines().take(2).filter(|line| line.starts_with(['#', '%', ';', '/', '-', '"']));
    comments
        .filter_map(|line| line.split_once("coding"))
        .find_map(|(_, rest)| label(rest.strip_prefix([':', '='])?))
}

fn value_after(text: &str, key: &str) -> Option<String> {
    let rest = text.split_once(key)?.1.trim_start();
    label(rest.strip_prefix('=')?)
}

/// Takes a label with or without quotes.
fn label(text: &str) -> Option<String> {
    let text = text.trim_start().trim_start_matches(['"', '\'']);
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !"-_:.".contains(c)).unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_found_where_their_formats_have_them() {
        for (text, expected) in [
            ("<?xml version='1.0' encoding='ISO-8859-1'?><a charset='x'/>", Some("iso-8859-1")),
            ("<?xml version='1.0'?><a encoding='ISO-8859-1'/>", None),
            ("<html><META charset=windows-1251>", Some("windows-1251")),
            ("<meta name=a><meta http-equiv=b content=\"text/html; charset = koi8-r\">", Some("koi8-r")),
            ("@charset \"Shift_JIS\";", Some("shift_jis")),
            ("#!/usr/bin/python\n# -*- coding: latin-1 -*-\n", Some("latin-1")),
            ("% !TeX\n% vim: fileencoding=cp1250\n", Some("cp1250")),
            ("x = 1\ny = 2\n# coding: latin-1\n", None),
            ("print('charset=koi8-r')", None),
            ("<p>charset=koi8-r</p>", None),
            ("<meta charset=>", None),
            ("", None),
        ] {
            assert_eq!(declared(text.as_bytes()).as_deref(), expected, "{text}");
        }
    }
}
