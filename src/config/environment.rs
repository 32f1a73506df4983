//! The surroundings of the process as a value, so that settings are a function and tests need no process.
//!
//! [`Environment::of_process`] is the only place that reads the environment. Variables that are not UTF-8 are left
//! out: no name or value that is read here can be one.

use std::collections::BTreeMap;
use std::io;
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// Variables, working directory, home directory, number of cores and user.
#[derive(Clone)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    /// The working directory.
    pub cwd: PathBuf,
    /// The user's home directory.
    pub home: Option<PathBuf>,
    /// The number of cores that may be used.
    pub cores: NonZeroUsize,
    /// The id of the user as whom this process acts.
    pub user: u32,
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Values may be credentials.
        f.debug_struct("Environment").field("cwd", &self.cwd).finish_non_exhaustive()
    }
}

impl Environment {
    /// Reads the surroundings of this process.
    ///
    /// # Errors
    /// The working directory is gone or cannot be seen.
    #[expect(clippy::disallowed_methods, reason = "the one reader of the environment")]
    pub fn of_process() -> io::Result<Self> {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Ok(Self {
            variables,
            cwd: std::env::current_dir()?,
            home: std::env::home_dir().filter(|home| home.is_absolute()),
            cores: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            user: rustix::process::geteuid().as_raw(),
        })
    }

    /// Makes an environment of the given variables, without a home directory and with one core, for the user as whom
    /// this process acts.
    pub fn new<'a>(cwd: impl Into<PathBuf>, variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self {
            variables: variables.into_iter().map(owned).collect(),
            cwd: cwd.into(),
            home: None,
            cores: NonZeroUsize::MIN,
            user: rustix::process::geteuid().as_raw(),
        }
    }

    /// Finds a program in the folders of `PATH`. Folders that are not absolute do not count: what stands where somebody
    /// works is not what they installed.
    #[must_use]
    pub fn program(&self, name: &str) -> Option<PathBuf> {
        let folders = std::env::split_paths(self.var("PATH")?);
        let is_program = |path: &PathBuf| {
            std::fs::metadata(path)
                .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
        };
        folders.filter(|folder| folder.is_absolute()).map(|folder| folder.join(name)).find(is_program)
    }

    /// Returns the value of a variable. An empty one counts as not set.
    #[must_use]
    pub fn var(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}
