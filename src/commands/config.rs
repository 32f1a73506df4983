//! `config show`: the settings in force, and where each comes from. Credentials show as `***`.

use serde::Serialize;

use super::{CommandError, Context};
use crate::cli::{ConfigArgs, ConfigCommand};
use crate::exit::ExitStatus;
use crate::report::{human, json};

/// One setting.
#[derive(Debug, Serialize)]
struct Row<'a> {
    value: &'a str,
    origin: String,
}

/// Prints the settings.
pub(super) fn run(args: &ConfigArgs, context: &mut Context<'_>) -> Result<ExitStatus, CommandError> {
    let ConfigCommand::Show { origin, json, at } = &args.command;
    let settings = context.settings(&at.overrides(context.general))?;
    let written = if *json {
        let rows = settings.shown.iter().map(|shown| {
            let row = Row { value: &shown.value, origin: shown.origin.to_string() };
            (shown.key.as_str(), row)
        });
        json::line(context.stdout, &rows.collect::<std::collections::BTreeMap<_, _>>())
    } else {
        let rows = settings.shown.iter().map(|shown| {
            let mut row = vec![shown.key.clone(), shown.value.clone()];
            row.extend(origin.then(|| format!("({})", shown.origin)));
            row
        });
        human::table(context.stdout, &rows.collect::<Vec<_>>())
    };
    written.map_err(CommandError::Stdout)?;
    Ok(ExitStatus::Success)
}
