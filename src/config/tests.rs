//! Rules of settings, each with a case.

use std::path::Path;

use super::*;
use crate::model::{Misnamed, SecretsRule, Timestamp};

const USER: &str = "/home/u/.config/docferry/config.toml";
const PROJECT: &str = "/home/u/repo/docferry.toml";

/// What a case is made of.
#[derive(Default)]
struct Case {
    user: &'static str,
    project: &'static str,
    variables: &'static [(&'static str, &'static str)],
    flags: Overrides,
}

impl Case {
    fn resolve(&self) -> Result<Settings, ConfigError> {
        let file = |path: &str, text: &str| {
            (!text.is_empty()).then(|| ConfigText { path: path.into(), text: text.to_owned() })
        };
        let files =
            Files { user: file(USER, self.user), project: file(PROJECT, self.project), ..Files::default() };
        resolve(&self.flags, &Environment::new("/home/u/repo", self.variables.iter().copied()), &files)
    }

    fn settings(&self) -> Settings {
        self.resolve().unwrap_or_else(|error| panic!("{error}"))
    }

    fn error(&self) -> String {
        self.resolve().map(|settings| format!("{settings:?}")).unwrap_err().to_string()
    }
}

fn user(text: &'static str) -> Case {
    Case { user: text, ..Case::default() }
}

fn project(text: &'static str) -> Case {
    Case { project: text, ..Case::default() }
}

fn variables(variables: &'static [(&'static str, &'static str)]) -> Case {
    Case { variables, ..Case::default() }
}

fn flag(set: impl FnOnce(&mut Overrides)) -> Overrides {
    let mut flags = Overrides::default();
    set(&mut flags);
    flags
}

fn origin(settings: &Settings, key: &str) -> String {
    settings.shown.iter().find(|shown| shown.key == key).unwrap().origin.to_string()
}

#[test]
fn without_anything_said_files_go_to_the_local_store() {
    let settings = Case::default().settings();
    assert_eq!(settings.target.name, "local");
    assert_eq!(settings.target.base_url, None);
    assert!(!settings.target.chosen && !settings.platform_key_present);
    assert_eq!(settings.store, Path::new(".docferry/store"));
    assert_eq!(settings.limits, docferry_converters::Limits::default());
    assert_eq!((settings.max_convert_bytes, settings.convert_timeout.as_secs()), (512 << 20, 120));
    assert_eq!((settings.concurrency.get(), settings.batch_files, settings.batch_bytes), (4, 100, 256 << 20));
    assert_eq!(settings.consumer, Consumer::Messages);
}

#[test]
fn each_layer_hides_the_one_below() {
    let mut case = user("batch_files = 1");
    assert_eq!(case.settings().batch_files, 1);
    case.project = "batch_files = 2";
    assert_eq!(case.settings().batch_files, 2);
    assert_eq!(origin(&case.settings(), "batch_files"), PROJECT);
    case.variables = &[("DOCFERRY_BATCH_FILES", "3")];
    assert_eq!(case.settings().batch_files, 3);
    assert_eq!(origin(&case.settings(), "batch_files"), "$DOCFERRY_BATCH_FILES");
    case.flags = flag(|flags| flags.layer.batch_files = Some(4));
    assert_eq!(case.settings().batch_files, 4);
    assert_eq!(origin(&case.settings(), "batch_files"), "flag");
    assert_eq!(origin(&case.settings(), "jobs"), "default");
}

#[test]
fn an_empty_variable_is_not_set() {
    let case = variables(&[("DOCFERRY_TARGET", ""), ("ANTHROPIC_API_KEY", " ")]);
    assert!(!case.settings().target.chosen);
    assert!(!case.settings().platform_key_present);
}

#[test]
fn exclusions_of_all_layers_add_up() {
    let mut case = user("[discover]\nexclude = [\"*.log\"]");
    case.project = "[discover]\nexclude = [\"target\"]\ninclude = [\"*.md\"]";
    case.flags = flag(|flags| flags.layer.discover.exclude = Some(Items(vec!["x".to_owned()])));
    let discover = case.settings().discover;
    assert_eq!(discover.exclude, ["*.log", "target", "x"]);
    assert_eq!(discover.include, ["*.md"]);
}

