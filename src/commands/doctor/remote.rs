//! What a run needs of others: a way to the target, a credential that it takes, a clock that agrees with its own.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use url::Url;

use super::Finding;
use super::finding::State;
use super::machine::PATIENCE;
use crate::commands::{CommandError, books, open_target};
use crate::config::{Credential, Settings};
use crate::ledger::{Ledger, LedgerOptions, Rate};
use crate::model::Timestamp;
use crate::model::budget::BudgetKind;
use crate::stages::upload::{Clock, SystemClock};
use crate::targets::{ListRequest, Target, TargetError, TargetErrorKind};

/// Two clocks that are this far apart are set wrong.
const MAX_SKEW: Duration = Duration::from_secs(60);
/// A token that ends sooner may end within a run.
const SOON: Duration = Duration::from_secs(600);
/// The longest that a turn is waited for.
const MAX_TURN: Duration = Duration::from_secs(5);

/// Says how the target is reached.
pub(super) fn way(settings: &Settings) -> Vec<Finding> {
    let target = &settings.target;
    let url = target.base_url.as_ref().map(Url::as_str).unwrap_or_default();
    let mut found = vec![Finding::ok("address", format!("{url} ({})", target.base_url_origin))];
    let proxy = target.proxy.https.as_ref().and_then(Url::host_str).zip(target.proxy.from.as_ref());
    if let Some((host, from)) = proxy.filter(|_| url.starts_with("https:")) {
        let text = format!("https goes through `{host}` (${from}), but to hosts of NO_PROXY");
        found.push(Finding::ok("proxy", text));
    }
    if let Some((id, origin)) = &target.workspace_id {
        found.push(Finding::ok("workspace", format!("requests name {id} ({origin})")));
    }
    found
}

/// Looks at the credential; tells whether there is something to ask with.
pub(super) fn credential(settings: &Settings) -> (Finding, bool) {
    let now = Timestamp::now();
    let credential = match settings.target.require_credential(now) {
        Ok(credential) => credential,
        Err(error) => return (Finding::fail("credential", &error.into()), false),
    };
    let Credential { origin, bearer, term, .. } = credential;
    let sent = if *bearer { "a bearer token" } else { "an API key" };
    let term = term.as_ref().and_then(|term| Some((term.expires_at?, &term.renewal)));
    let finding = match term {
        None => Finding::ok("credential", format!("{sent} ({origin})")),
        Some((end, renewal)) if end <= now.plus(SOON) => {
            Finding::warn("credential", format!("{sent} ({origin}), good until {end} only"))
                .with_hint(renewal)
        }
        Some((end, _)) => Finding::ok("credential", format!("{sent} ({origin}), good until {end}")),
    };
    (finding, true)
}

/// Asks the target for one file of its listing, and looks at what the answer tells besides. The request counts in the ledger
/// of the folder `state`, if one is named.
pub(super) fn ask(settings: &Settings, state: Option<&Path>, interrupted: &Arc<AtomicBool>) -> Vec<Finding> {
    let target = match open_target(settings) {
        Ok(target) => target,
        Err(error) => return vec![Finding::fail("target", &error)],
    };
    let clock = SystemClock::new(Arc::clone(interrupted));
    let options = LedgerOptions { busy_timeout: PATIENCE };
    match state.map(|state| Ledger::open(state, &options)).transpose() {
        Ok(None) => {}
        Ok(Some(ledger)) => {
            if let Some(why_not) = turn(settings, &ledger, &*target, &clock) {
                return vec![why_not];
            }
        }
        Err(error) => return vec![Finding::fail("target", &error.into())],
    }
    let started = Instant::now();
    let result = target.list(&ListRequest { limit: Some(1), ..ListRequest::default() });
    let took = started.elapsed();
    let answered = result.as_ref().map_or_else(|error| error.status.is_some(), |_| true);
    let mut found = vec![match &result {
        Ok(_) => Finding::ok(
            "target",
            format!("`{}` lists files, in {} ms", settings.target.name, took.as_millis()),
        ),
        Err(error) => refused(settings, error),
    }];
    if answered {
        found.push(clock_of(&*target));
        found.extend(workspace(&*target, result.is_ok()));
    }
    found
}

