//! What a conversion holds in memory is counted, whatever construct holds it: each package here makes one of them large
//! and has to end at the limit.
#![expect(clippy::unwrap_used, reason = "a test that makes its own packages")]

use std::fmt::Write as _;
use std::io::{Cursor, Read, Seek, SeekFrom, Write as _};

use docferry_converters::formats::Format;
use docferry_converters::formats::docx::DocxToMarkdown;
use docferry_converters::formats::ods::OdsToCsv;
use docferry_converters::formats::xlsx::XlsxToCsv;
use docferry_converters::{ConvertError, Converter, Input, Limits, Meter, Options, PartKind, Sink, Warning};

const TYPES: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const HELD: u64 = 1 << 20;

/// Keeps only how much was written and the largest piece.
#[derive(Default)]
struct Counted {
    bytes: usize,
    largest: usize,
}

impl Sink for Counted {
    fn begin_part(&mut self, _: Option<&str>, _: PartKind) -> std::io::Result<()> {
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.bytes += bytes.len();
        self.largest = self.largest.max(bytes.len());
        Ok(())
    }

    fn warn(&mut self, _: Warning) {}
}

fn convert(converter: &dyn Converter, parts: &[(&str, String)]) -> (Result<(), ConvertError>, Counted) {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    let bytes = zip.finish().unwrap().into_inner();
    let limits = Limits {
        max_resident_bytes: HELD,
        max_ratio: u64::MAX,
        max_output_ratio: u64::MAX,
        ..Limits::default()
    };
    let mut meter = Meter::new(limits, bytes.len() as u64);
    let mut sink = Counted::default();
    let ended = converter.convert(&mut Cursor::new(bytes), &Options::default(), &mut meter, &mut sink);
    (ended, sink)
}

fn relationships(list: &[(&str, &str, &str)]) -> String {
    let items: String = list
        .iter()
        .map(|(id, kind, target)| {
            format!("<Relationship Id='{id}' Type='{TYPES}/{kind}' Target='{target}'/>")
        })
        .collect();
    format!("<Relationships>{items}</Relationships>")
}

fn document(body: &str, more: &[(&'static str, String)]) -> (Result<(), ConvertError>, Counted) {
    let mut parts = vec![
        ("[Content_Types].xml", "<Types/>".to_owned()),
        ("_rels/.rels", relationships(&[("a", "officeDocument", "document.xml")])),
        ("document.xml", format!("<document><body>{body}</body></document>")),
    ];
    for (name, text) in more {
        parts.retain(|(other, _)| other != name);
        parts.push((name, text.clone()));
    }
    convert(&DocxToMarkdown, &parts)
}

fn workbook(sheets: &str, sheet: &str, strings: &str, styles: &str) -> (Result<(), ConvertError>, Counted) {
    let related = [("s", "worksheet", "s.xml"), ("t", "sharedStrings", "t.xml"), ("u", "styles", "u.xml")];
    let parts = [
        ("[Content_Types].xml", "<Types/>".to_owned()),
        ("_rels/.rels", relationships(&[("a", "officeDocument", "w.xml")])),
        ("w.xml", format!("<workbook><sheets><sheet name='S' id='s'/>{sheets}</sheets></workbook>")),
        ("_rels/w.xml.rels", relationships(&related)),
        ("s.xml", format!("<worksheet><sheetData><row><c><v>1</v></c>{sheet}</row></sheetData></worksheet>")),
        ("t.xml", format!("<sst>{strings}</sst>")),
        ("u.xml", format!("<styleSheet>{styles}</styleSheet>")),
    ];
    convert(&XlsxToCsv, &parts)
}

#[track_caller]
fn assert_held((ended, _): (Result<(), ConvertError>, Counted)) {
    let is_held = matches!(&ended, Err(ConvertError::Limit(limit)) if limit.flag == "--max-resident-size");
    assert!(is_held, "ended with {ended:?}");
}

/// Bytes that are made when they are read: `head`, then `body` again and again.
struct Endless {
    head: &'static [u8],
    body: &'static [u8],
    len: u64,
    at: u64,
}

impl Read for Endless {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let mut n = 0;
        while n < out.len() && self.at < self.len {
            let at = usize::try_from(self.at).unwrap();
            let repeated = || self.body[(at - self.head.len()) % self.body.len()];
            out[n] = self.head.get(at).copied().unwrap_or_else(repeated);
            (n, self.at) = (n + 1, self.at + 1);
        }
        Ok(n)
    }
}

impl Seek for Endless {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        let SeekFrom::Start(at) = to else { return Err(std::io::ErrorKind::Unsupported.into()) };
        self.at = at;
        Ok(at)
    }
}

