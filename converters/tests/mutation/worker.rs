//! A process that runs a range of cases, so that what cannot be caught costs the process and not the harness.
//!
//! It says what it finds in lines on standard output: `fail`, number, what; at last `done`, and the figures.

use std::collections::BTreeMap;
use std::io::{Seek as _, Write as _};
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use docferry_converters::formats::FormatSpec;

use super::{ALLOCATOR, MAX_LIVE_BYTES, case, check, seeds};

/// The exit status of a worker whose case took too long.
pub(crate) const TOO_LONG: i32 = 97;
/// The exit status of a worker whose case held too much.
pub(crate) const TOO_MUCH: i32 = 98;
/// Threads of the product have as much.
const STACK_BYTES: usize = 8 << 20;

/// The number of the case that runs.
static CURRENT: AtomicU64 = AtomicU64::new(u64::MAX);

/// Runs the cases of `range`. Of the files, the first lists the seeds; the second gets the number of the case that runs.
pub(crate) fn run(spec: &'static FormatSpec, range: Range<u64>, seconds: f64, files: [&Path; 2]) {
    check::keep_panics();
    std::thread::spawn(move || watch(seconds));
    let [index, progress] = files;
    let index = std::fs::read_to_string(index).expect("the list of seeds");
    let mut progress = std::fs::File::create(progress).expect("a file for the progress");
    let work = move || {
        let seeds = seeds::load(spec, &index);
        assert!(!seeds.is_empty(), "no document of testdata is read by the converter of {}", spec.name);
        let mut figures = Figures::default();
        for n in range {
            progress
                .rewind()
                .and_then(|()| progress.write_all(&n.to_le_bytes()))
                .expect("space for a number");
            CURRENT.store(n, Ordering::Relaxed);
            one(spec, &seeds, n, &mut figures);
        }
        CURRENT.store(u64::MAX, Ordering::Relaxed);
        figures.print();
    };
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(work).expect("a thread");
    if thread.join().is_err() {
        let n = CURRENT.load(Ordering::Relaxed);
        println!("fail\t{n}\tthe harness itself panicked: {}", check::last_panic());
    }
}

fn one(spec: &'static FormatSpec, seeds: &seeds::Seeds, n: u64, figures: &mut Figures) {
    let case = case::make(spec, seeds, n);
    let (before, most) = (ALLOCATOR.allocated(), ALLOCATOR.max_allocated());
    let began = Instant::now();
    // One in a hundred is done twice.
    let ended = check::check(spec, &case, n.is_multiple_of(100));
    figures.slowest = figures.slowest.max((began.elapsed(), n));
    // The allocator keeps the most of all time, so that only a case that held more than all others is seen.
    let now = ALLOCATOR.max_allocated();
    if now > most {
        figures.largest = figures.largest.max((now - before, n));
    }
    match ended {
        Ok(ended) => *figures.kinds.entry(ended.kind).or_default() += 1,
        Err(what) => println!("fail\t{n}\t{}", what.replace(['\n', '\t'], " ")),
    }
    if figures.largest.0 > MAX_LIVE_BYTES {
        println!("fail\t{n}\tmore than {} MiB of memory", MAX_LIVE_BYTES >> 20);
        figures.print();
        // Another process can see what the next cases hold.
        std::process::exit(TOO_MUCH);
    }
}

#[derive(Default)]
struct Figures {
    slowest: (Duration, u64),
    largest: (usize, u64),
    kinds: BTreeMap<&'static str, u64>,
}

impl Figures {
    fn print(&self) {
        let kinds: Vec<_> = self.kinds.iter().map(|(kind, count)| format!("{kind}={count}")).collect();
        let (slowest, largest) = (self.slowest, self.largest);
        println!(
            "done\t{}\t{}\t{}\t{}\t{}",
            slowest.0.as_micros(),
            slowest.1,
            largest.0,
            largest.1,
            kinds.join(",")
        );
    }
}

/// Ends the process when a case has used `seconds` of processor time, or any time where that cannot be read.
fn watch(seconds: f64) {
    let mut seen = (u64::MAX, 0.0);
    let began = Instant::now();
    loop {
        std::thread::sleep(Duration::from_millis(100));
        let now = processor_seconds().unwrap_or_else(|| began.elapsed().as_secs_f64());
        let current = CURRENT.load(Ordering::Relaxed);
        if current != seen.0 {
            seen = (current, now);
        } else if current != u64::MAX && now - seen.1 > seconds {
            std::process::exit(TOO_LONG);
        }
    }
}

/// Returns what this process has used, which other processes of a busy machine do not change (Linux).
fn processor_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    // utime and stime, in ticks of 10 ms.
    Some((fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?) / 100.0)
}
