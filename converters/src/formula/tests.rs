use super::*;

struct Fake;

impl Workbook for Fake {
    fn sheets(&self, sheets: Sheets) -> Option<String> {
        match sheets {
            Sheets::Listed(0) => Some(sheet_prefix("Two words")),
            Sheets::Span { book: -1, first: 1, last: 1 } => Some(sheet_prefix("Other")),
            _ => None,
        }
    }

    fn name(&self, index: u32) -> Option<String> {
        (index == 1).then(|| "Rate".to_owned())
    }

    fn foreign_name(&self, _: Sheets, index: u32) -> Option<String> {
        (index == 1).then(|| "_xlfn.IFNA".to_owned())
    }

    fn decode(&self, bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).into_owned()
    }
}

fn show(layout: Layout, tokens: &[u8], extra: &[u8]) -> Option<String> {
    text(Formula { layout, tokens, extra, cell: (4, 2) }, &Fake)
}

#[test]
fn tokens_of_excel_97_become_what_was_typed() {
    let cases: [(&[u8], &str); 13] = [
        (b"\x1E\x01\0\x1E\x02\0\x03\x15\x1E\x03\0\x05", "(1+2)*3"),
        (b"\x24\x01\0\x02\xC0\x24\x01\0\x02\x80\x08\x13", "-C2&$C2"),
        (b"\x25\0\0\x09\0\0\xC0\x01\x40\x19\x10\0\0", "SUM(A1:B$10)"),
        (b"\x25\0\0\xFF\xFF\x01\xC0\x03\xC0", "B1:D65536"),
        (b"\x25\0\0\xFF\xFF\x01\x40\x03\x40", "B:D"),
        (b"\x17\x03\0a\"b\x17\x01\x01\xAC\x4E\x08", "\"a\"\"b\"&\"京\""),
        (b"\x3A\0\0\x04\0\x02\0", "'Two words'!$C$5"),
        (b"\x23\x01\0\0\0\x14", "Rate%"),
        (b"\x2C\xFF\xFF\xFF\xC0", "B4"),
        (b"\x24\0\0\0\xC0\x41\x02\0", "ISNA(A1)"),
        (
            b"\x24\0\0\0\xC0\x19\x02\x07\0\x1E\x01\0\x19\x08\x03\0\x16\x19\x08\x03\0\x42\x03\x01\0",
            "IF(A1,1,)",
        ),
        (b"\x39\0\0\x01\0\0\0\x1E\x01\0\x42\x02\xFF\0", "_xlfn.IFNA(1)"),
        (b"\x1F\0\0\0\0\0\0\xF8\x3F\x1D\x01\x0D\x1C\x2A\x10", "1.5>TRUE,#N/A"),
    ];
    for (tokens, expected) in cases {
        assert_eq!(show(Layout::V8, tokens, b"").as_deref(), Some(expected), "{tokens:x?}");
    }
}

#[test]
fn arrays_stand_behind_the_tokens() {
    let mut extra = b"\x01\x01\0\x01".to_vec();
    extra.extend(1.5f64.to_le_bytes());
    extra.extend(b"\x02\x01\0\0x\x04\x01\0\0\0\0\0\0\0\x10\x2A\0\0\0\0\0\0\0");
    assert_eq!(show(Layout::V8, b"\x20\0\0\0\0\0\0\0", &extra).unwrap(), "{1.5,\"x\";TRUE,#N/A}");
}

#[test]
fn arrays_of_binary_workbooks_count_rows_first() {
    let mut extra = b"\x01\0\0\0\x02\0\0\0\0".to_vec();
    extra.extend(1.5f64.to_le_bytes());
    extra.extend(b"\x01\x01\0x\0");
    let array = [&b"\x60"[..], &[0; 14]].concat();
    assert_eq!(show(Layout::V12, &array, &extra).unwrap(), "{1.5,\"x\"}");
}

#[test]
fn arrays_without_values_have_no_text() {
    let array = [&b"\x60"[..], &[0; 14]].concat();
    for extra in [b"\xFF\xFF\xFF\xFF\0\0\0\0", b"\0\0\0\0\xFF\xFF\xFF\xFF"] {
        assert_eq!(show(Layout::V12, &array, extra), None);
    }
    assert_eq!(show(Layout::V5, b"\x20\0\0\0\0\0\0\0", b"\x01\0\0"), None);
}

#[test]
fn names_of_several_sheets_are_quoted_as_one() {
    assert_eq!(span_prefix("One", "Two"), "One:Two!");
    assert_eq!(span_prefix("One", "Bob's"), "'One:Bob''s'!");
    assert_eq!(span_prefix("A1", "Two"), "'A1:Two'!");
}

#[test]
fn each_version_has_its_widths() {
    let cases: [(Layout, &[u8], &str); 6] = [
        (Layout::V2, b"\x24\x01\xC0\x02\x21\x02", "ISNA(C2)"),
        (Layout::V4, b"\x24\x01\x40\x02\x21\x02\0", "ISNA(C$2)"),
        (Layout::V5, b"\x25\0\xC0\x03\xC0\x01\x02\x42\x01\x04\0", "SUM(B1:C4)"),
        (Layout::V5, b"\x3A\xFF\xFF\0\0\0\0\0\0\0\0\x01\0\x01\0\x02\0\x03", "Other!$D$3"),
        (Layout::V12, b"\x24\x01\0\x10\0\x02\xC0\x17\x01\0x\0\x0B", "C2=\"x\""),
        (Layout::V12, b"\x25\0\0\0\0\xFF\xFF\x0F\0\x01\0\x01\0", "$B:$B"),
    ];
    for (layout, tokens, expected) in cases {
        assert_eq!(show(layout, tokens, b"").as_deref(), Some(expected), "{layout:?} {tokens:x?}");
    }
}

#[test]
fn what_is_not_sure_has_no_text() {
    let cases: [&[u8]; 9] = [
        b"",
        b"\x03",
        b"\x1E\x01",
        b"\x1E\x01\0\x1E\x02\0",
        b"\x1E\x01\0\x1E\x02\0\x18\x01\0\0\0",
        b"\x23\x09\0\0\0",
        b"\x3A\x07\0\0\0\0\0",
        b"\x42\x05\xFF\0",
        b"\x01\0\0\0\0",
    ];
    for tokens in cases {
        assert_eq!(show(Layout::V8, tokens, b""), None, "{tokens:x?}");
    }
    // Text that grows with every token stays small.
    let long = [&b"\x17\xFF\0"[..], &[b'x'; 255], &[0x15; 60_000]].concat();
    assert_eq!(show(Layout::V8, &long, b""), None);
}

#[test]
fn operators_but_one_give_no_text() {
    for (tokens, expected) in [
        (&b"\x1E\x01\0\x1E\x02\0\x03"[..], true),
        (b"\x1E\x01\0\x1E\x02\0\x03\x15", true),
        (b"\x1E\x01\0\x1E\x02\0\x08", false),
        (b"\x24\0\0\0\xC0", false),
        (b"\x24\0\0\0\xC0\x19\x10\0\0", true),
        (b"\x17\x01\0a", false),
    ] {
        assert_eq!(gives_no_text(Layout::V8, tokens), expected, "{tokens:x?}");
    }
}
