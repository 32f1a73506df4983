//! What was converted and sent where: a file of SQLite that several processes share.
//!
//! One thread writes. Commands that wait at the same time are one transaction and one wait for the disk, and each call
//! returns when what it did is durable. Reads use connections of their own and wait for nobody.
//!
//! A row of `object` is an upload: `intent` while it is sent, `done` when it is stored, `ambiguous` while nobody knows.
//! Rows hold the name of the process that made them; what a process that is gone left open is taken over by the next
//! one that asks. Names and sizes that are under way are locked, because a listing tells nothing else of a file.
//!
//! It trusts no file: one of another program, of a later version, cut or read-only is an error when it is opened.

mod attempts;
mod calls;
mod columns;
mod contents;
mod ends;
mod error;
mod import;
mod inbox;
mod inspect;
mod objects;
mod open;
mod owners;
mod pace;
mod periods;
mod places;
mod prune;
mod readers;
mod runs;
mod schema;
mod sources;
mod types;
mod uploads;
mod writer;

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

pub use contents::{Forget, OpenUpload, Record, ScopeSummary, Summary};
pub use error::LedgerError;
pub use import::{ImportError, ImportInto, Imported, import, import_manifest};
pub use inspect::{Inspected, Inspection, inspect};
pub use owners::Alone;
pub use runs::RunGuard;
pub use types::{
    AttemptId, Begun, Burned, Intent, Memory, OriginRecord, OwnedFile, OwnedState, Parked, PeriodLimit,
    PeriodUsage, Rate, Recalled, Resend, RunRecord, Scope, SourceStat, StoredObject, Usage,
};
pub use uploads::Finishing;

use crate::model::failpoint::{Step, hit};
use crate::model::{FileObject, Sha256, Timestamp};
use open::{How, Opened};
use readers::Readers;
use writer::{Desk, Shared, Writer};

/// How a ledger is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerOptions {
    /// How long another process is waited for.
    pub busy_timeout: Duration,
}

impl Default for LedgerOptions {
    fn default() -> Self {
        Self { busy_timeout: Duration::from_secs(10) }
    }
}

/// An opened ledger; a copy is the same ledger.
#[derive(Debug, Clone)]
pub struct Ledger(Arc<Inner>);

/// In the order in which they go away: the writer first, the folder last.
#[derive(Debug)]
struct Inner {
    writer: Writer,
    readers: Readers,
    shared: Arc<Shared>,
    salt: [u8; 16],
    _folder: Option<TempDir>,
}

impl Ledger {
    /// Opens the ledger in the folder `dir`; makes one where none is.
    ///
    /// # Errors
    /// [`LedgerError`], if it cannot be read and written or is none of this version.
    pub fn open(dir: &Path, options: &LedgerOptions) -> Result<Self, LedgerError> {
        let how = How { busy_timeout: options.busy_timeout, durable: true, vfs: None, prepare: &|_| Ok(()) };
        Self::with(dir, &how, None)
    }

    /// Makes a ledger that goes away with its last copy: for runs that remember nothing.
    ///
    /// # Errors
    /// [`LedgerError`], if there is no room for temporary files.
    pub fn ephemeral() -> Result<Self, LedgerError> {
        let folder = tempfile::tempdir().map_err(LedgerError::not_writable(&std::env::temp_dir()))?;
        let dir = folder.path().to_owned();
        let busy_timeout = LedgerOptions::default().busy_timeout;
        Self::with(&dir, &How { busy_timeout, durable: false, vfs: None, prepare: &|_| Ok(()) }, Some(folder))
    }

    fn with(dir: &Path, how: &How<'_>, folder: Option<TempDir>) -> Result<Self, LedgerError> {
        let Opened { path, owner, connection, salt } = open::open(dir, how)?;
        let shared = Arc::new(Shared::new(path.clone(), owner));
        let writer = Writer::start(connection, shared.clone())?;
        let readers = Readers::new(path, how.busy_timeout, how.vfs);
        Ok(Self(Arc::new(Inner { writer, readers, shared, salt, _folder: folder })))
    }

