//! What deleting files for good needs to know, and how the ledger keeps the truth while it happens.
//!
//! A file that is about to be deleted becomes an `orphan` that is condemned: from then on nobody uses its id again, and
//! whoever dies halfway leaves a copy that is named and deleted the next time, not an id that leads nowhere.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::columns;
use super::writer::Desk;
use super::{Alone, Ledger, LedgerError, OriginRecord, OwnedFile, OwnedState, Scope, sources};
use crate::model::Timestamp;

/// Stored files and what they came from.
///
/// # Errors
/// All of these fail as the file does.
impl Ledger {
    /// Keeps others from opening the ledger until the guard goes away: an id that is about to be deleted must not be read
    /// by anybody.
    ///
    /// # Errors
    /// [`LedgerError::Busy`] if another process, or another handle of this one, has it open.
    pub fn alone(&self) -> Result<Alone, LedgerError> {
        self.0.shared.owner.alone(self.path())
    }

    /// Hands every stored file of a workspace to `each`, in the order in which they were sent.
    pub fn owned_files(&self, scope: Scope, mut each: impl FnMut(OwnedFile)) -> Result<(), LedgerError> {
        self.read(|connection| {
            let sql =
                "SELECT file, verified_at, used_at, run, proof, upload_key, source, state, sent_at, EXISTS (
                    SELECT 1 FROM object AS n
                    WHERE n.scope = o.scope AND n.upload_key = o.upload_key AND n.state < 3 AND n.state <> 2
                ) AS open FROM object AS o
                WHERE scope = ?1 AND (state IN (2, 3) OR state = 5 AND condemned = 1) ORDER BY id";
            every(connection, sql, scope, owned_file, &mut each)
        })
    }

    /// Hands what sources became to `each`: by path, and what each became last first.
    pub fn origins(&self, scope: Scope, mut each: impl FnMut(OriginRecord)) -> Result<(), LedgerError> {
        self.read(|connection| {
            let sql = "SELECT * FROM origin WHERE scope = ?1 ORDER BY path, judged_at DESC";
            every(connection, sql, scope, origin, &mut each)
        })
    }

    /// Returns names and sizes under which something of ours is under way, or may still appear.
    pub fn unsettled(&self, scope: Scope, now: Timestamp) -> Result<HashSet<(String, u64)>, LedgerError> {
        self.read(|connection| {
            let sql = "SELECT name, size FROM object WHERE scope = ?1 AND state IN (0, 1)
                UNION SELECT name, size FROM burned WHERE scope = ?1 AND until > ?2";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map(params![scope.0, now.unix_micros()], |row| {
                Ok((row.get(0)?, row.get(1).map(columns::uint)?))
            })?;
            rows.collect()
        })
    }

    /// Notes that a plan was made: from now on, use of files that had none since is noted.
    pub fn note_plan(&self, at: Timestamp) -> Result<(), LedgerError> {
        self.write(move |desk| {
            let sql = "INSERT INTO meta (key, value) VALUES ('plan_at', ?1)
                ON CONFLICT DO UPDATE SET value = MAX(value, excluded.value)";
            desk.execute(sql, [at.unix_micros()]).map(drop)
        })
    }

    /// Returns when the last plan was made.
    pub fn plan_at(&self) -> Result<Option<Timestamp>, LedgerError> {
        self.read(|connection| {
            let sql = "SELECT value FROM meta WHERE key = 'plan_at'";
            connection.query_row(sql, [], |row| row.get(0).map(columns::time)).optional()
        })
    }

    /// Notes, some time soon, that there is use for a file.
    pub fn note_use(&self, scope: Scope, file_id: &str, at: Timestamp) {
        let file_id = file_id.to_owned();
        self.0.writer.leave(move |desk| {
            // Use is later than the last, whatever the clock says.
            let sql = "UPDATE object SET used_at = MAX(COALESCE(used_at, 0) + 1, ?3)
                WHERE scope = ?1 AND file_id = ?2";
            desk.execute(sql, params![scope.0, file_id, at.unix_micros()]).map(drop)
        });
    }

    /// Sees to it that nobody uses a file again, if it had no use since; `None` asks for no use. Returns what it stood for;
    /// `None` if it has use, its place is about to be taken, or it is not ours to delete.
    pub fn condemn(
        &self,
        scope: Scope,
        file_id: &str,
        unused_since: Option<Timestamp>,
    ) -> Result<Option<OwnedState>, LedgerError> {
        let file_id = file_id.to_owned();
        self.write(move |desk| condemn(desk, scope, &file_id, unused_since))
    }

    /// Takes back that a file was condemned, because it could not be deleted. It counts for its identity again unless
    /// another one does by now, and is looked for before it is used: a deletion may still be under way.
    pub fn pardon(&self, scope: Scope, file_id: &str, was: OwnedState) -> Result<(), LedgerError> {
        let file_id = file_id.to_owned();
        self.write(move |desk| pardon(desk, scope, &file_id, was))
    }

    /// Records that a file was deleted, and that its room is free.
    pub fn removed(&self, scope: Scope, file_id: &str) -> Result<(), LedgerError> {
        let file_id = file_id.to_owned();
        self.write(move |desk| removed(desk, scope, &file_id))
    }
}

