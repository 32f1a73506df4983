//! Workspaces and what is known to be stored in them.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, params};

use super::columns::{self, blob, int, uint};
use super::writer::Desk;
use super::{Burned, LedgerError, Scope, Usage, ends};
use crate::model::{FileObject, Sha256, Timestamp};

pub(super) fn scope(desk: &Desk<'_>, target_id: &str, workspace: &str) -> Result<Scope, LedgerError> {
    let params = params![target_id, workspace];
    desk.execute("INSERT OR IGNORE INTO scope (target, workspace) VALUES (?1, ?2)", params)?;
    let sql = "SELECT id FROM scope WHERE target = ?1 AND workspace = ?2";
    let found = desk.first(sql, params![target_id, workspace], |row| row.get(0).map(Scope))?;
    found.ok_or_else(|| LedgerError::Corrupt {
        path: desk.path().to_owned(),
        reason: "a row that was written is not there".to_owned(),
    })
}

pub(super) fn find_scope(
    connection: &Connection,
    target_id: &str,
    workspace: &str,
) -> rusqlite::Result<Option<Scope>> {
    let sql = "SELECT id FROM scope WHERE target = ?1 AND workspace = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_row([target_id, workspace], |row| row.get(0).map(Scope)).optional()
}

pub(super) fn workspaces(connection: &Connection, target_id: &str) -> rusqlite::Result<Vec<String>> {
    texts(connection, "SELECT workspace FROM scope WHERE target = ?1 ORDER BY id", [target_id])
}

pub(super) fn knows_credential(
    connection: &Connection,
    scope: Scope,
    fingerprint: &[u8; 16],
) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM credential WHERE scope = ?1 AND fingerprint = ?2";
    connection.prepare_cached(sql)?.exists(params![scope.0, fingerprint])
}

/// Tells whether nothing is known of a workspace: no credential and no upload, in whatever state.
pub(super) fn is_unused(connection: &Connection, scope: Scope) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 WHERE EXISTS (SELECT 1 FROM credential WHERE scope = ?1)
        OR EXISTS (SELECT 1 FROM object WHERE scope = ?1 AND file_id IS NOT NULL)
        OR EXISTS (SELECT 1 FROM object WHERE scope = ?1 AND state IN (0, 1))";
    Ok(!connection.prepare_cached(sql)?.exists([scope.0])?)
}

/// Tells whether an upload is under way or of unknown outcome.
pub(super) fn is_open(connection: &Connection, scope: Scope, upload_key: &Sha256) -> rusqlite::Result<bool> {
    // The first condition on the state is that of the index.
    let sql = "SELECT 1 FROM object WHERE scope = ?1 AND upload_key = ?2 AND state < 3 AND state <> 2";
    connection.prepare_cached(sql)?.exists(params![scope.0, blob(upload_key)])
}

pub(super) fn note_credential(
    desk: &Desk<'_>,
    scope: Scope,
    fingerprint: &[u8; 16],
) -> Result<(), LedgerError> {
    let sql = "INSERT OR IGNORE INTO credential (scope, fingerprint) VALUES (?1, ?2)";
    desk.execute(sql, params![scope.0, fingerprint]).map(drop)
}

pub(super) fn some_ids(connection: &Connection, scope: Scope, max: u32) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT file_id FROM object WHERE scope = ?1 AND state = 2 ORDER BY id DESC LIMIT ?2";
    texts(connection, sql, params![scope.0, max])
}

pub(super) fn unseen(
    connection: &Connection,
    scope: Scope,
    seen_before: Timestamp,
) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT file_id FROM object WHERE scope = ?1 AND state = 2 AND verified_at < ?2 ORDER BY id";
    texts(connection, sql, params![scope.0, seen_before.unix_micros()])
}

fn texts(connection: &Connection, sql: &str, params: impl rusqlite::Params) -> rusqlite::Result<Vec<String>> {
    connection.prepare_cached(sql)?.query_map(params, |row| row.get(0))?.collect()
}

pub(super) fn owned(
    connection: &Connection,
    scope: Scope,
    ids: &[&str],
) -> rusqlite::Result<HashSet<String>> {
    let sql = "SELECT 1 FROM object WHERE scope = ?1 AND file_id = ?2";
    known(connection, sql, scope, ids)
}

/// Returns which of these ids are taken: one in doubt is not.
pub(super) fn taken(
    connection: &Connection,
    scope: Scope,
    ids: &[&str],
) -> rusqlite::Result<HashSet<String>> {
    let sql = "SELECT 1 FROM object WHERE scope = ?1 AND file_id = ?2 AND state <> 1";
    known(connection, sql, scope, ids)
}

