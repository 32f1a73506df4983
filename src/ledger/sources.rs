//! What is known of sources and of contents, so that a rerun opens no file that did not change.

use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};

use super::columns::{self, blob, int};
use super::writer::Desk;
use super::{LedgerError, Memory, Recalled, Scope, SourceStat, StoredObject, places};
use crate::model::digest::Hasher;
use crate::model::{Sha256, Timestamp};

const KEY_BYTES: usize = 32;
/// Finds what is stored under a key. The first condition on the state is that of the index, which SQLite does not
/// infer from the second.
const LIVE: &str = "SELECT file, verified_at, used_at, run, proof, upload_key FROM object
    WHERE scope = ?1 AND upload_key = ?2 AND state < 3 AND state = 2";
/// Finds the same at the place where it should be.
const LIVE_AT: &str = "SELECT file, verified_at, used_at, run, proof, upload_key FROM object
    WHERE id = ?3 AND +scope = ?1 AND +upload_key = ?2 AND +state = 2";
/// Finds what was decided, and where the upload of the first part should be.
const JUDGEMENT: &str = "SELECT j.judgement, j.keys, p.object
    FROM judgement AS j LEFT JOIN place AS p ON p.judgement = j.id WHERE j.key = ?1";
/// Finds the same at the place where it should be.
const JUDGEMENT_AT: &str = "SELECT j.judgement, j.keys, p.object
    FROM judgement AS j LEFT JOIN place AS p ON p.judgement = j.id WHERE j.id = ?2 AND +j.key = ?1";
/// Finds the copies of what has a key, by an index that holds nothing else.
pub(super) const ORPHANS: &str =
    "SELECT file_id FROM object WHERE scope = ?1 AND upload_key = ?2 AND state = 5 ORDER BY id";

fn half(digest: &Sha256) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&digest.as_bytes()[..16]);
    half
}

/// Returns the key of what is decided of a content under a name.
pub(super) fn judgement_key(
    scope: Scope,
    digest: &Sha256,
    file_name: &[u8],
    fingerprint: &[u8; 16],
) -> [u8; 16] {
    let mut hasher = Hasher::default();
    hasher.update(&scope.0.to_be_bytes());
    hasher.update(blob(digest));
    hasher.update(fingerprint);
    // Last, because its length varies.
    hasher.update(file_name);
    half(&hasher.finish())
}

/// What look-ups ask with.
struct Statements<'a> {
    source: CachedStatement<'a>,
    judgement: CachedStatement<'a>,
    judgement_at: CachedStatement<'a>,
    live: CachedStatement<'a>,
    live_at: CachedStatement<'a>,
    /// `None` where the workspace has no copies at all.
    orphans: Option<CachedStatement<'a>>,
}

impl<'a> Statements<'a> {
    fn of(connection: &'a Connection, scope: Scope) -> rusqlite::Result<Self> {
        let any = "SELECT 1 FROM object WHERE scope = ?1 AND state = 5 LIMIT 1";
        let orphans = match connection.prepare_cached(any)?.exists([scope.0])? {
            true => Some(connection.prepare_cached(ORPHANS)?),
            false => None,
        };
        let source = "SELECT digest, file_name, judgement FROM source WHERE path = ?1
            AND size = ?2 AND modified_ns = ?3 AND inode = ?4 AND device = ?5";
        Ok(Self {
            source: connection.prepare_cached(source)?,
            judgement: connection.prepare_cached(JUDGEMENT)?,
            judgement_at: connection.prepare_cached(JUDGEMENT_AT)?,
            live: connection.prepare_cached(LIVE)?,
            live_at: connection.prepare_cached(LIVE_AT)?,
            orphans,
        })
    }
}

