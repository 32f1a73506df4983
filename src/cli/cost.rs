//! Arguments of `cost`. It sends no file; with `--count-tokens` it asks the platform to count what a manifest names.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{ConnectionArgs, GeneralArgs, JudgedArgs, value};
use crate::config::{OrNone, Overrides};
use crate::model::CacheTime;
use crate::model::budget::Usd;

/// The longest time that is estimated, in hours: more than a century.
const MAX_HOURS: u64 = 1_000_000;

/// Arguments of `cost`.
#[derive(Debug, Args)]
#[command(
    mut_arg("paths", |arg| arg.required_unless_present("manifest").conflicts_with("manifest")),
    mut_arg("files_from", |arg| arg.conflicts_with("manifest")),
    after_long_help = "Estimates, not prices: docs/cost.md says how they are made. Nothing is uploaded. Exit status 1 means that \
    there is nothing to estimate.\n\n\
    Examples:\n  \
    docferry cost reports/ --model claude-opus-5 --turns 10\n  \
    docferry cost --manifest run.jsonl --model claude-sonnet-5 --turns 20 --cache 1h --json\n  \
    docferry cost --manifest run.jsonl --target anthropic --count-tokens --model claude-opus-5 --turns 5"
)]
pub struct CostArgs {
    /// Estimate the stored files of a manifest instead; `-` is standard input
    #[arg(long, value_name = "FILE", help_heading = "Inputs")]
    pub manifest: Option<PathBuf>,
    /// What is estimated.
    #[command(flatten)]
    pub estimate: EstimateArgs,
    /// What would be uploaded.
    #[command(flatten)]
    pub judged: JudgedArgs,
    /// How the platform is reached that counts.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// Print one JSON object
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

/// What is estimated.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Estimate")]
pub struct EstimateArgs {
    /// The model, unless the configuration names one in `[budgets]`
    #[arg(long, value_name = "ID", value_parser = value::<OrNone<String>>)]
    pub model: Option<OrNone<String>>,
    /// Requests that carry all files, one a turn
    #[arg(long, value_name = "N")]
    pub turns: NonZeroU64,
    /// The cache whose cost is in the total: none, 5m or 1h
    #[arg(long, value_name = "TIME", value_parser = value::<OrNone<CacheTime>>, default_value = "none")]
    pub cache: OrNone<CacheTime>,
    /// Hours that a managed session runs, such as 1.5
    #[arg(long, value_name = "H", value_parser = hours)]
    pub sessions_hours: Option<Duration>,
    /// Minutes of one use of the container of code execution
    #[arg(long, value_name = "M", value_parser = minutes)]
    pub container_minutes: Option<Duration>,
    /// Let the platform count the tokens of a manifest's files, one request each; it is free
    #[arg(long)]
    pub count_tokens: bool,
}

impl CostArgs {
    /// Returns what these arguments say about settings.
    #[must_use]
    pub fn overrides(&self, general: &GeneralArgs) -> Overrides {
        let mut overrides = general.overrides();
        self.judged.lay(&mut overrides);
        self.connection.lay(&mut overrides);
        overrides.layer.budgets.model.clone_from(&self.estimate.model);
        overrides
    }
}

fn hours(text: &str) -> Result<Duration, String> {
    time(text, 3_600_000).ok_or_else(|| format!("`{text}` is not a number of hours such as 2 or 0.5"))
}

fn minutes(text: &str) -> Result<Duration, String> {
    time(text, 60_000).ok_or_else(|| format!("`{text}` is not a number of minutes such as 10 or 2.5"))
}

/// Reads a decimal number of units of so many milliseconds; a part of a millisecond counts as one.
fn time(text: &str, unit_millis: u64) -> Option<Duration> {
    // Amounts of dollars have the same form: digits, and up to six behind a point.
    let millionths = u128::from(text.parse::<Usd>().ok()?.micros());
    let millis = (millionths * u128::from(unit_millis)).div_ceil(1_000_000);
    let time = Duration::from_millis(u64::try_from(millis).ok()?);
    (time <= Duration::from_secs(MAX_HOURS * 3_600)).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_decimal_numbers_of_their_unit() {
        assert_eq!(hours("1.5"), Ok(Duration::from_secs(5_400)));
        assert_eq!(hours("0.000001"), Ok(Duration::from_millis(4)), "3.6 ms are begun with the fourth");
        assert_eq!(minutes("2.5"), Ok(Duration::from_secs(150)));
        assert_eq!(minutes("0"), Ok(Duration::ZERO));
        assert_eq!(hours("1000000"), Ok(Duration::from_secs(3_600_000_000)));
        for bad in ["", "-1", "1h", "1.", ".5", "1e3", "1000000.1", "99999999999999999999"] {
            assert_eq!(hours(bad), Err(format!("`{bad}` is not a number of hours such as 2 or 0.5")));
        }
    }
}
