//! `ledger`: what is known of earlier runs, shown, written out, taken in, forgotten.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use super::manifest::open as open_lines;
use super::{CommandError, Context};
use crate::cli::{LedgerArgs, LedgerCommand, ScopeArgs, StateArgs, UsageError};
use crate::exit::ExitStatus;
use crate::ledger::{Forget, ImportInto, Ledger, LedgerOptions, OpenUpload, ScopeSummary, Summary, import};
use crate::model::budget::amount;
use crate::model::upload::Dedupe;
use crate::model::{Timestamp, budget::Period};
use crate::report::{human, json as report};

/// How long a late copy of a forgotten upload may appear under its name.
const LATE_COPIES: Duration = Duration::from_secs(24 * 3600);
/// So many uploads that are open are shown to people.
const OPEN_SHOWN: usize = 20;

/// Does what was asked.
pub(super) fn run(args: &LedgerArgs, context: &mut Context<'_>) -> Result<ExitStatus, CommandError> {
    match &args.command {
        LedgerCommand::Show { json, state } => show(&existing(state, context)?, *json, context)?,
        LedgerCommand::Export { state } => export(&existing(state, context)?, context)?,
        LedgerCommand::Import { file, target, scope, state } => {
            let settings = context.settings(&state.overrides(context.general))?;
            let folder = settings.engine.require_state_dir()?;
            let ledger = Ledger::open(folder, &LedgerOptions::default())?;
            take_in(&ledger, file, (target.as_deref(), scope, settings.engine.dedupe), context)?;
        }
        LedgerCommand::Forget { file_ids, upload_key, unresolved, scope, sources, state } => {
            let ledger = existing(state, context)?;
            let mut wanted = Vec::new();
            if !file_ids.is_empty() {
                wanted.push(Forget::Files(file_ids.clone()));
            }
            if *unresolved || !upload_key.is_empty() {
                let burned_until = Timestamp::now().plus(LATE_COPIES);
                wanted.push(Forget::Unresolved { upload_keys: upload_key.clone(), burned_until });
            }
            wanted.extend(of_scope(&ledger, scope)?);
            wanted.extend(sources.then_some(Forget::Sources));
            forget(&ledger, &wanted, context)?;
        }
    }
    Ok(ExitStatus::Success)
}

fn folder(state: &StateArgs, context: &mut Context<'_>) -> Result<PathBuf, CommandError> {
    let settings = context.settings(&state.overrides(context.general))?;
    Ok(settings.engine.require_state_dir()?.to_owned())
}

/// Opens a ledger that is there: looking at one makes none.
fn existing(state: &StateArgs, context: &mut Context<'_>) -> Result<Ledger, CommandError> {
    let folder = folder(state, context)?;
    if !Ledger::is_in(&folder) {
        let error = UsageError::new(format!("there is no ledger in `{}`", folder.display()));
        let hint = "the first upload makes one; --state-dir names another folder";
        return Err(error.with_hint(hint).into());
    }
    Ok(Ledger::open(&folder, &LedgerOptions::default())?)
}

fn show(ledger: &Ledger, as_json: bool, context: &mut Context<'_>) -> Result<(), CommandError> {
    let summary = ledger.summary()?;
    let used = summary.scopes.iter().map(|scope| used(ledger, &scope.target_id));
    let used = used.collect::<Result<Vec<_>, _>>()?;
    let written = if as_json {
        report::line(context.stdout, &as_object(ledger, &summary, &used))
    } else {
        human::table(context.stdout, &as_rows(ledger, &summary, &used))
    };
    written.map_err(CommandError::Stdout)
}

/// What of a period's budgets a target used: the limit's name, used, reserved.
type Used = Vec<(String, u64, u64)>;

fn used(ledger: &Ledger, target_id: &str) -> Result<Used, CommandError> {
    let all = ledger.period_usage(target_id, Timestamp::now())?;
    let months = all.iter().filter(|usage| usage.period == Period::Month && usage.used + usage.reserved > 0);
    Ok(months
        .map(|usage| {
            let name = format!("{}.{}", usage.period.as_str(), usage.kind.as_str());
            (name, usage.used, usage.reserved)
        })
        .collect())
}

