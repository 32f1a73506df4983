//! Bytes a second of each converter: one document at a time, one thread, in memory.
//!
//! `cargo bench --bench convert`. A plain program that prints, for each named input, its size, the median time of at
//! least five conversions, and input bytes a second; ratios against other tools need the same input in the same run.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use docferry_converters::detect::detect;
use docferry_converters::{Limits, Meter, Options, PartKind, Sink, Warning};

#[derive(Default)]
struct Discard(u64);

impl Sink for Discard {
    fn begin_part(&mut self, _label: Option<&str>, _kind: PartKind) -> std::io::Result<()> {
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0 += bytes.len() as u64;
        Ok(())
    }

    fn warn(&mut self, _warning: Warning) {}
}

#[derive(Default)]
struct Keep(Vec<u8>);

impl Sink for Keep {
    fn begin_part(&mut self, _label: Option<&str>, _kind: PartKind) -> std::io::Result<()> {
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn warn(&mut self, _warning: Warning) {}
}

fn package(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";

fn relations(items: &[(&str, &str, &str)]) -> String {
    let mut text = format!("<Relationships xmlns=\"{PACKAGE}/relationships\">");
    for (id, kind, target) in items {
        write!(text, "<Relationship Id=\"{id}\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"/>").unwrap();
    }
    text + "</Relationships>"
}

fn content_types(part: &str, kind: &str) -> String {
    format!(
        "<Types xmlns=\"{PACKAGE}/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Default Extension=\"xml\" ContentType=\"application/xml\"/><Override PartName=\"/{part}\" ContentType=\"{kind}\"/></Types>"
    )
}

/// Makes a docx of so many paragraphs with three runs each, and a table after every hundred.
fn docx(paragraphs: usize) -> Vec<u8> {
    let mut body = String::from(
        "<w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"><w:body>",
    );
    for n in 0..paragraphs {
        write!(
            body,
            "<w:p><w:r><w:t xml:space=\"preserve\">Paragraph {n} says something </w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>boldly</w:t></w:r>\
             <w:r><w:t xml:space=\"preserve\"> and goes on for a while, as paragraphs do.</w:t></w:r></w:p>"
        )
        .unwrap();
        if n % 100 == 99 {
            body.push_str("<w:tbl>");
            for row in 0..10 {
                write!(body, "<w:tr><w:tc><w:p><w:r><w:t>row {row}</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>{n}</w:t></w:r></w:p></w:tc></w:tr>").unwrap();
            }
            body.push_str("</w:tbl>");
        }
    }
    body.push_str("</w:body></w:document>");
    let kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml";
    package(&[
        ("[Content_Types].xml", &content_types("word/document.xml", kind)),
        ("_rels/.rels", &relations(&[("rId1", "officeDocument", "word/document.xml")])),
        ("word/document.xml", &body),
    ])
}

/// Makes an xlsx of so many rows of ten inline cells.
fn xlsx(rows: usize) -> Vec<u8> {
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let mut sheet = format!("<worksheet xmlns=\"{main}\"><sheetData>");
    for row in 1..=rows {
        write!(sheet, "<row r=\"{row}\">").unwrap();
        for (column, letter) in "ABCDEFGHIJ".chars().enumerate() {
            if column < 5 {
                write!(sheet, "<c r=\"{letter}{row}\"><v>{}.5</v></c>", row * (column + 1)).unwrap();
            } else {
                write!(sheet, "<c r=\"{letter}{row}\" t=\"inlineStr\"><is><t>text {row}</t></is></c>")
                    .unwrap();
            }
        }
        sheet.push_str("</row>");
    }
    sheet.push_str("</sheetData></worksheet>");
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml";
    let workbook = format!(
        "<workbook xmlns=\"{main}\" xmlns:r=\"{OFFICE}\"><sheets><sheet name=\"Data\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
    );
    package(&[
        ("[Content_Types].xml", &content_types("xl/workbook.xml", kind)),
        ("_rels/.rels", &relations(&[("rId1", "officeDocument", "xl/workbook.xml")])),
        ("xl/workbook.xml", &workbook),
        ("xl/_rels/workbook.xml.rels", &relations(&[("rId1", "worksheet", "worksheets/sheet1.xml")])),
        ("xl/worksheets/sheet1.xml", &sheet),
    ])
}

fn latin1(bytes: usize) -> Vec<u8> {
    "Gr\u{fc}\u{df}e aus M\u{fc}nchen, sch\u{f6}ne Stra\u{df}en.\r\n"
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?'))
        .cycle()
        .take(bytes)
        .collect()
}

fn measure(name: &str, file_name: &str, bytes: &[u8]) {
    let mut times = Vec::new();
    let mut out = 0;
    let began = Instant::now();
    while times.len() < 5 || (began.elapsed() < Duration::from_secs(1) && times.len() < 200) {
        let mut input = Cursor::new(bytes);
        let mut meter = Meter::new(Limits::default(), bytes.len() as u64);
        let start = Instant::now();
        let found = detect(&mut input, Some(file_name), &meter).unwrap();
        let mut sink = Discard::default();
        found
            .format
            .spec()
            .converter
            .unwrap()
            .convert(&mut input, &Options::default(), &mut meter, &mut sink)
            .unwrap();
        times.push(start.elapsed());
        out = sink.0;
    }
    times.sort();
    let median = times[times.len() / 2];
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = bytes.len() as f64 / median.as_secs_f64() / 1e6;
    println!("{name:24} {:>10} B in {:>10} B out {:>12.3?} {rate:>8.1} MB/s", bytes.len(), out, median);
}

/// Converts the file that a line of standard input names, as often as the number before it says, and answers with the
/// bytes that came out: a worker for `benches/compare/run.py`, which measures the processor time of this process
/// around each request.
fn serve() {
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let (times, path) = line.split_once(' ').unwrap();
        let ended = (0..times.parse().unwrap())
            .map(|_: u32| convert_file(Path::new(path)))
            .reduce(|_, last| last)
            .unwrap();
        match ended {
            Ok(len) => println!("{len}"),
            Err(error) => println!("error: {error}"),
        }
    }
}

fn convert_file(path: &Path) -> Result<usize, String> {
    let file_name = path.file_name().unwrap().to_string_lossy();
    let bytes = std::fs::read(path).unwrap();
    let (mut input, size) = (Cursor::new(&bytes), bytes.len() as u64);
    let mut meter = Meter::new(Limits::default(), size);
    let found = detect(&mut input, Some(&file_name), &meter).unwrap();
    let converter = found.format.spec().converter;
    let converter = converter.ok_or_else(|| format!("no converter for {}", found.format.as_str()))?;
    // The text is kept, as it is by libraries that return it.
    let mut sink = Keep::default();
    let ended = converter.convert(&mut input, &Options::default(), &mut meter, &mut sink);
    ended.map(|()| sink.0.len()).map_err(|error| error.to_string())
}

fn main() {
    if std::env::args().any(|argument| argument == "--serve") {
        return serve();
    }
    for (name, paragraphs) in [("docx small", 20), ("docx typical", 1_000), ("docx large", 100_000)] {
        measure(name, "a.docx", &docx(paragraphs));
    }
    for (name, rows) in [("xlsx small", 20), ("xlsx typical", 5_000), ("xlsx large", 200_000)] {
        measure(name, "a.xlsx", &xlsx(rows));
    }
    for (name, size) in
        [("text latin-1 small", 2_000), ("text latin-1 typical", 100_000), ("text latin-1 large", 50_000_000)]
    {
        measure(name, "a.txt", &latin1(size));
    }
}
