//! `serve`: a store on this machine as a Files API, until SIGINT or SIGTERM.
//!
//! The one line on standard output holds the key: whoever can read it was meant to use the server.

use std::path::PathBuf;

use super::{CommandError, Context};
use crate::cli::{self, ServeArgs, UsageError};
use crate::config::{Layer, Overrides};
use crate::exit::ExitStatus;
use crate::model::Secret;
use crate::report::json;
use crate::server::{CommitLog, Limits, QoderShape, Server, ServerOptions};

/// Serves.
pub(super) fn run(args: ServeArgs, context: &mut Context<'_>) -> Result<ExitStatus, CommandError> {
    let layer = Layer { store: args.store.clone(), ..Layer::default() };
    let overrides = Overrides { layer, config: context.general.config.clone(), ..Overrides::default() };
    let settings = context.settings(&overrides)?;
    let token = args.token_file.map(read_token).transpose()?;
    let qoder_shape = match args.qoder_shape {
        cli::QoderShape::Seed => QoderShape::Seed,
        cli::QoderShape::Current => QoderShape::Current,
    };
    let options = ServerOptions {
        listen: args.listen,
        token,
        qoder_shape,
        limits: Limits {
            quota_bytes: args.quota,
            requests_per_minute: args.requests_per_minute,
            ..Limits::default()
        },
        faults: args.fault,
        fault_seed: args.fault_seed,
        commit_log: args.commit_log.map_or(CommitLog::Off, CommitLog::File),
        ..ServerOptions::new(settings.store)
    };
    let server = Server::start(options)?;
    let ready = json::line(context.stdout, &server.ready());
    ready.and_then(|()| context.stdout.flush()).map_err(CommandError::Stdout)?;
    server.wait()?;
    Ok(ExitStatus::Success)
}

fn read_token(path: PathBuf) -> Result<Secret, CommandError> {
    match std::fs::read_to_string(&path) {
        Ok(text) => Secret::parse(&text)
            .ok_or_else(|| UsageError::new(format!("`{}` holds no token", path.display())).into()),
        Err(source) => Err(CommandError::File { path, source }),
    }
}
