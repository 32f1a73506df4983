//! Detection by small inputs made here: what the content is, what the name claims, who wins.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::io::{Cursor, Write};

use docferry_converters::charset::CharsetEvidence;
use docferry_converters::detect::{Detection, Evidence, detect};
use docferry_converters::formats::Format;
use docferry_converters::{Limits, Meter};

const CONFLICT: fn(Format) -> Evidence = |claimed| Evidence::Conflict { claimed };

fn look(bytes: &[u8], name: &str) -> Detection {
    let meter = Meter::new(Limits::default(), bytes.len() as u64);
    let name = (!name.is_empty()).then_some(name);
    detect(&mut Cursor::new(bytes.to_vec()), name, &meter).unwrap()
}

/// Checks rows of name, format and evidence for one content.
fn expect(bytes: &[u8], rows: &[(&str, Format, Evidence)]) {
    for (name, format, evidence) in rows {
        let found = look(bytes, name);
        assert_eq!((found.format, found.evidence), (*format, *evidence), "{name:?}");
    }
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// An Office package whose main part has this name and content type.
fn office(part: &str, content_type: &str) -> Vec<u8> {
    let types = format!(
        "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
         <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Override PartName=\"/{part}\" ContentType=\"{content_type}\"/></Types>"
    );
    let rels = format!(
        "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
         <Relationship Id=\"r1\" Target=\"{part}\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/\
         relationships/officeDocument\"/></Relationships>"
    );
    zip(&[("[Content_Types].xml", types.as_bytes()), ("_rels/.rels", rels.as_bytes()), (part, b"<root/>")])
}

fn docx() -> Vec<u8> {
    office(
        "word/document.xml",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
    )
}

/// An OLE file with a FAT sector and one directory sector that holds these streams in its root; the tree leans
/// to the right. A name with a `/` stands in a storage of its own and not in the root.
fn compound(streams: &[&str]) -> Vec<u8> {
    let mut header = vec![0; 512];
    header[..8].copy_from_slice(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]);
    header[26..28].copy_from_slice(&3_u16.to_le_bytes());
    header[30..32].copy_from_slice(&9_u16.to_le_bytes());
    header[48..52].copy_from_slice(&1_u32.to_le_bytes());
    header[76..].fill(0xFF);
    header[76..80].copy_from_slice(&0_u32.to_le_bytes());
    header[68..72].copy_from_slice(&0xFFFF_FFFE_u32.to_le_bytes());
    let mut fat = vec![0xFF; 512];
    fat[..4].copy_from_slice(&0xFFFF_FFFD_u32.to_le_bytes());
    fat[4..8].copy_from_slice(&0xFFFF_FFFE_u32.to_le_bytes());
    let in_root: Vec<_> = streams.iter().filter(|name| !name.contains('/')).collect();
    let mut directory = Vec::new();
    let child = if in_root.is_empty() { u32::MAX } else { 1 };
    directory.extend(entry("Root Entry", u32::MAX, child));
    for (n, name) in in_root.iter().enumerate() {
        let right = if n + 1 < in_root.len() { u32::try_from(n + 2).unwrap() } else { u32::MAX };
        directory.extend(entry(name, right, u32::MAX));
    }
    for name in streams.iter().filter_map(|name| name.strip_prefix("deep/")) {
        directory.extend(entry(name, u32::MAX, u32::MAX));
    }
    directory.resize(512, 0);
    [header, fat, directory].concat()
}

fn entry(name: &str, right: u32, child: u32) -> Vec<u8> {
    let mut bytes = vec![0; 128];
    let units: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes[..units.len()].copy_from_slice(&units);
    bytes[64..66].copy_from_slice(&u16::try_from(units.len() + 2).unwrap().to_le_bytes());
    bytes[68..72].copy_from_slice(&u32::MAX.to_le_bytes());
    bytes[72..76].copy_from_slice(&right.to_le_bytes());
    bytes[76..80].copy_from_slice(&child.to_le_bytes());
    bytes
}

