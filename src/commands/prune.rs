//! `files prune`, and what `prune.after_ingest` does: plans what is to be deleted at a target, and deletes it.
//!
//! A plan is made from the target's listing and the ledger. Whoever deletes looks at each file once more, and the ledger
//! stops using an id before the target is told to delete it.

mod apply;
mod plan_file;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use apply::Show;
use globset::{Glob, GlobMatcher, GlobSet, GlobSetBuilder};

use super::caller::{Caller, Patience};
use super::confirm::confirm;
use super::{CommandError, Context, books, open_target};
use crate::cli::{PruneArgs, UsageError};
use crate::config::{PruneSettings, Settings};
use crate::exit::ExitStatus;
use crate::ledger::{Ledger, Usage};
use crate::model::Timestamp;
use crate::model::prune::Plan;
use crate::pipeline::RunError;
use crate::report::{human, json};
use crate::stages::halt;
use crate::stages::prune::{Place, Planner, Rules, Water};
use crate::stages::upload::{Workspace, workspace};
use crate::targets::{ListRequest, Target};

/// Does what was asked.
pub(super) fn run(args: &PruneArgs, context: &mut Context<'_>) -> Result<ExitStatus, CommandError> {
    let settings = context.settings(&args.overrides(context.general))?;
    let folder = settings.engine.require_state_dir()?;
    let Some(ledger) = books::existing(&settings)? else {
        let message =
            format!("there is no ledger in `{}`: nobody knows which files are ours", folder.display());
        return Err(UsageError::new(message).with_hint("say --state-dir, or ingest something first").into());
    };
    let mut rules = rules(&settings)?;
    rules.foreign = args.foreign;
    rules.names = args.names.as_deref().map(matcher).transpose()?;
    if args.apply.is_none() && rules.is_empty() {
        let error = UsageError::new("nothing says what is to be deleted");
        return Err(error.with_hint("say --older-than, --keep-last, --superseded, --orphaned, --expired or --low-water, or set them in [prune]").into());
    }
    let target = open_target(&settings)?;
    let mut prune = Prune::new(&settings, target, ledger, None, context)?;
    let plan = match &args.apply {
        Some(path) => prune.read(path)?,
        None => prune.plan(&rules)?,
    };
    // What is deleted is printed as it happens, and what people are asked about before.
    if args.dry_run || !args.json && args.plan.is_none() {
        print(&plan, args.json, context)?;
    }
    context.note(&summary(&plan));
    if args.dry_run {
        if let Some((over, hint)) = prune.over(&plan) {
            context.warn(&format!("{over}; {hint}"));
        }
        return Ok(ExitStatus::Success);
    }
    prune.guard(&plan)?;
    if let Some(path) = &args.plan {
        return prune.write(path, plan, context);
    }
    if plan.delete.is_empty() {
        return Ok(ExitStatus::Success);
    }
    let what = format!("delete {} file(s) of `{}` for good?", plan.delete.len(), prune.name);
    if !args.yes && !confirm(context, &what, "files are deleted for good, and nobody can be asked here")? {
        return Ok(ExitStatus::Findings);
    }
    prune.apply(&plan, if args.json { Show::Json } else { Show::Summary }, context)
}

/// Deletes what `[prune]` says after an ingest into a workspace that began then, without asking.
pub(super) fn after_ingest(
    settings: &Settings,
    target: Arc<dyn Target>,
    ledger: Ledger,
    (workspace, began): (Option<Workspace>, Timestamp),
    context: &mut Context<'_>,
) -> Result<ExitStatus, CommandError> {
    // What the run has just reported stays, whatever the rules say.
    let rules = Rules { unused_since: Some(began), ..rules(settings)? };
    if rules.is_empty() {
        context.warn("`prune.after_ingest` is set, and no rule of [prune] says what is to be deleted");
        return Ok(ExitStatus::Success);
    }
    let mut prune = Prune::new(settings, target, ledger, workspace, context)?;
    let plan = prune.plan(&rules)?;
    if plan.delete.is_empty() {
        return Ok(ExitStatus::Success);
    }
    prune.guard(&plan)?;
    prune.apply(&plan, Show::Lines, context)
}

