//! The flag that says where docferry keeps what it must not forget.

use std::path::PathBuf;

use clap::Args;

use crate::config::{Auto, Overrides};

/// Where the state is.
#[derive(Debug, Clone, Args)]
pub struct StateArgs {
    /// The folder of the ledger [default: ~/.local/state/docferry]
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
}

impl StateArgs {
    pub(super) fn lay(&self, overrides: &mut Overrides) {
        overrides.layer.state_dir = self.state_dir.clone().map(|path| Auto(Some(path)));
    }
}
