//! The login that the vendor's own command line tool keeps on this machine, read as the vendor's client libraries do.
//!
//! `active_config` names a profile in one line, `configs/NAME.json` describes it, `credentials/NAME.json` holds its
//! token. Nothing is written and no token is renewed: a refresh token is good for one use, and who uses it has to keep
//! the next one for all others. What a file holds is in no error.
//!
//! Sources: platform.claude.com docs, manage-claude/wif-reference, read 2026-08-22; `lib/credentials` of PyPI
//! `anthropic` 2.11.0.

mod file;

use std::io;
use std::path::{Path, PathBuf};

use file::{check_folder, parse, unreadable};
use serde::Deserialize;

use super::environment::Environment;
use super::layer::Origin;
use super::settings::{Credential, Term};
use crate::model::{Secret, Timestamp, WorkspaceId};

/// What requests with such a token must ask for.
pub(super) const BETA: &str = "oauth-2025-04-20";

/// The folder, below the home directory.
const FOLDER: &str = ".config/anthropic";
const FOLDER_VARIABLE: &str = "ANTHROPIC_CONFIG_DIR";
const PROFILE_VARIABLE: &str = "ANTHROPIC_PROFILE";
/// Where nothing names a profile.
const DEFAULT_PROFILE: &str = "default";
const MAX_NAME_BYTES: usize = 128;

/// A login that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The name of its profile.
    pub profile: String,
    /// The folder that holds it.
    pub folder: PathBuf,
    /// The file of its token.
    pub token_path: PathBuf,
    /// Whether others than its owner can read that file.
    pub open_to_others: bool,
    /// Where its API is, if the profile says so.
    pub base_url: Option<String>,
    /// The workspace that requests name, if the profile says so.
    pub workspace_id: Option<WorkspaceId>,
    token: Secret,
    refresh_token: Option<Secret>,
    expires_at: Option<Timestamp>,
    kind: Kind,
}

/// How a profile comes by its tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Somebody logged in.
    User,
    /// A token of another issuer is exchanged.
    Federation,
}

/// Why a login cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoginError {
    /// What names a profile names none.
    #[error("{said_by} names no profile: names are of letters, digits, blanks and . _ - + @, no paths")]
    Name {
        /// The variable or file.
        said_by: String,
    },
    /// A file cannot be read.
    #[error("`{}` cannot be read: {why}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A file is not what it should be.
    #[error("`{}` {what}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it; never what it holds.
        what: String,
    },
    /// Others can write a file or folder that decides who gets documents.
    #[error("`{}` can be written by others than you", path.display())]
    Writable {
        /// The file or folder.
        path: PathBuf,
    },
    /// Such a file or folder belongs to another user, who can change it at any time.
    #[error("`{}` belongs to another user", path.display())]
    Owner {
        /// The file or folder.
        path: PathBuf,
    },
    /// A login by workload identity is asked for.
    #[error("{asked_by} asks for a login by workload identity federation, which docferry does not do")]
    Federation {
        /// The variables or the profile.
        asked_by: String,
    },
}

impl LoginError {
    /// Returns what the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Name { .. } | Self::Malformed { .. } | Self::Read { .. } => {
                Some("set ANTHROPIC_API_KEY, or log in again with the vendor's own tool".to_owned())
            }
            Self::Writable { path } => Some(format!("chmod go-w {}", path.display())),
            Self::Owner { .. } => {
                Some("run docferry as that user, log in as yourself, or set ANTHROPIC_API_KEY".to_owned())
            }
            Self::Federation { .. } => Some(
                "let a client of the vendor get the token, and hand it over in ANTHROPIC_AUTH_TOKEN"
                    .to_owned(),
            ),
        }
    }
}

impl Login {
    /// Returns where it is, for people.
    pub(super) fn origin(&self) -> Origin {
        Origin::Login { profile: self.profile.clone(), folder: self.folder.clone() }
    }

