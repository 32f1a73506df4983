//! Finds and reads the files of the configuration. What they mean is decided elsewhere.
//!
//! A project's file is looked for no higher than the repository's root. Outside a repository only the folders below
//! the home directory are climbed, else somebody's file in `/tmp` would govern everything there.

use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::environment::Environment;
use super::error::ConfigError;
use super::login::{self, Login, LoginError};
use super::overrides::Overrides;

/// The name of a project's file.
const PROJECT_FILE: &str = "docferry.toml";

/// A file of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigText {
    /// Where it is.
    pub path: PathBuf,
    /// What it holds.
    pub text: String,
}

/// A file that holds a credential.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyFile {
    /// Where it is.
    pub path: PathBuf,
    /// What it holds.
    pub text: String,
    /// Whether others than its owner can read it.
    pub open_to_others: bool,
}

impl std::fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyFile").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The files that settings are made from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files {
    /// The user's own file.
    pub user: Option<ConfigText>,
    /// The file of the project that the working directory is in.
    pub project: Option<ConfigText>,
    /// The file that `--api-key-file` names.
    pub api_key: Option<KeyFile>,
    /// The login of the vendor's own command line tool. One that cannot be used matters only where it would serve.
    pub login: Option<Result<Login, LoginError>>,
    /// The user's own table of prices.
    pub prices: Option<ConfigText>,
}

impl Files {
    /// Reads the files that the flags and the environment lead to.
    ///
    /// # Errors
    /// [`ConfigError::Read`] if one that is named is missing, or one cannot be read.
    pub fn read(overrides: &Overrides, environment: &Environment) -> Result<Self, ConfigError> {
        let user = user_file(overrides, environment)?;
        let project = match project_file(environment) {
            Some(path) if user.as_ref().is_some_and(|user| is_same(&user.path, &path)) => None,
            Some(path) => read(&path)?,
            None => None,
        };
        let api_key = overrides.api_key_file.as_deref().map(read_key).transpose()?;
        let prices = prices_file(environment, user.as_ref());
        let prices = prices.as_deref().map(read_existing).transpose()?;
        Ok(Self { user, project, api_key, login: login::read(environment), prices })
    }
}

/// Finds out which table of prices the user wants, before settings are made of all that is said.
fn prices_file(environment: &Environment, user: Option<&ConfigText>) -> Option<PathBuf> {
    #[derive(Deserialize)]
    struct Prices {
        prices: Option<PathBuf>,
    }
    let variable = environment.var("DOCFERRY_PRICES").map(PathBuf::from);
    let of_user = || {
        let user = user?;
        // A file that is broken is told of when it is read as a whole.
        let named = toml::from_str::<Prices>(&user.text).ok()?.prices?;
        Some(user.path.parent().unwrap_or(&user.path).join(named))
    };
    variable.or_else(of_user).filter(|path| path.as_os_str() != "auto")
}

fn user_file(overrides: &Overrides, environment: &Environment) -> Result<Option<ConfigText>, ConfigError> {
    let named = overrides.config.clone().or_else(|| environment.var("DOCFERRY_CONFIG").map(PathBuf::from));
    if let Some(path) = named {
        // One that was named must be there.
        return read_existing(&path).map(Some);
    }
    let folder = match environment.var("XDG_CONFIG_HOME").map(Path::new) {
        Some(folder) if folder.is_absolute() => Some(folder.to_owned()),
        _ => environment.home.as_ref().map(|home| home.join(".config")),
    };
    folder.map_or(Ok(None), |folder| read(&folder.join("docferry/config.toml")))
}

fn project_file(environment: &Environment) -> Option<PathBuf> {
    let home = environment.home.as_deref();
    let folders: Vec<&Path> = environment.cwd.ancestors().collect();
    let top = folders
        .iter()
        .position(|folder| folder.join(".git").exists())
        .or_else(|| folders.iter().position(|folder| Some(*folder) == home))
        .unwrap_or(0);
    folders.get(..=top)?.iter().map(|folder| folder.join(PROJECT_FILE)).find(|path| path.is_file())
}

