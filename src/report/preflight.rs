//! Whether a plan fits the budgets, before anything is sent: how far it is over, and how much of it fits.

use std::collections::BTreeSet;

use super::human::{printable, size};
use crate::model::budget::{BudgetKind, Budgets, Charges, Period, Usd, amount};

/// What a period has taken already, used or reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// The period.
    pub period: Period,
    /// What is counted.
    pub kind: BudgetKind,
    /// How much.
    pub amount: u64,
}

/// A bound of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Bound {
    limit: String,
    kind: BudgetKind,
    max: u64,
    taken: u64,
}

/// A budget that the plan does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Over {
    /// The budget: `max_bytes`, `per_day.bytes`.
    pub limit: String,
    /// The most.
    pub max: u64,
    /// What is taken already.
    pub taken: u64,
    /// What the plan takes.
    pub planned: u64,
}

/// Adds up a plan in the order in which it would be sent; it keeps sums only.
#[derive(Debug, Clone)]
pub struct Preflight {
    bounds: Vec<Bound>,
    total: Charges,
    fitting: Fitting,
    /// Whether all so far fits: what comes after the first file that does not is no prefix.
    fits: bool,
}

/// The beginning of a plan that fits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fitting {
    /// What it takes.
    pub charges: Charges,
    /// The path of its last file.
    pub last: Option<String>,
    /// The path of the first file that does not fit.
    pub next: Option<String>,
}

impl Preflight {
    /// Begins with what the periods have taken already.
    #[must_use]
    pub fn new(budgets: &Budgets, taken: &[Taken]) -> Self {
        let run = BudgetKind::ALL.into_iter().filter_map(|kind| {
            let max = budgets.of_run(kind)?;
            Some(Bound { limit: format!("max_{}", kind.as_str()), kind, max, taken: 0 })
        });
        let periods = budgets.periods.iter().map(|budget| {
            let same = |taken: &&Taken| taken.period == budget.period && taken.kind == budget.kind;
            Bound {
                limit: format!("{}.{}", budget.period.as_str(), budget.kind.as_str()),
                kind: budget.kind,
                max: budget.max,
                taken: taken.iter().find(same).map_or(0, |taken| taken.amount),
            }
        });
        let bounds = run.chain(periods).collect();
        Self { bounds, total: Charges::default(), fitting: Fitting::default(), fits: true }
    }

    /// Adds a file that would be uploaded.
    pub fn add(&mut self, path: &str, charges: Charges) {
        self.total = self.total.plus(charges);
        if !self.fits {
            return;
        }
        self.fits = self.bounds.iter().all(|bound| bound.holds(self.total));
        if self.fits {
            self.fitting.charges = self.total;
            self.fitting.last = Some(path.to_owned());
        } else {
            self.fitting.next = Some(path.to_owned());
        }
    }

    /// Returns the budgets that the plan does not fit; none if it fits.
    #[must_use]
    pub fn over(&self) -> Vec<Over> {
        let broken = self.bounds.iter().filter(|bound| !bound.holds(self.total));
        let over = broken.map(|bound| Over {
            limit: bound.limit.clone(),
            max: bound.max,
            taken: bound.taken,
            planned: planned(self.total, bound.kind),
        });
        over.collect()
    }

    /// Returns the beginning of the plan that fits.
    #[must_use]
    pub fn fitting(&self) -> &Fitting {
        &self.fitting
    }

    /// Returns what all of the plan takes.
    #[must_use]
    pub fn total(&self) -> Charges {
        self.total
    }

    /// Says whether the plan fits, how far it is over, and what fits. No line ends.
    #[must_use]
    pub fn describe(&self) -> String {
        let over = self.over();
        if over.is_empty() {
            return format!("the plan fits the budgets: {}", sum(self.total));
        }
        let mut text = format!("the plan is over budget: {}", sum(self.total));
        for Over { limit, max, taken, planned } in &over {
            let excess = taken.saturating_add(*planned) - max;
            let show = |n| amount(limit, n);
            text.push_str(&format!("\n  {limit} allows {}: ", show(*max)));
            if *taken > 0 {
                text.push_str(&format!("{} taken before, ", show(*taken)));
            }
            text.push_str(&format!("{} planned, {} too much", show(*planned), show(excess)));
        }
        match (&self.fitting.last, &self.fitting.next) {
            (Some(last), _) => {
                let (sum, last) = (sum(self.fitting.charges), printable(last));
                text.push_str(&format!("\n  the beginning fits: {sum}, up to {last}"));
            }
            (None, Some(next)) => {
                text.push_str(&format!("\n  nothing fits, not even the first file, {}", printable(next)));
            }
            (None, None) => {}
        }
        text
    }

