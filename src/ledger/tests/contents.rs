//! Manifests and exported ledgers; what is forgotten.

use super::*;
use crate::model::{Dedupe, UploadKey};

const REMOTE: ImportInto<'static> = ImportInto {
    target_id: "t",
    workspace: "default",
    target_name: "remote",
    extra: None,
    dedupe: Dedupe::Name,
};

fn entry(id: &str, name: &str, status: &str, target: &str) -> String {
    let digest = Sha256::of(name.as_bytes());
    serde_json::json!({
        "schema_version": 1, "seq": 0, "part": 0, "parts": 1, "status": status, "batch": 0,
        "source": {"path": name, "relative": name},
        "output": {"file_name": name, "media_type": "text/plain", "size_bytes": 10, "sha256": digest},
        "target": {"name": target, "consumer": "messages"},
        "file": {"file_id": id, "filename": name, "mime_type": "text/plain", "size_bytes": 10,
            "created_at": NOW, "expires_at": later(60)},
        "content_block": null,
    })
    .to_string()
}

fn key(name: &str) -> Sha256 {
    let digest = Sha256::of(name.as_bytes());
    let file_name = name;
    UploadKey {
        target_id: "t",
        workspace: "default",
        digest: &digest,
        file_name,
        media_type: "text/plain",
        extra: None,
    }
    .sha256()
}

#[test]
fn what_a_manifest_says_is_stored_is_not_sent() {
    let (_folder, ledger, scope) = ledger();
    let ours = Intent { upload_key: key("open"), ..intent("x", "open") };
    send(&ledger, scope, &ours);
    let lines = [
        entry("f1", "a", "uploaded", "remote"),
        entry("f2", "b", "adopted", "remote"),
        entry("f1", "again", "reused", "remote"),
        entry("f3", "open", "uploaded", "remote"),
        entry("f4", "c", "failed", "remote"),
        "{\"schema_version\":1,\"seq\":4".to_owned(),
    ]
    .join("\n");
    let imported = import_manifest(&ledger, &REMOTE, &mut lines.as_bytes()).unwrap();
    assert_eq!(imported, Imported { added: 2, known: 2, passed: 2 });
    let again = Intent { upload_key: key("a"), good_after: Some(later(59)), ..intent("x", "a") };
    let Begun::Stored(stored) = ledger.begin(scope, &again).unwrap() else { panic!() };
    assert_eq!((stored.file.file_id.as_str(), stored.verified_at), ("f1", now()));
    let late = Intent { good_after: Some(later(60)), ..again };
    assert!(matches!(ledger.begin(scope, &late).unwrap(), Begun::Send { .. }), "it expires");
    assert_eq!(ledger.begin(scope, &ours).unwrap(), Begun::Busy, "what is under way stays so");
}

