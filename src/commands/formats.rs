//! `formats`: the table of formats, and what becomes of each.

use docferry_converters::Converter;
use docferry_converters::formats::{FORMATS, FormatSpec};
use serde::Serialize;

use super::{CommandError, Context};
use crate::cli::FormatsArgs;
use crate::exit::ExitStatus;
use crate::report::{human, json};

/// One row.
#[derive(Debug, Serialize)]
struct Row {
    name: &'static str,
    title: &'static str,
    media_type: &'static str,
    extensions: Vec<&'static str>,
    names: &'static [&'static str],
    converter: Option<&'static str>,
    revision: Option<u32>,
}

impl Row {
    fn new(spec: &'static FormatSpec) -> Self {
        Self {
            name: spec.name,
            title: spec.title,
            media_type: spec.media_type,
            extensions: spec.extensions.iter().map(|(extension, _)| *extension).collect(),
            names: spec.bare_names,
            converter: spec.converter.map(Converter::name),
            revision: spec.converter.map(Converter::revision),
        }
    }

    /// Returns what is done with the format.
    fn fate(&self) -> String {
        match self.converter {
            Some(converter) => format!("as it is, or by {converter}"),
            None => "as it is, where the target takes it".to_owned(),
        }
    }
}

/// Prints the table.
pub(super) fn run(args: &FormatsArgs, context: &mut Context<'_>) -> Result<ExitStatus, CommandError> {
    let rows = FORMATS.iter().map(Row::new);
    let written = if args.json {
        rows.into_iter().try_for_each(|row| json::line(context.stdout, &row))
    } else {
        let mut table = vec![["NAME", "FORMAT", "EXTENSIONS", "SENT"].map(str::to_owned).to_vec()];
        table.extend(rows.map(|row| {
            let extensions = shorten(&row.extensions);
            vec![row.name.to_owned(), row.title.to_owned(), extensions, row.fate()]
        }));
        human::table(context.stdout, &table)
    };
    written.map_err(CommandError::Stdout)?;
    Ok(ExitStatus::Success)
}

/// A few extensions are enough for a line; `--json` has all.
fn shorten(extensions: &[&str]) -> String {
    const SHOWN: usize = 4;
    let shown: Vec<_> = extensions.iter().take(SHOWN).map(|extension| format!(".{extension}")).collect();
    match extensions.len().saturating_sub(SHOWN) {
        0 => shown.join(" "),
        more => format!("{} +{more}", shown.join(" ")),
    }
}
