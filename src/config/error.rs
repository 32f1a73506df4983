//! Why settings make no sense. All of it is the user's to mend and ends the run before anything is read or sent.

use std::path::PathBuf;

use super::layer::Origin;
use super::login::LoginError;
use super::value::{BadValue, Size};
use crate::model::prices::BadPrices;
use crate::model::{Consumer, Timestamp};

/// Settings that make no sense.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A file of the configuration cannot be read.
    #[error("`{}` cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file of the configuration is wrong.
    #[error("`{}` line {line}: {message}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong, with the allowed values.
        message: String,
    },
    /// A variable of the environment is wrong.
    #[error("the variable {name}")]
    Variable {
        /// The variable.
        name: String,
        /// What is wrong.
        source: BadValue,
    },
    /// A project's file says what only the user may say.
    #[error("`{}`: a project cannot set `{key}`", path.display())]
    UserOnly {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
    },
    /// A project's file would loosen a limit or policy.
    #[error("`{}`: a project can only tighten `{key}`: it says {value}, {allowed} is in force", path.display())]
    Loosened {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
        /// What the project says.
        value: String,
        /// What is in force without the project.
        allowed: String,
    },
    /// A configuration file holds a credential, or would.
    #[error("`{}`: `{key}` would keep a credential in a configuration file", path.display())]
    KeyInFile {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
    },
    /// A file defines a target under the name of a built-in one.
    #[error("`{}`: the target `{name}` is built in and cannot be redefined", path.display())]
    BuiltInTarget {
        /// The file.
        path: PathBuf,
        /// The target.
        name: String,
    },
    /// A name that stands for no workspace.
    #[error("`{}`: `{key}` is empty, too long or holds control characters", path.display())]
    BadWorkspace {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
    },
    /// A project's file defines a target that the user's file defines.
    #[error("`{}`: the target `{name}` is the user's and cannot be redefined by a project", path.display())]
    RedefinedTarget {
        /// The file.
        path: PathBuf,
        /// The target.
        name: String,
    },
    /// A target extends something that is not built in.
    #[error("`{}`: the target `{name}` extends `{extends}`, which is not one of {known}", path.display())]
    UnknownBase {
        /// The file.
        path: PathBuf,
        /// The target.
        name: String,
        /// What it extends.
        extends: String,
        /// What can be extended.
        known: String,
    },
    /// A target that nobody defines.
    #[error("unknown target `{name}` ({origin}); known are {known}")]
    UnknownTarget {
        /// The target.
        name: String,
        /// Who named it.
        origin: Origin,
        /// The targets that are known.
        known: String,
    },
    /// The target does not serve the consumer.
    #[error("the target `{target}` has no consumer `{consumer}`, only {served}")]
    ConsumerNotServed {
        /// The target.
        target: String,
        /// The consumer.
        consumer: Consumer,
        /// The consumers it serves.
        served: String,
    },
    /// A base URL that cannot be used.
    #[error("the base URL `{url}` ({origin}) {reason}")]
    BaseUrl {
        /// The URL, without credentials.
        url: String,
        /// Who named it.
        origin: Origin,
        /// What is wrong with it.
        reason: String,
    },
    /// A base URL of a cloud that does not offer the API.
    #[error("there is no Files API at `{url}`: {sentence}")]
    NotOffered {
        /// The URL.
        url: String,
        /// What the profile says of clouds.
        sentence: String,
    },
    /// A base URL for a target that has none.
    #[error("the target `{target}` is on this machine and takes no base URL")]
    NoBaseUrl {
        /// The target.
        target: String,
    },
    /// A project's base URL leads to a host that the user does not trust.
    #[error("`{}`: the target `{target}` leads to `{host}`, which the user's configuration does not trust", path.display())]
    UntrustedHost {
        /// The project's file.
        path: PathBuf,
        /// The target.
        target: String,
        /// The host.
        host: String,
    },
    /// A project picks a variable for a host that is not its own.
    #[error("`{}`: the target `{target}` may not send `{variable}` to a platform's own host", path.display())]
    ForeignVariable {
        /// The project's file.
        path: PathBuf,
        /// The target.
        target: String,
        /// The variable.
        variable: String,
    },
    /// A project's base URL comes without a credential of its own.
    #[error("`{}`: the target `{target}` has a base URL and needs a credential of its own", path.display())]
    BorrowedKey {
        /// The project's file.
        path: PathBuf,
        /// The target.
        target: String,
    },
    /// A worker could not even start.
    #[error("`limits.worker_memory` is {memory} ({origin}), a worker needs {needed} to start")]
    WorkerMemory {
        /// The memory that it may reserve.
        memory: Size,
        /// What it needs.
        needed: Size,
        /// Who said it.
        origin: Origin,
    },
    /// Settings of pruning contradict each other.
    #[error("{what}")]
    Prune {
        /// What they must be.
        what: &'static str,
    },
    /// Nothing on this machine makes PDFs.
    #[error("--to pdf needs LibreOffice, and there is no `soffice` in the folders of PATH")]
    NoOffice,
    /// There is no credential for a remote target.
    #[error("the target `{target}` needs an API key, and none is set")]
    MissingKey {
        /// The target.
        target: String,
        /// The variables that could hold one.
        variables: Vec<String>,
    },
    /// The login of the vendor's own command line tool cannot be used.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// The token of a login is no longer good.
    #[error("the token of {from} was good until {expired_at}")]
    ExpiredLogin {
        /// The login.
        from: String,
        /// When it ended.
        expired_at: Timestamp,
        /// What makes a new one.
        renewal: String,
    },
    /// A workspace is named to a target whose requests name none.
    #[error("requests to the target `{target}` name no workspace")]
    NoWorkspaceId {
        /// The target.
        target: String,
    },
    /// A credential that no header can carry.
    #[error("the credential of {from} is not one line of visible ASCII characters")]
    BadKey {
        /// Where it was read.
        from: String,
    },
    /// A table of prices that makes no sense.
    #[error("the prices of `{}`", path.display())]
    Prices {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: BadPrices,
    },
    /// A model that has no price.
    #[error("there is no price for the model `{model}` in the table of {date}; known are {known}")]
    UnknownModel {
        /// The model.
        model: String,
        /// When the table was made.
        date: String,
        /// The models that have one.
        known: String,
    },
    /// A budget of cost without a model.
    #[error("a budget of cost needs a model: each has its own price")]
    NoModel,
    /// Nobody knows where the state is kept.
    #[error("there is no folder for the state: no home directory is known")]
    NoStateDir,
    /// A proxy that cannot be used.
    #[error("the proxy of the variable {name} is not an http or https URL")]
    Proxy {
        /// The variable.
        name: String,
    },
    /// `--as` for a target that has its own rules.
    #[error("--as judges by the rules of another target and needs the target `local`, not `{target}`")]
    AcceptAs {
        /// The target.
        target: String,
    },
}

