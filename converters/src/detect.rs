//! Says what bytes are: content first, then the name. Knows nothing but the table.

use std::borrow::Cow;

use crate::charset::Charset;
use crate::formats::Format;
use crate::{ConvertError, Input, Meter};

/// How a format is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// The content alone; the name says nothing.
    Content,
    /// The name alone; the content fits but does not prove it.
    Name,
    /// The content and the name agree.
    Both,
    /// The name claims `claimed`; the content is something else and wins.
    Conflict {
        /// What the name claims.
        claimed: Format,
    },
}

/// What bytes are, and how that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detection {
    /// The format.
    pub format: Format,
    /// The media type, refined by the name within the format.
    pub media_type: Cow<'static, str>,
    /// The charset, for text.
    pub charset: Option<Charset>,
    /// How the format is known.
    pub evidence: Evidence,
}

/// Says what `input` is. `name` is the file name without folders.
///
/// # Errors
/// [`ConvertError::Io`] if the input cannot be read, [`ConvertError::Cancelled`].
pub fn detect(
    _input: &mut dyn Input,
    _name: Option<&str>,
    _meter: &Meter,
) -> Result<Detection, ConvertError> {
    Ok(Detection {
        format: Format::Unknown,
        media_type: "application/octet-stream".into(),
        charset: None,
        evidence: Evidence::Content,
    })
}
