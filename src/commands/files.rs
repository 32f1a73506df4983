//! `files`: what is in a target's store. Listing, showing, fetching and deleting, one file at a time.
//!
//! Names come from the platform and are no paths: a fetched file goes into the folder under the last component of
//! its name, cleaned, and never over a file that is there.

use std::collections::HashSet;
use std::io::{self, Write};
use std::path::Path;

use list::Wanted;

use super::caller::{Caller, Patience, Stop};
use super::prune::{self, matcher};
use super::{CommandError, Context, fetch, manifest, open_target};
use crate::cli::{FilesArgs, FilesCommand, UsageError};
use crate::config::{Overrides, Settings};
use crate::exit::ExitStatus;
use crate::http::displayable;
use crate::model::{FileObject, Timestamp};
use crate::report::{human, json};
use crate::targets::{self, Target, TargetError};

mod delete;
mod list;
mod usage;
mod wait;

/// Does what was asked.
pub(super) fn run(args: FilesArgs, context: &mut Context<'_>) -> Result<ExitStatus, CommandError> {
    match args.command {
        FilesCommand::List(args) => {
            let wanted = Wanted::new(&args, Timestamp::now())?;
            on(&args.at.overrides(context.general), context, |files, _| files.list(&wanted))
        }
        FilesCommand::Show { ids, json, at } => {
            check_ids(&ids)?;
            on(&at.overrides(context.general), context, |files, _| files.show(&ids, json))
        }
        FilesCommand::Get { ids, output_dir, output, at } => {
            check_ids(&ids)?;
            on(&at.overrides(context.general), context, |files, _| {
                files.get(&ids, &output_dir, output.as_deref())
            })
        }
        FilesCommand::Delete(args) => {
            check_ids(&args.ids)?;
            let names = args.names.as_deref().map(matcher).transpose()?;
            let overrides = args.at.overrides_with(&args.state, context.general);
            on(&overrides, context, |files, settings| files.delete(&args, names.as_ref(), settings))
        }
        FilesCommand::Wait(args) => {
            check_ids(&args.ids)?;
            on(&args.at.overrides(context.general), context, |files, _| files.wait(&args))
        }
        FilesCommand::Usage { json, state, at } => {
            let overrides = at.overrides_with(&state, context.general);
            on(&overrides, context, |files, settings| files.usage(json, settings))
        }
        FilesCommand::Prune(args) => prune::run(&args, context),
    }
}

/// Opens the target and does something with its files.
fn on(
    overrides: &Overrides,
    context: &mut Context<'_>,
    act: impl FnOnce(&mut Files<'_, '_>, &Settings) -> Result<ExitStatus, CommandError>,
) -> Result<ExitStatus, CommandError> {
    let settings = context.settings(overrides)?;
    let target = open_target(&settings)?;
    let caller = Caller::new(Patience::of(&settings), &context.interrupted);
    let name = settings.target.name.clone();
    act(&mut Files { name, target: &*target, caller, context }, &settings)
}

fn check_ids(ids: &[String]) -> Result<(), UsageError> {
    ids.iter().try_for_each(|id| check_id(id, "a file"))
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
    caller: Caller,
    context: &'a mut Context<'c>,
}

impl Files<'_, '_> {
    fn show(&mut self, ids: &[String], as_json: bool) -> Result<ExitStatus, CommandError> {
        self.each(ids, |files, id| {
            let file = files.ask(id)?;
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
            let file = files.ask(id)?;
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
        fetch::into_new_file(self.target, &self.name, file, path, &mut self.caller)?;
        writeln!(self.context.stdout, "{}", human::printable(&path.to_string_lossy()))
            .map_err(CommandError::Stdout)
    }

    /// Returns the ids that a manifest says are stored here, each once.
    fn ids_of(&self, path: &Path) -> Result<Vec<String>, CommandError> {
        let (mut ids, mut seen) = (Vec::new(), HashSet::new());
        for entry in manifest::Entries::of(path)? {
            let (number, entry) = entry?;
            if let Some(file) = manifest::stored_at(path, (number, &entry), &self.name)?
                && seen.insert(file.file_id.clone())
            {
                ids.push(file.file_id.clone());
            }
        }
        Ok(ids)
    }

    /// Does something with each id. What concerns one file only is told, and the others go on.
    fn each(
        &mut self,
        ids: &[String],
        mut act: impl FnMut(&mut Self, &str) -> Result<(), CommandError>,
    ) -> Result<ExitStatus, CommandError> {
        let mut status = ExitStatus::Success;
        for id in ids {
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

    fn ask(&mut self, id: &str) -> Result<FileObject, CommandError> {
        self.caller.read(|| self.target.get(id)).map_err(|stop| self.ended(stop))
    }

    fn ended(&self, stop: Stop) -> CommandError {
        stop.into_error(&self.name)
    }

    fn failed(&self, source: TargetError) -> CommandError {
        CommandError::Target { target: self.name.clone(), source }
    }
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
