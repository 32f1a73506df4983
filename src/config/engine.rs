//! The settings of the upload engine: what is used again, how failures are met, and how fast it goes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::environment::Environment;
use super::error::ConfigError;
use super::layer::{Origin, Origins, settings};
use super::overrides::Overrides;
use super::project::Rule;
use super::value::{self, Percent, Span, Value};
use crate::model::{Dedupe, NameTag, RequestRate, VerifyRemote};

settings! {
    /// What a layer says of uploads.
    UploadLayer,
    /// The settings of uploads in force.
    UploadValues, "upload.", "docferry_upload_";
    /// When an earlier upload is looked for before its id is used again.
    verify_remote: VerifyRemote = VerifyRemote::Auto;
    /// How long the file of an earlier upload must still live for its id to be used again.
    min_ttl: Span = Span(Duration::from_secs(3_600));
    /// What makes two files one upload.
    dedupe: Dedupe = Dedupe::Name;
    /// When a name carries a tag.
    name_tag: NameTag = NameTag::Auto;
    /// Attempts after the first, for each file.
    retries: u32 = 4;
    /// The longest wait that a target can ask for and get.
    max_wait: Span = Span(Duration::from_secs(15 * 60));
    /// How long after an upload of unknown outcome the target's list is looked at.
    listing_grace: Span = Span(Duration::from_secs(2));
    /// How long a connection may take.
    connect_timeout: Span = Span(Duration::from_secs(10));
    /// How long every request may take besides the time for its size.
    request_timeout: Span = Span(Duration::from_secs(60));
    /// Requests a minute.
    requests_per_minute: RequestRate = RequestRate::Auto;
    /// The share of a workspace's storage that is warned of.
    warn_at: Percent = Percent(80);
    /// The share of a workspace's storage above which nothing is uploaded.
    refuse_at: Percent = Percent(90);
}

/// What governs the upload engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineSettings {
    /// Where the ledger is; see [`EngineSettings::require_state_dir`].
    pub state_dir: Option<PathBuf>,
    /// When an earlier upload is looked for before its id is used again.
    pub verify_remote: VerifyRemote,
    /// How long the file of an earlier upload must still live for its id to be used again.
    pub min_ttl: Duration,
    /// What makes two files one upload.
    pub dedupe: Dedupe,
    /// Whether files are uploaded although they were before.
    pub force: bool,
    /// Whether sources are read although their size and time are those of the last run.
    pub rehash: bool,
    /// When a name carries a tag.
    pub name_tag: NameTag,
    /// Manifests whose ids are taken over first.
    pub reuse_from: Vec<PathBuf>,
    /// Attempts after the first, for each file.
    pub retries: u32,
    /// The longest wait that a target can ask for and get.
    pub max_wait: Duration,
    /// How long after an upload of unknown outcome the target's list is looked at.
    pub listing_grace: Duration,
    /// Requests a minute.
    pub requests_per_minute: RequestRate,
    /// The share of a workspace's storage that is warned of, in percent.
    pub warn_at: u8,
    /// The share of a workspace's storage above which nothing is uploaded, in percent.
    pub refuse_at: u8,
}

impl EngineSettings {
    pub(super) fn new(values: &UploadValues, overrides: &Overrides, state_dir: Option<PathBuf>) -> Self {
        Self {
            state_dir,
            verify_remote: values.verify_remote,
            min_ttl: values.min_ttl.0,
            dedupe: values.dedupe,
            force: overrides.force,
            rehash: overrides.rehash,
            name_tag: values.name_tag,
            reuse_from: overrides.reuse_from.clone(),
            retries: values.retries,
            max_wait: values.max_wait.0,
            listing_grace: values.listing_grace.0,
            requests_per_minute: values.requests_per_minute,
            warn_at: values.warn_at.0,
            refuse_at: values.refuse_at.0,
        }
    }

