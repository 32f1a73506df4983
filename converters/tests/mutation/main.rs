//! Changes the documents of `testdata/` at random and converts what results: no panic, no abort, no hang, bounded
//! memory, and the same output for the same input.
//!
//! Every row of the table of formats that has a converter is tried, so that a new format needs no line here. Cases are
//! numbered: a number gives the same case in every run, until a document or a mutation is added. They run in processes
//! of their own, each of which ends with its range.
//!
//! `DOCFERRY_MUTATIONS=20000 cargo test --release -p docferry-converters --test mutation [FORMAT...]` sets the number
//! of cases of each format; `DOCFERRY_MUTATION_CASE=docx:17` writes and runs one case in this process.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::panic,
    reason = "a test program with files, processes and a terminal; the crate it tests has none"
)]

mod broken;
mod bytes;
mod case;
mod check;
mod compound;
mod harness;
mod package;
mod records;
mod rng;
mod seeds;
mod shape;
mod worker;
mod xml;

use std::alloc::System;
use std::process::ExitCode;

use cap::Cap;
use docferry_converters::formats::{FORMATS, FormatSpec};

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// Memory that a case may hold at once.
const MAX_LIVE_BYTES: usize = 512 << 20;
/// Processor time that a case may take; without optimisation everything takes some ten times as long.
const MAX_SECONDS: f64 = if cfg!(debug_assertions) { 50.0 } else { 5.0 };
/// Cases of each format in a run that nothing is said about: ten seconds of a processor without optimisation.
const DEFAULT_COUNT: u64 = 100;

/// The name under which the harness is tried on converters that break its rules.
const OF_ITSELF: &str = "of-itself";
/// Arguments of test programs that a value follows.
const WITH_VALUE: [&str; 5] = ["--skip", "--test-threads", "--format", "--color", "--logfile"];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let ["--worker", format, from, to, seconds, index, progress] =
        *arguments.iter().map(String::as_str).collect::<Vec<_>>()
    {
        let number = |text: &str| text.parse().expect("a number");
        let seconds = seconds.parse().expect("a number of seconds");
        worker::run(by_name(format), number(from)..number(to), seconds, [index.as_ref(), progress.as_ref()]);
        return ExitCode::SUCCESS;
    }
    if arguments.iter().any(|argument| argument == "--list") {
        // What test runners ask; nothing here is ignored.
        let is_ignored = arguments.iter().any(|argument| argument == "--ignored");
        names().filter(|_| !is_ignored).for_each(|name| println!("mutation::{name}: test"));
        return ExitCode::SUCCESS;
    }
    if let Ok(wanted) = std::env::var("DOCFERRY_MUTATION_CASE") {
        let (format, n) = wanted.split_once(':').expect("DOCFERRY_MUTATION_CASE is format:number");
        return harness::single(by_name(format), n.parse().expect("a number of a case"));
    }
    let count = std::env::var("DOCFERRY_MUTATIONS")
        .map_or(DEFAULT_COUNT, |count| count.parse().expect("DOCFERRY_MUTATIONS is a number"));
    let wanted = wanted(&arguments);
    let specs: Vec<_> = converted().filter(|spec| wanted.contains(&spec.name)).collect();
    let is_noticed = !wanted.contains(&OF_ITSELF) || harness::notices_all();
    let is_good = harness::run_and_show(&specs, count);
    if is_noticed && is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Returns the names that the arguments of a test program choose: all, or those that hold a filter.
fn wanted(arguments: &[String]) -> Vec<&'static str> {
    let mut filters = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if WITH_VALUE.contains(&&**argument) {
            rest.next();
        } else if !argument.starts_with('-') {
            filters.push(argument.as_str());
        }
    }
    let is_exact = arguments.iter().any(|argument| argument == "--exact");
    let fits = |name: &&str| {
        let name = format!("mutation::{name}");
        let fits = |filter: &&str| if is_exact { name == **filter } else { name.contains(*filter) };
        filters.is_empty() || filters.iter().any(fits)
    };
    names().filter(fits).collect()
}

fn names() -> impl Iterator<Item = &'static str> {
    std::iter::once(OF_ITSELF).chain(converted().map(|spec| spec.name))
}

fn converted() -> impl Iterator<Item = &'static FormatSpec> {
    FORMATS.iter().filter(|spec| spec.converter.is_some())
}

fn by_name(name: &str) -> &'static FormatSpec {
    let broken = broken::ROWS.iter().map(|(spec, _)| spec);
    converted()
        .chain(broken)
        .find(|spec| spec.name == name)
        .expect("the name of a format that has a converter")
}