    /// Returns how to go on where the plan does not fit.
    #[must_use]
    pub fn hint(&self) -> String {
        let flags: BTreeSet<String> = self
            .over()
            .iter()
            .map(|over| match over.limit.contains('.') {
                true => format!("budgets.{} in your configuration", over.limit),
                false => format!("--{}", over.limit.replace('_', "-")),
            })
            .collect();
        let flags: Vec<String> = flags.into_iter().collect();
        format!("raise {}, or name fewer inputs", flags.join(" and "))
    }
}

impl Bound {
    fn holds(&self, total: Charges) -> bool {
        self.taken.saturating_add(planned(total, self.kind)) <= self.max
    }
}

/// Each file takes at least one request.
fn planned(total: Charges, kind: BudgetKind) -> u64 {
    match kind {
        BudgetKind::Requests => total.files,
        kind => total.of(kind),
    }
}

fn sum(charges: Charges) -> String {
    let files = if charges.files == 1 { "1 file".to_owned() } else { format!("{} files", charges.files) };
    let mut text = format!("{files}, {}, about {} tokens", size(charges.bytes), charges.tokens);
    if charges.cost_micro_usd > 0 {
        text.push_str(&format!(", about {} USD", Usd::from_micros(charges.cost_micro_usd)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::budget::PeriodBudget;

    fn plan(budgets: &Budgets, taken: &[Taken]) -> Preflight {
        let mut preflight = Preflight::new(budgets, taken);
        for (path, bytes) in [("a.txt", 400), ("b.txt", 500), ("c.txt", 600), ("d.txt", 1)] {
            preflight.add(path, Charges { files: 1, bytes, tokens: bytes / 4, cost_micro_usd: bytes });
        }
        preflight
    }

    #[test]
    fn a_plan_that_fits_says_what_it_takes() {
        let budgets = Budgets {
            max_files: Some(4),
            max_bytes: Some(1501),
            max_requests: Some(4),
            ..Budgets::default()
        };
        let preflight = plan(&budgets, &[]);
        assert!(preflight.over().is_empty());
        let said = "the plan fits the budgets: 4 files, 1.5 kB, about 375 tokens, about 0.001501 USD";
        assert_eq!(preflight.describe(), said);
        assert_eq!(preflight.fitting().charges, preflight.total());
    }

    #[test]
    fn a_plan_that_does_not_fit_says_by_how_much_and_what_would() {
        let periods = vec![PeriodBudget { period: Period::Day, kind: BudgetKind::Files, max: 5 }];
        let budgets = Budgets { max_bytes: Some(1000), periods, ..Budgets::default() };
        let taken = [
            Taken { period: Period::Day, kind: BudgetKind::Files, amount: 2 },
            Taken { period: Period::Week, kind: BudgetKind::Files, amount: 100 },
        ];
        let preflight = plan(&budgets, &taken);
        let lines = [
            "the plan is over budget: 4 files, 1.5 kB, about 375 tokens, about 0.001501 USD",
            "  max_bytes allows 1000 bytes: 1501 bytes planned, 501 bytes too much",
            "  per_day.files allows 5 files: 2 files taken before, 4 files planned, 1 files too much",
            "  the beginning fits: 2 files, 900 B, about 225 tokens, about 0.0009 USD, up to b.txt",
        ];
        assert_eq!(preflight.describe(), lines.join("\n"));
        let hint = "raise --max-bytes and budgets.per_day.files in your configuration, or name fewer inputs";
        assert_eq!(preflight.hint(), hint);
        assert_eq!(preflight.fitting().next.as_deref(), Some("c.txt"), "d.txt is no part of a beginning");
    }

    #[test]
    fn where_nothing_fits_the_first_file_is_named() {
        let budgets = Budgets { max_bytes: Some(399), max_requests: Some(3), ..Budgets::default() };
        let preflight = plan(&budgets, &[]);
        assert!(preflight.describe().ends_with("\n  nothing fits, not even the first file, a.txt"));
        let limits: Vec<_> = preflight.over().into_iter().map(|over| over.limit).collect();
        assert_eq!(limits, ["max_bytes", "max_requests"], "each file takes a request");
        let empty = Preflight::new(&budgets, &[]);
        assert_eq!(empty.describe(), "the plan fits the budgets: 0 files, 0 B, about 0 tokens");
    }
}