impl Input for Endless {
    fn size_bytes(&self) -> u64 {
        self.len
    }
}

#[test]
fn fields_and_rows_without_end_are_handed_on() {
    const LEN: u64 = 8 << 20;
    for (head, body) in [
        (&b"a,b\n\""[..], &b"x,\n"[..]),
        (b"a,b\n", b"x"),
        (b"a,b\n", b","),
        (b"a;b\n1;2\n", b"\"\"\"\""),
        (b"a;b\n", b"\"x;\"y"),
        (b"\"", b"\n\"\""),
    ] {
        for (dialect, max) in [("rfc4180", None), ("keep", Some(1 << 20))] {
            let mut options = Options { max_csv_bytes: max, ..Options::default() };
            options.set("csv-dialect", dialect).unwrap();
            let mut input = Endless { head, body, len: LEN, at: 0 };
            let mut meter = Meter::new(Limits::default(), LEN);
            let mut sink = Counted::default();
            let converter = Format::Csv.spec().converter.unwrap();
            let ended = converter.convert(&mut input, &options, &mut meter, &mut sink);
            assert!(ended.is_ok(), "{ended:?}");
            assert!(sink.bytes as u64 >= LEN, "{} bytes", sink.bytes);
            // A row waits for 4 MiB at the most, and beside it what is read at once.
            assert!(
                sink.largest <= 6 << 20,
                "{} bytes at once of {body:?}, {dialect}, {max:?}",
                sink.largest
            );
        }
    }
}

const TEXT: &str = "<p><r><t>text</t></r></p>";

#[test]
fn relationships_are_counted() {
    let many = format!("<Relationships>{}</Relationships>", "<Relationship/>".repeat(20_000));
    assert_held(document(TEXT, &[("_rels/document.xml.rels", many)]));
}

#[test]
fn content_types_are_counted() {
    let mut many = String::from("<Types>");
    for n in 0..20_000 {
        write!(many, "<Default Extension='{n}'/>").unwrap();
    }
    assert_held(document(TEXT, &[("[Content_Types].xml", many + "</Types>")]));
}

#[test]
fn style_ids_of_lists_are_counted() {
    let level = |n| {
        let id = "x".repeat(100_000);
        format!("<abstractNum abstractNumId='{n}'><lvl ilvl='0'><pStyle val='{id}'/></lvl></abstractNum>")
    };
    let numbering = format!("<numbering>{}</numbering>", (0..20).map(level).collect::<String>());
    let related = relationships(&[("n", "numbering", "numbering.xml")]);
    assert_held(document(TEXT, &[("_rels/document.xml.rels", related), ("numbering.xml", numbering)]));
}

#[test]
fn a_row_of_empty_cells_is_counted() {
    assert_held(document(&format!("<tbl><tr>{}</tr></tbl>{TEXT}", "<tc/>".repeat(1_000_000)), &[]));
}

#[test]
fn a_formula_is_counted() {
    let body = format!("<p><oMath><eqArr>{}</eqArr></oMath></p>", "<e><chr val='+'/></e>".repeat(400_000));
    assert_held(document(&body, &[]));
}

#[test]
fn a_separator_of_a_formula_does_not_multiply() {
    let separator = "x".repeat(500_000);
    let list = format!("<d><dPr><sepChr val='{separator}'/></dPr>{}</d>", "<e/>".repeat(1000));
    let (ended, sink) = document(&format!("{TEXT}<p><oMath>{list}</oMath></p>"), &[]);
    assert!(ended.is_ok(), "{ended:?}");
    assert!(sink.bytes < 4096, "{} bytes", sink.bytes);
}

#[test]
fn columns_that_a_table_announces_are_bounded() {
    let columns = "<gridCol/>".repeat(400_000);
    let (ended, sink) =
        document(&format!("<tbl><tblGrid>{columns}</tblGrid><tr><tc>{TEXT}</tc></tr></tbl>"), &[]);
    assert!(ended.is_ok(), "{ended:?}");
    assert!(sink.bytes < 16_384, "{} bytes", sink.bytes);
}

