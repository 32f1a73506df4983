//! The life of an upload.

use super::*;

#[test]
fn what_is_stored_is_not_sent_again() {
    let (_folder, ledger, scope) = ledger();
    let intent = intent("k", "a.txt");
    let attempt = send(&ledger, scope, &intent);
    assert_eq!(ledger.begin(scope, &intent).unwrap(), Begun::Busy);
    ledger.finish(attempt, &file("f1", "a.txt"), Some(Proof::NameTag), &[file("f2", "a.txt")]).unwrap();
    let Begun::Stored(stored) = ledger.begin(scope, &intent).unwrap() else { panic!() };
    assert_eq!(stored.file, file("f1", "a.txt"));
    assert_eq!((stored.proof, stored.verified_at), (Some(Proof::NameTag), now()));
    let owned = ledger.owned(scope, &["f1", "f2", "f3"]).unwrap();
    assert_eq!(owned, HashSet::from(["f1".to_owned(), "f2".to_owned()]));
    assert_eq!(ledger.some_ids(scope, 10).unwrap(), ["f1"]);
}

#[test]
fn what_was_released_is_sent_again() {
    let (_folder, ledger, scope) = ledger();
    let intent = intent("k", "a.txt");
    let attempt = send(&ledger, scope, &intent);
    ledger.release(attempt).unwrap();
    assert!(matches!(ledger.release(attempt), Err(LedgerError::NotOpen { .. })));
    store(&ledger, scope, &intent, "f1");
}

#[test]
fn one_name_and_size_at_a_time() {
    let (_folder, ledger, scope) = ledger();
    let first = send(&ledger, scope, &intent("k1", "a.txt"));
    assert_eq!(ledger.begin(scope, &intent("k2", "a.txt")).unwrap(), Begun::Busy);
    let other_size = Intent { size_bytes: 11, ..intent("k3", "a.txt") };
    send(&ledger, scope, &other_size);
    ledger.park(first).unwrap();
    let begun = ledger.begin(scope, &intent("k2", "a.txt")).unwrap();
    assert!(matches!(begun, Begun::Send { tagged: true, .. }), "{begun:?}");
    let never = Intent { name_tag: NameTag::Never, ..intent("k4", "a.txt") };
    assert_eq!(ledger.begin(scope, &never).unwrap(), Begun::Busy);
    let always = Intent { name_tag: NameTag::Always, ..intent("k5", "b.txt") };
    assert!(matches!(ledger.begin(scope, &always).unwrap(), Begun::Send { tagged: true, .. }));
}

#[test]
fn a_crash_loses_nothing_of_what_was_sent_again() {
    let (folder, first, scope) = ledger();
    let intent = Intent { name_tag: NameTag::Never, ..intent("k1", "a.txt") };
    let attempt = send(&first, scope, &intent);
    first.park(attempt).unwrap();
    let again = Resend {
        tagged_name: "a.txt".to_owned(),
        tagged: false,
        sent_at: later(5),
        burned_until: later(100),
        orphans: vec![file("f9", "a.txt")],
    };
    first.resend(attempt, &again).unwrap();
    drop(first);
    let second = open(folder.path());
    // The burned name is kept as long as somebody may ask for it.
    second.run_begin(&RunRecord { started_at: later(500), ..run("run-2") }).unwrap();
    let next = Intent { run_id: "run-2".to_owned(), sent_at: later(500), ..intent };
    let Begun::Unresolved(parked) = second.begin(scope, &next).unwrap() else { panic!() };
    assert_eq!((parked.tagged, parked.burned, parked.sends), (false, true, 1));
    assert_eq!((parked.orphans, parked.old_names), (vec![file("f9", "a.txt")], vec!["a.txt".to_owned()]));
    assert_eq!((parked.digest, parked.sent_at), (next.digest, later(5)));
}

#[test]
fn a_burned_name_is_told_where_no_tag_is_allowed() {
    let (_folder, ledger, scope) = ledger();
    let first = send(&ledger, scope, &intent("k1", "a.txt"));
    ledger.abandon(first, later(100), &[]).unwrap();
    let never = Intent { name_tag: NameTag::Never, ..intent("k2", "a.txt") };
    let begun = ledger.begin(scope, &never).unwrap();
    assert!(matches!(begun, Begun::Send { tagged: false, burned: true, .. }), "{begun:?}");
    let auto = ledger.begin(scope, &intent("k1", "a.txt")).unwrap();
    assert!(matches!(auto, Begun::Send { tagged: true, burned: false, .. }), "{auto:?}");
}