/// Looks up unchanged sources and everything that became of them, all as of one moment.
pub(super) fn recall(
    connection: &Connection,
    scope: Scope,
    queries: &[SourceStat<'_>],
    fingerprint: &[u8; 16],
    good_after: Option<Timestamp>,
) -> rusqlite::Result<Vec<Option<Recalled>>> {
    connection.prepare_cached("BEGIN")?.execute([])?;
    let mut statements = Statements::of(connection, scope)?;
    // After an error nobody uses this connection again.
    let recalled = queries
        .iter()
        .map(|query| recall_now(&mut statements, scope, query, fingerprint, good_after))
        .collect::<rusqlite::Result<_>>()?;
    drop(statements);
    connection.prepare_cached("COMMIT")?.execute([])?;
    Ok(recalled)
}

fn recall_now(
    statements: &mut Statements<'_>,
    scope: Scope,
    query: &SourceStat<'_>,
    fingerprint: &[u8; 16],
    good_after: Option<Timestamp>,
) -> rusqlite::Result<Option<Recalled>> {
    let params = params![
        query.path,
        int(query.size_bytes),
        query.modified_ns,
        query.inode.cast_signed(),
        query.device.cast_signed(),
    ];
    let found = statements.source.query_row(params, |row| {
        let digest = row.get(0).map(Sha256::from_bytes)?;
        let key = judgement_key(scope, &digest, row.get_ref(1)?.as_blob()?, fingerprint);
        Ok(Judged { digest, key, place: row.get(2)? })
    });
    match found.optional()? {
        Some(judged) => gather_now(statements, scope, &judged, good_after),
        None => Ok(None),
    }
}

/// A content that was judged under a name.
struct Judged {
    digest: Sha256,
    key: [u8; 16],
    /// Where the judgement should be.
    place: Option<i64>,
}

/// Looks up everything that became of a content under a name.
pub(super) fn gather(
    connection: &Connection,
    scope: Scope,
    (digest, key): (Sha256, [u8; 16]),
    good_after: Option<Timestamp>,
) -> rusqlite::Result<Option<Recalled>> {
    let judged = Judged { digest, key, place: None };
    gather_now(&mut Statements::of(connection, scope)?, scope, &judged, good_after)
}

fn gather_now(
    statements: &mut Statements<'_>,
    scope: Scope,
    judged: &Judged,
    good_after: Option<Timestamp>,
) -> rusqlite::Result<Option<Recalled>> {
    let Some(Found { judgement, keys, object: first }) = find_judgement(statements, judged)? else {
        return Ok(None);
    };
    let mut objects = Vec::with_capacity(keys.len());
    // Parts of one input begin one after another.
    for (part, key) in (0..).zip(&keys) {
        let place = first.map(|first| first.saturating_add(part));
        match live(statements, scope, key, place)? {
            Some(object) if columns::is_good(object.file.expires_at, good_after) => objects.push(object),
            _ => return Ok(None),
        }
    }
    Ok(Some(Recalled { digest: judged.digest, judgement, objects }))
}

/// Looks up what is stored under a key.
pub(super) fn stored(
    connection: &Connection,
    scope: Scope,
    key: &Sha256,
    good_after: Option<Timestamp>,
) -> rusqlite::Result<Option<StoredObject>> {
    let found = live(&mut Statements::of(connection, scope)?, scope, key, None)?;
    Ok(found.filter(|object| columns::is_good(object.file.expires_at, good_after)))
}

fn live(
    statements: &mut Statements<'_>,
    scope: Scope,
    key: &Sha256,
    place: Option<i64>,
) -> rusqlite::Result<Option<StoredObject>> {
    let mut found = None;
    if let Some(place) = place {
        let params = params![scope.0, blob(key), place];
        found = statements.live_at.query_row(params, columns::stored).optional()?;
    }
    let key = params![scope.0, blob(key)];
    if found.is_none() {
        found = statements.live.query_row(key, columns::stored).optional()?;
    }
    let Some(mut object) = found else { return Ok(None) };
    if let Some(orphans) = &mut statements.orphans {
        object.orphans = orphans.query_map(key, |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    }
    Ok(Some(object))
}

/// What was decided, the upload keys of the parts, and where the upload of the first should be.
struct Found {
    judgement: String,
    keys: Vec<Sha256>,
    object: Option<i64>,
}

/// Looks up what was decided.
fn find_judgement(statements: &mut Statements<'_>, judged: &Judged) -> rusqlite::Result<Option<Found>> {
    let read = |row: &Row<'_>| {
        let keys = split_keys(row.get_ref(1)?.as_blob()?);
        Ok(Found { judgement: row.get(0)?, keys, object: row.get(2)? })
    };
    if let Some(place) = judged.place {
        let there = statements.judgement_at.query_row(params![judged.key, place], read).optional()?;
        if there.is_some() {
            return Ok(there);
        }
    }
    statements.judgement.query_row([judged.key], read).optional()
}

/// Reads keys that were written one after another.
pub(super) fn split_keys(bytes: &[u8]) -> Vec<Sha256> {
    let keys = bytes.chunks_exact(KEY_BYTES);
    keys.filter_map(|key| key.try_into().ok().map(Sha256::from_bytes)).collect()
}

/// Records what became of a source.
pub(super) fn remember(desk: &Desk<'_>, memory: &Memory) -> Result<(), LedgerError> {
    let key = judgement_key(memory.scope, &memory.digest, &memory.file_name, &memory.fingerprint);
    let keys: Vec<u8> = memory.keys.iter().flat_map(blob).copied().collect();
    let sql = "INSERT INTO judgement (key, judgement, keys) VALUES (?1, ?2, ?3)
        ON CONFLICT DO UPDATE SET judgement = excluded.judgement, keys = excluded.keys RETURNING id";
    let judgement: Option<i64> = desk.first(sql, params![key, memory.judgement, keys], |row| row.get(0))?;
    if let Some(judgement) = judgement {
        places::expect(desk, &memory.keys, judgement);
    }
    if memory.is_settled && !memory.path.is_empty() {
        let sql = "INSERT OR REPLACE INTO source (
                path, size, modified_ns, inode, device, digest, file_name, judgement
            ) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        desk.execute(
            sql,
            params![
                memory.path,
                int(memory.size_bytes),
                memory.modified_ns,
                memory.inode.cast_signed(),
                memory.device.cast_signed(),
                blob(&memory.digest),
                memory.file_name,
                judgement,
            ],
        )?;
    }
    note_origin(desk, memory, &keys)
}

