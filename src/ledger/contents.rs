//! What a ledger holds, for people: counted, written out, taken in, forgotten.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::columns::{self, blob, int, uint};
use super::schema::State;
use super::writer::Desk;
use super::{LedgerError, Scope, Usage, attempts, objects};
use crate::model::{FileObject, Proof, Sha256, Timestamp};

/// What a ledger holds, in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Sources whose content is known.
    pub sources: u64,
    /// Contents of which is known what becomes of them.
    pub judgements: u64,
    /// Runs.
    pub runs: u64,
    /// Runs that were not finished.
    pub unfinished_runs: u64,
    /// The workspaces, in the order in which they became known.
    pub scopes: Vec<ScopeSummary>,
}

/// What is known of a workspace, in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeSummary {
    /// The target's id.
    pub target_id: String,
    /// The workspace.
    pub workspace: String,
    /// How many uploads are in which state.
    pub objects: BTreeMap<&'static str, u64>,
    /// Names and sizes that late copies may appear under.
    pub burned: u64,
    /// What it stores.
    pub usage: Option<Usage>,
    /// Uploads that are under way or of unknown outcome, the oldest first.
    pub open: Vec<OpenUpload>,
}

/// An upload that is under way or of unknown outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenUpload {
    /// Its identity.
    pub upload_key: Sha256,
    /// Where the bytes came from, for people.
    pub source: String,
    /// The name that was sent.
    pub file_name: String,
    /// When it was sent last.
    pub sent_at: Timestamp,
}

/// A stored file, as it is written out and taken in: one line of JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The version of this form, 1.
    pub ledger_version: u32,
    /// The target's id.
    pub target_id: String,
    /// The workspace.
    pub workspace: String,
    /// `done`, `superseded`, `deleted` or `orphan`.
    pub state: String,
    /// Its identity.
    pub upload_key: Sha256,
    /// Where the bytes came from.
    pub source: String,
    /// The digest of the bytes.
    pub sha256: Sha256,
    /// The name that was sent.
    pub file_name: String,
    /// The media type that was sent.
    pub media_type: String,
    /// The run that stored it.
    pub run_id: String,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// When it was last seen.
    pub verified_at: Timestamp,
    /// How it is known to be ours, if it was adopted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    /// The file.
    pub file: FileObject,
}

/// The version of [`Record`].
pub(super) const RECORD_VERSION: u32 = 1;

/// What is to be forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forget {
    /// The uploads with these ids, in all workspaces.
    Files(Vec<String>),
    /// All of a workspace.
    Scope(Scope),
    /// All sources: everything is read anew, and nobody knows which of them stored files came from.
    Sources,
    /// Uploads of unknown outcome that nobody works on, in all workspaces. Late copies of them may appear until then.
    Unresolved {
        /// Those with these identities; all without any.
        upload_keys: Vec<Sha256>,
        /// Until when what is found under their names proves nothing.
        burned_until: Timestamp,
    },
}

pub(super) fn summary(connection: &Connection) -> rusqlite::Result<Summary> {
    let count = |sql: &str| connection.query_row(sql, [], |row| row.get(0).map(uint));
    let mut statement = connection.prepare("SELECT id, target, workspace FROM scope ORDER BY id")?;
    let rows = statement.query_map([], |row| Ok((Scope(row.get(0)?), row.get(1)?, row.get(2)?)))?;
    let mut scopes = Vec::new();
    for row in rows {
        let (scope, target_id, workspace) = row?;
        let sql = "SELECT state, COUNT(*) FROM object WHERE scope = ?1 GROUP BY state";
        let mut statement = connection.prepare_cached(sql)?;
        let counts =
            statement.query_map([scope.0], |row| Ok((row.get::<_, i64>(0)?, row.get(1).map(uint)?)))?;
        let mut objects = BTreeMap::new();
        for counted in counts {
            let (state, number) = counted?;
            let state = State::ALL.into_iter().find(|known| *known as i64 == state);
            objects.insert(state.map_or("unknown", State::as_str), number);
        }
        let sql = "SELECT COUNT(*) FROM burned WHERE scope = ?1";
        let burned = connection.query_row(sql, [scope.0], |row| row.get(0).map(uint))?;
        let usage = objects::usage(connection, scope)?;
        let open = open_uploads(connection, scope)?;
        scopes.push(ScopeSummary { target_id, workspace, objects, burned, usage, open });
    }
    Ok(Summary {
        sources: count("SELECT COUNT(*) FROM source")?,
        judgements: count("SELECT COUNT(*) FROM judgement")?,
        runs: count("SELECT COUNT(*) FROM run")?,
        unfinished_runs: count("SELECT COUNT(*) FROM run WHERE finished = 0")?,
        scopes,
    })
}

fn open_uploads(connection: &Connection, scope: Scope) -> rusqlite::Result<Vec<OpenUpload>> {
    let sql = "SELECT upload_key, source, name, sent_at FROM object WHERE scope = ?1 AND state IN (0, 1) ORDER BY id";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([scope.0], |row| {
        Ok(OpenUpload {
            upload_key: columns::digest(row, "upload_key")?,
            source: row.get("source")?,
            file_name: row.get("name")?,
            sent_at: columns::time(row.get("sent_at")?),
        })
    })?;
    rows.collect()
}

