//! Opens the target that the settings name. The one place where a dialect's target is chosen for the program.

use std::sync::Arc;

use super::CommandError;
use crate::config::{Credential, Settings};
use crate::http::{Auth, Proxy, Timeouts};
use crate::model::Timestamp;
use crate::model::profile::Dialect;
use crate::store::Store;
use crate::targets::local::LocalTarget;
use crate::targets::{ConnectOptions, Target, TargetError, TargetErrorKind, connect};

/// Opens the target.
///
/// # Errors
/// [`CommandError::Config`] if a remote target has no credential that is still good, [`CommandError::Store`] if the local store cannot
/// be used.
pub fn open_target(settings: &Settings) -> Result<Arc<dyn Target>, CommandError> {
    let target = &settings.target;
    match target.profile.dialect {
        Dialect::Local => {
            let store = Store::open(&settings.store)?;
            Ok(Arc::new(LocalTarget::new(target.profile.clone(), store)))
        }
        Dialect::Anthropic | Dialect::AnthropicBeta | Dialect::Qoder => {
            let Credential { secret, bearer, .. } = target.require_credential(Timestamp::now())?.clone();
            let failed = |source| CommandError::Target { target: target.name.clone(), source };
            let no_address = || TargetError::new(TargetErrorKind::Unsupported, "the target has no base URL");
            let options = ConnectOptions {
                profile: target.profile.clone(),
                base_url: target.base_url.clone().ok_or_else(no_address).map_err(failed)?,
                auth: Some(if bearer { Auth::Bearer(secret) } else { Auth::ApiKey(secret) }),
                ca_file: target.ca_file.clone(),
                proxy: Proxy { https: target.proxy.https.clone(), bypass: target.proxy.no_proxy.clone() },
                timeouts: Timeouts {
                    connect: target.connect_timeout,
                    base: target.request_timeout,
                    ..Timeouts::default()
                },
            };
            connect(options).map(Arc::from).map_err(failed)
        }
    }
}
