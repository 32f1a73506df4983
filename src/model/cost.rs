//! What it costs to send the same tokens in several turns, uncached and cached.
//!
//! Amounts are whole micro-dollars. The amount of each request is rounded up, then multiplied; an amount that does not
//! fit is an error and never a smaller one.

use super::budget::Usd;
use super::prices::{Price, micros};

/// How long a cache keeps what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheTime {
    /// Five minutes after the last use.
    FiveMinutes,
    /// An hour after the last use.
    Hour,
}

impl CacheTime {
    /// Every time, the shorter one first.
    pub const ALL: [Self; 2] = [Self::FiveMinutes, Self::Hour];

    /// Returns the text form.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FiveMinutes => "5m",
            Self::Hour => "1h",
        }
    }
}

/// The cost of cached turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cached {
    /// The first turn writes and the others read, provided that each comes before the cache ends.
    Costs {
        /// Of all turns.
        total: Usd,
        /// The first turn after which caching was cheaper, if ever.
        break_even: Option<u64>,
    },
    /// The tokens are fewer than the model caches: nothing happens, and turns cost what they cost uncached.
    BelowMinimum,
    /// The table says nothing about caching for this model.
    Unknown,
}

/// An amount above what can be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cost is above what can be counted")]
pub struct TooDear;

/// Returns what `turns` uncached requests of so many tokens cost, by value or by file ID alike: a file ID is billed as
/// input each time.
///
/// # Errors
/// [`TooDear`].
pub fn uncached(price: &Price, tokens: u64, turns: u64) -> Result<Usd, TooDear> {
    total(micros(tokens, price.input_for(tokens)), turns)
}

/// Returns what `turns` requests of so many tokens cost with a cache.
///
/// # Errors
/// [`TooDear`].
pub fn cached(price: &Price, tokens: u64, turns: u64, time: CacheTime) -> Result<Cached, TooDear> {
    let Some(cells) = price.cache_for(tokens) else { return Ok(Cached::Unknown) };
    if price.min_cacheable.is_some_and(|least| tokens < least) {
        return Ok(Cached::BelowMinimum);
    }
    let write = match time {
        CacheTime::FiveMinutes => cells.write_5m,
        CacheTime::Hour => cells.write_1h,
    };
    let written = total(micros(tokens, write), turns.min(1))?;
    let read = total(micros(tokens, cells.read), turns.saturating_sub(1))?;
    let sum = written.micros().checked_add(read.micros()).ok_or(TooDear)?;
    let break_even = break_even(price.input_for(tokens), write, cells.read);
    Ok(Cached::Costs { total: Usd::from_micros(sum), break_even })
}

/// The least `n` for which `write + (n - 1) * read < n * input`, from the prices themselves, not from rounded amounts.
fn break_even(input: Usd, write: Usd, read: Usd) -> Option<u64> {
    let saved = input.micros().checked_sub(read.micros()).filter(|saved| *saved > 0)?;
    Some(write.micros().saturating_sub(read.micros()) / saved + 1)
}

fn total(request: u128, turns: u64) -> Result<Usd, TooDear> {
    usd(request.checked_mul(u128::from(turns)).ok_or(TooDear)?)
}

/// Returns an amount of micro-dollars, if it can be counted.
pub(super) fn usd(micros: u128) -> Result<Usd, TooDear> {
    u64::try_from(micros).map(Usd::from_micros).map_err(|_| TooDear)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::super::prices::Prices;
    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Cases {
        case: Vec<Case>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Case {
        name: String,
        model: String,
        tokens: u64,
        turns: u64,
        uncached: u64,
        five_minutes: Option<[u64; 2]>,
        hour: Option<[u64; 2]>,
        #[serde(default)]
        below_minimum: bool,
    }

    #[test]
    fn costs_are_those_of_the_hand_worked_table() {
        let prices = Prices::built_in().unwrap();
        let cases: Cases = toml::from_str(include_str!("../../testdata/cost/tokens.toml")).unwrap();
        assert_eq!(cases.case.len(), 20);
        for case in cases.case {
            let price = prices.of(&case.model).unwrap();
            let micros = uncached(price, case.tokens, case.turns).unwrap().micros();
            assert_eq!(micros, case.uncached, "{}", case.name);
            assert_eq!(case.below_minimum, case.five_minutes.is_none(), "{}", case.name);
            for (time, expected) in
                [(CacheTime::FiveMinutes, case.five_minutes), (CacheTime::Hour, case.hour)]
            {
                let expected = expected.map_or(Cached::BelowMinimum, |[total, turn]| Cached::Costs {
                    total: Usd::from_micros(total),
                    break_even: Some(turn),
                });
                let cost = cached(price, case.tokens, case.turns, time).unwrap();
                assert_eq!(cost, expected, "{}: {time:?}", case.name);
            }
        }
    }

    #[test]
    fn what_cannot_be_counted_is_an_error() {
        let prices = Prices::built_in().unwrap();
        let price = prices.of("claude-opus-5").unwrap();
        assert_eq!(uncached(price, u64::MAX, u64::MAX), Err(TooDear));
        assert_eq!(cached(price, u64::MAX, 2, CacheTime::Hour), Err(TooDear));
    }

    #[test]
    fn a_table_without_cache_prices_is_not_guessed_at() {
        let text = "date = \"x\"\n[[models]]\nids = [\"m\"]\ninput = \"1\"\n";
        let prices = Prices::parse(text).unwrap();
        let cost = cached(prices.of("m").unwrap(), 5_000, 2, CacheTime::Hour);
        assert_eq!(cost, Ok(Cached::Unknown));
    }
}