#[test]
fn a_broken_file_is_told_with_its_line_and_the_allowed_values() {
    for (text, expected) in [
        ("jobs = 2\nconvert = \"sometimes\"", "line 2: `sometimes` is not one of auto, always, never"),
        (
            "\n\n[limits]\nmax_part_size = \"big\"",
            "line 4: `big` is not a size such as 512MiB, 500MB or 1000",
        ),
        ("csv_guard = 1", "line 1: `1` is not one of true, false"),
        ("target = [\"a\"]", "line 1: a list stands where one value is expected"),
        ("jobs = 0", "line 1: `0` is not a number from 1"),
        ("charset = \"klingon\"", "line 1: `klingon` is not a charset label such as utf-8 or windows-1252"),
    ] {
        assert_eq!(user(text).error(), format!("`{USER}` {expected}"), "{text}");
    }
    let unknown = user("[discover]\nhiden = true").error();
    assert!(
        unknown.starts_with(&format!("`{USER}` line 2: unknown field `hiden`, expected one of `hidden`"))
    );
    assert!(user("target = \n").error().starts_with(&format!("`{USER}` line 1: ")));
    let case = variables(&[("DOCFERRY_LIMITS_MAX_RATIO", "lots")]);
    assert_eq!(case.error(), "the variable DOCFERRY_LIMITS_MAX_RATIO");
}

#[test]
fn a_project_cannot_loosen() {
    for (text, expected) in [
        ("secrets = \"warn\"", "`secrets`: it says warn, refuse is in force"),
        ("misnamed = \"by-content\"", "`misnamed`: it says by-content, reject is in force"),
        ("[limits]\nmax_ratio = 201", "`limits.max_ratio`: it says 201, 200 is in force"),
        ("[limits]\nconvert_timeout = \"3m\"", "`limits.convert_timeout`: it says 3m, 2m is in force"),
        (
            "[limits]\nmax_convert_size = \"1GiB\"",
            "`limits.max_convert_size`: it says 1GiB, 512MiB is in force",
        ),
        ("isolate = \"never\"", "`isolate`: it says never, auto is in force"),
        ("to = \"pdf\"", "`to`: it says pdf, text is in force"),
        ("comments = \"keep\"", "`comments`: it says keep, auto is in force"),
        ("track_changes = \"all\"", "`track_changes`: it says all, accept is in force"),
        ("track_changes = \"reject\"", "`track_changes`: it says reject, accept is in force"),
        ("front_matter = true", "`front_matter`: it says true, false is in force"),
        ("[limits]\nworker_memory = \"2GiB\"", "`limits.worker_memory`: it says 2GiB, 1GiB is in force"),
        ("[discover]\nfollow = true", "`discover.follow`: it says true, false is in force"),
        ("[discover]\nhidden = true", "`discover.hidden`: it says true, false is in force"),
    ] {
        assert_eq!(project(text).error(), format!("`{PROJECT}`: a project can only tighten {expected}"));
    }
    let mut case = project("hidden_content = \"include\"\ncsv_guard = false");
    assert!(case.resolve().is_ok(), "what is in force anyway is no loosening");
    case.user = "hidden_content = \"exclude\"";
    assert!(case.error().ends_with("`hidden_content`: it says include, exclude is in force"));
    case.project = "track_changes = \"reject\"\ncomments = \"drop\"\nto = \"text\"\nisolate = \"always\"";
    case.user = "track_changes = \"all\"\nto = \"pdf\"";
    assert!(case.resolve().is_ok(), "all of it lets out less");
    case.project = "hidden_content = \"include\"\ncsv_guard = false";
    case.user = "csv_guard = true\n";
    assert!(case.error().ends_with("`csv_guard`: it says false, true is in force"));
}

