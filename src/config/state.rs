//! Where docferry keeps what it must not forget between runs.

use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::error::ConfigError;

/// The folder below the system's folder for state.
const FOLDER: &str = "docferry";

/// Returns the folder of the state: the one that was named, else `DOCFERRY_STATE_DIR`, else `docferry` below
/// `XDG_STATE_HOME` or `~/.local/state`. Nothing is made or looked at.
///
/// # Errors
/// [`ConfigError::NoStateDir`] if none of them is known.
pub fn state_dir(environment: &Environment, named: Option<&Path>) -> Result<PathBuf, ConfigError> {
    let chosen = named.or_else(|| environment.var("DOCFERRY_STATE_DIR").map(Path::new));
    if let Some(path) = chosen {
        return Ok(environment.cwd.join(path));
    }
    // A relative path is to be ignored (XDG Base Directory Specification 0.8).
    let system = environment.var("XDG_STATE_HOME").map(Path::new).filter(|path| path.is_absolute());
    let system = system.map(Path::to_owned);
    let home = || environment.home.as_ref().map(|home| home.join(".local/state"));
    system.or_else(home).map(|folder| folder.join(FOLDER)).ok_or(ConfigError::NoStateDir)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(
        variables: &[(&'static str, &'static str)],
        home: Option<&str>,
        named: Option<&str>,
    ) -> Option<String> {
        let mut environment = Environment::new("/here", variables.iter().copied());
        environment.home = home.map(PathBuf::from);
        let found = state_dir(&environment, named.map(Path::new)).ok();
        found.map(|path| path.display().to_string())
    }

    #[test]
    fn the_nearest_word_counts() {
        let own = ("DOCFERRY_STATE_DIR", "own");
        let system = ("XDG_STATE_HOME", "/xdg");
        for (variables, home, named, expected) in [
            (&[own, system][..], Some("/home/u"), Some("/flag"), Some("/flag")),
            (&[own, system], Some("/home/u"), Some("rel"), Some("/here/rel")),
            (&[own, system], Some("/home/u"), None, Some("/here/own")),
            (&[system], Some("/home/u"), None, Some("/xdg/docferry")),
            (&[("XDG_STATE_HOME", "relative")], Some("/home/u"), None, Some("/home/u/.local/state/docferry")),
            (&[("XDG_STATE_HOME", "")], Some("/home/u"), None, Some("/home/u/.local/state/docferry")),
            (&[], None, None, None),
        ] {
            assert_eq!(resolve(variables, home, named).as_deref(), expected, "{variables:?} {named:?}");
        }
    }

    #[test]
    fn without_a_home_the_flag_helps() {
        let error = state_dir(&Environment::new("/", []), None).unwrap_err();
        assert_eq!(error.to_string(), "there is no folder for the state: no home directory is known");
        assert_eq!(error.hint().as_deref(), Some("name one with --state-dir or DOCFERRY_STATE_DIR"));
    }
}
