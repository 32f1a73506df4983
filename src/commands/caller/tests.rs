//! What is asked again, when and how often, on a clock that waiting moves.

use std::cell::Cell;

use super::slept::Slept;
use super::*;

fn failure(kind: TargetErrorKind) -> TargetError {
    TargetError::new(kind, "no")
}

fn caller(clock: &Arc<Slept>, patience: Patience) -> Caller {
    Caller::with_clock(patience, &Arc::default(), Arc::clone(clock) as Arc<dyn Clock>)
}

const PATIENCE: Patience = Patience { per_minute: None, retries: 2, max_wait: Duration::from_secs(60) };

/// Reads with these failures before the answer; returns what came of it, how often was asked, and the waits.
fn read(failures: &[TargetError], patience: Patience, waits: usize) -> (Result<(), Stop>, usize, Vec<u64>) {
    let clock = Slept::new(waits);
    let asked = Cell::new(0);
    let result = caller(&clock, patience).read(|| {
        asked.set(asked.get() + 1);
        failures.get(asked.get() - 1).map_or(Ok(()), |error| Err(error.clone()))
    });
    let waits = clock.waits();
    (result, asked.get(), waits.iter().map(|wait| u64::try_from(wait.as_millis()).unwrap()).collect())
}

#[test]
fn what_passes_is_asked_again_and_waits_double() {
    use TargetErrorKind as K;
    for kind in [K::Connect, K::BrokenBeforeEnd, K::BrokenAfterEnd, K::RateLimited, K::ServerFault] {
        let error = failure(kind);
        let (result, asked, waits) = read(&[error.clone(), error.clone()], PATIENCE, 9);
        assert!(result.is_ok(), "{kind:?}");
        assert_eq!((asked, waits), (3, vec![500, 1_000]), "{kind:?}");
        let (result, asked, _) = read(&[error.clone(), error.clone(), error], PATIENCE, 9);
        assert!(matches!(result, Err(Stop::Failed { .. })));
        assert_eq!(asked, 3);
    }
}

#[test]
fn what_does_not_pass_is_asked_once() {
    use TargetErrorKind as K;
    for kind in [K::Unauthenticated, K::Forbidden, K::Quota, K::NotFound, K::Refused, K::Tls, K::Redirect] {
        assert_eq!(read(&[failure(kind)], PATIENCE, 9).1, 1, "{kind:?}");
    }
    for kind in [K::Protocol, K::Storage, K::Unsupported, K::NotDownloadable, K::TooLarge] {
        assert_eq!(read(&[failure(kind)], PATIENCE, 9).1, 1, "{kind:?}");
    }
}

#[test]
fn the_targets_word_counts_up_to_the_patience() {
    let limited = |wait: u64| TargetError {
        retry_after: Some(Duration::from_secs(wait)),
        ..failure(TargetErrorKind::RateLimited)
    };
    assert_eq!(read(&[limited(60)], PATIENCE, 9).2, [60_000]);
    let (result, asked, waits) = read(&[limited(61)], PATIENCE, 9);
    assert!(matches!(result, Err(Stop::Failed { .. })));
    assert_eq!((asked, waits), (1, Vec::new()), "a wait is never cut short");
    let final_word = TargetError { should_retry: Some(false), ..failure(TargetErrorKind::ServerFault) };
    assert_eq!(read(&[final_word], PATIENCE, 9).1, 1);
    assert_eq!(read(&[limited(1)], Patience { retries: 0, ..PATIENCE }, 9).1, 1);
}

#[test]
fn an_interrupt_ends_a_wait() {
    let error = failure(TargetErrorKind::ServerFault);
    let (result, asked, _) = read(&[error.clone(), error], PATIENCE, 1);
    assert!(matches!(result, Err(Stop::Interrupted { is_open: false })));
    assert_eq!(asked, 2);
    let interrupted = Arc::new(AtomicBool::new(true));
    let mut caller = Caller::with_clock(PATIENCE, &interrupted, Slept::new(0));
    let stop = caller.read(|| -> Result<(), _> { panic!("nothing is asked") });
    assert_eq!(stop.unwrap_err().into_error("t").status(), crate::exit::ExitStatus::Interrupted);
}

