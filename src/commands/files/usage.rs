//! `files usage`: what a target stores, counted by a listing.
//!
//! A platform's storage may be that of an organisation, and a listing shows one workspace of it: the share is the least
//! that is used.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use serde::Serialize;

use super::Files;
use crate::commands::{CommandError, books};
use crate::config::Settings;
use crate::exit::ExitStatus;
use crate::model::{FileObject, FileStatus, Timestamp};
use crate::report::{human, json};
use crate::targets::ListRequest;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// The upper ends of the classes of age, in days.
const AGES: [u32; 4] = [1, 7, 30, 90];
/// How wide the bar is.
const BAR: u8 = 40;

/// A number of files and their bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
struct Count {
    files: u64,
    bytes: u64,
}

impl Count {
    fn add(&mut self, file: &FileObject) {
        self.files += 1;
        self.bytes = self.bytes.saturating_add(file.size_bytes);
    }
}

/// What a target stores, as it is printed.
#[derive(Debug, Serialize)]
struct Report {
    target: String,
    measured_at: Timestamp,
    /// What takes room: everything that has not expired.
    #[serde(flatten)]
    stored: Count,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_bytes: Option<u64>,
    /// What the listing still names, and takes no room.
    expired: Count,
    /// What belongs to sessions.
    of_sessions: Count,
    /// What the ledger of this machine knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    ours: Option<Count>,
    by_type: BTreeMap<String, Count>,
    by_age: Vec<Age>,
}

#[derive(Debug, Serialize)]
struct Age {
    /// Files up to this age; `None` is any.
    max_days: Option<u32>,
    #[serde(flatten)]
    count: Count,
}

impl Report {
    fn new(target: String, now: Timestamp, max_bytes: Option<u64>) -> Self {
        let classes = AGES.into_iter().map(Some).chain([None]);
        Self {
            target,
            measured_at: now,
            stored: Count::default(),
            max_bytes,
            expired: Count::default(),
            of_sessions: Count::default(),
            ours: None,
            by_type: BTreeMap::new(),
            by_age: classes.map(|max_days| Age { max_days, count: Count::default() }).collect(),
        }
    }

    fn add(&mut self, file: &FileObject, ours: Option<&HashSet<String>>) {
        if file.expires_at.is_some_and(|at| at <= self.measured_at) {
            return self.expired.add(file);
        }
        self.stored.add(file);
        if file.scope.is_some() {
            self.of_sessions.add(file);
        }
        if ours.is_some_and(|ours| ours.contains(&file.file_id)) {
            self.ours.get_or_insert_default().add(file);
        }
        self.by_type.entry(file.mime_type.clone()).or_default().add(file);
        let now = self.measured_at;
        let fits = |age: &&mut Age| {
            age.max_days.is_none_or(|days| file.created_at >= now.minus(DAY.saturating_mul(days)))
        };
        if let Some(age) = self.by_age.iter_mut().find(fits) {
            age.count.add(file);
        }
    }

    fn print(&self, out: &mut dyn Write, has_bar: bool) -> io::Result<()> {
        let Count { files, bytes } = self.stored;
        let of = self.max_bytes.map_or_else(String::new, |max| {
            let permille = u128::from(bytes) * 1_000 / u128::from(max.max(1));
            format!(" of {}, {}.{} %", human::size(max), permille / 10, permille % 10)
        });
        writeln!(out, "{files} files, {}{of}", human::size(bytes))?;
        if let Some(max) = self.max_bytes.filter(|_| has_bar) {
            let full = u128::from(bytes) * u128::from(BAR) / u128::from(max.max(1));
            let full = usize::try_from(full.min(u128::from(BAR))).unwrap_or(0);
            writeln!(out, "[{:<1$}]", "#".repeat(full), usize::from(BAR))?;
        }
        let row = |name: &str, count: &Count| {
            vec![name.to_owned(), count.files.to_string(), human::size(count.bytes)]
        };
        let mut rows = vec![["TYPE", "FILES", "SIZE"].map(str::to_owned).to_vec()];
        rows.extend(self.by_type.iter().map(|(name, count)| row(name, count)));
        writeln!(out)?;
        human::table(out, &rows)?;
        let mut rows = vec![["AGE", "FILES", "SIZE"].map(str::to_owned).to_vec()];
        rows.extend(self.by_age.iter().map(|age| {
            let name = age.max_days.map_or_else(|| "more".to_owned(), |days| format!("up to {days}d"));
            row(&name, &age.count)
        }));
        writeln!(out)?;
        human::table(out, &rows)?;
        let mut rows = vec![["BESIDES", "FILES", "SIZE"].map(str::to_owned).to_vec()];
        rows.extend(self.ours.as_ref().map(|count| row("in the ledger of this machine", count)));
        rows.push(row("of sessions", &self.of_sessions));
        rows.push(row("expired, takes no room", &self.expired));
        writeln!(out)?;
        human::table(out, &rows)
    }
}

