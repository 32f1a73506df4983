//! What a set of files costs in several turns, by each way of sending them, as a range.
//!
//! Prices are those of a whole request: one request a turn that carries all files. The cost need not grow with the
//! tokens: from the least number on that is cached a request may be cheaper, so the ends of the range of tokens are not
//! enough to find the ends of the range of costs.

use super::budget::Usd;
use super::cost::{CacheTime, Cached, TooDear, cached, uncached};
use super::prices::Price;

/// A probable number, and the range in which it lies most likely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Range<T> {
    /// No less than this, most likely.
    pub least: T,
    /// The most likely one.
    pub probable: T,
    /// No more than this, most likely.
    pub most: T,
}

impl Range<u64> {
    /// Returns the sum, or the largest number where it has none.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            least: self.least.saturating_add(other.least),
            probable: self.probable.saturating_add(other.probable),
            most: self.most.saturating_add(other.most),
        }
    }
}

impl Range<Usd> {
    /// Returns the sum.
    ///
    /// # Errors
    /// [`TooDear`].
    pub fn plus_cost(self, other: Self) -> Result<Self, TooDear> {
        let add = |a: Usd, b: Usd| a.micros().checked_add(b.micros()).map(Usd::from_micros).ok_or(TooDear);
        Ok(Self {
            least: add(self.least, other.least)?,
            probable: add(self.probable, other.probable)?,
            most: add(self.most, other.most)?,
        })
    }
}

/// A way of sending the same files turn after turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Their bytes in each request.
    Inline,
    /// Their ids.
    FileId,
    /// Their ids, behind which the platform caches.
    Cached(CacheTime),
}

impl Way {
    /// Every way.
    pub const ALL: [Self; 4] =
        [Self::Inline, Self::FileId, Self::Cached(CacheTime::FiveMinutes), Self::Cached(CacheTime::Hour)];
}

/// What a way costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote {
    /// The way.
    pub way: Way,
    /// The cost of all turns.
    pub cost: Range<Usd>,
    /// The first turn from which on the way is cheaper than to send the ids without a cache, if ever.
    pub break_even: Option<u64>,
}

/// The least number of tokens for which any model is said to cache; where a model's own is not known, fewer are taken
/// for not cached.
pub const LEAST_CACHEABLE: u64 = 512;

/// Returns what `turns` requests of so many tokens cost; `None` where the table has no price of the cache.
///
/// # Errors
/// [`TooDear`].
pub fn quote(price: &Price, tokens: Range<u64>, turns: u64, way: Way) -> Result<Option<Quote>, TooDear> {
    let Some((mut probable, mut break_even)) = of(price, tokens.probable, turns, way)? else {
        return Ok(None);
    };
    // Nobody says from how many tokens on there is a cache: perhaps there is none.
    let is_uncertain = matches!(way, Way::Cached(_)) && price.min_cacheable.is_none();
    if is_uncertain && tokens.probable < LEAST_CACHEABLE {
        (probable, break_even) = (uncached(price, tokens.probable, turns)?, None);
    }
    let mut cost = Range { least: probable, probable, most: probable };
    for tokens in ends(price, tokens) {
        let Some((one, _)) = of(price, tokens, turns, way)? else { return Ok(None) };
        cost.least = cost.least.min(one);
        cost.most = cost.most.max(one);
        if is_uncertain {
            cost.most = cost.most.max(uncached(price, tokens, turns)?);
        }
    }
    Ok(Some(Quote { way, cost, break_even }))
}

/// Returns the numbers of a range of tokens at which costs can be least or most: its ends, and where prices change.
fn ends(price: &Price, tokens: Range<u64>) -> impl Iterator<Item = u64> {
    let cached = price.min_cacheable.into_iter().flat_map(|least| [least.saturating_sub(1), least]);
    let long = price.long.into_iter().flat_map(|(above, _)| [above, above.saturating_add(1)]);
    let changes = cached.chain(long).filter(move |at| (tokens.least..=tokens.most).contains(at));
    [tokens.least, tokens.most].into_iter().chain(changes)
}

