//! Compares `xlsx-to-csv` with calamine, cell for cell, on generated workbooks, and with itself on the same
//! workbook written another way.
//!
//! Values are compared as stored (`cell-values=raw`): what a number format makes of them is ours alone.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{Cursor, Write};

use calamine::Reader;
use docferry_converters::formats::xlsx::XlsxToCsv;
use docferry_converters::options::CellValues;
use docferry_converters::{Converter, Limits, Meter, Options, PartKind, Sink, Warning};
use proptest::prelude::*;

#[derive(Default)]
struct Parts(Vec<Vec<u8>>);

impl Sink for Parts {
    fn begin_part(&mut self, _: Option<&str>, _: PartKind) -> std::io::Result<()> {
        self.0.push(Vec::new());
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.last_mut().expect("a part").extend_from_slice(bytes);
        Ok(())
    }

    fn warn(&mut self, _: Warning) {}
}

#[derive(Debug, Clone)]
enum Value {
    Number(f64),
    Inline(String),
    Shared(usize),
    FormulaText(String),
    Bool(bool),
    Error(&'static str),
}

type Cells = Vec<(u32, u32, Value)>;

const STRINGS: [&str; 6] = ["plain", "a, b", "say \"hi\"", "two\nlines", "\u{6771}\u{4eac} & co", "<tag>"];

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i32>().prop_map(|n| Value::Number(f64::from(n))),
        (-1e9..1e9f64).prop_map(Value::Number),
        "[ -~\u{e9}\u{20ac}]{1,20}".prop_map(Value::Inline),
        (0..STRINGS.len()).prop_map(Value::Shared),
        "[a-z&<]{1,8}".prop_map(Value::FormulaText),
        any::<bool>().prop_map(Value::Bool),
        prop_oneof![Just("#DIV/0!"), Just("#N/A"), Just("#REF!")].prop_map(Value::Error),
    ]
}

