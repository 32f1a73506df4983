//! Why a command did not do its work. Whose fault it is decides the exit status.

use std::io;
use std::path::PathBuf;

use crate::cli::UsageError;
use crate::config::ConfigError;
use crate::exit::ExitStatus;
use crate::ledger::{ImportError, LedgerError};
use crate::pipeline::{BuildError, RunError};
use crate::stages::manifest::beside;
use crate::stages::upload::IdentityError;
use crate::store::StoreError;
use crate::targets::{TargetError, TargetErrorKind};

/// Why a command did not do its work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// What was typed makes no sense.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// The settings make no sense.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The description of a run makes no sense.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The run could not go on.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The target failed.
    #[error("the target `{target}`")]
    Target {
        /// Its name.
        target: String,
        /// What happened.
        source: TargetError,
    },
    /// The local store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The ledger cannot be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The plan is over budget; nothing was sent.
    #[error("{plan}")]
    Budget {
        /// What it comes to.
        plan: String,
        /// How to go on.
        hint: String,
    },
    /// Something cannot be taken into the ledger.
    #[error("`{}`", path.display())]
    Import {
        /// What it is.
        path: PathBuf,
        /// Why.
        source: ImportError,
    },
    /// The server cannot run.
    #[cfg(feature = "server")]
    #[error(transparent)]
    Server(#[from] crate::server::ServerError),
    /// A file that the user named cannot be used.
    #[error("`{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The user wants to stop.
    #[error("interrupted")]
    Interrupted,
    /// Standard output is gone or full.
    #[error("standard output")]
    Stdout(#[source] io::Error),
    /// The process cannot be set up.
    #[error("the process cannot be set up")]
    Process(#[source] io::Error),
}

impl CommandError {
    /// Tells whether somebody stopped reading what is printed, which is no failure.
    #[must_use]
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Stdout(source) if source.kind() == io::ErrorKind::BrokenPipe)
    }

    /// Returns what the process exits with.
    #[must_use]
    pub fn status(&self) -> ExitStatus {
        match self {
            Self::Budget { .. } => ExitStatus::Budget,
            Self::Interrupted => ExitStatus::Interrupted,
            // As if the target had refused the token: nothing is wrong with what was said.
            Self::Config(ConfigError::ExpiredLogin { .. }) => ExitStatus::Stopped,
            Self::Usage(_) | Self::Config(_) | Self::Build(_) => ExitStatus::Usage,
            Self::Run(
                RunError::Discover(_)
                | RunError::ManifestPlace { .. }
                | RunError::OutputDir { .. }
                | RunError::OutputDirIsInput { .. }
                | RunError::Identity(IdentityError::Mixed { .. }),
            ) => ExitStatus::Usage,
            Self::Run(RunError::Identity(IdentityError::Target(error))) => of_target(error.kind),
            Self::Ledger(error)
            | Self::Run(RunError::Ledger(error) | RunError::Identity(IdentityError::Ledger(error))) => {
                of_ledger(error)
            }
            Self::Run(_) | Self::Store(_) | Self::Stdout(_) | Self::Process(_) => ExitStatus::Unfinished,
            Self::File { .. } => ExitStatus::Usage,
            Self::Import { source: ImportError::Ledger(error), .. } => of_ledger(error),
            Self::Import { .. } => ExitStatus::Usage,
            #[cfg(feature = "server")]
            Self::Server(_) => ExitStatus::Usage,
            Self::Target { source, .. } => of_target(source.kind),
        }
    }

    /// Returns what the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Budget { hint, .. } => Some(hint.clone()),
            Self::Usage(error) => error.hint.clone(),
            Self::Config(error) => error.hint(),
            Self::Run(error) => of_run(error),
            Self::Store(_) => Some("choose another folder with --store".to_owned()),
            Self::Ledger(error) | Self::Import { source: ImportError::Ledger(error), .. } => error.hint(),
            Self::Import { source: ImportError::NoScope { .. }, .. } => {
                Some(
                    "say it with --target NAME, --target-id ID and --workspace NAME; `docferry ledger show` lists the last two"
                        .to_owned(),
                )
            }
            _ => None,
        }
    }
}

/// Returns the status of a command that the ledger ended: 2 where the user has to choose another one.
fn of_ledger(error: &LedgerError) -> ExitStatus {
    match error {
        LedgerError::NotWritable { .. }
        | LedgerError::Foreign { .. }
        | LedgerError::Newer { .. }
        | LedgerError::Corrupt { .. } => ExitStatus::Usage,
        LedgerError::DuplicateId { .. } => ExitStatus::Stopped,
        _ => ExitStatus::Unfinished,
    }
}

/// Returns what the user can do where a run could not go on.
fn of_run(error: &RunError) -> Option<String> {
    Some(match error {
        RunError::ManifestPlace { .. } => "choose another file with -o; `-o -` is standard output".to_owned(),
        RunError::ManifestBusy { .. } => "wait for it, or write this one elsewhere with -o FILE".to_owned(),
        RunError::Manifest { path, .. } => {
            format!("make room; what was done is in `{}`", beside(path, ".partial").display())
        }
        RunError::Unrecorded { source, .. } => return of_run(source),
        RunError::OutputDir { .. } | RunError::OutputDirIsInput { .. } => {
            "choose another folder with --output-dir".to_owned()
        }
        RunError::Temporary(_) => "choose another folder with TMPDIR".to_owned(),
        RunError::Identity(IdentityError::Mixed { .. }) => {
            "name the workspace in the target's profile, or choose another --state-dir".to_owned()
        }
        RunError::Discover(_)
        | RunError::Flush(_)
        | RunError::Threads(_)
        | RunError::Ledger(_)
        | RunError::Identity(_) => return None,
    })
}

/// Returns the status of a command that a target's answer ended.
fn of_target(kind: TargetErrorKind) -> ExitStatus {
    match kind {
        TargetErrorKind::Quota | TargetErrorKind::Unauthenticated | TargetErrorKind::Forbidden => {
            ExitStatus::Stopped
        }
        TargetErrorKind::Connect
        | TargetErrorKind::BrokenBeforeEnd
        | TargetErrorKind::BrokenAfterEnd
        | TargetErrorKind::RateLimited
        | TargetErrorKind::ServerFault
        | TargetErrorKind::Storage => ExitStatus::Unfinished,
        TargetErrorKind::Tls
        | TargetErrorKind::NotFound
        | TargetErrorKind::Refused
        | TargetErrorKind::TooLarge
        | TargetErrorKind::Redirect
        | TargetErrorKind::NotDownloadable
        | TargetErrorKind::Protocol
        | TargetErrorKind::Body
        | TargetErrorKind::Unsupported => ExitStatus::Findings,
    }
}