/// Returns what the settings say.
fn rules(settings: &Settings) -> Result<Rules, CommandError> {
    let prune = &settings.prune;
    let max = settings.target.profile.limits.max_workspace_bytes;
    let water = match (prune.low_water, max) {
        (None, _) => None,
        (Some(low), Some(max)) => Some(Water { max, high: prune.high_water, low, order: prune.order }),
        (Some(_), None) => {
            let message = format!("`{}` names no storage that could be full", settings.target.name);
            return Err(UsageError::new(message).with_hint("leave out --low-water").into());
        }
    };
    Ok(Rules {
        older_than: prune.older_than,
        keep_last: prune.keep_last,
        superseded: prune.superseded,
        orphaned: prune.orphaned,
        expired: prune.expired,
        water,
        names: None,
        protect: protect(&prune.protect)?,
        foreign: false,
        unused_since: None,
    })
}

/// Reads a glob.
pub(super) fn matcher(glob: &str) -> Result<GlobMatcher, UsageError> {
    parse(glob).map(|glob| glob.compile_matcher())
}

fn parse(glob: &str) -> Result<Glob, UsageError> {
    Glob::new(glob).map_err(|error| UsageError::new(format!("`{glob}` is not a glob: {}", error.kind())))
}

fn protect(globs: &[String]) -> Result<GlobSet, UsageError> {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        set.add(parse(glob)?);
    }
    set.build().map_err(|error| UsageError::new(error.to_string()))
}

/// Prints what is to be deleted.
fn print(plan: &Plan, as_json: bool, context: &mut Context<'_>) -> Result<(), CommandError> {
    if plan.delete.is_empty() {
        return Ok(());
    }
    let written = if as_json {
        plan.delete.iter().try_for_each(|file| json::line(context.stdout, file))
    } else {
        let mut rows = vec![["ID", "SIZE", "CREATED", "REASON", "NAME"].map(str::to_owned).to_vec()];
        rows.extend(plan.delete.iter().map(|file| {
            let reasons: Vec<_> = file.reasons.iter().map(|reason| reason.as_str()).collect();
            let (size, created) = (file.size_bytes.to_string(), file.created_at.to_string());
            vec![file.file_id.clone(), size, created, reasons.join(","), file.filename.clone()]
        }));
        human::table(context.stdout, &rows)
    };
    // It is to be seen before anything happens.
    written.and_then(|()| context.stdout.flush()).map_err(CommandError::Stdout)
}

/// Says in one line what a plan comes to.
fn summary(plan: &Plan) -> String {
    let mut counts = BTreeMap::new();
    for reason in plan.delete.iter().flat_map(|file| &file.reasons) {
        *counts.entry(reason.as_str()).or_insert(0u64) += 1;
    }
    let counts: Vec<_> = counts.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    let because = if counts.is_empty() { String::new() } else { format!(" ({})", counts.join(", ")) };
    let (count, size) = (plan.delete.len(), human::size(plan.bytes()));
    format!("{count} of {} files to delete, {size}{because}", plan.considered)
}

/// The target that is emptied, and what is known of it.
struct Prune {
    name: String,
    target: Arc<dyn Target>,
    ledger: Ledger,
    workspace: Workspace,
    guards: PruneSettings,
    caller: Caller,
    /// The folder of the state, for the kill switch.
    folder: Option<PathBuf>,
}

