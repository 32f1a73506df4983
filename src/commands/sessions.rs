//! `sessions`: stored files into agents' sessions, and what sessions made out of them.
//!
//! Creating agents and sessions stays with the platform's own tools. A session is named by its id, which is judged
//! before anything is sent.

mod calls;
mod mount;
mod outputs;
mod path;
mod plan;
mod unmount;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use calls::Calls;

use super::repeat::{Patience, Repeat, Stop};
use super::{CommandError, Context, open_target};
use crate::cli::{AtArgs, MountArgs, SessionsArgs, SessionsCommand, UsageError};
use crate::config::Settings;
use crate::exit::ExitStatus;
use crate::model::profile::Dialect;
use crate::report::{human, json};
use crate::stages::upload::SystemClock;
use crate::targets::is_id;
use crate::targets::sessions::Resource;

/// Does what was asked.
pub(super) fn run(args: SessionsArgs, context: &mut Context<'_>) -> Result<ExitStatus, CommandError> {
    match args.command {
        SessionsCommand::Mount { session, what, dry_run, json, at } => {
            let settings = settings(&at, &[&session], context)?;
            let mounts = plan::read(&what, &settings.target.name, &settings.target.profile)?;
            on(&settings, &session, context, |job| job.mount(&mounts, dry_run, json))
        }
        SessionsCommand::Unmount { session, resources, manifest, all, layout, yes, at } => {
            let ids: Vec<_> = [&session].into_iter().chain(&resources).map(String::as_str).collect();
            let settings = settings(&at, &ids, context)?;
            let from = match manifest {
                Some(manifest) => {
                    let what = MountArgs { manifest, layout };
                    let mounts = plan::read(&what, &settings.target.name, &settings.target.profile)?;
                    unmount::From::Manifest(mounts)
                }
                None if all => unmount::From::All,
                None => unmount::From::Ids(resources),
            };
            on(&settings, &session, context, |job| job.unmount(&from, yes))
        }
        SessionsCommand::Resources { session, json, at } => {
            let settings = settings(&at, &[&session], context)?;
            on(&settings, &session, context, |job| job.resources(json))
        }
        SessionsCommand::Files { session, wait, json, at } => {
            let settings = settings(&at, &[&session], context)?;
            on(&settings, &session, context, |job| job.files(wait.map(|wait| wait.0), json))
        }
        SessionsCommand::Get { session, wait, output_dir, at } => {
            let settings = settings(&at, &[&session], context)?;
            on(&settings, &session, context, |job| job.get(wait.map(|wait| wait.0), &output_dir))
        }
        SessionsCommand::ResourcesJson { what, at } => {
            let settings = settings(&at, &[], context)?;
            let mounts = plan::read(&what, &settings.target.name, &settings.target.profile)?;
            mount::print_resources(&mounts, context)
        }
    }
}

/// Makes the settings; refuses what cannot be an id, and a target that has no sessions.
fn settings(at: &AtArgs, ids: &[&str], context: &mut Context<'_>) -> Result<Settings, CommandError> {
    if let Some((n, id)) = ids.iter().enumerate().find(|(_, id)| !is_id(id)) {
        let what = if n == 0 { "session" } else { "resource" };
        let message = format!("`{}` is not the id of a {what}", human::printable(id));
        return Err(UsageError::new(message).with_hint("ids are letters, digits, `_` and `-`").into());
    }
    let settings = context.settings(&at.overrides(context.general))?;
    match settings.target.profile.dialect {
        Dialect::Local => Err(no_sessions(&settings.target.name).into()),
        Dialect::Anthropic | Dialect::AnthropicBeta | Dialect::Qoder => Ok(settings),
    }
}

fn no_sessions(target: &str) -> UsageError {
    UsageError::new(format!("`{target}` has no sessions")).with_hint("choose a target with --target")
}

/// Opens the target and does something with a session.
fn on(
    settings: &Settings,
    session: &str,
    context: &mut Context<'_>,
    act: impl FnOnce(&mut Job<'_, '_>) -> Result<ExitStatus, CommandError>,
) -> Result<ExitStatus, CommandError> {
    let name = settings.target.name.clone();
    let target = open_target(settings)?;
    let sessions = target.sessions().ok_or_else(|| no_sessions(&name))?;
    let flag = Arc::clone(&context.interrupted);
    let clock = SystemClock::new(Arc::clone(&flag));
    let interrupted = || flag.load(Ordering::Relaxed);
    let repeat = Repeat::new(&clock, &interrupted, Patience::of(settings));
    let calls = Calls { target: &*target, sessions, session, repeat };
    act(&mut Job { name, calls, context })
}

/// Something to do with one session.
struct Job<'a, 'c> {
    /// The target's name.
    name: String,
    calls: Calls<'a>,
    context: &'a mut Context<'c>,
}

impl Job<'_, '_> {
    fn resources(&mut self, as_json: bool) -> Result<ExitStatus, CommandError> {
        let resources = match self.calls.resources() {
            Ok(resources) => resources,
            Err(stop) => return self.ended(stop),
        };
        let written = if as_json {
            resources.iter().try_for_each(|resource| json::line(self.context.stdout, resource))
        } else {
            let mut rows = vec![["ID", "TYPE", "ADDED", "FILE", "PATH"].map(str::to_owned).to_vec()];
            rows.extend(resources.iter().map(row));
            human::table(self.context.stdout, &rows)
        };
        written.map_err(CommandError::Stdout)?;
        Ok(ExitStatus::Success)
    }

    /// Ends a command whose call came to nothing.
    fn ended(&self, stop: Stop) -> Result<ExitStatus, CommandError> {
        match stop {
            Stop::Interrupted { .. } => Ok(ExitStatus::Interrupted),
            Stop::Failed { error, .. } => {
                Err(CommandError::Target { target: self.name.clone(), source: *error })
            }
        }
    }
}

fn row(resource: &Resource) -> Vec<String> {
    vec![
        resource.id.clone(),
        resource.kind.clone(),
        resource.created_at.map(|time| time.to_string()).unwrap_or_default(),
        resource.file_id.clone().unwrap_or_default(),
        resource.mount_path.clone().unwrap_or_default(),
    ]
}

#[cfg(test)]
mod tests;