/// Counts the request as one of all runs that share the ledger. Returns why it is not made, if that is so.
fn turn(settings: &Settings, ledger: &Ledger, target: &dyn Target, clock: &dyn Clock) -> Option<Finding> {
    let (id, now) = (target.target_id(), clock.now());
    books::set_period_limits(settings, ledger, target);
    // As in a run: where no budget counts requests, nothing is written of them.
    if settings.budgets.budgets.periods.iter().any(|budget| budget.kind == BudgetKind::Requests) {
        match ledger.charge_requests(id, 1, now) {
            Ok(None) => {}
            Ok(Some(exceeded)) => {
                let error = CommandError::Budget { plan: exceeded.to_string(), hint: exceeded.hint() };
                return Some(Finding::fail("target", &error));
            }
            Err(error) => return Some(Finding::fail("target", &error.into())),
        }
    }
    let per_minute = books::requests_per_minute(settings)?;
    let rate = Rate { per_minute, burst: (per_minute / 4).max(1) };
    match ledger.take_tokens(id, rate, 1, now) {
        Ok(wait) if wait > MAX_TURN => {
            let text = format!("not asked: runs that share the ledger wait {} s for it", wait.as_secs());
            Some(Finding::warn("target", text))
        }
        Ok(wait) if !clock.sleep(wait) => Some(Finding::warn("target", "not asked: interrupted")),
        Ok(_) => None,
        Err(error) => Some(Finding::fail("target", &error.into())),
    }
}

/// Says what an answer that is no listing means, or that there was none.
fn refused(settings: &Settings, error: &TargetError) -> Finding {
    let name = settings.target.name.clone();
    let finding = Finding::fail("target", &CommandError::Target { target: name, source: error.clone() });
    let hint = match error.kind {
        TargetErrorKind::Unauthenticated => "the credential is not taken: make a new one, or log in again",
        TargetErrorKind::Forbidden => {
            "the credential is known and may not list files, or not in this workspace"
        }
        TargetErrorKind::Connect => "look at the address, the proxy and the network",
        TargetErrorKind::Tls => "look at the address, and name the certificate of a proxy with --ca-file",
        TargetErrorKind::Unsupported => "look at the address: the base URL has no path of a single call",
        // A run waits as long as it is told to.
        TargetErrorKind::RateLimited => {
            let warn = Finding { state: State::Warn, status: crate::exit::ExitStatus::Success, ..finding };
            return warn.with_hint("it is there, and takes no more requests now");
        }
        _ => return finding,
    };
    finding.with_hint(hint)
}

/// Compares the target's clock, as the `Date` of its answer told it to the second, with ours.
fn clock_of(target: &dyn Target) -> Finding {
    let skew = target.clock_skew();
    let text = format!("{} s apart from the target's", skew.as_secs());
    match skew > MAX_SKEW {
        true => Finding::warn("clock", text)
            .with_hint("set this machine's clock; uploads are found again by time"),
        false => Finding::ok("clock", text),
    }
}

/// Says by which name the ledger knows the workspace.
fn workspace(target: &dyn Target, is_listed: bool) -> Option<Finding> {
    let told = target.workspace_id();
    Some(match (&target.profile().workspace, told) {
        (Some(name), Some(told)) if *name != told => {
            Finding::ok("workspace", format!("`{name}` in the ledger; the answer says {told}"))
        }
        (Some(name), _) => Finding::ok("workspace", format!("`{name}` in the ledger")),
        (None, Some(told)) => Finding::ok("workspace", format!("{told}, as the answer says")),
        (None, None) if is_listed => {
            Finding::ok("workspace", "the target names none; `default` in the ledger")
        }
        (None, None) => return None,
    })
}
