//! `sessions files` and `sessions get`: what a session made.
//!
//! A listing by session shows copies of mounted files, too. An output is a file that no resource names and that the
//! platform gives back. Outputs may show some seconds after the session came to rest (docs, managed-agents/files).

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use super::Job;
use super::path::numbered;
use crate::commands::caller::Stop;
use crate::commands::{CommandError, fetch};
use crate::exit::ExitStatus;
use crate::model::FileObject;
use crate::report::{files as report, human, json};

impl Job<'_, '_> {
    pub(super) fn files(
        &mut self,
        wait: Option<Duration>,
        as_json: bool,
    ) -> Result<ExitStatus, CommandError> {
        let files = self.outputs(wait).map_err(|stop| self.ended(stop))?;
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
        let files = self.outputs(wait).map_err(|stop| self.ended(stop))?;
        if files.is_empty() {
            return Ok(self.none_yet(&files, wait));
        }
        let named = |source| CommandError::File { path: folder.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(named)?;
        let mut status = ExitStatus::Success;
        for (file, name) in files.iter().zip(local_names(&files)) {
            let path = folder.join(name);
            let calls = &mut self.calls;
            match fetch::into_new_file(calls.target, &self.name, file, &path, &mut calls.caller) {
                Ok(()) => writeln!(self.context.stdout, "{}", human::printable(&path.to_string_lossy()))
                    .map_err(CommandError::Stdout)?,
                Err(error) if fetch::concerns_one_file(&error) => {
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
        let Some(time) = wait else { return self.made_so_far() };
        self.calls.caller.watch_for(time);
        loop {
            let files = match self.made_so_far() {
                Err(Stop::Late { error }) => {
                    tracing::info!(%error, "the time is over");
                    break;
                }
                looked => looked?,
            };
            if !files.is_empty() {
                self.calls.caller.watch_no_more();
                return Ok(files);
            }
            if !self.calls.caller.look_again()? {
                break;
            }
        }
        Ok(Vec::new())
    }

    /// Returns what the session has made so far, oldest first.
    fn made_so_far(&mut self) -> Result<Vec<FileObject>, Stop> {
        let resources = self.calls.resources()?;
        let mounted: HashSet<_> = resources.into_iter().filter_map(|resource| resource.file_id).collect();
        let mut files = self.calls.files()?;
        files.retain(|file| file.downloadable != Some(false) && !mounted.contains(&file.file_id));
        files.reverse();
        Ok(files)
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
