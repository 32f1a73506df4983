//! How an upload begins: whether there is need for it, under which name, and what is taken over from whom is gone.
//!
//! Everything here runs in the writer's transaction, so what two processes see of each other is always whole.

use rusqlite::{Row, params};

use super::columns::{self, blob, int, uint};
use super::ends::{self, Held};
use super::schema::State;
use super::writer::Desk;
use super::{AttemptId, Begun, Intent, LedgerError, Parked, Scope, periods, places, sources};
use crate::model::{Charges, NameTag, Sha256, Timestamp};

/// An attempt whose end is not recorded.
struct Open {
    id: i64,
    state: i64,
    owner: String,
    run: String,
}

impl Open {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            state: row.get("state")?,
            owner: row.get("owner")?,
            run: row.get("run")?,
        })
    }

    fn is_ambiguous(&self) -> bool {
        self.state == State::Ambiguous as i64
    }
}

/// Begins an upload, if there is need for it and room.
pub(super) fn begin(desk: &Desk<'_>, scope: Scope, intent: &Intent) -> Result<Begun, LedgerError> {
    let mut replaces = None;
    let sql = "SELECT file, verified_at, used_at, run, proof, upload_key, id, state, owner FROM object
        WHERE scope = ?1 AND upload_key = ?2 AND state < 3";
    let key = blob(&intent.upload_key);
    let found = desk.first(sql, params![scope.0, key], |row| {
        let is_done = row.get::<_, i64>("state")? == State::Done as i64;
        Ok((Open::read(row)?, if is_done { Some(columns::stored(row)?) } else { None }))
    })?;
    match found {
        Some((row, Some(mut stored))) => {
            let in_time = columns::is_good(stored.file.expires_at, intent.good_after);
            if in_time && (!intent.force || stored.run_id == intent.run_id) {
                places::note(desk, &intent.upload_key, row.id)?;
                stored.orphans = desk.all(sources::ORPHANS, params![scope.0, key], |row| row.get(0))?;
                return Ok(Begun::Stored(Box::new(stored)));
            }
            replaces = Some(row.id);
        }
        Some((row, None)) if is_live(desk, &row, &intent.run_id)? => return Ok(Begun::Busy),
        Some((row, None)) => return take_over(desk, row.id, &intent.run_id).map(Begun::Unresolved),
        None => {}
    }
    if let Some(exceeded) = periods::exceeded(desk, scope, &intent.charges, intent.sent_at)? {
        return Ok(Begun::OverBudget(Box::new(exceeded)));
    }
    let Some(choice) = choose_name(desk, scope, intent)? else {
        return Ok(Begun::Busy);
    };
    record(desk, scope, intent, &choice, replaces)
}

/// Tells whether somebody still works on an attempt: a run of another living process, or an active run of this one. The
/// run that asks is active, even if it did not say so.
fn is_live(desk: &Desk<'_>, row: &Open, run_id: &str) -> Result<bool, LedgerError> {
    if row.owner == desk.shared.owner.name() {
        return Ok(row.run == run_id || desk.shared.is_active(&row.run));
    }
    if !desk.shared.owner.is_alive(&row.owner) {
        return Ok(false);
    }
    let ended = desk.first("SELECT ended FROM run WHERE id = ?1", [&row.run], |row| row.get::<_, bool>(0))?;
    Ok(ended != Some(true))
}

fn take_over(desk: &Desk<'_>, id: i64, run_id: &str) -> Result<Box<Parked>, LedgerError> {
    desk.execute(
        "UPDATE object SET state = 1, owner = ?2, run = ?3 WHERE id = ?1",
        params![id, desk.shared.owner.name(), run_id],
    )?;
    let sql = "SELECT *, EXISTS (
            SELECT 1 FROM burned AS b
            WHERE b.scope = o.scope AND b.name = o.name AND b.size = o.size AND b.until > o.sent_at
        ) AS burned FROM object AS o WHERE id = ?1";
    let parked = desk.first(sql, [id], |row| {
        let parked = Parked {
            attempt: AttemptId { row: id, run: run_mark(run_id) },
            file_name: row.get("name")?,
            tagged: row.get("tagged")?,
            burned: row.get("burned")?,
            size_bytes: uint(row.get("size")?),
            media_type: row.get("media_type")?,
            sent_at: columns::time(row.get("sent_at")?),
            sends: row.get("sends")?,
            upload_key: columns::digest(row, "upload_key")?,
            digest: columns::digest(row, "digest")?,
            source: row.get("source")?,
            orphans: Vec::new(),
            old_names: Vec::new(),
        };
        Ok((row.get::<_, i64>("scope")?, parked))
    })?;
    let (scope, mut parked) = parked.ok_or(LedgerError::NotOpen { attempt: id })?;
    let upload_key = parked.upload_key;
    let key = params![scope, blob(&upload_key)];
    let sql = "SELECT file FROM object WHERE scope = ?1 AND upload_key = ?2 AND state = 5 ORDER BY id";
    parked.orphans = desk.all(sql, key, |row| columns::file(row, "file"))?;
    let sql =
        "SELECT name FROM burned WHERE scope = ?1 AND upload_key = ?2 GROUP BY name ORDER BY MIN(sent_at)";
    parked.old_names = desk.all(sql, key, |row| row.get(0))?;
    Ok(Box::new(parked))
}