impl Prune {
    fn new(
        settings: &Settings,
        target: Arc<dyn Target>,
        ledger: Ledger,
        known: Option<Workspace>,
        context: &Context<'_>,
    ) -> Result<Self, CommandError> {
        let caller = Caller::new(Patience::of(settings), &context.interrupted);
        let workspace = match known {
            Some(workspace) => workspace,
            None => workspace(&ledger, target.as_ref(), caller.clock())
                .map_err(|error| CommandError::Run(RunError::Identity(error)))?,
        };
        Ok(Self {
            name: settings.target.name.clone(),
            target,
            ledger,
            workspace,
            guards: settings.prune.clone(),
            caller,
            folder: settings.engine.state_dir.clone(),
        })
    }

    /// Looks at everything, and decides. Nobody else has the ledger open meanwhile, so that all later use is noted.
    fn plan(&mut self, rules: &Rules) -> Result<Plan, CommandError> {
        let _alone = self.ledger.alone()?;
        let (scope, now) = (self.workspace.scope, self.caller.clock().now());
        self.ledger.note_plan(now)?;
        let place = Place {
            target_id: self.target.target_id().to_owned(),
            workspace: self.workspace.name.clone(),
            dialect: self.target.profile().dialect,
        };
        let mut planner = Planner::new(rules.clone(), place, now);
        let mut usage = Usage { bytes: 0, files: 0, measured_at: now };
        let listed = self.caller.each_file(self.target.as_ref(), ListRequest::default(), |file| {
            usage.bytes = usage.bytes.saturating_add(file.size_bytes);
            usage.files += 1;
            planner.see(&file);
        });
        listed.map_err(|stop| stop.into_error(&self.name))?;
        // It was counted anyway.
        self.ledger.set_usage(scope, &usage)?;
        self.ledger.owned_files(scope, |file| planner.own(file))?;
        planner.unsettled(self.ledger.unsettled(scope, now)?);
        let is_gone = |path: &Path| rules.orphaned && is_gone(path);
        let wants_sources = rules.orphaned || rules.keep_last.is_some() || rules.superseded;
        if wants_sources || !rules.protect.is_empty() {
            self.ledger.origins(scope, |record| planner.origin(record, &is_gone))?;
        }
        Ok(planner.finish(&is_gone))
    }

    /// Refuses a plan that deletes more than is allowed at once.
    fn guard(&self, plan: &Plan) -> Result<(), CommandError> {
        match self.over(plan) {
            None => Ok(()),
            Some((plan, hint)) => Err(CommandError::Budget { plan, hint }),
        }
    }

    /// Returns what a plan is over, and how to go on.
    fn over(&self, plan: &Plan) -> Option<(String, String)> {
        let wanted = plan.delete.len() as u64;
        if wanted > self.guards.max_delete {
            let over =
                format!("{wanted} files would be deleted, more than --max-delete {}", self.guards.max_delete);
            return Some((over, format!("say --max-delete {wanted} if that is fine")));
        }
        let part = u128::from(plan.considered) * u128::from(self.guards.max_delete_millionths);
        let allowed = u64::try_from(part.div_ceil(1_000_000)).unwrap_or(u64::MAX);
        if wanted > allowed {
            let over = format!(
                "{wanted} of {} files would be deleted, and --max-delete-fraction {} allows {allowed}",
                plan.considered,
                f64::from(self.guards.max_delete_millionths) / 1e6,
            );
            return Some((
                over,
                "say a larger --max-delete-fraction if that is fine; 1 is everything".to_owned(),
            ));
        }
        None
    }

    /// Tells whether nothing may be sent at all.
    fn check_halt(&self) -> Result<(), CommandError> {
        match self.folder.as_deref().and_then(halt::reason) {
            None => Ok(()),
            Some(reason) => Err(CommandError::Budget {
                plan: format!("nothing is deleted: {reason}"),
                hint: "`docferry halt --clear` ends it".to_owned(),
            }),
        }
    }
}

/// Tells whether nothing is at a path; what cannot be told is taken for there.
fn is_gone(path: &Path) -> bool {
    match path.symlink_metadata() {
        Ok(_) => false,
        Err(error) => matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory),
    }
}