#[test]
fn a_wrong_or_missing_extension_does_not_hide_a_package() {
    expect(
        &docx(),
        &[
            ("a.docx", Format::Docx, Evidence::Both),
            ("A.DOCX", Format::Docx, Evidence::Both),
            ("", Format::Docx, Evidence::Content),
            ("report", Format::Docx, Evidence::Content),
            ("report.docx.bak", Format::Docx, Evidence::Content),
            ("a.docm", Format::Docx, Evidence::Both),
            ("a.xlsx", Format::Docx, CONFLICT(Format::Xlsx)),
            ("a.zip", Format::Docx, CONFLICT(Format::Zip)),
            ("a.txt", Format::Docx, CONFLICT(Format::PlainText)),
            ("a.doc", Format::Docx, CONFLICT(Format::Doc)),
        ],
    );
}

const MAIN_PARTS: &str = "\
custom/main.xml openxmlformats-officedocument.wordprocessingml.document.main+xml docx
word/document.xml ms-word.document.macroEnabled.main+xml docm
word/document.xml openxmlformats-officedocument.wordprocessingml.template.main+xml dotx
word/document.xml ms-word.template.macroEnabledTemplate.main+xml dotm
book.xml openxmlformats-officedocument.spreadsheetml.sheet.main+xml xlsx
xl/workbook.xml ms-excel.sheet.macroEnabled.main+xml xlsm
xl/workbook.xml openxmlformats-officedocument.spreadsheetml.template.main+xml xltx
xl/workbook.bin ms-excel.sheet.binary.macroEnabled.main xlsb
ppt/show.xml openxmlformats-officedocument.presentationml.presentation.main+xml pptx
ppt/show.xml openxmlformats-officedocument.presentationml.slideshow.main+xml ppsx
ppt/show.xml openxmlformats-officedocument.presentationml.template.main+xml pptx
ppt/show.xml ms-powerpoint.presentation.macroEnabled.main+xml pptm
ppt/show.xml ms-powerpoint.slideshow.macroEnabled.main+xml pptm
ppt/show.xml ms-powerpoint.template.macroEnabled.main+xml pptm
word/document.xml anything docx
nowhere/else.xml anything zip
";

#[test]
fn the_main_parts_content_type_decides() {
    for line in MAIN_PARTS.lines() {
        let [part, kind, format] = line.split(' ').collect::<Vec<_>>()[..] else {
            unreachable!("three columns: {line}")
        };
        let found = look(&office(part, &format!("application/vnd.{kind}")), "");
        assert_eq!(found.format.as_str(), format, "{kind}");
        assert_eq!(found.media_type, found.format.spec().media_type);
    }
}

#[test]
fn what_cannot_be_read_is_left_to_the_name() {
    let whole = docx();
    let cut = &whole[..whole.len() / 2];
    expect(
        cut,
        &[
            ("a.docx", Format::Docx, Evidence::Name),
            ("a.odt", Format::Odt, Evidence::Name),
            ("a.zip", Format::Zip, Evidence::Both),
            ("a", Format::Zip, Evidence::Content),
            ("a.pdf", Format::Zip, CONFLICT(Format::Pdf)),
        ],
    );
    let no_main_part = zip(&[("[Content_Types].xml", b"<Types/>"), ("docProps/app.xml", b"<a/>")]);
    expect(&no_main_part, &[("a.docx", Format::Docx, Evidence::Name), ("a", Format::Zip, Evidence::Content)]);
    let damaged = &compound(&["WordDocument"])[..700];
    expect(
        damaged,
        &[
            ("a.doc", Format::Doc, Evidence::Name),
            ("a.docx", Format::Ole, CONFLICT(Format::Docx)),
            ("a", Format::Ole, Evidence::Content),
        ],
    );
    expect(b"%PDF-1.7 and then nothing", &[("a.pdf", Format::Pdf, Evidence::Both)]);
}

