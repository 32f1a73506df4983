//! `files list`: what a target holds, newest first, as far as it is asked for.

use std::collections::HashSet;
use std::io::{self, Write};
use std::sync::atomic::Ordering;

use globset::{GlobBuilder, GlobMatcher};

use super::Files;
use crate::cli::{ListArgs, ListFormat, UsageError};
use crate::commands::CommandError;
use crate::exit::ExitStatus;
use crate::model::{FileObject, Timestamp};
use crate::report::{files, human, json};
use crate::targets::{ListRequest, TargetError, TargetErrorKind};

/// The most files that every platform lists in one page.
const PAGE: u32 = 100;
const CSV_COLUMNS: &str = "file_id,size_bytes,mime_type,created_at,expires_at,downloadable,scope,filename";

/// What is listed, and how.
#[derive(Debug)]
pub(super) struct Wanted {
    limit: u64,
    scope: Option<String>,
    names: Option<GlobMatcher>,
    created_before: Option<Timestamp>,
    format: ListFormat,
}

impl Wanted {
    /// Reads what was typed; ages are counted back from `now`.
    ///
    /// # Errors
    /// [`UsageError`] if a glob cannot be read or a session's id is none.
    pub(super) fn new(args: &ListArgs, now: Timestamp) -> Result<Self, UsageError> {
        if let Some(scope) = &args.scope {
            super::check_id(scope, "a session")?;
        }
        Ok(Self {
            limit: if args.all { u64::MAX } else { args.limit },
            scope: args.scope.clone(),
            names: args.names.as_deref().map(matcher).transpose()?,
            created_before: args.older_than.map(|age| now.minus(age.0)),
            format: if args.json { ListFormat::Jsonl } else { args.output },
        })
    }

    fn takes(&self, file: &FileObject) -> bool {
        self.names.as_ref().is_none_or(|names| names.is_match(&file.filename))
            && self.created_before.is_none_or(|before| file.created_at < before)
    }

    /// A filter leaves out most of a page, so that a short page would only cost requests.
    fn page_size(&self, left: u64) -> u32 {
        match (&self.names, self.created_before) {
            (None, None) => u32::try_from(left).unwrap_or(PAGE).min(PAGE),
            _ => PAGE,
        }
    }
}

fn matcher(glob: &str) -> Result<GlobMatcher, UsageError> {
    let built = GlobBuilder::new(glob).build();
    let built =
        built.map_err(|error| UsageError::new(format!("`{glob}` is not a glob: {}", error.kind())))?;
    Ok(built.compile_matcher())
}

impl Files<'_, '_> {
    pub(super) fn list(&mut self, wanted: &Wanted) -> Result<ExitStatus, CommandError> {
        let mut printer = Printer::new(wanted.format);
        printer.begin(self.context.stdout).map_err(CommandError::Stdout)?;
        let mut left = wanted.limit;
        let mut cursor = None;
        let mut cursors = HashSet::new();
        while left > 0 {
            if self.context.interrupted.load(Ordering::Relaxed) {
                return Ok(ExitStatus::Interrupted);
            }
            let limit = Some(wanted.page_size(left));
            let request = ListRequest { limit, cursor, scope_id: wanted.scope.clone() };
            let page = self.asked(|target| target.list(&request))?;
            let mut cut = false;
            for file in page.files.iter().filter(|file| wanted.takes(file)) {
                if left == 0 {
                    cut = true;
                    break;
                }
                left -= 1;
                printer.put(self.context.stdout, file).map_err(CommandError::Stdout)?;
            }
            cursor = page.next_cursor;
            if left == 0 && (cut || cursor.is_some()) {
                // What comes next may match or not; it was not read.
                printer.end(self.context.stdout).map_err(CommandError::Stdout)?;
                self.context.warn("there are more files; --all lists them");
                return Ok(ExitStatus::Success);
            }
            let Some(next) = &cursor else { break };
            if !cursors.insert(next.clone()) {
                let message = "the listing goes in circles: it names the same next page again";
                return Err(self.failed(TargetError::new(TargetErrorKind::Protocol, message)));
            }
        }
        printer.end(self.context.stdout).map_err(CommandError::Stdout)?;
        Ok(ExitStatus::Success)
    }
}

/// Writes files in one of the formats. Only a table waits for its last row, and is as large as the listing.
#[derive(Debug)]
struct Printer {
    format: ListFormat,
    rows: Vec<Vec<String>>,
    count: u64,
}

impl Printer {
    fn new(format: ListFormat) -> Self {
        Self { format, rows: vec![files::heading()], count: 0 }
    }

    fn begin(&self, out: &mut dyn Write) -> io::Result<()> {
        match self.format {
            ListFormat::Csv => writeln!(out, "{CSV_COLUMNS}"),
            ListFormat::Json => write!(out, "["),
            ListFormat::Table | ListFormat::Jsonl => Ok(()),
        }
    }

    fn put(&mut self, out: &mut dyn Write, file: &FileObject) -> io::Result<()> {
        self.count += 1;
        match self.format {
            ListFormat::Table => self.rows.push(files::row(file)),
            ListFormat::Jsonl => json::line(out, file)?,
            ListFormat::Csv => csv(out, file)?,
            ListFormat::Json => {
                write!(out, "{}", if self.count == 1 { "\n" } else { ",\n" })?;
                serde_json::to_writer(&mut *out, file)?;
            }
        }
        Ok(())
    }

    fn end(&self, out: &mut dyn Write) -> io::Result<()> {
        match self.format {
            ListFormat::Table => human::table(out, &self.rows),
            ListFormat::Json => writeln!(out, "{}]", if self.count == 0 { "" } else { "\n" }),
            ListFormat::Jsonl | ListFormat::Csv => Ok(()),
        }
    }
}

/// Writes one record (RFC 4180). Text of the platform that a spreadsheet would take for a formula gets a quote before.
fn csv(out: &mut dyn Write, file: &FileObject) -> io::Result<()> {
    let fields = [
        file.file_id.clone(),
        file.size_bytes.to_string(),
        file.mime_type.clone(),
        file.created_at.to_string(),
        file.expires_at.map(|time| time.to_string()).unwrap_or_default(),
        file.downloadable.map(|yes| yes.to_string()).unwrap_or_default(),
        file.scope.clone().unwrap_or_default(),
        file.filename.clone(),
    ];
    writeln!(out, "{}", fields.map(|field| csv_field(&field)).join(","))
}

fn csv_field(text: &str) -> String {
    let clean = human::printable(text);
    let clean = if clean.starts_with(['=', '+', '-', '@']) { format!("'{clean}") } else { clean };
    match clean.contains(['"', ',']) {
        true => format!("\"{}\"", clean.replace('"', "\"\"")),
        false => clean,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_one_line_of_plain_fields() {
        for (text, expected) in [
            ("a.txt", "a.txt"),
            ("a,b", "\"a,b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("=cmd()", "'=cmd()"),
            ("a\nb\u{1b}", "a\\nb\\u{1b}"),
        ] {
            assert_eq!(csv_field(text), expected);
        }
    }
}
