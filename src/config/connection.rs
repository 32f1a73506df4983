//! How a target is reached: where its API is, with which credential, in which workspace.

use url::Url;

use super::Stack;
use super::credential;
use super::environment::Environment;
use super::error::ConfigError;
use super::files::Files;
use super::layer::Origin;
use super::login::{self, Login};
use super::overrides::Overrides;
use super::settings::{Shown, TargetSettings};
use super::target::{self, Definitions, Resolved};
use super::value::Value;
use crate::model::profile::Dialect;
use crate::model::{Profile, WorkspaceId};

/// The header that names features of the API which a request needs, as a list.
const BETA_HEADER: &str = "anthropic-beta";

impl Stack {
    /// Makes the settings of the target.
    pub(super) fn target(
        &self,
        overrides: &Overrides,
        environment: &Environment,
        files: &Files,
    ) -> Result<TargetSettings, ConfigError> {
        let origin = self.origin("target");
        let resolved = target::find(&self.values.target, &origin, &self.definitions)?;
        let found = credential::login(&resolved.profile, files, environment);
        let login = found.and_then(|found| found.as_ref().ok());
        let base_url = target::base_url(&resolved, overrides.base_url.as_deref(), environment, login)?;
        if let Some((url, from)) = &base_url {
            credential::check_address(&resolved, url, from, &self.values.trusted_hosts, &self.definitions)?;
        }
        let workspace_id = workspace_id(&resolved, overrides, environment, login)?;
        let of_definition = resolved.definition.as_ref().and_then(|(d, _)| d.workspace_id.clone());
        let mut profile = resolved.profile;
        if let Some((id, origin)) = &workspace_id {
            let is_another = *origin == Origin::Flag && of_definition.as_ref() != Some(id);
            name_workspace(&mut profile, id, is_another);
        }
        let credential = match profile.dialect {
            Dialect::Local => None,
            _ => credential::find(&profile, files.api_key.as_ref(), environment, login)?,
        };
        if login.is_some() {
            add_beta(&mut profile, login::BETA);
        }
        let (base_url, base_url_origin) = base_url.map_or((None, Origin::Default), |(url, o)| (Some(url), o));
        Ok(TargetSettings {
            name: self.values.target.clone(),
            chosen: origin != Origin::Default,
            key_variables: credential::variables(&profile),
            profile,
            base_url,
            base_url_origin,
            credential,
            login_trouble: found.and_then(|found| found.as_ref().err().cloned()),
            workspace_id,
            ca_file: self.values.ca_file.0.clone(),
            proxy: credential::proxy(environment)?,
            connect_timeout: self.upload.connect_timeout.0,
            request_timeout: self.upload.request_timeout.0,
        })
    }
}

/// Finds the workspace that requests name: the flag, else the file that defines the target, else the login in use,
/// else the vendor's variable. The last two are in the order of the vendor's own clients.
fn workspace_id(
    resolved: &Resolved,
    overrides: &Overrides,
    environment: &Environment,
    login: Option<&Login>,
) -> Result<Option<(WorkspaceId, Origin)>, ConfigError> {
    let profile = &resolved.profile;
    if let Some(id) = &overrides.workspace_id {
        return match profile.workspace_id_header {
            Some(_) => Ok(Some((id.clone(), Origin::Flag))),
            None => Err(ConfigError::NoWorkspaceId { target: profile.name.clone() }),
        };
    }
    let defined = resolved.definition.as_ref();
    let defined = defined.and_then(|(d, origin)| Some((d.workspace_id.clone()?, origin.clone())));
    let of_login = || login.and_then(|login| Some((login.workspace_id.clone()?, login.origin())));
    if let Some(found) = defined.or_else(of_login) {
        return Ok(Some(found));
    }
    let variable = profile.workspace_id_env.as_deref();
    let Some((name, text)) = variable.and_then(|name| Some((name, environment.var(name)?))) else {
        return Ok(None);
    };
    let bad = |source| ConfigError::Variable { name: name.to_owned(), source };
    let id: WorkspaceId = Value::parse(text).map_err(bad)?;
    Ok(Some((id, Origin::Variable(name.to_owned()))))
}

/// Has every request name the workspace, and the ledger know it by its id, unless the file that defines the target gives
/// it a name. That name stays whatever the environment says, else a variable that is set one day would have everything
/// sent again; `is_another` says that a flag asks for another workspace than the file's.
fn name_workspace(profile: &mut Profile, id: &WorkspaceId, is_another: bool) {
    let Some(header) = profile.workspace_id_header.clone() else { return };
    profile.headers.retain(|name, _| !name.eq_ignore_ascii_case(&header));
    profile.headers.insert(header, id.to_string());
    if profile.workspace.is_none() || is_another {
        profile.workspace = Some(id.to_string());
    }
}

/// Says that the ledger does not know the workspace by the name that the target's definition gives, if that is so.
pub(super) fn renamed(target: &TargetSettings, definitions: &Definitions) -> Option<String> {
    let (definition, _) = definitions.get(&target.name)?;
    let (name, used) = (definition.workspace.as_ref()?, target.profile.workspace.as_ref()?);
    (name != used).then(|| {
        format!("the ledger knows this workspace as `{used}`: --workspace-id does not name `{name}`, that of the target")
    })
}

/// Has every request ask for one more feature.
fn add_beta(profile: &mut Profile, beta: &str) {
    let betas = profile.headers.entry(BETA_HEADER.to_owned()).or_default();
    if !betas.split(',').any(|known| known.trim() == beta) {
        let comma = if betas.is_empty() { "" } else { "," };
        betas.push_str(comma);
        betas.push_str(beta);
    }
}

/// Returns what people should see of it. A credential shows as `***`, a proxy as its host.
pub(super) fn show(target: &TargetSettings) -> Vec<Shown> {
    let Some(url) = &target.base_url else { return Vec::new() };
    let row = |key: &str, value: String, origin| Shown { key: key.to_owned(), value, origin };
    let mut shown = vec![row("base_url", url.to_string(), target.base_url_origin.clone())];
    shown.push(match &target.credential {
        Some(credential) => row("credential", "***".to_owned(), credential.origin.clone()),
        None => row("credential", "none".to_owned(), Origin::Default),
    });
    shown.extend(
        target.workspace_id.iter().map(|(id, origin)| row("workspace_id", id.to_string(), origin.clone())),
    );
    let proxy = target.proxy.https.as_ref().and_then(Url::host_str).zip(target.proxy.from.clone());
    shown.extend(proxy.map(|(host, from)| row("proxy", host.to_owned(), Origin::Variable(from))));
    shown
}

#[cfg(test)]
mod tests;
