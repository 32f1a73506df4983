//! Runs the cases of `testdata/cli`: what is typed, what is printed, and the exit status.
//!
//! `TRYCMD=overwrite cargo test --test cli` rewrites the expectations; read the diff. The user's own configuration
//! and keys are out of sight: an empty variable counts as not set.

#[test]
fn cases_print_what_they_should() {
    let cases = trycmd::TestCases::new();
    cases
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .env("HOME", "/nonexistent")
        .env("DOCFERRY_STATE_DIR", ".state");
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
        "XDG_STATE_HOME",
    ] {
        cases.env(name, "");
    }
    cases.case("testdata/cli/*.toml").case("testdata/cli/*.md").run();
}
