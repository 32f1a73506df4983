//! What time costs: hours in which a managed session runs, and those of the container of code execution.
//!
//! Sources: platform.claude.com docs, about-claude/pricing (managed sessions; code execution). Amounts are rounded up to
//! a millionth of a dollar; times are whole milliseconds, as sessions are billed.

use std::time::Duration;

use serde::Deserialize;

use super::budget::Usd;
use super::cost::{TooDear, usd};
use super::prices::BadPrices;

const HOUR_MILLIS: u128 = 3_600_000;

/// The prices of time that a table has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TimePrices {
    /// Of a managed session.
    pub session: Option<SessionPrice>,
    /// Of the container of code execution.
    pub container: Option<ContainerPrice>,
}

/// What a managed session costs besides its tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionPrice {
    /// An hour in which it runs.
    pub hour: Usd,
    /// Where that is said.
    pub source: String,
}

/// What the container of code execution costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerPrice {
    /// An hour beyond the free ones.
    pub hour: Usd,
    /// Hours of a month that an organisation has for nothing.
    pub free_hours: u64,
    /// The shortest time that one use is billed for.
    pub least: Duration,
    /// Where that is said.
    pub source: String,
}

/// What one use of a container costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContainerCost {
    /// The time that counts.
    pub billed: Duration,
    /// What it costs where the free hours of the month are used up.
    pub beyond_free: Usd,
    /// Whether it costs nothing where none of them is used up.
    pub fits_free: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TimeTable {
    session: Option<SessionRow>,
    container: Option<ContainerRow>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SessionRow {
    hour: String,
    #[serde(default)]
    source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ContainerRow {
    hour: String,
    #[serde(default)]
    free_hours: u32,
    #[serde(default)]
    least_minutes: u32,
    #[serde(default)]
    source: String,
}

impl TimeTable {
    pub(super) fn prices(self) -> Result<TimePrices, BadPrices> {
        let amount = |id: &str, text: &str| {
            text.parse::<Usd>().map_err(|source| BadPrices::Amount { id: id.to_owned(), source })
        };
        let session = match self.session {
            Some(SessionRow { hour, source }) => {
                Some(SessionPrice { hour: amount("time.session", &hour)?, source })
            }
            None => None,
        };
        let container = match self.container {
            Some(row) => Some(ContainerPrice {
                hour: amount("time.container", &row.hour)?,
                free_hours: u64::from(row.free_hours),
                least: Duration::from_secs(60 * u64::from(row.least_minutes)),
                source: row.source,
            }),
            None => None,
        };
        Ok(TimePrices { session, container })
    }
}

impl SessionPrice {
    /// Returns what a session costs that runs for so long, besides its tokens.
    ///
    /// # Errors
    /// [`TooDear`].
    pub fn cost(&self, running: Duration) -> Result<Usd, TooDear> {
        of_time(self.hour, running)
    }
}

impl ContainerPrice {
    /// Returns what one use costs. With files it is billed even if the tool is never called, since they are loaded before.
    ///
    /// # Errors
    /// [`TooDear`].
    pub fn cost(&self, used: Duration, has_files: bool) -> Result<ContainerCost, TooDear> {
        let is_used = has_files || !used.is_zero();
        let billed = if is_used { used.max(self.least) } else { Duration::ZERO };
        let free = Duration::from_secs(self.free_hours.saturating_mul(3_600));
        Ok(ContainerCost { billed, beyond_free: of_time(self.hour, billed)?, fits_free: billed <= free })
    }
}

fn of_time(hour: Usd, time: Duration) -> Result<Usd, TooDear> {
    usd(time.as_millis().checked_mul(u128::from(hour.micros())).ok_or(TooDear)?.div_ceil(HOUR_MILLIS))
}

#[cfg(test)]
mod tests {
    use super::super::prices::Prices;
    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Cases {
        session: Vec<Session>,
        container: Vec<Container>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Session {
        name: String,
        millis: u64,
        cost: u64,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Container {
        name: String,
        millis: u64,
        files: bool,
        billed_millis: u64,
        cost: u64,
        fits_free: bool,
    }

    #[test]
    fn costs_are_those_of_the_hand_worked_table() {
        let prices = Prices::built_in().unwrap().time;
        let (session, container) = (prices.session.unwrap(), prices.container.unwrap());
        let cases: Cases = toml::from_str(include_str!("../../testdata/cost/time.toml")).unwrap();
        assert_eq!((cases.session.len(), cases.container.len()), (6, 8));
        for case in cases.session {
            let cost = session.cost(Duration::from_millis(case.millis)).unwrap().micros();
            assert_eq!(cost, case.cost, "{}", case.name);
        }
        for case in cases.container {
            let cost = container.cost(Duration::from_millis(case.millis), case.files).unwrap();
            let expected = ContainerCost {
                billed: Duration::from_millis(case.billed_millis),
                beyond_free: Usd::from_micros(case.cost),
                fits_free: case.fits_free,
            };
            assert_eq!(cost, expected, "{}", case.name);
        }
    }

    #[test]
    fn what_cannot_be_counted_is_an_error() {
        let session = SessionPrice { hour: Usd::from_micros(u64::MAX), source: String::new() };
        assert_eq!(session.cost(Duration::from_secs(7_200)), Err(TooDear));
        assert_eq!(session.cost(Duration::MAX), Err(TooDear));
    }

    #[test]
    fn a_table_may_have_one_price_of_time_and_none() {
        let row = "date = \"x\"\nmodels = []\n";
        assert_eq!(Prices::parse(row).unwrap().time, TimePrices::default());
        let some = Prices::parse(&format!("{row}[time.container]\nhour = \"1\"\n")).unwrap().time;
        let cost = some.container.unwrap().cost(Duration::from_secs(1), true).unwrap();
        assert_eq!(
            (cost.billed, cost.fits_free),
            (Duration::from_secs(1), false),
            "no minimum, no free hours"
        );
        assert_eq!(some.session, None);
        let bad = Prices::parse(&format!("{row}[time.session]\nhour = \"much\"\n")).unwrap_err();
        assert_eq!(bad.to_string(), "the row of `time.session`");
        assert!(Prices::parse(&format!("{row}[time.vault]\nhour = \"1\"\n")).is_err());
    }
}
