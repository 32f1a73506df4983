//! What is known of files that are to be deleted, and what happens to their rows.

use super::*;

use OwnedState::{Condemned, Current, Open, Replaced};

fn ids(ledger: &Ledger, scope: Scope) -> Vec<(String, OwnedState)> {
    let mut ids = Vec::new();
    ledger.owned_files(scope, |owned| ids.push((owned.file.file_id, owned.state))).unwrap();
    ids
}

#[test]
fn what_has_use_is_not_condemned() {
    let (_folder, ledger, scope) = ledger();
    store(&ledger, scope, &intent("k", "a.md"), "f1");
    let condemn = |id, since| ledger.condemn(scope, id, since).unwrap();
    assert_eq!(condemn("f1", Some(at("2026-11-20T09:59:59Z"))), None);
    assert_eq!(condemn("f2", Some(now())), None, "it is not ours");
    ledger.note_use(scope, "f1", later(100));
    // The clock was set back, and use is later all the same.
    ledger.note_use(scope, "f1", now());
    ledger.flush().unwrap();
    assert_eq!(condemn("f1", Some(later(100))), None);
    assert_eq!(condemn("f1", Some(later(101))), Some(Current));
    assert_eq!(condemn("f1", Some(now())), Some(Condemned), "it is condemned already");
    let key = intent("k", "a.md").upload_key;
    assert_eq!(ledger.stored(scope, &key, None).unwrap(), None, "nobody uses it again");
    assert_eq!(ids(&ledger, scope), [("f1".to_owned(), Condemned)], "whoever comes next goes on");
    ledger.removed(scope, "f1").unwrap();
    assert_eq!(ids(&ledger, scope), []);
}

#[test]
fn what_could_not_be_deleted_counts_again_unless_something_else_does() {
    let (_folder, ledger, scope) = ledger();
    let (first, key) = (intent("k", "a.md"), intent("k", "a.md").upload_key);
    store(&ledger, scope, &first, "f1");
    let condemn = |id| ledger.condemn(scope, id, None).unwrap().unwrap();
    ledger.pardon(scope, "f1", condemn("f1")).unwrap();
    let stored = ledger.stored(scope, &key, None).unwrap().unwrap();
    assert_eq!(stored.file.file_id, "f1");
    assert_eq!(ledger.unseen(scope, later(0)).unwrap(), ["f1"], "it is looked for before it is used");
    let was = condemn("f1");
    store(&ledger, scope, &first, "f2");
    ledger.pardon(scope, "f1", was).unwrap();
    assert_eq!(ids(&ledger, scope), [("f1".to_owned(), Replaced), ("f2".to_owned(), Current)]);
    let was = condemn("f1");
    assert_eq!(was, Replaced);
    ledger.removed(scope, "f1").unwrap();
    ledger.pardon(scope, "f1", was).unwrap();
    assert_eq!(ids(&ledger, scope), [("f2".to_owned(), Current)], "what is deleted stays so");
}

#[test]
fn what_a_newer_upload_would_replace_is_kept_until_that_is_stored() {
    let (_folder, ledger, scope) = ledger();
    let first = intent("k", "a.md");
    store(&ledger, scope, &first, "f1");
    let forced = Intent { force: true, run_id: "run-2".to_owned(), ..first };
    let attempt = send(&ledger, scope, &forced);
    for _ in 0..2 {
        assert_eq!(ids(&ledger, scope), [("f1".to_owned(), Open)]);
        assert_eq!(ledger.condemn(scope, "f1", None).unwrap(), None);
        ledger.park(attempt).unwrap();
    }
    ledger.finish(attempt, &file("f2", "a.md"), None, &[]).unwrap();
    assert_eq!(ids(&ledger, scope), [("f1".to_owned(), Replaced), ("f2".to_owned(), Current)]);
    assert_eq!(ledger.condemn(scope, "f1", None).unwrap(), Some(Replaced));
}

