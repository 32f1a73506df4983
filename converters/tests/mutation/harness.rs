//! Hands ranges of cases to worker processes, and reports what they find.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::Instant;

use docferry_converters::formats::FormatSpec;

use super::{ALLOCATOR, MAX_SECONDS, broken, case, check, seeds, worker};

/// Cases that one process runs.
const RANGE: u64 = 5_000;
/// Deaths of workers after which a range is given up: something is wrong throughout.
const MAX_DEATHS: usize = 5;

/// The documents of `testdata/`, listed once.
static INDEX: LazyLock<String> = LazyLock::new(seeds::index);

/// What was found in one format.
#[derive(Default)]
struct Report {
    kinds: BTreeMap<String, u64>,
    slowest: (u64, u64),
    largest: (u64, u64),
    /// What went wrong, with the first case of it and how many there were.
    failures: BTreeMap<String, (u64, u64)>,
}

impl Report {
    fn fail(&mut self, n: u64, what: &str) {
        let failure = self.failures.entry(what.to_owned()).or_insert((n, 0));
        *failure = (failure.0.min(n), failure.1 + 1);
    }

    /// Takes a line of a worker.
    fn take(&mut self, line: &str) {
        let number = |text: &str| text.parse().unwrap_or(u64::MAX);
        match *line.split('\t').collect::<Vec<_>>() {
            ["fail", n, what] => self.fail(number(n), what),
            ["done", micros, slowest, bytes, largest, kinds] => {
                self.slowest = self.slowest.max((number(micros), number(slowest)));
                self.largest = self.largest.max((number(bytes), number(largest)));
                for (kind, count) in kinds.split(',').filter_map(|kind| kind.split_once('=')) {
                    *self.kinds.entry(kind.to_owned()).or_default() += number(count);
                }
            }
            _ => self.fail(u64::MAX, &format!("a worker said: {line}")),
        }
    }
}

/// Runs `count` cases of each format, and tells whether none of them broke a rule.
pub(crate) fn run_and_show(specs: &[&'static FormatSpec], count: u64) -> bool {
    let began = Instant::now();
    let mut is_good = true;
    for (spec, report) in specs.iter().zip(run(specs, count, MAX_SECONDS)) {
        is_good &= show(spec, &report);
    }
    let seconds = began.elapsed().as_secs_f64();
    println!("{} formats, {count} mutations each, {seconds:.1} s", specs.len());
    is_good
}

/// Runs a few cases of each broken converter, and tells whether what is wrong with it was noticed.
pub(crate) fn notices_all() -> bool {
    let specs: Vec<_> = broken::ROWS.iter().map(|(spec, _)| spec).collect();
    let reports = run(&specs, 1, 0.2);
    let mut is_good = true;
    for ((spec, said), report) in broken::ROWS.iter().zip(reports) {
        if !report.failures.keys().any(|what| what.contains(said)) {
            eprintln!("FAILED: {} was not noticed, only {:?}", spec.name, report.failures);
            is_good = false;
        }
    }
    is_good
}

fn run(specs: &[&'static FormatSpec], count: u64, seconds: f64) -> Vec<Report> {
    let index = &folder().join(format!("seeds-{}", std::process::id()));
    std::fs::write(index, &*INDEX).expect("space for a list");
    let reports: Vec<Mutex<Report>> = specs.iter().map(|_| Mutex::default()).collect();
    let mut jobs = Vec::new();
    for (spec, report) in specs.iter().zip(&reports) {
        let mut from = 0;
        while from < count {
            jobs.push(Job { spec, report, range: from..count.min(from + RANGE), seconds, index });
            from += RANGE;
        }
    }
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (jobs, next) = (&jobs, &next);
            scope.spawn(move || {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    job.work(thread);
                }
            });
        }
    });
    let _ = std::fs::remove_file(index);
    reports.into_iter().map(|report| report.into_inner().expect("no thread panicked")).collect()
}

/// A range of cases for one worker.
struct Job<'a> {
    spec: &'static FormatSpec,
    report: &'a Mutex<Report>,
    range: std::ops::Range<u64>,
    seconds: f64,
    index: &'a Path,
}

