//! Which workspace a credential belongs to: what was uploaded into one is not there in another.

use std::time::Duration;

use crate::ledger::{Ledger, LedgerError, Scope};
use crate::targets::{Disposition, ListRequest, Target, TargetError, TargetErrorKind};

use super::attempt::guarded;
use super::clock::Clock;
use super::pace::backoff;

/// The workspace of a platform that names none.
const DEFAULT: &str = "default";
/// How often the target is asked.
const TRIES: u32 = 5;
/// A target that asks for more patience before anything was done is better asked by another run.
const MAX_WAIT: Duration = Duration::from_secs(60);
/// So many ids are looked for where a new credential comes to a workspace without a name.
const PROBES: u32 = 100;

/// Why nobody can tell which files a credential sees.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The ledger cannot be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The target does not answer.
    #[error("the target cannot be asked which workspace the key belongs to")]
    Target(#[source] TargetError),
    /// The key sees a part of the files.
    #[error(
        "this key sees {seen} of {asked} files that the ledger has for `{target_id}`: it belongs to another workspace, or files were deleted; \
         nothing was reused and nothing sent"
    )]
    Mixed {
        /// The target.
        target_id: String,
        /// How many of them it sees.
        seen: usize,
        /// How many it was asked for.
        asked: usize,
    },
}

/// A target's workspace, as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// Its part of the ledger.
    pub scope: Scope,
    /// Its name.
    pub name: String,
}

/// Returns the part of the ledger that belongs to the workspace of the target's credential.
///
/// # Errors
/// [`IdentityError`]; nothing may be sent then.
pub fn workspace(
    ledger: &Ledger,
    target: &dyn Target,
    clock: &dyn Clock,
) -> Result<Workspace, IdentityError> {
    let target_id = target.target_id();
    let of = |name: &str| Ok(Workspace { scope: ledger.scope(target_id, name)?, name: name.to_owned() });
    if let Some(name) = &target.profile().workspace {
        return of(name);
    }
    let Some(fingerprint) = target.credential_fingerprint(&ledger.salt()) else {
        return of(DEFAULT);
    };
    if let Some(name) = named(target, clock)? {
        return of(&name);
    }
    let known = ledger.workspaces(target_id)?;
    for name in known.iter().filter(|name| name.starts_with(DEFAULT)) {
        let scope = ledger.scope(target_id, name)?;
        if ledger.knows_credential(scope, &fingerprint)? {
            return of(name);
        }
    }
    for name in known.iter().filter(|name| name.starts_with(DEFAULT)) {
        let scope = ledger.scope(target_id, name)?;
        let ids = ledger.some_ids(scope, PROBES)?;
        let seen = ids.iter().map(|id| sees(target, id)).collect::<Result<Vec<bool>, _>>()?;
        let (asked, seen) = (seen.len(), seen.into_iter().filter(|seen| *seen).count());
        // Where nothing is stored there is nothing to know a workspace by: it belongs to the key that came first.
        if asked == 0 && !ledger.scope_is_unused(scope)? {
            continue;
        }
        if seen == asked {
            ledger.note_credential(scope, &fingerprint)?;
            return of(name);
        }
        if seen > 0 {
            return Err(IdentityError::Mixed { target_id: target_id.to_owned(), seen, asked });
        }
    }
    let free = (1u32..).map(|n| if n == 1 { DEFAULT.to_owned() } else { format!("{DEFAULT}-{n}") });
    let name = free.into_iter().find(|name| !known.contains(name)).unwrap_or_default();
    let scope = ledger.scope(target_id, &name)?;
    ledger.note_credential(scope, &fingerprint)?;
    of(&name)
}

/// Asks the target for the name that its answers carry.
fn named(target: &dyn Target, clock: &dyn Clock) -> Result<Option<String>, IdentityError> {
    let request = ListRequest { limit: Some(1), ..ListRequest::default() };
    let mut tries = 0;
    loop {
        let error = match guarded(|| target.list(&request)) {
            Ok(_) => return Ok(target.workspace_id()),
            // Some keys may upload and not list; the answer names the workspace all the same, or nothing does.
            Err(error) if matches!(error.kind, TargetErrorKind::Forbidden | TargetErrorKind::Unsupported) => {
                return Ok(target.workspace_id());
            }
            Err(error) if error.kind.disposition() == Disposition::StopRun => {
                return Err(IdentityError::Target(error));
            }
            Err(_) if target.workspace_id().is_some() => return Ok(target.workspace_id()),
            Err(error) => error,
        };
        tries += 1;
        let wait = error.retry_after.unwrap_or_else(|| backoff(Duration::from_millis(500), tries, clock));
        if tries >= TRIES || wait > MAX_WAIT || !clock.sleep(wait) {
            return Err(IdentityError::Target(error));
        }
    }
}

fn sees(target: &dyn Target, id: &str) -> Result<bool, IdentityError> {
    match guarded(|| target.get(id)) {
        Ok(_) => Ok(true),
        Err(error) if error.kind == TargetErrorKind::NotFound => Ok(false),
        Err(error) => Err(IdentityError::Target(error)),
    }
}