#[test]
fn nobody_opens_a_ledger_while_files_are_deleted() {
    let (folder, ledger, _) = ledger();
    let options = LedgerOptions { busy_timeout: Duration::ZERO };
    let other = Ledger::open(folder.path(), &options).unwrap();
    assert!(matches!(ledger.alone(), Err(LedgerError::Busy { .. })));
    drop(other);
    let alone = ledger.alone().unwrap();
    assert!(matches!(Ledger::open(folder.path(), &options), Err(LedgerError::Busy { .. })));
    drop(alone);
    Ledger::open(folder.path(), &options).unwrap();
}

#[test]
fn the_last_plan_is_remembered() {
    let (folder, ledger, _) = ledger();
    assert_eq!(ledger.plan_at().unwrap(), None);
    ledger.note_plan(later(5)).unwrap();
    ledger.note_plan(now()).unwrap();
    assert_eq!(open(folder.path()).plan_at().unwrap(), Some(later(5)));
}

#[test]
fn the_room_of_what_is_removed_is_free_once() {
    let (_folder, ledger, scope) = ledger();
    store(&ledger, scope, &intent("k", "a.md"), "f1");
    ledger.set_usage(scope, &Usage { bytes: 100, files: 3, measured_at: now() }).unwrap();
    for _ in 0..2 {
        ledger.removed(scope, "f1").unwrap();
        ledger.removed(scope, "unknown").unwrap();
        let usage = ledger.usage(scope).unwrap().unwrap();
        assert_eq!((usage.bytes, usage.files), (90, 2));
    }
}

#[test]
fn what_sources_became_is_told_by_path_and_newest_first() {
    let (_folder, ledger, scope) = ledger();
    let note = |path: &str, seconds, key: &str, revision| {
        let stat = SourceStat { path: b"", size_bytes: 1, modified_ns: 1, inode: 1, device: 1 };
        ledger.remember(Memory {
            path: path.as_bytes().to_vec(),
            is_settled: false,
            size_bytes: stat.size_bytes,
            modified_ns: stat.modified_ns,
            inode: stat.inode,
            device: stat.device,
            scope,
            digest: Sha256::of(key.as_bytes()),
            file_name: b"a".to_vec(),
            fingerprint: [0; 16],
            judgement: String::new(),
            keys: vec![Sha256::of(key.as_bytes())],
            judged_at: later(seconds),
            converter: Some(("x-to-y".to_owned(), revision)),
        });
    };
    note("/b", 1, "k1", 1);
    note("/a", 1, "k1", 1);
    note("/a", 2, "k2", 2);
    // The clock was set back.
    note("/a", 0, "k1", 1);
    note("", 4, "k9", 1);
    ledger.flush().unwrap();
    let mut told = Vec::new();
    ledger.origins(scope, |record| told.push(record)).unwrap();
    let told: Vec<_> = told
        .iter()
        .map(|record| {
            let revision = record.converter.as_ref().map(|(_, revision)| *revision);
            (std::str::from_utf8(&record.path).unwrap(), record.judged_at, record.keys[0], revision)
        })
        .collect();
    let [k1, k2] = ["k1", "k2"].map(|key| Sha256::of(key.as_bytes()));
    let expected = [
        ("/a", Timestamp::from_unix_micros(later(2).unix_micros() + 1), k1, Some(1)),
        ("/a", later(2), k2, Some(2)),
        ("/b", later(1), k1, Some(1)),
    ];
    assert_eq!(told, expected);
    ledger.forget(&Forget::Sources).unwrap();
    ledger.origins(scope, |record| panic!("{record:?}")).unwrap();
}

#[test]
fn what_is_under_way_or_may_appear_is_unsettled() {
    let (_folder, ledger, scope) = ledger();
    store(&ledger, scope, &intent("k1", "done.md"), "f1");
    send(&ledger, scope, &intent("k2", "under-way.md"));
    let attempt = send(&ledger, scope, &intent("k3", "burned.md"));
    ledger.abandon(attempt, later(60), &[]).unwrap();
    let names = |at| {
        let mut names: Vec<_> = ledger.unsettled(scope, at).unwrap().into_iter().collect();
        names.sort();
        names
    };
    let of = |name: &str| (name.to_owned(), 10);
    assert_eq!(names(now()), [of("burned.md"), of("under-way.md")]);
    assert_eq!(names(later(61)), [of("under-way.md")]);
}
