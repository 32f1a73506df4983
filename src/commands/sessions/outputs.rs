//! `sessions files` and `sessions get`: what a session made.
//!
//! A listing by session shows copies of mounted files, too. An output is a file that no resource names and that the
//! platform gives back. Outputs may show some seconds after the session came to rest (docs, managed-agents/files).

use std::collections::HashSet;
use std::io;
use std::path::Path;
use std::time::Duration;

use super::Job;
use super::path::numbered;
use crate::commands::repeat::Stop;
use crate::commands::{CommandError, fetch};
use crate::exit::ExitStatus;
use crate::model::FileObject;
use crate::report::{files as report, human, json};
use crate::targets::{Disposition, TargetErrorKind};

/// The first and the longest time between two looks.
const LOOK_AGAIN: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(15)];

impl Job<'_, '_> {
    pub(super) fn files(
        &mut self,
        wait: Option<Duration>,
        as_json: bool,
    ) -> Result<ExitStatus, CommandError> {
        let files = match self.outputs(wait) {
            Ok(files) => files,
            Err(stop) => return self.ended(stop),
        };
        let written = if as_json {
            files.iter().try_for_each(|file| json::line(self.context.stdout, file))
        } else {
            let rows: Vec<_> =
                std::iter::once(report::heading()).chain(files.iter().map(report::row)).collect();
            human::table(self.context.stdout, &rows)
        };
        written.map_err(CommandError::Stdout)?;
        Ok(self.none_yet(&files, wait))
    }

    pub(super) fn get(&mut self, wait: Option<Duration>, folder: &Path) -> Result<ExitStatus, CommandError> {
        let files = match self.outputs(wait) {
            Ok(files) => files,
            Err(stop) => return self.ended(stop),
        };
        if files.is_empty() {
            return Ok(self.none_yet(&files, wait));
        }
        let named = |source| CommandError::File { path: folder.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(named)?;
        let mut status = ExitStatus::Success;
        for (file, name) in files.iter().zip(local_names(&files)) {
            if self.calls.repeat.is_interrupted() {
                return Ok(ExitStatus::Interrupted);
            }
            let path = folder.join(name);
            match fetch::into_new_file((self.calls.target, &self.name), &mut self.calls.repeat, file, &path) {
                Ok(()) => writeln!(self.context.stdout, "{}", human::printable(&path.to_string_lossy()))
                    .map_err(CommandError::Stdout)?,
                Err(error) if concerns_one_file(&error) => {
                    status = ExitStatus::Findings;
                    self.context.complain(&error, None);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(status)
    }

    /// Returns what the session made, oldest first; looks again until there is something or the time is over.
    fn outputs(&mut self, wait: Option<Duration>) -> Result<Vec<FileObject>, Stop> {
        let until = self.calls.repeat.clock.monotonic() + wait.unwrap_or_default();
        let [mut pause, longest] = LOOK_AGAIN;
        loop {
            let resources = self.calls.resources()?;
            let mounted: HashSet<_> = resources.into_iter().filter_map(|resource| resource.file_id).collect();
            let mut files = self.calls.files()?;
            files.retain(|file| file.downloadable != Some(false) && !mounted.contains(&file.file_id));
            let left = until.saturating_sub(self.calls.repeat.clock.monotonic());
            if !files.is_empty() || left.is_zero() {
                files.reverse();
                return Ok(files);
            }
            self.calls.repeat.rest(pause.min(left))?;
            pause = (pause * 2).min(longest);
        }
    }

    /// Tells that there is nothing, which is left undone where somebody waited for it.
    fn none_yet(&mut self, files: &[FileObject], wait: Option<Duration>) -> ExitStatus {
        if !files.is_empty() {
            return ExitStatus::Success;
        }
        self.context.warn("the session has made no files so far");
        if wait.is_some() { ExitStatus::Unfinished } else { ExitStatus::Success }
    }
}

/// Names the files in a folder: equal names get a number.
fn local_names(files: &[FileObject]) -> Vec<String> {
    let mut taken = HashSet::new();
    let names = files.iter().map(|file| {
        let name = fetch::local_name(file);
        let numbers = (2u64..).map(|number| numbered(&name, number));
        let free = std::iter::once(name.clone()).chain(numbers).find(|name| !taken.contains(name));
        let free = free.unwrap_or(name);
        taken.insert(free.clone());
        free
    });
    names.collect()
}

fn concerns_one_file(error: &CommandError) -> bool {
    match error {
        CommandError::Target { source, .. } => {
            source.kind.disposition() == Disposition::RefuseFile && source.kind != TargetErrorKind::Body
        }
        CommandError::File { source, .. } => source.kind() == io::ErrorKind::AlreadyExists,
        _ => false,
    }
}
