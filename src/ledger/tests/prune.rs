//! What is known of files that are to be deleted, and what happens to their rows.

use super::*;

fn ids(ledger: &Ledger, scope: Scope) -> Vec<(String, bool)> {
    let mut ids = Vec::new();
    ledger.owned_files(scope, |owned| ids.push((owned.file.file_id, owned.is_current))).unwrap();
    ids
}

#[test]
fn what_has_use_is_not_condemned() {
    let (_folder, ledger, scope) = ledger();
    store(&ledger, scope, &intent("k", "a.md"), "f1");
    assert_eq!(ledger.condemn(scope, "f1", at("2026-11-20T09:59:59Z")).unwrap(), None);
    assert_eq!(ledger.condemn(scope, "f2", now()).unwrap(), None, "it is not ours");
    ledger.note_use(scope, "f1", later(100));
    ledger.flush().unwrap();
    assert_eq!(ledger.condemn(scope, "f1", later(99)).unwrap(), None);
    assert_eq!(ledger.condemn(scope, "f1", later(100)).unwrap(), Some(true));
    assert_eq!(ledger.condemn(scope, "f1", later(100)).unwrap(), None, "it is condemned already");
    let key = intent("k", "a.md").upload_key;
    assert_eq!(ledger.stored(scope, &key, None).unwrap(), None, "nobody uses it again");
    assert_eq!(ids(&ledger, scope), []);
}

#[test]
fn what_could_not_be_deleted_counts_again_unless_something_else_does() {
    let (_folder, ledger, scope) = ledger();
    let (first, key) = (intent("k", "a.md"), intent("k", "a.md").upload_key);
    store(&ledger, scope, &first, "f1");
    let condemn = |id| ledger.condemn(scope, id, later(9)).unwrap().unwrap();
    let was_current = condemn("f1");
    ledger.pardon(scope, "f1", was_current).unwrap();
    assert_eq!(ledger.stored(scope, &key, None).unwrap().unwrap().file.file_id, "f1");
    let was_current = condemn("f1");
    store(&ledger, scope, &first, "f2");
    ledger.pardon(scope, "f1", was_current).unwrap();
    assert_eq!(ids(&ledger, scope), [("f1".to_owned(), false), ("f2".to_owned(), true)]);
    let was_current = condemn("f1");
    assert!(!was_current);
    ledger.removed(scope, "f1").unwrap();
    ledger.pardon(scope, "f1", was_current).unwrap();
    assert_eq!(ids(&ledger, scope), [("f2".to_owned(), true)], "what is deleted stays so");
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
            path: Vec::new(),
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
            origin: path.as_bytes().to_vec(),
            judged_at: later(seconds),
            converter: Some(("x-to-y".to_owned(), revision)),
        });
    };
    note("/b", 1, "k1", 1);
    note("/a", 1, "k1", 1);
    note("/a", 2, "k2", 2);
    note("/a", 3, "k1", 1);
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
    let expected =
        [("/a", later(3), k1, Some(1)), ("/a", later(2), k2, Some(2)), ("/b", later(1), k1, Some(1))];
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
