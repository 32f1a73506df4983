//! What is recalled of sources.

use super::*;

const PATH: &[u8] = b"/in/\xffa.docx";

fn stat() -> SourceStat<'static> {
    SourceStat { path: PATH, size_bytes: 5, modified_ns: 77, inode: u64::MAX, device: 9 }
}

fn memory(scope: Scope, keys: &[&str]) -> Memory {
    let stat = stat();
    Memory {
        path: PATH.to_vec(),
        is_settled: true,
        size_bytes: stat.size_bytes,
        modified_ns: stat.modified_ns,
        inode: stat.inode,
        device: stat.device,
        scope,
        digest: Sha256::of(b"bytes"),
        file_name: b"\xffa.docx".to_vec(),
        fingerprint: [4; 16],
        judgement: "{\"parts\":2}".to_owned(),
        keys: keys.iter().map(|key| Sha256::of(key.as_bytes())).collect(),
        judged_at: now(),
        converter: None,
    }
}

#[test]
fn an_unchanged_source_is_recalled_with_all_its_parts() {
    let (_folder, ledger, scope) = ledger();
    let recall = |query: &SourceStat<'_>, fingerprint: u8, good_after| {
        ledger.recall(scope, query, &[fingerprint; 16], good_after).unwrap()
    };
    assert_eq!(recall(&stat(), 4, None), None, "nothing is known");
    ledger.remember(memory(scope, &["k2", "k1"]));
    ledger.flush().unwrap();
    assert_eq!(recall(&stat(), 4, None), None, "no part is stored");
    store(&ledger, scope, &intent("k1", "a.md"), "f1");
    assert_eq!(recall(&stat(), 4, None), None, "one part is not stored");
    let attempt = send(&ledger, scope, &intent("k2", "b.md"));
    assert_eq!(recall(&stat(), 4, None), None, "one part is under way");
    let expiring = FileObject { expires_at: Some(later(60)), ..file("f2", "b.md") };
    ledger.finish(attempt, &expiring, None, &[]).unwrap();
    let recalled = recall(&stat(), 4, Some(later(59))).unwrap();
    assert_eq!((recalled.digest, recalled.judgement.as_str()), (Sha256::of(b"bytes"), "{\"parts\":2}"));
    let ids: Vec<_> = recalled.objects.iter().map(|object| object.file.file_id.as_str()).collect();
    assert_eq!(ids, ["f2", "f1"], "in the order of the keys");
    assert_eq!(recall(&stat(), 4, Some(later(60))), None, "one part expires");
    for (what, changed) in [
        ("size", SourceStat { size_bytes: 6, ..stat() }),
        ("time", SourceStat { modified_ns: 78, ..stat() }),
        ("inode", SourceStat { inode: 1, ..stat() }),
        ("device", SourceStat { device: 1, ..stat() }),
        ("path", SourceStat { path: b"/in/b.docx", ..stat() }),
    ] {
        assert_eq!(recall(&changed, 4, None), None, "{what}");
    }
    assert_eq!(recall(&stat(), 5, None), None, "other settings");
    let other = ledger.scope("t", "other").unwrap();
    assert_eq!(ledger.recall(other, &stat(), &[4; 16], None).unwrap(), None, "another workspace");
    ledger.lost(scope, &["f1".to_owned()]).unwrap();
    assert_eq!(recall(&stat(), 4, None), None, "one part is gone");
}

#[test]
fn a_row_that_is_not_where_it_should_be_is_found_by_its_key() {
    let (_folder, ledger, scope) = ledger();
    store(&ledger, scope, &intent("other", "o.md"), "f0");
    ledger.remember(memory(scope, &["k1", "k2"]));
    store(&ledger, scope, &intent("k1", "a.md"), "f1");
    store(&ledger, scope, &intent("k2", "b.md"), "f2");
    let connection = rusqlite::Connection::open(ledger.path()).unwrap();
    let place = || -> (i64, i64) {
        let sql = "SELECT judgement, object FROM place";
        connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
    };
    assert_eq!(place(), (1, 2), "that of the first part");
    for elsewhere in [
        "SELECT 1",
        "UPDATE place SET object = 1",
        "UPDATE place SET object = 9223372036854775807",
        "UPDATE source SET judgement = 7",
        "DELETE FROM place; UPDATE source SET judgement = NULL",
    ] {
        connection.execute_batch(elsewhere).unwrap();
        let recalled = ledger.recall(scope, &stat(), &[4; 16], None).unwrap().unwrap();
        let ids: Vec<_> = recalled.objects.iter().map(|object| object.file.file_id.as_str()).collect();
        assert_eq!(ids, ["f1", "f2"], "{elsewhere}");
    }
}

#[test]
fn what_was_decided_of_a_content_is_known_under_its_name() {
    let (_folder, ledger, scope) = ledger();
    ledger.remember(memory(scope, &["k"]));
    let changed = Memory { judgement: "new".to_owned(), keys: Vec::new(), ..memory(scope, &[]) };
    ledger.flush().unwrap();
    let judgement = |digest: &[u8], name: &[u8], fingerprint: u8| {
        let found =
            ledger.recall_content(scope, (&Sha256::of(digest), name), &[fingerprint; 16], None).unwrap();
        found.map(|recalled| (recalled.judgement, recalled.objects.len()))
    };
    assert_eq!(judgement(b"bytes", b"\xffa.docx", 4), None, "nothing is stored");
    store(&ledger, scope, &intent("k", "a.md"), "f1");
    assert_eq!(judgement(b"bytes", b"\xffa.docx", 4), Some(("{\"parts\":2}".to_owned(), 1)));
    assert_eq!(judgement(b"bytez", b"\xffa.docx", 4), None);
    assert_eq!(judgement(b"bytes", b"a.docx", 4), None);
    assert_eq!(judgement(b"bytes", b"\xffa.docx", 3), None);
    ledger.remember(changed);
    ledger.flush().unwrap();
    assert_eq!(judgement(b"bytes", b"\xffa.docx", 4), Some(("new".to_owned(), 0)));
    let recalled = ledger.recall(scope, &stat(), &[4; 16], None).unwrap().unwrap();
    assert!(recalled.objects.is_empty(), "what became nothing is recalled, too");
}
