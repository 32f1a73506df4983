//! Targets of the configuration, and the one decision about where a target's API is.
//!
//! A project's file is not the user's word: cloning a repository must not be able to send the user's key or
//! documents to a host of the repository's choice. See [`super::credential`] for what is sent there.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use url::{Host, Url};

use super::environment::Environment;
use super::error::ConfigError;
use super::layer::Origin;
use super::login::Login;
use super::value;
use crate::model::profile::{Dialect, ProfileLimits, is_name};
use crate::model::{Profile, WorkspaceId};
use crate::targets::profiles;

/// A target that a file adds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetDefinition {
    /// The built-in target whose rules and protocol it has.
    pub extends: String,
    /// One line for people.
    #[serde(default)]
    pub title: Option<String>,
    /// Where the API is.
    #[serde(default)]
    pub base_url: Option<String>,
    /// The variable that holds its API key, instead of the built-in ones.
    #[serde(default)]
    pub api_key_env: Option<String>,
    /// The variable that holds its bearer token, instead of the built-in ones.
    #[serde(default)]
    pub auth_token_env: Option<String>,
    /// Headers that every request carries besides the profile's, such as a gateway's tenant. Never credentials.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The workspace that its credentials belong to.
    #[serde(default)]
    pub workspace: Option<String>,
    /// The workspace that requests name, for credentials that reach several.
    #[serde(default, deserialize_with = "value::optional")]
    pub workspace_id: Option<WorkspaceId>,
    /// Whether others upload into the same workspace.
    #[serde(default)]
    pub shared_writers: Option<bool>,
    /// Bounds that differ.
    #[serde(default)]
    pub limits: DefinedLimits,
}

/// Bounds of a platform that differ from those of the target it extends.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DefinedLimits {
    /// The largest file, in bytes.
    pub max_file_bytes: Option<u64>,
    /// The largest upload request, in bytes.
    pub max_request_bytes: Option<u64>,
    /// The storage of a workspace, in bytes.
    pub max_workspace_bytes: Option<u64>,
    /// Calls a minute.
    pub requests_per_minute: Option<u32>,
    /// Files mounted in one session.
    pub max_session_files: Option<u32>,
}

impl DefinedLimits {
    fn apply(&self, limits: &mut ProfileLimits) {
        limits.max_file_bytes = self.max_file_bytes.unwrap_or(limits.max_file_bytes);
        limits.max_request_bytes = self.max_request_bytes.unwrap_or(limits.max_request_bytes);
        limits.max_workspace_bytes = self.max_workspace_bytes.or(limits.max_workspace_bytes);
        limits.requests_per_minute = self.requests_per_minute.or(limits.requests_per_minute);
        limits.max_session_files = self.max_session_files.or(limits.max_session_files);
    }

    /// Returns the first bound that is looser than what it extends: key, value, and what is allowed.
    fn first_loosened(&self, base: &ProfileLimits) -> Option<(&'static str, u64, u64)> {
        let looser = [
            ("max_file_bytes", self.max_file_bytes, Some(base.max_file_bytes)),
            ("max_request_bytes", self.max_request_bytes, Some(base.max_request_bytes)),
            ("max_workspace_bytes", self.max_workspace_bytes, base.max_workspace_bytes),
            (
                "requests_per_minute",
                self.requests_per_minute.map(u64::from),
                base.requests_per_minute.map(u64::from),
            ),
            (
                "max_session_files",
                self.max_session_files.map(u64::from),
                base.max_session_files.map(u64::from),
            ),
        ];
        looser.into_iter().find_map(|(key, value, allowed)| match (value, allowed) {
            (Some(value), Some(allowed)) if value > allowed => Some((key, value, allowed)),
            _ => None,
        })
    }
}

/// Headers that carry credentials, which come from variables or files of their own.
const CREDENTIAL_HEADERS: [&str; 4] = ["authorization", "proxy-authorization", "x-api-key", "cookie"];

/// The targets that the files define, by name.
pub(super) type Definitions = BTreeMap<String, (TargetDefinition, Origin)>;

