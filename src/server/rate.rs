//! How many requests are taken in a minute: one limit for all that carry the key, as the platforms have it.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::refusal::Refusal;
use crate::model::Timestamp;

const SPAN: Duration = Duration::from_secs(60);
const MICROS: i64 = 1_000_000;

/// The limit, and the times of the requests that were taken last.
#[derive(Debug)]
pub(super) struct Rate {
    per_minute: Option<usize>,
    recent: Mutex<VecDeque<Timestamp>>,
}

impl Rate {
    pub(super) fn new(per_minute: Option<NonZeroU32>) -> Self {
        let per_minute = per_minute.map(|count| usize::try_from(count.get()).unwrap_or(usize::MAX));
        Self { per_minute, recent: Mutex::default() }
    }

    /// Takes a request, or refuses it until the oldest of the last minute is a minute old.
    pub(super) fn admit(&self, now: Timestamp) -> Result<(), Refusal> {
        let Some(per_minute) = self.per_minute else {
            return Ok(());
        };
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back must not shut out everybody until it is where it was.
        while recent.front().is_some_and(|time| time.plus(SPAN) <= now || *time > now) {
            recent.pop_front();
        }
        match recent.front().filter(|_| recent.len() >= per_minute) {
            Some(oldest) => {
                let wait = oldest.plus(SPAN).unix_micros() - now.unix_micros();
                Err(Refusal::rate_limited(u64::try_from((wait + MICROS - 1) / MICROS).unwrap_or(1)))
            }
            None => {
                recent.push_back(now);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_takes_so_many_and_says_when_it_takes_more() {
        let rate = Rate::new(NonZeroU32::new(2));
        let begin: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        let at = |millis| begin.plus(Duration::from_millis(millis));
        let wait = |millis| rate.admit(at(millis)).map_err(|refusal| refusal.retry_after);
        assert_eq!(wait(0), Ok(()));
        assert_eq!(wait(30_000), Ok(()));
        assert_eq!(wait(30_001), Err(Some(30)));
        assert_eq!(wait(59_999), Err(Some(1)));
        assert_eq!(wait(60_000), Ok(()));
        assert_eq!(wait(60_000), Err(Some(30)));
        assert_eq!(rate.admit(begin.minus(Duration::from_secs(3_600))), Ok(()), "the clock was set back");
        let unlimited = Rate::new(None);
        assert!((0..1_000).all(|_| unlimited.admit(begin).is_ok()));
    }
}
