//! What was stored and deleted, in the order in which it happened: the truth that a client's account is held against.
//!
//! A line is written before the answer goes out, so a client never knows of more than the log does.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::app::App;
use super::fault::{Effect, Ticket, untagged};
use super::refusal::Refusal;
use crate::model::{FileObject, FileStatus, Sha256, Timestamp};
use crate::store::{NewFile, Staged, StoreError};

/// Where commits are noted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum CommitLog {
    /// Nowhere.
    #[default]
    Off,
    /// In memory, for [`Server::commits`](super::Server::commits).
    Memory,
    /// There, and at the end of this file as lines of JSON.
    File(PathBuf),
}

/// One thing that happened to the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Its place in the log, from 1.
    pub seq: u64,
    /// When it happened.
    pub time: Timestamp,
    /// What happened.
    pub operation: CommitOperation,
    /// The id of the file.
    pub id: String,
    /// The stored name.
    pub filename: String,
    /// The stored size.
    pub size_bytes: u64,
    /// The digest of the stored bytes; absent of a deletion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
    /// The dialect it was asked in.
    pub dialect: String,
    /// The number of the request among those of its kind, from 1; 0 if requests are not numbered.
    pub request: u64,
    /// The fault that struck the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// Whether the answer can have told the client the id.
    pub told: bool,
}

/// What happened to the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CommitOperation {
    /// A client's file was stored.
    Upload,
    /// A file was deleted.
    Delete,
    /// A fault stored a file in the name of another client.
    Foreign,
    /// A file was copied into a session.
    Copy,
    /// An output was planted.
    Output,
}

/// The log.
#[derive(Debug, Default)]
pub(super) struct Commits {
    is_on: bool,
    state: Mutex<(Vec<Commit>, Option<File>)>,
}

impl Commits {
    pub(super) fn open(log: &CommitLog) -> io::Result<Self> {
        let file = match log {
            CommitLog::Off | CommitLog::Memory => None,
            CommitLog::File(path) => Some(OpenOptions::new().create(true).append(true).open(path)?),
        };
        Ok(Self { is_on: *log != CommitLog::Off, state: Mutex::new((Vec::new(), file)) })
    }

    pub(super) fn all(&self) -> Vec<Commit> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    fn note(&self, mut commit: Commit) -> Result<(), StoreError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        commit.seq = state.0.len() as u64 + 1;
        if let Some(file) = &mut state.1 {
            let mut line = serde_json::to_vec(&commit).map_err(|error| StoreError::Body(error.into()))?;
            line.push(b'\n');
            file.write_all(&line).map_err(StoreError::Body)?;
        }
        state.0.push(commit);
        Ok(())
    }
}

/// A file that came in whole and is to be stored.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) name: String,
    pub(super) media_type: String,
    pub(super) id_prefix: &'static str,
    pub(super) lifetime: Option<Duration>,
    pub(super) downloadable: Option<bool>,
    pub(super) purpose: Option<String>,
    pub(super) scope: Option<String>,
    pub(super) metadata: Option<serde_json::Value>,
    pub(super) staged: Staged,
    pub(super) dialect: &'static str,
}

impl App {
    /// Stores a file, in the way of the fault that strikes its request.
    pub(super) async fn store_upload(
        self: &Arc<Self>,
        arrival: Arrival,
        ticket: Ticket,
    ) -> Result<FileObject, Refusal> {
        if let Some(Effect::Late(listings)) = ticket.effect {
            self.listings.defer(listings, move |app| app.commit(arrival, &ticket).map(drop));
            return Err(Refusal::fault("stored later"));
        }
        let store = move |app: &Self| {
            let _room = app.make_room(arrival.staged.size_bytes())?;
            Ok(app.commit_as(arrival, &ticket)?)
        };
        let file = self.apart(store).await?;
        file.ok_or_else(|| Refusal::fault("not stored"))
    }

    /// Counts a listing that was answered, and stores what waited for it.
    pub(super) async fn listed(self: &Arc<Self>) {
        let due = self.listings.listed();
        if due.is_empty() {
            return;
        }
        let app = Arc::clone(self);
        let store = move || due.into_iter().try_for_each(|store| store(&app));
        if !matches!(tokio::task::spawn_blocking(store).await, Ok(Ok(()))) {
            tracing::error!("a late file was not stored");
        }
    }

