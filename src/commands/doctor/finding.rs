//! What `doctor` found: a line each, as soon as it is known.

use std::io::{self, Write};

use serde::Serialize;

use crate::commands::CommandError;
use crate::exit::ExitStatus;
use crate::report::{human, json};

/// The columns before the detail.
const WHAT: usize = 13;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Ok,
    Warn,
    Fail,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// What was found of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) state: State,
    /// What was looked at.
    pub(super) what: &'static str,
    pub(super) detail: String,
    /// What the user can do.
    pub(super) hint: Option<String>,
    /// What a command that needs it would exit with.
    pub(super) status: ExitStatus,
}

/// A finding as programs read it.
#[derive(Serialize)]
struct Line<'a> {
    state: State,
    check: &'a str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    exit_status: u8,
}

impl Finding {
    pub(super) fn ok(what: &'static str, detail: impl Into<String>) -> Self {
        let (detail, status) = (detail.into(), ExitStatus::Success);
        Self { state: State::Ok, what, detail, hint: None, status }
    }

    pub(super) fn warn(what: &'static str, detail: impl Into<String>) -> Self {
        Self { state: State::Warn, ..Self::ok(what, detail) }
    }

    /// Makes a finding of what would end a command; its status is that command's.
    pub(super) fn fail(what: &'static str, error: &CommandError) -> Self {
        let (hint, status) = (error.hint(), error.status());
        Self { state: State::Fail, hint, status, ..Self::ok(what, human::chain(error)) }
    }

    /// Adds a hint, unless there is one.
    pub(super) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint.get_or_insert(hint.into());
        self
    }
}

/// Where findings are written.
pub(super) struct Sheet<'a> {
    out: &'a mut dyn Write,
    json: bool,
    status: ExitStatus,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(out: &'a mut dyn Write, json: bool) -> Self {
        Self { out, json, status: ExitStatus::Success }
    }

    /// Returns the status of all that was found.
    pub(super) fn status(&self) -> ExitStatus {
        self.status
    }

    /// Writes a finding at once: what comes next may wait for a network.
    pub(super) fn put(&mut self, finding: &Finding) -> Result<(), CommandError> {
        self.status = self.status.merge(finding.status);
        self.write(finding).map_err(CommandError::Stdout)
    }

    fn write(&mut self, finding: &Finding) -> io::Result<()> {
        let Finding { state, what, detail, hint, status } = finding;
        if self.json {
            let hint = hint.as_deref();
            json::line(
                self.out,
                &Line { state: *state, check: what, detail, hint, exit_status: status.code() },
            )?;
        } else {
            let state = state.as_str();
            writeln!(self.out, "{state:4}  {what:WHAT$}  {}", human::printable(detail))?;
            if let Some(hint) = hint {
                writeln!(self.out, "{:4}  {:WHAT$}  hint: {}", "", "", human::printable(hint))?;
            }
        }
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ConfigError;

    #[test]
    fn the_gravest_failure_decides_and_warnings_do_not() {
        let mut out = Vec::new();
        let mut sheet = Sheet::new(&mut out, false);
        sheet.put(&Finding::warn("a", "x\u{1b}[2J").with_hint("do it")).unwrap();
        assert_eq!(sheet.status(), ExitStatus::Success);
        sheet.put(&Finding::fail("b", &ConfigError::NoStateDir.into()).with_hint("not this")).unwrap();
        sheet.put(&Finding::ok("c", "fine")).unwrap();
        assert_eq!(sheet.status(), ExitStatus::Usage);
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "warn  a              x\\u{1b}[2J");
        assert_eq!(lines[1], "                     hint: do it");
        assert!(lines[2].starts_with("fail  b              there is no folder for the state"));
        assert!(lines[3].contains("hint: name one with --state-dir"));
        assert_eq!(lines[4], "ok    c              fine");
    }

    #[test]
    fn programs_read_one_object_a_line() {
        let mut out = Vec::new();
        Sheet::new(&mut out, true).put(&Finding::ok("a", "x")).unwrap();
        Sheet::new(&mut out, true).put(&Finding::fail("b", &ConfigError::NoModel.into())).unwrap();
        let lines = String::from_utf8(out).unwrap();
        let mut lines = lines.lines();
        assert_eq!(lines.next(), Some(r#"{"state":"ok","check":"a","detail":"x","exit_status":0}"#));
        let failed: serde_json::Value = serde_json::from_str(lines.next().unwrap()).unwrap();
        assert_eq!((&failed["state"], &failed["exit_status"]), (&"fail".into(), &2.into()));
        assert_eq!(failed["hint"], "name one with --model");
    }
}
