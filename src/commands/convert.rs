//! `convert`: documents to text and CSV files in a folder. Needs no target; what has no converter is skipped.

use super::run::{Ending, ManifestPlace, builder, dry_run, inputs, run};
use super::{CommandError, Context};
use crate::cli::ConvertArgs;
use crate::exit::ExitStatus;

/// Converts what the arguments name.
pub(super) fn run_convert(args: &ConvertArgs, context: &mut Context<'_>) -> Result<ExitStatus, CommandError> {
    let settings = context.settings(&args.overrides(context.general))?;
    let inputs = inputs(&args.inputs)?;
    let place = ManifestPlace::of(&settings, &args.output)?;
    let described = builder(&settings, inputs, context)?.output_dir(&args.output_dir).manifest(place.path());
    let pipeline = described.build()?;
    if args.output.dry_run {
        return dry_run(&pipeline, args.output.json, settings.allow_empty, context);
    }
    place.guard(&pipeline)?;
    let ending =
        Ending { output_dir: Some(&args.output_dir), allow_empty: settings.allow_empty, ..Ending::default() };
    run(&pipeline, &place, &args.output, &ending, context)
}
