//! `ingest`: the main job. Converts, judges and uploads documents, and writes a manifest.

use std::sync::Arc;

use super::run::{Ending, ManifestPlace, builder, dry_run, inputs, run, with_name};
use super::{CommandError, Context, books, open_target, prune};
use crate::cli::IngestArgs;
use crate::exit::ExitStatus;
use crate::model::Timestamp;
use crate::model::profile::Dialect;
use crate::pipeline::Engine;

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
    let ledger = books::open(&settings)?;
    let run_id = Engine::new_run_id();
    books::set_period_limits(&settings, &ledger, target.as_ref());
    let engine = books::engine(&settings, run_id.clone())?;
    let pipeline = described.ledger(ledger.clone()).engine(engine).build()?;
    place.guard(&pipeline)?;
    books::reuse(&settings, &ledger, &pipeline, target.as_ref())?;
    if !settings.budgets.budgets.is_empty() {
        books::preflight(&settings, &ledger, &pipeline, target.target_id())?;
    }
    let began = Timestamp::now();
    if settings.prune.after_ingest {
        // As for a plan: what this run has use for is noted, and stays.
        ledger.note_plan(began)?;
    }
    books::begin(&ledger, run_id.clone(), place.path(), context)?;
    let local = settings.target.profile.dialect == Dialect::Local;
    let ending = Ending {
        store: local.then_some(settings.store.as_path()),
        key_without_target: settings.platform_key_present,
        allow_empty: settings.allow_empty,
        ..Ending::default()
    };
    let result = run(&pipeline, &place, &args.output, &ending, context);
    books::end(&ledger, &run_id, &result, context);
    match result {
        Ok(status @ (ExitStatus::Success | ExitStatus::Findings)) if settings.prune.after_ingest => {
            let workspace = pipeline.workspace()?.cloned();
            drop(pipeline);
            prune::after_ingest(&settings, target, ledger, (workspace, began), context)
                .map(|pruned| status.merge(pruned))
        }
        result => result,
    }
}
