//! Arguments of `halt`.

use clap::Args;

use super::{GeneralArgs, StateArgs};
use crate::config::Overrides;

/// Arguments of `halt`.
#[derive(Debug, Args)]
#[command(
    after_long_help = "What was sent before is finished. The runs that stop end with exit status 4, and the same command goes on when\n\
    the halt has ended.\n\n\
    Examples:\n  \
    docferry halt --reason 'wrong workspace'\n  \
    docferry halt --clear"
)]
pub struct HaltArgs {
    /// Let uploads go on
    #[arg(long)]
    pub clear: bool,
    /// Why; runs that stop say it
    #[arg(long, value_name = "TEXT", conflicts_with = "clear")]
    pub reason: Option<String>,
    /// Whose runs.
    #[command(flatten)]
    pub state: StateArgs,
}

impl HaltArgs {
    /// Returns what these arguments say about settings.
    #[must_use]
    pub fn overrides(&self, general: &GeneralArgs) -> Overrides {
        let mut overrides = general.overrides();
        self.state.lay(&mut overrides);
        overrides
    }
}
