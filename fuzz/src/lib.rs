//! What the fuzz targets do. Each target is one line: a format by its name, or one of the readers that formats share.
//!
//! The mutations that know packages, XML and records are those of the harness in `converters/tests/mutation/`: without
//! them, a changed byte in a package is found by its checksum, and nothing behind that is reached.
#![allow(clippy::missing_panics_doc, reason = "a panic is how a target tells what it found")]

// Only what knows the shapes of documents is needed of the harness.
#[allow(dead_code, reason = "the harness uses more of it")]
#[path = "../../converters/tests/mutation"]
mod mutation {
    mod bytes;
    mod compound;
    mod package;
    mod records;
    pub(crate) mod rng;
    pub(crate) mod shape;
    mod xml;
}

use std::io::Cursor;

use docferry_converters::csv::Table;
use docferry_converters::formats::FORMATS;
use docferry_converters::number_format::{Decimal, Epoch, NumberFormat};
use docferry_converters::xml::{Event, Reader};
use docferry_converters::zip::Package;
use docferry_converters::{ConvertError, Limits, Meter, Options, PartKind, Sink, Warning, charset, detect};

use mutation::rng::Rng;
use mutation::shape::Shape;

/// Holds the output, to see that it is text.
#[derive(Default)]
struct Held(Vec<Vec<u8>>);

impl Sink for Held {
    fn begin_part(&mut self, _: Option<&str>, _: PartKind) -> std::io::Result<()> {
        self.0.push(Vec::new());
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.last_mut().expect("a part begins before it is written").extend_from_slice(bytes);
        Ok(())
    }

    fn warn(&mut self, warning: Warning) {
        assert!(warning.count > 0, "{} of nothing", warning.code.as_str());
    }
}

/// Limits that keep an execution short and small; what is counted is the same.
fn limits() -> Limits {
    Limits {
        max_inflated_bytes: 64 << 20,
        max_resident_bytes: 32 << 20,
        max_output_bytes: 32 << 20,
        ..Limits::default()
    }
}

/// The values of options beside the defaults; which apply depends on the length of the input.
const OPTIONS: [&[(&str, &str)]; 4] = [
    &[],
    &[],
    &[("cell-values", "displayed"), ("formulas", "text"), ("merged-cells", "html"), ("comments", "keep")],
    &[("text", "plain"), ("track-changes", "all"), ("hidden-content", "exclude"), ("csv-dialect", "rfc4180")],
];

/// Converts `data` as a document of the format of this name, whatever it is.
///
/// # Panics
/// If the converter breaks a rule, or if there is none for the format.
pub fn convert(format: &str, data: &[u8]) {
    let row = FORMATS.iter().find(|row| row.name == format);
    let converter = row.and_then(|row| row.converter).expect("a format that has a converter");
    let mut options = Options::default();
    for (key, value) in OPTIONS[data.len() % OPTIONS.len()] {
        options.set(key, value).expect("an option with one of its values");
    }
    let mut meter = Meter::new(limits(), data.len() as u64);
    let mut sink = Held::default();
    match converter.convert(&mut Cursor::new(data), &options, &mut meter, &mut sink) {
        Ok(()) => sink
            .0
            .iter()
            .for_each(|part| assert!(std::str::from_utf8(part).is_ok(), "output that is no UTF-8")),
        Err(error @ (ConvertError::Cancelled | ConvertError::Io(_) | ConvertError::Sink(_))) => {
            panic!("an error that nothing gave cause to: {error:?}")
        }
        Err(_) => {}
    }
}

/// Reads the directory of a package and every part of it.
pub fn zip(data: &[u8]) {
    let meter = Meter::new(limits(), data.len() as u64);
    let mut input = Cursor::new(data);
    let Ok(mut package) = Package::open(&mut input, &meter) else { return };
    let names: Vec<String> = package.names().map(str::to_owned).collect();
    for name in names {
        let _ = package.read(&name);
    }
}