#[test]
fn a_project_can_tighten_and_the_user_can_loosen() {
    let text = "secrets = \"warn\"\nmisnamed = \"by-content\"\n[limits]\nmax_ratio = 500";
    let mut case = user(text);
    assert_eq!(case.settings().limits.max_ratio, 500);
    assert_eq!((case.settings().secrets, case.settings().misnamed), (SecretsRule::Warn, Misnamed::ByContent));
    case.project = "secrets = \"refuse\"\n[limits]\nmax_ratio = 400";
    assert_eq!((case.settings().secrets, case.settings().limits.max_ratio), (SecretsRule::Refuse, 400));
    case.flags = flag(|flags| flags.layer.limits.max_ratio = Some(1000));
    assert_eq!(case.settings().limits.max_ratio, 1000, "a flag is the user's word");
}

#[test]
fn a_worker_needs_memory_to_start() {
    let case = user("[limits]\nworker_memory = \"1MiB\"");
    assert_eq!(
        case.error(),
        format!("`limits.worker_memory` is 1MiB ({USER}), a worker needs 64MiB to start")
    );
    assert_eq!(user("[limits]\nworker_memory = \"64MiB\"").settings().worker_memory_bytes, 64 << 20);
}

#[test]
fn what_a_flag_or_variable_decides_is_no_loosening() {
    let text = "[limits]\nmax_ratio = 500\nmax_sheets = 5000";
    let variables = &[("DOCFERRY_LIMITS_MAX_SHEETS", "10")];
    let flags = flag(|flags| flags.layer.limits.max_ratio = Some(1000));
    let case = Case { project: text, variables, flags, ..Case::default() };
    let limits = case.settings().limits;
    assert_eq!((limits.max_ratio, limits.max_sheets), (1000, 10));
}

#[test]
fn clouds_without_a_files_api_are_told_apart() {
    for url in
        ["https://bedrock-runtime.us-east-1.amazonaws.com", "https://us-east5-aiplatform.googleapis.com/v1"]
    {
        let flags = flag(|flags| {
            flags.layer.target = Some("anthropic".to_owned());
            flags.base_url = Some(url.to_owned());
        });
        let case = Case { flags, ..Case::default() };
        let error = case.error();
        assert!(error.starts_with("there is no Files API at `https://"), "{error}");
        assert!(error.contains("not on Amazon Bedrock"), "{error}");
    }
}

#[test]
fn a_project_cannot_name_paths_or_trust() {
    for (key, text) in [
        ("store", "store = \"/tmp/s\""),
        ("manifest", "manifest = \"/tmp/m\""),
        ("ca_file", "ca_file = \"ca.pem\""),
        ("trusted_hosts", "trusted_hosts = [\"evil.example\"]"),
    ] {
        assert_eq!(project(text).error(), format!("`{PROJECT}`: a project cannot set `{key}`"));
    }
    let case = project("[targets.x]\nextends = \"anthropic\"\nheaders = { tenant = \"a\" }");
    assert_eq!(case.error(), format!("`{PROJECT}`: a project cannot set `targets.x.headers.tenant`"));
}

#[test]
fn paths_of_the_users_file_are_beside_it() {
    let settings = user("store = \"s\"\nca_file = \"ca.pem\"\nmanifest = \"-\"").settings();
    assert_eq!(settings.store, Path::new("/home/u/.config/docferry/s"));
    assert_eq!(settings.target.ca_file.as_deref(), Some(Path::new("/home/u/.config/docferry/ca.pem")));
    assert_eq!(settings.manifest, Path::new("-"));
}

#[test]
fn an_unknown_target_names_the_known_ones() {
    let mut case = user("target = \"nowhere\"\n[targets.corp]\nextends = \"anthropic\"");
    let expected =
        format!("unknown target `nowhere` ({USER}); known are local, anthropic, anthropic-beta, qoder, corp");
    assert_eq!(case.error(), expected);
    case.flags = flag(|flags| flags.layer.target = Some("corp".to_owned()));
    assert_eq!(case.settings().target.profile.name, "corp");
}

