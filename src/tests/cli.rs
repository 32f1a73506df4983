//! Runs the cases of `testdata/cli`: what is typed, what is printed, and the exit status.
//!
//! `TRYCMD=overwrite cargo test --test cli` rewrites the expectations; read the diff.

#[test]
fn cases_print_what_they_should() {
    trycmd::TestCases::new().case("testdata/cli/*.toml").case("testdata/cli/*.md").run();
}