fn read(path: &Path) -> Result<Option<ConfigText>, ConfigError> {
    match read_existing(path) {
        Ok(file) => Ok(Some(file)),
        Err(ConfigError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn read_existing(path: &Path) -> Result<ConfigText, ConfigError> {
    let path = path.to_owned();
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(ConfigText { path, text }),
        Err(source) => Err(ConfigError::Read { path, source }),
    }
}

fn read_key(path: &Path) -> Result<KeyFile, ConfigError> {
    use std::os::unix::fs::PermissionsExt;
    let read = || -> io::Result<KeyFile> {
        let mode = std::fs::metadata(path)?.permissions().mode();
        let text = std::fs::read_to_string(path)?;
        Ok(KeyFile { path: path.to_owned(), text, open_to_others: mode & 0o077 != 0 })
    };
    read().map_err(|source| ConfigError::Read { path: path.to_owned(), source })
}

fn is_same(a: &Path, b: &Path) -> bool {
    let canonical = |path: &Path| std::fs::canonicalize(path).ok();
    canonical(a).is_some_and(|a| Some(a) == canonical(b))
}

/// Reads a file's text; what is wrong is told with its line.
pub(super) fn parse<T: DeserializeOwned>(file: &ConfigText) -> Result<T, ConfigError> {
    toml::from_str(&file.text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start.min(file.text.len()));
        let line = 1 + file.text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count();
        let message = error.message().trim_end().replace('\n', ", ");
        ConfigError::File { path: file.path.clone(), line, message }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(cwd: &Path, home: Option<&Path>) -> Environment {
        let mut environment = Environment::new(cwd, []);
        environment.home = home.map(Path::to_owned);
        environment
    }

    #[test]
    fn a_project_file_is_not_looked_for_above_the_repository() {
        let folder = tempfile::tempdir().unwrap();
        let (outer, inner) = (folder.path().join(PROJECT_FILE), folder.path().join("repo/a/b"));
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::write(&outer, "").unwrap();
        let home = Some(folder.path());
        assert_eq!(project_file(&environment(&inner, home)), Some(outer), "below the home directory");
        std::fs::create_dir(folder.path().join("repo/.git")).unwrap();
        assert_eq!(project_file(&environment(&inner, home)), None);
        let own = folder.path().join("repo/docferry.toml");
        std::fs::write(&own, "").unwrap();
        assert_eq!(project_file(&environment(&inner, None)), Some(own));
    }

    #[test]
    fn outside_of_repository_and_home_only_the_working_directory_counts() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a");
        std::fs::create_dir(&inner).unwrap();
        std::fs::write(folder.path().join(PROJECT_FILE), "").unwrap();
        assert_eq!(project_file(&environment(&inner, None)), None);
        assert!(project_file(&environment(folder.path(), None)).is_some());
    }

    #[test]
    fn a_file_named_by_the_user_must_be_there() {
        let folder = tempfile::tempdir().unwrap();
        let overrides = Overrides { config: Some(folder.path().join("none.toml")), ..Overrides::default() };
        let error = Files::read(&overrides, &environment(folder.path(), None)).unwrap_err();
        assert!(matches!(error, ConfigError::Read { .. }));
        let missing = Files::read(&Overrides::default(), &environment(folder.path(), Some(folder.path())));
        assert_eq!(missing.unwrap(), Files::default());
    }

    #[test]
    fn the_users_file_is_not_read_again_as_the_projects() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(PROJECT_FILE);
        std::fs::write(&path, "").unwrap();
        let overrides = Overrides { config: Some(path), ..Overrides::default() };
        let files = Files::read(&overrides, &environment(folder.path(), None)).unwrap();
        assert!(files.user.is_some() && files.project.is_none());
    }
}
