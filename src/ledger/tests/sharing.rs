//! Several threads and processes on one ledger.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use super::*;
use crate::model::budget::{BudgetKind, Period};

const FOLDER: &str = "DOCFERRY_TEST_LEDGER";
const KEYS: u32 = 60;

/// The folder that the parent names, in a process that a test started.
#[expect(clippy::disallowed_methods, reason = "how a test tells its child what to do")]
fn of_child() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

/// Starts a test of this file in a process of its own.
fn child(test: &str, folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("ledger::tests::sharing::{test}"), "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
#[ignore = "a process that another test starts"]
fn sends_and_dies() {
    let Some(folder) = of_child() else { return };
    let ledger = open(&folder);
    let scope = ledger.scope("t", "default").unwrap();
    send(&ledger, scope, &intent("k1", "a.txt"));
    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).unwrap();
}

#[test]
#[ignore = "a process that another test starts"]
fn stores_all_keys() {
    let Some(folder) = of_child() else { return };
    let ledger = open(&folder);
    let scope = ledger.scope("t", "default").unwrap();
    store_keys(&ledger, scope, std::process::id());
}

/// Stores every key that nobody else stores first.
fn store_keys(ledger: &Ledger, scope: Scope, who: u32) {
    let mut open: Vec<u32> = (0..KEYS).collect();
    while !open.is_empty() {
        open.retain(|number| {
            let intent = intent(&format!("k{number}"), &format!("{number}.txt"));
            match ledger.begin(scope, &intent).unwrap() {
                Begun::Send { attempt, .. } => {
                    let id = format!("f{number}-{who}");
                    ledger.finish(attempt, &file(&id, &intent.file_name), None, &[]).unwrap();
                    false
                }
                Begun::Stored(_) => false,
                Begun::Busy => true,
                other => panic!("{other:?}"),
            }
        });
    }
}

#[test]
fn what_a_killed_process_left_is_unresolved() {
    let (folder, ledger, scope) = ledger();
    let status = child("sends_and_dies", folder.path()).wait().unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));
    let Begun::Unresolved(parked) = ledger.begin(scope, &intent("k1", "a.txt")).unwrap() else { panic!() };
    assert_eq!(parked.source, "in/a.txt");
    // The next one that comes removes what the dead one held.
    let second = open(folder.path());
    let owners = std::fs::read_dir(folder.path().join("owners")).unwrap().count();
    assert_eq!(owners, 3, "the guard, and those who are here");
    drop(second);
}

#[test]
fn two_processes_store_every_key_once() {
    let (folder, ledger, scope) = ledger();
    let children = [child("stores_all_keys", folder.path()), child("stores_all_keys", folder.path())];
    store_keys(&ledger, scope, 0);
    for child in children {
        assert!(child.wait_with_output().unwrap().status.success());
    }
    let summary = ledger.summary().unwrap();
    assert_eq!(summary.scopes[0].objects, std::collections::BTreeMap::from([("done", u64::from(KEYS))]));
}

#[test]
fn threads_and_handles_keep_a_budget_to_the_byte() {
    let (folder, first, scope) = ledger();
    let second = open(folder.path());
    let limit =
        PeriodLimit { period: Period::Week, kind: BudgetKind::Bytes, max: 155, target_id: "t".to_owned() };
    for ledger in [&first, &second] {
        ledger.set_period_limits(std::slice::from_ref(&limit));
    }
    let begun: Vec<bool> = std::thread::scope(|threads| {
        let work = |thread: u32| {
            let ledger = if thread.is_multiple_of(2) { &first } else { &second };
            move || {
                (0..4)
                    .map(|n| {
                        let intent = intent(&format!("{thread}-{n}"), &format!("{thread}-{n}"));
                        match ledger.begin(scope, &intent).unwrap() {
                            Begun::Send { attempt, .. } if n % 2 == 0 => {
                                let id = format!("f{thread}-{n}");
                                ledger.finish(attempt, &file(&id, "x"), None, &[]).unwrap();
                                true
                            }
                            Begun::Send { .. } => true,
                            Begun::OverBudget(_) => false,
                            other => panic!("{other:?}"),
                        }
                    })
                    .collect::<Vec<_>>()
            }
        };
        let threads: Vec<_> = (0..16).map(|thread| threads.spawn(work(thread))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(begun.iter().filter(|sent| **sent).count(), 15);
    let usage = first.period_usage("t", now()).unwrap();
    let bytes = usage.iter().find(|u| u.period == Period::Week && u.kind == BudgetKind::Bytes).unwrap();
    assert_eq!(bytes.used + bytes.reserved, 150);
}

#[test]
fn requests_are_counted_and_bounded() {
    let (_folder, ledger, _) = ledger();
    assert_eq!(ledger.charge_requests("t", 4, now()).unwrap(), None);
    let limit =
        PeriodLimit { period: Period::Day, kind: BudgetKind::Requests, max: 5, target_id: "t".to_owned() };
    ledger.set_period_limits(&[limit]);
    assert_eq!(ledger.charge_requests("t", 1, now()).unwrap(), None);
    let exceeded = ledger.charge_requests("t", 1, now()).unwrap().unwrap();
    assert_eq!((exceeded.used, exceeded.max, exceeded.limit.as_str()), (5, 5, "per_day.requests"));
    assert_eq!(ledger.charge_requests("t", 1, later(86_400)).unwrap(), None, "the next day");
}

#[test]
fn a_command_that_fails_does_not_spoil_its_group() {
    let (_folder, ledger, scope) = ledger();
    let attempts: Vec<_> =
        (0..16).map(|n| send(&ledger, scope, &intent(&format!("k{n}"), &format!("{n}")))).collect();
    let failed: usize = std::thread::scope(|threads| {
        let finish = |(n, attempt): (usize, &AttemptId)| {
            let (ledger, attempt) = (ledger.clone(), *attempt);
            // Every fourth gets an id that another one has, too.
            let id = if n % 4 == 0 { "twice".to_owned() } else { format!("f{n}") };
            threads.spawn(move || ledger.finish(attempt, &file(&id, "x"), None, &[]).is_err())
        };
        let threads: Vec<_> = attempts.iter().enumerate().map(finish).collect();
        threads.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum()
    });
    assert_eq!(failed, 3);
    assert_eq!(ledger.some_ids(scope, 99).unwrap().len(), 12, "and nobody has the id that was given twice");
}
