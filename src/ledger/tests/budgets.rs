//! Budgets of periods.

use super::*;
use crate::model::budget::{BudgetKind, Period};

fn limit(kind: BudgetKind, max: u64) -> PeriodLimit {
    PeriodLimit { period: Period::Day, kind, max, target_id: "t".to_owned() }
}

fn day(ledger: &Ledger, kind: BudgetKind) -> (u64, u64) {
    let all = ledger.period_usage("t", now()).unwrap();
    let found = all.iter().find(|usage| usage.period == Period::Day && usage.kind == kind).unwrap();
    (found.used, found.reserved)
}

#[test]
fn what_is_under_way_is_reserved_and_what_is_done_is_used() {
    let (_folder, ledger, scope) = ledger();
    ledger.set_period_limits(&[limit(BudgetKind::Bytes, 25)]);
    store(&ledger, scope, &intent("k1", "a"), "f1");
    let second = send(&ledger, scope, &intent("k2", "b"));
    assert_eq!(day(&ledger, BudgetKind::Bytes), (10, 10));
    let Begun::OverBudget(exceeded) = ledger.begin(scope, &intent("k3", "c")).unwrap() else { panic!() };
    assert_eq!((exceeded.limit.as_str(), exceeded.scope.as_str()), ("per_day.bytes", "t"));
    assert_eq!((exceeded.used, exceeded.reserved, exceeded.asked, exceeded.max), (10, 10, 10, 25));
    assert_eq!(exceeded.resets_at, Some(at("2026-11-21T00:00:00Z")));
    ledger.park(second).unwrap();
    assert_eq!(day(&ledger, BudgetKind::EstimatedCost), (7, 7));
    ledger.release(second).unwrap();
    assert_eq!(day(&ledger, BudgetKind::Bytes), (10, 0));
    send(&ledger, scope, &intent("k3", "c"));
}
