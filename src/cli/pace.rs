//! Flags that say how failures are met and how fast uploads go.

use clap::Args;

use super::value;
use crate::config::{Overrides, Percent, Span};
use crate::model::RequestRate;

/// How failures are met, and how fast it goes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Pace")]
pub struct PaceArgs {
    /// Attempts after the first, for each file [default: 4]
    #[arg(long, value_name = "N", value_parser = value::<u32>, hide_short_help = true)]
    pub retries: Option<u32>,
    /// The longest wait that a target can ask for; where it asks for more, the run stops and says when to go on
    /// [default: 15m]
    #[arg(long, value_name = "TIME", value_parser = value::<Span>, hide_short_help = true)]
    pub max_wait: Option<Span>,
    /// How long after a lost answer the target's list is looked at, twice [default: 2s]
    #[arg(long, value_name = "TIME", value_parser = value::<Span>, hide_short_help = true)]
    pub listing_grace: Option<Span>,
    /// Requests a minute, or off [default: what the target allows]
    #[arg(long, value_name = "N", value_parser = value::<RequestRate>, hide_short_help = true)]
    pub requests_per_minute: Option<RequestRate>,
    /// Warn when so much of the workspace's storage is used [default: 80%]
    #[arg(long, value_name = "SHARE", value_parser = value::<Percent>, hide_short_help = true)]
    pub warn_at: Option<Percent>,
    /// Upload nothing that would use more of the workspace's storage [default: 90%]
    #[arg(long, value_name = "SHARE", value_parser = value::<Percent>, hide_short_help = true)]
    pub refuse_at: Option<Percent>,
}

impl PaceArgs {
    pub(super) fn lay(&self, overrides: &mut Overrides) {
        let upload = &mut overrides.layer.upload;
        upload.retries = self.retries;
        upload.max_wait = self.max_wait;
        upload.listing_grace = self.listing_grace;
        upload.requests_per_minute = self.requests_per_minute;
        upload.warn_at = self.warn_at;
        upload.refuse_at = self.refuse_at;
    }
}