#[test]
fn an_archive_named_as_a_document_is_an_archive() {
    let photos = zip(&[("photos/1.jpg", b"\xFF\xD8\xFF"), ("mimetype", b"something else")]);
    expect(
        &photos,
        &[
            ("a.zip", Format::Zip, Evidence::Both),
            ("a.docx", Format::Zip, CONFLICT(Format::Docx)),
            ("a", Format::Zip, Evidence::Content),
        ],
    );
    assert_eq!(look(&photos, "lib.jar").media_type, "application/java-archive");
}

#[test]
fn a_package_behind_other_bytes_is_found_if_the_name_says_so() {
    let prefixed = [&b"\0\0stub of a program\0"[..], &docx()].concat();
    expect(
        &prefixed,
        &[("a.docx", Format::Docx, Evidence::Both), ("a.bin", Format::Unknown, Evidence::Content)],
    );
}

#[test]
fn opendocument_and_epub_name_themselves() {
    let odt = b"application/vnd.oasis.opendocument.text";
    let manifest = b"<manifest:manifest><manifest:file-entry manifest:full-path=\"/\" \
        manifest:media-type=\"application/vnd.oasis.opendocument.spreadsheet\"/></manifest:manifest>";
    expect(&zip(&[("mimetype", odt)]), &[("", Format::Odt, Evidence::Content)]);
    expect(
        &zip(&[("mimetype", b"application/vnd.oasis.opendocument.presentation-template")]),
        &[("a.otp", Format::Odp, Evidence::Both), ("a.docx", Format::Odp, CONFLICT(Format::Docx))],
    );
    expect(
        &zip(&[("content.xml", b"<a/>"), ("META-INF/manifest.xml", manifest)]),
        &[("a.ods", Format::Ods, Evidence::Both)],
    );
    expect(&zip(&[("mimetype", b"application/epub+zip\r\n")]), &[("a.epub", Format::Epub, Evidence::Both)]);
    expect(
        &zip(&[("META-INF/container.xml", b"<a/>"), ("OEBPS/content.opf", b"<a/>")]),
        &[("a", Format::Epub, Evidence::Content)],
    );
}

#[test]
fn ole_files_are_told_apart_by_the_streams_of_their_root() {
    for (streams, format) in [
        (&["WordDocument", "1Table"][..], Format::Doc),
        (&["Workbook"], Format::Xls),
        (&["BOOK"], Format::Xls),
        (&["Current User", "PowerPoint Document"], Format::Ppt),
        (&["__nameid_version1.0", "__properties_version1.0"], Format::Msg),
        (&["EncryptionInfo", "EncryptedPackage"], Format::EncryptedOoxml),
        (&["Workbook", "deep/WordDocument"], Format::Xls),
        (&["something"], Format::Ole),
    ] {
        assert_eq!(look(&compound(streams), "").format, format, "{streams:?}");
    }
    expect(
        &compound(&["EncryptionInfo", "EncryptedPackage"]),
        &[
            ("a.docx", Format::EncryptedOoxml, Evidence::Both),
            ("a.xlsm", Format::EncryptedOoxml, Evidence::Both),
            ("a.xls", Format::EncryptedOoxml, CONFLICT(Format::Xls)),
        ],
    );
    expect(
        &compound(&["WordDocument"]),
        &[("a.doc", Format::Doc, Evidence::Both), ("a.docx", Format::Doc, CONFLICT(Format::Docx))],
    );
}

#[test]
fn ole_chains_and_trees_that_run_in_circles_end() {
    let mut chain = compound(&["something"]);
    chain[512 + 4..512 + 8].copy_from_slice(&1_u32.to_le_bytes());
    assert_eq!(look(&chain, "a.doc").format, Format::Ole);
    let mut tree = compound(&["a", "b"]);
    let second = 1024 + 2 * 128;
    tree[second + 68..second + 72].copy_from_slice(&1_u32.to_le_bytes());
    tree[second + 72..second + 76].copy_from_slice(&1_u32.to_le_bytes());
    assert_eq!(look(&tree, "a.doc").format, Format::Ole);
}

