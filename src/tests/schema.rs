//! The manifest's JSON schema in `docs/` is generated from the types; this fails when it drifts.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::path::Path;

use docferry::model::code::{CODES, CodeKind};
use docferry::model::entry::Entry;

/// Compares a generated document with the committed one, or rewrites it with `DOCFERRY_BLESS=1`.
fn check(path: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    #[expect(clippy::disallowed_methods, reason = "the switch that rewrites expectations")]
    if std::env::var_os("DOCFERRY_BLESS").is_some() {
        std::fs::write(&path, made).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == made,
        "{} is out of date; run DOCFERRY_BLESS=1 cargo test --test schema",
        path.display()
    );
}

#[test]
fn manifest_schema_is_current() {
    let schema = schemars::schema_for!(Entry);
    let mut text = serde_json::to_string_pretty(&schema).unwrap();
    text.push('\n');
    check("docs/manifest.schema.json", &text);
}

#[test]
fn table_of_codes_is_current() {
    let mut text = String::from(
        "# Codes\n\nGenerated from `src/model/code.rs`. A code once released is never renamed; later versions add new ones.\n",
    );
    let kinds = [
        (
            CodeKind::Violation,
            "Violations",
            "The file breaks a rule; it is `rejected`, and nothing was sent for it.",
        ),
        (
            CodeKind::Failure,
            "Failures",
            "Something went wrong with the file; it is `failed` (or `ambiguous`).",
        ),
        (CodeKind::Skip, "Skips", "The file was left out on purpose; it is `skipped`."),
        (CodeKind::Warning, "Warnings", "Something was changed or left out; the file goes on."),
    ];
    for (kind, title, about) in kinds {
        text.push_str(&format!("\n## {title}\n{about}\n\n| code | what | what helps | source of the rule | rerun may succeed |\n|---|---|---|---|---|\n"));
        for spec in CODES.iter().filter(|spec| spec.kind == kind) {
            let again = if spec.retryable { "yes" } else { "no" };
            text.push_str(&format!(
                "| `{}` | {} | {} | {} | {again} |\n",
                spec.name, spec.what, spec.fix, spec.source
            ));
        }
    }
    check("docs/codes.md", &text);
}
