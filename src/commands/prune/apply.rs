//! Deletes what a plan says, looking at each file once more.

use serde::Serialize;

use super::Prune;
use crate::commands::caller::{Caller, Stop};
use crate::commands::{CommandError, Context};
use crate::exit::ExitStatus;
use crate::ledger::OwnedState;
use crate::model::prune::{Doomed, Plan};
use crate::report::{human, json};
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

/// What is printed of each file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Show {
    /// An object on standard output.
    Json,
    /// Nothing but why one stays: the plan was shown.
    Summary,
    /// What became of each, on standard error.
    Lines,
}

impl Row<'_> {
    /// Tells it at once: what is deleted is deleted, whatever becomes of us.
    fn tell(&self, show: Show, context: &mut Context<'_>) -> Result<(), CommandError> {
        if show == Show::Json {
            let written = json::line(context.stdout, self).and_then(|()| context.stdout.flush());
            return written.map_err(CommandError::Stdout);
        }
        match &self.why {
            Some(why) => {
                let line = format!("`{}` ({}) stays: {why}", self.filename, self.file_id);
                context.warn(&human::printable(&line));
            }
            None if show == Show::Lines => {
                context.note(&format!("{} {} ({})", self.status.as_str(), self.file_id, self.filename));
            }
            None => {}
        }
        Ok(())
    }
}

impl Prune {
    /// Deletes. Nobody else has the ledger open meanwhile.
    ///
    /// # Errors
    /// The target, the ledger or the kill switch ended it; what was done until then is told.
    pub(super) fn apply(
        &mut self,
        plan: &Plan,
        show: Show,
        context: &mut Context<'_>,
    ) -> Result<ExitStatus, CommandError> {
        let _alone = self.ledger.alone()?;
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
            let row = Row { status, file_id: &doomed.file_id, filename: &doomed.filename, why };
            row.tell(show, context)?;
        }
        let told = Fate::ALL.into_iter().zip(counts).filter(|(_, count)| *count > 0);
        let mut told: Vec<_> = told.map(|(fate, count)| format!("{count} {}", fate.as_str())).collect();
        let left = plan.delete.len() as u64 - counts.iter().sum::<u64>();
        if left > 0 {
            told.push(format!("{left} had no turn"));
        }
        context.note(&told.join(", "));
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
            if !self.ledger.owned(self.workspace.scope, &[id])?.is_empty() {
                return kept("it is ours by now");
            }
            let removed = self.caller.remove(|| self.target.delete(id));
            return match removed {
                Ok(true) => Ok((Fate::Deleted, None)),
                Ok(false) => Ok((Fate::Gone, None)),
                Err(stop) => self.refused(stop),
            };
        }
        let unused_since = doomed.used_at.unwrap_or(doomed.created_at);
        match self.ledger.condemn(self.workspace.scope, id, Some(unused_since))? {
            None => kept("there was use for it since, or what takes its place is not stored yet"),
            Some(was) => self.delete_ours(id, was),
        }
    }

    /// Deletes a file that nobody uses any more.
    fn delete_ours(&mut self, id: &str, was: OwnedState) -> Result<(Fate, Option<String>), CommandError> {
        let removed = self.caller.remove(|| self.target.delete(id));
        let is_gone = Caller::is_gone(self.target.as_ref(), id, &removed);
        self.ledger.settle(self.workspace.scope, id, Some(was), is_gone)?;
        match removed {
            Err(stop) if is_gone != Some(true) => self.refused(stop),
            _ => Ok((Fate::Deleted, None)),
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
