//! `resume`: goes on with the last run that did not come to its end.

use clap::Parser;

use super::{CommandError, Context};
use crate::cli::{Cli, Command, ResumeArgs, UsageError};
use crate::exit::ExitStatus;
use crate::ledger::{Ledger, LedgerOptions};

/// Runs the command line of that run again, in its folder: what it has done is in the ledger.
pub(super) fn run(args: &ResumeArgs, context: &mut Context<'_>) -> Result<ExitStatus, CommandError> {
    let settings = context.settings(&args.state.overrides(context.general))?;
    let folder = settings.engine.require_state_dir()?.to_owned();
    let ledger = Ledger::open(&folder, &LedgerOptions::default())?;
    let Some(record) = ledger.unfinished_run()? else {
        context.warn("there is no unfinished run");
        return Ok(ExitStatus::Success);
    };
    drop(ledger);
    let arguments = std::iter::once("docferry".into()).chain(record.args.iter().cloned());
    let cli = Cli::try_parse_from(arguments).map_err(|error| UsageError::new(error.to_string()))?;
    let Command::Ingest(mut ingest) = cli.command else {
        return Err(UsageError::new("the unfinished run was no ingest").into());
    };
    if ingest.inputs.reads_stdin() {
        let hint = "give the same input again: what is stored already is not sent twice";
        return Err(UsageError::new("the unfinished run read standard input").with_hint(hint).into());
    }
    // Wherever the run found its ledger, it is this one.
    ingest.upload.reuse.state.state_dir = Some(folder);
    let gone = |source| CommandError::File { path: record.cwd.clone(), source };
    std::env::set_current_dir(&record.cwd).map_err(gone)?;
    let mut environment = context.environment.clone();
    environment.cwd.clone_from(&record.cwd);
    let mut again = Context {
        general: &cli.general,
        environment: &environment,
        arguments: record.args,
        stdout: &mut *context.stdout,
        stderr: &mut *context.stderr,
        colour: context.colour,
        interrupted: context.interrupted.clone(),
    };
    again.warn(&format!("going on with the run of {} in `{}`", record.started_at, record.cwd.display()));
    super::ingest::run_ingest(&ingest, &mut again)
}
