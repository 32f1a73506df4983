//! Documents that are generated from the code, and the README's example, which is the doctest; fails when they drift.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::path::Path;

use docferry::model::code::{CODES, CodeKind};
use docferry::model::entry::Entry;
use docferry_converters::formats::{FORMATS, Family, FormatSpec};

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

#[test]
fn table_of_formats_is_current() {
    let mut text = String::from(
        "# Table of formats\n\nGenerated from `converters/src/formats/table.rs`. `docferry formats --json` has every extension, \
         bare name and media type.\nWhat the converters keep and drop is in `docs/formats.md`.\n",
    );
    let families = [
        (Family::Text, "Text"),
        (Family::Document, "Documents"),
        (Family::Image, "Images"),
        (Family::Archive, "Archives"),
        (Family::Binary, "Other"),
    ];
    for (family, title) in families {
        text.push_str(&format!(
            "\n## {title}\n\n| name | format | extensions | converter |\n|---|---|---|---|\n"
        ));
        for spec in FORMATS.iter().filter(|spec| spec.family == family) {
            let converter =
                spec.converter.map_or(String::new(), |converter| format!("`{}`", converter.name()));
            text.push_str(&format!(
                "| `{}` | {} | {} | {converter} |\n",
                spec.name,
                spec.title,
                extensions(spec)
            ));
        }
    }
    check("docs/formats-table.md", &text);
}

/// A few extensions are enough for a row.
fn extensions(spec: &FormatSpec) -> String {
    const SHOWN: usize = 6;
    let shown: Vec<_> = spec.extensions.iter().take(SHOWN).map(|(one, _)| format!("`.{one}`")).collect();
    let more = spec.extensions.len().saturating_sub(SHOWN);
    if more == 0 { shown.join(" ") } else { format!("{} and {more} more", shown.join(" ")) }
}

#[test]
fn readme_shows_the_doctest() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = std::fs::read_to_string(root.join("src/lib.rs")).unwrap();
    let docs = source.lines().filter_map(|line| line.strip_prefix("//!"));
    let lines = docs.map(|line| line.strip_prefix(' ').unwrap_or(line));
    let example = lines.skip_while(|line| *line != "```").skip(1).take_while(|line| *line != "```");
    let shown: Vec<_> = example.filter(|line| !line.starts_with("# ")).collect();
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    assert!(
        !shown.is_empty() && readme.contains(&shown.join("\n")),
        "README.md shows another example than src/lib.rs"
    );
}