/// Counts the pages of a PDF.
pub fn pdf(data: &[u8]) {
    let meter = Meter::new(limits(), data.len() as u64);
    if let Ok(found) = docferry_converters::pdf::survey(&mut Cursor::new(data), &meter) {
        assert!(found.pages > 0, "a PDF without a page is no success");
    }
}

/// Reads all tokens of an XML document, with their attributes.
pub fn xml(data: &[u8]) {
    let mut reader = Reader::new(data, &limits());
    loop {
        match reader.next_event() {
            Ok(Event::Start(tag)) => {
                for (name, value) in tag.attributes() {
                    let _ = (name, docferry_converters::xml::unescape_lossy(value));
                }
            }
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
}

/// Finds the charset of a text, and decodes it by what was found.
pub fn charset(data: &[u8]) {
    let meter = Meter::new(limits(), data.len() as u64);
    let found = charset::find(&mut Cursor::new(data), &meter).expect("bytes in memory can be read");
    if let charset::Finding::Text(found) = found
        && let Some(mut decoder) = charset::Decoder::new(found.name)
    {
        let mut text = String::new();
        let half = data.len() / 2;
        decoder.decode(&data[..half], false, &mut text);
        decoder.decode(&data[half..], true, &mut text);
    }
}

/// Writes cells at places that the input chooses.
pub fn csv(data: &[u8]) {
    let meter = Meter::new(limits(), data.len() as u64);
    let mut sink = Held::default();
    let mut table = Table::new("sheet", &meter, &mut sink);
    for cell in data.split(|byte| *byte == 0) {
        let (&[row, column], text) = cell.split_first_chunk().unwrap_or((&[0, 0], cell));
        if table.place(u32::from(row), u32::from(column)).is_err() {
            return;
        }
        table.field(text);
    }
    let _ = table.finish();
}

/// Compiles the first line as a number format, and writes the numbers of the other lines by it.
pub fn number_format(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.lines();
    let format = NumberFormat::parse(lines.next().unwrap_or_default());
    for line in lines.chain(["0", "-1.5", "45000.75", "1e300"]) {
        let Some(value) = line.parse().ok().and_then(Decimal::from_f64) else { continue };
        let mut out = Vec::new();
        format.write(value, Epoch::Y1900, &mut out);
        format.write_canonical(value, Epoch::Y1904, &mut out);
        format.write_text(line.as_bytes(), &mut out);
        assert!(std::str::from_utf8(&out).is_ok(), "output that is no UTF-8");
    }
}

/// Finds the format of bytes; the first line is their name.
pub fn detect(data: &[u8]) {
    let (name, content) = data.split_at(data.iter().position(|byte| *byte == b'\n').unwrap_or(0));
    let meter = Meter::new(limits(), content.len() as u64);
    let name = String::from_utf8_lossy(name);
    let _ =
        detect::detect(&mut Cursor::new(content.strip_prefix(b"\n").unwrap_or(content)), Some(&name), &meter);
}

/// Changes a document as its shape asks for; the caller's own mutation takes every second turn.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut rng = Rng::new("fuzz", seed.into());
    if rng.one_in(2) {
        return libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    }
    let mut shape = Shape::of(data[..size].to_vec());
    let other = shape.clone();
    for _ in 0..=rng.below(2) {
        shape.mutate(&mut rng, &other);
    }
    let changed = shape.into_bytes(&mut rng);
    let Some(room) = data.get_mut(..changed.len().min(max_size)) else { return size };
    room.copy_from_slice(&changed[..room.len()]);
    room.len()
}

/// Makes the target of one format.
#[macro_export]
macro_rules! converter {
    ($format:literal) => {
        libfuzzer_sys::fuzz_target!(|data: &[u8]| $crate::convert($format, data));
        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            $crate::mutate(data, size, max_size, seed)
        });
    };
}