#[test]
fn text_named_as_a_document_is_text() {
    expect(
        b"Hello\n",
        &[
            ("a.txt", Format::PlainText, Evidence::Both),
            ("a.docx", Format::PlainText, CONFLICT(Format::Docx)),
            ("a.pdf", Format::PlainText, CONFLICT(Format::Pdf)),
            ("a.png", Format::PlainText, CONFLICT(Format::Png)),
            ("a", Format::PlainText, Evidence::Content),
            ("a.unheard-of", Format::PlainText, Evidence::Content),
        ],
    );
    expect(
        b"<html><body><table><tr><td>1</td></tr></table>",
        &[
            ("a.xls", Format::Html, CONFLICT(Format::Xls)),
            ("a.md", Format::Markdown, Evidence::Both),
            ("a", Format::Html, Evidence::Content),
        ],
    );
}

#[test]
fn binary_bytes_named_as_text_are_found_wherever_they_begin() {
    let mut late = b"a line of text\n".repeat(10_000);
    late.extend([0, 1, 2, 3]);
    expect(
        &late,
        &[
            ("a.txt", Format::Unknown, CONFLICT(Format::PlainText)),
            ("a.csv", Format::Unknown, CONFLICT(Format::Csv)),
        ],
    );
    expect(b"\x7FELF\x02\x01\x01\0", &[("a.txt", Format::Elf, CONFLICT(Format::PlainText))]);
    expect(&[0; 64], &[("a.txt", Format::Unknown, CONFLICT(Format::PlainText))]);
    expect(b"\x01\x02\x03\x04\x05", &[("a", Format::Unknown, Evidence::Content)]);
    let mpeg = [b'G', 0x40, 0x11, 0x10].into_iter().chain([0; 184]).collect::<Vec<u8>>().repeat(3);
    expect(&mpeg, &[("a.ts", Format::Video, CONFLICT(Format::SourceCode))]);
}

#[test]
fn text_that_begins_like_a_signature_is_text() {
    for text in ["BMW builds cars", "MZ is an initial", "GIF89a is a format", "PK", "RIFF", "II*", "Rar!"] {
        assert_eq!(look(text.as_bytes(), "a.txt").format, Format::PlainText, "{text}");
    }
    assert_eq!(look(b"# Notes\n%PDF-1.4 is a header\n", "a.md").format, Format::Markdown);
    // Windows-1251 text that begins with the bytes of an MPEG frame.
    let russian = b"\xFF\xFB\xEA \xF0\xF3\xF1\xF1\xEA\xE8\xE9 \xFF\xE7\xFB\xEA\n".repeat(10);
    assert_eq!(look(&russian, "a.txt").format, Format::PlainText);
}

