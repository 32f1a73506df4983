//! Calls of [`Ledger`] that concern no single upload: workspaces, runs, pace and budgets.

use std::sync::PoisonError;
use std::time::Duration;

use super::{
    Ledger, LedgerError, PeriodLimit, PeriodUsage, Rate, RunGuard, RunRecord, Scope, Usage, objects, pace,
    periods, runs, schema,
};
use crate::model::Timestamp;
use crate::model::budget::{BudgetKind, Exceeded};

/// Workspaces.
///
/// # Errors
/// All of these fail as the file does.
impl Ledger {
    /// Returns the workspace of a target; notes it if it is new.
    pub fn scope(&self, target_id: &str, workspace: &str) -> Result<Scope, LedgerError> {
        if let Some(scope) = self.find_scope(target_id, workspace)? {
            return Ok(scope);
        }
        let (target_id, workspace) = (target_id.to_owned(), workspace.to_owned());
        self.write(move |desk| objects::scope(desk, &target_id, &workspace))
    }

    /// Returns the workspace of a target, if it is known.
    pub fn find_scope(&self, target_id: &str, workspace: &str) -> Result<Option<Scope>, LedgerError> {
        self.read(|connection| objects::find_scope(connection, target_id, workspace))
    }

    /// Returns the workspaces of a target, in the order in which they became known.
    pub fn workspaces(&self, target_id: &str) -> Result<Vec<String>, LedgerError> {
        self.read(|connection| objects::workspaces(connection, target_id))
    }

    /// Returns the workspaces of a target, as [`Ledger::workspaces`].
    pub fn scopes(&self, target_id: &str) -> Result<Vec<Scope>, LedgerError> {
        let names = self.workspaces(target_id)?;
        let scopes = names.iter().map(|name| self.find_scope(target_id, name));
        Ok(scopes.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    /// Tells whether a credential, by a salted digest, was used with a workspace before.
    pub fn knows_credential(&self, scope: Scope, fingerprint: &[u8; 16]) -> Result<bool, LedgerError> {
        self.read(|connection| objects::knows_credential(connection, scope, fingerprint))
    }

    /// Tells whether nothing is known of a workspace: no upload, and no credential that was used with it.
    pub fn scope_is_unused(&self, scope: Scope) -> Result<bool, LedgerError> {
        self.read(|connection| objects::is_unused(connection, scope))
    }

    /// Notes that a credential, by a salted digest, was used with a workspace.
    pub fn note_credential(&self, scope: Scope, fingerprint: &[u8; 16]) -> Result<(), LedgerError> {
        let fingerprint = *fingerprint;
        self.write(move |desk| objects::note_credential(desk, scope, &fingerprint))
    }

    /// Returns ids of stored files, the newest first.
    pub fn some_ids(&self, scope: Scope, max: u32) -> Result<Vec<String>, LedgerError> {
        self.read(|connection| objects::some_ids(connection, scope, max))
    }

    /// Returns what a workspace stores: what was counted last, and what was added since.
    pub fn usage(&self, scope: Scope) -> Result<Option<Usage>, LedgerError> {
        self.read(|connection| objects::usage(connection, scope))
    }

    /// Notes what a listing counted.
    pub fn set_usage(&self, scope: Scope, usage: &Usage) -> Result<(), LedgerError> {
        let usage = *usage;
        self.write(move |desk| objects::set_usage(desk, scope, &usage))
    }
}

/// Its condition.
///
/// # Errors
/// All of these fail as the file does.
impl Ledger {
    /// Looks at every page.
    ///
    /// # Errors
    /// [`LedgerError::Corrupt`] says what is wrong first.
    pub fn check(&self) -> Result<(), LedgerError> {
        let verdict: String =
            self.read(|connection| connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)))?;
        match verdict == "ok" {
            true => Ok(()),
            false => Err(LedgerError::Corrupt { path: self.path().to_owned(), reason: verdict }),
        }
    }

    /// Returns the version of its schema.
    pub fn schema_version(&self) -> Result<i64, LedgerError> {
        self.read(schema::version)
    }
}

/// Runs, pace and budgets.
///
/// # Errors
/// All of these fail as the file does.
impl Ledger {
    /// Records that a run begins.
    pub fn run_begin(&self, run: &RunRecord) -> Result<(), LedgerError> {
        let run = run.clone();
        self.write(move |desk| runs::begin(desk, &run))
    }

    /// Records that a run ended; `finished` tells whether a rerun would find nothing to do. What it left open is anybody's
    /// from now on.
    pub fn run_end(&self, run_id: &str, exit_status: u8, finished: bool) -> Result<(), LedgerError> {
        let run_id = run_id.to_owned();
        self.write(move |desk| runs::end(desk, &run_id, exit_status, finished))?;
        self.0.shared.take_deferred()
    }

    /// Records in this process that a run is under way: until the guard goes away, what the run has open is taken over by
    /// no other one, of a copy of this ledger either. [`Ledger::begin`] and [`Ledger::unresolved`] tell runs by their id.
    pub fn enter_run(&self, run_id: &str) -> RunGuard {
        RunGuard::enter(self.0.shared.clone(), run_id)
    }

    /// Returns the newest run that is not finished and whose process is gone or gave up.
    pub fn unfinished_run(&self) -> Result<Option<RunRecord>, LedgerError> {
        self.read(|connection| runs::unfinished(connection, |owner| self.0.shared.owner.is_alive(owner)))
    }

    /// Takes `n` tokens of a target's bucket, and returns how long to wait before using them.
    pub fn take_tokens(
        &self,
        target_id: &str,
        rate: Rate,
        n: u32,
        now: Timestamp,
    ) -> Result<Duration, LedgerError> {
        let target_id = target_id.to_owned();
        self.write(move |desk| pace::take(desk, &target_id, rate, n, now))
    }

    /// Has everybody who takes tokens of a target wait until then.
    pub fn pause(&self, target_id: &str, until: Timestamp) -> Result<(), LedgerError> {
        let target_id = target_id.to_owned();
        self.write(move |desk| pace::pause(desk, &target_id, until))
    }

    /// Returns until when everybody who takes tokens of a target waits, or waited last.
    pub fn paused_until(&self, target_id: &str) -> Result<Option<Timestamp>, LedgerError> {
        self.read(|connection| pace::paused_until(connection, target_id))
    }

    /// Says which budgets of periods hold in this process.
    pub fn set_period_limits(&self, limits: &[PeriodLimit]) {
        let mut held = self.0.shared.limits.lock().unwrap_or_else(PoisonError::into_inner);
        *held = limits.to_vec();
    }

    /// Counts requests, unless a budget has no room for them. Without such a budget it does not wait for the disk.
    pub fn charge_requests(
        &self,
        target_id: &str,
        n: u64,
        now: Timestamp,
    ) -> Result<Option<Exceeded>, LedgerError> {
        let target = target_id.to_owned();
        let is_limited = {
            let limits = self.0.shared.limits.lock().unwrap_or_else(PoisonError::into_inner);
            limits.iter().any(|limit| limit.kind == BudgetKind::Requests && limit.target_id == target)
        };
        if is_limited {
            return self.write(move |desk| periods::charge_requests(desk, &target, n, now));
        }
        self.0.writer.leave(move |desk| periods::charge_requests(desk, &target, n, now).map(drop));
        Ok(None)
    }

    /// Returns what was used of the day, week and month that `now` is in.
    pub fn period_usage(&self, target_id: &str, now: Timestamp) -> Result<Vec<PeriodUsage>, LedgerError> {
        let target_id = target_id.to_owned();
        self.write(move |desk| periods::usage(desk, &target_id, now))
    }
}
