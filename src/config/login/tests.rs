mod home;

use std::fs;

use home::Home;

use super::*;
use crate::config::{ConfigError, Files, Overrides, Settings, resolve};

const TOKEN: &str = "marker-access-0001";
const REFRESH: &str = "marker-refresh-0002";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn the_active_profile_serves_where_no_variable_is_set() {
    let home = Home::new();
    let target = home.settings().target;
    let credential = target.require_credential(at("2026-11-30T00:00:00Z")).unwrap();
    assert_eq!((credential.secret.expose(), credential.bearer), (TOKEN, true));
    let folder = home.path("").display().to_string();
    let folder = folder.trim_end_matches('/');
    assert_eq!(credential.from, format!("the profile `work` in `{folder}`"));
    assert_eq!(credential.origin.to_string(), format!("profile work of {folder}"));
    assert_eq!(target.profile.headers["anthropic-beta"], BETA);
    assert_eq!(target.base_url.unwrap().as_str(), "https://api.anthropic.com/");
    assert_eq!(target.workspace_id, None);
}

#[test]
fn a_variable_or_a_key_file_hides_the_login() {
    for (name, value) in [("ANTHROPIC_API_KEY", "k"), ("ANTHROPIC_AUTH_TOKEN", "t")] {
        let home = Home::new().with(name, value).with("ANTHROPIC_PROFILE", "../x");
        let target = home.settings().target;
        assert_eq!(target.credential.unwrap().from, name);
        assert!(!target.profile.headers.contains_key("anthropic-beta"));
    }
    let mut home = Home::new();
    fs::write(home.folder.path().join("key"), "k").unwrap();
    home.overrides.api_key_file = Some(home.folder.path().join("key"));
    assert!(home.settings().target.credential.unwrap().from.ends_with("key`"));
}

#[test]
fn the_beta_target_asks_for_both_features() {
    let mut home = Home::new();
    home.overrides.layer.target = Some("anthropic-beta".to_owned());
    let headers = home.settings().target.profile.headers;
    assert_eq!(headers["anthropic-beta"], format!("files-api-2025-04-14,{BETA}"));
}