fn known(
    connection: &Connection,
    sql: &str,
    scope: Scope,
    ids: &[&str],
) -> rusqlite::Result<HashSet<String>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut owned = HashSet::new();
    for id in ids {
        if statement.exists(params![scope.0, id])? {
            owned.insert((*id).to_owned());
        }
    }
    Ok(owned)
}

pub(super) fn verified(
    desk: &Desk<'_>,
    scope: Scope,
    ids: &[String],
    at: Timestamp,
) -> Result<(), LedgerError> {
    let sql = "UPDATE object SET verified_at = ?3 WHERE scope = ?1 AND file_id = ?2 AND verified_at < ?3";
    for id in ids {
        desk.execute(sql, params![scope.0, id, at.unix_micros()])?;
    }
    Ok(())
}

/// Records that files are gone. Their rows stay, so that their ids stay known.
pub(super) fn lost(desk: &Desk<'_>, scope: Scope, ids: &[String]) -> Result<(), LedgerError> {
    let sql = "UPDATE object SET state = 4 WHERE scope = ?1 AND file_id = ?2 AND state IN (2, 3, 5)";
    for id in ids {
        desk.execute(sql, params![scope.0, id])?;
    }
    Ok(())
}

/// Records copies of an upload that is done, or of one that is under way.
pub(super) fn note_orphans(
    desk: &Desk<'_>,
    scope: Scope,
    upload_key: &Sha256,
    orphans: &[FileObject],
) -> Result<(), LedgerError> {
    let sql = "SELECT id FROM object WHERE scope = ?1 AND upload_key = ?2 AND state < 3";
    match desk.first(sql, params![scope.0, blob(upload_key)], |row| row.get(0))? {
        Some(id) => ends::note_orphans(desk, scope, id, orphans),
        // The attempt was released, or what it stored is gone: all that counts of it is its key.
        None => note_stray(desk, scope, upload_key, orphans),
    }
}

fn note_stray(
    desk: &Desk<'_>,
    scope: Scope,
    upload_key: &Sha256,
    orphans: &[FileObject],
) -> Result<(), LedgerError> {
    let sql = "INSERT OR IGNORE INTO object (
            scope, upload_key, state, run, owner, source, digest, name, tagged, size, media_type, sent_at, sends,
            day, files, bytes, tokens, cost, file_id, file, expires_at, verified_at
        ) VALUES (?1, ?2, 5, '', '', '', ?3, ?4, 0, ?5, ?6, ?7, 0, 0, 0, 0, 0, 0, ?8, ?9, ?10, ?7)";
    for file in orphans {
        ends::free_doubted(desk, scope, &file.file_id)?;
        let params = params![
            scope.0,
            blob(upload_key),
            [0_u8; 32],
            file.filename,
            int(file.size_bytes),
            file.mime_type,
            file.created_at.unix_micros(),
            file.file_id,
            columns::file_text(file),
            file.expires_at.map(Timestamp::unix_micros),
        ];
        desk.execute(sql, params)?;
    }
    Ok(())
}

pub(super) fn burned(connection: &Connection, scope: Scope, now: Timestamp) -> rusqlite::Result<Vec<Burned>> {
    let sql = "SELECT * FROM burned WHERE scope = ?1 AND until > ?2 ORDER BY sent_at";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![scope.0, now.unix_micros()], |row| {
        Ok(Burned {
            file_name: row.get("name")?,
            size_bytes: uint(row.get("size")?),
            media_type: row.get("media_type")?,
            sent_at: columns::time(row.get("sent_at")?),
            until: columns::time(row.get("until")?),
            upload_key: columns::digest(row, "upload_key")?,
        })
    })?;
    rows.collect()
}

pub(super) fn usage(connection: &Connection, scope: Scope) -> rusqlite::Result<Option<Usage>> {
    let sql = "SELECT usage_bytes, usage_files, usage_at FROM scope WHERE id = ?1 AND usage_at IS NOT NULL";
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Usage {
            bytes: uint(row.get(0)?),
            files: uint(row.get(1)?),
            measured_at: columns::time(row.get(2)?),
        })
    };
    connection.prepare_cached(sql)?.query_row([scope.0], read).optional()
}

pub(super) fn set_usage(desk: &Desk<'_>, scope: Scope, usage: &Usage) -> Result<(), LedgerError> {
    let sql = "UPDATE scope SET usage_bytes = ?2, usage_files = ?3, usage_at = ?4 WHERE id = ?1";
    let Usage { bytes, files, measured_at } = *usage;
    desk.execute(sql, params![scope.0, int(bytes), int(files), measured_at.unix_micros()]).map(drop)
}
