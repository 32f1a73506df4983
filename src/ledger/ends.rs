//! What becomes of an upload that was begun: done, gone, of unknown outcome, sent again, given up.

use rusqlite::{Row, params};

use super::attempts::{hold, run_mark};
use super::columns::{self, int};
use super::writer::Desk;
use super::{AttemptId, LedgerError, Resend, Scope, periods};
use crate::model::{Charges, FileObject, Proof, Timestamp};

/// An open attempt.
pub(super) struct Held {
    pub(super) id: i64,
    scope: Scope,
    name: String,
    size: i64,
    sent_at: i64,
    day: i64,
    charges: Charges,
    replaces: Option<i64>,
}

impl Held {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            scope: Scope(row.get("scope")?),
            name: row.get("name")?,
            size: row.get("size")?,
            sent_at: row.get("sent_at")?,
            day: row.get("day")?,
            charges: columns::charges(row)?,
            replaces: row.get("replaces")?,
        })
    }
}

/// Reads an attempt and the number of its run.
fn held_of_run(row: &Row<'_>) -> rusqlite::Result<(Held, u64)> {
    Ok((Held::read(row)?, run_mark(row.get_ref("run")?.as_str()?)))
}

/// Returns an open attempt of this process and of the run that has its number, else refuses.
fn mine(desk: &Desk<'_>, attempt: AttemptId) -> Result<Held, LedgerError> {
    let sql = "SELECT * FROM object WHERE id = ?1 AND state IN (0, 1) AND owner = ?2";
    let found = desk.first(sql, params![attempt.row, desk.shared.owner.name()], held_of_run)?;
    let found = found.filter(|(_, run)| *run == attempt.run);
    found.map(|(row, _)| row).ok_or(LedgerError::NotOpen { attempt: attempt.row })
}

/// What became of the wish to book what an upload stored.
#[derive(Debug)]
pub(super) enum Booking {
    /// It is booked.
    Done,
    /// The id is that of another upload.
    Twice {
        file_id: String,
        /// What that was made of.
        of: String,
        /// Whether that one is open again.
        reopened: bool,
    },
}

impl Booking {
    /// Makes a refusal an error; what was written with it is committed then.
    pub(super) fn done(self) -> Result<(), LedgerError> {
        match self {
            Self::Done => Ok(()),
            Self::Twice { file_id, of, reopened } => Err(LedgerError::DuplicateId { file_id, of, reopened }),
        }
    }
}

/// Refuses an attempt where another open one has its name and size, or a late copy may have them.
fn check_alone(desk: &Desk<'_>, row: &Held) -> Result<(), LedgerError> {
    let sql = "SELECT 1 WHERE EXISTS (
            SELECT 1 FROM object WHERE scope = ?1 AND state IN (0, 1) AND name = ?2 AND size = ?3 AND id <> ?4
        ) OR EXISTS (SELECT 1 FROM burned WHERE scope = ?1 AND name = ?2 AND size = ?3 AND until > ?5)";
    match desk.first(sql, params![row.scope.0, row.name, row.size, row.id, row.sent_at], |_| Ok(()))? {
        Some(()) => Err(LedgerError::NotAlone { name: row.name.clone() }),
        None => Ok(()),
    }
}

/// Books an attempt that is stored as `file`.
pub(super) fn finish(
    desk: &Desk<'_>,
    attempt: AttemptId,
    file: &FileObject,
    proof: Option<Proof>,
    orphans: &[FileObject],
) -> Result<Booking, LedgerError> {
    let row = mine(desk, attempt)?;
    if proof == Some(Proof::SoleCandidate) {
        check_alone(desk, &row)?;
    }
    if proof.is_some() {
        free_doubted(desk, row.scope, &file.file_id)?;
    }
    if let Some(of) = owner(desk, row.scope, &file.file_id)? {
        // What was found in a listing is somebody's; an answer may be wrong about either.
        let reopened = proof.is_none() && doubt(desk, row.scope, attempt.run, &file.file_id)?;
        return Ok(Booking::Twice { file_id: file.file_id.clone(), of, reopened });
    }
    let sql = "UPDATE object
        SET state = 2, file_id = ?2, file = ?3, expires_at = ?4, verified_at = sent_at, used_at = sent_at, proof = ?5
        WHERE id = ?1";
    desk.execute(
        sql,
        params![
            row.id,
            file.file_id,
            columns::file_text(file),
            file.expires_at.map(Timestamp::unix_micros),
            proof.map(columns::proof_text),
        ],
    )?;
    let_go(desk, &row)?;
    periods::settle(desk, row.scope, row.day, &row.charges)?;
    add_usage(desk, row.scope, row.size)?;
    note_orphans(desk, row.scope, row.id, orphans)?;
    Ok(Booking::Done)
}