impl Job<'_> {
    /// Runs the range in a worker, and what is left of it in another one after each death.
    fn work(&self, thread: usize) {
        let progress = folder().join(format!("progress-{}-{thread}", std::process::id()));
        let mut from = self.range.start;
        for _ in 0..MAX_DEATHS {
            // What an earlier worker left says nothing of this one.
            let _ = std::fs::remove_file(&progress);
            let output = Command::new(std::env::current_exe().expect("this program"))
                .args(["--worker", self.spec.name, &from.to_string(), &self.range.end.to_string()])
                .args([OsStr::new(&self.seconds.to_string()), self.index.as_os_str(), progress.as_os_str()])
                .stdin(Stdio::null())
                .output()
                .expect("a worker");
            match self.judge(from, &output, &progress) {
                Some(died_at) if died_at + 1 < self.range.end => from = died_at + 1,
                _ => break,
            }
        }
        let _ = std::fs::remove_file(&progress);
    }

    /// Takes what a worker said, and returns the case that it died of.
    fn judge(&self, from: u64, output: &Output, progress: &Path) -> Option<u64> {
        let mut report = self.report.lock().expect("no thread panicked");
        let said = String::from_utf8_lossy(&output.stdout);
        said.lines().for_each(|line| report.take(line));
        if output.status.success() {
            if !said.lines().any(|line| line.starts_with("done\t")) {
                report.fail(from, "a worker ended without figures");
            }
            return None;
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let why = said.lines().rfind(|line| !line.is_empty()).unwrap_or_default();
        let bytes = std::fs::read(progress).unwrap_or_default();
        let Some(n) = bytes.first_chunk().map(|bytes| u64::from_le_bytes(*bytes)) else {
            report.fail(u64::MAX, &format!("a worker did not begin: {said}"));
            return None;
        };
        if output.status.code() == Some(worker::TOO_MUCH) {
            // It has said so itself.
        } else if output.status.code() == Some(worker::TOO_LONG) {
            report.fail(n, &format!("more than {} s of processor time", self.seconds));
        } else {
            report.fail(n, &format!("the process died ({}): {why}", output.status));
        }
        Some(n)
    }
}

/// Prints what was found in a format, and tells whether it was nothing.
fn show(spec: &'static FormatSpec, report: &Report) -> bool {
    let total = report.kinds.values().sum::<u64>().max(1);
    let kinds: Vec<_> = report.kinds.iter().map(|(kind, n)| format!("{kind} {}%", n * 100 / total)).collect();
    let (slowest, largest) = (report.slowest, report.largest);
    println!(
        "{:20} slowest {:>6} ms ({}), most memory {:>4} MiB ({}), {}",
        spec.name,
        slowest.0 / 1000,
        slowest.1,
        largest.0 >> 20,
        largest.1,
        kinds.join(", ")
    );
    for (what, (n, times)) in &report.failures {
        eprintln!("FAILED {times} times: {what}");
        if *n == u64::MAX {
            continue;
        }
        let (path, story) = save(spec, *n);
        eprintln!("  {story}\n  {}", path.display());
        eprintln!(
            "  DOCFERRY_MUTATION_CASE={}:{n} cargo test {}-p docferry-converters --test mutation",
            spec.name,
            if cfg!(debug_assertions) { "" } else { "--release " }
        );
    }
    report.failures.is_empty()
}

fn folder() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("mutation");
    std::fs::create_dir_all(&folder).expect("a folder for failing cases");
    folder
}

/// Writes a case to a file, and returns its place and what it was made from.
fn save(spec: &'static FormatSpec, n: u64) -> (PathBuf, String) {
    let case = case::make(spec, &seeds::load(spec, &INDEX), n);
    let extension = case.name.rsplit('.').next().unwrap_or_default();
    let path = folder().join(format!("{}-{n}.{extension}", spec.name));
    std::fs::write(&path, &case.bytes).expect("space for a case");
    let defaults = docferry_converters::Options::default().named();
    let changed = case.options.named().into_iter().filter(|option| !defaults.contains(option));
    let options: Vec<_> = changed.map(|(key, value)| format!("{key}={value}")).collect();
    (path, format!("{} [{}]", case.story, options.join(" ")))
}

/// Writes a case and converts it here, so that a panic shows where it came from.
pub(crate) fn single(spec: &'static FormatSpec, n: u64) -> ExitCode {
    let (path, story) = save(spec, n);
    println!("{story}\n{}", path.display());
    let case = case::make(spec, &seeds::load(spec, &INDEX), n);
    let before = ALLOCATOR.allocated();
    let began = Instant::now();
    let (first, second) = (check::convert(spec, &case), check::convert(spec, &case));
    let held = ALLOCATOR.max_allocated().saturating_sub(before);
    println!("{first:?}, twice in {:.3?}, {} MiB", began.elapsed(), held >> 20);
    if first.is_ok() && first == second { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
