//! A page of HTML as mail (MHTML, RFC 2557), which is what several makers of documents insert.
//!
//! Finds the first part that is HTML in a message of one level, and undoes its transfer encoding (RFC 2045 section 6).

/// Returns the bytes of the page and the charset that its header names.
pub(super) fn html(message: &[u8]) -> Option<(Vec<u8>, Option<String>)> {
    let (head, body) = split_head(message);
    let kind = field(head, "content-type").unwrap_or_default();
    let Some(boundary) = parameter(&kind, "boundary") else {
        return decoded(head, body);
    };
    let boundary = format!("--{boundary}");
    let mut starts = memchr::memmem::find_iter(body, boundary.as_bytes()).peekable();
    while let Some(start) = starts.next() {
        let end = starts.peek().copied().unwrap_or(body.len());
        let part = body.get(start + boundary.len()..end).unwrap_or_default();
        let (head, body) = split_head(part.trim_ascii_start());
        if let Some(found) = decoded(head, body) {
            return Some(found);
        }
    }
    None
}

/// Returns the content of a part that is HTML.
fn decoded(head: &[u8], body: &[u8]) -> Option<(Vec<u8>, Option<String>)> {
    let kind = field(head, "content-type")?;
    if !kind.trim_start().to_ascii_lowercase().starts_with("text/html") {
        return None;
    }
    let encoding = field(head, "content-transfer-encoding").unwrap_or_default();
    let bytes = match encoding.trim().to_ascii_lowercase().as_str() {
        "quoted-printable" => quoted_printable(body),
        "base64" => base64(body),
        _ => body.to_vec(),
    };
    Some((bytes, parameter(&kind, "charset")))
}

/// Splits at the first empty line.
fn split_head(text: &[u8]) -> (&[u8], &[u8]) {
    let at = |end: &[u8]| memchr::memmem::find(text, end).map(|at| (at, at + end.len()));
    let found = match (at(b"\r\n\r\n"), at(b"\n\n")) {
        (Some(crlf), Some(lf)) => Some(crlf.min(lf)),
        (crlf, lf) => crlf.or(lf),
    };
    let (head, body) = found.unwrap_or((text.len(), text.len()));
    (text.get(..head).unwrap_or_default(), text.get(body..).unwrap_or_default())
}

/// Returns the value of a header field; lines that begin with white space go on.
fn field(head: &[u8], name: &str) -> Option<String> {
    let head = String::from_utf8_lossy(head);
    let mut value: Option<String> = None;
    for line in head.lines() {
        if line.starts_with([' ', '\t']) {
            if let Some(value) = &mut value {
                value.push_str(line);
            }
        } else if value.is_some() {
            break;
        } else if let Some((found, text)) = line.split_once(':')
            && found.trim().eq_ignore_ascii_case(name)
        {
            value = Some(text.trim().to_owned());
        }
    }
    value
}

/// Returns a parameter of a content type.
fn parameter(kind: &str, name: &str) -> Option<String> {
    kind.split(';').skip(1).find_map(|parameter| {
        let (found, value) = parameter.split_once('=')?;
        found.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
    })
}

fn quoted_printable(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'=', rest) {
        let (before, escape) = rest.split_at(at);
        out.extend_from_slice(before);
        rest = match escape {
            [_, b'\r', b'\n', rest @ ..] | [_, b'\n', rest @ ..] => rest,
            [_, high, low, behind @ ..] => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    out.push(high << 4 | low);
                    behind
                }
                _ => {
                    out.push(b'=');
                    escape.get(1..).unwrap_or_default()
                }
            },
            _ => {
                out.extend_from_slice(escape);
                &[]
            }
        };
    }
    out.extend_from_slice(rest);
    out
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Decodes what is a digit of base64 and passes over the rest.
fn base64(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        bits = (bits << 6 | u32::from(value)) & 0xFF_FFFF;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from(bits >> count & 0xFF).unwrap_or_default());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transfer_encodings_are_undone() {
        assert_eq!(quoted_printable(b"a=3Db=\r\nc=C3=A4 =XY ="), "a=bcä =XY =".as_bytes());
        assert_eq!(base64(b"R3LD\r\nvMOfZQ=="), "Grüße".as_bytes());
    }

    #[test]
    fn the_first_page_is_found() {
        let mail = b"MIME-Version: 1.0\nContent-Type: multipart/related;\n\tboundary=\"x\"\n\npreamble\n--x\nContent-Type: image/png\n\n?\n--x\nContent-Type: text/html;\n charset=\"utf-8\"\n\n<p>a</p>\n--x--\n";
        let (bytes, charset) = html(mail).unwrap();
        assert_eq!(bytes.trim_ascii(), b"<p>a</p>");
        assert_eq!(charset.as_deref(), Some("utf-8"));
        assert!(html(b"no header").is_none());
    }
}
