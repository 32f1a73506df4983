//! Runs the cases of `testdata/cli`: what is typed, what is printed, and the exit status.
//!
//! `TRYCMD=overwrite cargo test --test cli` rewrites the expectations; read the diff. The user's own configuration
//! and keys are out of sight: an empty variable counts as not set.

/// Cases that print where the state is. They store nothing.
const SHOW_STATE: [&str; 2] = ["testdata/cli/config.md", "testdata/cli/project-tightens.md"];

fn cases() -> trycmd::TestCases {
    let cases = trycmd::TestCases::new();
    cases.env("XDG_CONFIG_HOME", "/nonexistent").env("HOME", "/nonexistent");
    for name in [
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_AUTH_TOKEN",
        "ANTHROPIC_BASE_URL",
        "ANTHROPIC_CONFIG_DIR",
        "ANTHROPIC_PROFILE",
        "ANTHROPIC_WORKSPACE_ID",
        "QODER_ACCESS_TOKEN",
        "QODER_PAT",
        "QODER_MANAGED_BASE_URL",
        "HTTPS_PROXY",
        "https_proxy",
        "DOCFERRY_CONFIG",
        "DOCFERRY_TARGET",
        "DOCFERRY_STATE_DIR",
    ] {
        cases.env(name, "");
    }
    cases
}

#[test]
fn cases_print_what_they_should() {
    // A ledger of its own, which no other run of the tests has seen.
    let state = tempfile::tempdir().expect("there is room for temporary files");
    let state_home = state.path().to_str().expect("its path is text");
    let others = cases();
    others.env("XDG_STATE_HOME", state_home);
    others.case("testdata/cli/*.toml").case("testdata/cli/*.md");
    // Of what is said of a case, the last counts.
    for path in SHOW_STATE {
        others.skip(path);
    }
    others.run();
    let shown = cases();
    shown.env("XDG_STATE_HOME", "");
    for path in SHOW_STATE {
        shown.case(path);
    }
    shown.run();
}
