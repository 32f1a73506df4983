//! Settings: everything that a run needs to know, typed and judged. Nobody after this sees flags, files or variables.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;

use super::budgets::BudgetSettings;
use super::engine::EngineSettings;
use super::error::ConfigError;
use super::layer::Origin;
use super::login::LoginError;
use super::prune::PruneSettings;
use crate::model::{
    Consumer, ConvertMode, ConvertTo, Isolate, Misnamed, NameStyle, Profile, Secret, SecretsRule, Timestamp,
    WorkspaceId,
};
use crate::targets::UploadExtra;

/// Everything that a run needs to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where files go.
    pub target: TargetSettings,
    /// The profile whose rules judge files: the target's own, or that of `--as`.
    pub judge: Profile,
    /// What the platform will do with the files.
    pub consumer: Consumer,
    /// The folder of the local store.
    pub store: PathBuf,
    /// The manifest; `-` is standard output.
    pub manifest: PathBuf,
    /// Options of the converters.
    pub converter_options: docferry_converters::Options,
    /// Bounds of a conversion.
    pub limits: docferry_converters::Limits,
    /// The largest document that is converted, in bytes.
    pub max_convert_bytes: u64,
    /// The longest time of one conversion.
    pub convert_timeout: Duration,
    /// What documents become; see [`Settings::office`].
    pub to: ConvertTo,
    /// `soffice`, if it is there.
    pub soffice: Option<PathBuf>,
    /// Which converters run in a process of their own.
    pub isolate: Isolate,
    /// The memory that such a process may reserve, in bytes.
    pub worker_memory_bytes: u64,
    /// When documents are converted.
    pub convert_mode: ConvertMode,
    /// What happens to files that look like secrets.
    pub secrets: SecretsRule,
    /// Every credential that this process could use; none of them is ever part of what is sent.
    pub live_keys: Vec<Secret>,
    /// What happens to a file whose content is not what its name claims.
    pub misnamed: Misnamed,
    /// What the names that are sent are made of.
    pub name_style: NameStyle,
    /// What travels with each file; judged by the target's profile.
    pub extra: UploadExtra,
    /// What governs the upload engine.
    pub engine: EngineSettings,
    /// How much may be taken, and what estimates are made with.
    pub budgets: BudgetSettings,
    /// What is deleted at the target, and how much of it at once.
    pub prune: PruneSettings,
    /// What is found below a folder.
    pub discover: DiscoverSettings,
    /// Uploads at a time.
    pub concurrency: NonZeroUsize,
    /// Threads that read and convert.
    pub jobs: NonZeroUsize,
    /// Inputs of a batch.
    pub batch_files: u64,
    /// Bytes of a batch.
    pub batch_bytes: u64,
    /// Whether a run without any input is a success.
    pub allow_empty: bool,
    /// Whether a platform's credential is set although nobody chose a target.
    pub platform_key_present: bool,
    /// What the user should know, one line each.
    pub warnings: Vec<String>,
    /// Every key with its value and origin, for people.
    pub shown: Vec<Shown>,
}

impl Settings {
    /// Returns what makes PDFs, if somebody wants any.
    ///
    /// # Errors
    /// [`ConfigError::NoOffice`] if it is not there.
    pub fn office(&self) -> Result<Option<&Path>, ConfigError> {
        match self.to {
            ConvertTo::Text => Ok(None),
            ConvertTo::Pdf => self.soffice.as_deref().map(Some).ok_or(ConfigError::NoOffice),
        }
    }
}

/// Where files go, and how to get there.
#[derive(Debug, Clone)]
pub struct TargetSettings {
    /// The name.
    pub name: String,
    /// Whether somebody chose it, or it is the default.
    pub chosen: bool,
    /// Rules and facts.
    pub profile: Profile,
    /// Where the API is; `None` for the local store.
    pub base_url: Option<Url>,
    /// Who said where the API is.
    pub base_url_origin: Origin,
    /// The credential, if one is set; see [`TargetSettings::require_credential`].
    pub credential: Option<Credential>,
    /// Why there is no credential, where a login of the vendor's own tool is there and cannot be used.
    pub login_trouble: Option<LoginError>,
    /// The workspace that requests name, and who said so.
    pub workspace_id: Option<(WorkspaceId, Origin)>,
    /// The variables that were looked at for a credential, in order.
    pub key_variables: Vec<String>,
    /// A file of root certificates in PEM to trust besides the system's.
    pub ca_file: Option<PathBuf>,
    /// The proxy.
    pub proxy: ProxySettings,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long every request may take besides the time for its size.
    pub request_timeout: Duration,
}

impl TargetSettings {
    /// Returns the credential of a remote target.
    ///
    /// # Errors
    /// [`ConfigError::MissingKey`] if none is set, [`ConfigError::Login`] and [`ConfigError::ExpiredLogin`] if the
    /// login that would serve does not, at `now`.
    pub fn require_credential(&self, now: Timestamp) -> Result<&Credential, ConfigError> {
        let Some(credential) = &self.credential else {
            let missing = || ConfigError::MissingKey {
                target: self.name.clone(),
                variables: self.key_variables.clone(),
            };
            return Err(self.login_trouble.clone().map_or_else(missing, ConfigError::Login));
        };
        match &credential.term {
            Some(Term { expires_at: Some(expired_at), renewal }) if *expired_at <= now => {
                Err(ConfigError::ExpiredLogin {
                    from: credential.from.clone(),
                    expired_at: *expired_at,
                    renewal: renewal.clone(),
                })
            }
            _ => Ok(credential),
        }
    }
}

/// A credential and how it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// The credential.
    pub secret: Secret,
    /// Whether it is sent as a bearer token instead of an API key.
    pub bearer: bool,
    /// What holds it, for a message.
    pub from: String,
    /// What holds it.
    pub origin: Origin,
    /// How long a login lasts; `None` for keys and tokens that nobody wrote an end beside.
    pub term: Option<Term>,
}

/// How long a credential lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// When it ends, if that is known.
    pub expires_at: Option<Timestamp>,
    /// What makes a new one, for people.
    pub renewal: String,
}

/// How the network is reached.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ProxySettings {
    /// The proxy for https, which may hold a password.
    pub https: Option<Url>,
    /// The variable that names it.
    pub from: Option<String>,
    /// Hosts that are reached without it, as `NO_PROXY` writes them.
    pub no_proxy: Option<String>,
}

impl std::fmt::Debug for ProxySettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let host = self.https.as_ref().and_then(Url::host_str);
        f.debug_struct("ProxySettings").field("host", &host).field("no_proxy", &self.no_proxy).finish()
    }
}

/// What is found below a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DiscoverSettings {
    /// Whether names that begin with a dot are inputs.
    pub hidden: bool,
    /// Whether symbolic links inside a root are followed.
    pub follow: bool,
    /// Whether git's ignore files are read.
    pub gitignore: bool,
    /// Whether globs and ignore files hold for named files, too.
    pub force_exclude: bool,
    /// Globs one of which an input must match.
    pub include: Vec<String>,
    /// Globs that an input must not match.
    pub exclude: Vec<String>,
}

/// A key with its value and origin, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The key as in a configuration file.
    pub key: String,
    /// The value in force; credentials show as `***`.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
}
