//! `files wait`: until the target has taken files in. Platforms that say nothing of that have taken in what they list.

use std::time::Duration;

use super::Files;
use crate::cli::WaitArgs;
use crate::commands::{CommandError, fetch};
use crate::exit::ExitStatus;
use crate::model::FileStatus;
use crate::report::human;
use crate::targets::{TargetError, TargetErrorKind};

/// The first and the longest time between two looks.
const LOOK_AGAIN: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(15)];

impl Files<'_, '_> {
    pub(super) fn wait(&mut self, args: &WaitArgs) -> Result<ExitStatus, CommandError> {
        let mut waiting = match &args.manifest {
            Some(manifest) => self.ids_of(manifest)?,
            None => args.ids.clone(),
        };
        let until = self.caller.clock().monotonic() + args.timeout.0;
        let [mut pause, longest] = LOOK_AGAIN;
        let mut status = ExitStatus::Success;
        loop {
            let mut still = Vec::new();
            for id in waiting {
                match self.look(&id) {
                    Ok(true) => {}
                    Ok(false) => still.push(id),
                    Err(error) if fetch::concerns_one_file(&error) => {
                        status = ExitStatus::Findings;
                        self.context.complain(&error, error.hint().as_deref());
                    }
                    Err(error) => return Err(error),
                }
            }
            waiting = still;
            let left = until.saturating_sub(self.caller.clock().monotonic());
            if waiting.is_empty() {
                return Ok(status);
            }
            if left.is_zero() {
                let ids = waiting.iter().map(|id| human::printable(id)).collect::<Vec<_>>().join(", ");
                self.context.warn(&format!("{} file(s) are still being taken in: {ids}", waiting.len()));
                return Ok(status.merge(ExitStatus::Unfinished));
            }
            self.caller.rest(pause.min(left)).map_err(|stop| self.ended(stop))?;
            pause = (pause * 2).min(longest);
        }
    }

    /// Tells whether a file can be used, and says so.
    fn look(&mut self, id: &str) -> Result<bool, CommandError> {
        let file = self.ask(id)?;
        match file.status {
            None | Some(FileStatus::Ready) => {
                writeln!(self.context.stdout, "{}", human::printable(id)).map_err(CommandError::Stdout)?;
                Ok(true)
            }
            Some(FileStatus::Uploading) => Ok(false),
            Some(other) => {
                let text = serde_json::to_value(&other).unwrap_or_default();
                let message = format!("`{id}` cannot be used: its status is {text}");
                Err(self.failed(TargetError::new(TargetErrorKind::Refused, message)))
            }
        }
    }
}