#[test]
fn copies_are_told_with_what_they_are_copies_of() {
    let (_folder, ledger, scope) = ledger();
    let intent = intent("k1", "a.txt");
    let attempt = send(&ledger, scope, &intent);
    assert!(ledger.is_open(scope, &intent.upload_key).unwrap());
    ledger.finish(attempt, &file("f1", "a.txt"), None, &[file("f2", "a.txt")]).unwrap();
    assert!(!ledger.is_open(scope, &intent.upload_key).unwrap());
    ledger.note_orphans(scope, &intent.upload_key, &[file("f3", "a.txt")]).unwrap();
    let Begun::Stored(stored) = ledger.begin(scope, &intent).unwrap() else { panic!() };
    assert_eq!(stored.orphans, ["f2", "f3"]);
    ledger.lost(scope, &["f2".to_owned()]).unwrap();
    let stored = ledger.stored(scope, &intent.upload_key, None).unwrap().unwrap();
    assert_eq!(stored.orphans, ["f3"]);
}

#[test]
fn what_is_of_no_use_is_paid_and_sent_again() {
    let (_folder, ledger, scope) = ledger();
    ledger.set_usage(scope, &Usage { bytes: 100, files: 1, measured_at: now() }).unwrap();
    store(&ledger, scope, &intent("k1", "a.txt"), "f1");
    let attempt = send(&ledger, scope, &intent("k2", "b.txt"));
    let twice = ledger.spoil(attempt, &FileObject { size_bytes: 4, ..file("f1", "b.txt") });
    assert!(matches!(twice, Err(LedgerError::DuplicateId { .. })), "{twice:?}");
    ledger.spoil(attempt, &FileObject { size_bytes: 4, ..file("f2", "b.txt") }).unwrap();
    assert!(matches!(ledger.spoil(attempt, &file("f3", "b.txt")), Err(LedgerError::NotOpen { .. })));
    let usage = ledger.usage(scope).unwrap().unwrap();
    assert_eq!((usage.bytes, usage.files), (114, 3));
    assert_eq!(bytes(&ledger), (20, 0));
    assert_eq!(ledger.owned(scope, &["f2"]).unwrap().len(), 1);
    store(&ledger, scope, &intent("k2", "b.txt"), "f4");
    let stored = ledger.stored(scope, &intent("k2", "b.txt").upload_key, None).unwrap().unwrap();
    assert_eq!(stored.orphans, ["f2"]);
}

#[test]
fn what_is_given_up_burns_its_name_and_gives_back() {
    let (_folder, ledger, scope) = ledger();
    let forced = Intent { force: true, run_id: "run-2".to_owned(), ..intent("k1", "a.txt") };
    store(&ledger, scope, &intent("k1", "a.txt"), "f1");
    let attempt = send(&ledger, scope, &forced);
    ledger.park(attempt).unwrap();
    assert_eq!(bytes(&ledger), (10, 10));
    ledger.abandon(attempt, later(100), &[file("f9", "a.txt")]).unwrap();
    assert_eq!(bytes(&ledger), (10, 0));
    assert!(!ledger.is_open(scope, &forced.upload_key).unwrap());
    assert_eq!(ledger.burned(scope, later(99)).unwrap()[0].file_name, "a.txt");
    let Begun::Stored(stored) = ledger.begin(scope, &intent("k1", "a.txt")).unwrap() else { panic!() };
    assert_eq!((stored.file.file_id.as_str(), stored.orphans), ("f1", vec!["f9".to_owned()]), "as before");
    let begun = ledger.begin(scope, &forced).unwrap();
    assert!(matches!(begun, Begun::Send { tagged: true, .. }), "{begun:?}");
}

/// Bytes of the day: used, reserved.
fn bytes(ledger: &Ledger) -> (u64, u64) {
    use crate::model::budget::{BudgetKind, Period};
    let all = ledger.period_usage("t", now()).unwrap();
    let day = all.iter().find(|of| of.period == Period::Day && of.kind == BudgetKind::Bytes).unwrap();
    (day.used, day.reserved)
}

