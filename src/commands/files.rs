//! `files`: what is in a target's store. Listing, showing, fetching and deleting, one file at a time.
//!
//! Names come from the platform and are no paths: a fetched file goes into the folder under the last component of
//! its name, cleaned, and never over a file that is there.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use list::Wanted;

use super::confirm::confirm;
use super::repeat::{Patience, Repeat};
use super::{CommandError, Context, fetch, open_target};
use crate::cli::{FilesArgs, FilesCommand, UsageError};
use crate::exit::ExitStatus;
use crate::http::displayable;
use crate::ledger::{Ledger, LedgerError, LedgerOptions, Scope};
use crate::model::{FileObject, Timestamp};
use crate::report::{human, json};
use crate::stages::upload::SystemClock;
use crate::targets::{self, Target, TargetError};

mod list;

/// Does what was asked.
pub(super) fn run(args: FilesArgs, context: &mut Context<'_>) -> Result<ExitStatus, CommandError> {
    let overrides = match &args.command {
        FilesCommand::List(list) => list.at.overrides(context.general),
        FilesCommand::Show { at, .. } | FilesCommand::Get { at, .. } => at.overrides(context.general),
        FilesCommand::Delete { at, state, .. } => at.overrides_with(state, context.general),
    };
    if let FilesCommand::Show { ids, .. } | FilesCommand::Get { ids, .. } | FilesCommand::Delete { ids, .. } =
        &args.command
    {
        ids.iter().try_for_each(|id| check_id(id, "a file"))?;
    }
    let settings = context.settings(&overrides)?;
    let name = settings.target.name.clone();
    let target = open_target(&settings)?;
    let flag = Arc::clone(&context.interrupted);
    let (clock, interrupted) = (SystemClock::new(Arc::clone(&flag)), || flag.load(Ordering::Relaxed));
    let repeat = Repeat::new(&clock, &interrupted, Patience::of(&settings));
    let mut files = Files { name, target: &*target, repeat, context };
    match args.command {
        FilesCommand::List(args) => files.list(&Wanted::new(&args, Timestamp::now())?),
        FilesCommand::Show { ids, json, .. } => files.show(&ids, json),
        FilesCommand::Get { ids, output_dir, output, .. } => files.get(&ids, &output_dir, output.as_deref()),
        FilesCommand::Delete { ids, yes, .. } => {
            files.delete(&ids, yes, settings.engine.state_dir.as_deref())
        }
    }
}

/// Refuses what is no id before anything is asked: one with a path in it would name another place.
fn check_id(id: &str, of: &str) -> Result<(), UsageError> {
    match targets::is_id(id) {
        true => Ok(()),
        false => Err(UsageError::new(format!("`{}` is not the id of {of}", displayable(id)))),
    }
}

/// The files of one target.
struct Files<'a, 'c> {
    name: String,
    target: &'a dyn Target,
    repeat: Repeat<'a>,
    context: &'a mut Context<'c>,
}

impl Files<'_, '_> {
    fn show(&mut self, ids: &[String], as_json: bool) -> Result<ExitStatus, CommandError> {
        self.each(ids, |files, id| {
            let file = files.asked(|target| target.get(id))?;
            let written = match as_json {
                true => json::line(files.context.stdout, &file),
                false => describe(files.context.stdout, &file),
            };
            written.map_err(CommandError::Stdout)
        })
    }

    fn get(
        &mut self,
        ids: &[String],
        folder: &Path,
        output: Option<&Path>,
    ) -> Result<ExitStatus, CommandError> {
        if output.is_some() && ids.len() > 1 {
            let error = UsageError::new("-o takes one file, several were named");
            return Err(error.with_hint("use --output-dir").into());
        }
        if output.is_none() {
            let named = |source| CommandError::File { path: folder.to_owned(), source };
            std::fs::create_dir_all(folder).map_err(named)?;
        }
        self.each(ids, |files, id| {
            let file = files.asked(|target| target.get(id))?;
            if file.downloadable == Some(false) {
                return Err(files.failed(fetch::not_downloadable(files.target, id)));
            }
            match output {
                Some(path) if path.as_os_str() == "-" => files.fetch_to_stdout(&file),
                Some(path) => files.fetch(&file, path),
                None => files.fetch(&file, &folder.join(fetch::local_name(&file))),
            }
        })
    }

    fn fetch_to_stdout(&mut self, file: &FileObject) -> Result<(), CommandError> {
        let mut out = Tracked { out: self.context.stdout, failed: None };
        let result = self.target.download(&file.file_id, &mut out);
        if let Some(kind) = out.failed {
            return Err(CommandError::Stdout(kind.into()));
        }
        let length = result.map_err(|source| self.failed(source))?;
        fetch::check_length(&self.name, file, length)
    }