/// Records that uploads come from a path. What it became before stays known; that it is the same again makes that newer.
fn note_origin(desk: &Desk<'_>, memory: &Memory, keys: &[u8]) -> Result<(), LedgerError> {
    if memory.path.is_empty() || keys.is_empty() {
        return Ok(());
    }
    let (scope, digest) = (memory.scope.0, blob(&memory.digest));
    // A clock that was set back must not make the newest state an old one.
    let sql = "SELECT MAX(judged_at) FROM origin WHERE scope = ?1 AND path = ?2";
    let last: Option<i64> = desk.first(sql, params![scope, memory.path], |row| row.get(0))?.flatten();
    let mut judged_at = memory.judged_at.unix_micros();
    if let Some(last) = last {
        judged_at = judged_at.max(last.saturating_add(1));
        let sql = "DELETE FROM origin WHERE scope = ?1 AND path = ?2 AND digest = ?3 AND keys = ?4";
        desk.execute(sql, params![scope, memory.path, digest, keys])?;
    }
    let sql = "INSERT OR REPLACE INTO origin (scope, path, judged_at, digest, keys, converter, revision)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let (converter, revision) = memory.converter.clone().unzip();
    desk.execute(sql, params![scope, memory.path, judged_at, digest, keys, converter, revision]).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Ledger;

    #[test]
    fn what_is_stored_is_found_by_its_key() {
        let ledger = Ledger::ephemeral().unwrap();
        for (sql, way) in [
            (LIVE, "INDEX object_key (scope=? AND upload_key=?)"),
            (ORPHANS, "INDEX object_orphan (scope=? AND upload_key=?)"),
            (LIVE_AT, "INTEGER PRIMARY KEY (rowid=?)"),
            (JUDGEMENT, "INDEX sqlite_autoindex_judgement_1 (key=?)"),
            (JUDGEMENT_AT, "INTEGER PRIMARY KEY (rowid=?)"),
        ] {
            let plan: String = ledger
                .read(|connection| {
                    let sql = format!("EXPLAIN QUERY PLAN {sql}");
                    connection.prepare(&sql)?.raw_query().next()?.unwrap().get("detail")
                })
                .unwrap();
            assert!(plan.contains(way), "{plan}");
        }
    }
}
