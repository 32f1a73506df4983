//! Sessions and what is mounted in them, as both dialects have them ("Managed Agents": sessions, session resources).
//!
//! No agent runs here: a session is somewhere files are mounted and outputs are found. Mounting copies: the session
//! gets a file with an id of its own and the session as its scope, which shares the bytes. All files of one request
//! are judged before the first is mounted. Chosen where the documents are silent: a mount path that is a folder of
//! another one is refused like an equal one; a copy does not end with its source; it goes with its resource, and
//! cannot be deleted alone.

mod mount;
mod wire;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::app::App;
use super::commit::CommitOperation;
use super::fault::Ticket;
use super::refusal::Refusal;
use crate::model::FileObject;
use crate::store::{Position, Resource, Session};

pub(super) use mount::{Rules, Wanted};
pub(super) use wire::{Shape, resource, resource_deleted, session, session_deleted};

/// What copies are for ("purposes"); a file of a session that is for something else is an output.
const COPY_PURPOSE: &str = "session_resource";
const READ_AHEAD: usize = 1_000;
/// "Create a session": metadata.
const MAX_METADATA: (usize, usize, usize) = (16, 64, 512);

/// A session with what is mounted in it, oldest first.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) session: Session,
    pub(super) resources: Vec<Resource>,
}

/// Keeps requests that change sessions from each other, so that limits and paths are judged on what is.
#[derive(Debug, Default)]
pub(super) struct Turn(Mutex<()>);

impl Turn {
    fn take(&self) -> MutexGuard<'_, ()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is kept of a session besides its id and time.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Details {
    pub(super) agent: String,
    environment_id: String,
    title: Option<String>,
    metadata: BTreeMap<String, String>,
    vault_ids: Vec<String>,
}

impl Details {
    pub(super) fn of(session: &Session) -> Self {
        serde_json::from_value(session.details.clone()).unwrap_or_default()
    }
}

/// The body of a session's creation. What this server cannot carry out (`budget`, `initial_events`) is refused.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewSession {
    agent: Value,
    environment_id: String,
    title: Option<String>,
    metadata: Option<BTreeMap<String, String>>,
    vault_ids: Option<Vec<String>>,
    resources: Option<Vec<Value>>,
}

impl NewSession {
    fn read(self) -> Result<(Details, Vec<Wanted>), Refusal> {
        let agent = match &self.agent {
            Value::String(id) => Some(id.as_str()),
            Value::Object(agent) => agent.get("id").and_then(Value::as_str),
            _ => None,
        };
        let agent = agent.filter(|id| !id.is_empty());
        let agent = agent.ok_or_else(|| Refusal::param("agent", "must be an id or an object with an id"))?;
        if self.environment_id.is_empty() {
            return Err(Refusal::param("environment_id", "must not be empty"));
        }
        let metadata = self.metadata.unwrap_or_default();
        let (max_keys, max_key, max_value) = MAX_METADATA;
        let is_short = |(key, value): (&String, &String)| {
            key.chars().count() <= max_key && value.chars().count() <= max_value
        };
        if metadata.len() > max_keys || !metadata.iter().all(is_short) {
            let why = "must have at most 16 keys of 64 characters with texts of 512 characters";
            return Err(Refusal::param("metadata", why));
        }
        let wanted =
            self.resources.unwrap_or_default().into_iter().map(Wanted::read).collect::<Result<_, _>>()?;
        let details = Details {
            agent: agent.to_owned(),
            environment_id: self.environment_id,
            title: self.title,
            metadata,
            vault_ids: self.vault_ids.unwrap_or_default(),
        };
        Ok((details, wanted))
    }
}

/// Tells whether a file was made by mounting another one.
pub(super) fn is_copy(file: &FileObject) -> bool {
    file.scope.is_some() && file.purpose.as_deref() == Some(COPY_PURPOSE)
}

/// The id that a path holds.
pub(super) type Id = Result<Path<String>, PathRejection>;
/// The ids of a session and of one of its resources that a path holds.
pub(super) type Ids = Result<Path<(String, String)>, PathRejection>;

/// Returns what a path holds.
pub(super) fn path_id<T>(id: Result<Path<T>, PathRejection>) -> Result<T, Refusal> {
    id.map(|Path(id)| id).map_err(|_| Refusal::invalid("the path holds no id"))
}

/// What a request that changes sessions goes by.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) rules: Rules,
    pub(super) dialect: &'static str,
    pub(super) ticket: Ticket,
}

impl App {
    /// Returns a session, or the refusal that there is none.
    pub(super) async fn held(self: &Arc<Self>, id: String) -> Result<Held, Refusal> {
        self.apart(move |app| app.find_held(&id)).await
    }

    fn find_held(&self, id: &str) -> Result<Held, Refusal> {
        let session = self.store.session(id)?.ok_or_else(|| Refusal::not_found(id))?;
        let resources = self.store.resources(id)?;
        Ok(Held { session, resources })
    }