#[test]
fn requests_come_no_faster_than_the_target_takes_them() {
    let clock = Slept::new(usize::MAX);
    let mut caller = caller(&clock, Patience { per_minute: Some(8), ..PATIENCE });
    for _ in 0..4 {
        caller.read(|| Ok(())).unwrap();
    }
    assert_eq!(clock.waits(), [Duration::from_millis(7_500); 2]);
}

#[test]
fn what_is_gone_was_removed_by_us_only_where_an_answer_was_lost() {
    use TargetErrorKind as K;
    let gone = || Err(failure(K::NotFound));
    let removed = |failures: &[K]| {
        let tries = Cell::new(0);
        let mut caller = caller(&Slept::new(9), PATIENCE);
        let removed = caller.remove(|| {
            tries.set(tries.get() + 1);
            failures.get(tries.get() - 1).map_or_else(gone, |kind| Err(failure(*kind)))
        });
        assert_eq!(tries.get(), failures.len() + 1);
        removed.unwrap()
    };
    assert!(!removed(&[]), "it was never there");
    for kind in [K::BrokenAfterEnd, K::ServerFault] {
        assert!(removed(&[kind]), "{kind:?}");
        assert!(removed(&[kind, K::RateLimited]), "{kind:?}");
    }
    for kind in [K::Connect, K::BrokenBeforeEnd, K::RateLimited] {
        assert!(!removed(&[kind]), "{kind:?} removes nothing");
    }
}

#[test]
fn no_wait_outlasts_the_time() {
    let limited = |wait| TargetError { retry_after: wait, ..failure(TargetErrorKind::RateLimited) };
    let ask = |time: u64, errors: &[TargetError]| {
        let clock = Slept::new(9);
        let mut caller = caller(&clock, PATIENCE);
        caller.watch_for(Duration::from_millis(time));
        let asked = Cell::new(0);
        let result = caller.read(|| {
            asked.set(asked.get() + 1);
            errors.get(asked.get() - 1).map_or(Ok(()), |error| Err(error.clone()))
        });
        (result, asked.get(), clock.waits())
    };
    let (result, asked, waits) = ask(2_000, &[limited(Some(Duration::from_secs(3)))]);
    assert!(matches!(result, Err(Stop::Late { .. })), "{result:?}");
    assert_eq!((asked, waits), (1, vec![]), "what the target asks for is never cut short");
    let (result, asked, waits) = ask(2_000, &[limited(Some(Duration::from_secs(2)))]);
    assert!(result.is_ok());
    assert_eq!((asked, waits), (2, vec![Duration::from_secs(2)]));
    let own = [limited(None), limited(None)];
    let (result, asked, waits) = ask(600, &own);
    assert!(result.is_ok());
    assert_eq!((asked, waits), (3, [500, 100].map(Duration::from_millis).to_vec()));
    let (result, asked, waits) = ask(500, &own);
    assert!(matches!(result, Err(Stop::Late { .. })), "{result:?}");
    assert_eq!((asked, waits), (2, vec![Duration::from_millis(500)]));
    let mut slow = caller(&Slept::new(9), Patience { per_minute: Some(4), ..PATIENCE });
    slow.watch_for(Duration::from_secs(14));
    slow.read(|| Ok(())).unwrap();
    let late = slow.read(|| -> Result<(), _> { panic!("its turn comes in 15 s") });
    assert!(matches!(late, Err(Stop::Late { .. })), "{late:?}");
}

#[test]
fn looks_are_further_and_further_apart() {
    let clock = Slept::new(99);
    let mut caller = caller(&clock, PATIENCE);
    assert!(!caller.look_again().unwrap(), "there is no time to look in");
    caller.watch_for(Duration::from_secs(40));
    while caller.look_again().unwrap() {}
    assert!(caller.is_time_over());
    assert_eq!(clock.waits(), [1, 2, 4, 8, 15, 10].map(Duration::from_secs));
}
