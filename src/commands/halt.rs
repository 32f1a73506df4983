//! `halt`: stops every run that uses the state's folder before it sends its next file, until the halt is cleared.

use std::path::PathBuf;

use super::{CommandError, Context};
use crate::cli::HaltArgs;
use crate::config::state_dir;
use crate::exit::ExitStatus;
use crate::model::Timestamp;
use crate::report::human;
use crate::stages::halt;

/// Halts, or lets uploads go on.
pub(super) fn run(args: &HaltArgs, context: &mut Context<'_>) -> Result<ExitStatus, CommandError> {
    let folder = folder(args, context)?;
    let failed = |source| CommandError::File { path: folder.clone(), source };
    let shown = human::printable(&folder.to_string_lossy());
    let said = if args.clear {
        match halt::clear(&folder).map_err(failed)? {
            true => format!("uploads of runs with the state in {shown} may go on"),
            false => format!("nothing was halted in {shown}"),
        }
    } else {
        halt::set(&folder, args.reason.as_deref(), Timestamp::now()).map_err(failed)?;
        format!("runs with the state in {shown} upload nothing more; docferry halt --clear ends that")
    };
    if context.general.quiet == 0 {
        // Nobody is left to tell when standard error is gone.
        drop(writeln!(context.stderr, "{said}"));
    }
    Ok(ExitStatus::Success)
}

/// Returns the folder of the state. One that was named needs no configuration: a broken one must not keep anybody from
/// stopping.
fn folder(args: &HaltArgs, context: &mut Context<'_>) -> Result<PathBuf, CommandError> {
    if let Some(named) = &args.state.state_dir {
        return Ok(state_dir(context.environment, Some(named))?);
    }
    let settings = context.settings(&args.overrides(context.general))?;
    Ok(settings.engine.require_state_dir()?.to_owned())
}