/// What became of a file that was to be deleted.
///
/// # Errors
/// As the file does.
impl Ledger {
    /// Records what became of it, of what it stood for if it was condemned. Where nobody knows whether it is gone, it stays
    /// condemned.
    pub fn settle(
        &self,
        scope: Scope,
        file_id: &str,
        was: Option<OwnedState>,
        is_gone: Option<bool>,
    ) -> Result<(), LedgerError> {
        match (is_gone, was) {
            (Some(true), _) => self.removed(scope, file_id),
            (Some(false), Some(was)) => self.pardon(scope, file_id, was),
            (Some(false), None) | (None, _) => Ok(()),
        }
    }
}

fn every<T>(
    connection: &Connection,
    sql: &str,
    scope: Scope,
    read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
    each: &mut dyn FnMut(T),
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([scope.0])?;
    while let Some(row) = rows.next()? {
        each(read(row)?);
    }
    Ok(())
}

fn owned_file(row: &Row<'_>) -> rusqlite::Result<OwnedFile> {
    let stored = columns::stored(row)?;
    let sent_at = columns::time(row.get("sent_at")?);
    Ok(OwnedFile {
        file: stored.file,
        upload_key: stored.upload_key,
        source: row.get("source")?,
        state: match row.get("state")? {
            5 => OwnedState::Condemned,
            _ if row.get("open")? => OwnedState::Open,
            2 => OwnedState::Current,
            _ => OwnedState::Replaced,
        },
        used_at: stored.used_at.unwrap_or(sent_at),
    })
}

fn origin(row: &Row<'_>) -> rusqlite::Result<OriginRecord> {
    let converter: Option<String> = row.get("converter")?;
    Ok(OriginRecord {
        path: row.get("path")?,
        judged_at: columns::time(row.get("judged_at")?),
        digest: columns::digest(row, "digest")?,
        keys: sources::split_keys(row.get_ref("keys")?.as_blob()?),
        converter: converter.zip(row.get("revision")?),
    })
}

fn condemn(
    desk: &Desk<'_>,
    scope: Scope,
    file_id: &str,
    unused_since: Option<Timestamp>,
) -> Result<Option<OwnedState>, LedgerError> {
    let sql = "SELECT state FROM object AS o WHERE scope = ?1 AND file_id = ?2
        AND (state IN (2, 3) AND (?3 IS NULL OR COALESCE(used_at, sent_at) <= ?3) AND NOT EXISTS (
                SELECT 1 FROM object AS n
                WHERE n.scope = o.scope AND n.upload_key = o.upload_key AND n.state < 3 AND n.state <> 2
            ) OR state = 5 AND condemned = 1)";
    let unused_since = unused_since.map(Timestamp::unix_micros);
    let found: Option<i64> = desk.first(sql, params![scope.0, file_id, unused_since], |row| row.get(0))?;
    if found.is_some() {
        let sql = "UPDATE object SET state = 5, condemned = 1 WHERE scope = ?1 AND file_id = ?2";
        desk.execute(sql, params![scope.0, file_id])?;
    }
    Ok(found.map(|state| match state {
        2 => OwnedState::Current,
        3 => OwnedState::Replaced,
        _ => OwnedState::Condemned,
    }))
}

fn pardon(desk: &Desk<'_>, scope: Scope, file_id: &str, was: OwnedState) -> Result<(), LedgerError> {
    let sql = "UPDATE object AS o SET condemned = 0, verified_at = 0, state = CASE WHEN ?3 AND NOT EXISTS (
            SELECT 1 FROM object AS n WHERE n.scope = o.scope AND n.upload_key = o.upload_key AND n.state < 3
        ) THEN 2 ELSE 3 END WHERE scope = ?1 AND file_id = ?2 AND state = 5 AND condemned = 1";
    desk.execute(sql, params![scope.0, file_id, was == OwnedState::Current]).map(drop)
}

fn removed(desk: &Desk<'_>, scope: Scope, file_id: &str) -> Result<(), LedgerError> {
    let sql = "UPDATE scope SET usage_files = MAX(0, usage_files - 1), usage_bytes = MAX(0, usage_bytes - (
            SELECT size FROM object WHERE scope = ?1 AND file_id = ?2
        )) WHERE id = ?1 AND usage_at IS NOT NULL
        AND EXISTS (SELECT 1 FROM object WHERE scope = ?1 AND file_id = ?2 AND state IN (2, 3, 5))";
    desk.execute(sql, params![scope.0, file_id])?;
    let sql = "UPDATE object SET condemned = 0 WHERE scope = ?1 AND file_id = ?2";
    desk.execute(sql, params![scope.0, file_id])?;
    super::objects::lost(desk, scope, &[file_id.to_owned()])
}