/// A target before its address and credential are known.
#[derive(Debug)]
pub(super) struct Resolved {
    pub(super) profile: Profile,
    /// What a file says of it, and which one; `None` for a built-in target.
    pub(super) definition: Option<(TargetDefinition, Origin)>,
}

/// Returns the profile of a built-in target.
pub(super) fn built_in(name: &str) -> Option<Profile> {
    profiles::built_in(name)
}

/// Returns the names of the built-in targets.
pub(super) fn built_in_names() -> Vec<&'static str> {
    profiles::NAMES.to_vec()
}

/// Takes the targets that a file defines.
pub(super) fn define(
    known: &mut Definitions,
    targets: &BTreeMap<String, TargetDefinition>,
    path: &Path,
    origin: &Origin,
) -> Result<(), ConfigError> {
    for (name, definition) in targets {
        let (path, name) = (path.to_owned(), name.clone());
        if built_in(&name).is_some() {
            return Err(ConfigError::BuiltInTarget { path, name });
        }
        if known.contains_key(&name) {
            return Err(ConfigError::RedefinedTarget { path, name });
        }
        let Some(base) = built_in(&definition.extends) else {
            let (extends, known) = (definition.extends.clone(), built_in_names().join(", "));
            return Err(ConfigError::UnknownBase { path, name, extends, known });
        };
        let header = definition.headers.keys().find(|name| {
            matches!(origin, Origin::Project(_)) || CREDENTIAL_HEADERS.contains(&&*name.to_ascii_lowercase())
        });
        if let Some(header) = header {
            let key = format!("targets.{name}.headers.{header}");
            return Err(match origin {
                Origin::Project(_) => ConfigError::UserOnly { path, key },
                _ => ConfigError::KeyInFile { path, key },
            });
        }
        if let Some(workspace) = &definition.workspace {
            let key = format!("targets.{name}.workspace");
            // Ids of one workspace mean nothing in another: who names it decides what is used again.
            if matches!(origin, Origin::Project(_)) {
                return Err(ConfigError::UserOnly { path, key });
            }
            if !is_name(workspace) {
                return Err(ConfigError::BadWorkspace { path, key });
            }
        }
        if definition.workspace_id.is_some() {
            if matches!(origin, Origin::Project(_)) {
                return Err(ConfigError::UserOnly { path, key: format!("targets.{name}.workspace_id") });
            }
            if base.workspace_id_header.is_none() {
                return Err(ConfigError::NoWorkspaceId { target: name });
            }
        }
        let loosened = definition.limits.first_loosened(&base.limits);
        if let (Origin::Project(_), Some((key, value, allowed))) = (origin, loosened) {
            let key = format!("targets.{name}.limits.{key}");
            let (value, allowed) = (value.to_string(), allowed.to_string());
            return Err(ConfigError::Loosened { path, key, value, allowed });
        }
        known.insert(name, (definition.clone(), origin.clone()));
    }
    Ok(())
}

/// Finds a target by its name.
pub(super) fn find(name: &str, origin: &Origin, definitions: &Definitions) -> Result<Resolved, ConfigError> {
    if let Some(profile) = built_in(name) {
        return Ok(Resolved { profile, definition: None });
    }
    let defined = definitions.get(name);
    let base = defined.and_then(|(definition, _)| built_in(&definition.extends));
    let (Some((definition, from)), Some(mut profile)) = (defined, base) else {
        let known: Vec<_> =
            built_in_names().into_iter().chain(definitions.keys().map(String::as_str)).collect();
        return Err(ConfigError::UnknownTarget {
            name: name.to_owned(),
            origin: origin.clone(),
            known: known.join(", "),
        });
    };
    name.clone_into(&mut profile.name);
    if let Some(title) = &definition.title {
        profile.title.clone_from(title);
    }
    profile.workspace = definition.workspace.clone().or(profile.workspace);
    profile.shared_writers = definition.shared_writers.unwrap_or(profile.shared_writers);
    profile.headers.extend(definition.headers.clone());
    definition.limits.apply(&mut profile.limits);
    if definition.api_key_env.is_some() || definition.auth_token_env.is_some() {
        profile.api_key_env = definition.api_key_env.iter().cloned().collect();
        profile.auth_token_env = definition.auth_token_env.iter().cloned().collect();
        profile.vendor_login = false;
    }
    Ok(Resolved { profile, definition: Some((definition.clone(), from.clone())) })
}

