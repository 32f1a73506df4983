//! What the commands that upload share: the ledger of the settings, and the record of their runs there.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use super::{CommandError, Context};
use crate::config::Settings;
use crate::exit::ExitStatus;
use crate::ledger::{self, ImportInto, Ledger, LedgerError, LedgerOptions, PeriodLimit, RunRecord};
use crate::model::Timestamp;
use crate::model::upload::RequestRate;
use crate::model::upload_key::extra_digest;
use crate::pipeline::{Engine, Pipeline};
use crate::report::preflight::{Preflight, Taken};
use crate::stages::upload::HighWater;
use crate::targets::Target;

/// Opens the ledger.
pub(super) fn open(settings: &Settings) -> Result<Ledger, CommandError> {
    let folder = settings.engine.require_state_dir()?;
    Ok(Ledger::open(folder, &LedgerOptions::default())?)
}

/// Opens the ledger, if there is one.
pub(super) fn existing(settings: &Settings) -> Result<Option<Ledger>, LedgerError> {
    let folder = settings.engine.state_dir.as_deref().filter(|folder| Ledger::is_in(folder));
    folder.map(|folder| Ledger::open(folder, &LedgerOptions::default())).transpose()
}

/// Returns how the settings want the target to be dealt with.
///
/// # Errors
/// [`crate::config::ConfigError`] if the model of estimates is not known.
pub(super) fn engine(settings: &Settings, run_id: String) -> Result<Engine, CommandError> {
    let engine = &settings.engine;
    let price = settings.budgets.price()?.cloned().map(|price| (price, settings.budgets.references));
    Ok(Engine {
        retries: engine.retries,
        max_wait: engine.max_wait,
        listing_grace: engine.listing_grace,
        name_tag: engine.name_tag,
        dedupe: engine.dedupe,
        force: engine.force,
        rehash: engine.rehash,
        min_ttl: engine.min_ttl,
        verify: engine.verify_remote,
        requests_per_minute: requests_per_minute(settings),
        high_water: HighWater { warn_at: engine.warn_at, refuse_at: engine.refuse_at },
        budgets: settings.budgets.budgets.clone(),
        price,
        state_dir: engine.state_dir.clone(),
        run_id: Some(run_id),
    })
}

/// Returns how many requests a minute the target takes; `None` is any number.
pub(super) fn requests_per_minute(settings: &Settings) -> Option<u32> {
    let at_home = settings.target.base_url.as_ref().is_none_or(crate::http::is_loopback);
    match settings.engine.requests_per_minute {
        RequestRate::Auto => settings.target.profile.limits.requests_per_minute.filter(|_| !at_home),
        RequestRate::Off => None,
        RequestRate::PerMinute(n) => Some(n.get()),
    }
}

/// Tells the ledger the budgets of days, weeks and months for the target.
pub(super) fn set_period_limits(settings: &Settings, ledger: &Ledger, target: &dyn Target) {
    let limits: Vec<PeriodLimit> = settings
        .budgets
        .budgets
        .periods
        .iter()
        .map(|budget| PeriodLimit {
            period: budget.period,
            kind: budget.kind,
            max: budget.max,
            target_id: target.target_id().to_owned(),
        })
        .collect();
    ledger.set_period_limits(&limits);
}

/// Takes over the ids of the manifests of `--reuse-from`.
pub(super) fn reuse(
    settings: &Settings,
    ledger: &Ledger,
    pipeline: &Pipeline,
    target: &dyn Target,
) -> Result<(), CommandError> {
    if settings.engine.reuse_from.is_empty() {
        return Ok(());
    }
    let Some(workspace) = pipeline.workspace()? else { return Ok(()) };
    let extra = extra_digest(settings.extra.purpose.as_deref(), settings.extra.metadata.as_ref());
    let into = ImportInto {
        target_id: target.target_id(),
        workspace: &workspace.name,
        target_name: &target.profile().name,
        extra: extra.as_ref(),
        dedupe: settings.engine.dedupe,
    };
    for path in &settings.engine.reuse_from {
        let unusable = |source| CommandError::File { path: path.clone(), source };
        let mut file = BufReader::new(File::open(path).map_err(unusable)?);
        let taken = ledger::import_manifest(ledger, &into, &mut file);
        taken.map_err(|source| CommandError::Import { path: path.clone(), source })?;
    }
    Ok(())
}

/// Refuses a plan that is over budget before anything is sent.
pub(super) fn preflight(
    settings: &Settings,
    ledger: &Ledger,
    pipeline: &Pipeline,
    target_id: &str,
) -> Result<(), CommandError> {
    let taken: Vec<Taken> = ledger
        .period_usage(target_id, Timestamp::now())?
        .into_iter()
        .map(|usage| Taken {
            period: usage.period,
            kind: usage.kind,
            amount: usage.used.saturating_add(usage.reserved),
        })
        .collect();
    let mut preflight = Preflight::new(&settings.budgets.budgets, &taken);
    pipeline.forecast(|path, charges| preflight.add(path, charges))?;
    match preflight.over().is_empty() {
        true => Ok(()),
        false => Err(CommandError::Budget {
            plan: preflight.describe().replace("\n  ", "; "),
            hint: preflight.hint(),
        }),
    }
}

/// Notes that a run begins, so that `docferry resume` can go on with it.
pub(super) fn begin(
    ledger: &Ledger,
    id: String,
    manifest: Option<PathBuf>,
    context: &Context<'_>,
) -> Result<(), CommandError> {
    Ok(ledger.run_begin(&RunRecord {
        id,
        started_at: Timestamp::now(),
        cwd: context.environment.cwd.clone(),
        args: context.arguments.clone(),
        manifest,
    })?)
}

/// Notes how a run ended. What cannot be noted is told, and no reason to fail after all is done.
pub(super) fn end(
    ledger: &Ledger,
    id: &str,
    result: &Result<ExitStatus, CommandError>,
    context: &mut Context<'_>,
) {
    let status = result.as_ref().map_or_else(CommandError::status, |status| *status);
    let finished = matches!(status, ExitStatus::Success | ExitStatus::Findings);
    if let Err(error) = ledger.run_end(id, status.code(), finished) {
        context.warn(&format!("the end of the run is not noted: {error}"));
    }
}