    fn fetch(&mut self, file: &FileObject, path: &Path) -> Result<(), CommandError> {
        fetch::into_new_file((self.target, &self.name), &mut self.repeat, file, path)?;
        writeln!(self.context.stdout, "{}", human::printable(&path.to_string_lossy()))
            .map_err(CommandError::Stdout)
    }

    fn delete(
        &mut self,
        ids: &[String],
        yes: bool,
        state_dir: Option<&Path>,
    ) -> Result<ExitStatus, CommandError> {
        if !yes && !self.confirm(ids.len())? {
            return Ok(ExitStatus::Findings);
        }
        let mut books = self.books(state_dir);
        self.each(ids, |files, id| {
            let target = files.target;
            files.repeat.remove(|| target.delete(id)).map_err(|stop| stop.into_error(&files.name))?;
            if let Some((ledger, scopes)) = &books
                && let Err(error) = lost(ledger, scopes, id)
            {
                files.not_noted(&error);
                books = None;
            }
            writeln!(files.context.stdout, "{}", human::printable(id)).map_err(CommandError::Stdout)
        })
    }

    /// Opens the ledger, if there is one, so that nobody reuses what is deleted. Deleting does not depend on it.
    fn books(&mut self, state_dir: Option<&Path>) -> Option<(Ledger, Vec<Scope>)> {
        let folder = state_dir.filter(|folder| Ledger::is_in(folder))?;
        let opened = Ledger::open(folder, &LedgerOptions::default()).and_then(|ledger| {
            let target_id = self.target.target_id();
            let names = ledger.workspaces(target_id)?;
            let scopes = names.iter().map(|name| ledger.find_scope(target_id, name));
            let scopes = scopes.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
            Ok((ledger, scopes))
        });
        opened.map_err(|error| self.not_noted(&error)).ok()
    }

    fn not_noted(&mut self, error: &LedgerError) {
        let error = human::chain(error);
        self.context.warn(&format!("a later run may look for what is deleted here: {error}"));
    }

    fn confirm(&mut self, count: usize) -> Result<bool, CommandError> {
        let what = format!("delete {count} file(s) of `{}` for good?", self.name);
        confirm(self.context, &what, "files are deleted for good, and nobody can be asked here")
    }

    /// Does something with each id. What concerns one file only is told, and the others go on.
    fn each(
        &mut self,
        ids: &[String],
        mut act: impl FnMut(&mut Self, &str) -> Result<(), CommandError>,
    ) -> Result<ExitStatus, CommandError> {
        let mut status = ExitStatus::Success;
        for id in ids {
            if self.context.interrupted.load(Ordering::Relaxed) {
                return Ok(ExitStatus::Interrupted);
            }
            match act(self, id) {
                Ok(()) => {}
                Err(error) if fetch::concerns_one_file(&error) => {
                    status = status.merge(ExitStatus::Findings);
                    self.context.complain(&error, error.hint().as_deref());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(status)
    }

    /// Asks the target until it answers.
    fn asked<T>(&mut self, ask: impl Fn(&dyn Target) -> Result<T, TargetError>) -> Result<T, CommandError> {
        let target = self.target;
        self.repeat.read(|| ask(target)).map_err(|stop| stop.into_error(&self.name))
    }

    fn failed(&self, source: TargetError) -> CommandError {
        CommandError::Target { target: self.name.clone(), source }
    }
}

/// Notes that a file is gone.
fn lost(ledger: &Ledger, scopes: &[Scope], id: &str) -> Result<(), LedgerError> {
    scopes.iter().try_for_each(|scope| ledger.lost(*scope, &[id.to_owned()]))
}

/// Writes every field that the target gave, one a line.
fn describe(out: &mut dyn Write, file: &FileObject) -> io::Result<()> {
    let fields = serde_json::to_value(file)?;
    let rows = fields.as_object().into_iter().flatten().map(|(key, value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        vec![key.clone(), text]
    });
    human::table(out, &rows.collect::<Vec<_>>())
}

/// Remembers that writing failed, because a target's error only tells that copying did.
struct Tracked<'a> {
    out: &'a mut dyn Write,
    failed: Option<io::ErrorKind>,
}

impl Write for Tracked<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes).inspect_err(|error| self.failed = Some(error.kind()))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush().inspect_err(|error| self.failed = Some(error.kind()))
    }
}

#[cfg(test)]
mod tests;
