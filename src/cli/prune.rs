//! Arguments of `files prune`: what goes, how much of it at once, and what stays.

use std::path::PathBuf;

use clap::Args;

use super::{AtArgs, GeneralArgs, StateArgs, value};
use crate::config::{Fraction, Items, OrNone, Overrides, Percent, Span};
use crate::model::PruneOrder;

/// Arguments of `files prune`.
#[derive(Debug, Args)]
pub struct PruneArgs {
    /// What goes.
    #[command(flatten)]
    pub rules: RuleArgs,
    /// Delete files that are not in the ledger, too; needs --match
    #[arg(long, requires = "names", help_heading = "What stays")]
    pub foreign: bool,
    /// Only files whose whole name matches
    #[arg(long = "match", value_name = "GLOB", help_heading = "What stays")]
    pub names: Option<String>,
    /// Write the plan to this file and delete nothing; `-` is standard output
    #[arg(long, value_name = "FILE", conflicts_with_all = ["apply", "dry_run"], help_heading = "Plan")]
    pub plan: Option<PathBuf>,
    /// Delete what a plan says, looking at each file once more
    #[arg(long, value_name = "FILE", conflicts_with_all = RULES, help_heading = "Plan")]
    pub apply: Option<PathBuf>,
    /// Print what would be deleted, and delete nothing
    #[arg(long, help_heading = "Plan")]
    pub dry_run: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Print one JSON object a line
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    /// Where uploads are remembered.
    #[command(flatten)]
    pub state: StateArgs,
    /// The target.
    #[command(flatten)]
    pub at: AtArgs,
}

/// What a plan has decided already.
const RULES: [&str; 10] = [
    "older_than",
    "keep_last",
    "superseded",
    "orphaned",
    "expired",
    "high_water",
    "low_water",
    "order",
    "names",
    "protect",
];

/// What goes. Each rule stands alone: one is enough.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "What goes")]
pub struct RuleArgs {
    /// Files created longer ago, such as 30d
    #[arg(long, value_name = "AGE", value_parser = value::<OrNone<Span>>)]
    pub older_than: Option<OrNone<Span>>,
    /// Files that come from none of the last N contents of any of their sources
    #[arg(long, value_name = "N", value_parser = value::<OrNone<u64>>)]
    pub keep_last: Option<OrNone<u64>>,
    /// Files that a converter's later revision or a newer upload took the place of
    #[arg(long)]
    pub superseded: bool,
    /// Files whose sources are gone from this machine
    #[arg(long)]
    pub orphaned: bool,
    /// Files whose content has expired
    #[arg(long)]
    pub expired: bool,
    /// Where the workspace is fuller than --high-water: files until it is as full as this
    #[arg(long, value_name = "PERCENT", value_parser = value::<OrNone<Percent>>)]
    pub low_water: Option<OrNone<Percent>>,
    /// The share of the workspace's storage above which it is emptied [default: 80%]
    #[arg(long, value_name = "PERCENT", value_parser = value::<Percent>)]
    pub high_water: Option<Percent>,
    /// What goes first for --low-water [default: oldest] [possible values: oldest, least-used]
    #[arg(long, value_name = "ORDER", value_parser = value::<PruneOrder>)]
    pub order: Option<PruneOrder>,
    /// The most files that are deleted at once [default: 1000]
    #[arg(long, value_name = "N", help_heading = "What stays")]
    pub max_delete: Option<u64>,
    /// The largest part of all files that is deleted at once [default: 0.1]
    #[arg(long, value_name = "FRACTION", value_parser = value::<Fraction>, help_heading = "What stays")]
    pub max_delete_fraction: Option<Fraction>,
    /// Keep files whose name, or the path of a source, matches
    #[arg(long, value_name = "GLOB", help_heading = "What stays")]
    pub protect: Vec<String>,
}

impl PruneArgs {
    /// Returns what these arguments say about settings.
    #[must_use]
    pub fn overrides(&self, general: &GeneralArgs) -> Overrides {
        let mut overrides = self.at.overrides_with(&self.state, general);
        let (rules, layer) = (&self.rules, &mut overrides.layer.prune);
        layer.older_than.clone_from(&rules.older_than);
        layer.keep_last.clone_from(&rules.keep_last);
        layer.superseded = rules.superseded.then_some(true);
        layer.orphaned = rules.orphaned.then_some(true);
        layer.expired = rules.expired.then_some(true);
        layer.low_water.clone_from(&rules.low_water);
        layer.high_water = rules.high_water;
        layer.order = rules.order;
        layer.max_delete = rules.max_delete;
        layer.max_delete_fraction = rules.max_delete_fraction;
        layer.protect = (!rules.protect.is_empty()).then(|| Items(rules.protect.clone()));
        overrides
    }
}
