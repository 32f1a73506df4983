//! Tests of the ledger on temporary folders.

mod budgets;
mod contents;
mod opening;
mod pace;
mod prune;
mod runs;
mod sharing;
mod sources;
mod speed;
mod states;

use std::path::Path;

use super::*;
use crate::model::{Charges, NameTag, Proof};

const NOW: &str = "2026-11-20T10:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at(NOW)
}

fn later(seconds: u64) -> Timestamp {
    now().plus(Duration::from_secs(seconds))
}

fn open(dir: &Path) -> Ledger {
    Ledger::open(dir, &LedgerOptions::default()).unwrap()
}

/// A ledger with a workspace in a folder.
fn ledger() -> (TempDir, Ledger, Scope) {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let scope = ledger.scope("t", "default").unwrap();
    (folder, ledger, scope)
}

fn intent(key: &str, name: &str) -> Intent {
    let digest = Sha256::of(key.as_bytes());
    Intent {
        upload_key: digest,
        source: format!("in/{name}"),
        file_name: name.to_owned(),
        tagged_name: format!("{name}~{}", digest.short(8)),
        size_bytes: 10,
        media_type: "text/plain".to_owned(),
        digest,
        run_id: "run-1".to_owned(),
        sent_at: now(),
        good_after: None,
        force: false,
        name_tag: NameTag::Auto,
        charges: Charges { files: 1, bytes: 10, tokens: 3, cost_micro_usd: 7 },
    }
}

fn file(id: &str, name: &str) -> FileObject {
    FileObject {
        file_id: id.to_owned(),
        filename: name.to_owned(),
        size_bytes: 10,
        mime_type: "text/plain".to_owned(),
        created_at: now(),
        updated_at: None,
        expires_at: None,
        downloadable: Some(false),
        purpose: None,
        status: None,
        scope: None,
        metadata: None,
        request_id: None,
    }
}

#[track_caller]
fn send(ledger: &Ledger, scope: Scope, intent: &Intent) -> AttemptId {
    match ledger.begin(scope, intent).unwrap() {
        Begun::Send { attempt, tagged: false, burned: false } => attempt,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn store(ledger: &Ledger, scope: Scope, intent: &Intent, id: &str) {
    let attempt = send(ledger, scope, intent);
    ledger.finish(attempt, &file(id, &intent.file_name), None, &[]).unwrap();
}

fn run(id: &str) -> RunRecord {
    RunRecord {
        id: id.to_owned(),
        started_at: now(),
        cwd: "/w".into(),
        args: vec!["ingest".into(), "".into(), "in".into()],
        manifest: Some("m.jsonl".into()),
    }
}
