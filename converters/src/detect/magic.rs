//! Formats that their first bytes give away.
//!
//! Signatures that could begin a text (`BM`, `MZ`, `GIF89a`, two bytes above ASCII) count only after a scan has
//! said that the file is no text; the short list of the unmistakable ones saves that scan.

use file_format::{FileFormat, Kind};

use crate::formats::Format;

/// Signatures that no text begins with.
const UNMISTAKABLE: &[(&[u8], Format)] = &[
    (b"\x89PNG\r\n\x1A\n", Format::Png),
    (b"\xFF\xD8\xFF", Format::Jpeg),
    (b"\x1F\x8B\x08", Format::Gzip),
    (b"\xFD7zXZ\0", Format::Xz),
    (b"\x28\xB5\x2F\xFD", Format::Zstd),
    (b"7z\xBC\xAF\x27\x1C", Format::SevenZip),
    (b"Rar!\x1A\x07", Format::Rar),
    (b"\x7FELF", Format::Elf),
    (b"\0asm", Format::Wasm),
    (b"SQLite format 3\0", Format::Sqlite),
    (b"II*\0", Format::Tiff),
    (b"MM\0*", Format::Tiff),
    (b"%PDF-", Format::Pdf),
    (b"{\\rtf", Format::Rtf),
];

/// A PDF header may stand behind this many bytes of junk (ISO 32000-1, implementation note 13).
const PDF_HEADER_WITHIN: usize = 1024;

pub(super) fn unmistakable(head: &[u8]) -> Option<Format> {
    let text_start = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    UNMISTAKABLE
        .iter()
        .find(|(signature, format)| match format {
            Format::Pdf | Format::Rtf => text_start.starts_with(signature),
            _ => head.starts_with(signature),
        })
        .map(|(_, format)| *format)
}

/// Tells whether a PDF header stands in the first KiB, where readers look for it.
pub(super) fn is_pdf_behind_junk(head: &[u8]) -> bool {
    memchr::memmem::find(&head[..head.len().min(PDF_HEADER_WITHIN)], b"%PDF-").is_some()
}

/// Names the format of bytes that are no text, with its media type where our row has none.
pub(super) fn binary(head: &[u8]) -> Option<(Format, Option<String>)> {
    if is_pdf_behind_junk(head) {
        return Some((Format::Pdf, None));
    }
    if let Some(format) = without_library(head) {
        return Some((format, None));
    }
    let found = FileFormat::from_bytes(head);
    let format = match found {
        FileFormat::GraphicsInterchangeFormat => Format::Gif,
        FileFormat::Webp => Format::Webp,
        FileFormat::WindowsBitmap => Format::Bmp,
        FileFormat::HighEfficiencyImageCoding | FileFormat::HighEfficiencyImageCodingSequence => Format::Heic,
        FileFormat::Av1ImageFileFormat | FileFormat::Av1ImageFileFormatSequence => Format::Avif,
        FileFormat::TapeArchive => Format::Tar,
        FileFormat::Bzip2 => Format::Bzip2,
        FileFormat::ApacheParquet => Format::Parquet,
        FileFormat::MsDosExecutable | FileFormat::PortableExecutable => Format::Pe,
        FileFormat::ArbitraryBinaryData | FileFormat::Empty | FileFormat::PlainText => return None,
        // What these hold stands deeper inside; it is nearly always this.
        FileFormat::ExtensibleBinaryMetaLanguage => return typed(Format::Video, "video/matroska"),
        FileFormat::AdvancedSystemsFormat => return typed(Format::Video, "video/x-ms-asf"),
        FileFormat::Id3v2 => return typed(Format::Audio, "audio/mpeg"),
        other => match other.kind() {
            Kind::Image => Format::Image,
            Kind::Audio => Format::Audio,
            Kind::Video => Format::Video,
            _ => Format::Unknown,
        },
    };
    let generic = matches!(format, Format::Image | Format::Audio | Format::Video | Format::Unknown);
    Some((format, generic.then(|| found.media_type().to_owned())))
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of what it stands for")]
fn typed(format: Format, media_type: &str) -> Option<(Format, Option<String>)> {
    Some((format, Some(media_type.to_owned())))
}

/// Old office formats without a container.
fn without_library(head: &[u8]) -> Option<Format> {
    // The FIB of Word 1 and 2, and of Word 6 documents written without a container.
    const WORD: [&[u8]; 3] = [b"\xDB\xA5", b"\x9B\xA5", b"\xDC\xA5"];
    (head.len() > 32 && WORD.iter().any(|signature| head.starts_with(signature))).then_some(Format::Doc)
}

/// Tells whether files of this format may be sound and still show no signature.
pub(super) fn may_lack_signature(format: Format) -> bool {
    matches!(format, Format::Image | Format::Audio | Format::Video | Format::Tar | Format::Parquet)
}