impl ConfigError {
    /// Returns what the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Loosened { .. } | Self::UserOnly { .. } => {
                "set it in your own configuration, by a variable or by a flag".to_owned()
            }
            Self::BuiltInTarget { name, .. } => {
                format!("choose another name and say extends = \"{name}\"")
            }
            Self::KeyInFile { .. } => "name a variable with api_key_env or auth_token_env".to_owned(),
            Self::RedefinedTarget { .. } => "choose another name".to_owned(),
            Self::UnknownTarget { .. } => {
                "`docferry targets` lists them; [targets.NAME] in your configuration adds one".to_owned()
            }
            Self::BaseUrl { .. } => "use the https address of the API, without a path of a single call".to_owned(),
            Self::UntrustedHost { host, .. } => format!(
                "if you trust it, say --trust-host {host} or add it to trusted_hosts in your own configuration"
            ),
            Self::ForeignVariable { .. } => "leave the variable out; the platform's own hold".to_owned(),
            Self::BorrowedKey { .. } => {
                "name a variable of its own with api_key_env or auth_token_env; the built-in ones do not count".to_owned()
            }
            Self::MissingKey { variables, .. } => {
                format!("set {}, or name a file with --api-key-file", variables.join(" or "))
            }
            Self::Login(error) => return error.hint(),
            Self::ExpiredLogin { renewal, .. } => renewal.clone(),
            Self::NoWorkspaceId { .. } => "leave out workspace_id and --workspace-id".to_owned(),
            Self::NoOffice => "install LibreOffice, or put the folder of its `soffice` on PATH".to_owned(),
            Self::NoStateDir => "name one with --state-dir or DOCFERRY_STATE_DIR".to_owned(),
            Self::UnknownModel { .. } => "name a table that has it with `prices` in your own configuration".to_owned(),
            Self::NoModel => "name one with --model".to_owned(),
            Self::ConsumerNotServed { .. } => "choose one with --for".to_owned(),
            Self::Read { .. }
            | Self::File { .. }
            | Self::Variable { .. }
            | Self::UnknownBase { .. }
            | Self::NotOffered { .. }
            | Self::NoBaseUrl { .. }
            | Self::BadKey { .. }
            | Self::BadWorkspace { .. }
            | Self::Prices { .. }
            | Self::WorkerMemory { .. }
            | Self::Prune { .. }
            | Self::Proxy { .. }
            | Self::AcceptAs { .. } => return None,
        };
        Some(hint)
    }
}