/// Returns what the upload was made of that has an id.
fn owner(desk: &Desk<'_>, scope: Scope, file_id: &str) -> Result<Option<String>, LedgerError> {
    let sql = "SELECT source FROM object WHERE scope = ?1 AND file_id = ?2";
    desk.first(sql, params![scope.0, file_id], |row| row.get(0))
}

/// The target gave two uploads of a run one id. Which of them it belongs to, nobody knows: answers come in any order. So
/// the one that was booked is of unknown outcome, too, if its id was not found in a listing; returns whether it is. It
/// keeps the id, so that no third one gets it by an answer; what it cost stays paid.
fn doubt(desk: &Desk<'_>, scope: Scope, run: u64, file_id: &str) -> Result<bool, LedgerError> {
    let sql = "SELECT * FROM object WHERE scope = ?1 AND file_id = ?2 AND state = 2 AND proof IS NULL";
    let booked = desk.first(sql, params![scope.0, file_id], held_of_run)?;
    let Some((row, _)) = booked.filter(|(_, of)| *of == run) else { return Ok(false) };
    let sql = "UPDATE object
        SET state = 1, file = NULL, expires_at = NULL, verified_at = NULL, used_at = NULL,
            files = 0, bytes = 0, tokens = 0, cost = 0
        WHERE id = ?1";
    desk.execute(sql, [row.id])?;
    let sql = "UPDATE scope SET usage_bytes = MAX(0, usage_bytes - ?2), usage_files = MAX(0, usage_files - 1)
        WHERE id = ?1 AND usage_at IS NOT NULL";
    desk.execute(sql, params![scope.0, row.size])?;
    // Somebody may send the same name and size by now.
    let sql = "INSERT OR IGNORE INTO lock (scope, name, size, attempt) VALUES (?1, ?2, ?3, ?4)";
    desk.execute(sql, params![scope.0, row.name, row.size, row.id])?;
    Ok(true)
}

/// An id in doubt is that of whoever it is found to belong to.
pub(super) fn free_doubted(desk: &Desk<'_>, scope: Scope, file_id: &str) -> Result<(), LedgerError> {
    let sql = "UPDATE object SET file_id = NULL WHERE scope = ?1 AND file_id = ?2 AND state = 1";
    desk.execute(sql, params![scope.0, file_id]).map(drop)
}

/// Records that what an attempt stored as `file` is of no use: it took room and budgets all the same.
pub(super) fn spoil(desk: &Desk<'_>, attempt: AttemptId, file: &FileObject) -> Result<Booking, LedgerError> {
    let row = mine(desk, attempt)?;
    if let Some(of) = owner(desk, row.scope, &file.file_id)? {
        // An answer that tells of another size is about the other one.
        let is_ours = int(file.size_bytes) == row.size;
        let reopened = is_ours && doubt(desk, row.scope, attempt.run, &file.file_id)?;
        return Ok(Booking::Twice { file_id: file.file_id.clone(), of, reopened });
    }
    note_orphans(desk, row.scope, row.id, std::slice::from_ref(file))?;
    periods::settle(desk, row.scope, row.day, &row.charges)?;
    add_usage(desk, row.scope, int(file.size_bytes))?;
    remove(desk, &row)?;
    Ok(Booking::Done)
}

/// Adds what an attempt stored to what the workspace stores, if that was counted.
fn add_usage(desk: &Desk<'_>, scope: Scope, size: i64) -> Result<(), LedgerError> {
    let sql = "UPDATE scope SET usage_bytes = usage_bytes + ?2, usage_files = usage_files + 1
        WHERE id = ?1 AND usage_at IS NOT NULL";
    desk.execute(sql, params![scope.0, size]).map(drop)
}

