//! What a process of its own costs a document: converted in this thread, through a pooled worker, and in a new worker.
//!
//! `cargo bench --bench worker`. A plain program that prints the median time a document of each way, over the same
//! small document in turns; only ratios of one run mean something.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use std::io::Cursor;
use std::path::Path;
use std::time::{Duration, Instant};

use docferry::worker::{Job, Pool, ServeOptions, by_format};
use docferry_converters::{Limits, Meter, Options, PartKind, Sink, Warning};

const ROUNDS: usize = 9;
const DOCUMENTS: u32 = 200;
const STARTS: u32 = 20;

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

/// Returns the time of one call, the mean of so many.
fn each(times: u32, mut call: impl FnMut()) -> Duration {
    let began = Instant::now();
    for _ in 0..times {
        call();
    }
    began.elapsed() / times
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn main() {
    let sample = "testdata/samples/reports/年次報告書.docx";
    let document = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(sample)).unwrap();
    let options = Options::default();
    let job = Job { format: "docx", converter: by_format("docx").unwrap(), options: &options };
    let pool = || Pool::new(Path::new(env!("CARGO_BIN_EXE_docferry")), ServeOptions::default());
    let meter = || Meter::new(Limits::default(), document.len() as u64);
    let here = || {
        let (mut sink, mut input) = (Discard::default(), Cursor::new(&document));
        job.converter.convert(&mut input, &options, &mut meter(), &mut sink).unwrap();
    };
    let through = |pool: &Pool| {
        let (mut sink, mut input) = (Discard::default(), Cursor::new(&document));
        pool.convert(job, &mut input, &meter(), &mut sink).unwrap();
    };
    let pooled = pool();
    through(&pooled);
    let (mut in_thread, mut in_pool, mut in_new) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        in_thread.push(each(DOCUMENTS, here));
        in_pool.push(each(DOCUMENTS, || through(&pooled)));
        in_new.push(each(STARTS, || through(&pool())));
    }
    println!("{} bytes of docx, median of {ROUNDS} rounds, a document:", document.len());
    let (base, pooled, new) = (median(in_thread), median(in_pool), median(in_new));
    for (name, time) in [("in this thread", base), ("pooled worker", pooled), ("new worker", new)] {
        println!("{name:16} {time:>10.1?}  {:>6.1}x", time.as_secs_f64() / base.as_secs_f64());
    }
}
