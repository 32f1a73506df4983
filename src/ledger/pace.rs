//! The pace of requests, shared by all processes: a bucket of tokens and a pause for each target.
//!
//! The bucket is one number: the time at which it would be full again (the generic cell rate algorithm). It is told by the
//! wall clock, because processes share no other; when that is set back, what it told moves with it.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use super::writer::Desk;
use super::{LedgerError, Rate};
use crate::model::Timestamp;

const MINUTE_MICROS: i64 = 60_000_000;
/// Callers tell the time a little before they get here; a clock that was set back differs by more.
const CLOCK_SLACK_MICROS: i64 = 2_000_000;

/// Takes tokens, and returns how long to wait before using them.
pub(super) fn take(
    desk: &Desk<'_>,
    target: &str,
    rate: Rate,
    n: u32,
    now: Timestamp,
) -> Result<Duration, LedgerError> {
    let now = now.unix_micros();
    let sql = "SELECT earliest, paused_until, seen_at FROM rate WHERE target = ?1";
    let found = desk.first(sql, [target], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let (mut full_at, mut paused_until, mut seen_at): (i64, i64, i64) = found.unwrap_or((now, 0, now));
    let back = seen_at.saturating_sub(now);
    if back > CLOCK_SLACK_MICROS {
        full_at = full_at.saturating_sub(back);
        paused_until = paused_until.saturating_sub(back);
        seen_at = now;
    }
    let interval = MINUTE_MICROS / i64::from(rate.per_minute.max(1));
    let full_at = full_at.max(now).saturating_add(interval.saturating_mul(i64::from(n)));
    let ready_at = full_at.saturating_sub(interval.saturating_mul(i64::from(rate.burst.max(1))));
    let sql = "INSERT OR REPLACE INTO rate (target, earliest, paused_until, seen_at) VALUES (?1, ?2, ?3, ?4)";
    desk.execute(sql, params![target, full_at, paused_until, seen_at.max(now)])?;
    let wait = ready_at.max(paused_until).saturating_sub(now);
    Ok(Duration::from_micros(u64::try_from(wait).unwrap_or(0)))
}

/// Returns until when everybody waits, or waited last.
pub(super) fn paused_until(connection: &Connection, target: &str) -> rusqlite::Result<Option<Timestamp>> {
    let sql = "SELECT paused_until FROM rate WHERE target = ?1 AND paused_until > 0";
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_row([target], |row| row.get(0).map(Timestamp::from_unix_micros)).optional()
}

/// Has everybody wait until then.
pub(super) fn pause(desk: &Desk<'_>, target: &str, until: Timestamp) -> Result<(), LedgerError> {
    let sql = "INSERT INTO rate (target, earliest, paused_until, seen_at) VALUES (?1, 0, ?2, 0)
        ON CONFLICT DO UPDATE SET paused_until = MAX(paused_until, excluded.paused_until)";
    desk.execute(sql, params![target, until.unix_micros()]).map(drop)
}
