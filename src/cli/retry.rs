//! Flags that say how often a request is made again.

use clap::Args;

use super::value;
use crate::config::{Overrides, Span};

/// How often a request is made again.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Target")]
pub struct RetryArgs {
    /// Attempts after the first, for each request [default: 4]
    #[arg(long, value_name = "N", value_parser = value::<u32>, hide_short_help = true)]
    pub retries: Option<u32>,
    /// The longest wait that the target can ask for and get [default: 15m]
    #[arg(long, value_name = "TIME", value_parser = value::<Span>, hide_short_help = true)]
    pub max_wait: Option<Span>,
}

impl RetryArgs {
    pub(super) fn lay(&self, overrides: &mut Overrides) {
        overrides.layer.upload.retries = self.retries;
        overrides.layer.upload.max_wait = self.max_wait;
    }
}
