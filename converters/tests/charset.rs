//! Properties of charset detection and decoding: cutting never matters, and what is encoded comes back.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::io::Cursor;

use docferry_converters::charset::{
    self, CharsetEvidence, Confidence, Decoder, Finding, Hints, Scan, Verdict,
};
use docferry_converters::detect::detect;
use docferry_converters::formats::Format;
use docferry_converters::options::Newlines;
use docferry_converters::{Limits, Meter, Options, PartKind, Sink, Warning};
use proptest::prelude::*;

fn scan(pieces: &[&[u8]]) -> Verdict {
    let mut scan = Scan::default();
    for piece in pieces {
        scan.feed(piece);
    }
    scan.finish()
}

fn decode(name: &str, pieces: &[&[u8]]) -> (String, u64) {
    let mut decoder = Decoder::new(name).unwrap();
    let mut text = String::new();
    for piece in pieces {
        decoder.decode(piece, false, &mut text);
    }
    decoder.decode(&[], true, &mut text);
    (text, decoder.replaced())
}

#[derive(Default)]
struct Kept(Vec<u8>);

impl Sink for Kept {
    fn begin_part(&mut self, _: Option<&str>, _: PartKind) -> std::io::Result<()> {
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn warn(&mut self, _: Warning) {}
}

fn convert(bytes: &[u8], options: &Options) -> docferry_converters::Result<Vec<u8>> {
    let mut meter = Meter::new(Limits::default(), bytes.len() as u64);
    let mut kept = Kept::default();
    let converter = Format::PlainText.spec().converter.unwrap();
    converter.convert(&mut Cursor::new(bytes), options, &mut meter, &mut kept)?;
    Ok(kept.0)
}

fn utf_16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

fn utf_32(text: &str, unit: fn(u32) -> [u8; 4]) -> Vec<u8> {
    text.chars().flat_map(|c| unit(u32::from(c))).collect()
}

/// Bytes of the kinds that the scan tells apart, with pieces of each in one file.
fn mixed_bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        any::<Vec<u8>>(),
        "[ -~\\n]{0,20}".prop_map(String::into_bytes),
        ".{0,20}".prop_map(String::into_bytes),
        ".{0,20}".prop_map(|text| utf_16(&text, u16::to_le_bytes)),
        ".{0,20}".prop_map(|text| utf_16(&text, u16::to_be_bytes)),
        ".{0,20}".prop_map(|text| utf_32(&text, u32::to_le_bytes)),
        Just(b"\xEF\xBB\xBF".to_vec()),
        Just(b"\xFF\xFE".to_vec()),
        Just(b"\xFF\xFE\0\0".to_vec()),
        Just(b"\xFE\xFF".to_vec()),
        Just(b"\xC3\xBC".repeat(12)),
        Just(b"\x1B$B".to_vec()),
    ];
    prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn a_scan_in_pieces_says_what_a_scan_of_the_whole_says(bytes in mixed_bytes()) {
        let whole = scan(&[&bytes]);
        for at in 0..=bytes.len() {
            let (head, tail) = bytes.split_at(at);
            prop_assert_eq!(scan(&[head, tail]), whole, "cut at {}", at);
        }
        let bytewise: Vec<&[u8]> = bytes.chunks(1).collect();
        prop_assert_eq!(scan(&bytewise), whole);
    }

    #[test]
    fn decoding_in_pieces_gives_what_decoding_the_whole_gives(bytes in mixed_bytes()) {
        for name in ["UTF-8", "UTF-16LE", "UTF-32BE", "Shift_JIS", "ISO-2022-JP", "gb18030", "windows-1252"] {
            let whole = decode(name, &[&bytes]);
            for at in 0..=bytes.len() {
                let (head, tail) = bytes.split_at(at);
                prop_assert_eq!(&decode(name, &[head, tail]), &whole, "{} cut at {}", name, at);
            }
        }
    }

    #[test]
    fn unicode_encodings_with_a_mark_come_back(
        // Without the planes that hold no characters, of which UTF-32 text may not consist.
        text in "[^\\x00-\\x08\\x0B\\x0C\\x0E-\\x1F\\x7F-\\x9F\\u{FEFF}\\u{FFFE}\\u{FFFF}\\u{40000}-\\u{DFFFF}\\u{F0000}-\\u{10FFFF}]{1,60}",
    ) {
        let marked = format!("\u{FEFF}{text}");
        for (name, bytes) in [
            ("UTF-8", marked.clone().into_bytes()),
            ("UTF-16LE", utf_16(&marked, u16::to_le_bytes)),
            ("UTF-16BE", utf_16(&marked, u16::to_be_bytes)),
            ("UTF-32LE", utf_32(&marked, u32::to_le_bytes)),
            ("UTF-32BE", utf_32(&marked, u32::to_be_bytes)),
        ] {
            let Verdict::Known(charset) = scan(&[&bytes]) else {
                return Err(TestCaseError::fail(format!("{name} is not known")));
            };
            prop_assert_eq!((charset.name, charset.bom), (name, true));
            prop_assert_eq!(convert(&bytes, &Options::default()).unwrap(), text.as_bytes());
        }
    }

    #[test]
    fn single_byte_charsets_come_back_by_label(text in "[ -~äöüßéèçñ\\n]{1,60}") {
        for label in ["latin1", "windows-1252", "iso-8859-15", "macintosh"] {
            let encoding = encoding_rs::Encoding::for_label(label.as_bytes()).unwrap();
            let (bytes, _, unmappable) = encoding.encode(&text);
            prop_assert!(!unmappable);
            let options = Options { charset: Some(label.to_owned()), ..Options::default() };
            prop_assert_eq!(convert(&bytes, &options).unwrap(), text.as_bytes());
        }
    }

    #[test]
    fn valid_utf_8_passes_byte_for_byte(text in "\\PC{1,80}(\r\n|\r|\n)\\PC{0,80}") {
        prop_assume!(!text.starts_with('\u{FEFF}'));
        prop_assert_eq!(convert(text.as_bytes(), &Options::default()).unwrap(), text.as_bytes());
    }

    #[test]
    fn line_ends_become_lf_and_nothing_else_changes(text in "[ab\r\n]{1,40}") {
        let options = Options { newlines: Newlines::Lf, ..Options::default() };
        let expected = text.replace("\r\n", "\n").replace('\r', "\n");
        prop_assert_eq!(convert(text.as_bytes(), &options).unwrap(), expected.as_bytes());
    }

    #[test]
    fn nothing_panics_and_text_comes_out_as_utf_8(
        head in prop::sample::select(vec![
            &b""[..], b"PK\x03\x04", b"PK\x05\x06", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", b"%PDF-", b"{", b"<?xml ",
            b"<!--", b"#!",
        ]),
        bytes in mixed_bytes(),
        name in prop_oneof!["\\PC{0,12}", "[a-z]{0,3}\\.(docx|xlsx|doc|txt|csv|fodt|env)"],
    ) {
        let bytes = [head, &bytes].concat();
        let meter = Meter::new(Limits::default(), bytes.len() as u64);
        let found = detect(&mut Cursor::new(&bytes), Some(&name), &meter).unwrap();
        prop_assert_eq!(found.format == Format::Empty, bytes.is_empty());
        if let Ok(text) = convert(&bytes, &Options::default()) {
            prop_assert!(std::str::from_utf8(&text).is_ok());
        }
    }
}