/// Takes over every attempt of a workspace that nobody works on any more.
pub(super) fn unresolved(desk: &Desk<'_>, scope: Scope, run_id: &str) -> Result<Vec<Parked>, LedgerError> {
    let sql = "SELECT id, state, owner, run FROM object WHERE scope = ?1 AND state IN (0, 1) ORDER BY id";
    let mut taken = Vec::new();
    for row in desk.all(sql, [scope.0], Open::read)? {
        if !is_live(desk, &row, run_id)? {
            taken.push(*take_over(desk, row.id, run_id)?);
        }
    }
    Ok(taken)
}

/// Forgets every attempt of a workspace whose end is not recorded, unless somebody works on one.
pub(super) fn clear(desk: &Desk<'_>, scope: Scope) -> Result<(), LedgerError> {
    let sql = "SELECT * FROM object WHERE scope = ?1 AND state IN (0, 1)";
    let rows = desk.all(sql, [scope.0], |row| {
        Ok((Open::read(row)?, row.get::<_, i64>("day")?, columns::charges(row)?))
    })?;
    for (row, day, charges) in &rows {
        if is_live(desk, row, "")? {
            return Err(LedgerError::Busy { path: desk.path().to_owned() });
        }
        periods::give_back(desk, scope, *day, charges)?;
    }
    desk.execute("DELETE FROM lock WHERE scope = ?1", [scope.0]).map(drop)
}

const ALL_OPEN: &str = "SELECT * FROM object WHERE state IN (0, 1) ORDER BY id";

/// Forgets attempts, in all workspaces, unless somebody works on one; returns how many there were.
pub(super) fn forget(
    desk: &Desk<'_>,
    keys: &[Sha256],
    burned_until: Timestamp,
) -> Result<usize, LedgerError> {
    let rows = desk.all(ALL_OPEN, [], |row| {
        Ok((columns::digest(row, "upload_key")?, Open::read(row)?, Held::read(row)?))
    })?;
    let wanted: Vec<_> = rows.into_iter().filter(|(key, ..)| keys.contains(key)).collect();
    for (_, row, _) in &wanted {
        if is_live(desk, row, "")? {
            return Err(LedgerError::Busy { path: desk.path().to_owned() });
        }
    }
    wanted.iter().try_for_each(|(.., held)| ends::give_up(desk, held, burned_until, &[]))?;
    Ok(wanted.len())
}

/// Forgets all attempts that nobody works on, in all workspaces; returns how many those were.
pub(super) fn forget_all(desk: &Desk<'_>, burned_until: Timestamp) -> Result<usize, LedgerError> {
    let rows = desk.all(ALL_OPEN, [], |row| Ok((Open::read(row)?, Held::read(row)?)))?;
    let mut forgotten = 0;
    for (row, held) in &rows {
        if !is_live(desk, row, "")? {
            ends::give_up(desk, held, burned_until, &[])?;
            forgotten += 1;
        }
    }
    Ok(forgotten)
}

/// The name that is sent.
struct Choice<'a> {
    name: &'a str,
    tagged: bool,
    burned: bool,
}

