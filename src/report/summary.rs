//! The readable end of a run on stderr: counts, bytes, the first problems, and where everything is.
//!
//! Colour never carries meaning here. Names come from strangers: what a terminal would obey is shown escaped.

use std::collections::HashSet;
use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};

use super::human::{printable, size};
use crate::model::entry::{Entry, Status};
use crate::pipeline::{Report, Verdict};

/// What the summary says besides the report.
#[derive(Debug, Default)]
pub struct Facts<'a> {
    /// Where the manifest is, if it is a file.
    pub manifest: Option<&'a Path>,
    /// The local store, if nothing left this machine.
    pub store: Option<&'a Path>,
    /// The folder for outputs of `convert`.
    pub output_dir: Option<&'a Path>,
    /// Whether a platform's credential is set although nobody chose a target.
    pub key_without_target: bool,
}

/// Writes the summary of a run.
///
/// # Errors
/// `out` cannot be written.
pub fn write(report: &Report, facts: &Facts<'_>, out: &mut dyn Write) -> io::Result<()> {
    let counts: Vec<String> = Status::ALL
        .iter()
        .filter(|status| report.of(**status) > 0)
        .map(|status| format!("{} {}", report.of(*status), status.as_str()))
        .collect();
    let counts = if counts.is_empty() { "nothing to do".to_owned() } else { counts.join(", ") };
    let inputs = plural(report.inputs, "input");
    writeln!(
        out,
        "{inputs}, {} read: {counts}, {} out",
        size(report.source_bytes),
        size(report.output_bytes)
    )?;
    if report.warnings > 0 {
        writeln!(
            out,
            "{} about what was changed or left out, in the manifest",
            plural(report.warnings, "warning")
        )?;
    }
    write_problems(report, out)?;
    if let Some(stopped) = &report.stopped {
        writeln!(out, "stopped: {}", printable(&stopped.message))?;
    }
    if report.left_undone > 0 {
        writeln!(out, "{} had no turn: run again", plural(report.left_undone, "input"))?;
    }
    if let Some(path) = facts.output_dir {
        writeln!(out, "written below {}", printable(&path.to_string_lossy()))?;
    }
    if let Some(path) = facts.manifest {
        writeln!(out, "manifest: {}", printable(&path.to_string_lossy()))?;
    }
    if let Some(path) = facts.store {
        let warning =
            if facts.key_without_target { "warning: an API key is set, but no --target: " } else { "" };
        let path = path.to_string_lossy();
        writeln!(out, "{warning}stored in {}; nothing was sent to a remote service", printable(&path))?;
    }
    Ok(())
}

fn write_problems(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let total: u64 =
        [Status::Rejected, Status::Failed, Status::Ambiguous].iter().map(|s| report.of(*s)).sum();
    // The same hint once is enough: it stands below the first problem that it helps with.
    let mut given = HashSet::new();
    for entry in &report.problems {
        for (code, message, help) in reasons(entry) {
            writeln!(out, "  {}: {code}: {}", printable(&entry.source.path), printable(message))?;
            if let Some(help) = help.filter(|help| given.insert(*help)) {
                writeln!(out, "    hint: {}", printable(help))?;
            }
        }
    }
    let more = total.saturating_sub(report.problems.len() as u64 + report.left_undone);
    if more > 0 { writeln!(out, "  … and {more} more, in the manifest") } else { Ok(()) }
}

/// Returns the code, message and help of everything that is wrong with an entry.
pub fn reasons(entry: &Entry) -> Vec<(&'static str, &str, Option<&str>)> {
    let violations =
        entry.violations.iter().map(|v| (v.code.as_str(), v.message.as_str(), v.help.as_deref()));
    let error = entry.error.iter().map(|e| {
        let fix = e.code.spec().fix;
        (e.code.as_str(), e.message.as_str(), (!fix.is_empty()).then_some(fix))
    });
    violations.chain(error).collect()
}

fn plural(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// Returns the summary as one object for programs.
#[must_use]
pub fn object(report: &Report) -> Value {
    let counts: serde_json::Map<String, Value> =
        report.counts.iter().map(|(status, n)| (status.as_str().to_owned(), (*n).into())).collect();
    json!({
        "event": "summary",
        "inputs": report.inputs,
        "counts": counts,
        "source_bytes": report.source_bytes,
        "output_bytes": report.output_bytes,
        "warnings": report.warnings,
        "batches": report.batches,
        "stopped": report.stopped.as_ref().map(|stopped| stopped.message.as_str()),
        "manifest_sha256": report.manifest_sha256,
    })
}

/// Returns a verdict as one object for programs.
#[must_use]
pub fn verdict(verdict: &Verdict) -> Value {
    match verdict {
        Verdict::Passes { entry, action, .. } => {
            json!({ "source": entry.source, "action": action, "output": entry.output })
        }
        Verdict::Stays(entry) => json!({
            "source": entry.source, "status": entry.status, "violations": entry.violations, "error": entry.error,
        }),
    }
}