#[test]
fn the_end_of_the_prefix_is_no_seam() {
    // The first NUL byte decides whether readings go on behind the first 64 KiB.
    for at in (65_520..65_560).step_by(2) {
        let mut bytes = "漢".repeat(40_000).encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        bytes[at..at + 2].copy_from_slice(b"\n\0");
        bytes[at + 10..at + 12].copy_from_slice(b"\n\0");
        let whole = scan(&[&bytes]);
        for cut in 65_500..65_580 {
            let (head, tail) = bytes.split_at(cut);
            assert_eq!(scan(&[head, tail]), whole, "NUL at {at}, cut at {cut}");
        }
    }
}

#[test]
fn line_ends_across_chunks_of_the_input_are_one() {
    for shift in 0..4 {
        let text = "x".repeat(shift) + &"0123456789abcd\r\n".repeat(10_000);
        let options = Options { newlines: Newlines::Lf, ..Options::default() };
        let out = convert(text.as_bytes(), &options).unwrap();
        assert_eq!(out, text.replace("\r\n", "\n").as_bytes());
    }
}

#[test]
fn labels_are_those_of_whatwg_and_utf_32() {
    let name = |label| charset::by_label(label).map(|charset| charset.name);
    assert_eq!(name(" Latin1 "), Some("windows-1252"));
    assert_eq!(name("utf_8"), Some("UTF-8"));
    assert_eq!(name("latin-1"), Some("windows-1252"));
    assert_eq!(name("UTF-32"), Some("UTF-32LE"));
    assert_eq!(name("sjis"), Some("Shift_JIS"));
    // Labels that WHATWG maps to an encoding that decodes nothing.
    assert_eq!(name("iso-2022-kr"), None);
    assert_eq!(name("hz-gb-2312"), None);
    assert_eq!(name("x-user-defined"), None);
    assert_eq!(name("utf-7"), None);
    assert_eq!(name(""), None);
}

