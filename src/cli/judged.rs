//! Arguments of commands that judge inputs as an upload would.

use clap::Args;

use super::{AdmissionArgs, ConversionArgs, InputArgs, LimitArgs, StoreArgs};
use crate::config::Overrides;

/// What is judged, and by which rules.
#[derive(Debug, Clone, Args)]
pub struct JudgedArgs {
    /// What to read.
    #[command(flatten)]
    pub inputs: InputArgs,
    /// Where files would go.
    #[command(flatten)]
    pub store: StoreArgs,
    /// What would be let out, and under which name.
    #[command(flatten)]
    pub admission: AdmissionArgs,
    /// How documents would be converted.
    #[command(flatten)]
    pub conversion: ConversionArgs,
    /// Bounds.
    #[command(flatten)]
    pub limits: LimitArgs,
}

impl JudgedArgs {
    pub(super) fn lay(&self, overrides: &mut Overrides) {
        self.inputs.lay(overrides);
        self.store.lay(overrides);
        self.admission.lay(overrides);
        self.conversion.lay(overrides);
        self.limits.lay(overrides);
    }
}
