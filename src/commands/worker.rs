//! `worker`: the other side of a run's pool of processes. Nobody types it, save `worker --probe`.

use std::io::{self, Write};

use crate::cli::WorkerArgs;
use crate::exit::ExitStatus;
use crate::worker::{ServeOptions, by_format, serve};

/// Serves until standard input ends. Errors go to standard error, which is a pipe to the run.
pub(super) fn run(args: &WorkerArgs) -> ExitStatus {
    let (status, error): (_, Box<dyn std::error::Error>) =
        match ServeOptions::from_args(args.arguments.iter().cloned()) {
            Err(error) => (ExitStatus::Usage, error.into()),
            Ok(options) => match serve(&options, &by_format) {
                Ok(()) => return ExitStatus::Success,
                Err(error) => (ExitStatus::Fault, error.into()),
            },
        };
    drop(writeln!(io::stderr(), "error: {error}"));
    status
}
