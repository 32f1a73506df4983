//! What was said on the command line, without a command line: library callers and tests fill it, too.

use std::path::PathBuf;

use super::layer::Layer;
use crate::model::WorkspaceId;
use crate::targets::UploadExtra;

/// What overrides files and environment.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Settings that files know, too.
    pub layer: Layer,
    /// The user's configuration file instead of the usual one.
    pub config: Option<PathBuf>,
    /// Another target by whose rules files for the local store are judged.
    pub accept_as: Option<String>,
    /// Where the API is.
    pub base_url: Option<String>,
    /// A file that holds the credential.
    pub api_key_file: Option<PathBuf>,
    /// The workspace that requests name.
    pub workspace_id: Option<WorkspaceId>,
    /// Whether files are uploaded although they were before.
    pub force: bool,
    /// Whether sources are read although their size and time are those of the last run.
    pub rehash: bool,
    /// Manifests whose ids are taken over first.
    pub reuse_from: Vec<PathBuf>,
    /// What travels with each file.
    pub extra: UploadExtra,
}
