//! What was used of the budgets of days, weeks and months, in UTC. Only days are counted: weeks and months are sums.

use rusqlite::params;
use time::{Date, Duration};

use super::columns::{int, uint};
use super::writer::Desk;
use super::{LedgerError, PeriodLimit, PeriodUsage, Scope};
use crate::model::budget::{BudgetKind, Exceeded, Period};
use crate::model::{Charges, Timestamp};

const DAY_SECONDS: i64 = 24 * 60 * 60;
const DAY_MICROS: i64 = DAY_SECONDS * 1_000_000;
/// The Julian day of 1970-01-01.
const EPOCH_JULIAN: i64 = 2_440_588;
/// 1970-01-01 was the third day of a week, counted from 0.
const EPOCH_WEEKDAY: i64 = 3;

/// Returns the number of the day, from 1970-01-01.
pub(super) fn day(at: Timestamp) -> i64 {
    at.unix_seconds().div_euclid(DAY_SECONDS)
}

/// Returns the first day of the period that `day` is in, and the first day of the next.
fn span(period: Period, day: i64) -> (i64, i64) {
    match period {
        Period::Day => (day, day + 1),
        Period::Week => {
            let monday = day - (day + EPOCH_WEEKDAY).rem_euclid(7);
            (monday, monday + 7)
        }
        Period::Month => {
            let date =
                i32::try_from(day + EPOCH_JULIAN).ok().and_then(|julian| Date::from_julian_day(julian).ok());
            let first = date.and_then(|date| date.replace_day(1).ok());
            // 31 days after the first is always in the next month.
            let next = first.and_then(|first| first.checked_add(Duration::days(31))?.replace_day(1).ok());
            let number = |date: Option<Date>| date.map(|date| i64::from(date.to_julian_day()) - EPOCH_JULIAN);
            (number(first).unwrap_or(day), number(next).unwrap_or(day + 1))
        }
    }
}

fn resets_at(next: i64) -> Timestamp {
    Timestamp::from_unix_micros(next.saturating_mul(DAY_MICROS))
}

/// What is used and reserved, in the order of [`BudgetKind::ALL`].
type Sums = [(u64, u64); 5];

fn sums(desk: &Desk<'_>, target: &str, (first, next): (i64, i64)) -> Result<Sums, LedgerError> {
    let sql = "SELECT SUM(files), SUM(files_reserved), SUM(bytes), SUM(bytes_reserved), SUM(tokens), SUM(tokens_reserved),
            SUM(cost), SUM(cost_reserved), SUM(requests), 0
        FROM counter WHERE target = ?1 AND day >= ?2 AND day < ?3";
    let read = desk.first(sql, params![target, first, next], |row| {
        let number = |at: usize| row.get::<_, Option<i64>>(at).map(|sum| uint(sum.unwrap_or(0)));
        let mut sums = Sums::default();
        for (at, sum) in sums.iter_mut().enumerate() {
            *sum = (number(2 * at)?, number(2 * at + 1)?);
        }
        Ok(sums)
    })?;
    Ok(read.unwrap_or_default())
}

fn place(kind: BudgetKind) -> usize {
    BudgetKind::ALL.iter().position(|other| *other == kind).unwrap_or(0)
}

fn target_of(desk: &Desk<'_>, scope: Scope) -> Result<String, LedgerError> {
    let found = desk.first("SELECT target FROM scope WHERE id = ?1", [scope.0], |row| row.get(0))?;
    found.ok_or_else(|| LedgerError::Corrupt {
        path: desk.path().to_owned(),
        reason: format!("there is no scope {}", scope.0),
    })
}

/// Returns the limits of a target that hold in this process.
fn limits(desk: &Desk<'_>, target: &str) -> Vec<PeriodLimit> {
    let limits = desk.shared.limits.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    limits.iter().filter(|limit| limit.target_id == target).cloned().collect()
}

/// Returns the first limit that has no room for these charges.
pub(super) fn exceeded(
    desk: &Desk<'_>,
    scope: Scope,
    charges: &Charges,
    now: Timestamp,
) -> Result<Option<Exceeded>, LedgerError> {
    if desk.shared.limits.lock().unwrap_or_else(std::sync::PoisonError::into_inner).is_empty() {
        return Ok(None);
    }
    exceeded_by(desk, &target_of(desk, scope)?, charges, 0, now)
}

fn exceeded_by(
    desk: &Desk<'_>,
    target: &str,
    charges: &Charges,
    requests: u64,
    now: Timestamp,
) -> Result<Option<Exceeded>, LedgerError> {
    for limit in limits(desk, target) {
        let asked = match limit.kind {
            BudgetKind::Requests => requests,
            kind => charges.of(kind),
        };
        if asked == 0 {
            continue;
        }
        let span = span(limit.period, day(now));
        let (used, reserved) = sums(desk, target, span)?[place(limit.kind)];
        if used.saturating_add(reserved).saturating_add(asked) > limit.max {
            return Ok(Some(Exceeded {
                limit: format!("{}.{}", limit.period.as_str(), limit.kind.as_str()),
                scope: target.to_owned(),
                max: limit.max,
                used,
                reserved,
                asked,
                resets_at: Some(resets_at(span.1)),
            }));
        }
    }
    Ok(None)
}

