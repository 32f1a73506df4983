//! Budgets and what estimates are made with. A project's file can only add bounds: of two, the smaller one holds.

use std::num::NonZeroU32;
use std::path::PathBuf;

use serde::Deserialize;

use super::environment::Environment;
use super::error::ConfigError;
use super::files::ConfigText;
use super::layer::{Origin, Origins, settings};
use super::value::{self, OrNone, Size, Span, Value};
use crate::model::budget::{BudgetKind, Budgets, Period, PeriodBudget, Usd};
use crate::model::prices::{Price, Prices};

settings! {
    /// What a layer says of the budgets of a run.
    BudgetsLayer,
    /// The budgets of a run in force.
    RunValues, "budgets.", "docferry_budgets_";
    /// Files.
    max_files: OrNone<u64> = OrNone(None);
    /// Bytes.
    max_bytes: OrNone<Size> = OrNone(None);
    /// Estimated tokens.
    max_estimated_tokens: OrNone<u64> = OrNone(None);
    /// Estimated cost in US dollars.
    max_estimated_cost: OrNone<Usd> = OrNone(None);
    /// Requests.
    max_requests: OrNone<u64> = OrNone(None);
    /// Files that may fail.
    max_errors: OrNone<u64> = OrNone(None);
    /// How long a run may take.
    max_duration: OrNone<Span> = OrNone(None);
    /// The model whose tokens and price are estimated.
    model: OrNone<String> = OrNone(None);
    /// How often each file is used, uncached.
    references: NonZeroU32 = NonZeroU32::MIN;
    with {
        /// Budgets of a day.
        per_day: DayLayer;
        /// Budgets of a week.
        per_week: WeekLayer;
        /// Budgets of a month.
        per_month: MonthLayer;
    }
}

