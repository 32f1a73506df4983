//! What is deleted at a target, and how much of it at once. A project's file has no say: it is not its author's store.

use std::time::Duration;

use serde::Deserialize;

use super::environment::Environment;
use super::error::ConfigError;
use super::layer::{Origin, Origins, settings};
use super::project::Rule;
use super::value::{self, BadValue, Items, OrNone, Percent, Span, Value};
use crate::model::PruneOrder;

settings! {
    /// What a layer says of pruning.
    PruneLayer,
    /// The settings of pruning in force.
    PruneValues, "prune.", "docferry_prune_";
    /// Files created longer ago.
    older_than: OrNone<Span> = OrNone(None);
    /// Of how many contents of each source files stay.
    keep_last: OrNone<u64> = OrNone(None);
    /// Whether files go that a converter's later revision or a newer upload took the place of.
    superseded: bool = false;
    /// Whether files go whose sources are gone.
    orphaned: bool = false;
    /// Whether files go whose content has expired.
    expired: bool = false;
    /// The share of a workspace's storage above which it is emptied.
    high_water: Percent = Percent(80);
    /// The share down to which it is emptied.
    low_water: OrNone<Percent> = OrNone(None);
    /// What is deleted first to get there.
    order: PruneOrder = PruneOrder::Oldest;
    /// The most files that are deleted at once.
    max_delete: u64 = 1_000;
    /// The largest part of all files that is deleted at once.
    max_delete_fraction: Fraction = Fraction(100_000);
    /// Names and paths that stay; the layers add up.
    protect: Items = Items::default();
    /// Whether each ingest ends with it.
    after_ingest: bool = false;
}

/// A part of a whole, from 0 to 1, in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fraction(pub u32);

impl Value for Fraction {
    fn parse(text: &str) -> Result<Self, BadValue> {
        let bad = || BadValue::new(text, "a part of the whole from 0 to 1, such as 0.1");
        let number: f64 = text.parse().map_err(|_| bad())?;
        if !(0.0..=1.0).contains(&number) {
            return Err(bad());
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 0 to 1")]
        Ok(Self((number * 1_000_000.0).round() as u32))
    }

    fn show(&self) -> String {
        (f64::from(self.0) / 1_000_000.0).to_string()
    }
}

/// What is deleted at a target, and how much of it at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PruneSettings {
    /// Files created longer ago.
    pub older_than: Option<Duration>,
    /// Of how many contents of each source files stay.
    pub keep_last: Option<u64>,
    /// Whether files go that a converter's later revision or a newer upload took the place of.
    pub superseded: bool,
    /// Whether files go whose sources are gone.
    pub orphaned: bool,
    /// Whether files go whose content has expired.
    pub expired: bool,
    /// The share of a workspace's storage above which it is emptied, in percent.
    pub high_water: u8,
    /// The share down to which it is emptied, in percent.
    pub low_water: Option<u8>,
    /// What is deleted first to get there.
    pub order: PruneOrder,
    /// The most files that are deleted at once.
    pub max_delete: u64,
    /// The largest part of all files that is deleted at once, in millionths.
    pub max_delete_millionths: u32,
    /// Names and paths that stay.
    pub protect: Vec<String>,
    /// Whether each ingest ends with it.
    pub after_ingest: bool,
}

impl PruneSettings {
    /// Makes settings of the values.
    ///
    /// # Errors
    /// [`ConfigError::Prune`] if they contradict each other.
    pub(super) fn new(values: PruneValues) -> Result<Self, ConfigError> {
        let low_water = values.low_water.0.map(|share| share.0);
        if low_water.is_some_and(|low| low >= values.high_water.0) {
            return Err(ConfigError::Prune { what: "`prune.low_water` must be below `prune.high_water`" });
        }
        if values.keep_last.0 == Some(0) {
            return Err(ConfigError::Prune { what: "`prune.keep_last` must be at least 1" });
        }
        Ok(Self {
            older_than: values.older_than.0.map(|span| span.0),
            keep_last: values.keep_last.0,
            superseded: values.superseded,
            orphaned: values.orphaned,
            expired: values.expired,
            high_water: values.high_water.0,
            low_water,
            order: values.order,
            max_delete: values.max_delete,
            max_delete_millionths: values.max_delete_fraction.0,
            protect: values.protect.0,
            after_ingest: values.after_ingest,
        })
    }
}

/// Refuses everything that a project says of it, besides what it protects.
pub(super) fn check(rule: &Rule<'_>, layer: &PruneLayer) -> Result<(), ConfigError> {
    let keys = [
        ("prune.older_than", layer.older_than.is_some()),
        ("prune.keep_last", layer.keep_last.is_some()),
        ("prune.superseded", layer.superseded.is_some()),
        ("prune.orphaned", layer.orphaned.is_some()),
        ("prune.expired", layer.expired.is_some()),
        ("prune.high_water", layer.high_water.is_some()),
        ("prune.low_water", layer.low_water.is_some()),
        ("prune.order", layer.order.is_some()),
        ("prune.max_delete", layer.max_delete.is_some()),
        ("prune.max_delete_fraction", layer.max_delete_fraction.is_some()),
        ("prune.after_ingest", layer.after_ingest.is_some()),
    ];
    keys.into_iter().try_for_each(|(key, is_set)| rule.user_only(key, is_set))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fraction_is_a_part_of_the_whole() {
        for (text, millionths, shown) in
            [("0", 0, "0"), ("0.1", 100_000, "0.1"), ("1", 1_000_000, "1"), ("1e-3", 1_000, "0.001")]
        {
            let fraction = Fraction::parse(text).unwrap();
            assert_eq!((fraction.0, fraction.show().as_str()), (millionths, shown));
        }
        for text in ["", "-0.1", "1.1", "10%", "NaN", "inf"] {
            assert!(Fraction::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn values_that_contradict_each_other_are_refused() {
        let values = |low: u8, keep: u64| PruneValues {
            low_water: OrNone(Some(Percent(low))),
            keep_last: OrNone(Some(keep)),
            ..PruneValues::default()
        };
        assert!(PruneSettings::new(values(80, 1)).is_err());
        assert!(PruneSettings::new(values(70, 0)).is_err());
        assert_eq!(PruneSettings::new(values(70, 1)).unwrap().low_water, Some(70));
    }
}