    /// Returns the credential, however old it is.
    pub(super) fn credential(&self) -> Credential {
        let renewal = match self.kind {
            Kind::User => format!("`ant auth login --profile {}` logs in again", self.profile),
            Kind::Federation => "a client of the vendor gets a new one; docferry does not".to_owned(),
        };
        Credential {
            secret: self.token.clone(),
            bearer: true,
            from: format!("the profile `{}` in `{}`", self.profile, self.folder.display()),
            origin: self.origin(),
            term: Some(Term { expires_at: self.expires_at, renewal }),
        }
    }

    /// Returns everything that must not leave inside a document.
    pub(super) fn secrets(&self) -> Vec<Secret> {
        std::iter::once(&self.token).chain(&self.refresh_token).cloned().collect()
    }
}

/// `configs/NAME.json`, as far as it matters.
#[derive(Deserialize)]
struct Profile {
    #[serde(default)]
    version: Option<String>,
    authentication: Authentication,
    #[serde(default)]
    workspace_id: Option<String>,
    #[serde(default)]
    base_url: Option<String>,
}

#[derive(Deserialize)]
struct Authentication {
    r#type: String,
    #[serde(default)]
    credentials_path: Option<PathBuf>,
}

/// `credentials/NAME.json`.
#[derive(Deserialize)]
struct Tokens {
    #[serde(default)]
    r#type: Option<String>,
    #[serde(default)]
    access_token: Option<String>,
    #[serde(default)]
    refresh_token: Option<String>,
    #[serde(default)]
    expires_at: Option<serde_json::Value>,
}

/// Reads the login that the vendor's own clients would take, if there is one.
pub(super) fn read(environment: &Environment) -> Option<Result<Login, LoginError>> {
    find(environment).transpose()
}

fn find(environment: &Environment) -> Result<Option<Login>, LoginError> {
    let named = environment.var(PROFILE_VARIABLE);
    if named.is_none() && is_federated(environment) {
        let asked_by = "ANTHROPIC_FEDERATION_RULE_ID".to_owned();
        return Err(LoginError::Federation { asked_by });
    }
    let chosen = environment.var(FOLDER_VARIABLE).map(|folder| environment.cwd.join(folder));
    let folder = chosen.clone().or_else(|| environment.home.as_ref().map(|home| home.join(FOLDER)));
    let Some(folder) = folder else { return Ok(None) };
    let pointer = folder.join("active_config");
    let (name, said_by) = match named {
        Some(name) => (Some(name.to_owned()), format!("the variable {PROFILE_VARIABLE}")),
        None => {
            let line = file::read(&pointer, true, environment.user)?;
            let line = line.map(|read| read.text.trim().to_owned());
            (line.filter(|line| !line.is_empty()), format!("`{}`", pointer.display()))
        }
    };
    if name.as_ref().is_some_and(|name| !is_profile_name(name)) {
        return Err(LoginError::Name { said_by });
    }
    let is_chosen = chosen.is_some() || name.is_some();
    let name = name.unwrap_or_else(|| DEFAULT_PROFILE.to_owned());
    let path = folder.join("configs").join(format!("{name}.json"));
    match file::read(&path, true, environment.user)? {
        Some(read) => of_profile(&folder, name, (&path, &read.text), environment).map(Some),
        None if is_chosen => Err(unreadable(&path, &io::Error::from(io::ErrorKind::NotFound))),
        None => Ok(None),
    }
}

/// Tells whether variables ask for a login by workload identity, which the vendor's clients prefer to the active profile.
fn is_federated(environment: &Environment) -> bool {
    let is_set = |name: &str| environment.var(name).is_some();
    is_set("ANTHROPIC_FEDERATION_RULE_ID")
        && is_set("ANTHROPIC_ORGANIZATION_ID")
        && (is_set("ANTHROPIC_IDENTITY_TOKEN") || is_set("ANTHROPIC_IDENTITY_TOKEN_FILE"))
}

/// Tells whether a name is one file name, and no hidden one. The vendor takes more; a name is shown, and what is no name
/// may be anything.
fn is_profile_name(name: &str) -> bool {
    let is_usual = |c: char| c.is_alphanumeric() || "._-+@ ".contains(c);
    name.len() <= MAX_NAME_BYTES
        && name == name.trim()
        && !name.starts_with('.')
        && name.chars().all(is_usual)
}