#[test]
fn built_in_targets_cannot_be_redefined() {
    let text = "[targets.anthropic]\nextends = \"qoder\"";
    let expected = |path| format!("`{path}`: the target `anthropic` is built in and cannot be redefined");
    assert_eq!(user(text).error(), expected(USER));
    assert_eq!(project(text).error(), expected(PROJECT));
    let mut case = user("[targets.corp]\nextends = \"anthropic\"");
    case.project = "[targets.corp]\nextends = \"qoder\"";
    let redefined = "the target `corp` is the user's and cannot be redefined by a project";
    assert_eq!(case.error(), format!("`{PROJECT}`: {redefined}"));
    let unknown = user("[targets.corp]\nextends = \"s3\"").error();
    assert!(unknown.ends_with("extends `s3`, which is not one of local, anthropic, anthropic-beta, qoder"));
}

#[test]
fn limits_of_a_defined_target_are_the_users_to_raise() {
    let raised = "[targets.corp]\nextends = \"anthropic\"\n[targets.corp.limits]\nmax_file_bytes = 600000000";
    let mut case = user(raised);
    case.flags = flag(|flags| flags.layer.target = Some("corp".to_owned()));
    assert_eq!(case.settings().target.profile.limits.max_file_bytes, 600_000_000);
    let refused = project(raised).error();
    assert!(
        refused.ends_with("`targets.corp.limits.max_file_bytes`: it says 600000000, 500000000 is in force")
    );
}

#[test]
fn the_first_variable_that_is_set_holds_the_credential() {
    let target = flag(|flags| flags.layer.target = Some("anthropic".to_owned()));
    let mut case = Case { flags: target, ..Case::default() };
    let missing = case.settings().target.require_credential(Timestamp::now()).unwrap_err();
    assert_eq!(missing.to_string(), "the target `anthropic` needs an API key, and none is set");
    let hint = "set ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN, or name a file with --api-key-file";
    assert_eq!(missing.hint().as_deref(), Some(hint));
    case.variables = &[("ANTHROPIC_AUTH_TOKEN", "marker-token")];
    let credential = case.settings().target.credential.unwrap();
    assert!(credential.bearer && credential.from == "ANTHROPIC_AUTH_TOKEN");
    case.variables = &[("ANTHROPIC_AUTH_TOKEN", "marker-token"), ("ANTHROPIC_API_KEY", " marker-key\n")];
    let credential = case.settings().target.credential.unwrap();
    assert!(!credential.bearer && credential.secret.expose() == "marker-key");
    case.variables = &[("ANTHROPIC_API_KEY", "marker\nkey")];
    let bad = "the credential of ANTHROPIC_API_KEY is not one line of visible ASCII characters";
    assert_eq!(case.error(), bad);
}

#[test]
fn a_key_file_wins_over_variables() {
    let flags = flag(|flags| flags.layer.target = Some("anthropic".to_owned()));
    let environment = Environment::new("/", [("ANTHROPIC_API_KEY", "marker-variable")]);
    let key = KeyFile { path: "/k".into(), text: "marker-file\n".to_owned(), open_to_others: true };
    let files = Files { api_key: Some(key), ..Files::default() };
    let settings = resolve(&flags, &environment, &files).unwrap();
    let credential = settings.target.credential.clone().unwrap();
    assert_eq!((credential.secret.expose(), &*credential.from), ("marker-file", "`/k`"));
    assert_eq!(origin(&settings, "credential"), "/k");
    assert_eq!(settings.warnings, ["`/k` can be read by others than you; chmod 600 helps"]);
    assert_eq!(settings.live_keys.len(), 2, "neither key may be in what is sent");
    let local = resolve(&Overrides::default(), &environment, &files).unwrap();
    assert_eq!(local.live_keys.len(), 2, "a target that needs no key changes nothing");
}

#[test]
fn credentials_show_nowhere() {
    let mut case = variables(&[
        ("ANTHROPIC_API_KEY", "marker-key"),
        ("QODER_ACCESS_TOKEN", "marker-token"),
        ("HTTPS_PROXY", "http://user:marker-proxy@proxy.example:3128"),
    ]);
    case.flags = flag(|flags| flags.layer.target = Some("anthropic".to_owned()));
    let settings = case.settings();
    assert!(!format!("{settings:?}").contains("marker"));
    let shown = settings.shown.iter().find(|shown| shown.key == "credential").unwrap();
    assert_eq!((&*shown.value, shown.origin.to_string()), ("***", "$ANTHROPIC_API_KEY".to_owned()));
}

