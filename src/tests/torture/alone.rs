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

/// Late commits after more listings than the table's: some of them after the last look at a file.
#[test]
fn files_that_are_stored_after_our_listings_are_never_taken_for_others() {
    let names = [3, 4, 6, 9, 14].map(|listings| format!("upload:commit-late={listings}"));
    let problems: Vec<String> = names.iter().flat_map(|name| one("anthropic", name)).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// The same state machine with other proofs: metadata, and pages by id.
#[test]
fn other_dialects_fare_alike() {
    let mut problems = Vec::new();
    for target in ["qoder", "anthropic-beta"] {
        for name in [
            "upload:commit-reset",
            "upload:reset-after-body",
            "upload:answer-garbage",
            "upload:commit-late=4",
            "upload:foreign-around",
            "list:page-loop",
            "list:lag=1500ms",
        ] {
            problems.extend(one(target, name));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Bodies of which a part is still on its way when the answer comes or the connection breaks.
#[test]
fn big_bodies_are_cut_off_midway() {
    let names =
        ["reset-before-body", "reset-mid-body", "413-early", "413-early-close", "401", "commit-reset", "529"];
    let problems: Vec<String> =
        names.iter().flat_map(|name| on(Site::big(30), "anthropic", &format!("upload:{name}"))).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn alone(half: usize) {
    let names = Fault::kinds().iter().map(|kind| kind.name).enumerate();
    let problems: Vec<String> =
        names.filter(|(n, _)| n % 2 == half).flat_map(|(_, name)| one("anthropic", name)).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Runs into one fault, and once more without it if anything was left undone.
fn one(target: &str, name: &str) -> Vec<String> {
    let extent = extent();
    let expect = expect(name);
    let count =
        if extent.is_full { extent.files } else { expect.files.unwrap_or(extent.files).min(extent.files) };
    on(Site::new(count), target, name)
}

fn on(mut site: Site, target: &str, name: &str) -> Vec<String> {
    let (extent, expect, count) = (extent(), expect(name), site.inputs);
    let began = Instant::now();
    site.use_target(target, expect.with == SHARED);
    let struck = match name.split_once(':').unwrap() {
        ("list", effect) if effect.starts_with("lag") => name.to_owned(),
        // Each is read for 10,000 pages.
        ("list", "page-endless") => name.to_owned(),
        // There are few listings; two of three fail.
        ("list", _) => format!("{name}@100%"),
        _ => format!("{name}@10%"),
    };
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
        "{target} {name}: {count} files, {} requests, {}, {} duplicates, {} unnamed",
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
    problems.into_iter().map(|problem| format!("{target} {name}: {problem}")).collect()
}