fn of_profile(
    folder: &Path,
    name: String,
    (path, text): (&Path, &str),
    environment: &Environment,
) -> Result<Login, LoginError> {
    let malformed = |what: &str| LoginError::Malformed { path: path.to_owned(), what: what.to_owned() };
    for folder in [folder.to_owned(), folder.join("configs"), folder.join("credentials")] {
        check_folder(&folder, environment.user)?;
    }
    let profile: Profile = parse(path, text)?;
    if profile.version.is_some_and(|version| version != "1" && !version.starts_with("1.")) {
        return Err(malformed("is of a version that docferry does not know"));
    }
    let kind = match &*profile.authentication.r#type {
        "user_oauth" => Kind::User,
        "oidc_federation" => Kind::Federation,
        _ => return Err(malformed("has an authentication.type that docferry does not know")),
    };
    // A token of federation belongs to its workspace; the vendor's clients name none then.
    let workspace_id = profile.workspace_id.filter(|id| !id.is_empty() && kind == Kind::User);
    let workspace_id = workspace_id.map(|id| id.parse()).transpose();
    let workspace_id = workspace_id.map_err(|_| malformed("has a workspace_id that is none"))?;
    let base_url = profile.base_url.filter(|url| !url.is_empty());
    let token_path = match profile.authentication.credentials_path {
        None => folder.join("credentials").join(format!("{name}.json")),
        Some(other) => at_home(&other, environment)
            .ok_or_else(|| malformed("has an authentication.credentials_path that is not absolute"))?,
    };
    let (tokens, mode) = match file::read(&token_path, false, environment.user)? {
        Some(read) => (parse::<Tokens>(&token_path, &read.text)?, read.mode),
        None if kind == Kind::Federation => return Err(federation(&name)),
        None => return Err(unreadable(&token_path, &io::Error::from(io::ErrorKind::NotFound))),
    };
    let (token, expires_at) = token(&token_path, &tokens)?;
    if kind == Kind::Federation && expires_at.is_none() {
        return Err(federation(&name));
    }
    Ok(Login {
        profile: name,
        folder: folder.to_owned(),
        token_path,
        open_to_others: mode & 0o077 != 0,
        base_url,
        workspace_id,
        token,
        refresh_token: tokens.refresh_token.as_deref().and_then(Secret::parse),
        expires_at,
        kind,
    })
}

fn federation(profile: &str) -> LoginError {
    LoginError::Federation { asked_by: format!("the profile `{profile}`") }
}

/// Returns the token and its end, in seconds since 1970, as a number or as its digits.
fn token(path: &Path, tokens: &Tokens) -> Result<(Secret, Option<Timestamp>), LoginError> {
    let malformed = |what: &str| LoginError::Malformed { path: path.to_owned(), what: what.to_owned() };
    if tokens.r#type.as_ref().is_some_and(|kind| kind != "oauth_token") {
        return Err(malformed("has a type that docferry does not know"));
    }
    let token = tokens.access_token.as_deref().and_then(Secret::parse);
    let token = token.ok_or_else(|| malformed("holds no access_token"))?;
    let Some(value) = tokens.expires_at.as_ref().filter(|value| !value.is_null()) else {
        return Ok((token, None));
    };
    // The vendor's clients cut a fraction, too.
    let cut = |seconds: f64| format!("{:.0}", seconds.trunc()).parse().ok();
    let whole = value.as_i64().or_else(|| value.as_f64().and_then(cut));
    let seconds = whole.or_else(|| value.as_str()?.trim().parse().ok());
    let micros = seconds.and_then(|seconds| seconds.checked_mul(1_000_000));
    let micros = micros.ok_or_else(|| malformed("has an expires_at that is no time in seconds"))?;
    Ok((token, Some(Timestamp::from_unix_micros(micros))))
}

/// Returns an absolute path; `~` is the home directory.
fn at_home(path: &Path, environment: &Environment) -> Option<PathBuf> {
    match path.strip_prefix("~") {
        Ok(rest) => environment.home.as_ref().map(|home| home.join(rest)),
        Err(_) => path.is_absolute().then(|| path.to_owned()),
    }
}

#[cfg(test)]
mod tests;