#[test]
fn what_is_sent_again_burns_its_name() {
    let (_folder, ledger, scope) = ledger();
    let first = send(&ledger, scope, &intent("k1", "a.txt"));
    ledger.park(first).unwrap();
    let again = Resend {
        tagged_name: "a~1.txt".to_owned(),
        tagged: true,
        sent_at: later(5),
        burned_until: later(100),
        orphans: vec![file("f9", "a.txt")],
    };
    ledger.resend(first, &again).unwrap();
    let burned = ledger.burned(scope, later(50)).unwrap();
    assert_eq!((burned.len(), burned[0].file_name.as_str(), burned[0].sent_at), (1, "a.txt", now()));
    assert!(ledger.burned(scope, later(100)).unwrap().is_empty());
    // The old name is free, and tagged as long as it is burned.
    let begun = ledger.begin(scope, &intent("k2", "a.txt")).unwrap();
    assert!(matches!(begun, Begun::Send { tagged: true, .. }), "{begun:?}");
    let cold = Intent { sent_at: later(100), ..intent("k3", "a.txt") };
    send(&ledger, scope, &cold);
    ledger.finish(first, &file("f1", "a~1.txt"), Some(Proof::NameTag), &[]).unwrap();
    assert_eq!(ledger.owned(scope, &["f9"]).unwrap().len(), 1);
}

#[test]
fn an_id_is_given_once() {
    let (_folder, ledger, scope) = ledger();
    store(&ledger, scope, &intent("k1", "a.txt"), "f1");
    let second = send(&ledger, scope, &intent("k2", "b.txt"));
    let error = ledger.finish(second, &file("f1", "b.txt"), None, &[]).unwrap_err();
    assert!(
        matches!(&error, LedgerError::DuplicateId { file_id, of, reopened: true } if file_id == "f1" && of == "in/a.txt"),
        "{error:?}"
    );
    ledger.finish(second, &file("f2", "b.txt"), None, &[]).unwrap();
}

#[test]
fn an_id_that_a_run_was_given_twice_is_that_of_neither() {
    let (_folder, ledger, scope) = ledger();
    ledger.set_usage(scope, &Usage { bytes: 100, files: 1, measured_at: now() }).unwrap();
    let of_run = |run: &str, key: &str, name: &str| Intent { run_id: run.to_owned(), ..intent(key, name) };
    store(&ledger, scope, &of_run("run-0", "k0", "o.txt"), "f0");
    let adopted = send(&ledger, scope, &intent("k1", "p.txt"));
    ledger.finish(adopted, &file("f1", "p.txt"), Some(Proof::NameTag), &[]).unwrap();
    store(&ledger, scope, &intent("k2", "a.txt"), "f2");
    assert_eq!(bytes(&ledger), (30, 0));
    let refused = |attempt, id: &str| match ledger.finish(attempt, &file(id, "b.txt"), None, &[]) {
        Err(LedgerError::DuplicateId { reopened, .. }) => reopened,
        other => panic!("{other:?}"),
    };
    // The attempt holds the name of the one that is doubted below.
    let attempt = send(&ledger, scope, &intent("k3", "a.txt"));
    assert!(!refused(attempt, "f0"), "of an earlier run");
    assert!(!refused(attempt, "f1"), "proven");
    let other = ledger.spoil(attempt, &FileObject { size_bytes: 4, ..file("f2", "b.txt") });
    assert!(matches!(other, Err(LedgerError::DuplicateId { reopened: false, .. })), "{other:?}");
    assert!(refused(attempt, "f2"));
    assert!(!refused(attempt, "f2"), "nobody gets it by an answer");
    assert_eq!(ledger.taken(scope, &["f0", "f1", "f2"]).unwrap().len(), 2);
    assert_eq!(ledger.owned(scope, &["f0", "f1", "f2"]).unwrap().len(), 3);
    assert!(ledger.is_open(scope, &intent("k2", "a.txt").upload_key).unwrap());
    let usage = ledger.usage(scope).unwrap().unwrap();
    assert_eq!((usage.bytes, usage.files, bytes(&ledger)), (120, 3, (30, 10)));
    // The next run looks for both, and takes neither for the only one of its name.
    let parked = ledger.unresolved(scope, "run-2").unwrap();
    let alone = ledger.finish(parked[0].attempt, &file("f2", "a.txt"), Some(Proof::SoleCandidate), &[]);
    assert!(matches!(alone, Err(LedgerError::NotAlone { .. })), "{alone:?}");
    ledger.finish(parked[0].attempt, &file("f2", "a.txt"), Some(Proof::Metadata), &[]).unwrap();
    assert_eq!(bytes(&ledger), (30, 10), "it was paid before");
    ledger.finish(parked[1].attempt, &file("f3", "a.txt"), Some(Proof::SoleCandidate), &[]).unwrap();
    assert_eq!(bytes(&ledger), (40, 0));
}

