//! Calls about one session: as fast as the target allows, repeated where that is safe, and settled where an answer
//! was lost.
//!
//! Reading and removing may be repeated. An addition whose outcome is unknown is looked for in the session's list
//! before it is tried again, so that nothing is mounted twice.

use std::collections::HashSet;

use super::path::Root;
use super::plan::{Wanted, place_of};
use crate::commands::repeat::{Repeat, Stop};
use crate::model::FileObject;
use crate::targets::sessions::{AddRequest, Resource, ResourceListRequest};
use crate::targets::{Disposition, ListRequest, Sessions, Target, TargetError, TargetErrorKind};

/// How many are listed in one page.
const PAGE: u32 = 100;
/// The most that a session is believed to have.
const MAX_LISTED: usize = 100_000;

/// Calls about one session.
pub(super) struct Calls<'a> {
    pub(super) target: &'a dyn Target,
    pub(super) sessions: &'a dyn Sessions,
    pub(super) session: &'a str,
    pub(super) repeat: Repeat<'a>,
}

impl Calls<'_> {
    /// Returns everything that the session has.
    pub(super) fn resources(&mut self) -> Result<Vec<Resource>, Stop> {
        let mut all = Vec::new();
        let mut request = ResourceListRequest { limit: Some(PAGE), cursor: None };
        let mut cursors = Cursors::default();
        loop {
            let (sessions, session) = (self.sessions, self.session);
            let page = self.repeat.read(|| sessions.resources(session, &request))?;
            all.extend(page.resources);
            let Some(cursor) = cursors.next(page.next_cursor, all.len())? else { return Ok(all) };
            request.cursor = Some(cursor);
        }
    }

    /// Returns every file of the session: copies of mounted ones, and what it made.
    pub(super) fn files(&mut self) -> Result<Vec<FileObject>, Stop> {
        let mut all = Vec::new();
        let scope_id = Some(self.session.to_owned());
        let mut request = ListRequest { limit: Some(PAGE), cursor: None, scope_id };
        let mut cursors = Cursors::default();
        loop {
            let target = self.target;
            let page = self.repeat.read(|| target.list(&request))?;
            // A server that does not know the filter would show the files of all.
            let ours = |file: &FileObject| file.scope.as_deref().is_none_or(|scope| scope == self.session);
            all.extend(page.files.into_iter().filter(ours));
            let Some(cursor) = cursors.next(page.next_cursor, all.len())? else { return Ok(all) };
            request.cursor = Some(cursor);
        }
    }

    /// Mounts a file whose path is free.
    pub(super) fn add(&mut self, wanted: &Wanted, root: &Root) -> Result<Resource, Stop> {
        let request = AddRequest { file_id: &wanted.file_id, mount_path: Some(&wanted.mount_path) };
        let mut tries = 0;
        loop {
            self.repeat.turn()?;
            tries += 1;
            let error = match self.sessions.add(self.session, &request) {
                Ok(resource) => return Ok(resource),
                Err(error) => error,
            };
            match error.kind.disposition() {
                Disposition::RetrySafe => self.repeat.again(error, tries)?,
                Disposition::Ambiguous => {
                    // The list is looked at even where no attempt is left: it says what to tell.
                    let waited = self.repeat.again(error, tries);
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
        let (sessions, session) = (self.sessions, self.session);
        match self.repeat.remove(|| sessions.remove(session, resource_id)) {
            Ok(()) => Ok(true),
            Err(Stop::Failed { error, .. }) if error.kind == TargetErrorKind::NotFound => Ok(false),
            Err(stop) => Err(stop),
        }
    }
}

/// Sees to it that a listing ends.
#[derive(Default)]
struct Cursors(HashSet<String>);

impl Cursors {
    fn next(&mut self, cursor: Option<String>, listed: usize) -> Result<Option<String>, Stop> {
        let nonsense =
            |message: &str| Err(Stop::failed(TargetError::new(TargetErrorKind::Protocol, message)));
        let Some(cursor) = cursor else { return Ok(None) };
        if listed > MAX_LISTED || self.0.len() > MAX_LISTED {
            return nonsense("the listing does not end");
        }
        match self.0.insert(cursor.clone()) {
            true => Ok(Some(cursor)),
            false => nonsense("the listing goes in circles: it names the same next page again"),
        }
    }
}
