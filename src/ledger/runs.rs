//! Runs, so that the last one that was not finished can be started again.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use rusqlite::{Connection, Row, params};

use super::columns;
use super::writer::{Desk, Shared};
use super::{LedgerError, RunRecord};

/// How many runs are kept.
const KEPT: i64 = 1_000;

/// The runs of this process that are under way, and how often each was entered.
pub(super) type Active = HashMap<String, u32>;

/// A run of this process is under way: what it has open is nobody else's until this goes away.
#[derive(Debug)]
#[must_use]
pub struct RunGuard {
    shared: Arc<Shared>,
    run_id: String,
}

impl RunGuard {
    pub(super) fn enter(shared: Arc<Shared>, run_id: &str) -> Self {
        let mut active = shared.active.lock().unwrap_or_else(PoisonError::into_inner);
        *active.entry(run_id.to_owned()).or_default() += 1;
        drop(active);
        Self { shared, run_id: run_id.to_owned() }
    }
}

impl Drop for RunGuard {
    fn drop(&mut self) {
        let mut active = self.shared.active.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(times) = active.get_mut(&self.run_id) {
            *times -= 1;
            if *times == 0 {
                active.remove(&self.run_id);
            }
        }
    }
}

pub(super) fn begin(desk: &Desk<'_>, run: &RunRecord) -> Result<(), LedgerError> {
    let sql = "INSERT INTO run (id, owner, started_at, cwd, args, manifest) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    desk.execute(
        sql,
        params![
            run.id,
            desk.shared.owner.name(),
            run.started_at.unix_micros(),
            run.cwd.as_os_str().as_bytes(),
            join(&run.args),
            run.manifest.as_ref().map(|path| path.as_os_str().as_bytes()),
        ],
    )?;
    // What is open in a workspace was perhaps sent while a name was burned, and is to be judged by that.
    let sql = "DELETE FROM burned WHERE until <= ?1
        AND NOT EXISTS (SELECT 1 FROM object AS o WHERE o.scope = burned.scope AND o.state IN (0, 1))";
    desk.execute(sql, [run.started_at.unix_micros()])?;
    desk.execute("DELETE FROM run WHERE number <= (SELECT MAX(number) FROM run) - ?1", [KEPT]).map(drop)
}

pub(super) fn end(desk: &Desk<'_>, run_id: &str, exit_status: u8, finished: bool) -> Result<(), LedgerError> {
    let sql = "UPDATE run SET ended = 1, exit_status = ?2, finished = ?3 WHERE id = ?1";
    desk.execute(sql, params![run_id, exit_status, finished]).map(drop)
}

/// Returns the newest run that was not finished, that nobody works on, and that no later run of the same made up for.
pub(super) fn unfinished(
    connection: &Connection,
    is_alive: impl Fn(&str) -> bool,
) -> rusqlite::Result<Option<RunRecord>> {
    let sql = "SELECT * FROM run AS r WHERE finished = 0 AND NOT EXISTS (
            SELECT 1 FROM run AS l WHERE l.number > r.number AND l.finished = 1 AND l.cwd = r.cwd AND l.args = r.args
        ) ORDER BY number DESC";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if row.get("ended")? || !is_alive(row.get_ref("owner")?.as_str()?) {
            return read(row).map(Some);
        }
    }
    Ok(None)
}

fn read(row: &Row<'_>) -> rusqlite::Result<RunRecord> {
    let path = |bytes| PathBuf::from(OsString::from_vec(bytes));
    Ok(RunRecord {
        id: row.get("id")?,
        started_at: columns::time(row.get("started_at")?),
        cwd: path(row.get("cwd")?),
        args: split(row.get_ref("args")?.as_blob()?),
        manifest: row.get::<_, Option<Vec<u8>>>("manifest")?.map(path),
    })
}

/// Ends each argument with a NUL, which none can hold.
fn join(args: &[OsString]) -> Vec<u8> {
    args.iter().flat_map(|arg| arg.as_bytes().iter().copied().chain([0])).collect()
}

fn split(bytes: &[u8]) -> Vec<OsString> {
    let args = bytes.split_inclusive(|byte| *byte == 0);
    args.map(|arg| OsStr::from_bytes(arg.strip_suffix(&[0]).unwrap_or(arg)).to_owned()).collect()
}
