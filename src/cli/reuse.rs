//! Flags that say what is not sent again.

use std::path::PathBuf;

use clap::Args;

use super::{StateArgs, choice, value};
use crate::config::{Overrides, Span};
use crate::model::{Dedupe, NameTag, VerifyRemote};

/// What is not sent again.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Reuse")]
pub struct ReuseArgs {
    /// Where that is remembered.
    #[command(flatten)]
    pub state: StateArgs,
    /// Upload anew what was uploaded before
    #[arg(long)]
    pub force: bool,
    /// Read every source, even where size and time are unchanged
    #[arg(long)]
    pub rehash: bool,
    /// Take over the ids of a manifest first
    #[arg(long, value_name = "MANIFEST")]
    pub reuse_from: Vec<PathBuf>,
    /// Ask the target whether earlier uploads are still there; auto asks for those not seen for a day
    /// [default: auto]
    #[arg(long, value_name = "WHEN", value_parser = choice::<VerifyRemote>(), hide_short_help = true)]
    pub verify_remote: Option<VerifyRemote>,
    /// Send again what the target would delete sooner than this [default: 1h]
    #[arg(long, value_name = "TIME", value_parser = value::<Span>, hide_short_help = true)]
    pub min_ttl: Option<Span>,
    /// Send equal bytes once for each name, or once [default: name]
    #[arg(long, value_name = "BY", value_parser = choice::<Dedupe>(), hide_short_help = true)]
    pub dedupe: Option<Dedupe>,
    /// Tag the names sent where name and size do not tell files apart, always or never [default: auto]
    #[arg(long, value_name = "WHEN", value_parser = choice::<NameTag>(), hide_short_help = true)]
    pub name_tag: Option<NameTag>,
}

impl ReuseArgs {
    pub(super) fn lay(&self, overrides: &mut Overrides) {
        self.state.lay(overrides);
        overrides.force = self.force;
        overrides.rehash = self.rehash;
        overrides.reuse_from.clone_from(&self.reuse_from);
        let upload = &mut overrides.layer.upload;
        upload.verify_remote = self.verify_remote;
        upload.min_ttl = self.min_ttl;
        upload.dedupe = self.dedupe;
        upload.name_tag = self.name_tag;
    }
}
