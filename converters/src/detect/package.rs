//! Tells ZIP packages apart: Office, OpenDocument, EPUB, or just an archive.
//!
//! The content type of the main part decides, not its name: producers name parts as they like. What cannot be
//! read is left to the name, so that the converter reports the damage and not "not a document".

use super::Content;
use crate::formats::Format;
use crate::limits::Limits;
use crate::odf::Kind;
use crate::ooxml::Ooxml;
use crate::zip::Package;
use crate::{ConvertError, Input, Meter, Result};

/// Content types of real packages stay below 1 MiB.
const MAX_PART_BYTES: u64 = 4 << 20;

/// Main parts by their content type.
const MAIN_PARTS: &[(&str, Format)] = &[
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml", Format::Docx),
    ("application/vnd.ms-word.document.macroenabled.main+xml", Format::Docm),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml", Format::Dotx),
    ("application/vnd.ms-word.template.macroenabledtemplate.main+xml", Format::Dotm),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml", Format::Xlsx),
    ("application/vnd.ms-excel.sheet.macroenabled.main+xml", Format::Xlsm),
    ("application/vnd.ms-excel.template.macroenabled.main+xml", Format::Xlsm),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.template.main+xml", Format::Xltx),
    ("application/vnd.ms-excel.sheet.binary.macroenabled.main", Format::Xlsb),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml", Format::Pptx),
    ("application/vnd.openxmlformats-officedocument.presentationml.template.main+xml", Format::Pptx),
    ("application/vnd.openxmlformats-officedocument.presentationml.slideshow.main+xml", Format::Ppsx),
    ("application/vnd.ms-powerpoint.presentation.macroenabled.main+xml", Format::Pptm),
    ("application/vnd.ms-powerpoint.slideshow.macroenabled.main+xml", Format::Pptm),
    ("application/vnd.ms-powerpoint.template.macroenabled.main+xml", Format::Pptm),
];

/// Main parts by their usual names, for packages whose content types do not say.
const USUAL_NAMES: &[(&str, Format)] = &[
    ("word/document.xml", Format::Docx),
    ("xl/workbook.xml", Format::Xlsx),
    ("xl/workbook.bin", Format::Xlsb),
    ("ppt/presentation.xml", Format::Pptx),
];

pub(super) fn read(input: &mut dyn Input, meter: &Meter) -> Result<Content> {
    meter.check_cancelled()?;
    let own = own_meter(input, meter);
    if let Some(format) = tolerate(office(input, &own))?.flatten() {
        return Ok(Content::Sure(format, None));
    }
    let own = Meter::new(own.limits().clone(), input.size_bytes());
    Ok(tolerate(other(input, &own))?.unwrap_or(Content::Container(Format::Zip)))
}

/// The caller's meter stays untouched: detection is not part of the conversion that it counts.
fn own_meter(input: &dyn Input, meter: &Meter) -> Meter {
    let limits = Limits {
        max_part_bytes: MAX_PART_BYTES,
        max_inflated_bytes: 3 * MAX_PART_BYTES,
        max_resident_bytes: 3 * MAX_PART_BYTES,
        ..meter.limits().clone()
    };
    Meter::new(limits, input.size_bytes())
}

/// Returns what an encrypted package is, if it opens without a password of the user's.
pub(super) fn deciphered(input: &mut dyn Input, meter: &Meter) -> Result<Option<Format>> {
    let own = own_meter(input, meter);
    Ok(tolerate(office(input, &own))?.flatten())
}

/// Lets failures of the input itself through; anything else says only that this is no sound package.
fn tolerate<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(e @ (ConvertError::Io(_) | ConvertError::Cancelled)) => Err(e),
        Err(_) => Ok(None),
    }
}

fn office(input: &mut dyn Input, meter: &Meter) -> Result<Option<Format>> {
    let mut ooxml = Ooxml::open(input, meter)?;
    if let Some(main) = tolerate(ooxml.main_part())?
        && let Some(format) = ooxml.content_types().of(&main).and_then(main_part)
    {
        return Ok(Some(format));
    }
    let parts: Vec<(String, Format)> = ooxml
        .content_types()
        .overrides()
        .filter_map(|(part, kind)| Some((part.to_owned(), main_part(kind)?)))
        .collect();
    let package = ooxml.package();
    Ok(parts.into_iter().find(|(part, _)| package.contains(part)).map(|(_, format)| format))
}

fn main_part(content_type: &str) -> Option<Format> {
    let content_type = content_type.trim().to_ascii_lowercase();
    let row = MAIN_PARTS.iter().find(|(known, _)| *known == content_type)?;
    Some(row.1)
}

fn other(input: &mut dyn Input, meter: &Meter) -> Result<Content> {
    let mut package = Package::open(input, meter)?;
    if let Some(bytes) = tolerate(package.read("mimetype"))?.flatten()
        && let Some(format) = self_named(&String::from_utf8_lossy(&bytes))
    {
        return Ok(Content::Sure(format, None));
    }
    if let Some(bytes) = tolerate(package.read("META-INF/manifest.xml"))?.flatten()
        && let Some(format) = manifest(&bytes, meter)?
    {
        return Ok(Content::Sure(format, None));
    }
    if package.contains("META-INF/container.xml") && package.names().any(|name| name.ends_with(".opf")) {
        return Ok(Content::Sure(Format::Epub, None));
    }
    let usual = USUAL_NAMES.iter().find(|(name, _)| package.contains(name));
    if let Some((_, format)) = usual {
        return Ok(Content::Sure(*format, None));
    }
    // An Office package that lost its main part is still one; an archive of anything else is not.
    if package.contains("[Content_Types].xml") || package.contains("_rels/.rels") {
        return Ok(Content::Container(Format::Zip));
    }
    Ok(Content::Sure(Format::Zip, None))
}

/// OpenDocument and EPUB hold their media type themselves.
fn self_named(media_type: &str) -> Option<Format> {
    if media_type.trim() == "application/epub+zip" {
        return Some(Format::Epub);
    }
    match Kind::of_media_type(media_type)? {
        Kind::Text => Some(Format::Odt),
        Kind::Spreadsheet => Some(Format::Ods),
        Kind::Presentation => Some(Format::Odp),
        Kind::Drawing => Some(Format::Odg),
        Kind::Chart | Kind::Formula => None,
    }
}

/// Finds the media type of the whole document in an ODF manifest (ODF 1.3 part 2, 4.8.2).
fn manifest(bytes: &[u8], meter: &Meter) -> Result<Option<Format>> {
    let mut reader = crate::xml::Reader::new(bytes, meter.limits()).with_doctype_passed_over();
    loop {
        match reader.next_event()? {
            crate::xml::Event::Start(tag) if tag.raw(b"full-path") == Some(b"/") => {
                return Ok(tag.value(b"media-type").and_then(|kind| self_named(&kind)));
            }
            crate::xml::Event::Eof => return Ok(None),
            crate::xml::Event::Start(_) | crate::xml::Event::End(_) | crate::xml::Event::Text(_) => {}
        }
    }
}
