//! Every durable step, failing, panicking and ending the process; the same command goes on.

use std::collections::BTreeMap;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use docferry::model::entry::Status;
use docferry::model::failpoint::Step;

use super::check::{all_done, check, counts};
use super::expect::well;
use super::site::{Ran, Site};
use super::{draw, extent};

const FILES: usize = 40;
/// Reruns that may be needed until all is done.
const RERUNS: u64 = 2;
/// A run that takes longer waits for what never comes.
const LONGEST: Duration = Duration::from_secs(20);

#[test]
fn steps_that_fail() {
    every_step("error", "");
}

/// As a disk that stays full does.
#[test]
fn steps_that_fail_from_then_on() {
    every_step("error", "+");
}

#[test]
fn steps_that_panic() {
    every_step("panic", "");
}

#[test]
fn steps_that_end_the_process() {
    every_step("abort", "");
}

fn every_step(action: &str, on: &str) {
    let began = Instant::now();
    let mut ends: BTreeMap<String, usize> = BTreeMap::new();
    let mut problems = Vec::new();
    let mut cases = 0;
    for step in Step::ALL {
        for nth in times(*step) {
            cases += 1;
            let spec = format!("{}:{action}:{nth}{on}", step.name());
            let (end, found) = one(*step, action, &spec);
            *ends.entry(end).or_default() += 1;
            problems.extend(found.into_iter().map(|problem| format!("{spec}: {problem}")));
        }
    }
    eprintln!("failpoints: {cases} x {action}{on}: {ends:?}, {:.1} s", began.elapsed().as_secs_f64());
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Returns at which times a step fails: the first, and one in the middle where it comes often enough.
fn times(step: Step) -> Vec<u64> {
    let extent = extent();
    let most = match step {
        Step::RunFile | Step::ManifestRename | Step::AfterRename => 1,
        Step::JournalSync | Step::BeforeResend | Step::AfterResend => 2,
        Step::BeforePark | Step::AfterPark => 4,
        // How many commands share a transaction is chance; so many there are always.
        Step::LedgerCommit => 6,
        _ => 30,
    };
    let more = if extent.is_full { most } else { most.min(2) };
    let mut times: Vec<u64> = match extent.is_full {
        true => (1..=most).collect(),
        false => (1..more).map(|n| 2 + draw(extent.seed + n, step as u64) % (most - 1)).collect(),
    };
    times.push(1);
    times.sort_unstable();
    times.dedup();
    times
}

/// Fails at one step, then runs until all is done.
fn one(step: Step, action: &str, spec: &str) -> (String, Vec<String>) {
    let mut site = Site::new(FILES);
    site.grace = "100ms";
    let faults: &[&str] = match step {
        Step::BeforePark | Step::AfterPark | Step::BeforeResend | Step::AfterResend => {
            &["upload:commit-reset@20%", "upload:reset-after-body@20%"]
        }
        _ => &[],
    };
    site.serve(&faults.iter().map(|fault| (*fault).to_owned()).collect::<Vec<_>>(), extent().seed);
    let mut command = site.command(&site.manifest());
    let Some(output) = within(LONGEST, command.env("DOCFERRY_FAILPOINT", spec)) else {
        return ("hangs".to_owned(), vec![format!("hangs for more than {LONGEST:?}")]);
    };
    let ran = site.ran(&output, &site.manifest());
    let mut problems = Vec::new();
    let (exits, told): (&[Option<i32>], bool) = match action {
        "abort" => (&[None], true),
        "panic" => (&[Some(0), Some(5), Some(6), Some(70)], ran.told.contains("failpoint")),
        _ => (&[Some(0), Some(1), Some(5), Some(6)], true),
    };
    if !exits.contains(&ran.exit) || !told {
        problems.push(format!("{} instead of {exits:?}: {}", counts(&ran), ran.told));
    }
    let end = format!("{:?}", ran.exit.unwrap_or(-1));
    if ran.exit.is_some() && !ran.entries.is_empty() {
        let verdict = check(&site, &as_if_well(ran), &well(2));
        problems.extend(verdict.problems.into_iter().map(|problem| format!("first run: {problem}")));
    }
    site.serve(&[], 0);
    for rerun in 1..=RERUNS {
        let ran = site.run();
        let verdict = check(&site, &ran, &well(1 + rerun));
        problems.extend(verdict.problems.into_iter().map(|problem| format!("rerun {rerun}: {problem}")));
        if all_done(&ran) {
            break;
        }
        if rerun == RERUNS {
            problems.push(format!("not done: {}: {}", counts(&ran), ran.told));
        }
    }
    (end, problems)
}

/// Runs a command unless it takes too long; what it prints fits into a pipe.
fn within(longest: Duration, command: &mut Command) -> Option<Output> {
    let mut child = command.spawn().unwrap();
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if began.elapsed() > longest {
            child.kill().unwrap();
            child.wait().unwrap();
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Some(child.wait_with_output().unwrap())
}

/// A failpoint is a defect, so what is said of one is right; what it must not change is the manifest.
fn as_if_well(ran: Ran) -> Ran {
    let count = |status: Status| ran.entries.iter().filter(|entry| entry.status == status).count();
    let exit = match (count(Status::Ambiguous), count(Status::Failed)) {
        (0, 0) => 0,
        (0, _) => 5,
        _ => 6,
    };
    Ran { exit: Some(exit), told: ran.told.replace("panic", ""), entries: ran.entries }
}