/// A target as the configuration knows it, whether or not it is the one in use.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownTarget {
    /// Rules and facts.
    pub profile: Profile,
    /// Where the API is, unless a variable or flag says otherwise; `None` for a store on this machine.
    pub base_url: Option<String>,
    /// Who defines it.
    pub origin: Origin,
}

/// Finds a target for people to look at.
pub(super) fn known(
    name: &str,
    origin: &Origin,
    definitions: &Definitions,
) -> Result<KnownTarget, ConfigError> {
    let Resolved { profile, definition } = find(name, origin, definitions)?;
    let (defined, origin) = definition.map_or((None, Origin::Default), |(d, origin)| (d.base_url, origin));
    Ok(KnownTarget { base_url: defined.or_else(|| profile.base_url.clone()), profile, origin })
}

/// Decides where the API is: the flag, else the file that defines the target, else the vendor's variable, else the
/// login in use, else the profile. `None` for the local store.
pub(super) fn base_url(
    resolved: &Resolved,
    flag: Option<&str>,
    environment: &Environment,
    login: Option<&Login>,
) -> Result<Option<(Url, Origin)>, ConfigError> {
    let profile = &resolved.profile;
    let defined = resolved.definition.as_ref().and_then(|(d, origin)| Some((d.base_url.as_deref()?, origin)));
    if profile.dialect == Dialect::Local {
        return match (flag, defined) {
            (None, None) => Ok(None),
            _ => Err(ConfigError::NoBaseUrl { target: profile.name.clone() }),
        };
    }
    let variable = profile.base_url_env.as_deref();
    let (text, origin) = if let Some(flag) = flag {
        (flag, Origin::Flag)
    } else if let Some((url, origin)) = defined {
        (url, origin.clone())
    } else if let Some((name, url)) = variable.and_then(|name| Some((name, environment.var(name)?))) {
        (url, Origin::Variable(name.to_owned()))
    } else if let Some((login, url)) = login.and_then(|login| Some((login, login.base_url.as_deref()?))) {
        (url, login.origin())
    } else {
        (profile.base_url.as_deref().unwrap_or_default(), Origin::Default)
    };
    let url = parse_url(text, &origin)?;
    if let Some(sentence) = not_offered(profile, &url) {
        let url = format!("https://{}", url.host_str().unwrap_or_default());
        return Err(ConfigError::NotOffered { url, sentence });
    }
    Ok(Some((url, origin)))
}

/// Hosts of clouds that offer the models of a platform but not its files.
const CLOUDS: [(&str, &str); 2] = [("bedrock", ".amazonaws.com"), ("aiplatform", ".googleapis.com")];

/// Returns what the profile says of clouds if the address is at one that keeps no files.
fn not_offered(profile: &Profile, url: &Url) -> Option<String> {
    let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
    let is_cloud = |(service, end): &(&str, &str)| host.ends_with(end) && host.contains(service);
    CLOUDS.iter().find(|cloud| is_cloud(cloud))?;
    let fact = profile.facts.iter().find(|fact| fact.topic == "clouds");
    Some(fact.map_or_else(String::new, |fact| fact.text.trim_end_matches('.').to_owned()))
}

fn parse_url(text: &str, origin: &Origin) -> Result<Url, ConfigError> {
    let bad = |url: &str, reason: &str| ConfigError::BaseUrl {
        url: url.to_owned(),
        origin: origin.clone(),
        reason: reason.to_owned(),
    };
    // What does not parse may be a credential in the wrong place: it is not repeated.
    let url = Url::parse(text).map_err(|error| bad("…", &format!("is not a URL: {error}")))?;
    let shown = url.host_str().map_or("…".to_owned(), |host| format!("{}://{host}", url.scheme()));
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => return Err(bad(&shown, "would send credentials and documents unencrypted")),
        _ => return Err(bad(&shown, "is not an https URL")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad(&shown, "holds a credential"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(bad(&shown, "has a query or fragment"));
    }
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
