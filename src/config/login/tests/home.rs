//! A home with what the vendor's tool keeps in it.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use super::*;

/// The home, and what is said besides.
pub(super) struct Home {
    pub(super) folder: tempfile::TempDir,
    pub(super) variables: Vec<(&'static str, String)>,
    pub(super) overrides: Overrides,
    pub(super) user: &'static str,
    /// As whom docferry runs, if it is not this process's user.
    pub(super) other_user: Option<u32>,
}

impl Home {
    /// A home whose active profile `work` has an endless token.
    pub(super) fn new() -> Self {
        let mut overrides = Overrides::default();
        overrides.layer.target = Some("anthropic".to_owned());
        let home = Self {
            folder: tempfile::tempdir().unwrap(),
            variables: Vec::new(),
            overrides,
            user: "",
            other_user: None,
        };
        home.put("active_config", "work\n");
        home.put("configs/work.json", r#"{"version": "1.0", "authentication": {"type": "user_oauth"}}"#);
        home.tokens("work", "");
        home
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(FOLDER).join(name)
    }

    pub(super) fn put(&self, name: &str, text: &str) {
        let path = self.path(name);
        let folder = path.parent().unwrap();
        fs::create_dir_all(folder).unwrap();
        // Whatever mask the tests run under.
        for folder in [folder, &self.path("")] {
            fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
        }
        fs::write(&path, text).unwrap();
        self.set_mode(name, 0o600);
    }

    pub(super) fn set_mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), Permissions::from_mode(mode)).unwrap();
    }

    /// Makes a file or folder another user's: only root can do that, so others become that other user.
    pub(super) fn give_away(&mut self, name: &str) {
        match rustix::process::geteuid().is_root() {
            true => std::os::unix::fs::chown(self.path(name), Some(4_242), None).unwrap(),
            false => self.other_user = Some(4_242),
        }
    }

    pub(super) fn tokens(&self, profile: &str, more: &str) {
        let text = format!(r#"{{"access_token": "{TOKEN}", "refresh_token": "{REFRESH}"{more}}}"#);
        self.put(&format!("credentials/{profile}.json"), &text);
    }

    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    pub(super) fn environment(&self) -> Environment {
        let variables = self.variables.iter().map(|(name, value)| (*name, value.as_str()));
        let mut environment = Environment::new(self.folder.path(), variables);
        environment.home = Some(self.folder.path().to_owned());
        environment.user = self.other_user.unwrap_or(environment.user);
        environment
    }

    pub(super) fn resolve(&self) -> Result<Settings, ConfigError> {
        let environment = self.environment();
        let user = crate::config::ConfigText { path: "/u.toml".into(), text: self.user.to_owned() };
        let files = Files { user: Some(user), ..Files::read(&self.overrides, &environment)? };
        resolve(&self.overrides, &environment, &files)
    }

    pub(super) fn settings(&self) -> Settings {
        self.resolve().unwrap_or_else(|error| panic!("{error}"))
    }

    /// Returns why nothing can be sent; it never says what a file holds.
    pub(super) fn refusal(&self) -> String {
        let settings = self.settings();
        let error = settings.target.require_credential(at("2026-11-30T00:00:00Z")).unwrap_err();
        let text = format!("{error} {error:?} {settings:?}");
        assert!(!text.contains("marker"), "{text}");
        error.to_string().replace(&self.folder.path().display().to_string(), "~")
    }
}
