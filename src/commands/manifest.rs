//! `manifest`: print and verify. A manifest is read a line at a time; it may be larger than memory.

pub(super) mod verify;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use serde_json::Value as Json;

use super::{CommandError, Context};
use crate::cli::{ManifestArgs, ManifestCommand, UsageError};
use crate::exit::ExitStatus;
use crate::model::entry::{Entry, FileEntry, SCHEMA_VERSION};
use crate::report::{human, json};
use crate::targets::is_id;

/// The longest line; an entry with the most warnings is far shorter.
const MAX_LINE_BYTES: u64 = 4 << 20;

/// Fields that a server or the clock gave, which differ between equal runs.
const UNSTABLE: &[(&str, &[&str])] = &[
    ("", &["attempts", "content_block", "possible_orphans"]),
    ("source", &["modified"]),
    ("file", &["file_id", "created_at", "expires_at", "request_id", "verified_at"]),
];

/// Does what was asked.
pub(super) fn run(args: &ManifestArgs, context: &mut Context<'_>) -> Result<ExitStatus, CommandError> {
    match &args.command {
        ManifestCommand::Show { file, stable, json } => show(file, *stable, *json, context),
        ManifestCommand::Verify { file } => verify::run(file, context),
    }
}

/// Opens a file of lines; `-` is standard input.
pub(super) fn open(path: &Path) -> Result<Box<dyn BufRead>, CommandError> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    match File::open(path) {
        Ok(file) => Ok(Box::new(BufReader::new(file))),
        Err(source) => Err(CommandError::File { path: path.to_owned(), source }),
    }
}

/// Reads the entries of a manifest one after another, with the number of their lines; what contradicts itself is refused.
pub(super) struct Entries<'a> {
    path: &'a Path,
    reader: Box<dyn BufRead>,
    line: Vec<u8>,
    number: u64,
}

impl<'a> Entries<'a> {
    pub(super) fn of(path: &'a Path) -> Result<Self, CommandError> {
        Ok(Self { path, reader: open(path)?, line: Vec::new(), number: 0 })
    }

    fn read(&mut self) -> Result<Option<(u64, Entry)>, CommandError> {
        self.line.clear();
        self.number += 1;
        let read = self.reader.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut self.line);
        if read.map_err(|source| CommandError::File { path: self.path.to_owned(), source })? == 0 {
            return Ok(None);
        }
        let bad = |why: String| no_entry(self.path, self.number, &why);
        let entry: Entry = serde_json::from_slice(&self.line).map_err(|error| bad(error.to_string()))?;
        if entry.schema_version != SCHEMA_VERSION {
            return Err(bad(format!("schema_version is {}", entry.schema_version)).into());
        }
        if let Some(defect) = verify::fields(&entry) {
            return Err(bad(format!("status is {}: {defect}", entry.status.as_str())).into());
        }
        Ok(Some((self.number, entry)))
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<(u64, Entry), CommandError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

/// Returns what an entry stores at the target called `target`; `None` if it stores nothing.
///
/// # Errors
/// It is of another target, or names an id that is none.
pub(super) fn stored_at<'a>(
    path: &Path,
    (number, entry): (u64, &'a Entry),
    target: &str,
) -> Result<Option<&'a FileEntry>, UsageError> {
    let place = || format!("`{}` line {number}", path.display());
    if let Some(other) = entry.target.as_ref().filter(|other| other.name != target) {
        let message = format!("{} is of the target `{}`, not of `{target}`", place(), other.name);
        let hint = format!("say --target {}, or run ingest with --target {target}", other.name);
        return Err(UsageError::new(message).with_hint(hint));
    }
    let file = entry.file.as_ref().filter(|_| entry.status.is_stored() && entry.target.is_some());
    match file {
        Some(file) if !is_id(&file.file_id) => {
            Err(UsageError::new(format!("{} names a file_id that is none", place())))
        }
        file => Ok(file),
    }
}

/// Says that a line of a manifest, counted from 1, is no entry.
pub(super) fn no_entry(path: &Path, number: u64, why: &dyn std::fmt::Display) -> UsageError {
    let message = format!("`{}` line {number} is no entry: {why}", path.display());
    UsageError::new(message).with_hint("`docferry manifest verify` says more")
}

fn show(
    path: &Path,
    stable: bool,
    as_json: bool,
    context: &mut Context<'_>,
) -> Result<ExitStatus, CommandError> {
    for (number, line) in (1..).zip(open(path)?.lines()) {
        let line = line.map_err(|source| CommandError::File { path: path.to_owned(), source })?;
        let bad = |error: serde_json::Error| no_entry(path, number, &error);
        let written = if stable || as_json {
            let mut entry: Json = serde_json::from_str(&line).map_err(bad)?;
            if stable {
                stabilise(&mut entry);
            }
            json::line(context.stdout, &entry)
        } else {
            let entry: Entry = serde_json::from_str(&line).map_err(bad)?;
            writeln!(context.stdout, "{}", human::printable(&describe(&entry)))
        };
        written.map_err(CommandError::Stdout)?;
    }
    Ok(ExitStatus::Success)
}

/// Removes what equal runs do not share.
fn stabilise(entry: &mut Json) {
    for (place, keys) in UNSTABLE {
        let object = if place.is_empty() { Some(&mut *entry) } else { entry.get_mut(*place) };
        if let Some(object) = object.and_then(Json::as_object_mut) {
            object.retain(|key, _| !keys.contains(&key.as_str()));
        }
    }
}

/// Returns an entry in one line: number, status, source, and what came of it.
fn describe(entry: &Entry) -> String {
    let result = match (&entry.file, &entry.error, entry.violations.first()) {
        (Some(file), _, _) => file.file_id.clone(),
        (None, Some(error), _) => format!("{}: {}", error.code, error.message),
        (None, None, Some(violation)) => format!("{}: {}", violation.code, violation.message),
        (None, None, None) => {
            let output = entry.output.as_ref();
            output.map(|o| o.path.clone().unwrap_or_else(|| o.file_name.clone())).unwrap_or_default()
        }
    };
    let number = format!("{}.{}", entry.seq, entry.part);
    format!("{number:>7}  {:<9}  {}  {result}", entry.status.as_str(), entry.source.path)
        .trim_end()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stable_entries_hold_nothing_that_a_server_gave() {
        let mut entry = serde_json::json!({
            "seq": 0, "attempts": 2, "content_block": {"file_id": "f"}, "status": "uploaded",
            "source": {"path": "a", "modified": "2026-01-01T00:00:00Z"},
            "file": {"file_id": "f", "filename": "a", "created_at": "x", "request_id": "r"},
        });
        stabilise(&mut entry);
        let expected = serde_json::json!({
            "seq": 0, "status": "uploaded", "source": {"path": "a"}, "file": {"filename": "a"},
        });
        assert_eq!(entry, expected);
    }
}
