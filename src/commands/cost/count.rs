//! Tokens as the platform counts them: one free request for each stored file that is a part of the prompt.
//!
//! These requests have a limit of their own ("Token counting"), above what one thread asks for, so only answers that say
//! so make it wait. A failure that concerns one file leaves its estimate in place.

use std::sync::Arc;

use super::files::Found;
use crate::cli::UsageError;
use crate::commands::caller::{Caller, Patience, Stop};
use crate::commands::message::count_body;
use crate::commands::{CommandError, Context, open_target};
use crate::config::Settings;
use crate::model::profile::Dialect;
use crate::report::human;
use crate::stages::estimate::Estimate;
use crate::targets::{Target, TargetError, TargetErrorKind};

/// The name of the rule in estimates.
const COUNTED: &str = "count-tokens";

/// Opens the target, if it counts tokens.
pub(super) fn open(settings: &Settings) -> Result<Arc<dyn Target>, CommandError> {
    let target = &settings.target;
    match target.profile.dialect {
        Dialect::Anthropic | Dialect::AnthropicBeta => open_target(settings),
        Dialect::Local | Dialect::Qoder => {
            let error = UsageError::new(format!("`{}` does not count tokens", target.name));
            Err(error
                .with_hint("name the target of the manifest with --target, or leave out --count-tokens")
                .into())
        }
    }
}

/// Refuses to ask a target for the files of another one: ids hold for one.
pub(super) fn check_origin(stored_by: &[String], target: &str) -> Result<(), UsageError> {
    match stored_by.iter().find(|name| *name != target) {
        None => Ok(()),
        Some(other) => {
            let message = format!("the manifest is of the target `{other}`, not of `{target}`");
            Err(UsageError::new(message)
                .with_hint(format!("say --target {other}, or leave out --count-tokens")))
        }
    }
}

/// Replaces the estimates of files by counts; `false` if the user stopped it.
pub(super) fn all(
    settings: &Settings,
    target: &dyn Target,
    model: &str,
    found: &mut Found,
    context: &mut Context<'_>,
) -> Result<bool, CommandError> {
    let patience = Patience { per_minute: None, ..Patience::of(settings) };
    let mut caller = Caller::new(patience, &context.interrupted);
    for (file, stored) in found.files.iter_mut().zip(&found.stored).filter(|(file, _)| file.is_prompt()) {
        let body =
            serde_json::to_vec(&count_body(model, stored)).map_err(|e| CommandError::Stdout(e.into()))?;
        match caller.read(|| target.count_tokens(body.clone())) {
            Ok(n) => file.estimate = Estimate { least: n, tokens: n, most: n, heuristic: COUNTED },
            Err(Stop::Interrupted { .. }) => return Ok(false),
            Err(Stop::Failed { error, .. }) if concerns_all(&error) => {
                return Err(CommandError::Target { target: settings.target.name.clone(), source: *error });
            }
            Err(Stop::Failed { error, .. } | Stop::Late { error }) => {
                let (path, by) = (&file.path, file.estimate.heuristic);
                let text = format!("`{path}` is not counted and stays estimated by {by}: {error}");
                context.warn(&human::printable(&text));
            }
        }
    }
    Ok(true)
}

/// Tells whether no other file would fare better.
fn concerns_all(error: &TargetError) -> bool {
    matches!(
        error.kind,
        TargetErrorKind::Connect
            | TargetErrorKind::Tls
            | TargetErrorKind::Unauthenticated
            | TargetErrorKind::Forbidden
            | TargetErrorKind::Quota
            | TargetErrorKind::Redirect
            | TargetErrorKind::Unsupported
            | TargetErrorKind::Storage
    )
}
