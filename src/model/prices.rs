//! What a million tokens of input cost, by model, and what time costs: a dated table, built in, that users can replace by
//! their own.

use std::collections::HashSet;

use serde::Deserialize;

use super::budget::{BadUsd, Usd};
use super::time_cost::{TimePrices, TimeTable};

const BUILT_IN: &str = include_str!("prices.toml");
const MILLION: u128 = 1_000_000;

/// A table of prices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prices {
    /// When it was made, as a date.
    pub date: String,
    /// What time costs; a table that only serves budgets may leave it out.
    pub time: TimePrices,
    models: Vec<Price>,
}

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// The names under which the model is asked for.
    pub ids: Vec<String>,
    /// A million tokens of input, uncached.
    pub input: Usd,
    /// Tokens of a text for each thousand that older models make of it.
    pub tokens_per_mille: u64,
    /// The most tokens that one picture or page takes.
    pub image_tokens: u64,
    /// The number of tokens above which a whole request has another price, and that price.
    pub long: Option<(u64, Usd)>,
    /// What caching costs; a table that only serves budgets may leave it out.
    pub cache: Option<CachePrice>,
    /// The same for a request that is above the number of [`Price::long`].
    pub long_cache: Option<CachePrice>,
    /// The fewest tokens that are cached at all, where that is published.
    pub min_cacheable: Option<u64>,
    /// Where that is said.
    pub source: String,
}

/// What a million tokens cost that go to a cache or come from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CachePrice {
    /// To write for five minutes.
    pub write_5m: Usd,
    /// To write for an hour.
    pub write_1h: Usd,
    /// To read.
    pub read: Usd,
}