    /// Returns the folder of the state.
    ///
    /// # Errors
    /// [`ConfigError::NoStateDir`] if none is known.
    pub fn require_state_dir(&self) -> Result<&Path, ConfigError> {
        self.state_dir.as_deref().ok_or(ConfigError::NoStateDir)
    }
}

/// Refuses to let a project send more, faster or with less care. `dedupe` is free: it only makes files fewer.
pub(super) fn check(rule: &Rule<'_>, layer: &UploadLayer, values: &UploadValues) -> Result<(), ConfigError> {
    macro_rules! at_most {
        ($($key:ident)+) => {$(
            rule.tightens(concat!("upload.", stringify!($key)), layer.$key, values.$key, |value| value)?;
        )+};
    }
    at_most!(retries max_wait connect_timeout request_timeout warn_at refuse_at);
    rule.tightens("upload.verify_remote", layer.verify_remote, values.verify_remote, |value| match value {
        VerifyRemote::Always => 0,
        VerifyRemote::Auto => 1,
        VerifyRemote::Never => 2,
    })?;
    rule.tightens("upload.name_tag", layer.name_tag, values.name_tag, |value| match value {
        NameTag::Always => 0,
        NameTag::Auto => 1,
        NameTag::Never => 2,
    })?;
    let shorter = std::cmp::Reverse::<Span>;
    rule.tightens("upload.min_ttl", layer.min_ttl, values.min_ttl, shorter)?;
    rule.tightens("upload.listing_grace", layer.listing_grace, values.listing_grace, shorter)?;
    // What a number means beside `auto` is the profile's to say, and a project's profile may be its own.
    rule.user_only("upload.requests_per_minute", layer.requests_per_minute.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Auto, ConfigText, Files, Settings, resolve};

    const USER: &str = "/home/u/.config/docferry/config.toml";
    const PROJECT: &str = "/home/u/repo/docferry.toml";

    fn of(user: &str, project: &str, overrides: &Overrides) -> Result<Settings, ConfigError> {
        let file = |path: &str, text: &str| {
            (!text.is_empty()).then(|| ConfigText { path: path.into(), text: text.to_owned() })
        };
        let files = Files { user: file(USER, user), project: file(PROJECT, project), ..Files::default() };
        resolve(overrides, &Environment::new("/home/u/repo", [("XDG_STATE_HOME", "/state")]), &files)
    }

    fn engine(user: &str, overrides: &Overrides) -> EngineSettings {
        of(user, "", overrides).unwrap_or_else(|error| panic!("{error}")).engine
    }

    #[test]
    fn nothing_said_is_what_the_design_says() {
        let engine = engine("", &Overrides::default());
        assert_eq!(engine.require_state_dir().unwrap(), Path::new("/state/docferry"));
        assert_eq!((engine.retries, engine.max_wait.as_secs(), engine.min_ttl.as_secs()), (4, 900, 3600));
        assert_eq!((engine.listing_grace.as_secs(), engine.warn_at, engine.refuse_at), (2, 80, 90));
        assert_eq!(engine.requests_per_minute, RequestRate::Auto);
        assert!(!engine.force && !engine.rehash && engine.reuse_from.is_empty());
        let target = of("", "", &Overrides::default()).unwrap().target;
        assert_eq!((target.connect_timeout.as_secs(), target.request_timeout.as_secs()), (10, 60));
    }

    #[test]
    fn a_users_file_and_flags_are_heard() {
        let text = "state_dir = \"s\"\n[upload]\nretries = 1\nmax_wait = \"200ms\"\nrequests_per_minute = 9\n\
                    dedupe = \"content\"\nwarn_at = 50";
        let mut flags = Overrides::default();
        flags.layer.upload.retries = Some(0);
        let made = engine(text, &flags);
        assert_eq!(made.state_dir.as_deref(), Some(Path::new("/home/u/.config/docferry/s")));
        assert_eq!((made.retries, made.max_wait.as_millis(), made.warn_at), (0, 200, 50));
        assert_eq!((made.dedupe, made.requests_per_minute.to_string()), (Dedupe::Content, "9".to_owned()));
        flags.layer.state_dir = Some(Auto(Some("t".into())));
        assert_eq!(engine(text, &flags).state_dir.as_deref(), Some(Path::new("/home/u/repo/t")));
    }

    #[test]
    fn a_project_can_only_make_uploads_rarer_and_surer() {
        for (text, expected) in [
            ("retries = 5", "`upload.retries`: it says 5, 4 is in force"),
            ("max_wait = \"1h\"", "`upload.max_wait`: it says 1h, 15m is in force"),
            ("verify_remote = \"never\"", "`upload.verify_remote`: it says never, auto is in force"),
            ("name_tag = \"never\"", "`upload.name_tag`: it says never, auto is in force"),
            ("min_ttl = \"1m\"", "`upload.min_ttl`: it says 1m, 1h is in force"),
            ("listing_grace = \"1s\"", "`upload.listing_grace`: it says 1s, 2s is in force"),
            ("refuse_at = \"95%\"", "`upload.refuse_at`: it says 95%, 90% is in force"),
        ] {
            let error = of("", &format!("[upload]\n{text}"), &Overrides::default()).unwrap_err();
            assert_eq!(error.to_string(), format!("`{PROJECT}`: a project can only tighten {expected}"));
        }
        for (key, text) in [
            ("state_dir", "state_dir = \"/tmp/s\""),
            ("upload.requests_per_minute", "[upload]\nrequests_per_minute = 5"),
            ("targets.x.workspace", "[targets.x]\nextends = \"qoder\"\nworkspace = \"w\""),
        ] {
            let error = of("", text, &Overrides::default()).unwrap_err();
            assert_eq!(error.to_string(), format!("`{PROJECT}`: a project cannot set `{key}`"));
        }
        let careful =
            "[upload]\nretries = 0\nmin_ttl = \"2d\"\nverify_remote = \"always\"\ndedupe = \"content\"";
        let engine = of("", careful, &Overrides::default()).unwrap().engine;
        assert_eq!((engine.retries, engine.verify_remote), (0, VerifyRemote::Always));
    }

    #[test]
    fn a_target_knows_its_workspace_and_who_writes_there() {
        let of_target = |lines: &str| {
            let text = format!("target = \"corp\"\n[targets.corp]\nextends = \"qoder\"\n{lines}");
            of(&text, "", &Overrides::default()).map(|settings| settings.target.profile)
        };
        let profile = of_target("workspace = \"w1\"\nshared_writers = true").unwrap();
        assert_eq!((profile.workspace.as_deref(), profile.shared_writers), (Some("w1"), true));
        assert!(profile.fields.idempotency_key);
        let profile = of_target("").unwrap();
        assert_eq!((profile.workspace, profile.shared_writers), (None, false));
        let error = of_target("workspace = \"\"").unwrap_err().to_string();
        assert_eq!(
            error,
            format!("`{USER}`: `targets.corp.workspace` is empty, too long or holds control characters")
        );
    }

    #[test]
    fn the_defaults_that_flags_name_are_those_of_the_table() {
        let shown: std::collections::BTreeMap<_, _> = UploadValues::default().show().into_iter().collect();
        let mut checked = std::collections::BTreeSet::new();
        for help in [
            include_str!("../cli/pace.rs"),
            include_str!("../cli/reuse.rs"),
            include_str!("../cli/connection.rs"),
            include_str!("../cli/retry.rs"),
        ] {
            let mut default = None;
            for line in help.lines() {
                default = line.split("[default: ").nth(1).and_then(|rest| rest.split(']').next()).or(default);
                let Some(key) = line.trim().strip_prefix("pub ").and_then(|rest| rest.split(':').next())
                else {
                    continue;
                };
                let said = default.take().filter(|_| key != "requests_per_minute");
                if let (Some(said), Some(value)) = (said, shown.get(format!("upload.{key}").as_str())) {
                    assert_eq!(said, value, "{key}");
                    checked.insert(key);
                }
            }
        }
        assert_eq!(checked.len(), shown.len() - 1);
    }
}
