//! Tells OLE compound files apart by the streams in their root storage.
//!
//! Streams count only in the root: a workbook that is embedded in a document lies deeper.

use super::Content;
use crate::cfb::Compound;
use crate::formats::Format;
use crate::{Input, Meter, Result};

pub(super) use crate::cfb::SIGNATURE;

/// Streams of the root storage that say what the file is, the strongest first.
const STREAMS: &[(&str, Format)] = &[
    ("EncryptedPackage", Format::EncryptedOoxml),
    ("WordDocument", Format::Doc),
    ("Workbook", Format::Xls),
    ("Book", Format::Xls),
    ("PowerPoint Document", Format::Ppt),
    ("__properties_version1.0", Format::Msg),
];

pub(super) fn read(input: &mut dyn Input, meter: &Meter) -> Result<Content> {
    let Some(file) = Compound::open(input, meter)? else {
        return Ok(Content::Container(Format::Ole));
    };
    let root = file.root();
    if root.is_empty() {
        return Ok(Content::Container(Format::Ole));
    }
    let format = STREAMS
        .iter()
        .find(|(stream, _)| root.iter().any(|entry| entry.name.eq_ignore_ascii_case(stream)))
        .map_or(Format::Ole, |(_, format)| *format);
    if format == Format::EncryptedOoxml
        && let Some(found) = super::package::deciphered(input, meter)?
    {
        return Ok(Content::Sure(found, None));
    }
    Ok(Content::Sure(format, None))
}
