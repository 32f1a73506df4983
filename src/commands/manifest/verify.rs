//! `manifest verify`: does every line make sense, is every input there, and is the file the one that was written?
//!
//! Numbers must ascend, so that uniqueness and completeness need no memory: manifests are written in order.

use std::io::BufRead;
use std::path::Path;

use super::open;
use crate::commands::{CommandError, Context};
use crate::exit::ExitStatus;
use crate::model::Sha256;
use crate::model::digest::Hasher;
use crate::model::entry::{Entry, SCHEMA_VERSION, Status};
use crate::report::human;
use crate::stages::manifest::beside;

/// Prints each defect, or that there is none.
pub(super) fn run(path: &Path, context: &mut Context<'_>) -> Result<ExitStatus, CommandError> {
    let mut defects = Defects { context, count: 0 };
    let mut reader = open(path)?;
    let (mut checker, mut hasher, mut line) = (Checker::default(), Hasher::default(), Vec::new());
    let mut number = 0u64;
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line);
        if read.map_err(|source| CommandError::File { path: path.to_owned(), source })? == 0 {
            break;
        }
        number += 1;
        hasher.update(&line);
        if line.last() != Some(&b'\n') {
            defects.tell(number, "the line is torn off: it has no end")?;
        }
        match serde_json::from_slice::<Entry>(&line) {
            Ok(entry) => checker.check(&entry).into_iter().try_for_each(|d| defects.tell(number, &d))?,
            Err(error) => defects.tell(number, &format!("it is no entry: {error}"))?,
        }
    }
    if let Some(defect) = checker.finish() {
        defects.tell(number, &defect)?;
    }
    if path.as_os_str() != "-" {
        check_digest(path, hasher.finish(), &mut defects)?;
    }
    let (count, context) = (defects.count, defects.context);
    let some = |n: u64, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
    let entries = some(number, "entry", "entries");
    let summary = match count {
        0 => format!("{entries}, no defects"),
        _ => format!("{entries}, {}", some(count, "defect", "defects")),
    };
    writeln!(context.stderr, "{summary}").map_err(CommandError::Process)?;
    Ok(if count == 0 { ExitStatus::Success } else { ExitStatus::Findings })
}

/// Compares the manifest with the digest that the run wrote beside it, if it did.
fn check_digest(path: &Path, digest: Sha256, defects: &mut Defects<'_, '_>) -> Result<(), CommandError> {
    let run_file = beside(path, ".run.json");
    let Ok(text) = std::fs::read(&run_file) else {
        let message = format!("`{}` is not there; the digest is not checked", run_file.display());
        defects.context.warn(&message);
        return Ok(());
    };
    let facts: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
    match facts.get("manifest_sha256").and_then(serde_json::Value::as_str) {
        Some(written) if written == digest.to_string() => Ok(()),
        Some(written) => defects.tell(0, &format!("sha256 is {digest}, the run wrote {written}")),
        None => defects.tell(0, &format!("`{}` has no manifest_sha256", run_file.display())),
    }
}

/// Prints defects as they are found.
struct Defects<'a, 'c> {
    context: &'a mut Context<'c>,
    count: u64,
}

impl Defects<'_, '_> {
    /// Prints one; line 0 stands for the whole file.
    fn tell(&mut self, line: u64, defect: &str) -> Result<(), CommandError> {
        self.count += 1;
        let place = if line == 0 { "manifest".to_owned() } else { format!("line {line}") };
        writeln!(self.context.stdout, "{place}: {}", human::printable(defect)).map_err(CommandError::Stdout)
    }
}

/// Follows the numbers from line to line.
#[derive(Debug, Default)]
struct Checker {
    /// The number of the current input, its parts, and how many of them were seen.
    current: Option<(u64, u32, u32)>,
}

impl Checker {
    /// Returns what is wrong with the next entry.
    fn check(&mut self, entry: &Entry) -> Vec<String> {
        let mut defects = Vec::new();
        if entry.schema_version != SCHEMA_VERSION {
            defects.push(format!("schema_version is {}, known is {SCHEMA_VERSION}", entry.schema_version));
        }
        defects.extend(self.number(entry));
        defects.extend(fields(entry).map(|defect| format!("status is {}: {defect}", entry.status.as_str())));
        defects
    }

