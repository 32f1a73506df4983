//! Budgets: how much a run, a day, a week or a month may take. Plain data; who counts is elsewhere.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::Timestamp;

const MICROS: u64 = 1_000_000;

/// An amount of US dollars, kept in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Usd(u64);

/// A text that is no amount of money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an amount of dollars such as 5 or 12.50")]
pub struct BadUsd(String);

impl Usd {
    /// Makes an amount of millionths of a dollar.
    #[must_use]
    pub fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Returns the amount in millionths of a dollar.
    #[must_use]
    pub fn micros(self) -> u64 {
        self.0
    }
}

impl FromStr for Usd {
    type Err = BadUsd;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
            let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            if !digits(whole) || !digits(part) || part.len() > 6 {
                return None;
            }
            let micros = format!("{part:0<6}").parse::<u64>().ok()?;
            whole.parse::<u64>().ok()?.checked_mul(MICROS)?.checked_add(micros)
        };
        parse().map(Self).ok_or_else(|| BadUsd(text.to_owned()))
    }
}

impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = format!("{:06}", self.0 % MICROS);
        let part = part.trim_end_matches('0');
        write!(f, "{}.{part:0<2}", self.0 / MICROS)
    }
}

/// What something takes of the budgets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Charges {
    /// Files.
    pub files: u64,
    /// Bytes.
    pub bytes: u64,
    /// Estimated tokens.
    pub tokens: u64,
    /// Estimated cost, in millionths of a dollar.
    pub cost_micro_usd: u64,
}

impl Charges {
    /// Returns the sum, or the largest number where it has none.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        self.with(other, u64::saturating_add)
    }

    /// Returns the difference, or 0 where it has none.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        self.with(other, u64::saturating_sub)
    }

    fn with(self, other: Self, f: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            files: f(self.files, other.files),
            bytes: f(self.bytes, other.bytes),
            tokens: f(self.tokens, other.tokens),
            cost_micro_usd: f(self.cost_micro_usd, other.cost_micro_usd),
        }
    }

    /// Returns what is counted by `kind`; requests are not charged but counted as they are made.
    #[must_use]
    pub fn of(&self, kind: BudgetKind) -> u64 {
        match kind {
            BudgetKind::Files => self.files,
            BudgetKind::Bytes => self.bytes,
            BudgetKind::EstimatedTokens => self.tokens,
            BudgetKind::EstimatedCost => self.cost_micro_usd,
            BudgetKind::Requests => 0,
        }
    }
}

/// What a budget counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BudgetKind {
    /// Files.
    Files,
    /// Bytes.
    Bytes,
    /// Estimated tokens.
    EstimatedTokens,
    /// Estimated cost, in millionths of a dollar.
    EstimatedCost,
    /// Requests.
    Requests,
}

impl BudgetKind {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::Files, Self::Bytes, Self::EstimatedTokens, Self::EstimatedCost, Self::Requests];

    /// Returns the key of a period's budget; a run's has `max_` before it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Bytes => "bytes",
            Self::EstimatedTokens => "estimated_tokens",
            Self::EstimatedCost => "estimated_cost",
            Self::Requests => "requests",
        }
    }
}

/// How long a budget holds before it is full again, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Period {
    /// A day.
    Day,
    /// A week, from Monday.
    Week,
    /// A calendar month.
    Month,
}

impl Period {
    /// Every period.
    pub const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// Returns the table of its budgets.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "per_day",
            Self::Week => "per_week",
            Self::Month => "per_month",
        }
    }
}

/// A budget of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeriodBudget {
    /// How long it holds.
    pub period: Period,
    /// What it counts.
    pub kind: BudgetKind,
    /// The most.
    pub max: u64,
}

/// How much may be taken. What is `None` is not bounded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Budgets {
    /// Files of a run.
    pub max_files: Option<u64>,
    /// Bytes of a run.
    pub max_bytes: Option<u64>,
    /// Estimated tokens of a run.
    pub max_estimated_tokens: Option<u64>,
    /// Estimated cost of a run.
    pub max_estimated_cost: Option<Usd>,
    /// Requests of a run.
    pub max_requests: Option<u64>,
    /// Files of a run that may fail.
    pub max_errors: Option<u64>,
    /// How long a run may take.
    pub max_duration: Option<Duration>,
    /// Budgets of periods, for the target of the run.
    pub periods: Vec<PeriodBudget>,
}

