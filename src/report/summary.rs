//! The readable end of a run on stderr: counts, bytes, the first problems, and where everything is.
//!
//! Colour never carries meaning here. Names come from strangers: what a terminal would obey is shown escaped.

use std::io::{self, Write};
use std::path::Path;

use crate::model::entry::{Entry, Status};
use crate::pipeline::Report;

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
    writeln!(out, "{inputs}, {} read: {counts}, {} out", bytes(report.source_bytes), bytes(report.output_bytes))?;
    if report.warnings > 0 {
        writeln!(out, "{} about what was changed or left out, in the manifest", plural(report.warnings, "warning"))?;
    }
    write_problems(report, out)?;
    if let Some(stopped) = &report.stopped {
        writeln!(out, "stopped: {}", plain(&stopped.message))?;
    }
    if let Some(path) = facts.output_dir {
        writeln!(out, "written below {}", plain(&path.to_string_lossy()))?;
    }
    if let Some(path) = facts.manifest {
        writeln!(out, "manifest: {}", plain(&path.to_string_lossy()))?;
    }
    if let Some(path) = facts.store {
        let warning = if facts.key_without_target { "warning: an API key is set, but no --target: " } else { "" };
        let path = path.to_string_lossy();
        writeln!(out, "{warning}stored in {}; nothing was sent to a remote service", plain(&path))?;
    }
    Ok(())
}

fn write_problems(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let total: u64 = [Status::Rejected, Status::Failed, Status::Ambiguous].iter().map(|s| report.of(*s)).sum();
    for entry in &report.problems {
        for (code, message, help) in reasons(entry) {
            writeln!(out, "  {}: {code}: {}", plain(&entry.source.path), plain(message))?;
            if let Some(help) = help {
                writeln!(out, "    hint: {}", plain(help))?;
            }
        }
    }
    let more = total.saturating_sub(report.problems.len() as u64);
    if more > 0 { writeln!(out, "  … and {more} more, in the manifest") } else { Ok(()) }
}

/// Returns the code, message and help of everything that is wrong with an entry.
pub fn reasons(entry: &Entry) -> Vec<(&'static str, &str, Option<&str>)> {
    let violations = entry.violations.iter().map(|v| (v.code.as_str(), v.message.as_str(), v.help.as_deref()));
    let error = entry.error.iter().map(|e| {
        let fix = e.code.spec().fix;
        (e.code.as_str(), e.message.as_str(), (!fix.is_empty()).then_some(fix))
    });
    violations.chain(error).collect()
}

/// Returns a number of bytes for people.
#[must_use]
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut unit = 0;
    let mut scaled = n;
    let mut rest = 0;
    while scaled >= 1024 && unit + 1 < UNITS.len() {
        rest = scaled % 1024;
        scaled /= 1024;
        unit += 1;
    }
    if unit == 0 { format!("{n} B") } else { format!("{scaled}.{} {}", rest * 10 / 1024, UNITS[unit]) }
}

fn plural(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// Returns a text whose control characters and directional marks show as escapes.
#[must_use]
pub fn plain(text: &str) -> String {
    let obeyed = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if obeyed(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        assert_eq!(plain("a\u{1b}[31m\u{202e}b\né"), "a\\u{1b}[31m\\u{202e}b\\né");
    }

    #[test]
    fn sizes_are_for_people() {
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(bytes(500_000_000), "476.8 MiB");
    }
}
