//! `doctor`: looks at everything that a run needs, one line for each thing, before a run needs it.
//!
//! One bad thing never hides another: what cannot be looked at because of it says so. No line holds a credential.

mod finding;
mod machine;
mod remote;

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use finding::{Finding, Sheet, State};

use super::{CommandError, Context};
use crate::cli::DoctorArgs;
use crate::config::{self as configuration, ConfigError, Files, Overrides, Settings, state_dir};
use crate::exit::ExitStatus;

/// Looks at everything.
pub(super) fn run(args: &DoctorArgs, context: &mut Context<'_>) -> Result<ExitStatus, CommandError> {
    let overrides = args.overrides(context.general);
    let environment = context.environment;
    let mut sheet = Sheet::new(context.stdout, args.json);
    let settings = match settings(&overrides, environment) {
        Ok((settings, files)) => {
            sheet.put(&Finding::ok("configuration", files))?;
            for warning in &settings.warnings {
                sheet.put(&Finding::warn("configuration", warning))?;
            }
            Some(settings)
        }
        Err(error) => {
            sheet.put(&Finding::fail("configuration", &error.into()))?;
            None
        }
    };
    // A flag or variable says where the state is, whatever the files are like.
    let folder = match &settings {
        Some(settings) => settings.engine.require_state_dir().map(Path::to_owned),
        None => state_dir(environment, args.state.state_dir.as_deref()),
    };
    let counts_in = state(folder, &mut sheet)?;
    sheet.put(&machine::temporary(&std::env::temp_dir()))?;
    let Some(settings) = settings else {
        sheet.put(&Finding::warn("target", "not looked at: the configuration does not say which"))?;
        return Ok(sheet.status());
    };
    sheet.put(&machine::office(&settings))?;
    if settings.target.base_url.is_none() {
        sheet.put(&machine::store(&settings))?;
        return Ok(sheet.status());
    }
    for finding in remote::way(&settings) {
        sheet.put(&finding)?;
    }
    let (credential, is_usable) = remote::credential(&settings);
    sheet.put(&credential)?;
    if context.interrupted.load(Ordering::Relaxed) {
        return Ok(ExitStatus::Interrupted);
    }
    let asked = match (args.offline, is_usable) {
        (true, _) => vec![Finding::ok("target", "not asked: --offline was said")],
        (false, false) => vec![Finding::warn("target", "not asked: there is no credential to ask with")],
        (false, true) => remote::ask(&settings, counts_in.as_deref(), &context.interrupted),
    };
    for finding in asked {
        sheet.put(&finding)?;
    }
    Ok(sheet.status())
}

/// Makes the settings, and tells which files they are made from.
fn settings(
    overrides: &Overrides,
    environment: &configuration::Environment,
) -> Result<(Settings, String), ConfigError> {
    let files = Files::read(overrides, environment)?;
    let settings = configuration::resolve(overrides, environment, &files)?;
    let all = [&files.user, &files.project, &files.prices];
    let paths: Vec<_> = all.into_iter().flatten().map(|file| file.path.display().to_string()).collect();
    let read =
        if paths.is_empty() { "no file; defaults, variables and flags".to_owned() } else { paths.join(", ") };
    Ok((settings, read))
}

/// Looks at the folder of the state and what is in it. Returns it if requests can be counted in its ledger.
fn state(
    folder: Result<PathBuf, ConfigError>,
    sheet: &mut Sheet<'_>,
) -> Result<Option<PathBuf>, CommandError> {
    let folder = match folder {
        Ok(folder) => folder,
        Err(error) => {
            sheet.put(&Finding::fail("state", &error.into()))?;
            return Ok(None);
        }
    };
    let place = machine::state(&folder);
    sheet.put(&place)?;
    let (findings, is_usable) = machine::ledger(&folder, place.state != State::Fail);
    for finding in findings {
        sheet.put(&finding)?;
    }
    sheet.put(&machine::halt(&folder))?;
    Ok(is_usable.then_some(folder))
}
