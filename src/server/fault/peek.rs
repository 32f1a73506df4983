//! Reads so much of an upload's form that its file has a name and a size, and puts it back.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header;
use futures_util::{StreamExt, stream};

use super::Named;

/// A form whose file has not begun by then has no name for us.
const MAX_BYTES: usize = 16 * 1024;
const FILE_NAME: &[u8] = b"filename=\"";

/// Returns the request as it was, and what it uploads, if that can be told.
pub(super) async fn peek(request: Request) -> (Request, Option<Named>) {
    // Who waits for a "100 Continue" would get it by being looked at.
    if request.headers().contains_key(header::EXPECT) {
        return (request, None);
    }
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let length = length.and_then(|length| length.parse().ok());
    let (parts, body) = request.into_parts();
    let mut body = body.into_data_stream();
    let mut begun: Vec<Result<Bytes, axum::Error>> = Vec::new();
    let mut seen = Vec::new();
    let mut found = None;
    while found.is_none() && seen.len() < MAX_BYTES {
        let Some(chunk) = body.next().await else { break };
        if let Ok(chunk) = &chunk {
            seen.extend_from_slice(chunk);
            found = named(&seen, length);
        }
        let failed = chunk.is_err();
        begun.push(chunk);
        if failed {
            break;
        }
    }
    let body = Body::from_stream(stream::iter(begun).chain(body));
    (Request::from_parts(parts, body), found)
}

/// Reads the head of the file's part. The file must be the last part for its size to be exact.
fn named(seen: &[u8], length: Option<u64>) -> Option<Named> {
    let at = find(seen, FILE_NAME)? + FILE_NAME.len();
    let end = at + seen[at..].iter().position(|byte| *byte == b'"')?;
    let begin = end + find(&seen[end..], b"\r\n\r\n")? + 4;
    let boundary = find(seen, b"\r\n")?;
    // Behind the file: a line break, the boundary that began the form, two dashes, a line break.
    let framing = begin + boundary + 6;
    let size_bytes = length.unwrap_or_default().saturating_sub(u64::try_from(framing).unwrap_or_default());
    Some(Named { name: String::from_utf8_lossy(&seen[at..end]).into_owned(), size_bytes })
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_a_form_tells_name_and_size() {
        let head = "--B\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nx\r\n--B\r\n\
                    Content-Disposition: form-data; name=\"file\"; filename=\"a b.txt\"\r\n\r\n";
        let form = format!("{head}abc\r\n--B--\r\n");
        let length = Some(form.len() as u64);
        let expected = Named { name: "a b.txt".to_owned(), size_bytes: 3 };
        assert_eq!(named(form.as_bytes(), length), Some(expected.clone()));
        assert_eq!(named(head.as_bytes(), length), Some(expected));
        assert_eq!(named(&head.as_bytes()[..head.len() - 1], length), None);
    }
}