macro_rules! periods {
    ($($(#[doc = $doc:literal])+ $layer:ident, $values:ident, $prefix:literal, $variable:literal;)+) => {$(
        settings! {
            $(#[doc = $doc])+
            $layer,
            $(#[doc = $doc])+
            $values, $prefix, $variable;
            /// Files.
            files: OrNone<u64> = OrNone(None);
            /// Bytes.
            bytes: OrNone<Size> = OrNone(None);
            /// Estimated tokens.
            estimated_tokens: OrNone<u64> = OrNone(None);
            /// Estimated cost in US dollars.
            estimated_cost: OrNone<Usd> = OrNone(None);
            /// Requests.
            requests: OrNone<u64> = OrNone(None);
        }

        impl $values {
            fn budgets(&self, period: Period) -> impl Iterator<Item = PeriodBudget> {
                let all = [
                    (BudgetKind::Files, self.files.0),
                    (BudgetKind::Bytes, self.bytes.0.map(|size| size.0)),
                    (BudgetKind::EstimatedTokens, self.estimated_tokens.0),
                    (BudgetKind::EstimatedCost, self.estimated_cost.0.map(Usd::micros)),
                    (BudgetKind::Requests, self.requests.0),
                ];
                all.into_iter().filter_map(move |(kind, max)| max.map(|max| PeriodBudget { period, kind, max }))
            }

            fn keep_tighter(&self, layer: &mut $layer) {
                tighter!(self, layer: files bytes estimated_tokens estimated_cost requests);
            }
        }
    )+};
}

/// Takes back what a layer says where it would not bound more than what is in force.
macro_rules! tighter {
    ($values:expr, $layer:expr, $($key:ident)+) => {$(
        $layer.$key = $layer.$key.take().filter(|said| said.is_below(&$values.$key));
    )+};
    ($values:expr, $layer:ident: $($key:ident)+) => { tighter!($values, $layer, $($key)+) };
}

periods! {
    /// Budgets of a day, in UTC.
    DayLayer, DayValues, "budgets.per_day.", "docferry_budgets_per_day_";
    /// Budgets of a week from Monday, in UTC.
    WeekLayer, WeekValues, "budgets.per_week.", "docferry_budgets_per_week_";
    /// Budgets of a calendar month, in UTC.
    MonthLayer, MonthValues, "budgets.per_month.", "docferry_budgets_per_month_";
}

/// All budgets in force.
#[derive(Debug, Clone, Default)]
pub(super) struct BudgetValues {
    run: RunValues,
    day: DayValues,
    week: WeekValues,
    month: MonthValues,
}

impl BudgetValues {
    pub(super) fn lay(&mut self, layer: &BudgetsLayer, origin: &Origin, origins: &mut Origins) {
        self.run.lay(layer, origin, origins);
        self.day.lay(&layer.per_day, origin, origins);
        self.week.lay(&layer.per_week, origin, origins);
        self.month.lay(&layer.per_month, origin, origins);
    }

    pub(super) fn show(&self) -> Vec<(&'static str, String)> {
        [self.run.show(), self.day.show(), self.week.show(), self.month.show()].concat()
    }

    /// Takes back what a project says where something smaller is in force. Its model counts only where there is none,
    /// and its number of uses only where it is larger: both could make files cheaper.
    pub(super) fn keep_tighter(&self, layer: &mut BudgetsLayer) {
        let run = &self.run;
        tighter!(run, layer: max_files max_bytes max_estimated_tokens max_estimated_cost);
        tighter!(run, layer: max_requests max_errors max_duration);
        layer.model = layer.model.take().filter(|_| run.model.0.is_none());
        layer.references = layer.references.filter(|said| *said > run.references);
        self.day.keep_tighter(&mut layer.per_day);
        self.week.keep_tighter(&mut layer.per_week);
        self.month.keep_tighter(&mut layer.per_month);
    }

    pub(super) fn finish(self, prices: Option<&ConfigText>) -> Result<BudgetSettings, ConfigError> {
        let prices = match prices {
            None => {
                Prices::built_in().map_err(|source| ConfigError::Prices { path: PathBuf::new(), source })?
            }
            Some(file) => Prices::parse(&file.text)
                .map_err(|source| ConfigError::Prices { path: file.path.clone(), source })?,
        };
        let run = self.run;
        let periods = self.day.budgets(Period::Day);
        let periods = periods.chain(self.week.budgets(Period::Week)).chain(self.month.budgets(Period::Month));
        let budgets = Budgets {
            max_files: run.max_files.0,
            max_bytes: run.max_bytes.0.map(|size| size.0),
            max_estimated_tokens: run.max_estimated_tokens.0,
            max_estimated_cost: run.max_estimated_cost.0,
            max_requests: run.max_requests.0,
            max_errors: run.max_errors.0,
            max_duration: run.max_duration.0.map(|span| span.0),
            periods: periods.collect(),
        };
        Ok(BudgetSettings { budgets, model: run.model.0, references: run.references.get(), prices })
    }
}

impl BudgetsLayer {
    /// Takes the variables of all tables.
    pub(super) fn take_all_variables(
        &mut self,
        environment: &Environment,
        origins: &mut Origins,
    ) -> Result<(), ConfigError> {
        self.take_variables(environment, origins)?;
        self.per_day.take_variables(environment, origins)?;
        self.per_week.take_variables(environment, origins)?;
        self.per_month.take_variables(environment, origins)
    }
}

/// How much may be taken, and what estimates are made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetSettings {
    /// How much may be taken.
    pub budgets: Budgets,
    /// The model whose tokens and price are estimated.
    pub model: Option<String>,
    /// How often each file is used, uncached.
    pub references: u32,
    /// The table of prices.
    pub prices: Prices,
}

impl BudgetSettings {
    /// Returns the price of the model, if there is one.
    ///
    /// # Errors
    /// [`ConfigError::UnknownModel`] if the table has no price for it, [`ConfigError::NoModel`] if a budget counts
    /// costs and there is none.
    pub fn price(&self) -> Result<Option<&Price>, ConfigError> {
        match &self.model {
            Some(model) => match self.prices.of(model) {
                Some(price) => Ok(Some(price)),
                None => Err(ConfigError::UnknownModel {
                    model: model.clone(),
                    date: self.prices.date.clone(),
                    known: self.prices.models().collect::<Vec<_>>().join(", "),
                }),
            },
            None if self.budgets.counts(BudgetKind::EstimatedCost) => Err(ConfigError::NoModel),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::{Files, Overrides, Settings, resolve};

    const USER: &str = "/home/u/.config/docferry/config.toml";
    const PROJECT: &str = "/home/u/repo/docferry.toml";

    #[derive(Default)]
    struct Case {
        user: &'static str,
        project: &'static str,
        prices: Option<&'static str>,
        variables: &'static [(&'static str, &'static str)],
        flags: Overrides,
    }

    impl Case {
        fn settings(&self) -> Result<Settings, ConfigError> {
            let file = |path: &str, text: &str| ConfigText { path: path.into(), text: text.to_owned() };
            let files = Files {
                user: Some(file(USER, self.user)),
                project: Some(file(PROJECT, self.project)),
                prices: self.prices.map(|text| file("/prices.toml", text)),
                ..Files::default()
            };
            resolve(&self.flags, &Environment::new("/home/u/repo", self.variables.iter().copied()), &files)
        }

        fn budgets(&self) -> BudgetSettings {
            self.settings().unwrap_or_else(|error| panic!("{error}")).budgets
        }
    }

    #[test]
    fn nothing_is_bounded_unless_somebody_says_so() {
        let made = Case::default().budgets();
        assert!(made.budgets.is_empty());
        assert_eq!((made.model.as_deref(), made.references, made.price().unwrap()), (None, 1, None));
    }

    #[test]
    fn runs_and_periods_are_bounded_by_files_variables_and_flags() {
        let user = "[budgets]\nmax_bytes = \"1GB\"\nmax_estimated_cost = 2.5\nmax_duration = \"1h\"\nmax_errors = 0\n\
                    [budgets.per_day]\nrequests = 1000\n[budgets.per_month]\nestimated_cost = \"20\"";
        let variables = &[("DOCFERRY_BUDGETS_MAX_FILES", "9"), ("DOCFERRY_BUDGETS_PER_DAY_FILES", "90")];
        let mut case = Case { user, variables, ..Case::default() };
        case.flags.layer.budgets.max_bytes = Some(OrNone(Some(Size(7))));
        let budgets = case.budgets().budgets;
        assert_eq!((budgets.max_bytes, budgets.max_files, budgets.max_errors), (Some(7), Some(9), Some(0)));
        assert_eq!(budgets.max_estimated_cost.map(Usd::micros), Some(2_500_000));
        assert_eq!(budgets.max_duration, Some(Duration::from_secs(3600)));
        let periods = [
            (Period::Day, BudgetKind::Files, 90),
            (Period::Day, BudgetKind::Requests, 1_000),
            (Period::Month, BudgetKind::EstimatedCost, 20_000_000),
        ];
        assert_eq!(budgets.periods, periods.map(|(period, kind, max)| PeriodBudget { period, kind, max }));
        case.flags.layer.budgets.max_bytes = Some(OrNone(None));
        assert_eq!(case.budgets().budgets.max_bytes, None, "a flag can lift a budget");
    }

    #[test]
    fn of_the_users_and_the_projects_budget_the_smaller_one_holds() {
        let user = "[budgets]\nmax_files = 100\nmax_bytes = 50\nmax_errors = 3\nreferences = 2\n\
                    [budgets.per_day]\nfiles = 10";
        let project = "[budgets]\nmax_files = 10\nmax_bytes = 500\nmax_requests = 7\nmax_errors = \"none\"\nreferences = 1\n\
                       model = \"theirs\"\n[budgets.per_day]\nfiles = 11\nbytes = 1";
        let mut case = Case { user, project, ..Case::default() };
        let made = case.budgets();
        let budgets = &made.budgets;
        assert_eq!(
            (budgets.max_files, budgets.max_bytes, budgets.max_requests),
            (Some(10), Some(50), Some(7))
        );
        assert_eq!(
            (budgets.max_errors, made.references, made.model.as_deref()),
            (Some(3), 2, Some("theirs"))
        );
        let of_day: Vec<_> = budgets.periods.iter().map(|budget| (budget.kind, budget.max)).collect();
        assert_eq!(of_day, [(BudgetKind::Files, 10), (BudgetKind::Bytes, 1)]);
        case.user = "[budgets]\nmodel = \"mine\"";
        assert_eq!(case.budgets().model.as_deref(), Some("mine"));
        case.flags.layer.budgets.max_files = Some(OrNone(Some(1000)));
        assert_eq!(case.budgets().budgets.max_files, Some(1000), "a flag is the user's word");
    }

    #[test]
    fn a_cost_needs_a_model_whose_price_is_known() {
        let mut case = Case { user: "[budgets.per_week]\nestimated_cost = 1", ..Case::default() };
        let error = case.budgets().price().unwrap_err();
        assert_eq!(error.to_string(), "a budget of cost needs a model: each has its own price");
        assert_eq!(error.hint().as_deref(), Some("name one with --model"));
        case.flags.layer.budgets.model = Some(OrNone(Some("gpt".to_owned())));
        let error = case.budgets().price().unwrap_err().to_string();
        assert!(error.starts_with(
            "there is no price for the model `gpt` in the table of 2026-11-20; known are claude-"
        ));
        case.prices = Some("date = \"today\"\n[[models]]\nids = [\"gpt\"]\ninput = \"1.25\"");
        assert_eq!(case.budgets().price().unwrap().unwrap().input.micros(), 1_250_000);
        case.prices = Some("date = \"today\"");
        assert_eq!(case.settings().unwrap_err().to_string(), "the prices of `/prices.toml`");
    }

    #[test]
    fn a_bad_budget_is_told_with_its_line() {
        for (user, expected) in [
            ("[budgets]\nmax_files = -1", "line 2: `-1` is not a number, or none"),
            (
                "[budgets]\nmax_estimated_cost = \"5 USD\"",
                "line 2: `5 USD` is not an amount of dollars such as 5 or 12.50, or none",
            ),
            (
                "[budgets]\nmax_duration = 5",
                "line 2: `5` is not a duration such as 200ms, 30s, 5m, 12h or 30d, or none",
            ),
            (
                "[budgets.per_day]\nmax_files = 1",
                "line 2: unknown field `max_files`, expected one of `files`, `bytes`, `estimated_tokens`, `estimated_cost`, `requests`",
            ),
            ("[budgets]\nreferences = 0", "line 2: `0` is not a number from 1"),
        ] {
            let error = Case { user, ..Case::default() }.settings().unwrap_err();
            assert_eq!(error.to_string(), format!("`{USER}` {expected}"));
        }
        let project = Case { project: "prices = \"cheap.toml\"", ..Case::default() };
        assert_eq!(
            project.settings().unwrap_err().to_string(),
            format!("`{PROJECT}`: a project cannot set `prices`")
        );
    }
}