    /// Returns the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.shared.path
    }

    /// Returns bytes that no other ledger has, to mix into digests of credentials.
    #[must_use]
    pub fn salt(&self) -> [u8; 16] {
        self.0.salt
    }

    fn write<T, F>(&self, work: F) -> Result<T, LedgerError>
    where
        T: Send + 'static,
        F: FnMut(&Desk<'_>) -> Result<T, LedgerError> + Send + 'static,
    {
        self.0.writer.call(work)
    }

    /// Fails on purpose, in tests.
    fn at(&self, step: Step) -> Result<(), LedgerError> {
        hit(step).map_err(LedgerError::io(self.path()))
    }

    fn read<T>(
        &self,
        read: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<T>,
    ) -> Result<T, LedgerError> {
        self.0.readers.read(read)
    }

    /// Waits until all that was left to be written is durable.
    ///
    /// # Errors
    /// The failure of something that nobody waited for.
    pub fn flush(&self) -> Result<(), LedgerError> {
        self.write(|_| Ok(()))?;
        self.0.shared.take_deferred()
    }
}

/// The ledger as a whole.
///
/// # Errors
/// All of these fail as the file does.
impl Ledger {
    /// Tells whether there is a ledger in the folder `dir`, whatever its condition.
    #[must_use]
    pub fn is_in(dir: &Path) -> bool {
        open::is_in(dir)
    }

    /// Counts what the ledger holds.
    pub fn summary(&self) -> Result<Summary, LedgerError> {
        self.read(contents::summary)
    }

    /// Hands everything that is or was stored to `each`, until that fails.
    pub fn export<E>(
        &self,
        each: impl FnMut(&Record) -> Result<(), E>,
    ) -> Result<Result<(), E>, LedgerError> {
        self.read(|connection| contents::export(connection, each))
    }

    /// Forgets; returns how much that was.
    ///
    /// # Errors
    /// [`LedgerError::Busy`] if somebody works on it.
    pub fn forget(&self, what: &Forget) -> Result<usize, LedgerError> {
        let what = what.clone();
        self.write(move |desk| contents::forget(desk, &what))
    }

    /// Returns the target's id and the workspace, if the ledger knows only one.
    pub fn only_scope(&self) -> Result<Option<(String, String)>, LedgerError> {
        self.read(contents::only_scope)
    }
}

/// Sources and judgements.
///
/// # Errors
/// All of these fail as the file does.
impl Ledger {
    /// Returns what became of a source, if it is unchanged, was judged under the same settings, and everything that it
    /// became is stored and does not expire before `good_after`.
    pub fn recall(
        &self,
        scope: Scope,
        query: &SourceStat<'_>,
        fingerprint: &[u8; 16],
        good_after: Option<Timestamp>,
    ) -> Result<Option<Recalled>, LedgerError> {
        let queries = std::slice::from_ref(query);
        Ok(self.recall_all(scope, queries, fingerprint, good_after)?.pop().flatten())
    }

    /// As [`Ledger::recall`], for many sources, as of one moment and in their order.
    pub fn recall_all(
        &self,
        scope: Scope,
        queries: &[SourceStat<'_>],
        fingerprint: &[u8; 16],
        good_after: Option<Timestamp>,
    ) -> Result<Vec<Option<Recalled>>, LedgerError> {
        self.read(|connection| sources::recall(connection, scope, queries, fingerprint, good_after))
    }

    /// As [`Ledger::recall`], for a source that was read: by its digest and name.
    pub fn recall_content(
        &self,
        scope: Scope,
        (digest, file_name): (&Sha256, &[u8]),
        fingerprint: &[u8; 16],
        good_after: Option<Timestamp>,
    ) -> Result<Option<Recalled>, LedgerError> {
        let key = sources::judgement_key(scope, digest, file_name, fingerprint);
        self.read(|connection| sources::gather(connection, scope, (*digest, key), good_after))
    }

    /// Returns what is stored under an upload key, if it does not expire before `good_after`.
    pub fn stored(
        &self,
        scope: Scope,
        upload_key: &Sha256,
        good_after: Option<Timestamp>,
    ) -> Result<Option<StoredObject>, LedgerError> {
        self.read(|connection| sources::stored(connection, scope, upload_key, good_after))
    }

    /// Notes what became of a source, some time soon. A failure shows at the next [`Ledger::begin`],
    /// [`Ledger::run_end`] or [`Ledger::flush`].
    pub fn remember(&self, memory: Memory) {
        self.0.writer.leave(move |desk| sources::remember(desk, &memory));
    }
}

/// Uploads.
///
/// # Errors
/// All of these fail as the file does. Those that name an attempt fail with [`LedgerError::NotOpen`] if it ended or
/// somebody took it over.
impl Ledger {
    /// Tells whether an upload is under way, by whomever, or of unknown outcome.
    pub fn is_open(&self, scope: Scope, upload_key: &Sha256) -> Result<bool, LedgerError> {
        self.read(|connection| objects::is_open(connection, scope, upload_key))
    }

