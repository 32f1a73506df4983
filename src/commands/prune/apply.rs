//! Deletes what a plan says, looking at each file once more.

use serde::Serialize;

use super::Prune;
use crate::commands::caller::Stop;
use crate::commands::{CommandError, Context};
use crate::exit::ExitStatus;
use crate::ledger::LedgerError;
use crate::model::prune::{Doomed, Plan};
use crate::report::json;
use crate::targets::{Disposition, TargetErrorKind};

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Fate {
    /// It was deleted now.
    Deleted,
    /// It was gone.
    Gone,
    /// It is not what the plan says any more.
    Kept,
    /// The target refuses it.
    Failed,
}

impl Fate {
    const ALL: [Self; 4] = [Self::Deleted, Self::Gone, Self::Kept, Self::Failed];

    fn as_str(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Gone => "gone",
            Self::Kept => "kept",
            Self::Failed => "failed",
        }
    }
}

/// One file, as it is printed.
#[derive(Debug, Serialize)]
struct Row<'a> {
    status: Fate,
    file_id: &'a str,
    filename: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

impl Prune {
    /// Deletes.
    ///
    /// # Errors
    /// The target, the ledger or the kill switch ended it; what was done until then is told.
    pub(super) fn apply(
        &mut self,
        plan: &Plan,
        as_json: bool,
        context: &mut Context<'_>,
    ) -> Result<ExitStatus, CommandError> {
        if self.ledger.has_company() {
            // Whoever that is may have just read an id that is about to go.
            return Err(LedgerError::Busy { path: self.ledger.path().to_owned() }.into());
        }
        let mut counts = [0u64; Fate::ALL.len()];
        let mut ended = None;
        for doomed in &plan.delete {
            let (status, why) = match self.delete(doomed) {
                Ok(fate) => fate,
                Err(error) => {
                    ended = Some(error);
                    break;
                }
            };
            counts[status as usize] += 1;
            if let Some(why) = why.as_deref().filter(|_| !as_json) {
                context.warn(&format!("`{}` ({}) stays: {why}", doomed.filename, doomed.file_id));
            }
            if as_json {
                let row = Row { status, file_id: &doomed.file_id, filename: &doomed.filename, why };
                json::line(context.stdout, &row).map_err(CommandError::Stdout)?;
            }
        }
        let told = Fate::ALL.into_iter().zip(counts).filter(|(_, count)| *count > 0);
        let told: Vec<_> = told.map(|(fate, count)| format!("{count} {}", fate.as_str())).collect();
        let left = plan.delete.len() as u64 - counts.iter().sum::<u64>();
        let left = if left > 0 { format!("; {left} had no turn") } else { String::new() };
        context.note(&format!(
            "{}{left}",
            if told.is_empty() { "nothing deleted".into() } else { told.join(", ") }
        ));
        match ended {
            Some(error) => Err(error),
            None if counts[Fate::Failed as usize] > 0 => Ok(ExitStatus::Findings),
            None => Ok(ExitStatus::Success),
        }
    }

    /// Deletes one file, if it is still what the plan says; tells why it stays.
    fn delete(&mut self, doomed: &Doomed) -> Result<(Fate, Option<String>), CommandError> {
        self.check_halt()?;
        let id = doomed.file_id.as_str();
        let kept = |why: &str| Ok((Fate::Kept, Some(why.to_owned())));
        match self.caller.read(|| self.target.get(id)) {
            Ok(file) if file.scope.is_some() => return kept("it belongs to a session"),
            Ok(file) if !doomed.is_same(&file) => return kept("it is not the file that the plan names"),
            Ok(_) => {}
            Err(Stop::Failed { error, .. }) if error.kind == TargetErrorKind::NotFound => {
                self.ledger.removed(self.workspace.scope, id)?;
                return Ok((Fate::Gone, None));
            }
            Err(stop) => return self.refused(stop),
        }
        if doomed.foreign {
            let removed = self.caller.remove(|| self.target.delete(id));
            return match removed {
                Ok(true) => Ok((Fate::Deleted, None)),
                Ok(false) => Ok((Fate::Gone, None)),
                Err(stop) => self.refused(stop),
            };
        }
        let unused_since = doomed.used_at.unwrap_or(doomed.created_at);
        match self.ledger.condemn(self.workspace.scope, id, unused_since)? {
            None => kept("there was use for it since, or it is not ours any more"),
            Some(was_current) => self.delete_ours(id, was_current),
        }
    }

    /// Deletes a file that nobody uses any more.
    fn delete_ours(&mut self, id: &str, was_current: bool) -> Result<(Fate, Option<String>), CommandError> {
        let scope = self.workspace.scope;
        match self.caller.remove(|| self.target.delete(id)) {
            Ok(_) => {
                self.ledger.removed(scope, id)?;
                Ok((Fate::Deleted, None))
            }
            Err(stop) => {
                // Without a plain answer, the file may be there or not: that is asked for once, whatever ended us.
                match self.target.get(id) {
                    Ok(_) => self.ledger.pardon(scope, id, was_current)?,
                    Err(error) if error.kind == TargetErrorKind::NotFound => {
                        self.ledger.removed(scope, id)?;
                        return Ok((Fate::Deleted, None));
                    }
                    Err(_) => {}
                }
                self.refused(stop)
            }
        }
    }

    /// Tells what concerns one file only; all else ends it.
    fn refused(&self, stop: Stop) -> Result<(Fate, Option<String>), CommandError> {
        match stop {
            Stop::Failed { error, .. } if error.kind.disposition() == Disposition::RefuseFile => {
                Ok((Fate::Failed, Some(error.message.clone())))
            }
            stop => Err(stop.into_error(&self.name)),
        }
    }
}
