//! `files delete`: files that are named by their ids, by a manifest or by their names, for good.

use std::path::Path;

use globset::GlobMatcher;

use super::Files;
use crate::cli::DeleteArgs;
use crate::commands::CommandError;
use crate::commands::caller::{Listing, PAGE};
use crate::commands::confirm::confirm;
use crate::config::Settings;
use crate::exit::ExitStatus;
use crate::ledger::{Ledger, LedgerError, LedgerOptions, Scope};
use crate::report::{files as report, human};
use crate::targets::{ListRequest, TargetError, TargetErrorKind};

impl Files<'_, '_> {
    pub(super) fn delete(
        &mut self,
        args: &DeleteArgs,
        names: Option<&GlobMatcher>,
        settings: &Settings,
    ) -> Result<ExitStatus, CommandError> {
        let ids = match (&args.manifest, names) {
            (Some(manifest), _) => self.ids_of(manifest)?,
            (None, Some(names)) => self.ids_named(names)?,
            (None, None) => args.ids.clone(),
        };
        if ids.is_empty() {
            self.context.warn("there is nothing to delete");
            return Ok(ExitStatus::Success);
        }
        if args.dry_run {
            return self.would_delete(&ids);
        }
        let what = format!("delete {} file(s) of `{}` for good?", ids.len(), self.name);
        let why = "files are deleted for good, and nobody can be asked here";
        if !args.yes && !confirm(self.context, &what, why)? {
            return Ok(ExitStatus::Findings);
        }
        let mut books = self.books(settings.engine.state_dir.as_deref());
        self.each(&ids, |files, id| {
            let removed = files.caller.remove(|| files.target.delete(id));
            if !removed.map_err(|stop| files.ended(stop))? {
                let message = format!("there is no file `{id}`");
                return Err(files.failed(TargetError::new(TargetErrorKind::NotFound, message)));
            }
            if let Some((ledger, scopes)) = &books
                && let Err(error) = scopes.iter().try_for_each(|scope| ledger.removed(*scope, id))
            {
                files.not_noted(&error);
                books = None;
            }
            writeln!(files.context.stdout, "{}", human::printable(id)).map_err(CommandError::Stdout)
        })
    }

    /// Returns the ids of files with such names, the oldest first. What belongs to a session goes with the session.
    fn ids_named(&mut self, names: &GlobMatcher) -> Result<Vec<String>, CommandError> {
        let mut ids = Vec::new();
        let mut listing = Listing::new(ListRequest::default());
        while let Some(files) =
            listing.next(self.target, &mut self.caller, PAGE).map_err(|stop| self.ended(stop))?
        {
            let named =
                files.into_iter().filter(|file| file.scope.is_none() && names.is_match(&file.filename));
            ids.extend(named.map(|file| file.file_id));
        }
        ids.reverse();
        // Uploads shift pages while they are read.
        let mut seen = std::collections::HashSet::new();
        ids.retain(|id| seen.insert(id.clone()));
        Ok(ids)
    }

    /// Prints what is there of it.
    fn would_delete(&mut self, ids: &[String]) -> Result<ExitStatus, CommandError> {
        let mut rows = vec![report::heading()];
        let status = self.each(ids, |files, id| {
            rows.push(report::row(&files.ask(id)?));
            Ok(())
        })?;
        human::table(self.context.stdout, &rows).map_err(CommandError::Stdout)?;
        Ok(status)
    }

    /// Opens the ledger, if there is one, so that nobody reuses what is deleted. Deleting does not depend on it.
    fn books(&mut self, state_dir: Option<&Path>) -> Option<(Ledger, Vec<Scope>)> {
        let folder = state_dir.filter(|folder| Ledger::is_in(folder))?;
        let opened = Ledger::open(folder, &LedgerOptions::default()).and_then(|ledger| {
            let scopes = ledger.scopes(self.target.target_id())?;
            Ok((ledger, scopes))
        });
        opened.map_err(|error| self.not_noted(&error)).ok()
    }

    fn not_noted(&mut self, error: &LedgerError) {
        let error = human::chain(error);
        self.context.warn(&format!("a later run may look for what is deleted here: {error}"));
    }
}
