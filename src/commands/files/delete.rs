//! `files delete`: files that are named by their ids, by a manifest or by their names, for good.

use globset::GlobMatcher;

use super::Files;
use crate::cli::DeleteArgs;
use crate::commands::caller::Caller;
use crate::commands::confirm::confirm;
use crate::commands::{CommandError, books};
use crate::config::Settings;
use crate::exit::ExitStatus;
use crate::ledger::{Ledger, LedgerError, OwnedState, Scope};
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
        let mut books = self.books(settings);
        self.each(&ids, |files, id| {
            let condemned = match books.as_ref().map(|books| books.condemn(id)).transpose() {
                Ok(condemned) => condemned.unwrap_or_default(),
                Err(error) => {
                    files.not_noted(&error);
                    books = None;
                    Vec::new()
                }
            };
            let removed = files.caller.remove(|| files.target.delete(id));
            if let Some(kept) = &books
                && let Err(error) = kept.settle(id, &condemned, Caller::is_gone(files.target, id, &removed))
            {
                files.not_noted(&error);
                books = None;
            }
            if !removed.map_err(|stop| files.ended(stop))? {
                let message = format!("there is no file `{id}`");
                return Err(files.failed(TargetError::new(TargetErrorKind::NotFound, message)));
            }
            let out = &mut *files.context.stdout;
            writeln!(out, "{}", human::printable(id)).and_then(|()| out.flush()).map_err(CommandError::Stdout)
        })
    }

    /// Returns the ids of files with such names, the oldest first. What belongs to a session goes with the session.
    fn ids_named(&mut self, names: &GlobMatcher) -> Result<Vec<String>, CommandError> {
        let mut ids = Vec::new();
        let listed = self.caller.each_file(self.target, ListRequest::default(), |file| {
            if file.scope.is_none() && names.is_match(&file.filename) {
                ids.push(file.file_id);
            }
        });
        listed.map_err(|stop| self.ended(stop))?;
        ids.reverse();
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
    fn books(&mut self, settings: &Settings) -> Option<Books> {
        let opened = books::existing(settings).and_then(|ledger| {
            let Some(ledger) = ledger else { return Ok(None) };
            let scopes = ledger.scopes(self.target.target_id())?;
            Ok(Some(Books { ledger, scopes }))
        });
        opened.unwrap_or_else(|error| {
            self.not_noted(&error);
            None
        })
    }

    fn not_noted(&mut self, error: &LedgerError) {
        let error = human::chain(error);
        self.context.warn(&format!("a later run may look for what is deleted here: {error}"));
    }
}

/// The ledger, and the workspaces of the target in it.
struct Books {
    ledger: Ledger,
    scopes: Vec<Scope>,
}

impl Books {
    /// Sees to it that nobody uses a file again, before it is deleted.
    fn condemn(&self, id: &str) -> Result<Vec<(Scope, OwnedState)>, LedgerError> {
        let condemned = self.scopes.iter().map(|scope| Ok((*scope, self.ledger.condemn(*scope, id, None)?)));
        let condemned = condemned.collect::<Result<Vec<_>, LedgerError>>()?;
        Ok(condemned.into_iter().filter_map(|(scope, was)| Some((scope, was?))).collect())
    }

    /// Notes what became of it.
    fn settle(
        &self,
        id: &str,
        condemned: &[(Scope, OwnedState)],
        is_gone: Option<bool>,
    ) -> Result<(), LedgerError> {
        self.scopes.iter().try_for_each(|scope| {
            let was = condemned.iter().find(|(of, _)| of == scope).map(|(_, was)| *was);
            self.ledger.settle(*scope, id, was, is_gone)
        })
    }
}
