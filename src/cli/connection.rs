//! Flags that say where files go and how to get there. There is none for a key: it would show in every process list.

use std::path::PathBuf;

use clap::Args;

use super::value;
use crate::config::{Auto, Items, Overrides, Span};
use crate::model::WorkspaceId;

/// Where files go.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Target")]
pub struct StoreArgs {
    /// Where files go; `docferry targets` lists what is known [default: local]
    #[arg(short, long, value_name = "NAME")]
    pub target: Option<String>,
    /// The folder of the local store [default: .docferry/store]
    #[arg(long, value_name = "DIR")]
    pub store: Option<PathBuf>,
}

impl StoreArgs {
    pub(super) fn lay(&self, overrides: &mut Overrides) {
        overrides.layer.target.clone_from(&self.target);
        overrides.layer.store.clone_from(&self.store);
    }
}

/// How to get there.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Target")]
pub struct ConnectionArgs {
    /// The address of the API, instead of the target's own
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
    /// Trust a host that a project's docferry.toml names
    #[arg(long, value_name = "HOST", hide_short_help = true)]
    pub trust_host: Vec<String>,
    /// Read the API key from a file instead of the target's variable
    #[arg(long, value_name = "FILE")]
    pub api_key_file: Option<PathBuf>,
    /// The workspace that requests name, such as wrkspc_01Ab, for a key that reaches several
    #[arg(long, value_name = "ID", value_parser = value::<WorkspaceId>, hide_short_help = true)]
    pub workspace_id: Option<WorkspaceId>,
    /// Trust the root certificates of a PEM file, too
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub ca_file: Option<PathBuf>,
    /// How long a connection may take [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = value::<Span>, hide_short_help = true)]
    pub connect_timeout: Option<Span>,
    /// How long every request may take besides the time for its size [default: 1m]
    #[arg(long, value_name = "TIME", value_parser = value::<Span>, hide_short_help = true)]
    pub request_timeout: Option<Span>,
}

impl ConnectionArgs {
    pub(super) fn lay(&self, overrides: &mut Overrides) {
        overrides.base_url.clone_from(&self.base_url);
        overrides.api_key_file.clone_from(&self.api_key_file);
        overrides.workspace_id.clone_from(&self.workspace_id);
        overrides.layer.ca_file = self.ca_file.clone().map(|path| Auto(Some(path)));
        overrides.layer.upload.connect_timeout = self.connect_timeout;
        overrides.layer.upload.request_timeout = self.request_timeout;
        overrides.layer.trusted_hosts = (!self.trust_host.is_empty()).then(|| Items(self.trust_host.clone()));
    }
}
