//! Compares `xls-to-csv` with calamine, cell for cell, on generated workbooks and on the golden cases.
//!
//! Values are compared as stored (`cell-values=raw`): what a number format makes of them is ours alone.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "a test that reads its cases from files")]

use std::io::Cursor;
use std::path::Path;

use calamine::Reader;
use docferry_converters::formats::xls::XlsToCsv;
use docferry_converters::options::CellValues;
use docferry_converters::{Converter, Limits, Meter, Options, PartKind, Sink, Warning};
use proptest::prelude::*;

#[derive(Default)]
struct Parts(Vec<(String, Vec<u8>)>);

impl Sink for Parts {
    fn begin_part(&mut self, label: Option<&str>, _: PartKind) -> std::io::Result<()> {
        self.0.push((label.unwrap_or_default().to_owned(), Vec::new()));
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.last_mut().expect("a part").1.extend_from_slice(bytes);
        Ok(())
    }

    fn warn(&mut self, _: Warning) {}
}

#[derive(Debug, Clone)]
enum Value {
    Number(f64),
    Packed(i32),
    Shared(usize),
    Label(String),
    FormulaNumber(f64),
    FormulaText(String),
    Bool(bool),
    Error(u8),
}

type Cells = Vec<(u16, u16, Value)>;

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        (-1e9..1e9f64).prop_map(Value::Number),
        (-(1i32 << 29)..1 << 29).prop_map(Value::Packed),
        (0..40usize).prop_map(Value::Shared),
        "[ -~\u{e9}]{1,20}".prop_map(Value::Label),
        (-1e9..1e9f64).prop_map(Value::FormulaNumber),
        "[a-z\u{4eac}]{1,8}".prop_map(Value::FormulaText),
        any::<bool>().prop_map(Value::Bool),
        prop_oneof![Just(0x07), Just(0x2A), Just(0x17)].prop_map(Value::Error),
    ]
}

/// Cells in order, each place once.
fn cells() -> impl Strategy<Value = Cells> {
    prop::collection::btree_map((0..40u16, 0..30u16), value(), 1..60)
        .prop_map(|map| map.into_iter().map(|((row, column), value)| (row, column, value)).collect())
}

fn strings() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("[a-z,\"\u{e9}\u{4eac}]{1,60}", 40)
}

fn record(kind: u16, body: &[u8]) -> Vec<u8> {
    let len = u16::try_from(body.len()).unwrap();
    [&kind.to_le_bytes()[..], &len.to_le_bytes(), body].concat()
}

fn begin(content: u16) -> Vec<u8> {
    let words = [0x0600, content, 0x0DBB, 0x07CC, 0, 0, 6, 0];
    record(0x0809, &words.map(u16::to_le_bytes).concat())
}

/// A text with its length and whether its characters are wide.
fn text(text: &str) -> Vec<u8> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut out = u16::try_from(units.len()).unwrap().to_le_bytes().to_vec();
    let narrow: Option<Vec<u8>> = units.iter().map(|unit| u8::try_from(*unit).ok()).collect();
    out.push(u8::from(narrow.is_none()));
    out.extend(narrow.unwrap_or_else(|| units.into_iter().flat_map(u16::to_le_bytes).collect()));
    out
}

/// The table of shared strings in records that end in the middle of texts.
fn shared_strings(strings: &[String], record_bytes: usize) -> Vec<u8> {
    let count = u32::try_from(strings.len()).unwrap().to_le_bytes();
    let mut records = vec![[count, count].concat()];
    for string in strings {
        let text = text(string);
        let (head, characters) = text.split_at(3);
        records.last_mut().unwrap().extend_from_slice(head);
        let width = usize::from(head[2]) + 1;
        for character in characters.chunks_exact(width) {
            if records.last().unwrap().len() + width > record_bytes {
                records.push(vec![head[2]]);
            }
            records.last_mut().unwrap().extend_from_slice(character);
        }
    }
    let numbered = (0..).zip(&records);
    numbered.flat_map(|(n, body)| record(if n == 0 { 0x00FC } else { 0x003C }, body)).collect()
}

fn sheet(cells: &Cells) -> Vec<u8> {
    let mut out = begin(0x10);
    for (row, column, value) in cells {
        let head = [*row, *column, 0].map(u16::to_le_bytes).concat();
        let cell = |kind, body: &[u8]| record(kind, &[&head, body].concat());
        let formula = |result: [u8; 8]| cell(0x0006, &[&result[..], &[0; 6], &[3, 0, 0x1E, 1, 0]].concat());
        out.extend(match value {
            Value::Number(number) => cell(0x0203, &number.to_le_bytes()),
            Value::Packed(number) => cell(0x027E, &(number << 2 | 2).to_le_bytes()),
            Value::Shared(index) => cell(0x00FD, &u32::try_from(*index).unwrap().to_le_bytes()),
            Value::Label(label) => cell(0x0204, &text(label)),
            Value::FormulaNumber(number) => formula(number.to_le_bytes()),
            Value::FormulaText(result) => {
                [formula([0, 0, 0, 0, 0, 0, 0xFF, 0xFF]), record(0x0207, &text(result))].concat()
            }
            Value::Bool(value) => cell(0x0205, &[u8::from(*value), 0]),
            Value::Error(code) => cell(0x0205, &[*code, 1]),
        });
    }
    [out, record(0x000A, &[])].concat()
}

