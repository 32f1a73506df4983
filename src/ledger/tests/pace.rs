//! Pace and usage.

use super::*;

const RATE: Rate = Rate { per_minute: 60, burst: 2 };

#[test]
fn tokens_come_at_the_rate_and_a_burst_at_once() {
    let (folder, ledger, _) = ledger();
    let other = open(folder.path());
    let take = |ledger: &Ledger, n, now| ledger.take_tokens("t", RATE, n, now).unwrap().as_secs();
    assert_eq!((take(&ledger, 1, now()), take(&other, 1, now())), (0, 0));
    assert_eq!((take(&ledger, 1, now()), take(&other, 2, now())), (1, 3));
    assert_eq!(take(&ledger, 1, later(4)), 0);
    assert_eq!(take(&ledger, 1, later(4)), 1);
    assert_eq!(ledger.take_tokens("u", RATE, 1, now()).unwrap(), Duration::ZERO, "another target");
}

#[test]
fn a_pause_is_everybodys() {
    let (folder, ledger, _) = ledger();
    let other = open(folder.path());
    ledger.pause("t", later(30)).unwrap();
    ledger.pause("t", later(20)).unwrap();
    assert_eq!(other.take_tokens("t", RATE, 1, now()).unwrap().as_secs(), 30);
    assert_eq!(other.take_tokens("t", RATE, 1, later(31)).unwrap().as_secs(), 0);
}

#[test]
fn a_clock_that_is_set_back_or_forward_costs_no_wait() {
    let (_folder, ledger, _) = ledger();
    let take = |now| ledger.take_tokens("t", RATE, 1, now).unwrap().as_secs();
    assert_eq!(take(later(86_400)), 0);
    ledger.pause("t", later(86_400 + 10)).unwrap();
    assert_eq!(take(now()), 10, "the pause moves with the clock");
    assert_eq!(take(at("1971-01-01T00:00:00Z")), 10);
    assert_eq!(take(at("1971-01-01T00:01:00Z")), 0);
    assert_eq!(take(later(99_999_999)), 0);
}

#[test]
fn usage_is_what_was_counted_and_what_came_since() {
    let (_folder, ledger, scope) = ledger();
    assert_eq!(ledger.usage(scope).unwrap(), None);
    store(&ledger, scope, &intent("k1", "a"), "f1");
    assert_eq!(ledger.usage(scope).unwrap(), None, "nobody counted");
    let counted = Usage { bytes: 100, files: 3, measured_at: now() };
    ledger.set_usage(scope, &counted).unwrap();
    store(&ledger, scope, &intent("k2", "b"), "f2");
    assert_eq!(ledger.usage(scope).unwrap(), Some(Usage { bytes: 110, files: 4, ..counted }));
}

#[test]
fn credentials_are_known_by_workspace() {
    let (_folder, ledger, scope) = ledger();
    let other = ledger.scope("t", "other").unwrap();
    assert!(!ledger.knows_credential(scope, &[1; 16]).unwrap());
    ledger.note_credential(scope, &[1; 16]).unwrap();
    ledger.note_credential(scope, &[1; 16]).unwrap();
    assert!(ledger.knows_credential(scope, &[1; 16]).unwrap());
    assert!(!ledger.knows_credential(other, &[1; 16]).unwrap());
    assert_eq!(ledger.scope("t", "default").unwrap(), scope);
    assert_eq!(ledger.workspaces("t").unwrap(), ["default", "other"]);
}

#[test]
fn a_pause_can_be_seen() {
    let (folder, ledger, _) = ledger();
    assert_eq!(ledger.paused_until("t").unwrap(), None);
    ledger.pause("t", later(60)).unwrap();
    ledger.pause("t", later(30)).unwrap();
    assert_eq!(open(folder.path()).paused_until("t").unwrap(), Some(later(60)));
    assert_eq!(ledger.paused_until("u").unwrap(), None);
}