#[test]
fn a_platform_key_without_a_chosen_target_is_noticed() {
    let mut case = variables(&[("QODER_ACCESS_TOKEN", "marker")]);
    assert!(case.settings().platform_key_present);
    case.flags = flag(|flags| flags.layer.target = Some("local".to_owned()));
    assert!(!case.settings().platform_key_present);
}

#[test]
fn the_vendors_variable_moves_the_api_and_a_flag_moves_it_further() {
    let url = |case: &Case| case.settings().target.base_url.unwrap().to_string();
    let mut case = user("target = \"anthropic\"");
    assert_eq!(url(&case), "https://api.anthropic.com/");
    case.variables = &[("ANTHROPIC_BASE_URL", "http://127.0.0.1:8080")];
    assert_eq!(url(&case), "http://127.0.0.1:8080/");
    case.user =
        "target = \"corp\"\n[targets.corp]\nextends = \"anthropic\"\nbase_url = \"https://gw.example/x\"";
    assert_eq!(url(&case), "https://gw.example/x");
    case.flags = flag(|flags| flags.base_url = Some("https://other.example".to_owned()));
    assert_eq!(url(&case), "https://other.example/");
}

#[test]
fn addresses_are_https_or_loopback_and_hold_no_credential() {
    let with = |url: &str| {
        let flags = flag(|flags| {
            flags.layer.target = Some("anthropic".to_owned());
            flags.base_url = Some(url.to_owned());
        });
        Case { flags, ..Case::default() }
    };
    for url in ["https://a.example", "http://localhost:1", "http://127.0.0.9", "http://[::1]:3"] {
        assert!(with(url).resolve().is_ok(), "{url}");
    }
    for (url, reason) in [
        ("http://a.example", "would send credentials and documents unencrypted"),
        ("http://localhost.example", "would send credentials and documents unencrypted"),
        ("ftp://a.example", "is not an https URL"),
        ("https://u:marker@a.example", "holds a credential"),
        ("https://a.example?k=marker", "has a query or fragment"),
        ("marker", "is not a URL: relative URL without a base"),
    ] {
        let error = with(url).error();
        assert!(error.ends_with(reason), "{error}");
        assert!(!error.contains("marker"), "{error}");
    }
    let mut local = with("https://a.example");
    local.flags.layer.target = Some("local".to_owned());
    assert_eq!(local.error(), "the target `local` is on this machine and takes no base URL");
}

const EVIL: &str =
    "target = \"x\"\n[targets.x]\nextends = \"anthropic\"\nbase_url = \"https://evil.example\"\n";

#[test]
fn a_projects_address_needs_a_variable_of_its_own() {
    let keys = &[("ANTHROPIC_API_KEY", "marker")];
    let trust = flag(|flags| flags.layer.trusted_hosts = Some(Items(vec!["evil.example".to_owned()])));
    let borrowed = format!("`{PROJECT}`: the target `x` has a base URL and needs a credential of its own");
    for line in ["", "api_key_env = \"ANTHROPIC_API_KEY\"", "auth_token_env = \"QODER_ACCESS_TOKEN\""] {
        let text = format!("{EVIL}{line}");
        let case = Case { project: text.leak(), variables: keys, flags: trust.clone(), ..Case::default() };
        assert_eq!(case.error(), borrowed, "{line}");
    }
}

#[test]
fn a_projects_address_needs_the_users_trust() {
    let own = || format!("{EVIL}api_key_env = \"X_KEY\"").leak();
    let mut case = Case { project: own(), variables: &[("X_KEY", "marker")], ..Case::default() };
    let untrusted = format!(
        "`{PROJECT}`: the target `x` leads to `evil.example`, which the user's configuration does not trust"
    );
    assert_eq!(case.error(), untrusted);
    case.user = "trusted_hosts = [\"good.example\"]";
    assert_eq!(case.error(), untrusted);
    case.flags = flag(|flags| flags.layer.trusted_hosts = Some(Items(vec!["Evil.example".to_owned()])));
    let settings = case.settings();
    assert_eq!(settings.target.credential.unwrap().from, "X_KEY");
    case.flags = Overrides::default();
    case.user = "trusted_hosts = [\"evil.example\"]";
    assert!(case.resolve().is_ok(), "both are the user's word");
}