    /// Deletes a file and notes it; tells whether there was one.
    pub(super) async fn delete_file(
        self: &Arc<Self>,
        id: &str,
        dialect: &'static str,
        ticket: Ticket,
    ) -> Result<(), Refusal> {
        let (app, wanted) = (Arc::clone(self), id.to_owned());
        let done = tokio::task::spawn_blocking(move || {
            // A damaged record can be deleted too; then nothing is known of it.
            let file = if app.commits.is_on { app.store.get(&wanted).ok().flatten() } else { None };
            let there_was = app.store.delete(&wanted)?;
            if let Some(file) = file.filter(|_| there_was) {
                app.note(CommitOperation::Delete, (&file, None), dialect, &ticket)?;
            }
            Ok::<_, StoreError>(there_was)
        });
        match done.await.map_err(|_| Refusal::fault("Internal server error"))?? {
            true => Ok(()),
            false => Err(Refusal::not_found(id)),
        }
    }

    fn commit_as(&self, mut arrival: Arrival, ticket: &Ticket) -> Result<Option<FileObject>, StoreError> {
        match ticket.effect {
            Some(Effect::Foreign { own }) => {
                let (before, after) = (self.foreign(&arrival, b'f')?, self.foreign(&arrival, b'g')?);
                self.store_one(before, CommitOperation::Foreign, ticket)?;
                if own {
                    self.commit(arrival, ticket)?;
                    self.store_one(after, CommitOperation::Foreign, ticket)?;
                }
                Ok(None)
            }
            Some(Effect::Clean) => {
                arrival.name = cleaned(&arrival.name);
                self.commit(arrival, ticket).map(Some)
            }
            _ => self.commit(arrival, ticket).map(Some),
        }
    }

    /// Makes up what another client stores: the size and name, but other bytes, and none of our tags, which it cannot know.
    fn foreign(&self, own: &Arrival, byte: u8) -> Result<Arrival, StoreError> {
        let body = &mut io::Read::take(io::repeat(byte), own.staged.size_bytes());
        Ok(Arrival {
            name: untagged(&own.name),
            media_type: own.media_type.clone(),
            id_prefix: own.id_prefix,
            lifetime: None,
            downloadable: own.downloadable,
            purpose: None,
            scope: None,
            metadata: None,
            staged: self.store.stage(body)?,
            dialect: own.dialect,
        })
    }

    fn commit(&self, arrival: Arrival, ticket: &Ticket) -> Result<FileObject, StoreError> {
        self.store_one(arrival, CommitOperation::Upload, ticket)
    }

    /// Stores a file and notes it.
    pub(super) fn store_one(
        &self,
        arrival: Arrival,
        operation: CommitOperation,
        ticket: &Ticket,
    ) -> Result<FileObject, StoreError> {
        let now = self.clock.now();
        let new = NewFile {
            expires_at: arrival.lifetime.map(|lifetime| now.plus(lifetime)),
            downloadable: arrival.downloadable,
            purpose: arrival.purpose.as_deref(),
            scope: arrival.scope.as_deref(),
            status: Some(FileStatus::Ready),
            metadata: arrival.metadata,
            ..NewFile::new(&arrival.name, &arrival.media_type, arrival.id_prefix, now)
        };
        let stored = self.store.commit(new, arrival.staged)?;
        self.listings.stored(&stored.object.file_id);
        self.note(operation, (&stored.object, Some(stored.digest)), arrival.dialect, ticket)?;
        if operation == CommitOperation::Upload && tells(ticket) {
            self.faults.note_id(&stored.object.file_id);
        }
        Ok(stored.object)
    }

    /// Notes what happened to a file.
    pub(super) fn note(
        &self,
        operation: CommitOperation,
        (file, sha256): (&FileObject, Option<Sha256>),
        dialect: &str,
        ticket: &Ticket,
    ) -> Result<(), StoreError> {
        if !self.commits.is_on {
            return Ok(());
        }
        self.commits.note(Commit {
            seq: 0,
            time: self.clock.now(),
            operation,
            id: file.file_id.clone(),
            filename: file.filename.clone(),
            size_bytes: file.size_bytes,
            sha256,
            dialect: dialect.to_owned(),
            request: ticket.request,
            fault: ticket.fault.clone(),
            told: operation != CommitOperation::Foreign && tells(ticket),
        })
    }
}

/// Tells whether the answer can tell the client what was stored.
fn tells(ticket: &Ticket) -> bool {
    ticket.effect.is_none_or(Effect::tells)
}

/// Cleans a name as a platform might: small letters, and a line for whatever is neither letter nor digit.
fn cleaned(name: &str) -> String {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, "txt"));
    let stem: String = stem.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    format!("{}_.{extension}", stem.to_lowercase())
}