fn of(price: &Price, tokens: u64, turns: u64, way: Way) -> Result<Option<(Usd, Option<u64>)>, TooDear> {
    let plain = uncached(price, tokens, turns)?;
    let Way::Cached(time) = way else { return Ok(Some((plain, None))) };
    Ok(match cached(price, tokens, turns, time)? {
        Cached::Costs { total, break_even } => Some((total, break_even)),
        Cached::BelowMinimum => Some((plain, None)),
        Cached::Unknown => None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::prices::Prices;
    use super::*;

    fn costs(model: &str, tokens: [u64; 3], turns: u64, way: Way) -> ([u64; 3], Option<u64>) {
        let prices = Prices::built_in().unwrap();
        let [least, probable, most] = tokens;
        let range = Range { least, probable, most };
        let quote = quote(prices.of(model).unwrap(), range, turns, way).unwrap().unwrap();
        let cost = [quote.cost.least, quote.cost.probable, quote.cost.most].map(Usd::micros);
        (cost, quote.break_even)
    }

    #[test]
    fn by_value_and_by_id_cost_the_same_and_caches_less_in_the_end() {
        let tokens = [100_000, 100_000, 100_000];
        for (way, cost, turn) in [
            (Way::Inline, 5_000_000, None),
            (Way::FileId, 5_000_000, None),
            (Way::Cached(CacheTime::FiveMinutes), 1_075_000, Some(2)),
            (Way::Cached(CacheTime::Hour), 1_450_000, Some(3)),
        ] {
            assert_eq!(costs("claude-opus-5", tokens, 10, way), ([cost; 3], turn), "{way:?}");
        }
    }

    #[test]
    fn more_tokens_may_cost_less_where_a_cache_begins() {
        let way = Way::Cached(CacheTime::FiveMinutes);
        // 512 x 6.25 + 9 x 256; 600 x 6.25 + 9 x 300; 511 x 5 x 10.
        let expected = ([5_504, 6_450, 25_550], Some(2));
        assert_eq!(costs("claude-opus-5", [400, 600, 600], 10, way), expected);
        assert_eq!(costs("claude-opus-5", [100, 511, 511], 1, way), ([500, 2_555, 2_555], None));
    }

    #[test]
    fn a_long_request_has_another_price() {
        let (cost, _) = costs("claude-haiku-5-5", [90_000, 100_000, 100_001], 1, Way::FileId);
        assert_eq!(cost, [9_000, 10_000, 50_001]);
    }

    #[test]
    fn where_the_least_is_not_known_there_may_be_no_cache() {
        let five = Way::Cached(CacheTime::FiveMinutes);
        let hour = Way::Cached(CacheTime::Hour);
        assert_eq!(Prices::built_in().unwrap().of("claude-opus-5-5").unwrap().min_cacheable, None);
        // 1,000 x 5 + 9 x 200 cached; 1,000 x 4 x 10 not.
        let expected = ([6_800, 6_800, 40_000], Some(2));
        assert_eq!(costs("claude-opus-5-5", [1_000; 3], 10, five), expected);
        // One turn costs more with a cache than without.
        assert_eq!(costs("claude-opus-5-5", [1_000; 3], 1, hour), ([8_000; 3], Some(3)));
        // No model is said to cache 511: 511 x 4 x 10, and 511 x 5 + 9 x 103 if this one does.
        let expected = ([3_482, 20_440, 20_440], None);
        assert_eq!(costs("claude-opus-5-5", [511; 3], 10, five), expected);
        assert_eq!(costs("claude-opus-5-5", [512; 3], 10, five).1, Some(2));
    }

    #[test]
    fn no_model_is_said_to_cache_fewer_tokens() {
        let prices = Prices::built_in().unwrap();
        let known: Vec<_> = prices.models().filter_map(|id| prices.of(id)?.min_cacheable).collect();
        assert_eq!(known.into_iter().min(), Some(LEAST_CACHEABLE));
    }

    #[test]
    fn what_the_table_does_not_say_is_not_guessed_at() {
        let long = "long = { above = 10, input = \"2\" }\n";
        let cache = "cache = { write_5m = \"1\", write_1h = \"2\", read = \"0.1\" }\n";
        let text = format!("date = \"x\"\n[[models]]\nids = [\"m\"]\ninput = \"1\"\n{long}{cache}");
        let prices = Prices::parse(&text).unwrap();
        let tokens = |most| Range { least: 1, probable: 5, most };
        let asked = |most| quote(prices.of("m").unwrap(), tokens(most), 1, Way::Cached(CacheTime::Hour));
        assert!(asked(10).unwrap().is_some());
        assert_eq!(asked(11), Ok(None), "a longer request has no price of a cache");
        let free = Usd::from_micros(u64::MAX);
        let much = Range { least: free, probable: free, most: free };
        assert_eq!(much.plus_cost(much), Err(TooDear));
    }
}
