//! The commands: one file each, with one `run`. This file holds their table, what they share, and the process around
//! them: standard streams, signals, logs and the exit status.
//!
//! A command returns its exit status or an error; the error's kind decides the status, and it is printed once, here.

mod books;
mod check;
mod config;
mod confirm;
mod convert;
mod doctor;
mod error;
mod fetch;
mod files;
mod formats;
mod halt;
mod ingest;
mod inputs;
mod ledger;
mod manifest;
mod message;
mod open;
mod outputs;
mod repeat;
mod resume;
mod run;
#[cfg(feature = "server")]
mod serve;
mod sessions;
mod targets;
mod worker;

use std::any::Any;
use std::ffi::OsString;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Parser;
use tracing_subscriber::filter::{LevelFilter, Targets as Filter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

pub use error::CommandError;
pub use inputs::named;
pub use open::open_target;

use crate::cli::{Cli, ColorWhen, Command, GeneralArgs, LogFormat};
use crate::config::{self as configuration, Environment, Overrides, Settings};
use crate::exit::ExitStatus;
use crate::report::human::{self, Colour};

/// What a command works with.
pub struct Context<'a> {
    /// Flags of every command.
    pub general: &'a GeneralArgs,
    /// The surroundings of the process.
    pub environment: &'a Environment,
    /// What was typed after the program's name.
    pub arguments: Vec<OsString>,
    /// Takes data.
    pub stdout: &'a mut dyn Write,
    /// Takes everything else.
    pub stderr: &'a mut dyn Write,
    /// Whether `stderr` shows colour.
    pub colour: Colour,
    /// Becomes true when the user wants to stop.
    pub interrupted: Arc<AtomicBool>,
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("general", &self.general).finish_non_exhaustive()
    }
}

impl Context<'_> {
    /// Makes the settings and prints their warnings.
    ///
    /// # Errors
    /// [`CommandError::Config`].
    pub fn settings(&mut self, overrides: &Overrides) -> Result<Settings, CommandError> {
        let settings = configuration::load(overrides, self.environment)?;
        for message in &settings.warnings {
            self.warn(message);
        }
        Ok(settings)
    }

    /// Prints something that the user should know, unless `-qq` was said.
    pub fn warn(&mut self, message: &str) {
        if self.general.quiet < 2 {
            // Nobody is left to tell when standard error is gone.
            drop(human::warning(self.stderr, message, self.colour));
        }
    }

    /// Prints a problem of one thing among several; the command goes on.
    pub fn complain(&mut self, error: &dyn std::error::Error, hint: Option<&str>) {
        drop(human::error(self.stderr, error, hint, self.colour));
    }
}

/// Runs the program and returns what the process exits with.
#[must_use]
pub fn main() -> ExitStatus {
    // clap prints help and usage errors itself, and exits with 0 or 2.
    let cli = Cli::parse();
    if let Command::Worker(args) = &cli.command {
        return worker::run(args);
    }
    if let Err(error) = forbid_core_dumps().and_then(|()| start_log(&cli.general)) {
        drop(human::error(&mut io::stderr(), &error, None, Colour::Off));
    }
    std::panic::catch_unwind(AssertUnwindSafe(|| run_in_process(cli))).unwrap_or_else(|panic| {
        drop(writeln!(io::stderr(), "error: docferry failed; this is a defect: {}", panic_text(&*panic)));
        ExitStatus::Fault
    })
}

fn run_in_process(cli: Cli) -> ExitStatus {
    let mut stdout = BufWriter::new(io::stdout().lock());
    let mut stderr = io::stderr();
    let (colour, result) = match (Environment::of_process(), interrupt_flag()) {
        (Ok(environment), Ok(interrupted)) => {
            let colour = colour(cli.general.color, &environment);
            let mut context = Context {
                general: &cli.general,
                environment: &environment,
                arguments: std::env::args_os().skip(1).collect(),
                stdout: &mut stdout,
                stderr: &mut stderr,
                colour,
                interrupted,
            };
            let armed = arm_failpoint(&environment).map_err(CommandError::Process);
            (colour, armed.and_then(|()| run(cli.command, &mut context)))
        }
        (Err(source), _) | (_, Err(source)) => (Colour::Off, Err(CommandError::Process(source))),
    };
    // What was printed before an error still goes out, and a full disk must not pass for a success.
    let flushed = stdout.flush().map_err(CommandError::Stdout);
    match result.and_then(|status| flushed.map(|()| status)) {
        Ok(status) => status,
        Err(error) if error.is_broken_pipe() => ExitStatus::Success,
        // Who has interrupted knows it.
        Err(CommandError::Interrupted) => ExitStatus::Interrupted,
        Err(error) => {
            drop(human::error(&mut stderr, &error, error.hint().as_deref(), colour));
            error.status()
        }
    }
}