#[test]
fn a_variable_chooses_profile_and_folder() {
    let home = Home::new().with("ANTHROPIC_PROFILE", "other");
    home.put("configs/other.json", r#"{"authentication": {"type": "user_oauth"}}"#);
    home.put("credentials/other.json", r#"{"access_token": "marker-other"}"#);
    assert_eq!(home.settings().target.credential.unwrap().secret.expose(), "marker-other");
    let elsewhere = tempfile::tempdir().unwrap();
    fs::rename(home.path("configs"), elsewhere.path().join("configs")).unwrap();
    fs::rename(home.path("credentials"), elsewhere.path().join("credentials")).unwrap();
    let home = home.with("ANTHROPIC_CONFIG_DIR", elsewhere.path().to_str().unwrap());
    assert_eq!(home.settings().target.credential.unwrap().secret.expose(), "marker-other");
}

#[test]
fn without_a_pointer_the_default_profile_counts_and_may_be_missing() {
    let home = Home::new();
    fs::remove_file(home.path("active_config")).unwrap();
    let missing = "the target `anthropic` needs an API key, and none is set";
    assert_eq!(home.refusal(), missing);
    home.put("configs/default.json", r#"{"authentication": {"type": "user_oauth"}}"#);
    home.tokens("default", "");
    assert_eq!(home.settings().target.credential.unwrap().secret.expose(), TOKEN);
    fs::remove_dir_all(home.path("")).unwrap();
    assert_eq!(home.refusal(), missing);
}

#[test]
fn a_name_that_is_a_path_leads_nowhere() {
    for name in ["../x", "a/b", "a\\b", ".hidden", "..", "a\u{1b}b", "a\nb", "{\"marker\": 1}"] {
        let home = Home::new();
        home.put("active_config", name);
        assert!(
            home.refusal()
                .ends_with("names no profile: names are of letters, digits, blanks and . _ - + @, no paths"),
            "{name}"
        );
        let home = Home::new().with("ANTHROPIC_PROFILE", name);
        let said = "the variable ANTHROPIC_PROFILE names no profile: names are of letters, digits, blanks and . _ - + @, no paths";
        assert_eq!(home.refusal(), said, "{name}");
    }
}

#[test]
fn an_end_that_has_come_is_an_error_with_its_cure() {
    let home = Home::new();
    for (end, ends) in [
        ("1796000000", "2026-11-30T00:53:20.000000Z"),
        ("1796000000.9", "2026-11-30T00:53:20.000000Z"),
        ("\"1796000000\"", "2026-11-30T00:53:20.000000Z"),
        ("0", "1970-01-01T00:00:00.000000Z"),
    ] {
        home.tokens("work", &format!(", \"expires_at\": {end}"));
        let target = home.settings().target;
        assert!(
            target.require_credential(at(ends).minus(std::time::Duration::from_secs(1))).is_ok(),
            "{end}"
        );
        let error = target.require_credential(at(ends)).unwrap_err();
        assert!(error.to_string().ends_with(&format!("was good until {ends}")), "{end}: {error}");
        assert_eq!(error.hint().as_deref(), Some("`ant auth login --profile work` logs in again"));
    }
    home.tokens("work", ", \"expires_at\": null");
    assert!(home.settings().target.require_credential(Timestamp::now()).is_ok());
}

#[test]
fn what_makes_no_sense_is_told_without_what_it_holds() {
    let mark = "\"marker\"";
    for (file, text, told) in [
        (
            "configs/work.json",
            "{\"authentication\": \"marker",
            "is not what it should be at line 1, column 26",
        ),
        ("configs/work.json", mark, "is not what it should be at line 1, column 8"),
        ("configs/work.json", "{}", "is not what it should be at line 1, column 2"),
        (
            "configs/work.json",
            r#"{"authentication": {"type": "marker"}}"#,
            "has an authentication.type that docferry does not know",
        ),
        (
            "configs/work.json",
            r#"{"version": "2.0", "authentication": {"type": "user_oauth"}}"#,
            "is of a version that docferry does not know",
        ),
        (
            "configs/work.json",
            r#"{"workspace_id": "marker", "authentication": {"type": "user_oauth"}}"#,
            "has a workspace_id that is none",
        ),
        (
            "configs/work.json",
            r#"{"authentication": {"type": "user_oauth", "credentials_path": "marker/../x"}}"#,
            "has an authentication.credentials_path that is not absolute",
        ),
        ("credentials/work.json", mark, "is not what it should be at line 1, column 8"),
        ("credentials/work.json", "{\"refresh_token\": \"marker\"}", "holds no access_token"),
        ("credentials/work.json", "{\"access_token\": \"\"}", "holds no access_token"),
        (
            "credentials/work.json",
            r#"{"access_token": "marker", "type": "marker"}"#,
            "has a type that docferry does not know",
        ),
        (
            "credentials/work.json",
            r#"{"access_token": "marker", "expires_at": "2026-11-30T00:00:00Z"}"#,
            "has an expires_at that is no time in seconds",
        ),
    ] {
        let home = Home::new();
        home.put(file, text);
        assert_eq!(home.refusal(), format!("`~/{FOLDER}/{file}` {told}"), "{text}");
    }
}

#[test]
fn a_credential_that_no_header_carries_is_told_without_it() {
    let home = Home::new();
    home.put("credentials/work.json", r#"{"access_token": "marker\nX-Evil: 1"}"#);
    let error = home.resolve().unwrap_err().to_string();
    assert!(error.ends_with("is not one line of visible ASCII characters"), "{error}");
    assert!(!error.contains("Evil"), "{error}");
}

#[test]
fn files_are_bounded_and_plain() {
    let file = "credentials/work.json";
    let home = Home::new();
    home.put(file, &" ".repeat(64 << 10));
    assert!(home.refusal().contains("is not what it should be"));
    home.put(file, &" ".repeat((64 << 10) + 1));
    assert_eq!(home.refusal(), format!("`~/{FOLDER}/{file}` is larger than 64 KiB"));
    fs::remove_file(home.path(file)).unwrap();
    assert!(home.refusal().contains(&format!("`~/{FOLDER}/{file}` cannot be read: ")));
    home.tokens("real", "");
    std::os::unix::fs::symlink(home.path("credentials/real.json"), home.path(file)).unwrap();
    assert_eq!(home.refusal(), format!("`~/{FOLDER}/{file}` cannot be read: it is a symbolic link"));
    fs::remove_file(home.path(file)).unwrap();
    let fifo = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, home.path(file), fifo, rustix::fs::Mode::RUSR, 0).unwrap();
    assert_eq!(home.refusal(), format!("`~/{FOLDER}/{file}` cannot be read: it is not a regular file"));
}

#[test]
fn what_others_can_read_is_warned_of_and_what_they_can_write_is_not_used() {
    let home = Home::new();
    home.set_mode("configs/work.json", 0o644);
    assert_eq!(home.settings().warnings, Vec::<String>::new());
    home.set_mode("credentials/work.json", 0o640);
    let path = home.path("credentials/work.json");
    let warning = format!("`{}` can be read by others than you; chmod 600 helps", path.display());
    assert_eq!(home.settings().warnings, [warning]);
    let hidden = Home { variables: vec![("ANTHROPIC_API_KEY", "k".to_owned())], ..home };
    assert_eq!(hidden.settings().warnings, Vec::<String>::new(), "it is not in use");
    for (file, mode) in [("credentials/work.json", 0o620), ("configs/work.json", 0o646)] {
        let home = Home::new();
        home.set_mode(file, mode);
        assert_eq!(home.refusal(), format!("`~/{FOLDER}/{file}` can be written by others than you"));
    }
}

#[test]
fn a_folder_or_pointer_that_others_can_write_or_own_is_not_used() {
    for (name, mode) in
        [("active_config", 0o664), ("", 0o777), ("configs", 0o775), ("credentials", 0o770), ("", 0o1777)]
    {
        let home = Home::new();
        home.set_mode(name, mode);
        let shown = format!("~/{}", Path::new(FOLDER).join(name).display());
        let expected = format!("`{}` can be written by others than you", shown.trim_end_matches('/'));
        assert_eq!(home.refusal(), expected, "{name} {mode:o}");
    }
    for name in ["active_config", "configs/work.json", "credentials/work.json", "configs", "credentials", ""]
    {
        let mut home = Home::new();
        home.give_away(name);
        let said = home.refusal();
        assert!(said.ends_with("belongs to another user"), "{name}: {said}");
    }
    // What root keeps for all is anybody's to use.
    let mut home = Home::new();
    home.other_user = Some(4_242);
    match rustix::process::geteuid().is_root() {
        true => assert_eq!(home.settings().target.credential.unwrap().secret.expose(), TOKEN),
        false => assert!(home.refusal().ends_with("belongs to another user")),
    }
}

#[test]
fn federation_is_said_to_be_missing_and_a_token_that_it_left_serves() {
    let federated = r#"{"workspace_id": "wrkspc_a", "authentication": {"type": "oidc_federation"}}"#;
    let home = Home::new();
    home.put("configs/work.json", federated);
    let profile =
        "the profile `work` asks for a login by workload identity federation, which docferry does not do";
    assert_eq!(home.refusal(), profile, "a token without an end");
    fs::remove_file(home.path("credentials/work.json")).unwrap();
    assert_eq!(home.refusal(), profile);
    home.tokens("work", ", \"expires_at\": 1796000000");
    let target = home.settings().target;
    assert!(target.require_credential(at("2026-11-30T00:00:00Z")).is_ok());
    assert_eq!(target.workspace_id, None, "the token has its workspace");
    assert!(target.require_credential(at("2026-12-30T00:00:00Z")).is_err());
    let home = Home::new()
        .with("ANTHROPIC_FEDERATION_RULE_ID", "r")
        .with("ANTHROPIC_ORGANIZATION_ID", "o")
        .with("ANTHROPIC_IDENTITY_TOKEN", "marker");
    assert!(home.refusal().starts_with("ANTHROPIC_FEDERATION_RULE_ID asks for a login by workload identity"));
    let home = home.with("ANTHROPIC_PROFILE", "work");
    assert_eq!(home.settings().target.credential.unwrap().secret.expose(), TOKEN);
}

#[test]
fn the_profile_says_where_and_in_which_workspace_unless_somebody_nearer_does() {
    let mut home = Home::new();
    let profile = r#"{"base_url": "https://gw.example/x/", "workspace_id": "wrkspc_p", "authentication": {"type": "user_oauth"}}"#;
    home.put("configs/work.json", profile);
    home.variables.push(("ANTHROPIC_WORKSPACE_ID", "wrkspc_v".to_owned()));
    let target = home.settings().target;
    assert_eq!(target.base_url.unwrap().as_str(), "https://gw.example/x/");
    assert_eq!(target.base_url_origin, target.credential.unwrap().origin);
    assert_eq!(
        target.workspace_id.unwrap().0.as_str(),
        "wrkspc_p",
        "the variable only fills what is missing"
    );
    home.variables.push(("ANTHROPIC_BASE_URL", "https://v.example".to_owned()));
    assert_eq!(home.settings().target.base_url.unwrap().as_str(), "https://v.example/");
    home.overrides.base_url = Some("https://f.example".to_owned());
    assert_eq!(home.settings().target.base_url.unwrap().as_str(), "https://f.example/");
    let home = Home::new();
    home.put("configs/work.json", &profile.replace("https://gw.example", "http://gw.example"));
    let error = home.resolve().unwrap_err().to_string();
    assert!(error.ends_with("would send credentials and documents unencrypted"), "{error}");
}

#[test]
fn a_target_with_variables_of_its_own_has_no_login() {
    let mut home = Home::new();
    home.overrides.layer.target = Some("corp".to_owned());
    home.user = "[targets.corp]\nextends = \"anthropic\"\nbase_url = \"https://gw.example\"";
    assert_eq!(home.settings().target.credential.unwrap().secret.expose(), TOKEN);
    home.user = "[targets.corp]\nextends = \"anthropic\"\napi_key_env = \"CORP\"";
    assert_eq!(home.settings().target.credential, None);
    home.user = "[targets.corp]\nextends = \"qoder\"";
    assert_eq!(home.settings().target.credential, None);
}

#[test]
fn tokens_on_this_machine_leave_in_no_document() {
    let mut home = Home::new();
    home.overrides.layer.target = None;
    let settings = home.settings();
    let keys: Vec<_> = settings.live_keys.iter().map(Secret::expose).collect();
    assert_eq!(keys, [TOKEN, REFRESH]);
    assert!(!settings.platform_key_present, "nobody set a key");
    home.overrides.layer.target = Some("anthropic".to_owned());
    assert_eq!(home.settings().live_keys.len(), 2, "each is looked for once");
}
