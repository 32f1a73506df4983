//! The product's own documents: every sample finds a place, every reject gets the code that `testdata/README.md` says.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use docferry::model::entry::{Entry, Status};
use docferry::pipeline::Pipeline;
use docferry::store::Store;
use docferry::targets::local::LocalTarget;
use docferry::targets::profiles;

fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)
}

fn ingest(folder: &str) -> Vec<Entry> {
    let store = tempfile::tempdir().unwrap();
    let target = LocalTarget::new(profiles::built_in("local").unwrap(), Store::open(store.path()).unwrap());
    let pipeline = Pipeline::builder().input(testdata(folder)).target(Arc::new(target)).build().unwrap();
    let report = pipeline.run(&mut ()).unwrap();
    report.entries().unwrap().map(Result::unwrap).collect()
}

#[test]
fn every_sample_finds_a_place() {
    let entries = ingest("samples");
    let stays: Vec<_> = entries
        .iter()
        .filter(|e| !matches!(e.status, Status::Uploaded | Status::Reused))
        .map(|e| (&e.source.relative, e.status, &e.violations, &e.error))
        .collect();
    assert!(stays.is_empty(), "{stays:#?}");
    let inputs = entries.iter().filter(|e| e.part == 0).count();
    let formats: std::collections::BTreeSet<_> = entries.iter().map(|e| &e.source.format).collect();
    assert!(inputs >= 30 && formats.len() >= 12, "{inputs} inputs in {} formats", formats.len());
}

/// Reads the rows `| path | class | …` of the section about rejects.
fn expected() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(testdata("README.md")).unwrap();
    let section = text.split("\n## rejects/").nth(1).unwrap().split("\n## ").next().unwrap();
    let table = section.split("| path | code |").nth(1).unwrap();
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| `")?.split('|');
        let path = cells.next()?.trim().trim_end_matches('`').to_owned();
        Some((path, cells.next()?.trim().trim_matches('`').to_owned()))
    };
    table.lines().filter_map(row).collect()
}

/// Returns the codes that a class of `testdata/README.md` stands for.
fn codes(class: &str) -> &'static [&'static str] {
    match class {
        "empty-file" => &["empty-file"],
        "no-text" => &["no-text"],
        "corrupt" => &["corrupt-document"],
        "encrypted" => &["encrypted-document"],
        "content-mismatch" => &["content-mismatch", "binary-content"],
        "unsupported-format" => &["unsupported-format", "unsupported-document"],
        "limit" => &["limit-exceeded"],
        "secret-name" => &["secret-name"],
        _ => &[],
    }
}

#[test]
fn every_reject_gets_the_code_that_its_row_says() {
    let mut rows = expected();
    let mut wrong = Vec::new();
    for entry in ingest("rejects") {
        let Some(class) = rows.remove(&entry.source.relative) else {
            wrong.push(format!("{} has no row", entry.source.relative));
            continue;
        };
        let found: Vec<&str> = entry.violations.iter().map(|v| v.code.as_str()).collect();
        let fits = entry.status == Status::Rejected && found.iter().any(|code| codes(&class).contains(code));
        if !fits {
            wrong.push(format!("{}: {class}, got {:?} {found:?}", entry.source.relative, entry.status));
        }
    }
    wrong.extend(rows.keys().map(|path| format!("{path} has a row and is no input")));
    assert!(wrong.is_empty(), "{wrong:#?}");
}