fn found(bytes: &[u8], default: Option<&str>) -> (&'static str, CharsetEvidence, Confidence) {
    let hints = Hints { label: None, default: default.and_then(charset::by_label) };
    let meter = Meter::new(Limits::default(), bytes.len() as u64);
    match charset::find_with(&mut Cursor::new(bytes), hints, &meter).unwrap() {
        Finding::Text(found) | Finding::Undecided(found) => (found.name, found.evidence, found.confidence),
        Finding::Binary => ("binary", CharsetEvidence::Guess, Confidence::Certain),
    }
}

#[test]
fn the_whole_file_decides() {
    let english = "The ferry leaves the western pier at twenty past eleven.\n".repeat(40_000);
    let russian = "Паром отходит от западного пирса в одиннадцать часов двадцать минут. ".repeat(8);
    let encoded = |label: &str, text: &str| {
        encoding_rs::Encoding::for_label(label.as_bytes()).unwrap().encode(text).0.into_owned()
    };
    // What is not ASCII begins behind two MiB; for the last one a degree sign stands far before the rest.
    let late_utf_8 = [english.as_bytes(), "Überfahrt\n".as_bytes(), english.as_bytes()].concat();
    assert_eq!(found(&late_utf_8, None), ("UTF-8", CharsetEvidence::Valid, Confidence::Certain));
    let late = [english.as_bytes(), &encoded("windows-1251", &russian)].concat();
    assert_eq!(found(&late, None), ("windows-1251", CharsetEvidence::Guess, Confidence::High));
    let spoilt =
        [late_utf_8, encoded("windows-1252", "Grüße aus Köln, schöne Überfahrt, weiß und süß")].concat();
    assert_ne!(found(&spoilt, None).0, "UTF-8");
    let far = [b"20 \xB0C\n", english.as_bytes(), &encoded("windows-1251", &russian)].concat();
    assert_eq!(found(&far, None), ("windows-1251", CharsetEvidence::Guess, Confidence::High));
}

#[test]
fn a_default_counts_where_there_is_little_text() {
    let french = "Le bac part à onze heures vingt ; les passagers sont priés d'être là tôt.";
    let (bytes, ..) = encoding_rs::WINDOWS_1252.encode(french);
    for (default, expected) in [
        (None, CharsetEvidence::Guess),
        (Some("windows-1252"), CharsetEvidence::Default),
        (Some("koi8-r"), CharsetEvidence::Default),
        // It does not fit.
        (Some("euc-jp"), CharsetEvidence::Guess),
        (Some("utf-8"), CharsetEvidence::Guess),
        (Some("utf-16le"), CharsetEvidence::Guess),
    ] {
        let (name, evidence, confidence) = found(&bytes, default);
        assert_eq!((evidence, confidence), (expected, Confidence::Low), "{default:?}: {name}");
    }
    let much = french.repeat(4);
    let (bytes, ..) = encoding_rs::WINDOWS_1252.encode(&much);
    assert_eq!(found(&bytes, Some("koi8-r")), ("windows-1252", CharsetEvidence::Guess, Confidence::High));
    // Long, but with hardly a byte that is not ASCII.
    let long = [b"caf\xE9 ".as_slice(), &b"and so on, ".repeat(100)].concat();
    assert_eq!(found(&long, Some("windows-1250")).1, CharsetEvidence::Default);
    for bytes in [&b"\x1B$B4A;z\x1B(B"[..], b"a\0b\0", "é".as_bytes(), b"ascii"] {
        assert_ne!(found(bytes, Some("windows-1252")).1, CharsetEvidence::Default, "{bytes:?}");
    }
}

#[test]
fn a_cancelled_meter_stops_a_search() {
    let meter = Meter::new(Limits::default(), 1).with_stop(|| true);
    assert!(charset::find(&mut Cursor::new(b"x"), &meter).is_err());
    let meter = Meter::new(Limits::default(), 1);
    assert!(matches!(charset::find(&mut Cursor::new(b"x"), &meter).unwrap(), Finding::Text(_)));
}