    /// Creates a session with all that is to be mounted in it, or nothing.
    pub(super) async fn create_session(
        self: &Arc<Self>,
        new: NewSession,
        asked: Asked,
    ) -> Result<Held, Refusal> {
        let (details, wanted) = new.read()?;
        let create = move |app: &Self| {
            let _turn = app.turn.take();
            let planned = mount::plan(app, wanted, &[], &asked.rules)?;
            let created_at = app.clock.now();
            let id = app.store.new_id(asked.rules.session_prefix, created_at)?;
            let resources = mount::make(app, &id, planned, &asked)?;
            let details =
                serde_json::to_value(details).map_err(|_| Refusal::fault("Internal server error"))?;
            let session = Session { id, created_at, details };
            if let Err(error) = app.store.put_session(&session) {
                mount::undo(app, &session.id, &resources, &asked);
                return Err(error.into());
            }
            Ok(Held { session, resources })
        };
        self.apart(create).await
    }

    /// Mounts all of these files in a session, or none; returns the session as it is then.
    pub(super) async fn mount(
        self: &Arc<Self>,
        session_id: String,
        wanted: Vec<Wanted>,
        asked: Asked,
    ) -> Result<Held, Refusal> {
        let mount = move |app: &Self| {
            let _turn = app.turn.take();
            let mut held = app.find_held(&session_id)?;
            let planned = mount::plan(app, wanted, &held.resources, &asked.rules)?;
            held.resources.extend(mount::make(app, &session_id, planned, &asked)?);
            Ok(held)
        };
        self.apart(mount).await
    }

    /// Returns a resource of a session, or the refusal that one of them is not there.
    pub(super) async fn resource(
        self: &Arc<Self>,
        session_id: String,
        id: String,
    ) -> Result<Resource, Refusal> {
        let found = self.held(session_id).await?.resources.into_iter().find(|resource| resource.id == id);
        found.ok_or_else(|| Refusal::not_found(&id))
    }

    /// Deletes a resource and its copy.
    pub(super) async fn unmount(
        self: &Arc<Self>,
        session_id: String,
        id: String,
        asked: Asked,
    ) -> Result<(), Refusal> {
        let unmount = move |app: &Self| {
            let _turn = app.turn.take();
            let held = app.find_held(&session_id)?;
            let resource = held.resources.iter().find(|resource| resource.id == id);
            let resource = resource.ok_or_else(|| Refusal::not_found(&id))?;
            if !app.store.delete_resource(&session_id, &id)? {
                return Err(Refusal::not_found(&id));
            }
            app.drop_file(&resource.file_id, &asked)
        };
        self.apart(unmount).await
    }

    /// Deletes a session and all files of its scope: copies, and what it produced ("session operations").
    pub(super) async fn delete_session(self: &Arc<Self>, id: String, asked: Asked) -> Result<(), Refusal> {
        let delete = move |app: &Self| {
            let _turn = app.turn.take();
            if !app.store.delete_session(&id)? {
                return Err(Refusal::not_found(&id));
            }
            for file_id in app.files_of(&id)? {
                app.drop_file(&file_id, &asked)?;
            }
            Ok(())
        };
        self.apart(delete).await
    }

    /// Refuses to delete a copy while its resource is there.
    pub(super) async fn refuse_mounted(self: &Arc<Self>, file_id: &str) -> Result<(), Refusal> {
        let wanted = file_id.to_owned();
        let refuse = move |app: &Self| {
            // A damaged record can be deleted.
            let file = app.store.get(&wanted).ok().flatten().filter(is_copy);
            let Some(scope) = file.and_then(|file| file.scope) else {
                return Ok(());
            };
            let mut resources = app.store.resources(&scope)?.into_iter();
            let mounted = resources.find(|resource| resource.file_id == wanted);
            match mounted.filter(|_| matches!(app.store.session(&scope), Ok(Some(_)))) {
                Some(Resource { id, .. }) => {
                    let message = format!("`{wanted}` is mounted in a session: delete its resource `{id}`");
                    Err(Refusal::invalid(message))
                }
                None => Ok(()),
            }
        };
        self.apart(refuse).await
    }

    fn files_of(&self, scope: &str) -> Result<Vec<String>, Refusal> {
        let mut found = Vec::new();
        let mut last: Option<String> = None;
        loop {
            let position = last.as_deref().map_or(Position::Newest, Position::After);
            let page = self.store.list(position, READ_AHEAD)?;
            last = page.files.last().map(|file| file.file_id.clone());
            let of_scope = page.files.into_iter().filter(|file| file.scope.as_deref() == Some(scope));
            found.extend(of_scope.map(|file| file.file_id));
            if !page.has_more {
                return Ok(found);
            }
        }
    }

    /// Deletes a file of a session and notes it; one that is gone already is no error.
    fn drop_file(&self, file_id: &str, asked: &Asked) -> Result<(), Refusal> {
        let file = self.store.get(file_id).ok().flatten();
        let was_there = self.store.delete(file_id)?;
        if let Some(file) = file.filter(|_| was_there) {
            self.note(CommitOperation::Delete, (&file, None), asked.dialect, &asked.ticket)?;
        }
        Ok(())
    }
}
