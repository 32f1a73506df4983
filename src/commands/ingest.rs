//! `ingest`: the main job. Converts, judges and uploads documents, and writes a manifest.

use std::sync::Arc;

use super::run::{Ending, ManifestPlace, builder, dry_run, inputs, run, with_name};
use super::{CommandError, Context, open_target};
use crate::cli::IngestArgs;
use crate::exit::ExitStatus;
use crate::model::profile::Dialect;

/// Ingests what the arguments name.
pub(super) fn run_ingest(args: &IngestArgs, context: &mut Context<'_>) -> Result<ExitStatus, CommandError> {
    let settings = context.settings(&args.overrides(context.general)?)?;
    settings.budgets.price()?;
    let inputs = inputs(&args.inputs)?;
    let place = ManifestPlace::of(&settings, &args.output)?;
    let described =
        builder(&settings, inputs.clone(), context)?.extra(settings.extra.clone()).manifest(place.path());
    let described = with_name(described, args.admission.name.as_ref(), &inputs)?;
    if args.output.dry_run {
        let judged = described.check(settings.judge.clone()).build()?;
        return dry_run(&judged, args.output.json, settings.allow_empty, context);
    }
    let target = open_target(&settings)?;
    let described = described.target(Arc::clone(&target)).acceptance_of(settings.judge.clone());
    let pipeline = described.build()?;
    place.guard(&pipeline)?;
    let local = settings.target.profile.dialect == Dialect::Local;
    let ending = Ending {
        store: local.then_some(settings.store.as_path()),
        key_without_target: settings.platform_key_present,
        allow_empty: settings.allow_empty,
        ..Ending::default()
    };
    run(&pipeline, &place, &args.output, &ending, context)
}