/// Records copies of what the attempt of row `id` sent. A file that has a row keeps it.
pub(super) fn note_orphans(
    desk: &Desk<'_>,
    scope: Scope,
    id: i64,
    orphans: &[FileObject],
) -> Result<(), LedgerError> {
    let sql = "INSERT OR IGNORE INTO object (
            scope, upload_key, state, run, owner, source, digest, name, tagged, size, media_type, sent_at, sends,
            day, files, bytes, tokens, cost, file_id, file, expires_at, verified_at
        ) SELECT scope, upload_key, 5, run, owner, source, digest, name, tagged, size, media_type, sent_at, sends,
            day, 0, 0, 0, 0, ?2, ?3, ?4, sent_at FROM object WHERE id = ?1";
    for file in orphans {
        free_doubted(desk, scope, &file.file_id)?;
        let expires_at = file.expires_at.map(Timestamp::unix_micros);
        desk.execute(sql, params![id, file.file_id, columns::file_text(file), expires_at])?;
    }
    Ok(())
}

/// Forgets an attempt that stored nothing.
pub(super) fn release(desk: &Desk<'_>, attempt: AttemptId) -> Result<(), LedgerError> {
    let row = mine(desk, attempt)?;
    remove(desk, &row)?;
    periods::give_back(desk, row.scope, row.day, &row.charges)
}

/// Removes an attempt and its lock. What it would have replaced is in its place again.
fn remove(desk: &Desk<'_>, row: &Held) -> Result<(), LedgerError> {
    let_go(desk, row)?;
    desk.execute("DELETE FROM object WHERE id = ?1", [row.id])?;
    if let Some(replaced) = row.replaces {
        desk.execute("UPDATE object SET state = 2 WHERE id = ?1 AND state = 3", [replaced])?;
    }
    Ok(())
}

/// Gives an attempt up that nothing is found of.
pub(super) fn abandon(
    desk: &Desk<'_>,
    attempt: AttemptId,
    burned_until: Timestamp,
    orphans: &[FileObject],
) -> Result<(), LedgerError> {
    let row = mine(desk, attempt)?;
    give_up(desk, &row, burned_until, orphans)
}

/// Removes an attempt of whomever. Until `burned_until`, a late copy of it may appear.
pub(super) fn give_up(
    desk: &Desk<'_>,
    row: &Held,
    burned_until: Timestamp,
    orphans: &[FileObject],
) -> Result<(), LedgerError> {
    note_orphans(desk, row.scope, row.id, orphans)?;
    burn(desk, row.id, burned_until)?;
    remove(desk, row)?;
    periods::give_back(desk, row.scope, row.day, &row.charges)
}

/// Records that a late copy of what the attempt of row `id` sent may appear until then.
fn burn(desk: &Desk<'_>, id: i64, until: Timestamp) -> Result<(), LedgerError> {
    let sql = "INSERT OR REPLACE INTO burned (scope, name, size, sent_at, upload_key, media_type, until)
        SELECT scope, name, size, sent_at, upload_key, media_type, ?2 FROM object WHERE id = ?1";
    desk.execute(sql, params![id, until.unix_micros()]).map(drop)
}

/// Records that the outcome of an attempt is unknown.
pub(super) fn park(desk: &Desk<'_>, attempt: AttemptId) -> Result<(), LedgerError> {
    let row = mine(desk, attempt)?;
    desk.execute("UPDATE object SET state = 1 WHERE id = ?1", [row.id]).map(drop)
}

/// Records that an attempt is about to be sent again under another name.
pub(super) fn resend(desk: &Desk<'_>, attempt: AttemptId, again: &Resend) -> Result<(), LedgerError> {
    let row = mine(desk, attempt)?;
    note_orphans(desk, row.scope, row.id, &again.orphans)?;
    burn(desk, row.id, again.burned_until)?;
    let_go(desk, &row)?;
    hold(desk, row.scope.0, &again.tagged_name, row.size, row.id)?;
    let sql = "UPDATE object
        SET state = 0, name = ?2, tagged = ?3, sent_at = ?4, sends = sends + 1, file_id = NULL WHERE id = ?1";
    let params = params![row.id, again.tagged_name, again.tagged, again.sent_at.unix_micros()];
    desk.execute(sql, params).map(drop)
}

fn let_go(desk: &Desk<'_>, row: &Held) -> Result<(), LedgerError> {
    let sql = "DELETE FROM lock WHERE scope = ?1 AND name = ?2 AND size = ?3 AND attempt = ?4";
    desk.execute(sql, params![row.scope.0, row.name, row.size, row.id]).map(drop)
}
