//! Compares the CPU time and peak memory of `xlsx-to-csv` with calamine's `worksheet_range` and the csv crate.
//!
//! `cargo bench -p docferry-converters --bench xlsx_vs_calamine [-- ROWS]` writes two workbooks of ten columns, one with
//! inline and one with shared strings, and gives each to each reader in a process of its own, three times in
//! turn; the least CPU time counts. Linux only: the figures are those of `/proc/self`.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stdout,
    reason = "a benchmark has files, processes and a terminal; the crate it measures has not"
)]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;

use calamine::Reader;
use docferry_converters::formats::xlsx::XlsxToCsv;
use docferry_converters::{Converter, Limits, Meter, Options, PartKind, Sink, Warning};

const ROUNDS: usize = 3;
const WORDS: [&str; 8] = ["alpha", "bravo & co", "charlie", "delta, ltd", "echo", "foxtrot", "golf", "hotel"];

struct FileSink(BufWriter<File>);

impl Sink for FileSink {
    fn begin_part(&mut self, _: Option<&str>, _: PartKind) -> std::io::Result<()> {
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.write_all(bytes)
    }

    fn warn(&mut self, _: Warning) {}
}

struct FileInput(File, u64);

impl std::io::Read for FileInput {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl std::io::Seek for FileInput {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        self.0.seek(to)
    }
}

impl docferry_converters::Input for FileInput {
    fn size_bytes(&self) -> u64 {
        self.1
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match &*args.iter().map(String::as_str).collect::<Vec<_>>() {
        ["child", "docferry", path] => child(|| docferry(Path::new(path))),
        ["child", "calamine", path] => child(|| calamine(Path::new(path))),
        // For a profiler.
        ["write", folder, rows] => {
            let rows = rows.parse().expect("ROWS is a number");
            generate(&Path::new(folder).join("inline.xlsx"), rows, false);
            generate(&Path::new(folder).join("shared.xlsx"), rows, true);
        }
        [rows] => compare(rows.parse().expect("ROWS is a number")),
        _ => compare(1_000_000),
    }
}

fn compare(rows: u32) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for shared in [false, true] {
        let path = folder.path().join(if shared { "shared.xlsx" } else { "inline.xlsx" });
        generate(&path, rows, shared);
        let size = path.metadata().expect("just written").len();
        println!("{} ({rows} rows x 10 columns, {} MB)", path.display(), size >> 20);
        let mut best = [(f64::INFINITY, 0); 2];
        for _ in 0..ROUNDS {
            for (which, best) in ["docferry", "calamine"].into_iter().zip(&mut best) {
                let (cpu, rss) = run_child(which, &path);
                *best = (best.0.min(cpu), best.1.max(rss));
            }
        }
        for (which, (cpu, rss)) in ["docferry", "calamine"].into_iter().zip(best) {
            println!("  {which:10} {cpu:6.2} s CPU {:6} MB peak", rss >> 10);
        }
        println!("  ratio      {:6.3}", best[0].0 / best[1].0);
    }
}

fn run_child(which: &str, path: &Path) -> (f64, u64) {
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["child", which])
        .arg(path)
        .output()
        .expect("the child runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("figures");
    let (cpu, rss) = text.trim().split_once(' ').expect("two figures");
    (cpu.parse().expect("seconds"), rss.parse().expect("kilobytes"))
}

/// Runs `work` and prints the CPU seconds and the peak resident kilobytes of this process.
fn child(work: impl FnOnce()) {
    work();
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let after_name = stat.rsplit_once(')').expect("a process name").1;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    // utime and stime, in ticks of 10 ms; the list begins with the third field.
    let ticks: f64 = fields[11].parse::<f64>().expect("ticks") + fields[12].parse::<f64>().expect("ticks");
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    println!("{} {}", ticks / 100.0, peak.trim().trim_end_matches(" kB"));
}

fn docferry(path: &Path) {
    let file = File::open(path).expect("the workbook");
    let size = file.metadata().expect("its size").len();
    let mut sink =
        FileSink(BufWriter::new(File::create(path.with_extension("docferry.csv")).expect("a file")));
    let mut meter = Meter::new(Limits::default(), size);
    XlsxToCsv
        .convert(&mut FileInput(file, size), &Options::default(), &mut meter, &mut sink)
        .expect("it converts");
    sink.0.flush().expect("space on the device");
}

fn calamine(path: &Path) {
    let mut workbook: calamine::Xlsx<_> = calamine::open_workbook(path).expect("the workbook");
    let range = workbook.worksheet_range("Sheet1").expect("the sheet");
    let mut writer = csv::Writer::from_path(path.with_extension("calamine.csv")).expect("a file");
    for row in range.rows() {
        for cell in row {
            let text = match cell {
                calamine::Data::Empty => String::new(),
                calamine::Data::DateTime(date) => date.as_datetime_string(),
                other => other.to_string(),
            };
            writer.write_field(text).expect("space on the device");
        }
        writer.write_record(None::<&[u8]>).expect("space on the device");
    }
    writer.flush().expect("space on the device");
}

