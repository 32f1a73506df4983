use crate::config::{ConfigError, ConfigText, Environment, Files, Overrides, Settings, resolve};

const PROJECT: &str = "/home/u/repo/docferry.toml";

/// Settings for a target, with a user's file, a variable and a flag.
fn resolved(
    target: &str,
    user: &str,
    variable: &'static str,
    flag: Option<&str>,
) -> Result<Settings, ConfigError> {
    let mut overrides = Overrides::default();
    overrides.layer.target = Some(target.to_owned());
    overrides.workspace_id = flag.map(|flag| flag.parse().unwrap());
    let environment = Environment::new("/home/u/repo", [("ANTHROPIC_WORKSPACE_ID", variable)]);
    let user = ConfigText { path: "/u.toml".into(), text: user.to_owned() };
    resolve(&overrides, &environment, &Files { user: Some(user), ..Files::default() })
}

/// Returns the id that requests carry, who said so, and the name that the ledger has.
fn named(settings: &Settings) -> (Option<&str>, Option<String>, Option<&str>) {
    let profile = &settings.target.profile;
    let header = profile.headers.get("anthropic-workspace-id").map(String::as_str);
    let id = settings.target.workspace_id.as_ref();
    assert_eq!(id.map(|(id, _)| id.as_str()), header);
    (header, id.map(|(_, origin)| origin.to_string()), profile.workspace.as_deref())
}

const CORP: &str = "[targets.corp]\nextends = \"anthropic\"\nworkspace_id = \"wrkspc_file\"\n";

#[test]
fn the_nearest_word_names_the_workspace() {
    let both = format!("{CORP}workspace = \"prod\"");
    let name = "[targets.corp]\nextends = \"anthropic\"\nworkspace = \"prod\"";
    for (target, user, variable, flag, expected) in [
        ("anthropic", "", "", None, (None, None, None)),
        (
            "anthropic",
            "",
            "wrkspc_v",
            None,
            (Some("wrkspc_v"), Some("$ANTHROPIC_WORKSPACE_ID"), Some("wrkspc_v")),
        ),
        ("anthropic", "", "wrkspc_v", Some("wrkspc_f"), (Some("wrkspc_f"), Some("flag"), Some("wrkspc_f"))),
        (
            "anthropic-beta",
            "",
            "wrkspc_v",
            None,
            (Some("wrkspc_v"), Some("$ANTHROPIC_WORKSPACE_ID"), Some("wrkspc_v")),
        ),
        ("corp", CORP, "wrkspc_v", None, (Some("wrkspc_file"), Some("/u.toml"), Some("wrkspc_file"))),
        ("corp", &both, "wrkspc_v", None, (Some("wrkspc_file"), Some("/u.toml"), Some("prod"))),
        // Another workspace than that of the file is not known by the file's name for it.
        ("corp", &both, "", Some("wrkspc_f"), (Some("wrkspc_f"), Some("flag"), Some("wrkspc_f"))),
        ("corp", &both, "", Some("wrkspc_file"), (Some("wrkspc_file"), Some("flag"), Some("prod"))),
        // A variable does not change what the ledger calls the workspace.
        ("corp", name, "", None, (None, None, Some("prod"))),
        ("corp", name, "wrkspc_v", None, (Some("wrkspc_v"), Some("$ANTHROPIC_WORKSPACE_ID"), Some("prod"))),
        ("corp", name, "wrkspc_v", Some("wrkspc_f"), (Some("wrkspc_f"), Some("flag"), Some("wrkspc_f"))),
        ("qoder", "", "wrkspc_v", None, (None, None, None)),
        ("local", "", "nonsense", None, (None, None, None)),
    ] {
        let settings = resolved(target, user, variable, flag).unwrap_or_else(|error| panic!("{error}"));
        let (id, origin, name) = named(&settings);
        assert_eq!((id, origin.as_deref(), name), expected, "{target} {user} {variable} {flag:?}");
        // Whoever is given another name than the file's is told.
        let is_renamed = user.contains("workspace = ") && name != Some("prod");
        let told = "the ledger knows this workspace as `wrkspc_f`: --workspace-id does not name `prod`, that of the target";
        assert_eq!(settings.warnings, if is_renamed { vec![told] } else { vec![] });
    }
}

#[test]
fn a_fixed_header_of_the_same_name_is_replaced() {
    let user = format!("{CORP}headers = {{ Anthropic-Workspace-Id = \"wrkspc_old\" }}");
    let settings = resolved("corp", &user, "", None).unwrap();
    let headers = &settings.target.profile.headers;
    assert_eq!(headers.iter().filter(|(name, _)| name.to_lowercase().contains("workspace")).count(), 1);
    assert_eq!(headers["anthropic-workspace-id"], "wrkspc_file");
}

#[test]
fn what_is_no_id_or_has_no_place_is_refused() {
    let error = |target: &str, user: &str, variable, flag: Option<&str>| {
        let error =
            resolved(target, user, variable, flag).map(|settings| format!("{settings:?}")).unwrap_err();
        let source =
            std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
        format!("{error}{source}")
    };
    let none = "it is not the id of a workspace, such as wrkspc_01Ab";
    assert_eq!(
        error("anthropic", "", "sk-marker", None),
        format!("the variable ANTHROPIC_WORKSPACE_ID: {none}")
    );
    let text = "[targets.corp]\nextends = \"anthropic\"\nworkspace_id = \"sk-marker\"";
    assert_eq!(error("local", text, "", None), format!("`/u.toml` line 3: {none}"));
    let no_place = |target: &str| format!("requests to the target `{target}` name no workspace");
    assert_eq!(error("qoder", "", "", Some("wrkspc_f")), no_place("qoder"));
    assert_eq!(error("local", "", "", Some("wrkspc_f")), no_place("local"));
    assert_eq!(error("local", &CORP.replace("\"anthropic\"", "\"qoder\""), "", None), no_place("corp"));
}

#[test]
fn a_project_does_not_choose_the_workspace() {
    let files = Files {
        project: Some(ConfigText { path: PROJECT.into(), text: CORP.to_owned() }),
        ..Files::default()
    };
    let error = resolve(&Overrides::default(), &Environment::new("/home/u/repo", []), &files).unwrap_err();
    assert_eq!(error.to_string(), format!("`{PROJECT}`: a project cannot set `targets.corp.workspace_id`"));
}
