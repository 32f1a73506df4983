use std::cell::Cell;
use std::sync::Mutex;

use super::*;
use crate::model::Timestamp;

/// A clock that waiting moves; it interrupts after so many waits.
struct Slept {
    waits: Mutex<Vec<Duration>>,
    patience: usize,
}

impl Clock for Slept {
    fn now(&self) -> Timestamp {
        Timestamp::from(std::time::UNIX_EPOCH)
    }

    fn monotonic(&self) -> Duration {
        self.waits.lock().unwrap().iter().sum()
    }

    fn sleep(&self, time: Duration) -> bool {
        let mut waits = self.waits.lock().unwrap();
        waits.push(time);
        waits.len() <= self.patience
    }

    fn random(&self) -> f64 {
        1.0
    }
}

fn failure(kind: TargetErrorKind) -> TargetError {
    TargetError::new(kind, "no")
}

const PATIENCE: Patience = Patience { per_minute: None, retries: 2, max_wait: Duration::from_secs(60) };

/// Reads with these failures before the answer; returns what came of it, how often was asked, and the waits.
fn read(failures: &[TargetError], patience: Patience, waits: usize) -> (Result<(), Stop>, usize, Vec<u64>) {
    let clock = Slept { waits: Mutex::default(), patience: waits };
    let asked = Cell::new(0);
    let result = Repeat::new(&clock, &|| false, patience).read(|| {
        asked.set(asked.get() + 1);
        failures.get(asked.get() - 1).map_or(Ok(()), |error| Err(error.clone()))
    });
    let waits = clock.waits.into_inner().unwrap();
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
    let clock = Slept { waits: Mutex::default(), patience: 0 };
    let stop =
        Repeat::new(&clock, &|| true, PATIENCE).read(|| -> Result<(), _> { panic!("nothing is asked") });
    assert_eq!(stop.unwrap_err().into_error("t").status(), crate::exit::ExitStatus::Interrupted);
}

#[test]
fn requests_come_no_faster_than_the_target_takes_them() {
    let clock = Slept { waits: Mutex::default(), patience: usize::MAX };
    let mut repeat = Repeat::new(&clock, &|| false, Patience { per_minute: Some(8), ..PATIENCE });
    for _ in 0..4 {
        repeat.read(|| Ok(())).unwrap();
    }
    assert_eq!(*clock.waits.lock().unwrap(), [Duration::from_millis(7_500); 2]);
}

#[test]
fn what_is_gone_after_a_lost_answer_was_removed() {
    let gone = || Err(failure(TargetErrorKind::NotFound));
    let clock = Slept { waits: Mutex::default(), patience: 9 };
    let mut repeat = Repeat::new(&clock, &|| false, PATIENCE);
    assert!(repeat.remove(gone).is_err(), "it was never there");
    let tries = Cell::new(0);
    let lost_once = || {
        tries.set(tries.get() + 1);
        if tries.get() == 1 { Err(failure(TargetErrorKind::BrokenAfterEnd)) } else { gone() }
    };
    assert!(repeat.remove(lost_once).is_ok());
    assert_eq!(tries.get(), 2);
}