#[test]
fn an_id_in_doubt_is_that_of_whoever_it_is_found_to_belong_to() {
    let (_folder, ledger, scope) = ledger();
    let doubted = |n: u32| {
        let (key, name, id) = (format!("k{n}"), format!("{n}.txt"), format!("f{n}"));
        store(&ledger, scope, &intent(&key, &name), &id);
        let other = send(&ledger, scope, &intent(&format!("l{n}"), "b.txt"));
        let spoilt = ledger.spoil(other, &file(&id, "b.txt"));
        assert!(matches!(spoilt, Err(LedgerError::DuplicateId { reopened: true, .. })), "{spoilt:?}");
        ledger.release(other).unwrap();
        file(&id, &name)
    };
    let files = [doubted(0), doubted(1), doubted(2)];
    let exported = || {
        let mut ids = Vec::new();
        let each = |record: &Record| {
            ids.push(record.file.file_id.clone());
            Ok::<(), ()>(())
        };
        ledger.export(each).unwrap().unwrap();
        ids
    };
    assert!(exported().is_empty());
    let parked = ledger.unresolved(scope, "run-2").unwrap();
    // Sent again, given up, and taken for a copy of something else.
    let again = Resend {
        tagged_name: "0~1.txt".to_owned(),
        tagged: true,
        sent_at: later(5),
        burned_until: later(100),
        orphans: Vec::new(),
    };
    ledger.resend(parked[0].attempt, &again).unwrap();
    ledger.abandon(parked[1].attempt, later(100), &files[1..2]).unwrap();
    ledger.note_orphans(scope, &intent("k9", "c.txt").upload_key, &files[2..]).unwrap();
    assert_eq!(exported(), ["f1", "f2"]);
    ledger.finish(parked[0].attempt, &file("f0", "0~1.txt"), None, &[]).unwrap();
    // What was given up may still appear under its name.
    let named = Intent { name_tag: NameTag::Never, run_id: "run-2".to_owned(), ..intent("m", "1.txt") };
    let Begun::Send { attempt, burned: true, .. } = ledger.begin(scope, &named).unwrap() else { panic!() };
    let alone = ledger.finish(attempt, &file("f5", "1.txt"), Some(Proof::SoleCandidate), &[]);
    assert!(matches!(alone, Err(LedgerError::NotAlone { .. })), "{alone:?}");
}

#[test]
fn what_expires_or_is_forced_is_replaced() {
    let (_folder, ledger, scope) = ledger();
    let intent = intent("k", "a.txt");
    let attempt = send(&ledger, scope, &intent);
    let expiring = FileObject { expires_at: Some(later(60)), ..file("f1", "a.txt") };
    ledger.finish(attempt, &expiring, None, &[]).unwrap();
    let good = Intent { good_after: Some(later(59)), ..intent.clone() };
    assert!(matches!(ledger.begin(scope, &good).unwrap(), Begun::Stored(_)));
    let late = Intent { good_after: Some(later(60)), ..intent.clone() };
    let attempt = send(&ledger, scope, &late);
    // What could not be replaced stays.
    ledger.release(attempt).unwrap();
    assert!(matches!(ledger.begin(scope, &good).unwrap(), Begun::Stored(_)));
    let forced = Intent { force: true, ..intent.clone() };
    assert!(matches!(ledger.begin(scope, &forced).unwrap(), Begun::Stored(_)), "of this very run");
    let forced = Intent { run_id: "run-2".to_owned(), ..forced };
    store(&ledger, scope, &forced, "f2");
    assert!(matches!(ledger.begin(scope, &forced).unwrap(), Begun::Stored(_)));
    assert_eq!(ledger.owned(scope, &["f1", "f2"]).unwrap().len(), 2);
    assert_eq!(ledger.some_ids(scope, 10).unwrap(), ["f2"]);
}