#[test]
fn a_projects_address_cannot_borrow_the_key_of_a_users_target() {
    let text = format!("{EVIL}api_key_env = \"CORP\"");
    let case = Case {
        user: "trusted_hosts = [\"evil.example\"]\n[targets.corp]\nextends = \"anthropic\"\napi_key_env = \"CORP\"",
        project: text.leak(),
        variables: &[("CORP", "marker")],
        ..Case::default()
    };
    assert!(case.error().ends_with("needs a credential of its own"));
}

#[test]
fn a_project_cannot_pick_a_secret_for_a_platform() {
    let case = Case {
        project: "target = \"x\"\n[targets.x]\nextends = \"anthropic\"\napi_key_env = \"GITHUB_TOKEN\"",
        variables: &[("GITHUB_TOKEN", "marker")],
        ..Case::default()
    };
    let expected =
        format!("`{PROJECT}`: the target `x` may not send `GITHUB_TOKEN` to a platform's own host");
    assert_eq!(case.error(), expected);
}

#[test]
fn a_users_address_gets_the_users_key() {
    let text =
        "target = \"corp\"\n[targets.corp]\nextends = \"anthropic\"\nbase_url = \"https://gw.example\"";
    let mut case = Case { user: text, variables: &[("ANTHROPIC_API_KEY", "marker")], ..Case::default() };
    assert_eq!(case.settings().target.credential.unwrap().from, "ANTHROPIC_API_KEY");
    let own = format!("{text}\nauth_token_env = \"CORP\"");
    case.user = own.leak();
    assert_eq!(case.settings().target.credential, None, "its own variable replaces the built-in ones");
    assert_eq!(case.settings().target.key_variables, ["CORP"]);
}

#[test]
fn headers_that_carry_credentials_belong_in_no_file() {
    let case = user("[targets.x]\nextends = \"anthropic\"\nheaders = { Authorization = \"Bearer marker\" }");
    let expected = "`targets.x.headers.Authorization` would keep a credential in a configuration file";
    assert_eq!(case.error(), format!("`{USER}`: {expected}"));
}

#[test]
fn the_proxy_is_read_as_other_tools_do() {
    let case = variables(&[
        ("HTTPS_PROXY", "http://a.example:1"),
        ("https_proxy", "http://b.example:2"),
        ("NO_PROXY", "x.example"),
    ]);
    let proxy = case.settings().target.proxy;
    assert_eq!(proxy.https.unwrap().host_str(), Some("b.example"));
    assert_eq!(proxy.no_proxy.as_deref(), Some("x.example"));
    let bad = variables(&[("HTTPS_PROXY", "socks5://marker")]).error();
    assert_eq!(bad, "the proxy of the variable HTTPS_PROXY is not an http or https URL");
}

#[test]
fn as_judges_the_local_store_by_another_target() {
    let mut case = Case { flags: flag(|f| f.accept_as = Some("qoder".to_owned())), ..Case::default() };
    assert_eq!(case.settings().judge.name, "qoder");
    case.flags.layer.target = Some("anthropic".to_owned());
    assert!(case.error().starts_with("--as judges by the rules of another target"));
}

#[test]
fn the_defaults_that_flags_name_are_those_of_the_table() {
    let shown: std::collections::BTreeMap<_, _> = LimitValues::default().show().into_iter().collect();
    let help = include_str!("../cli/limits.rs");
    let mut named = help.split("[default: ").skip(1);
    let prefixes = ["    max_", "    convert_", "    worker_"];
    for line in help.lines().filter(|line| prefixes.iter().any(|prefix| line.starts_with(prefix))) {
        let key = line.trim().split(':').next().unwrap();
        let default = named.next().unwrap().split(']').next().unwrap();
        assert_eq!(shown[format!("limits.{key}").as_str()], default, "{key}");
    }
}
