//! `check`: says offline what a target would take. Converts and judges, sends and writes nothing.

use std::path::Path;

use super::run::{builder, inputs, interrupted, judge_empty, with_name};
use super::{CommandError, Context};
use crate::cli::CheckArgs;
use crate::exit::ExitStatus;
use crate::model::entry::Status;
use crate::pipeline::{Inspection, Verdict};
use crate::report::{human, json, summary};
use crate::stages::discover::Named;

/// Checks what the arguments name.
pub(super) fn run_check(args: &CheckArgs, context: &mut Context<'_>) -> Result<ExitStatus, CommandError> {
    let mut settings = context.settings(&args.overrides(context.general))?;
    let inputs = inputs(&args.judged.inputs)?;
    settings.discover.gitignore |= inputs.iter().any(in_repository);
    let described = builder(&settings, inputs.clone(), context)?.check(settings.judge.clone());
    let pipeline = with_name(described, args.judged.admission.name.as_ref(), &inputs)?.build()?;
    let mut findings = 0u64;
    let report = pipeline.inspect(Inspection::Admit, |verdict| {
        let Verdict::Stays(entry) = verdict else { return Ok(()) };
        if entry.status == Status::Skipped || entry.had_no_turn() {
            return Ok(());
        }
        findings += 1;
        if args.json {
            return json::line(context.stdout, &summary::verdict(verdict)).map_err(CommandError::Stdout);
        }
        for (code, message, help) in summary::reasons(entry) {
            let path = human::printable(&entry.source.path);
            let hint = help.map(|help| format!(" ({help})")).unwrap_or_default();
            let line = format!("{path}: {code}: {}{hint}", human::printable(message));
            writeln!(context.stdout, "{line}").map_err(CommandError::Stdout)?;
        }
        Ok(())
    })?;
    if report.left_undone > 0 {
        return Ok(interrupted(&report, context));
    }
    let empty = judge_empty(&report, settings.allow_empty, context);
    Ok(empty.merge(if findings > 0 { ExitStatus::Findings } else { ExitStatus::Success }))
}

/// Tells whether a named path lies in a git repository.
fn in_repository(named: &Named) -> bool {
    let path = match named {
        Named::Path(path) => path.as_path(),
        Named::Stdin { .. } => Path::new("."),
    };
    let absolute = std::path::absolute(path).unwrap_or_default();
    absolute.ancestors().any(|folder| folder.join(".git").exists())
}
