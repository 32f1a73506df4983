//! The tables, and how an older ledger becomes a current one.
//!
//! Keys are integers and blobs; times are microseconds since 1970. `object.state` is one of [`State`].

use rusqlite::{Connection, TransactionBehavior};

/// Marks the file as a ledger of docferry: `dFLG`.
pub(super) const APPLICATION_ID: i64 = 0x6446_4c47;

/// What an object row stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It is being sent. The first three are what may answer for a key: conditions say `state < 3`, because SQLite makes a
    /// table of a list of three at each look-up.
    Intent = 0,
    /// It was sent, and nobody knows whether it was stored. If it has an id, another upload was given that, too.
    Ambiguous = 1,
    /// It is stored.
    Done = 2,
    /// It is stored, and another object took its place.
    Superseded = 3,
    /// It was stored and is gone.
    Deleted = 4,
    /// A copy that nobody asked for.
    Orphan = 5,
}

impl State {
    /// Every state, in the order of the numbers.
    pub(super) const ALL: [Self; 6] =
        [Self::Intent, Self::Ambiguous, Self::Done, Self::Superseded, Self::Deleted, Self::Orphan];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::Ambiguous => "ambiguous",
            Self::Done => "done",
            Self::Superseded => "superseded",
            Self::Deleted => "deleted",
            Self::Orphan => "orphan",
        }
    }
}

