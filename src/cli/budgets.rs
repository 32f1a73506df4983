//! Flags that say how much a run may take. Budgets of days, weeks and months are in the configuration: a flag that one
//! forgets would not bound them.

use std::num::NonZeroU32;

use clap::Args;

use super::value;
use crate::config::{OrNone, Overrides, Size, Span};
use crate::model::budget::Usd;

macro_rules! budget_args {
    ($($(#[doc = $doc:literal])+ $flag:ident: $type:ty = $name:literal;)+) => {
        /// How much a run may take.
        #[derive(Debug, Clone, Args)]
        #[command(next_help_heading = "Budgets")]
        pub struct BudgetArgs {
            $($(#[doc = $doc])+
            #[arg(long, value_name = $name, value_parser = value::<$type>, hide_short_help = true)]
            pub $flag: Option<$type>,)+
        }

        impl BudgetArgs {
            pub(super) fn lay(&self, overrides: &mut Overrides) {
                $(overrides.layer.budgets.$flag.clone_from(&self.$flag);)+
            }
        }
    };
}

budget_args! {
    /// Upload at most so many files
    max_files: OrNone<u64> = "N";
    /// Upload at most so many bytes
    max_bytes: OrNone<Size> = "SIZE";
    /// Upload files of at most so many tokens, as estimated by type and size
    max_estimated_tokens: OrNone<u64> = "N";
    /// Upload files that cost at most so much to use, as estimated; needs --model
    max_estimated_cost: OrNone<Usd> = "USD";
    /// Make at most so many requests
    max_requests: OrNone<u64> = "N";
    /// Stop when more files than this have failed
    max_errors: OrNone<u64> = "N";
    /// Begin no upload after this time
    max_duration: OrNone<Span> = "TIME";
    /// Estimate by the tokens and the input price of this model
    model: OrNone<String> = "ID";
    /// Estimate so many uncached uses of each file [default: 1]
    references: NonZeroU32 = "N";
}