/// A table that makes no sense.
#[derive(Debug, thiserror::Error)]
pub enum BadPrices {
    /// It is not written as a table of prices is.
    #[error("{0}")]
    Form(String),
    /// An amount that is none.
    #[error("the row of `{id}`")]
    Amount {
        /// The row's first model.
        id: String,
        /// Why.
        source: BadUsd,
    },
    /// A row without models, or a model with two rows.
    #[error("the model `{0}` has no row or more than one")]
    Model(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    date: String,
    #[serde(default)]
    time: TimeTable,
    models: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    ids: Vec<String>,
    input: String,
    #[serde(default = "one")]
    tokens: String,
    #[serde(default = "standard_image")]
    image_tokens: u64,
    long: Option<Long>,
    cache: Option<CacheRow>,
    min_cacheable: Option<u64>,
    #[serde(default)]
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Long {
    above: u64,
    input: String,
    cache: Option<CacheRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CacheRow {
    write_5m: String,
    write_1h: String,
    read: String,
}

impl CacheRow {
    fn price(&self) -> Result<CachePrice, BadUsd> {
        Ok(CachePrice {
            write_5m: self.write_5m.parse()?,
            write_1h: self.write_1h.parse()?,
            read: self.read.parse()?,
        })
    }
}

fn one() -> String {
    "1".to_owned()
}

fn standard_image() -> u64 {
    1568
}

impl Row {
    fn price(self) -> Result<Price, BadPrices> {
        let id = self.ids.first().cloned().unwrap_or_default();
        let amount =
            |text: &str| text.parse::<Usd>().map_err(|source| BadPrices::Amount { id: id.clone(), source });
        let long = match &self.long {
            Some(long) => Some((long.above, amount(&long.input)?)),
            None => None,
        };
        let cache = |row: Option<&CacheRow>| {
            let price = row.map(CacheRow::price).transpose();
            price.map_err(|source| BadPrices::Amount { id: id.clone(), source })
        };
        Ok(Price {
            cache: cache(self.cache.as_ref())?,
            long_cache: cache(self.long.as_ref().and_then(|long| long.cache.as_ref()))?,
            min_cacheable: self.min_cacheable,
            input: amount(&self.input)?,
            // A factor has the form of an amount, and three digits are enough.
            tokens_per_mille: amount(&self.tokens)?.micros() / 1_000,
            image_tokens: self.image_tokens,
            long,
            source: self.source,
            ids: self.ids,
        })
    }
}

impl Prices {
    /// Returns the built-in table.
    ///
    /// # Errors
    /// None that a test would not find.
    pub fn built_in() -> Result<Self, BadPrices> {
        Self::parse(BUILT_IN)
    }

    /// Reads a table.
    ///
    /// # Errors
    /// [`BadPrices`] names what is wrong.
    pub fn parse(text: &str) -> Result<Self, BadPrices> {
        let table: Table =
            toml::from_str(text).map_err(|error| BadPrices::Form(error.message().to_owned()))?;
        let models = table.models.into_iter().map(Row::price).collect::<Result<Vec<_>, _>>()?;
        let mut seen = HashSet::new();
        for price in &models {
            if price.ids.is_empty() {
                return Err(BadPrices::Model(String::new()));
            }
            if let Some(id) = price.ids.iter().find(|id| !seen.insert(id.as_str())) {
                return Err(BadPrices::Model(id.clone()));
            }
        }
        Ok(Self { date: table.date, time: table.time.prices()?, models })
    }

    /// Finds the price of a model.
    #[must_use]
    pub fn of(&self, model: &str) -> Option<&Price> {
        self.models.iter().find(|price| price.ids.iter().any(|id| id == model))
    }

    /// Returns every model that has a price, in the order of the table.
    pub fn models(&self) -> impl Iterator<Item = &str> {
        self.models.iter().flat_map(|price| price.ids.iter().map(String::as_str))
    }
}

impl Price {
    /// Returns what `references` uncached uses of so many tokens cost, rounded up to a millionth of a dollar.
    #[must_use]
    pub fn cost(&self, tokens: u64, references: u32) -> Usd {
        let micros = micros(tokens, self.input_for(tokens)) * u128::from(references);
        Usd::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
    }

    /// Returns what a million tokens of input cost in a request of so many.
    pub(super) fn input_for(&self, tokens: u64) -> Usd {
        self.long.filter(|_| self.is_long(tokens)).map_or(self.input, |(_, input)| input)
    }

    /// Returns what caching costs in a request of so many tokens, if the table says it.
    pub(super) fn cache_for(&self, tokens: u64) -> Option<CachePrice> {
        if self.is_long(tokens) { self.long_cache } else { self.cache }
    }

    fn is_long(&self, tokens: u64) -> bool {
        self.long.is_some_and(|(above, _)| tokens > above)
    }
}

/// Returns what so many tokens cost, in micro-dollars, rounded up.
pub(super) fn micros(tokens: u64, per_million: Usd) -> u128 {
    (u128::from(tokens) * u128::from(per_million.micros())).div_ceil(MILLION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_table_is_sound_and_says_where_it_comes_from() {
        let prices = Prices::built_in().unwrap();
        assert_eq!(prices.models().count(), 18);
        let (session, container) =
            (prices.time.session.as_ref().unwrap(), prices.time.container.as_ref().unwrap());
        assert!(!session.source.is_empty() && !container.source.is_empty());
        for price in &prices.models {
            assert!(price.input > Usd::default() && !price.source.is_empty(), "{:?}", price.ids);
            assert!((1_000..=2_000).contains(&price.tokens_per_mille), "{:?}", price.ids);
        }
        assert!(prices.date.starts_with("2026-"));
    }

    #[test]
    fn costs_are_rounded_up_and_count_each_use() {
        let prices = Prices::built_in().unwrap();
        let cost =
            |model: &str, tokens, references| prices.of(model).unwrap().cost(tokens, references).micros();
        assert_eq!(cost("claude-opus-5", 1_000_000, 1), 5_000_000);
        assert_eq!(cost("claude-opus-5", 1_000_000, 3), 15_000_000);
        assert_eq!(cost("claude-haiku-5-5", 1, 1), 1, "a tenth of a millionth is not nothing");
        assert_eq!(cost("claude-haiku-5-5", 100_000, 1), 10_000);
        assert_eq!(cost("claude-haiku-5-5", 100_001, 1), 50_001);
        assert_eq!(cost("claude-opus-5", u64::MAX, u32::MAX), u64::MAX);
    }

    #[test]
    fn a_table_that_makes_no_sense_is_refused() {
        let row = "date = \"x\"\n[[models]]\nids = [\"m\"]\ninput = \"1\"\n";
        assert_eq!(Prices::parse(row).unwrap().of("m").unwrap().input.micros(), 1_000_000);
        for (text, expected) in [
            ("date = 1".to_owned(), "invalid type: integer `1`, expected a string"),
            (row.replace("\"1\"", "\"one\""), "the row of `m`"),
            (
                format!("{row}cache = {{ write_5m = \"1\", write_1h = \"2\", read = \"no\" }}\n"),
                "the row of `m`",
            ),
            (row.replace("[\"m\"]", "[]"), "the model `` has no row or more than one"),
            (row.replace("[\"m\"]", "[\"m\", \"m\"]"), "the model `m` has no row or more than one"),
            (format!("{row}outputs = \"1\"\n"), "unknown field `outputs`"),
        ] {
            let error = Prices::parse(&text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