const SIGNATURES: &[(&[u8], Format, &str)] = &[
    (b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR", Format::Png, "image/png"),
    (b"\xFF\xD8\xFF\xE0\0\x10JFIF", Format::Jpeg, "image/jpeg"),
    (b"GIF89a\x01\0\x01\0\x80\0\0", Format::Gif, "image/gif"),
    (b"RIFF\x24\0\0\0WEBPVP8 ", Format::Webp, "image/webp"),
    (b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x02\0\0\0\x02\0\0\0\x01\0\x18\0", Format::Bmp, "image/bmp"),
    (b"\0\0\0\x18ftypheic\0\0\0\0", Format::Heic, "image/heic"),
    (b"\0\0\0\x18ftypavif\0\0\0\0", Format::Avif, "image/avif"),
    (b"II*\0\x08\0\0\0", Format::Tiff, "image/tiff"),
    (b"8BPS\0\x01\0\0\0\0\0\0", Format::Image, "image/vnd.adobe.photoshop"),
    (b"\x1F\x8B\x08\0", Format::Gzip, "application/gzip"),
    (b"BZh91AY&SY\0\0", Format::Bzip2, "application/x-bzip2"),
    (b"\xFD7zXZ\0", Format::Xz, "application/x-xz"),
    (b"7z\xBC\xAF\x27\x1C\0\x04", Format::SevenZip, "application/x-7z-compressed"),
    (b"Rar!\x1A\x07\0", Format::Rar, "application/vnd.rar"),
    (b"\x28\xB5\x2F\xFD", Format::Zstd, "application/zstd"),
    (b"ID3\x03\0\0\0\0\0\0", Format::Audio, "audio/mpeg"),
    (b"\x1A\x45\xDF\xA3\0\0\0", Format::Video, "video/matroska"),
    (b"MZ\x90\0\x03\0\0\0", Format::Pe, "application/vnd.microsoft.portable-executable"),
    (b"\0asm\x01\0\0\0", Format::Wasm, "application/wasm"),
    (b"SQLite format 3\0", Format::Sqlite, "application/vnd.sqlite3"),
    (b"PAR1\x15\0", Format::Parquet, "application/vnd.apache.parquet"),
    (b"{\\rtf1\\ansi Hello}", Format::Rtf, "application/rtf"),
    (b"\n\n%PDF-1.4\n", Format::Pdf, "application/pdf"),
    (b"\0\0junk %PDF-1.4\n", Format::Pdf, "application/pdf"),
    (b"\x09\x08\x08\0\0\x05\x05\0\0\0\0\0\x0A\0\0\0", Format::Xls, "application/vnd.ms-excel"),
];

#[test]
fn a_workbook_without_container_is_known_by_its_records() {
    for first in [
        &b"\x09\0\x04\0\x02\0\x10\0"[..],
        b"\x09\x02\x06\0\0\x03\x10\0\0\0",
        b"\x09\x04\x06\0\0\x04\0\x01\0\0",
    ] {
        let sound = [first, b"\x42\0\x02\0\xE4\x04", b"\x0A\0\0\0"].concat();
        expect(&sound, &[("a.xls", Format::Xls, Evidence::Both), ("", Format::Xls, Evidence::Content)]);
        let junk = [first, &[0xFF; 64][..]].concat();
        assert_ne!(look(&junk, "a.bin").format, Format::Xls);
        let longer = [first, b"\x42\0\xFF\xFF\xE4\x04"].concat();
        assert_ne!(look(&longer, "a.bin").format, Format::Xls);
    }
    let text: Vec<u8> = "\t\u{4}\u{2}\u{10}text".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_ne!(look(&text, "a.txt").format, Format::Xls);
}

#[test]
fn a_pdf_header_may_stand_behind_junk() {
    let ascii = b"X-Junk: from a mail server\r\n\r\n%PDF-1.4\n1 0 obj\n";
    expect(ascii, &[("a.pdf", Format::Pdf, Evidence::Both), ("a.txt", Format::PlainText, Evidence::Both)]);
    let real = b"X-Junk: from a mail server\r\n\r\n%PDF-1.4\n%\xE2\xE3\xCF\xD3\n1 0 obj\n";
    expect(real, &[("a.txt", Format::Pdf, CONFLICT(Format::PlainText))]);
}

#[test]
fn signatures_name_binary_formats() {
    for (bytes, format, media_type) in SIGNATURES {
        let found = look(bytes, "");
        assert_eq!((found.format, &*found.media_type), (*format, *media_type), "{bytes:?}");
    }
    expect(b"\xFF\xFB\x90\0\0", &[("a.mp3", Format::Audio, Evidence::Both)]);
    expect(
        b"\0\x01\x02",
        &[("a.mpg", Format::Video, Evidence::Name), ("a.gif", Format::Unknown, CONFLICT(Format::Gif))],
    );
}

#[test]
fn names_refine_the_media_type_of_text() {
    for (name, format, media_type) in [
        ("a.ts", Format::SourceCode, "text/x-typescript"),
        ("a.org", Format::Org, "text/org"),
        ("a.py", Format::SourceCode, "text/x-python"),
        ("Dockerfile", Format::SourceCode, "text/plain"),
        (".env", Format::Env, "text/plain"),
        ("prod.env", Format::Env, "text/plain"),
        (".env.production", Format::Env, "text/plain"),
        ("LICENSE", Format::PlainText, "text/plain"),
        ("a.json", Format::Json, "application/json"),
        ("a.sgm", Format::PlainText, "text/sgml"),
        ("a.dwg", Format::PlainText, "text/plain"),
    ] {
        let found = look(b"x = 1\n", name);
        assert_eq!((found.format, &*found.media_type), (format, media_type), "{name}");
    }
}

#[test]
fn text_without_a_name_is_looked_at() {
    for (text, format) in [
        ("<!DOCTYPE html>\n<html>", Format::Html),
        ("\u{FEFF}  <!-- made by hand -->\n<HTML>", Format::Html),
        ("<?xml version=\"1.0\"?>\n<svg xmlns=\"\"/>", Format::Svg),
        ("<?xml version=\"1.0\"?>\n<feed/>", Format::Xml),
        ("<?xml version=\"1.0\"?><office:document office:version=\"1.3\">", Format::FlatOdf),
        ("<tag without a prolog>", Format::PlainText),
        ("{\"a\": 1}\n", Format::Json),
        ("[1, 2]", Format::Json),
        ("{\"a\": 1}\n{\"a\": 2}\n", Format::JsonLines),
        ("[section]\nkey=value\n", Format::PlainText),
        ("{braces} are not JSON", Format::PlainText),
        ("#!/bin/sh\n", Format::Shell),
        ("#!/usr/bin/env python3\n", Format::SourceCode),
    ] {
        let found = look(text.as_bytes(), "noname");
        assert_eq!((found.format, found.evidence), (format, Evidence::Content), "{text}");
    }
    let utf16: Vec<u8> = "<html><p>Grüße".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(look(&utf16, "").format, Format::Html);
    expect(
        b"<?xml version=\"1.0\"?><office:document>",
        &[("a.fodt", Format::Fodt, Evidence::Both), ("a.xml", Format::Xml, Evidence::Both)],
    );
    let namespaces = "xmlns:a='urn:oasis:names:tc:opendocument:xmlns' ".repeat(100);
    for (kind, format) in
        [("text", Format::Fodt), ("spreadsheet", Format::Fods), ("presentation-template", Format::Fodp)]
    {
        let media_type = format!("application/vnd.oasis.opendocument.{kind}");
        let flat = format!(
            "<?xml version=\"1.0\"?>\n<!-- by hand -->\n<office:document {namespaces}\
            office:mimetype=\"{media_type}\"><office:body/>"
        );
        let rows = [("", format, Evidence::Content), ("a.xml", format, Evidence::Both)];
        expect(flat.as_bytes(), &rows);
        expect(["\u{FEFF}", &flat].concat().as_bytes(), &rows);
        expect(flat.as_bytes(), &[("a.fodg", format, CONFLICT(Format::FlatOdf))]);
    }
}

#[test]
fn charsets_come_with_their_evidence() {
    let found = |bytes: &[u8]| look(bytes, "a.txt").charset.map(|c| (c.name, c.evidence, c.bom));
    assert_eq!(found(b"plain"), Some(("UTF-8", CharsetEvidence::Valid, false)));
    assert_eq!(found(b"\xEF\xBB\xBFx"), Some(("UTF-8", CharsetEvidence::Bom, true)));
    assert_eq!(found(b"\xFF\xFEa\0"), Some(("UTF-16LE", CharsetEvidence::Bom, true)));
    assert_eq!(found(b"\xFF\xFE\0\0a\0\0\0"), Some(("UTF-32LE", CharsetEvidence::Bom, true)));
    assert_eq!(found(b"\0a\0b\0\n"), Some(("UTF-16BE", CharsetEvidence::NulPattern, false)));
    assert_eq!(found(b"Gr\xFC\xDFe"), Some(("windows-1252", CharsetEvidence::Guess, false)));
    assert_eq!(found(b"+ADw-script+AD4-"), Some(("UTF-8", CharsetEvidence::Valid, false)));
    assert_eq!(found(b"\x1B[1mbold\x1B[0m"), Some(("UTF-8", CharsetEvidence::Valid, false)));
    assert_eq!(found(b"a,b\0c"), None);
}

#[test]
fn an_empty_file_is_empty_whatever_its_name() {
    expect(b"", &[("a.docx", Format::Empty, Evidence::Content), ("", Format::Empty, Evidence::Content)]);
}
