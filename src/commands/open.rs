//! Opens the target that the settings name. The one place where a dialect's target is chosen for the program.

use std::sync::Arc;

use super::CommandError;
use crate::config::Settings;
use crate::model::profile::Dialect;
use crate::store::Store;
use crate::targets::local::LocalTarget;
use crate::targets::{Target, TargetError, TargetErrorKind};

/// Opens the target.
///
/// # Errors
/// [`CommandError::Config`] if a remote target has no credential, [`CommandError::Store`] if the local store cannot
/// be used.
pub fn open_target(settings: &Settings) -> Result<Arc<dyn Target>, CommandError> {
    let target = &settings.target;
    match target.profile.dialect {
        Dialect::Local => {
            let store = Store::open(&settings.store)?;
            Ok(Arc::new(LocalTarget::new(target.profile.clone(), store)))
        }
        Dialect::Anthropic | Dialect::AnthropicBeta | Dialect::Qoder => {
            let _credential = target.require_credential()?;
            Err(CommandError::Target {
                target: target.name.clone(),
                source: TargetError::new(
                    TargetErrorKind::Unsupported,
                    "remote targets are not connected yet",
                ),
            })
        }
    }
}