#[test]
fn a_paragraph_of_pictures_and_notes_is_handed_on() {
    let picture = format!("<drawing><docPr descr='{}'/><pic/></drawing>", "word ".repeat(10_000));
    let (ended, sink) = document(&format!("<p>{}</p>", picture.repeat(50)), &[]);
    assert!(ended.is_ok(), "{ended:?}");
    assert!(sink.bytes > 2_000_000 && sink.largest < 200_000, "{} bytes at once", sink.largest);
}

#[test]
fn names_of_open_elements_are_bounded() {
    let open: String = (0..4).map(|n| format!("<{}{n}>", "a".repeat(400_000))).collect();
    let (ended, _) = document(&format!("{TEXT}{open}"), &[]);
    assert!(matches!(ended, Err(ConvertError::Limit(_))), "{ended:?}");
    let (ended, _) = workbook("", &open, "", "");
    assert!(matches!(ended, Err(ConvertError::Limit(_))), "{ended:?}");
}

#[test]
fn relationship_ids_of_sheets_are_counted() {
    let sheet = format!("<sheet name='S' id='{}'/>", "x".repeat(100_000));
    assert_held(workbook(&sheet.repeat(20), "", "", ""));
}

#[test]
fn formats_are_counted() {
    let xfs: String = (0..10_000).map(|n| format!("<xf numFmtId='{n}'/>")).collect();
    assert_held(workbook("", "", "", &format!("<cellXfs>{xfs}</cellXfs>")));
    let declared: String = (0..10_000).map(|n| format!("<numFmt numFmtId='{n}' formatCode=''/>")).collect();
    assert_held(workbook("", "", "", &declared));
}

#[test]
fn strings_of_the_usual_form_are_counted_before_the_part_ends() {
    // As long as the buffer, so that each piece of the part ends within a string.
    let string = format!("<si><t>{}</t></si>", "x".repeat(16_384 - 17));
    let not_closed = string.repeat(200) + "<si><wrong>";
    assert_held(workbook("", "", &not_closed, ""));
}

#[test]
fn the_runs_of_one_text_are_bounded_together() {
    let runs = format!("<r><t>{}</t></r>", "x".repeat(1 << 20)).repeat(20);
    for (sheet, strings) in [
        (format!("<c t='inlineStr'><is>{runs}</is></c>"), String::new()),
        (String::new(), format!("<si>{runs}</si>")),
    ] {
        let (ended, _) = workbook("", &sheet, &strings, "");
        assert!(matches!(ended, Err(ConvertError::Corrupt { .. })), "{ended:?}");
    }
}

#[test]
fn the_text_of_a_comment_is_counted() {
    let text = "text ".repeat(400_000);
    let related = [("s", "worksheet", "s.xml")];
    let parts = [
        ("[Content_Types].xml", "<Types/>".to_owned()),
        ("_rels/.rels", relationships(&[("a", "officeDocument", "w.xml")])),
        ("w.xml", "<workbook><sheets><sheet name='S' id='s'/></sheets></workbook>".to_owned()),
        ("_rels/w.xml.rels", relationships(&related)),
        ("s.xml", "<worksheet><sheetData/></worksheet>".to_owned()),
        ("_rels/s.xml.rels", relationships(&[("c", "comments", "c.xml")])),
        ("c.xml", format!("<comments><comment ref='A1'><t>{text}</t></comment></comments>")),
    ];
    assert_held(convert(&XlsxToCsv, &parts));
}

#[test]
fn the_texts_of_a_cell_are_counted() {
    let spaces = "<text:s text:c='1024'/>".repeat(2000);
    for cell in [
        "<text:p>words </text:p>".repeat(200_000),
        format!("<text:p>{spaces}</text:p>"),
        format!("<office:annotation><dc:creator>{}</dc:creator></office:annotation>", "Ann ".repeat(300_000)),
        format!("<office:annotation><text:p>{spaces}</text:p></office:annotation>"),
    ] {
        let row = format!("<table:table-row><table:table-cell>{cell}</table:table-cell></table:table-row>");
        let table = format!("<table:table>{row}</table:table>");
        let content = format!("<office:spreadsheet>{table}</office:spreadsheet>");
        assert_held(convert(&OdsToCsv, &[("content.xml", content)]));
    }
}

#[test]
fn text_full_of_ampersands_takes_linear_time() {
    let cell = format!("<c t='str'><v>{}</v></c>", "&".repeat(4 << 20));
    let (ended, sink) = workbook("", &cell, "", "");
    assert!(ended.is_ok(), "{ended:?}");
    assert!(sink.bytes > 4 << 20);
}
