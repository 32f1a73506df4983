//! Arguments of `doctor`.

use clap::Args;

use super::{ConnectionArgs, GeneralArgs, StateArgs, StoreArgs};
use crate::config::Overrides;

/// Arguments of `doctor`.
#[derive(Debug, Args)]
#[command(
    after_long_help = "The target is asked for one file of its listing, once, unless --offline is said. Nothing is stored, and neither a\n\
    ledger nor a store is made. The exit status is that of the gravest failure: 2 the configuration or a folder, 3 a\n\
    credential or permission, 4 a budget, 5 a target that cannot be reached, or a disk, 1 anything else that the target says.\n\
    Warnings leave it at 0.\n\n\
    Examples:\n  \
    docferry doctor --target anthropic\n  \
    docferry doctor --offline --json"
)]
pub struct DoctorArgs {
    /// Ask nobody; look at this machine only
    #[arg(long)]
    pub offline: bool,
    /// Print one JSON object a line
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    /// Where the state is.
    #[command(flatten)]
    pub state: StateArgs,
    /// The target.
    #[command(flatten)]
    pub store: StoreArgs,
    /// How to get there.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

impl DoctorArgs {
    /// Returns what these arguments say about settings.
    #[must_use]
    pub fn overrides(&self, general: &GeneralArgs) -> Overrides {
        let mut overrides = general.overrides();
        self.state.lay(&mut overrides);
        self.store.lay(&mut overrides);
        self.connection.lay(&mut overrides);
        overrides
    }
}