    fn number(&mut self, entry: &Entry) -> Option<String> {
        let (seq, part, parts) = (entry.seq, entry.part, entry.parts);
        if let Some((current, of, seen)) = self.current.filter(|(current, ..)| *current == seq) {
            self.current = Some((current, of, seen + 1));
            return match () {
                () if parts != of => Some(format!("input {seq} has {of} parts and {parts} parts")),
                () if part != seen => Some(format!("part {seen} of input {seq} should be here, not {part}")),
                () if part >= parts => {
                    Some(format!("part {part} of input {seq} is beyond its {parts} parts"))
                }
                () => None,
            };
        }
        let unfinished = self.finish();
        let expected = self.current.map_or(0, |(current, ..)| current + 1);
        self.current = Some((seq, parts, 1));
        unfinished.or_else(|| match () {
            () if seq != expected => Some(format!("input {expected} should be here, not {seq}")),
            () if part != 0 => Some(format!("part 0 of input {seq} should be here, not {part}")),
            () => None,
        })
    }

    /// Tells whether parts of the last input are missing.
    fn finish(&self) -> Option<String> {
        let (seq, parts, seen) = self.current?;
        (seen < parts).then(|| format!("input {seq} has {parts} parts, {seen} are here"))
    }
}

/// Returns how an entry's fields contradict its status.
pub(in crate::commands) fn fields(entry: &Entry) -> Option<&'static str> {
    let sent = entry.status.is_stored();
    let made = sent || entry.status == Status::Converted;
    let reasoned = matches!(entry.status, Status::Failed | Status::Skipped | Status::Ambiguous);
    let has_proof = entry.file.as_ref().is_some_and(|file| file.proof.is_some());
    let contradictions = [
        (sent != entry.file.is_some(), "`file` is there only for what is stored"),
        (sent && entry.target.is_none(), "`target` is missing"),
        (made && entry.output.is_none(), "`output` is missing"),
        (made && entry.parts == 0, "`parts` is 0"),
        (has_proof != (entry.status == Status::Adopted), "`file.proof` is there only for what is adopted"),
        (
            reasoned != entry.error.is_some(),
            "`error` is there only for what failed, was skipped or is unknown",
        ),
        (
            (entry.status == Status::Rejected) == entry.violations.is_empty(),
            "`violations` are there only for what is rejected",
        ),
    ];
    contradictions.into_iter().find(|(holds, _)| *holds).map(|(_, text)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(seq: u64, part: u32, parts: u32, status: &str) -> Entry {
        let mut json = serde_json::json!({
            "schema_version": 1, "seq": seq, "part": part, "parts": parts, "status": status, "batch": 0,
            "source": {"path": "a", "relative": "a"}, "content_block": null,
        });
        if status == "skipped" {
            json["error"] = serde_json::json!({"code": "hidden", "message": "m", "retryable": false});
        }
        serde_json::from_value(json).unwrap()
    }

    fn defects(entries: &[Entry]) -> Vec<String> {
        let mut checker = Checker::default();
        let mut all: Vec<_> = entries.iter().flat_map(|entry| checker.check(entry)).collect();
        all.extend(checker.finish());
        all
    }

    #[test]
    fn numbers_are_complete_and_in_order() {
        let skipped = |seq, part, parts| entry(seq, part, parts, "skipped");
        let sound = [skipped(0, 0, 0), skipped(1, 0, 2), skipped(1, 1, 2), skipped(2, 0, 1)];
        assert_eq!(defects(&sound), Vec::<String>::new());
        for (entries, expected) in [
            (vec![skipped(1, 0, 1)], "input 0 should be here, not 1"),
            (vec![skipped(0, 0, 1), skipped(2, 0, 1)], "input 1 should be here, not 2"),
            (vec![skipped(0, 1, 2), skipped(0, 1, 2)], "part 0 of input 0 should be here, not 1"),
            (vec![skipped(0, 0, 2)], "input 0 has 2 parts, 1 are here"),
            (vec![skipped(0, 0, 2), skipped(1, 0, 1)], "input 0 has 2 parts, 1 are here"),
            (vec![skipped(0, 0, 2), skipped(0, 0, 2)], "part 1 of input 0 should be here, not 0"),
            (vec![skipped(0, 0, 2), skipped(0, 1, 3)], "input 0 has 2 parts and 3 parts"),
            (vec![skipped(0, 0, 0), skipped(0, 1, 0)], "part 1 of input 0 is beyond its 0 parts"),
        ] {
            assert_eq!(defects(&entries), [expected]);
        }
    }

    #[test]
    fn a_status_without_its_fields_is_a_defect() {
        for (status, expected) in [
            ("uploaded", "status is uploaded: `file` is there only for what is stored"),
            ("converted", "status is converted: `output` is missing"),
            ("rejected", "status is rejected: `violations` are there only for what is rejected"),
            ("failed", "status is failed: `error` is there only for what failed, was skipped or is unknown"),
        ] {
            assert_eq!(defects(&[entry(0, 0, 1, status)]), [expected]);
        }
    }
}