/// Hands every upload that has an id to `each`, in the order in which they began.
pub(super) fn export<E>(
    connection: &Connection,
    mut each: impl FnMut(&Record) -> Result<(), E>,
) -> rusqlite::Result<Result<(), E>> {
    let sql = "SELECT o.file, o.verified_at, o.used_at, o.run, o.proof, o.upload_key,
            o.state, o.source, o.digest, o.name, o.media_type, o.sent_at, s.target, s.workspace
        FROM object AS o JOIN scope AS s ON s.id = o.scope
        WHERE o.file_id IS NOT NULL AND o.state <> 1 ORDER BY o.id";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let Err(error) = each(&record(row)?) {
            return Ok(Err(error));
        }
    }
    Ok(Ok(()))
}

fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    let stored = columns::stored(row)?;
    let state: i64 = row.get("state")?;
    let state = State::ALL.into_iter().find(|known| *known as i64 == state);
    Ok(Record {
        ledger_version: RECORD_VERSION,
        target_id: row.get("target")?,
        workspace: row.get("workspace")?,
        state: state.map_or("unknown", State::as_str).to_owned(),
        upload_key: stored.upload_key,
        source: row.get("source")?,
        sha256: columns::digest(row, "digest")?,
        file_name: row.get("name")?,
        media_type: row.get("media_type")?,
        run_id: stored.run_id,
        sent_at: columns::time(row.get("sent_at")?),
        verified_at: stored.verified_at,
        proof: stored.proof,
        file: stored.file,
    })
}

/// What came of a record that was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    Added,
    /// The id or the upload is known already, and stays as it is.
    Known,
}

/// Takes in what is not known yet. What is known stays: it may be newer.
pub(super) fn take_in(desk: &Desk<'_>, record: &Record) -> Result<Taken, LedgerError> {
    let scope = objects::scope(desk, &record.target_id, &record.workspace)?;
    let sql = "SELECT 1 FROM object WHERE scope = ?1 AND file_id = ?2";
    if desk.first(sql, params![scope.0, record.file.file_id], |_| Ok(()))?.is_some() {
        return Ok(Taken::Known);
    }
    let state = State::ALL.into_iter().find(|known| known.as_str() == record.state).unwrap_or(State::Orphan);
    let sql = "SELECT 1 FROM object WHERE scope = ?1 AND upload_key = ?2 AND state < 3";
    let is_known = desk.first(sql, params![scope.0, blob(&record.upload_key)], |_| Ok(()))?.is_some();
    if is_known && state == State::Done {
        return Ok(Taken::Known);
    }
    let sql = "INSERT INTO object (
            scope, upload_key, state, run, owner, source, digest, name, tagged, size, media_type, sent_at, sends,
            day, files, bytes, tokens, cost, file_id, file, expires_at, verified_at, used_at, proof
        ) VALUES (?1, ?2, ?3, ?4, '', ?5, ?6, ?7, 0, ?8, ?9, ?10, 0, 0, 0, 0, 0, 0, ?11, ?12, ?13, ?14, ?14, ?15)";
    desk.execute(
        sql,
        params![
            scope.0,
            blob(&record.upload_key),
            state as i64,
            record.run_id,
            record.source,
            blob(&record.sha256),
            record.file_name,
            int(record.file.size_bytes),
            record.media_type,
            record.sent_at.unix_micros(),
            record.file.file_id,
            columns::file_text(&record.file),
            record.file.expires_at.map(Timestamp::unix_micros),
            record.verified_at.unix_micros(),
            record.proof.map(columns::proof_text),
        ],
    )?;
    Ok(Taken::Added)
}

/// Forgets, and returns how many uploads or sources that were. What is under way is not forgotten.
pub(super) fn forget(desk: &Desk<'_>, what: &Forget) -> Result<usize, LedgerError> {
    match what {
        Forget::Files(ids) => {
            let sql = "DELETE FROM object WHERE file_id = ?1 AND state <> 1";
            ids.iter().try_fold(0, |sum, id| Ok(sum + desk.execute(sql, [id])?))
        }
        Forget::Scope(scope) => {
            attempts::clear(desk, *scope)?;
            desk.execute("DELETE FROM burned WHERE scope = ?1", [scope.0])?;
            desk.execute("DELETE FROM credential WHERE scope = ?1", [scope.0])?;
            desk.execute("DELETE FROM origin WHERE scope = ?1", [scope.0])?;
            let sql =
                "UPDATE scope SET usage_bytes = NULL, usage_files = NULL, usage_at = NULL WHERE id = ?1";
            desk.execute(sql, [scope.0])?;
            desk.execute("DELETE FROM object WHERE scope = ?1", [scope.0])
        }
        Forget::Unresolved { upload_keys, burned_until } if upload_keys.is_empty() => {
            attempts::forget_all(desk, *burned_until)
        }
        Forget::Unresolved { upload_keys, burned_until } => {
            attempts::forget(desk, upload_keys, *burned_until)
        }
        Forget::Sources => {
            desk.execute("DELETE FROM place", [])?;
            desk.execute("DELETE FROM judgement", [])?;
            desk.execute("DELETE FROM origin", [])?;
            desk.execute("DELETE FROM source", [])
        }
    }
}

pub(super) fn only_scope(connection: &Connection) -> rusqlite::Result<Option<(String, String)>> {
    let sql = "SELECT target, workspace FROM scope WHERE (SELECT COUNT(*) FROM scope) = 1";
    connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()
}
