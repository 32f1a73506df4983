//! Failures on purpose, at each step whose order keeps a run safe; `docs/reliability.md` has the table.
//!
//! A test says `DOCFERRY_FAILPOINT=STEP:ACTION[:NTH]`: at the NTH time (the first, if nothing is said; `NTH+`: from then
//! on) the step fails as the real one would, panics, or ends the process. A release build has nothing of this.

macro_rules! steps {
    ($($variant:ident, $name:literal, $what:literal;)+) => {
        /// A step that can fail on purpose.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Step { $(#[doc = $what] $variant,)+ }

        impl Step {
            /// Every step, in the order of a run.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Returns the name that a test says.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// Says when it is.
            #[must_use]
            pub fn what(self) -> &'static str {
                match self { $(Self::$variant => $what,)+ }
            }
        }
    };
}

steps! {
    BeforeIntent, "before-intent", "nothing is known of the upload yet";
    AfterIntent, "after-intent", "the intent is durable, no byte is sent";
    BeforeSend, "before-send", "the target is about to be called";
    AfterSend, "after-send", "the answer is read, and not booked";
    BeforeFinish, "before-finish", "a stored or adopted file is about to be booked";
    AfterFinish, "after-finish", "it is booked, and nobody was told";
    BeforePark, "before-park", "the outcome is unknown, and the ledger does not say so yet";
    AfterPark, "after-park", "the ledger says so, and nobody looks for it yet";
    BeforeResend, "before-resend", "the listing has nothing; the second send is not recorded";
    AfterResend, "after-resend", "the second send is recorded, and not made";
    LedgerCommit, "ledger-commit", "the commands of a transaction are done, and it is not committed";
    JournalAppend, "journal-append", "an entry is about to be appended to the journal";
    JournalSync, "journal-sync", "entries are in the journal, and not durable";
    RunFile, "run-file", "the manifest is made beside its place, the run file is about to be written";
    ManifestRename, "manifest-rename", "the manifest is about to be renamed into its place";
    AfterRename, "after-rename", "it is in its place, and the journal is still there";
}

/// Fails on purpose if this step is armed and its time has come.
///
/// # Errors
/// On purpose.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub fn hit(_: Step) -> std::io::Result<()> {
    Ok(())
}

#[cfg(debug_assertions)]
pub use armed::{arm, hit};

#[cfg(debug_assertions)]
mod armed {
    use std::io;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::Step;

    static ARMED: OnceLock<Armed> = OnceLock::new();

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Action {
        Error,
        Panic,
        Abort,
    }

    #[derive(Debug)]
    struct Armed {
        step: Step,
        action: Action,
        first: u32,
        /// Whether it goes on after the first time.
        goes_on: bool,
        hits: AtomicU32,
    }

    /// Arms one step for the rest of the process; what was armed first counts.
    ///
    /// # Errors
    /// `spec` is not `STEP:ACTION[:NTH[+]]`.
    pub fn arm(spec: &str) -> io::Result<()> {
        let unknown = || io::Error::new(io::ErrorKind::InvalidInput, format!("no failpoint: `{spec}`"));
        let armed = parse(spec).ok_or_else(unknown)?;
        ARMED.get_or_init(|| armed);
        Ok(())
    }

    fn parse(spec: &str) -> Option<Armed> {
        let mut words = spec.split(':');
        let (step, action) = (words.next()?, words.next()?);
        let nth = words.next().unwrap_or("1");
        let first = nth.trim_end_matches('+').parse().ok().filter(|first| *first > 0)?;
        Some(Armed {
            step: Step::ALL.iter().copied().find(|known| known.name() == step)?,
            action: match action {
                "error" => Action::Error,
                "panic" => Action::Panic,
                "abort" => Action::Abort,
                _ => return None,
            },
            first,
            goes_on: nth.ends_with('+'),
            hits: AtomicU32::new(0),
        })
        .filter(|_| words.next().is_none())
    }

    /// Fails on purpose if this step is armed and its time has come.
    ///
    /// # Errors
    /// On purpose.
    #[expect(clippy::panic, reason = "on purpose")]
    pub fn hit(step: Step) -> io::Result<()> {
        let Some(armed) = ARMED.get().filter(|armed| armed.step == step) else { return Ok(()) };
        let hits = armed.hits.fetch_add(1, Ordering::Relaxed) + 1;
        if hits != armed.first && !(armed.goes_on && hits > armed.first) {
            return Ok(());
        }
        let message = format!("failpoint {}", step.name());
        match armed.action {
            Action::Error => Err(io::Error::other(message)),
            Action::Panic => panic!("{message}"),
            Action::Abort => std::process::abort(),
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_spec_is_a_step_an_action_and_a_number() {
            for step in Step::ALL {
                let armed = parse(&format!("{}:abort", step.name())).unwrap();
                assert_eq!((armed.step, armed.action, armed.first), (*step, Action::Abort, 1));
            }
            let armed = parse("ledger-commit:error:20+").unwrap();
            assert_eq!((armed.action, armed.first, armed.goes_on), (Action::Error, 20, true));
            for bad in [
                "",
                "after-send",
                "after-send:sleep",
                "nowhere:error",
                "run-file:error:0",
                "run-file:error:1:1",
            ] {
                assert!(parse(bad).is_none(), "{bad}");
            }
        }
    }
}
