//! `files`: what is in a target's store. Listing, showing, fetching and deleting, one file at a time.
//!
//! Names come from the platform and are no paths: a fetched file goes into the folder under the last component of
//! its name, cleaned, and never over a file that is there.

use std::collections::HashSet;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::Ordering;

use super::confirm::confirm;
use super::{CommandError, Context, fetch, open_target};
use crate::cli::{FilesArgs, FilesCommand, UsageError};
use crate::exit::ExitStatus;
use crate::ledger::{Ledger, LedgerError, LedgerOptions, Scope};
use crate::model::FileObject;
use crate::report::{human, json};
use crate::targets::{ListRequest, Target, TargetError, TargetErrorKind};

/// The most files that a platform lists in one page.
const PAGE: u32 = 100;

/// Does what was asked.
pub(super) fn run(args: FilesArgs, context: &mut Context<'_>) -> Result<ExitStatus, CommandError> {
    let overrides = match &args.command {
        FilesCommand::List { at, .. } | FilesCommand::Show { at, .. } | FilesCommand::Get { at, .. } => {
            at.overrides(context.general)
        }
        FilesCommand::Delete { at, state, .. } => at.overrides_with(state, context.general),
    };
    let settings = context.settings(&overrides)?;
    let name = settings.target.name.clone();
    let target = open_target(&settings)?;
    let mut files = Files { name, target: &*target, context };
    match args.command {
        FilesCommand::List { all, limit, json, .. } => files.list(if all { u64::MAX } else { limit }, json),
        FilesCommand::Show { ids, json, .. } => files.show(&ids, json),
        FilesCommand::Get { ids, output_dir, output, .. } => files.get(&ids, &output_dir, output.as_deref()),
        FilesCommand::Delete { ids, yes, .. } => {
            files.delete(&ids, yes, settings.engine.state_dir.as_deref())
        }
    }
}

/// The files of one target.
struct Files<'a, 'c> {
    name: String,
    target: &'a dyn Target,
    context: &'a mut Context<'c>,
}

impl Files<'_, '_> {
    fn list(&mut self, limit: u64, as_json: bool) -> Result<ExitStatus, CommandError> {
        let mut rows = vec![["ID", "SIZE", "TYPE", "CREATED", "NAME"].map(str::to_owned).to_vec()];
        let mut left = limit;
        let mut cursor = None;
        let mut cursors = HashSet::new();
        while left > 0 {
            if self.context.interrupted.load(Ordering::Relaxed) {
                return Ok(ExitStatus::Interrupted);
            }
            let page_size = u32::try_from(left).unwrap_or(PAGE).min(PAGE);
            let request = ListRequest { limit: Some(page_size), cursor, scope_id: None };
            let page = self.target.list(&request).map_err(|source| self.failed(source))?;
            for file in page.files {
                if left == 0 {
                    break;
                }
                left -= 1;
                if as_json {
                    json::line(self.context.stdout, &file).map_err(CommandError::Stdout)?;
                } else {
                    rows.push(row(&file));
                }
            }
            cursor = page.next_cursor;
            let Some(next) = &cursor else { break };
            if !cursors.insert(next.clone()) {
                let message = "the listing goes in circles: it names the same next page again";
                return Err(self.failed(TargetError::new(TargetErrorKind::Protocol, message)));
            }
        }
        if !as_json {
            human::table(self.context.stdout, &rows).map_err(CommandError::Stdout)?;
            if cursor.is_some() {
                self.context.warn("there are more files; --all lists them");
            }
        }
        Ok(ExitStatus::Success)
    }

    fn show(&mut self, ids: &[String], as_json: bool) -> Result<ExitStatus, CommandError> {
        self.each(ids, |files, id| {
            let file = files.target.get(id).map_err(|source| files.failed(source))?;
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
            let file = files.target.get(id).map_err(|source| files.failed(source))?;
            if file.downloadable == Some(false) {
                return Err(files.failed(files.not_downloadable(id)));
            }
            match output {
                Some(path) if path.as_os_str() == "-" => files.fetch_to_stdout(&file),
                Some(path) => files.fetch(&file, path),
                None => files.fetch(&file, &folder.join(fetch::local_name(&file))),
            }
        })
    }

    /// Returns why a file is not given back, in the words of the target's facts.
    fn not_downloadable(&self, id: &str) -> TargetError {
        let fact = self.target.profile().facts.iter().find(|fact| fact.topic == "download");
        let rule = fact.map_or(String::new(), |fact| format!(": {} ({})", fact.text, fact.source));
        TargetError::new(TargetErrorKind::NotDownloadable, format!("`{id}` cannot be fetched{rule}"))
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
        fetch::into_new_file(self.target, &self.name, file, path)?;
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
            files.target.delete(id).map_err(|source| files.failed(source))?;
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
                Err(error) if concerns_one_file(&error) => {
                    status = status.merge(ExitStatus::Findings);
                    self.context.complain(&error, error.hint().as_deref());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(status)
    }

    fn failed(&self, source: TargetError) -> CommandError {
        CommandError::Target { target: self.name.clone(), source }
    }
}

/// Notes that a file is gone.
fn lost(ledger: &Ledger, scopes: &[Scope], id: &str) -> Result<(), LedgerError> {
    scopes.iter().try_for_each(|scope| ledger.lost(*scope, &[id.to_owned()]))
}

fn concerns_one_file(error: &CommandError) -> bool {
    match error {
        CommandError::Target { source, .. } => matches!(
            source.kind,
            TargetErrorKind::NotFound | TargetErrorKind::Refused | TargetErrorKind::NotDownloadable
        ),
        CommandError::File { source, .. } => source.kind() == io::ErrorKind::AlreadyExists,
        _ => false,
    }
}

fn row(file: &FileObject) -> Vec<String> {
    vec![
        file.file_id.clone(),
        human::size(file.size_bytes),
        file.mime_type.clone(),
        file.created_at.to_string(),
        file.filename.clone(),
    ]
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
