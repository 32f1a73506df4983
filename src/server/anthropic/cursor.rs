//! Page cursors: opaque texts that begin with `page_` ("Files API reference", list).

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::super::refusal::Refusal;

const PREFIX: &str = "page_";

/// Wraps what the next page begins behind.
pub(super) fn write(text: &str) -> String {
    format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(text))
}

/// Unwraps a cursor.
pub(super) fn read(cursor: &str) -> Result<String, Refusal> {
    let decoded = cursor.strip_prefix(PREFIX).and_then(|text| BASE64_URL_SAFE_NO_PAD.decode(text).ok());
    decoded.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(bad)
}

pub(super) fn bad() -> Refusal {
    Refusal::param("page", "is not a cursor of this API")
}