#[test]
fn entries_of_other_targets_are_passed_over() {
    let (_folder, ledger, _) = ledger();
    let line = entry("f1", "a", "uploaded", "local");
    let imported = import_manifest(&ledger, &REMOTE, &mut line.as_bytes()).unwrap();
    assert_eq!(imported, Imported { passed: 1, ..Imported::default() });
    let nowhere = line.replace(r#","target":{"consumer":"messages","name":"local"}"#, "");
    assert_ne!(nowhere, line);
    assert_eq!(import_manifest(&ledger, &REMOTE, &mut nowhere.as_bytes()).unwrap().passed, 1);
}

#[test]
fn a_tagged_name_is_known_by_the_planned_one() {
    let (_folder, ledger, scope) = ledger();
    let line =
        entry("f1", "a~1", "uploaded", "remote").replace(r#""output":{"#, r#""output":{"planned_name":"a","#);
    assert_eq!(import_manifest(&ledger, &REMOTE, &mut line.as_bytes()).unwrap().added, 1);
    let digest = Sha256::of(b"a~1");
    let planned = UploadKey {
        target_id: "t",
        workspace: "default",
        digest: &digest,
        file_name: "a",
        media_type: "text/plain",
        extra: None,
    };
    assert!(ledger.stored(scope, &planned.sha256(), None).unwrap().is_some());
    // The same manifest, of a run for which equal bytes were one file and that sent something with them.
    let extra = Sha256::of(b"extra");
    let into = ImportInto { extra: Some(&extra), dedupe: Dedupe::Content, ..REMOTE };
    let other = line.replace("f1", "f2");
    assert_eq!(import_manifest(&ledger, &into, &mut other.as_bytes()).unwrap().added, 1);
    let nameless = UploadKey { file_name: "", extra: Some(&extra), ..planned };
    assert_eq!(ledger.stored(scope, &nameless.sha256(), None).unwrap().unwrap().file.file_id, "f2");
}

#[test]
fn what_makes_no_sense_is_told_with_its_line() {
    let (_folder, ledger, scope) = ledger();
    let lines = format!("{}\nnonsense\n", entry("f1", "a", "uploaded", "remote"));
    let error = import_manifest(&ledger, &REMOTE, &mut lines.as_bytes()).unwrap_err();
    assert!(matches!(error, ImportError::Line { line: 2, .. }), "{error:?}");
    assert_eq!(ledger.some_ids(scope, 9).unwrap(), ["f1"], "what came before is in");
    let error = import(&ledger, None, &mut lines.as_bytes()).unwrap_err();
    assert!(matches!(error, ImportError::NoScope { line: 1 }), "{error:?}");
    let error = import_manifest(&ledger, &REMOTE, &mut &b"{\"ledger_version\":2}\n"[..]).unwrap_err();
    assert!(matches!(error, ImportError::Newer { line: 1, found: 2, known: 1 }), "{error:?}");
}

#[test]
fn an_exported_ledger_comes_back_whole() {
    let (_folder, ledger, scope) = ledger();
    store(&ledger, scope, &intent("k1", "a"), "f1");
    let attempt = send(&ledger, scope, &intent("k2", "b"));
    ledger.finish(attempt, &file("f2", "b"), Some(Proof::SoleCandidate), &[file("f3", "b")]).unwrap();
    ledger.lost(scope, &["f1".to_owned()]).unwrap();
    store(&ledger, scope, &intent("k1", "a"), "f4");
    let export = |ledger: &Ledger| {
        let mut lines = Vec::new();
        ledger
            .export(|record| {
                serde_json::to_writer(&mut lines, record)?;
                lines.push(b'\n');
                Ok::<_, serde_json::Error>(())
            })
            .unwrap()
            .unwrap();
        String::from_utf8(lines).unwrap()
    };
    let lines = export(&ledger);
    let other = Ledger::ephemeral().unwrap();
    assert_eq!(import(&other, None, &mut lines.as_bytes()).unwrap().added, 4);
    assert_eq!(export(&other), lines);
    assert_eq!(import(&other, None, &mut lines.as_bytes()).unwrap().known, 4);
    assert_eq!(other.only_scope().unwrap(), Some(("t".to_owned(), "default".to_owned())));
}

#[test]
fn what_is_forgotten_is_sent_again() {
    let (_folder, ledger, scope) = ledger();
    store(&ledger, scope, &intent("k1", "a"), "f1");
    store(&ledger, scope, &intent("k2", "b"), "f2");
    assert_eq!(ledger.forget(&Forget::Files(vec!["f1".to_owned(), "f9".to_owned()])).unwrap(), 1);
    let active = ledger.enter_run("run-1");
    let attempt = send(&ledger, scope, &intent("k1", "a"));
    let busy = ledger.forget(&Forget::Scope(scope)).unwrap_err();
    assert!(matches!(busy, LedgerError::Busy { .. }), "{busy:?}");
    ledger.release(attempt).unwrap();
    drop(active);
    assert_eq!(ledger.forget(&Forget::Scope(scope)).unwrap(), 1);
    assert!(ledger.summary().unwrap().scopes[0].objects.is_empty());
    store(&ledger, scope, &intent("k2", "b"), "f2");
}

#[test]
fn nobody_is_stuck_with_what_is_unknown() {
    let (folder, first, scope) = ledger();
    for (key, name) in [("k1", "a"), ("k2", "b"), ("k3", "c")] {
        let attempt = send(&first, scope, &intent(key, name));
        first.park(attempt).unwrap();
    }
    let second = open(folder.path());
    let key = |key: &str| intent(key, "").upload_key;
    let some = |keys: &[&str]| Forget::Unresolved {
        upload_keys: keys.iter().copied().map(key).collect(),
        burned_until: later(100),
    };
    assert_eq!(second.forget(&some(&[])).unwrap(), 0, "somebody works on them");
    let busy = second.forget(&some(&["k1", "k9"])).unwrap_err();
    assert!(matches!(busy, LedgerError::Busy { .. }), "{busy:?}");
    drop(first);
    let open: Vec<_> = second.summary().unwrap().scopes.remove(0).open;
    assert_eq!(open.iter().map(|of| of.file_name.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!((open[0].upload_key, open[0].sent_at), (key("k1"), now()));
    assert_eq!(second.forget(&some(&["k1", "k9"])).unwrap(), 1);
    assert!(!second.is_open(scope, &key("k1")).unwrap());
    assert!(second.is_open(scope, &key("k2")).unwrap());
    assert_eq!(second.forget(&some(&[])).unwrap(), 2);
    assert_eq!(second.burned(scope, later(99)).unwrap().len(), 3, "late copies may appear");
    let usage = second.period_usage("t", now()).unwrap();
    assert!(usage.iter().all(|of| of.used == 0 && of.reserved == 0));
    let begun = second.begin(scope, &intent("k1", "a")).unwrap();
    assert!(matches!(begun, Begun::Send { tagged: true, .. }), "{begun:?}");
}