impl Budgets {
    /// Returns the most that a run may take of what `kind` counts.
    #[must_use]
    pub fn of_run(&self, kind: BudgetKind) -> Option<u64> {
        match kind {
            BudgetKind::Files => self.max_files,
            BudgetKind::Bytes => self.max_bytes,
            BudgetKind::EstimatedTokens => self.max_estimated_tokens,
            BudgetKind::EstimatedCost => self.max_estimated_cost.map(Usd::micros),
            BudgetKind::Requests => self.max_requests,
        }
    }

    /// Tells whether any budget, of the run or of a period, counts `kind`.
    #[must_use]
    pub fn counts(&self, kind: BudgetKind) -> bool {
        self.of_run(kind).is_some() || self.periods.iter().any(|budget| budget.kind == kind)
    }

    /// Tells whether nothing is bounded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A budget that has no room for what was asked. Nothing was taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Exceeded {
    /// The budget: `max_bytes` of a run, `per_day.bytes` of a period.
    pub limit: String,
    /// Whose it is: `this run`, or a target's id.
    pub scope: String,
    /// The most.
    pub max: u64,
    /// What is used for good.
    pub used: u64,
    /// What is reserved by work under way, or of unknown outcome.
    pub reserved: u64,
    /// What was asked for.
    pub asked: u64,
    /// When the budget is full again, if ever.
    pub resets_at: Option<Timestamp>,
}

impl Exceeded {
    /// Returns how to go on.
    #[must_use]
    pub fn hint(&self) -> String {
        match self.resets_at {
            None => format!(
                "raise it with --{}, or run again: what is done stays done",
                self.limit.replace('_', "-")
            ),
            Some(at) => {
                format!("raise budgets.{} in your configuration, or run again after {at}", self.limit)
            }
        }
    }
}

impl fmt::Display for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |n| amount(&self.limit, n);
        let Self { limit, scope, .. } = self;
        write!(f, "the budget {limit} of {scope} allows {}: ", show(self.max))?;
        write!(
            f,
            "{} used, {} reserved, {} asked for",
            show(self.used),
            show(self.reserved),
            show(self.asked)
        )?;
        match self.resets_at {
            Some(at) => write!(f, "; it resets at {at}"),
            None => Ok(()),
        }
    }
}

/// Returns an amount with the unit that the budget's name implies.
#[must_use]
pub fn amount(limit: &str, n: u64) -> String {
    let what = limit.rsplit('.').next().unwrap_or_default();
    match what.strip_prefix("max_").unwrap_or(what) {
        "estimated_cost" => format!("{} USD", Usd(n)),
        "estimated_tokens" => format!("{n} tokens"),
        "duration" => format!("{n} s"),
        "bytes" => format!("{n} bytes"),
        what => format!("{n} {what}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_kept_to_the_millionth() {
        for (text, micros, shown) in [
            ("5", 5_000_000, "5.00"),
            ("12.5", 12_500_000, "12.50"),
            ("0.000001", 1, "0.000001"),
            ("0", 0, "0.00"),
        ] {
            let parsed: Usd = text.parse().unwrap();
            assert_eq!((parsed.micros(), parsed.to_string()), (micros, shown.to_owned()));
            assert_eq!(parsed.to_string().parse(), Ok(parsed));
        }
        for text in ["", ".5", "1.", "-1", "1e3", "0.0000001", "$5", "99999999999999999999", "18446744073710"]
        {
            assert!(text.parse::<Usd>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_refusal_says_all_there_is_to_know() {
        let mut exceeded = Exceeded {
            limit: "max_bytes".to_owned(),
            scope: "this run".to_owned(),
            max: 100,
            used: 70,
            reserved: 20,
            asked: 30,
            resets_at: None,
        };
        let said = "the budget max_bytes of this run allows 100 bytes: 70 bytes used, 20 bytes reserved, 30 bytes asked for";
        assert_eq!(exceeded.to_string(), said);
        assert_eq!(exceeded.hint(), "raise it with --max-bytes, or run again: what is done stays done");
        exceeded.limit = "per_day.estimated_cost".to_owned();
        exceeded.scope = "https://api.example".to_owned();
        exceeded.resets_at = Some("2026-12-01T00:00:00Z".parse().unwrap());
        let said = "the budget per_day.estimated_cost of https://api.example allows 0.0001 USD: 0.00007 USD used, \
                    0.00002 USD reserved, 0.00003 USD asked for; it resets at 2026-12-01T00:00:00.000000Z";
        assert_eq!(exceeded.to_string(), said);
        let hint = "raise budgets.per_day.estimated_cost in your configuration, or run again after 2026-12-01T00:00:00.000000Z";
        assert_eq!(exceeded.hint(), hint);
    }
}