#[test]
fn what_is_lost_is_sent_again() {
    let (_folder, ledger, scope) = ledger();
    let intent = intent("k", "a.txt");
    store(&ledger, scope, &intent, "f1");
    assert_eq!(ledger.unseen(scope, later(1)).unwrap(), ["f1"]);
    ledger.verified(scope, &["f1".to_owned()], later(1)).unwrap();
    assert!(ledger.unseen(scope, later(1)).unwrap().is_empty());
    ledger.lost(scope, &["f1".to_owned()]).unwrap();
    assert!(ledger.unseen(scope, later(9)).unwrap().is_empty());
    store(&ledger, scope, &intent, "f2");
    assert_eq!(ledger.owned(scope, &["f1"]).unwrap().len(), 1);
}

#[test]
fn what_a_process_left_open_is_taken_over() {
    let (folder, first, scope) = ledger();
    let (sent, parked) = (intent("k1", "a.txt"), intent("k2", "b.txt"));
    send(&first, scope, &sent);
    let attempt = send(&first, scope, &parked);
    first.park(attempt).unwrap();
    let second = open(folder.path());
    assert_eq!(second.begin(scope, &sent).unwrap(), Begun::Busy);
    assert_eq!(second.begin(scope, &parked).unwrap(), Begun::Busy, "its process may still find out");
    drop(first);
    let Begun::Unresolved(found) = second.begin(scope, &sent).unwrap() else { panic!() };
    assert_eq!((found.file_name.as_str(), found.sends, found.burned), ("a.txt", 0, false));
    assert_eq!(second.begin(scope, &sent).unwrap(), Begun::Busy, "it is ours now");
    second.finish(found.attempt, &file("f1", "a.txt"), Some(Proof::SoleCandidate), &[]).unwrap();
    let rest = second.unresolved(scope, "run-2").unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!((rest[0].attempt.row, rest[0].source.as_str()), (attempt.row, "in/b.txt"));
}

#[test]
fn a_workspace_is_unused_until_something_is_known_of_it() {
    let (_folder, ledger, scope) = ledger();
    assert!(ledger.scope_is_unused(scope).unwrap());
    let attempt = send(&ledger, scope, &intent("k1", "a.txt"));
    assert!(!ledger.scope_is_unused(scope).unwrap());
    ledger.release(attempt).unwrap();
    assert!(ledger.scope_is_unused(scope).unwrap());
    ledger.note_credential(scope, &[1; 16]).unwrap();
    assert!(!ledger.scope_is_unused(scope).unwrap());
    let other = ledger.scope("t", "other").unwrap();
    store(&ledger, other, &intent("k1", "a.txt"), "f1");
    ledger.lost(other, &["f1".to_owned()]).unwrap();
    assert!(!ledger.scope_is_unused(other).unwrap(), "an id was known");
}

#[test]
fn what_a_run_left_open_is_taken_over_in_the_same_process() {
    let (_folder, ledger, scope) = ledger();
    let first = ledger.enter_run("run-1");
    let again = ledger.clone().enter_run("run-1");
    let intent = intent("k1", "a.txt");
    let attempt = send(&ledger, scope, &intent);
    let other =
        send(&ledger, scope, &Intent { upload_key: Sha256::of(b"k2"), size_bytes: 11, ..intent.clone() });
    ledger.park(attempt).unwrap();
    drop(again);
    let next = Intent { run_id: "run-2".to_owned(), ..intent };
    assert_eq!(ledger.begin(scope, &next).unwrap(), Begun::Busy, "the run goes on");
    assert_eq!(ledger.clone().unresolved(scope, "run-2").unwrap(), []);
    drop(first);
    let second = ledger.enter_run("run-2");
    let Begun::Unresolved(found) = ledger.begin(scope, &next).unwrap() else { panic!() };
    assert_eq!(ledger.begin(scope, &next).unwrap(), Begun::Busy);
    // Whoever left it has no say in it any more.
    assert!(matches!(ledger.release(attempt), Err(LedgerError::NotOpen { .. })));
    assert_eq!(ledger.unresolved(scope, "run-3").unwrap().len(), 1, "what was being sent, too");
    assert!(matches!(ledger.park(other), Err(LedgerError::NotOpen { .. })));
    drop(second);
    ledger.finish(found.attempt, &file("f1", "a.txt"), None, &[]).unwrap();
}