/// Cells in order, each place once.
fn cells() -> impl Strategy<Value = Cells> {
    prop::collection::btree_map((0..40u32, 0..30u32), value(), 1..60)
        .prop_map(|map| map.into_iter().map(|((row, column), value)| (row, column, value)).collect())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

fn column_name(column: u32) -> String {
    let letter = |n: u32| char::from(b'A' + u8::try_from(n).expect("a letter"));
    match column {
        0..26 => letter(column).to_string(),
        _ => [letter(column / 26 - 1), letter(column % 26)].iter().collect(),
    }
}

/// Writes `<c>` elements; `gap` goes between the tags, where white space means nothing.
fn sheet(cells: &Cells, gap: &str) -> String {
    let mut xml = format!(
        "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">{gap}<sheetData>"
    );
    let mut current = None;
    for (row, column, value) in cells {
        if current != Some(*row) {
            if current.is_some() {
                xml.push_str("</row>");
            }
            current = Some(*row);
            xml.push_str(&format!("<row r=\"{}\">{gap}", row + 1));
        }
        let (kind, inner) = match value {
            Value::Number(number) => ("n", format!("<v>{number}</v>")),
            Value::Inline(text) => {
                ("inlineStr", format!("<is>{gap}<t xml:space=\"preserve\">{}</t></is>", escape(text)))
            }
            Value::Shared(index) => ("s", format!("<v>{index}</v>")),
            Value::FormulaText(text) => ("str", format!("<f>A1</f>{gap}<v>{}</v>", escape(text))),
            Value::Bool(value) => ("b", format!("<v>{}</v>", u8::from(*value))),
            Value::Error(code) => ("e", format!("<v>{code}</v>")),
        };
        let reference = format!("{}{}", column_name(*column), row + 1);
        xml.push_str(&format!("<c r=\"{reference}\" t=\"{kind}\">{gap}{inner}{gap}</c>{gap}"));
    }
    xml.push_str("</row></sheetData></worksheet>");
    xml
}

fn workbook(sheet: &str) -> Vec<u8> {
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006";
    let strings: String =
        STRINGS.iter().map(|s| format!("<si><t xml:space=\"preserve\">{}</t></si>", escape(s))).collect();
    let parts = [
        (
            "[Content_Types].xml",
            format!(
                "<Types xmlns=\"{package}/content-types\"><Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>"
            ),
        ),
        (
            "_rels/.rels",
            format!(
                "<Relationships xmlns=\"{package}/relationships\"><Relationship Id=\"a\" Type=\"{office}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"a\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns=\"{package}/relationships\"><Relationship Id=\"a\" Type=\"{office}/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"b\" Type=\"{office}/sharedStrings\" Target=\"sharedStrings.xml\"/></Relationships>"
            ),
        ),
        ("xl/worksheets/sheet1.xml", sheet.to_owned()),
        ("xl/sharedStrings.xml", format!("<sst xmlns=\"{main}\">{strings}</sst>")),
    ];
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn convert(bytes: &[u8]) -> Vec<u8> {
    let mut meter = Meter::new(Limits::default(), bytes.len() as u64);
    let mut sink = Parts::default();
    let options = Options { cell_values: CellValues::Raw, ..Options::default() };
    XlsxToCsv.convert(&mut Cursor::new(bytes), &options, &mut meter, &mut sink).unwrap();
    assert_eq!(sink.0.len(), 1);
    sink.0.remove(0)
}

/// Reads CSV as (row, column, field) of the fields that are not empty.
///
/// Read here and not by the csv crate, which passes over the empty lines that keep the rows in their place.
fn fields(csv: &[u8]) -> Vec<(u32, u32, String)> {
    let text = std::str::from_utf8(csv).unwrap();
    let mut found = Vec::new();
    let (mut row, mut column, mut field, mut is_quoted) = (0, 0, String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if !is_quoted => is_quoted = true,
            '"' if chars.next_if_eq(&'"').is_some() => field.push('"'),
            '"' => is_quoted = false,
            ',' | '\r' if !is_quoted => {
                if !field.is_empty() {
                    found.push((row, column, std::mem::take(&mut field)));
                }
                column += 1;
            }
            '\n' if !is_quoted => (row, column) = (row + 1, 0),
            _ => field.push(c),
        }
    }
    found
}

fn calamine_cells(bytes: Vec<u8>) -> Vec<(u32, u32, String)> {
    let mut workbook: calamine::Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes)).unwrap();
    let range = workbook.worksheet_range("S").unwrap();
    let (top, left) = range.start().unwrap_or_default();
    range
        .used_cells()
        .map(|(row, column, cell)| {
            let text = match cell {
                calamine::Data::Bool(value) => value.to_string().to_uppercase(),
                other => other.to_string(),
            };
            let place = |n: usize, first: u32| u32::try_from(n).unwrap() + first;
            (place(row, top), place(column, left), text)
        })
        .filter(|(.., text)| !text.is_empty())
        .collect()
}

proptest! {
    #[test]
    fn cells_are_those_of_calamine(cells in cells()) {
        let bytes = workbook(&sheet(&cells, ""));
        prop_assert_eq!(fields(&convert(&bytes)), calamine_cells(bytes));
    }

    #[test]
    fn usual_and_unusual_forms_of_a_sheet_convert_alike(cells in cells()) {
        let usual = sheet(&cells, "");
        let spaced = sheet(&cells, "\n  ");
        let prefixed = usual
            .replace("<", "<p:")
            .replace("<p:/", "</p:")
            .replace("xmlns=", "xmlns:p=");
        let quoted = usual.replace(" r=\"", " x=\"y\" r=\"");
        let expected = convert(&workbook(&usual));
        for other in [spaced, prefixed, quoted] {
            let got = convert(&workbook(&other));
            prop_assert_eq!(String::from_utf8_lossy(&got), String::from_utf8_lossy(&expected));
        }
    }
}