impl Files<'_, '_> {
    pub(super) fn usage(&mut self, as_json: bool, settings: &Settings) -> Result<ExitStatus, CommandError> {
        let max = settings.target.profile.limits.max_workspace_bytes;
        let ours = self.ours(settings)?;
        let mut report = Report::new(self.name.clone(), self.caller.clock().now(), max);
        report.ours = ours.as_ref().map(|_| Count::default());
        let listed = self.caller.each_file(self.target, ListRequest::default(), |file| {
            if file.status != Some(FileStatus::Deleted) {
                report.add(&file, ours.as_ref());
            }
        });
        listed.map_err(|stop| self.ended(stop))?;
        let written = match as_json {
            true => json::line(self.context.stdout, &report),
            false => report.print(self.context.stdout, io::stdout().is_terminal()),
        };
        written.map_err(CommandError::Stdout)?;
        Ok(ExitStatus::Success)
    }

    /// Returns the ids of the target that the ledger knows as stored; `None` without a ledger.
    fn ours(&self, settings: &Settings) -> Result<Option<HashSet<String>>, CommandError> {
        let Some(ledger) = books::existing(settings)? else { return Ok(None) };
        let mut ids = HashSet::new();
        for scope in ledger.scopes(self.target.target_id())? {
            ledger.owned_files(scope, |owned| {
                ids.insert(owned.file.file_id);
            })?;
        }
        Ok(Some(ids))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: u64, days: u32, expired: bool) -> FileObject {
        let now: Timestamp = "2026-11-30T00:00:00Z".parse().unwrap();
        let text = serde_json::json!({
            "file_id": format!("f{bytes}"), "filename": "a", "size_bytes": bytes, "mime_type": "text/plain",
            "created_at": now.minus(DAY * days), "expires_at": expired.then_some(now),
        });
        serde_json::from_value(text).unwrap()
    }

    #[test]
    fn what_is_stored_is_counted_by_type_and_age() {
        let mut report =
            Report::new("t".to_owned(), "2026-11-30T00:00:00Z".parse().unwrap(), Some(1_000_000));
        report.ours = Some(Count::default());
        let ours = HashSet::from(["f1000".to_owned()]);
        for (bytes, days, expired) in
            [(1_000, 0, false), (20_000, 1, false), (3_000, 8, false), (500, 99, true)]
        {
            report.add(&file(bytes, days, expired), Some(&ours));
        }
        report.add(&FileObject { scope: Some("s".to_owned()), ..file(400_000, 91, false) }, Some(&ours));
        let mut out = Vec::new();
        report.print(&mut out, true).unwrap();
        let expected = "4 files, 424.0 kB of 1.0 MB, 42.4 %
[################                        ]

TYPE        FILES  SIZE
text/plain  4      424.0 kB

AGE        FILES  SIZE
up to 1d   2      21.0 kB
up to 7d   0      0 B
up to 30d  1      3.0 kB
up to 90d  0      0 B
more       1      400.0 kB

BESIDES                        FILES  SIZE
in the ledger of this machine  1      1.0 kB
of sessions                    1      400.0 kB
expired, takes no room         1      500 B
";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
