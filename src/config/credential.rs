//! Which credential goes where: the rules of SECURITY.md.
//!
//! A credential goes only to the built-in profile's host, to the vendor's own variable, or to a host that the
//! user's configuration or a flag names. A base URL of a project's file needs both the user's trust in its host and
//! a variable of its own, even with `--api-key-file`: naming a host that the user trusts for one target must not
//! send the key of another there.

use url::Url;

use super::environment::Environment;
use super::error::ConfigError;
use super::files::{Files, KeyFile};
use super::layer::Origin;
use super::login::{Login, LoginError};
use super::settings::{Credential, ProxySettings};
use super::target::{Definitions, Resolved, TargetDefinition, built_in, built_in_names};
use super::value::Items;
use crate::model::{Profile, Secret};

/// Refuses an address of a project's file that the user has not agreed to.
pub(super) fn check_address(
    resolved: &Resolved,
    url: &Url,
    origin: &Origin,
    trusted: &Items,
    definitions: &Definitions,
) -> Result<(), ConfigError> {
    let (Origin::Project(path), Some((definition, _))) = (origin, &resolved.definition) else {
        return check_variables(resolved);
    };
    let target = resolved.profile.name.clone();
    let mut shared = built_in_variables();
    let of_user = definitions.values().filter(|(_, origin)| matches!(origin, Origin::User(_)));
    shared.extend(of_user.flat_map(|(definition, _)| defined_variables(definition)));
    let mut own = defined_variables(definition).peekable();
    if own.peek().is_none() || own.any(|name| shared.contains(&name)) {
        return Err(ConfigError::BorrowedKey { path: path.clone(), target });
    }
    let host = url.host_str().unwrap_or_default();
    let with_port = url.port().map(|port| format!("{host}:{port}"));
    let is_trusted = trusted.0.iter().any(|known| {
        known.eq_ignore_ascii_case(host) || with_port.as_ref().is_some_and(|h| h.eq_ignore_ascii_case(known))
    });
    if is_trusted {
        return Ok(());
    }
    Err(ConfigError::UntrustedHost {
        path: path.clone(),
        target,
        host: with_port.unwrap_or_else(|| host.to_owned()),
    })
}

/// Refuses that a project's file picks which secret of the environment goes to a host that is not the project's:
/// `api_key_env = "GITHUB_TOKEN"` would show it to the platform.
fn check_variables(resolved: &Resolved) -> Result<(), ConfigError> {
    let Some((definition, Origin::Project(path))) = &resolved.definition else {
        return Ok(());
    };
    let known = built_in_variables();
    match defined_variables(definition).find(|name| !known.contains(name)) {
        None => Ok(()),
        Some(variable) => Err(ConfigError::ForeignVariable {
            path: path.clone(),
            target: resolved.profile.name.clone(),
            variable,
        }),
    }
}

/// Finds the credential: a file that was named, else the profile's variables in their order, else the login.
pub(super) fn find(
    profile: &Profile,
    file: Option<&KeyFile>,
    environment: &Environment,
    login: Option<&Login>,
) -> Result<Option<Credential>, ConfigError> {
    if let Some(file) = file {
        let from = format!("`{}`", file.path.display());
        let secret = Secret::parse(&file.text).ok_or_else(|| ConfigError::BadKey { from: from.clone() })?;
        let (bearer, origin) = (profile.api_key_env.is_empty(), Origin::File(file.path.clone()));
        return sendable(Credential { secret, bearer, from, origin, term: None }).map(Some);
    }
    if let Some((name, secret, bearer)) = of_variables(profile, environment) {
        let (from, origin) = (name.to_owned(), Origin::Variable(name.to_owned()));
        return sendable(Credential { secret, bearer, from, origin, term: None }).map(Some);
    }
    login.map(|login| sendable(login.credential())).transpose()
}

/// Returns the first of the profile's variables that is set, and whether it holds a bearer token.
fn of_variables<'a>(profile: &'a Profile, environment: &Environment) -> Option<(&'a str, Secret, bool)> {
    let keys = profile.api_key_env.iter().map(|name| (name, false));
    let tokens = profile.auth_token_env.iter().map(|name| (name, true));
    keys.chain(tokens).find_map(|(name, bearer)| {
        let secret = environment.var(name).and_then(Secret::parse)?;
        Some((name.as_str(), secret, bearer))
    })
}

/// Returns the login of the vendor's own tool, if it would serve: where no file and no variable holds a credential.
pub(super) fn login<'a>(
    profile: &Profile,
    files: &'a Files,
    environment: &Environment,
) -> Option<&'a Result<Login, LoginError>> {
    let is_set = files.api_key.is_some() || of_variables(profile, environment).is_some();
    files.login.as_ref().filter(|_| profile.vendor_login && !is_set)
}

fn sendable(credential: Credential) -> Result<Credential, ConfigError> {
    match credential.secret.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(credential),
        false => Err(ConfigError::BadKey { from: credential.from }),
    }
}

/// Returns the variables that a profile looks at, in order.
pub(super) fn variables(profile: &Profile) -> Vec<String> {
    profile.api_key_env.iter().chain(&profile.auth_token_env).cloned().collect()
}

/// Returns the variables that a definition names.
pub(super) fn defined_variables(definition: &TargetDefinition) -> impl Iterator<Item = String> + use<> {
    let named = [&definition.api_key_env, &definition.auth_token_env];
    named.into_iter().flatten().cloned().collect::<Vec<_>>().into_iter()
}

/// Returns the variables of all built-in targets.
pub(super) fn built_in_variables() -> Vec<String> {
    let profiles = built_in_names().into_iter().filter_map(built_in);
    let mut all: Vec<_> = profiles.flat_map(|profile| variables(&profile)).collect();
    all.sort();
    all.dedup();
    all
}

/// Reads the proxy as other tools do: the lower-case name wins.
pub(super) fn proxy(environment: &Environment) -> Result<ProxySettings, ConfigError> {
    let either = |names: [&'static str; 2]| names.into_iter().find_map(|n| Some((n, environment.var(n)?)));
    let no_proxy = either(["no_proxy", "NO_PROXY"]).map(|(_, text)| text.to_owned());
    let Some((name, text)) = either(["https_proxy", "HTTPS_PROXY"]) else {
        return Ok(ProxySettings { no_proxy, ..ProxySettings::default() });
    };
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let url = url.ok_or_else(|| ConfigError::Proxy { name: name.to_owned() })?;
    Ok(ProxySettings { https: Some(url), from: Some(name.to_owned()), no_proxy })
}