/// Counts requests, if there is room for them.
pub(super) fn charge_requests(
    desk: &Desk<'_>,
    target: &str,
    n: u64,
    now: Timestamp,
) -> Result<Option<Exceeded>, LedgerError> {
    let exceeded = exceeded_by(desk, target, &Charges::default(), n, now)?;
    if exceeded.is_none() {
        let sql = "INSERT INTO counter (target, day, requests) VALUES (?1, ?2, ?3)
            ON CONFLICT DO UPDATE SET requests = requests + excluded.requests";
        desk.execute(sql, params![target, day(now), int(n)])?;
    }
    Ok(exceeded)
}

/// Returns what was used of every period and kind.
pub(super) fn usage(desk: &Desk<'_>, target: &str, now: Timestamp) -> Result<Vec<PeriodUsage>, LedgerError> {
    let mut all = Vec::new();
    for period in Period::ALL {
        let span = span(period, day(now));
        for (kind, (used, reserved)) in BudgetKind::ALL.into_iter().zip(sums(desk, target, span)?) {
            all.push(PeriodUsage { period, kind, used, reserved, resets_at: resets_at(span.1) });
        }
    }
    Ok(all)
}

/// Sets aside what an upload is charged with.
pub(super) fn reserve(desk: &Desk<'_>, scope: Scope, day: i64, charges: &Charges) -> Result<(), LedgerError> {
    let sql =
        "INSERT INTO counter (target, day, files_reserved, bytes_reserved, tokens_reserved, cost_reserved)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        ON CONFLICT DO UPDATE SET
            files_reserved = files_reserved + excluded.files_reserved,
            bytes_reserved = bytes_reserved + excluded.bytes_reserved,
            tokens_reserved = tokens_reserved + excluded.tokens_reserved,
            cost_reserved = cost_reserved + excluded.cost_reserved";
    change(desk, sql, scope, day, charges)
}

/// Counts what was set aside as used.
pub(super) fn settle(desk: &Desk<'_>, scope: Scope, day: i64, charges: &Charges) -> Result<(), LedgerError> {
    let sql = "UPDATE counter SET
            files = files + ?3, bytes = bytes + ?4, tokens = tokens + ?5, cost = cost + ?6,
            files_reserved = files_reserved - ?3, bytes_reserved = bytes_reserved - ?4,
            tokens_reserved = tokens_reserved - ?5, cost_reserved = cost_reserved - ?6
        WHERE target = ?1 AND day = ?2";
    change(desk, sql, scope, day, charges)
}

/// Gives back what was set aside.
pub(super) fn give_back(
    desk: &Desk<'_>,
    scope: Scope,
    day: i64,
    charges: &Charges,
) -> Result<(), LedgerError> {
    let sql = "UPDATE counter SET
            files_reserved = files_reserved - ?3, bytes_reserved = bytes_reserved - ?4,
            tokens_reserved = tokens_reserved - ?5, cost_reserved = cost_reserved - ?6
        WHERE target = ?1 AND day = ?2";
    change(desk, sql, scope, day, charges)
}

/// Changes the row of a day. Its target is looked up first: an update that looks it up itself is several times slower.
fn change(desk: &Desk<'_>, sql: &str, scope: Scope, day: i64, charges: &Charges) -> Result<(), LedgerError> {
    let Charges { files, bytes, tokens, cost_micro_usd } = *charges;
    let params =
        params![target_of(desk, scope)?, day, int(files), int(bytes), int(tokens), int(cost_micro_usd)];
    desk.execute(sql, params).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first() {
        for (now, period, first, next) in [
            ("2026-11-30T23:59:59Z", Period::Day, "2026-11-30", "2026-12-01"),
            ("2026-11-29T10:00:00Z", Period::Week, "2026-11-23", "2026-11-30"),
            ("2026-11-30T10:00:00Z", Period::Week, "2026-11-30", "2026-12-07"),
            ("2026-12-31T10:00:00Z", Period::Month, "2026-12-01", "2027-01-01"),
            ("2028-02-29T10:00:00Z", Period::Month, "2028-02-01", "2028-03-01"),
        ] {
            let at = |date: &str| format!("{date}T00:00:00Z").parse::<Timestamp>().unwrap();
            let (begins, ends) = span(period, day(now.parse().unwrap()));
            assert_eq!((resets_at(begins), resets_at(ends)), (at(first), at(next)), "{now} {period:?}");
        }
    }
}