    /// Takes over every attempt of a workspace whose outcome is unknown and that no active run of a living process works on;
    /// see [`Ledger::enter_run`].
    pub fn unresolved(&self, scope: Scope, run_id: &str) -> Result<Vec<Parked>, LedgerError> {
        let run_id = run_id.to_owned();
        self.write(move |desk| attempts::unresolved(desk, scope, &run_id))
    }

    /// Records that what an attempt stored is of no use: an orphan. What was set aside for it counts as used.
    ///
    /// # Errors
    /// [`LedgerError::DuplicateId`] if the id belongs to another upload; the attempt stays open then. That one is open again,
    /// too, as with [`Ledger::finish`], unless what was answered has another size than what was sent.
    pub fn spoil(&self, attempt: AttemptId, file: &FileObject) -> Result<(), LedgerError> {
        let file = file.clone();
        self.write(move |desk| ends::spoil(desk, attempt, &file))?.done()
    }

    /// Gives up an attempt of unknown outcome that is not sent again, and gives back what was set aside for it. Until
    /// `burned_until`, what is found under its name proves nothing.
    pub fn abandon(
        &self,
        attempt: AttemptId,
        burned_until: Timestamp,
        orphans: &[FileObject],
    ) -> Result<(), LedgerError> {
        let orphans = orphans.to_vec();
        self.write(move |desk| ends::abandon(desk, attempt, burned_until, &orphans))
    }

    /// Forgets an attempt that stored nothing, and gives back what was set aside for it.
    pub fn release(&self, attempt: AttemptId) -> Result<(), LedgerError> {
        self.write(move |desk| ends::release(desk, attempt))
    }

    /// Records that the outcome of an attempt is unknown. What is locked and set aside for it stays so.
    pub fn park(&self, attempt: AttemptId) -> Result<(), LedgerError> {
        self.at(Step::BeforePark)?;
        self.write(move |desk| ends::park(desk, attempt))?;
        self.at(Step::AfterPark)
    }

    /// Records that an attempt is about to be sent again under another name. Until
    /// [`Resend::burned_until`], what is found under the old one proves nothing.
    pub fn resend(&self, attempt: AttemptId, again: &Resend) -> Result<(), LedgerError> {
        self.at(Step::BeforeResend)?;
        let again = again.clone();
        self.write(move |desk| ends::resend(desk, attempt, &again))?;
        self.at(Step::AfterResend)
    }

    /// Returns which of these ids are known, in whatever state.
    pub fn owned(&self, scope: Scope, ids: &[&str]) -> Result<HashSet<String>, LedgerError> {
        self.read(|connection| objects::owned(connection, scope, ids))
    }

    /// Returns which of these ids are known and not in doubt: an id that a target gave to two uploads of one run is that of
    /// whichever is found to have it.
    pub fn taken(&self, scope: Scope, ids: &[&str]) -> Result<HashSet<String>, LedgerError> {
        self.read(|connection| objects::taken(connection, scope, ids))
    }

    /// Records that files were seen.
    pub fn verified(&self, scope: Scope, ids: &[String], at: Timestamp) -> Result<(), LedgerError> {
        let ids = ids.to_vec();
        self.write(move |desk| objects::verified(desk, scope, &ids, at))
    }

    /// Records that files are gone; they are never reused.
    pub fn lost(&self, scope: Scope, ids: &[String]) -> Result<(), LedgerError> {
        let ids = ids.to_vec();
        self.write(move |desk| objects::lost(desk, scope, &ids))
    }

    /// Records copies of an upload that were found late.
    pub fn note_orphans(
        &self,
        scope: Scope,
        upload_key: &Sha256,
        orphans: &[FileObject],
    ) -> Result<(), LedgerError> {
        let (upload_key, orphans) = (*upload_key, orphans.to_vec());
        self.write(move |desk| objects::note_orphans(desk, scope, &upload_key, &orphans))
    }

    /// Returns the names and sizes that late copies may still appear under.
    pub fn burned(&self, scope: Scope, now: Timestamp) -> Result<Vec<Burned>, LedgerError> {
        self.read(|connection| objects::burned(connection, scope, now))
    }

    /// Returns the ids of stored files that were not seen since.
    pub fn unseen(&self, scope: Scope, seen_before: Timestamp) -> Result<Vec<String>, LedgerError> {
        self.read(|connection| objects::unseen(connection, scope, seen_before))
    }
}

#[cfg(test)]
mod tests;
