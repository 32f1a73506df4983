//! Walks `testdata/accept/*.csv`: what each built-in target says of a name, type and size, for every consumer.
//!
//! Columns: file name, media type, size in bytes, whether it is text, consumer, and one verdict for each target:
//! `as-is`, `as text/plain`, `… +.txt` (appended to the name), `… renamed` (cleaned or cut), `convert:<code>`,
//! `reject:<code>`. In names, `\u{2c}` is a character and `{a*9}` a run. Adding a case is adding a row.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use docferry::acceptance::{Acceptance, Route};
use docferry::model::{Consumer, MediaType, Profile};
use docferry::policy::Policy;
use docferry::targets::profiles;

struct Row {
    place: String,
    name: String,
    media_type: MediaType,
    size_bytes: u64,
    is_text: bool,
    consumer: Consumer,
    verdicts: Vec<(String, String)>,
}

fn rows() -> Vec<Row> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/accept");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
        .iter()
        .filter(|file| file.extension().is_some_and(|e| e == "csv"))
        .flat_map(|file| rows_of(file))
        .collect()
}

fn rows_of(file: &Path) -> Vec<Row> {
    let text = std::fs::read_to_string(file).unwrap();
    let mut lines = text.lines().enumerate();
    let header: Vec<_> = lines.next().unwrap().1.split(',').collect();
    let file_name = file.file_name().unwrap().to_string_lossy();
    let parse = |(at, line): (usize, &str)| {
        let place = format!("{file_name}:{}", at + 1);
        let cells: Vec<_> = line.split(',').collect();
        assert_eq!(cells.len(), header.len(), "{place}: {line}");
        Row {
            name: unescape(cells[0]),
            media_type: cells[1].parse().unwrap(),
            size_bytes: cells[2].parse().unwrap(),
            is_text: cells[3] == "yes",
            consumer: cells[4].parse().unwrap(),
            verdicts: header
                .iter()
                .zip(cells)
                .skip(5)
                .map(|(target, verdict)| ((*target).to_owned(), verdict.to_owned()))
                .collect(),
            place,
        }
    };
    lines.map(parse).collect()
}

/// Reads `\u{…}` and then `{x*n}`.
fn unescape(cell: &str) -> String {
    let mut plain = String::new();
    let mut rest = cell;
    while let Some((before, after)) = rest.split_once("\\u{") {
        let (digits, after) = after.split_once('}').unwrap();
        plain.push_str(before);
        plain.push(char::from_u32(u32::from_str_radix(digits, 16).unwrap()).unwrap());
        rest = after;
    }
    plain.push_str(rest);
    while let Some((at, run)) = plain.match_indices('{').find_map(|(at, _)| run_at(&plain, at)) {
        plain.replace_range(at.clone(), &run);
    }
    plain
}

fn run_at(text: &str, at: usize) -> Option<(std::ops::Range<usize>, String)> {
    let end = at + text[at..].find('}')?;
    let (unit, count) = text[at + 1..end].split_once('*')?;
    Some((at..end + 1, unit.repeat(count.parse().ok()?)))
}

fn verdict(profile: &Profile, row: &Row) -> String {
    let acceptance = Acceptance::new(profile, row.consumer).unwrap();
    if let Some(violation) = Policy::default().judge_names(&row.name, "").first() {
        return format!("reject:{}", violation.code);
    }
    if let Err(violation) = acceptance.clean_name(&row.name) {
        return format!("reject:{}", violation.code);
    }
    let (media_type, append) = match acceptance.route(&row.name, &row.media_type, row.is_text) {
        Route::AsIs { media_type, append } => (media_type, append.unwrap_or_default()),
        Route::NeedsConversion(violation) => return format!("convert:{}", violation.code),
    };
    let (name, changed) = acceptance.clean_name(&format!("{}{append}", row.name)).unwrap();
    let violations = acceptance.check(&name, &media_type, row.size_bytes, 0);
    if !violations.is_empty() {
        let codes: Vec<_> = violations.iter().map(|v| v.code.as_str()).collect();
        return format!("reject:{}", codes.join("+"));
    }
    let sent = if media_type == row.media_type { "as-is" } else { "as text/plain" };
    // An appended extension is only ever sent as text.
    let sent = if append.is_empty() { sent } else { "as text/plain" };
    let mut text = sent.to_owned();
    if !append.is_empty() {
        let _ = write!(text, " +{append}");
    }
    if changed {
        text.push_str(" renamed");
    }
    text
}

#[test]
fn every_row_holds_for_every_target() {
    let rows = rows();
    assert!(rows.len() >= 250, "{} rows", rows.len());
    let mut differing = String::new();
    for row in &rows {
        for (target, expected) in &row.verdicts {
            let found = verdict(&profiles::built_in(target).unwrap(), row);
            if found != *expected {
                let _ = writeln!(
                    differing,
                    "{} {:?} {target}: {found}, expected {expected}",
                    row.place, row.name
                );
            }
        }
    }
    assert!(differing.is_empty(), "differing verdicts:\n{differing}");
}

#[test]
fn every_rule_of_a_profile_has_a_row() {
    let rows = rows();
    let names: BTreeSet<_> = rows.iter().map(|row| row.name.as_str()).collect();
    let mut missing = Vec::new();
    for target in profiles::NAMES {
        let profile = profiles::built_in(target).unwrap();
        for rules in &profile.accept {
            let extensions =
                rules.extensions.iter().filter(|e| !names.iter().any(|name| name.ends_with(&***e)));
            missing.extend(extensions.cloned());
            missing.extend(rules.bare_names.iter().filter(|name| !names.contains(&***name)).cloned());
            let types =
                rules.media_types.iter().filter(|p| !rows.iter().any(|row| row.media_type.matches(p)));
            missing.extend(types.cloned());
        }
        let forbidden =
            profile.names.forbidden.chars().filter(|c| !names.iter().any(|name| name.contains(*c)));
        missing.extend(forbidden.map(String::from));
    }
    assert_eq!(missing, Vec::<String>::new());
}