/// The steps from an empty file to the current schema; `user_version` says how many were taken. A step that was released
/// is never changed.
const STEPS: &[&str] = &["
CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;
CREATE TABLE scope (
    id INTEGER PRIMARY KEY, target TEXT NOT NULL, workspace TEXT NOT NULL,
    usage_bytes INTEGER, usage_files INTEGER, usage_at INTEGER,
    UNIQUE (target, workspace)
);
CREATE TABLE credential (
    scope INTEGER NOT NULL, fingerprint BLOB NOT NULL, PRIMARY KEY (scope, fingerprint)
) WITHOUT ROWID;
CREATE TABLE source (
    path_hash BLOB PRIMARY KEY, path BLOB NOT NULL, size INTEGER NOT NULL, modified_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL, device INTEGER NOT NULL, digest BLOB NOT NULL, file_name BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE judgement (
    id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, judgement TEXT NOT NULL, keys BLOB NOT NULL
);
CREATE TABLE object (
    id INTEGER PRIMARY KEY, scope INTEGER NOT NULL, upload_key BLOB NOT NULL, state INTEGER NOT NULL,
    run TEXT NOT NULL, owner TEXT NOT NULL, source TEXT NOT NULL, digest BLOB NOT NULL,
    name TEXT NOT NULL, tagged INTEGER NOT NULL, size INTEGER NOT NULL, media_type TEXT NOT NULL,
    sent_at INTEGER NOT NULL, sends INTEGER NOT NULL, replaces INTEGER,
    day INTEGER NOT NULL, files INTEGER NOT NULL, bytes INTEGER NOT NULL, tokens INTEGER NOT NULL, cost INTEGER NOT NULL,
    file_id TEXT, file TEXT, expires_at INTEGER, verified_at INTEGER, proof TEXT
);
CREATE UNIQUE INDEX object_key ON object (scope, upload_key) WHERE state IN (0, 1, 2);
CREATE UNIQUE INDEX object_file ON object (scope, file_id) WHERE file_id IS NOT NULL;
CREATE INDEX object_open ON object (scope, id) WHERE state IN (0, 1);
CREATE INDEX object_seen ON object (scope, verified_at) WHERE state = 2;
CREATE TABLE lock (
    scope INTEGER NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL, attempt INTEGER NOT NULL,
    PRIMARY KEY (scope, name, size)
) WITHOUT ROWID;
CREATE TABLE burned (
    scope INTEGER NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL, sent_at INTEGER NOT NULL, upload_key BLOB NOT NULL,
    media_type TEXT NOT NULL, until INTEGER NOT NULL,
    PRIMARY KEY (scope, name, size, sent_at, upload_key)
) WITHOUT ROWID;
CREATE TABLE run (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL, started_at INTEGER NOT NULL,
    cwd BLOB NOT NULL, args BLOB NOT NULL, manifest BLOB, ended INTEGER NOT NULL DEFAULT 0,
    exit_status INTEGER, finished INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE rate (
    target TEXT PRIMARY KEY, earliest INTEGER NOT NULL, paused_until INTEGER NOT NULL, seen_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE counter (
    target TEXT NOT NULL, day INTEGER NOT NULL,
    files INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0, tokens INTEGER NOT NULL DEFAULT 0,
    cost INTEGER NOT NULL DEFAULT 0, requests INTEGER NOT NULL DEFAULT 0,
    files_reserved INTEGER NOT NULL DEFAULT 0, bytes_reserved INTEGER NOT NULL DEFAULT 0,
    tokens_reserved INTEGER NOT NULL DEFAULT 0, cost_reserved INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (target, day)
) WITHOUT ROWID;
", "
CREATE INDEX object_orphan ON object (scope, upload_key) WHERE state = 5;
CREATE INDEX burned_key ON burned (scope, upload_key);
", "
DROP INDEX object_key;
CREATE UNIQUE INDEX object_key ON object (scope, upload_key) WHERE state < 3;
CREATE TABLE source_by_path (
    path BLOB PRIMARY KEY, size INTEGER NOT NULL, modified_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL, device INTEGER NOT NULL, digest BLOB NOT NULL, file_name BLOB NOT NULL
) WITHOUT ROWID;
INSERT INTO source_by_path SELECT path, size, modified_ns, inode, device, digest, file_name FROM source;
DROP TABLE source;
ALTER TABLE source_by_path RENAME TO source;
", "
ALTER TABLE object ADD COLUMN used_at INTEGER;
ALTER TABLE object ADD COLUMN condemned INTEGER NOT NULL DEFAULT 0;
UPDATE object SET used_at = verified_at;
CREATE TABLE origin (
    scope INTEGER NOT NULL, path BLOB NOT NULL, judged_at INTEGER NOT NULL, digest BLOB NOT NULL, keys BLOB NOT NULL,
    converter TEXT, revision INTEGER,
    PRIMARY KEY (scope, path, judged_at)
) WITHOUT ROWID;
", "
ALTER TABLE source ADD COLUMN judgement INTEGER;
CREATE TABLE place (judgement INTEGER PRIMARY KEY, object INTEGER NOT NULL);
"];

/// The schema that this version knows.
pub(super) fn known() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}

/// Returns the schema of a ledger.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Makes a new file a ledger: its marks, its tables, its salt.
pub(super) fn create(connection: &mut Connection, salt: [u8; 16]) -> rusqlite::Result<()> {
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    migrate(connection)?;
    connection.execute("INSERT INTO meta (key, value) VALUES ('salt', ?1)", [salt.as_slice()])?;
    Ok(())
}

/// Takes the steps that are missing, in one transaction.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been faster.
    let taken = usize::try_from(version(&transaction)?).unwrap_or(0);
    for step in STEPS.iter().skip(taken) {
        transaction.execute_batch(step)?;
    }
    if taken < STEPS.len() {
        transaction.pragma_update(None, "user_version", known())?;
    }
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the tables and indexes, without the blanks that renaming changes.
    fn shape(connection: &Connection) -> Vec<(String, String)> {
        let sql = "SELECT name, COALESCE(sql, '') FROM sqlite_schema ORDER BY name";
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?))).unwrap();
        rows.map(|row| row.map(|(name, sql)| (name, sql.replace(['"', '\n', ' '], ""))).unwrap()).collect()
    }

    #[test]
    fn an_older_ledger_becomes_a_current_one_and_keeps_what_it_knows() {
        let mut fresh = Connection::open_in_memory().unwrap();
        create(&mut fresh, [0; 16]).unwrap();
        for taken in 1..STEPS.len() {
            let mut older = Connection::open_in_memory().unwrap();
            STEPS[..taken].iter().for_each(|step| older.execute_batch(step).unwrap());
            older.pragma_update(None, "user_version", i64::try_from(taken).unwrap()).unwrap();
            let source = match taken {
                1 | 2 => "INSERT INTO source VALUES (x'01', x'2F61', 7, 8, 9, 10, x'02', x'61')",
                _ => {
                    "INSERT INTO source (path, size, modified_ns, inode, device, digest, file_name)
                    VALUES (x'2F61', 7, 8, 9, 10, x'02', x'61')"
                }
            };
            older.execute_batch(source).unwrap();
            let object = "INSERT INTO object (
                    scope, upload_key, state, run, owner, source, digest, name, tagged, size, media_type, sent_at,
                    sends, day, files, bytes, tokens, cost, file_id, verified_at
                ) VALUES (1, x'03', 2, '', '', '', x'02', 'a', 0, 7, '', 5, 0, 0, 0, 0, 0, 0, 'f', 6)";
            older.execute_batch(object).unwrap();
            migrate(&mut older).unwrap();
            assert_eq!(shape(&older), shape(&fresh), "from {taken}");
            assert_eq!(version(&older).unwrap(), known());
            let sql = "SELECT size FROM source WHERE path = x'2F61'";
            let size: i64 = older.query_row(sql, [], |row| row.get(0)).unwrap();
            assert_eq!(size, 7, "from {taken}");
            let sql = "SELECT COALESCE(used_at, verified_at) FROM object";
            let used_at: i64 = older.query_row(sql, [], |row| row.get(0)).unwrap();
            assert_eq!(used_at, 6, "from {taken}");
        }
    }
}