/// Chooses the name; `None` if it has to wait for somebody else who sends the same name and size.
fn choose_name<'a>(
    desk: &Desk<'_>,
    scope: Scope,
    intent: &'a Intent,
) -> Result<Option<Choice<'a>>, LedgerError> {
    let tagged = match intent.name_tag {
        NameTag::Always => true,
        NameTag::Never => false,
        NameTag::Auto => {
            is_burned(desk, scope, &intent.file_name, intent)?
                || match holder(desk, scope, &intent.file_name, intent.size_bytes)? {
                    Some(row) => row.is_ambiguous() || !is_live(desk, &row, &intent.run_id)?,
                    None => false,
                }
        }
    };
    let name = if tagged { &intent.tagged_name } else { &intent.file_name };
    if holder(desk, scope, name, intent.size_bytes)?.is_some() {
        return Ok(None);
    }
    Ok(Some(Choice { name, tagged, burned: is_burned(desk, scope, name, intent)? }))
}

fn is_burned(desk: &Desk<'_>, scope: Scope, name: &str, intent: &Intent) -> Result<bool, LedgerError> {
    let sql = "SELECT 1 FROM burned WHERE scope = ?1 AND name = ?2 AND size = ?3 AND until > ?4 LIMIT 1";
    let params = params![scope.0, name, int(intent.size_bytes), intent.sent_at.unix_micros()];
    Ok(desk.first(sql, params, |_| Ok(()))?.is_some())
}

const HOLDER: &str =
    "SELECT o.id, o.state, o.owner, o.run FROM lock AS l JOIN object AS o ON o.id = l.attempt
    WHERE l.scope = ?1 AND l.name = ?2 AND l.size = ?3 AND o.state IN (0, 1)";

/// Returns the attempt that holds the lock of a name and size.
fn holder(desk: &Desk<'_>, scope: Scope, name: &str, size: u64) -> Result<Option<Open>, LedgerError> {
    desk.first(HOLDER, params![scope.0, name, int(size)], Open::read)
}

fn record(
    desk: &Desk<'_>,
    scope: Scope,
    intent: &Intent,
    &Choice { name, tagged, burned }: &Choice<'_>,
    replaces: Option<i64>,
) -> Result<Begun, LedgerError> {
    if let Some(replaced) = replaces {
        desk.execute("UPDATE object SET state = 3 WHERE id = ?1", [replaced])?;
    }
    let size = int(intent.size_bytes);
    let day = periods::day(intent.sent_at);
    let Charges { files, bytes, tokens, cost_micro_usd } = intent.charges;
    let sql = "INSERT INTO object (
            scope, upload_key, state, run, owner, source, digest, name, tagged, size, media_type, sent_at, sends,
            replaces, day, files, bytes, tokens, cost
        ) VALUES (?1, ?2, 0, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 0, ?12, ?13, ?14, ?15, ?16, ?17)";
    desk.execute(
        sql,
        params![
            scope.0,
            blob(&intent.upload_key),
            intent.run_id,
            desk.shared.owner.name(),
            intent.source,
            blob(&intent.digest),
            name,
            tagged,
            size,
            intent.media_type,
            intent.sent_at.unix_micros(),
            replaces,
            day,
            int(files),
            int(bytes),
            int(tokens),
            int(cost_micro_usd),
        ],
    )?;
    let id = desk.connection.last_insert_rowid();
    hold(desk, scope.0, name, size, id)?;
    places::note(desk, &intent.upload_key, id)?;
    periods::reserve(desk, scope, day, &intent.charges)?;
    Ok(Begun::Send { attempt: AttemptId { row: id, run: run_mark(&intent.run_id) }, tagged, burned })
}

/// Returns the number that stands for a run in an [`AttemptId`].
pub(super) fn run_mark(run_id: &str) -> u64 {
    Sha256::of(run_id.as_bytes()).as_bytes().first_chunk().copied().map_or(0, u64::from_be_bytes)
}

/// Locks a name and size for an attempt.
pub(super) fn hold(
    desk: &Desk<'_>,
    scope: i64,
    name: &str,
    size: i64,
    attempt: i64,
) -> Result<(), LedgerError> {
    let sql = "INSERT OR REPLACE INTO lock (scope, name, size, attempt) VALUES (?1, ?2, ?3, ?4)";
    desk.execute(sql, params![scope, name, size, attempt]).map(drop)
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;
    use crate::ledger::Ledger;

    #[test]
    fn a_statement_is_not_planned_anew_for_other_values() {
        let ledger = Ledger::ephemeral().unwrap();
        let planned = ledger.read(|connection| {
            let mut statement = connection.prepare(HOLDER)?;
            for size in 0..3 {
                assert!(!statement.exists(params![1, "a.txt", size])?);
            }
            Ok(statement.get_status(StatementStatus::RePrepare))
        });
        assert_eq!(planned.unwrap(), 0);
    }
}