fn as_object(ledger: &Ledger, summary: &Summary, used: &[Used]) -> serde_json::Value {
    let scopes = summary.scopes.iter().zip(used).map(|(scope, used)| {
        let used = used
            .iter()
            .map(|(limit, used, reserved)| json!({ "limit": limit, "used": used, "reserved": reserved }));
        json!({
            "target_id": scope.target_id, "workspace": scope.workspace, "uploads": scope.objects,
            "burned": scope.burned, "open": scope.open, "used": used.collect::<Vec<_>>(),
            "usage": scope.usage.map(|usage| json!({
                "bytes": usage.bytes, "files": usage.files, "measured_at": usage.measured_at,
            })),
        })
    });
    json!({
        "path": ledger.path().to_string_lossy(), "sources": summary.sources, "contents": summary.judgements,
        "runs": summary.runs, "unfinished_runs": summary.unfinished_runs, "workspaces": scopes.collect::<Vec<_>>(),
    })
}

fn as_rows(ledger: &Ledger, summary: &Summary, used: &[Used]) -> Vec<Vec<String>> {
    let row = |name: &str, value: String| vec![name.to_owned(), value];
    let mut rows = vec![
        row("ledger", ledger.path().display().to_string()),
        row("sources", summary.sources.to_string()),
        row("runs", format!("{}, {} not finished", summary.runs, summary.unfinished_runs)),
    ];
    for (ScopeSummary { target_id, workspace, objects, burned, usage, open }, used) in
        summary.scopes.iter().zip(used)
    {
        rows.push(row("target", human::printable(&format!("{target_id}, workspace {workspace}"))));
        for (state, number) in objects {
            rows.push(row(&format!("  {state}"), number.to_string()));
        }
        for upload in open.iter().take(OPEN_SHOWN) {
            let OpenUpload { upload_key, source: _, file_name, sent_at } = upload;
            let text = format!("{}, sent at {sent_at}, key {upload_key}", human::printable(file_name));
            rows.push(row("  open", text));
        }
        if open.len() > OPEN_SHOWN {
            rows.push(row("  open", format!("{} more; --json shows all", open.len() - OPEN_SHOWN)));
        }
        if *burned > 0 {
            rows.push(row("  burned names", burned.to_string()));
        }
        if let Some(usage) = usage {
            let (files, size) = (usage.files, human::size(usage.bytes));
            rows.push(row("  stored", format!("{files} files, {size}, counted at {}", usage.measured_at)));
        }
        for (limit, used, reserved) in used {
            let amount = |n| amount(limit, n);
            rows.push(row(
                &format!("  {limit}"),
                format!("{} used, {} reserved", amount(*used), amount(*reserved)),
            ));
        }
    }
    rows
}

fn export(ledger: &Ledger, context: &mut Context<'_>) -> Result<(), CommandError> {
    ledger.export(|record| report::line(context.stdout, record))?.map_err(CommandError::Stdout)
}

fn take_in(
    ledger: &Ledger,
    path: &Path,
    (target_name, scope, dedupe): (Option<&str>, &ScopeArgs, Dedupe),
    context: &mut Context<'_>,
) -> Result<(), CommandError> {
    let only = if scope.target_id.is_none() { ledger.only_scope()? } else { None };
    let named = scope.target_id.as_deref().map(|target_id| (target_id, scope.workspace.as_str()));
    let only = only.as_ref().map(|(target_id, workspace)| (target_id.as_str(), workspace.as_str()));
    let into = named.or(only).zip(target_name).map(|((target_id, workspace), target_name)| ImportInto {
        target_id,
        workspace,
        target_name,
        extra: None,
        dedupe,
    });
    let mut lines = open_lines(path)?;
    let imported = import(ledger, into.as_ref(), &mut lines)
        .map_err(|source| CommandError::Import { path: path.to_owned(), source })?;
    let (added, known, passed) = (imported.added, imported.known, imported.passed);
    say(context, &format!("{added} files added, {known} known before, {passed} lines passed over"))
}

fn of_scope(ledger: &Ledger, scope: &ScopeArgs) -> Result<Option<Forget>, CommandError> {
    let Some(target_id) = &scope.target_id else { return Ok(None) };
    let found = ledger.find_scope(target_id, &scope.workspace)?.ok_or_else(|| {
        let workspace = &scope.workspace;
        let message = format!("the ledger knows no workspace `{workspace}` of the target `{target_id}`");
        UsageError::new(message).with_hint("`docferry ledger show` lists them")
    })?;
    Ok(Some(Forget::Scope(found)))
}

fn forget(ledger: &Ledger, wanted: &[Forget], context: &mut Context<'_>) -> Result<(), CommandError> {
    for what in wanted {
        let number = ledger.forget(what)?;
        let noun = if *what == Forget::Sources { "sources" } else { "uploads" };
        say(context, &format!("{number} {noun} forgotten"))?;
    }
    Ok(())
}

fn say(context: &mut Context<'_>, text: &str) -> Result<(), CommandError> {
    let written: io::Result<()> = writeln!(context.stdout, "{text}");
    written.map_err(CommandError::Stdout)
}
