//! Calls about one session, settled where an answer was lost.
//!
//! An addition whose outcome is unknown is looked for in the session's list
//! before it is tried again, so that nothing is mounted twice.

use super::path::Root;
use super::plan::{Wanted, place_of};
use crate::commands::caller::{Caller, Cursors, PAGE, Stop};
use crate::model::FileObject;
use crate::targets::sessions::{AddRequest, Resource, ResourceListRequest};
use crate::targets::{Disposition, ListRequest, Sessions, Target};

/// Calls about one session.
pub(super) struct Calls<'a> {
    pub(super) target: &'a dyn Target,
    pub(super) sessions: &'a dyn Sessions,
    pub(super) session: &'a str,
    pub(super) caller: Caller,
}

impl Calls<'_> {
    /// Returns everything that the session has.
    pub(super) fn resources(&mut self) -> Result<Vec<Resource>, Stop> {
        let mut all = Vec::new();
        let mut request = ResourceListRequest { limit: Some(PAGE), cursor: None };
        let mut cursors = Cursors::default();
        loop {
            let page = self.caller.read(|| self.sessions.resources(self.session, &request))?;
            let rows = page.resources.len();
            all.extend(page.resources);
            let Some(cursor) = cursors.next(page.next_cursor, rows)? else { return Ok(all) };
            request.cursor = Some(cursor);
        }
    }

    /// Returns every file of the session: copies of mounted ones, and what it made.
    pub(super) fn files(&mut self) -> Result<Vec<FileObject>, Stop> {
        let mut all = Vec::new();
        let scope_id = Some(self.session.to_owned());
        let request = ListRequest { scope_id, ..ListRequest::default() };
        // A server that does not know the filter would show the files of all.
        let ours = |file: &FileObject| file.scope.as_deref().is_none_or(|scope| scope == self.session);
        self.caller.each_file(self.target, request, |file| all.extend(Some(file).filter(ours)))?;
        Ok(all)
    }

    /// Mounts a file whose path is free.
    pub(super) fn add(&mut self, wanted: &Wanted, root: &Root) -> Result<Resource, Stop> {
        let request = AddRequest { file_id: &wanted.file_id, mount_path: Some(&wanted.mount_path) };
        let mut tries = 0;
        loop {
            self.caller.turn()?;
            tries += 1;
            let error = match self.sessions.add(self.session, &request) {
                Ok(resource) => return Ok(resource),
                Err(error) => error,
            };
            match error.kind.disposition() {
                Disposition::RetrySafe => self.caller.again(error, tries)?,
                Disposition::Ambiguous => {
                    // The list is looked at even where no attempt is left: it says what to tell.
                    let waited = self.caller.again(error, tries);
                    if matches!(waited, Err(Stop::Interrupted { .. })) {
                        return waited.map_err(Stop::open).and(Err(Stop::Interrupted { is_open: true }));
                    }
                    let listed = self.resources().map_err(Stop::open)?;
                    let found = listed.into_iter().find(|resource| {
                        resource.is_file() && place_of(resource, root).as_ref() == Some(&wanted.effective)
                    });
                    if let Some(resource) = found {
                        return Ok(resource);
                    }
                    waited?;
                }
                Disposition::RefuseFile | Disposition::StopRun => return Err(Stop::failed(error)),
            }
        }
    }

    /// Takes a resource away; `false` if it was gone.
    pub(super) fn remove(&mut self, resource_id: &str) -> Result<bool, Stop> {
        self.caller.remove(|| self.sessions.remove(self.session, resource_id))
    }
}