/// Gives the date a text, as the other side does.
trait DateText {
    fn as_datetime_string(&self) -> String;
}

impl DateText for calamine::ExcelDateTime {
    fn as_datetime_string(&self) -> String {
        let (year, month, day, ..) = self.to_ymd_hms_milli();
        format!("{year:04}-{month:02}-{day:02}")
    }
}

fn generate(path: &Path, rows: u32, shared: bool) {
    let mut zip = zip::ZipWriter::new(BufWriter::new(File::create(path).expect("a file")));
    let options = zip::write::SimpleFileOptions::default();
    let mut part = |name: &str, fill: &dyn Fn(&mut dyn Write) -> std::io::Result<()>| {
        zip.start_file(name, options).expect("a part");
        let mut buffered = BufWriter::with_capacity(1 << 20, &mut zip);
        fill(&mut buffered).and_then(|()| buffered.flush()).expect("a part");
    };
    part("[Content_Types].xml", &|out| {
        out.write_all(b"<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" ContentType=\"application/xml\"/><Override PartName=\"/xl/workbook.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/></Types>")
    });
    part("_rels/.rels", &|out| relationships(out, &[("officeDocument", "xl/workbook.xml")]));
    part("xl/workbook.xml", &|out| {
        out.write_all(b"<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets><sheet name=\"Sheet1\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>")
    });
    let parts = [
        ("worksheet", "worksheets/sheet1.xml"),
        ("styles", "styles.xml"),
        ("sharedStrings", "sharedStrings.xml"),
    ];
    let used = if shared { &parts[..] } else { &parts[..2] };
    part("xl/_rels/workbook.xml.rels", &|out| relationships(out, used));
    part("xl/styles.xml", &|out| {
        out.write_all(b"<styleSheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><numFmts count=\"1\"><numFmt numFmtId=\"164\" formatCode=\"yyyy-mm-dd\"/></numFmts><cellXfs count=\"3\"><xf numFmtId=\"0\"/><xf numFmtId=\"164\"/><xf numFmtId=\"2\"/></cellXfs></styleSheet>")
    });
    part("xl/worksheets/sheet1.xml", &|out| sheet(out, rows, shared));
    if shared {
        part("xl/sharedStrings.xml", &|out| {
            out.write_all(b"<sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">")?;
            for row in 0..rows {
                write!(out, "<si><t>{}</t></si>", escaped(&unique(row)))?;
            }
            for word in WORDS {
                write!(out, "<si><t>{}</t></si>", escaped(word))?;
            }
            out.write_all(b"</sst>")
        });
    }
    drop(zip.finish().expect("a package"));
}

fn relationships(out: &mut dyn Write, targets: &[(&str, &str)]) -> std::io::Result<()> {
    out.write_all(b"<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">")?;
    for (at, (kind, target)) in targets.iter().enumerate() {
        write!(
            out,
            "<Relationship Id=\"rId{}\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}\" Target=\"{target}\"/>",
            at + 1
        )?;
    }
    out.write_all(b"</Relationships>")
}

fn unique(row: u32) -> String {
    format!("customer {:08x} of {}", row.wrapping_mul(2_654_435_761), WORDS[row as usize % 8])
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
}

/// Two text columns, three whole numbers, three decimals (one in `0.00`), a date and a truth value.
fn sheet(out: &mut dyn Write, rows: u32, shared: bool) -> std::io::Result<()> {
    out.write_all(b"<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><dimension ref=\"A1\"/><sheetData>")?;
    for row in 0..rows {
        let (r, noise) = (row + 1, row.wrapping_mul(2_654_435_761));
        write!(out, "<row r=\"{r}\" spans=\"1:10\">")?;
        if shared {
            write!(
                out,
                "<c r=\"A{r}\" t=\"s\"><v>{row}</v></c><c r=\"B{r}\" t=\"s\"><v>{}</v></c>",
                rows + noise % 8
            )?;
        } else {
            let (first, second) = (escaped(&unique(row)), escaped(WORDS[(noise % 8) as usize]));
            write!(
                out,
                "<c r=\"A{r}\" t=\"inlineStr\"><is><t>{first}</t></is></c><c r=\"B{r}\" t=\"inlineStr\"><is><t>{second}</t></is></c>"
            )?;
        }
        let (small, large, day) = (noise % 1000, noise / 7, 36_000 + noise % 9000);
        write!(
            out,
            "<c r=\"C{r}\"><v>{row}</v></c><c r=\"D{r}\"><v>{small}</v></c><c r=\"E{r}\"><v>{large}</v></c>\
             <c r=\"F{r}\"><v>{}</v></c><c r=\"G{r}\"><v>{}</v></c><c r=\"H{r}\" s=\"2\"><v>{}</v></c>\
             <c r=\"I{r}\" s=\"1\"><v>{day}</v></c><c r=\"J{r}\" t=\"b\"><v>{}</v></c></row>",
            f64::from(large) / 100.0,
            f64::from(noise) / 4_294_967_295.0,
            f64::from(small) / 8.0,
            row % 2
        )?;
    }
    out.write_all(b"</sheetData></worksheet>")
}
