//! Asks before something is done for good.

use std::io::{self, BufRead, IsTerminal};

use super::{CommandError, Context};
use crate::cli::UsageError;

/// Asks `what`; only a yes is one. `why` is said where nobody can be asked.
///
/// # Errors
/// [`CommandError::Usage`] if there is no terminal to ask on.
pub(super) fn confirm(context: &mut Context<'_>, what: &str, why: &str) -> Result<bool, CommandError> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(UsageError::new(why).with_hint("say --yes").into());
    }
    // What is asked about was printed before.
    context.stdout.flush().map_err(CommandError::Stdout)?;
    let asked = context.stderr.write_all(format!("{what} [y/N] ").as_bytes());
    asked.and_then(|()| context.stderr.flush()).map_err(CommandError::Process)?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(CommandError::Process)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