fn workbook(strings: &[String], record_bytes: usize, sheet: &[u8]) -> Vec<u8> {
    let style = record(0x00E0, &[0; 20]);
    let strings = shared_strings(strings, record_bytes);
    let start = begin(5).len() + style.len() + strings.len() + 13 + 4;
    let listed = [&u32::try_from(start).unwrap().to_le_bytes()[..], &[0, 0, 1, 0, b'S']].concat();
    [begin(5), style, record(0x0085, &listed), strings, record(0x000A, &[]), sheet.to_vec()].concat()
}

/// A compound file of one stream: header, table, directory, then the stream ([MS-CFB]).
fn compound(mut stream: Vec<u8>) -> Vec<u8> {
    const NONE: u32 = u32::MAX;
    const END: u32 = 0xFFFF_FFFE;
    stream.resize(stream.len().max(4096).next_multiple_of(512), 0);
    let sectors = u32::try_from(stream.len() / 512).unwrap();
    assert!(sectors < 120, "one sector of the table is enough");
    let mut header = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
    header.extend([0; 16]);
    header.extend([0x3E, 3, 0xFFFE, 9, 6, 0, 0, 0].map(u16::to_le_bytes).concat());
    header.extend([0, 1, 1, 0, 4096, END, 0, END, 0, 0].map(u32::to_le_bytes).concat());
    header.resize(512, 0xFF);
    let chain = (2..sectors + 1).map(|sector| sector + 1).chain([END]);
    let table = [0xFFFF_FFFD, END].into_iter().chain(chain);
    let mut table: Vec<u8> = table.flat_map(u32::to_le_bytes).collect();
    table.resize(512, 0xFF);
    let entry = |name: &str, kind: u8, child: u32, (start, size): (u32, u32)| {
        let mut entry: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let len = u16::try_from(entry.len() + 2).unwrap();
        entry.resize(64, 0);
        entry.extend(len.to_le_bytes());
        entry.extend([kind, 1]);
        entry.extend([NONE, NONE, child].map(u32::to_le_bytes).concat());
        entry.resize(116, 0);
        entry.extend([start, size, 0].map(u32::to_le_bytes).concat());
        entry
    };
    let root = entry("Root Entry", 5, 1, (END, 0));
    let directory = [root, entry("Workbook", 2, NONE, (2, 512 * sectors)), vec![0; 256]].concat();
    [header, table, directory, stream].concat()
}

fn convert(bytes: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    let mut meter = Meter::new(Limits::default(), bytes.len() as u64);
    let mut sink = Parts::default();
    let options = Options { cell_values: CellValues::Raw, ..Options::default() };
    XlsToCsv.convert(&mut Cursor::new(bytes), &options, &mut meter, &mut sink).ok()?;
    Some(sink.0)
}

/// Reads CSV as (row, column, field) of the fields that are not empty; empty lines keep the rows in their place.
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

fn calamine_cells(range: &calamine::Range<calamine::Data>) -> Vec<(u32, u32, String)> {
    let (top, left) = range.start().unwrap_or_default();
    range
        .used_cells()
        .map(|(row, column, cell)| {
            let text = match cell {
                calamine::Data::Bool(value) => value.to_string().to_uppercase(),
                calamine::Data::DateTime(date) => date.as_f64().to_string(),
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
    fn cells_are_those_of_calamine(cells in cells(), strings in strings(), record_bytes in 60..2000usize) {
        let bytes = compound(workbook(&strings, record_bytes, &sheet(&cells)));
        let mut other: calamine::Xls<_> = calamine::open_workbook_from_rs(Cursor::new(&bytes)).unwrap();
        let range = other.worksheet_range("S").unwrap();
        let ours = convert(&bytes).unwrap();
        prop_assert_eq!(fields(&ours[0].1), calamine_cells(&range));
    }

    #[test]
    fn the_order_of_cells_does_not_matter(cells in cells(), strings in strings(), turn in 0..60usize) {
        let usual = workbook(&strings, 2000, &sheet(&cells));
        let mut turned = cells.clone();
        turned.rotate_left(turn % cells.len());
        let other = compound(workbook(&strings, 2000, &sheet(&turned)));
        // Without a container it is the same workbook.
        prop_assert_eq!(convert(&usual), convert(&other));
    }
}

/// Cases that calamine reads otherwise: it knows no choices of a user, and loses what continues the text of a formula.
fn reads_otherwise(case: &str) -> bool {
    case == "formula-results" || case.ends_with("left-out") || case.ends_with("repeated")
}

#[test]
fn golden_cases_hold_the_cells_of_calamine() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/convert/xls");
    let mut compared = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let case = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(path.join("input.xls")).unwrap();
        let Ok(mut other) = calamine::open_workbook_from_rs::<calamine::Xls<_>, _>(Cursor::new(&bytes))
        else {
            continue;
        };
        let Some(parts) = convert(&bytes).filter(|_| !reads_otherwise(&case)) else { continue };
        for (sheet, csv) in parts {
            let range = other.worksheet_range(&sheet).unwrap();
            let (ours, theirs) = (fields(&csv), calamine_cells(&range));
            let differing = ours.iter().zip(&theirs).find(|(ours, theirs)| ours != theirs);
            assert_eq!((differing, ours.len()), (None, theirs.len()), "{case}: {sheet}");
            compared.push(case.clone());
        }
    }
    assert!(compared.len() > 8, "{compared:?}");
}
