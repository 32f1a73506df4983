//! `files wait`: until the target has taken files in. Platforms that say nothing of that have taken in what they list.

use super::Files;
use crate::cli::WaitArgs;
use crate::commands::caller::Stop;
use crate::commands::{CommandError, fetch};
use crate::exit::ExitStatus;
use crate::model::{FileObject, FileStatus};
use crate::report::human;
use crate::targets::{TargetError, TargetErrorKind};

/// What a look at one file came to.
enum Look {
    Ready,
    /// It is being taken in.
    NotYet,
    /// The time was over before the target said anything.
    Late(Box<TargetError>),
}

impl Files<'_, '_> {
    pub(super) fn wait(&mut self, args: &WaitArgs) -> Result<ExitStatus, CommandError> {
        let mut waiting = match &args.manifest {
            Some(manifest) => self.ids_of(manifest)?,
            None => args.ids.clone(),
        };
        self.caller.watch_for(args.timeout.0);
        let (mut status, mut is_first, mut last) = (ExitStatus::Success, true, None);
        loop {
            let mut still = Vec::new();
            for id in waiting {
                // One is asked for however short the time is; a target that wants to be left alone is.
                if last.is_some() || (!is_first && self.caller.is_time_over()) {
                    still.push(id);
                    continue;
                }
                is_first = false;
                match self.look(&id) {
                    Ok(Look::Ready) => {}
                    Ok(Look::NotYet) => still.push(id),
                    Ok(Look::Late(error)) => {
                        last = Some(error);
                        still.push(id);
                    }
                    Err(error) if fetch::concerns_one_file(&error) => {
                        status = ExitStatus::Findings;
                        self.context.complain(&error, error.hint().as_deref());
                    }
                    Err(error) => return Err(error),
                }
            }
            waiting = still;
            if waiting.is_empty() {
                return Ok(status);
            }
            // Who would have to wait beyond the time has none left, whatever the clock says.
            let goes_on = last.is_none() && self.caller.look_again().map_err(|stop| self.ended(stop))?;
            if !goes_on {
                self.give_up(&waiting, last.as_deref());
                return Ok(status.merge(ExitStatus::Unfinished));
            }
        }
    }

    fn give_up(&mut self, waiting: &[String], last: Option<&TargetError>) {
        let ids = waiting.iter().map(|id| human::printable(id)).collect::<Vec<_>>().join(", ");
        self.context.warn(&format!("{} file(s) are not known to be taken in yet: {ids}", waiting.len()));
        if let Some(error) = last {
            self.context.warn(&format!("the target would be asked again after the time: {error}"));
        }
    }

    /// Tells whether a file can be used, and says so.
    fn look(&mut self, id: &str) -> Result<Look, CommandError> {
        let file: FileObject = match self.caller.read(|| self.target.get(id)) {
            Ok(file) => file,
            Err(Stop::Late { error }) => return Ok(Look::Late(error)),
            Err(stop) => return Err(self.ended(stop)),
        };
        match file.status {
            None | Some(FileStatus::Ready) => {
                writeln!(self.context.stdout, "{}", human::printable(id)).map_err(CommandError::Stdout)?;
                Ok(Look::Ready)
            }
            Some(FileStatus::Uploading) => Ok(Look::NotYet),
            Some(other) => {
                let text = serde_json::to_value(&other).unwrap_or_default();
                let message = format!("`{id}` cannot be used: its status is {text}");
                Err(self.failed(TargetError::new(TargetErrorKind::Refused, message)))
            }
        }
    }
}

#[cfg(test)]
mod tests;
