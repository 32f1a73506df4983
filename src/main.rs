//! The program. Everything is in the library; this only makes a process of it.

use std::process::ExitCode;

fn main() -> ExitCode {
    docferry::commands::main().into()
}
