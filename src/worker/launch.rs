//! `worker --launch`: runs another program that shall reach neither network nor the user's files.
//!
//! An office suite cannot live under what confines a worker: it starts processes and reads fonts and its own files. It
//! may read the system's folders and its own, write one folder, and talk to nobody.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use rustix::process::{Resource, Signal, kill_current_process_group};

use super::protocol::Confinement;
use super::sandbox::limit;

/// The address space of the program. It maps far more than it uses.
const MEMORY_BYTES: u64 = 8 << 30;
/// Begins a line on standard error that says what is not in force.
const MARK: &str = "docferry: not in force: ";

/// A program to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// The folder that it may write; it is its home and its folder for temporary files.
    pub folder: PathBuf,
    /// The processor time that each of its processes may take, in seconds.
    pub cpu_seconds: u64,
    /// The largest file that it may write.
    pub file_bytes: u64,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
}

impl Launch {
    /// Returns the program as a command in its own folder, with as little of an environment as it can do with.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args).current_dir(&self.folder).env_clear();
        command.env("HOME", &self.folder).env("TMPDIR", &self.folder);
        command.env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8");
        // Nothing is drawn on any screen.
        command.env("SAL_USE_VCLPLUGIN", "svp");
        command
    }

    /// Returns the arguments that follow `worker` for this.
    #[must_use]
    pub fn to_args(&self) -> Vec<OsString> {
        let mut args: Vec<OsString> = vec!["--launch".into(), self.folder.clone().into()];
        args.extend([self.cpu_seconds.to_string().into(), self.file_bytes.to_string().into()]);
        args.push(self.program.clone().into());
        args.extend(self.args.iter().cloned());
        args
    }

    /// Reads what follows `--launch`.
    pub(super) fn from_args(mut args: impl Iterator<Item = OsString>) -> Option<Self> {
        let folder = args.next()?.into();
        let mut number = || args.next()?.to_str()?.parse().ok();
        let (cpu_seconds, file_bytes) = (number()?, number()?);
        let program = args.next()?.into();
        Some(Self { folder, cpu_seconds, file_bytes, program, args: args.collect() })
    }

    /// Gives up what the program shall not have, runs it, and ends as it ends. Returns only if it cannot be started.
    ///
    /// When standard input ends, so do the program and all that it started: whoever wanted it is gone.
    pub(super) fn run(&self) -> io::Error {
        let mut done = Confinement::default();
        done.note("core dumps", limit(Resource::Core, 0));
        done.note("file size", limit(Resource::Fsize, self.file_bytes));
        done.note("processor time", limit(Resource::Cpu, self.cpu_seconds));
        done.note("memory", limit(Resource::As, MEMORY_BYTES));
        #[cfg(target_os = "linux")]
        super::sandbox::confine_program(&mut done, &self.program, &self.folder);
        for missing in &done.missing {
            // The run reads it there; without it, it is merely not told.
            drop(io::Write::write_all(
                &mut io::stderr(),
                format!("{MARK}{} ({})\n", missing.what, missing.why).as_bytes(),
            ));
        }
        let child = self.command().stdin(Stdio::null()).spawn();
        let watching = std::thread::Builder::new().spawn(|| {
            drop(io::copy(&mut io::stdin().lock(), &mut io::sink()));
            let _ = kill_current_process_group(Signal::KILL);
        });
        match child.and_then(|mut child| watching.and_then(|_| child.wait())) {
            // As a shell tells a signal.
            Ok(status) => {
                std::process::exit(status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default()))
            }
            Err(error) => error,
        }
    }
}

/// Finds what a launched program said to be not in force.
#[must_use]
pub fn not_in_force(said: &str) -> Vec<&str> {
    said.lines().filter_map(|line| line.strip_prefix(MARK)).collect()
}