/// Runs one command.
///
/// # Errors
/// [`CommandError`]; its kind decides the exit status.
pub fn run(command: Command, context: &mut Context<'_>) -> Result<ExitStatus, CommandError> {
    match command {
        Command::Ingest(args) => ingest::run_ingest(&args, context),
        Command::Convert(args) => convert::run_convert(&args, context),
        Command::Resume(args) => resume::run(&args, context),
        Command::Check(args) => check::run_check(&args, context),
        Command::Files(args) => files::run(args, context),
        Command::Sessions(args) => sessions::run(args, context),
        #[cfg(feature = "server")]
        Command::Serve(args) => serve::run(args, context),
        Command::Targets(args) => targets::run(&args, context),
        Command::Formats(args) => formats::run(&args, context),
        Command::Manifest(args) => manifest::run(&args, context),
        Command::Message(args) => message::run(&args, context),
        Command::Outputs(args) => outputs::run(&args, context),
        Command::Ledger(args) => ledger::run(&args, context),
        Command::Config(args) => config::run(&args, context),
        Command::Doctor(args) => doctor::run(&args, context),
        Command::Halt(args) => halt::run(&args, context),
        Command::Worker(args) => Ok(worker::run(&args)),
    }
}

/// Returns a flag that SIGINT or SIGTERM sets. A second signal ends the process at once with status 130.
///
/// # Errors
/// The system refuses the handlers.
pub fn interrupt_flag() -> io::Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    let status = i32::from(ExitStatus::Interrupted.code());
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // In this order: the handler that ends the process must see the flag as the last signal left it.
        signal_hook::flag::register_conditional_shutdown(signal, status, Arc::clone(&flag))?;
        signal_hook::flag::register(signal, Arc::clone(&flag))?;
    }
    Ok(flag)
}

/// Lets a step fail on purpose, for tests; never in a release build.
#[cfg(debug_assertions)]
fn arm_failpoint(environment: &Environment) -> io::Result<()> {
    environment.var("DOCFERRY_FAILPOINT").map_or(Ok(()), crate::model::failpoint::arm)
}

#[cfg(not(debug_assertions))]
fn arm_failpoint(_: &Environment) -> io::Result<()> {
    Ok(())
}

/// A core dump could hold a credential or a document.
fn forbid_core_dumps() -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, none).map_err(io::Error::from)
}

fn start_log(general: &GeneralArgs) -> io::Result<()> {
    let level = match (general.quiet, general.verbose) {
        (0, 0) => LevelFilter::WARN,
        (_, 0) => LevelFilter::ERROR,
        (_, 1) => LevelFilter::INFO,
        (_, 2) => LevelFilter::DEBUG,
        (_, _) => LevelFilter::TRACE,
    };
    // Other crates may log what they send; their details stay out.
    let filter = Filter::new().with_target("docferry", level).with_default(LevelFilter::WARN.min(level));
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let started = match general.log_format {
        LogFormat::Text => {
            let lines = lines.with_ansi(false).with_target(false);
            tracing_subscriber::registry().with(filter).with(lines).try_init()
        }
        LogFormat::Json => tracing_subscriber::registry().with(filter).with(lines.json()).try_init(),
    };
    // A panic of a converter costs one input and is told there; here it is for those who look for its cause.
    std::panic::set_hook(Box::new(|info| tracing::error!(panic = %info, "caught a panic")));
    started.map_err(io::Error::other)
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

fn colour(when: ColorWhen, environment: &Environment) -> Colour {
    let on = match when {
        ColorWhen::Always => true,
        ColorWhen::Never => false,
        ColorWhen::Auto => {
            let dumb = environment.var("TERM") == Some("dumb");
            environment.var("NO_COLOR").is_none() && !dumb && io::stderr().is_terminal()
        }
    };
    if on { Colour::On } else { Colour::Off }
}
