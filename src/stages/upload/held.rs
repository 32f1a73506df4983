//! Payloads on their way, and the attempts that the ledger knows of.

use std::time::Duration;

use serde_json::Value;

use super::Job;
use crate::ledger::{AttemptId, Intent, Parked as Known, StoredObject};
use crate::model::{FileObject, Sha256, Timestamp};
use crate::stages::budget::Reservation;

/// Where our key stands in metadata.
pub(super) const METADATA_KEY: &str = "docferry_upload_key";

/// An attempt that is durable in the ledger.
#[derive(Debug)]
pub(super) struct Held<'a> {
    pub(super) attempt: AttemptId,
    pub(super) key: Sha256,
    /// The name that is sent.
    pub(super) file_name: String,
    pub(super) size_bytes: u64,
    pub(super) media_type: String,
    pub(super) tagged: bool,
    /// Whether a late copy of something else may have the same name and size.
    pub(super) burned: bool,
    /// When it was first sent, by both clocks: that of the day may have been set since.
    pub(super) first_sent_at: Timestamp,
    pub(super) first_sent: Option<Duration>,
    /// The names it was sent under before this one.
    pub(super) old_names: Vec<String>,
    /// How often it was sent so that it may have been stored, this time included.
    pub(super) sends: u32,
    /// How often of these this run did it anew.
    pub(super) resends: u32,
    /// How many requests were made.
    pub(super) requests: u32,
    pub(super) orphans: Vec<FileObject>,
    /// Its room in the run's budget.
    pub(super) reservation: Option<Reservation<'a>>,
}

impl Held<'_> {
    /// Makes one that was begun just now.
    pub(super) fn new(attempt: AttemptId, intent: &Intent, tagged: bool, burned: bool) -> Self {
        let name = if tagged { &intent.tagged_name } else { &intent.file_name };
        Self {
            attempt,
            key: intent.upload_key,
            file_name: name.clone(),
            size_bytes: intent.size_bytes,
            media_type: intent.media_type.clone(),
            tagged,
            burned,
            first_sent_at: intent.sent_at,
            first_sent: None,
            old_names: Vec::new(),
            sends: 1,
            resends: 0,
            requests: 0,
            orphans: Vec::new(),
            reservation: None,
        }
    }

    /// Takes over what an earlier run left.
    pub(super) fn known(known: Known) -> Self {
        Self {
            attempt: known.attempt,
            key: known.upload_key,
            file_name: known.file_name,
            size_bytes: known.size_bytes,
            media_type: known.media_type,
            tagged: known.tagged,
            burned: known.burned,
            first_sent_at: known.sent_at,
            first_sent: None,
            old_names: known.old_names,
            sends: known.sends + 1,
            resends: 0,
            requests: 0,
            orphans: known.orphans,
            reservation: None,
        }
    }

    /// Tells whether an earlier attempt may have been stored.
    pub(super) fn may_be_stored(&self) -> bool {
        self.sends > 1
    }
}

/// A payload that a sender can go on with.
#[derive(Debug)]
pub(super) enum Ready<'a, T> {
    /// To be sent.
    Send(Job<T>, Box<Held<'a>>),
    /// An earlier run stored it.
    Stored(Job<T>, Box<StoredObject>),
}

/// Returns the ids of files.
pub(super) fn ids(files: &[FileObject]) -> Vec<String> {
    files.iter().map(|file| file.file_id.clone()).collect()
}

/// Tells whether metadata names this key.
pub(super) fn is_marked(metadata: Option<&Value>, mark: &str) -> bool {
    metadata.is_some_and(|metadata| metadata[METADATA_KEY] == mark)
}
