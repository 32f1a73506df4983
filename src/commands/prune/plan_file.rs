//! A plan in a file: written once, and believed only as it was written, by the same ledger, on the same day.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use super::Prune;
use crate::cli::UsageError;
use crate::commands::{CommandError, Context};
use crate::exit::ExitStatus;
use crate::model::prune::{PLAN_VERSION, Plan};
use crate::report::{human, json};
use crate::targets::is_id;

/// The largest plan that is read: some hundred thousand files.
const MAX_BYTES: u64 = 256 << 20;
/// A plan that is older says little of what is there.
const MAX_AGE: Duration = Duration::from_secs(24 * 3600);

impl Prune {
    /// Writes a plan; `-` is standard output. A file that is there is not replaced.
    pub(super) fn write(
        &self,
        path: &Path,
        plan: Plan,
        context: &mut Context<'_>,
    ) -> Result<ExitStatus, CommandError> {
        let plan = plan.sealed(&self.ledger.salt());
        if path.as_os_str() == "-" {
            json::line(context.stdout, &plan).map_err(CommandError::Stdout)?;
            return Ok(ExitStatus::Success);
        }
        let named = |source| CommandError::File { path: path.to_owned(), source };
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(named)?;
        json::line(&mut file, &plan).and_then(|()| file.flush()).map_err(named)?;
        file.sync_all().map_err(named)?;
        context.note(&format!("`docferry files prune --apply {}` deletes them", path.display()));
        Ok(ExitStatus::Success)
    }

    /// Reads a plan.
    ///
    /// # Errors
    /// It is none, was edited, is of another ledger, target or workspace, or is too old.
    pub(super) fn read(&self, path: &Path) -> Result<Plan, CommandError> {
        let named = |source| CommandError::File { path: path.to_owned(), source };
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(named)?;
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(named)?;
        let bad = |why: String| {
            let error = UsageError::new(format!("the plan `{}` is not carried out: {why}", path.display()));
            Err(error.with_hint("make a new one with --plan").into())
        };
        if bytes.len() as u64 > MAX_BYTES {
            return bad(format!("it is larger than {}", human::size(MAX_BYTES)));
        }
        let plan: Plan = match serde_json::from_slice(&bytes) {
            Ok(plan) => plan,
            Err(error) => return bad(format!("it cannot be read: {error}")),
        };
        if plan.plan_version != PLAN_VERSION {
            return bad(format!("its plan_version is {}", plan.plan_version));
        }
        if !plan.is_intact(&self.ledger.salt()) || !plan.delete.iter().all(|doomed| is_id(&doomed.file_id)) {
            return bad("it was edited, or made with another ledger".to_owned());
        }
        if plan.target_id != self.target.target_id() || plan.workspace != self.workspace.name {
            let of = format!("{} (workspace {})", plan.target_id, plan.workspace);
            return bad(format!("it is of {}", human::printable(&of)));
        }
        let now = self.caller.clock().now();
        if plan.made_at > now || plan.made_at < now.minus(MAX_AGE) {
            return bad(format!("it was made at {}, and holds for a day", plan.made_at));
        }
        Ok(plan)
    }
}
