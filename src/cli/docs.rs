//! The text of docs/cli.md: the help of every command, as the program prints it.
//!
//! A test compares it with the file, so a flag cannot change without its documentation.

use clap::{Command, CommandFactory};

use super::Cli;

const HEAD: &str = "# Command line\n\n\
    Generated from the program's own help by `DOCFERRY_BLESS=1 cargo test`; do not edit.\n";

/// Returns the documentation of all commands.
#[must_use]
pub fn markdown() -> String {
    let mut text = HEAD.to_owned();
    let mut command = Cli::command().term_width(100);
    command.build();
    write_command(&mut text, &mut command);
    text
}

fn write_command(text: &mut String, command: &mut Command) {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name()).to_owned();
    let help = command.render_long_help().to_string();
    let lines: Vec<_> = help.trim_end().lines().map(str::trim_end).collect();
    text.push_str(&format!("\n## `{name}`\n\n```text\n{}\n```\n", lines.join("\n")));
    for subcommand in command.get_subcommands_mut().filter(|subcommand| !subcommand.is_hide_set()) {
        write_command(text, subcommand);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    #[cfg(feature = "server")]
    #[expect(clippy::disallowed_methods, reason = "asks whether to rewrite the file")]
    fn documentation_is_what_the_program_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/cli.md");
        if std::env::var_os("DOCFERRY_BLESS").is_some() {
            std::fs::write(path, markdown()).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(written, markdown(), "DOCFERRY_BLESS=1 cargo test rewrites docs/cli.md");
    }
}
