//! Every fault of the table alone, at ten in a hundred uploads.

use std::time::Instant;

use docferry::server::Fault;

use super::check::{all_done, check, counts};
use super::expect::{SHARED, expect, well};
use super::extent;
use super::site::Site;

#[test]
fn every_fault_alone_of_the_first_half() {
    alone(0);
}

#[test]
fn every_fault_alone_of_the_second_half() {
    alone(1);
}

fn alone(half: usize) {
    let names = Fault::kinds().iter().map(|kind| kind.name).enumerate();
    let problems: Vec<String> =
        names.filter(|(n, _)| n % 2 == half).flat_map(|(_, name)| one(name)).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Runs into one fault, and once more without it if anything was left undone.
fn one(name: &str) -> Vec<String> {
    let extent = extent();
    let expect = expect(name);
    let count =
        if extent.is_full { extent.files } else { expect.files.unwrap_or(extent.files).min(extent.files) };
    let began = Instant::now();
    let mut site = Site::new(count);
    if expect.with == SHARED {
        site.share_writers();
    }
    let struck = if name.contains("lag") { name.to_owned() } else { format!("{name}@10%") };
    let others = expect.with.iter().filter(|with| with.contains(':')).map(|with| (*with).to_owned());
    let faults: Vec<String> = std::iter::once(struck).chain(others).collect();
    site.serve(&faults, extent.seed);
    let ran = site.run();
    let first = check(&site, &ran, &expect);
    let mut problems = first.problems;
    if !ran.exit.is_some_and(|exit| expect.exits.contains(&exit)) {
        problems.push(format!("{} instead of {:?}: {}", counts(&ran), expect.exits, ran.told));
    }
    let mut line = format!(
        "{name}: {count} files, {} requests, {}, {} duplicates, {} unnamed",
        first.requests,
        counts(&ran),
        first.duplicates,
        first.unnamed
    );
    if !all_done(&ran) || expect.rerun {
        site.serve(&[], 0);
        let again = site.run();
        let expected = super::expect::Expect { is_truthful: expect.is_truthful, ..well(2) };
        let second = check(&site, &again, &expected);
        problems.extend(second.problems.into_iter().map(|problem| format!("rerun: {problem}")));
        if !all_done(&again) {
            problems.push(format!("rerun: {}: {}", counts(&again), again.told));
        }
        line.push_str(&format!("; then {}, {} duplicates", counts(&again), second.duplicates));
    }
    eprintln!(
        "{line}; {:.1} s{}",
        began.elapsed().as_secs_f64(),
        if problems.is_empty() { "" } else { " FAILED" }
    );
    problems.into_iter().map(|problem| format!("{name}: {problem}")).collect()
}
