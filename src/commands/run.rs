//! What the commands of the pipeline share: settings into a run, the run's progress, its end and exit status.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{CommandError, Context, named};
use crate::cli::{InputArgs, LogPaths, OutputArgs, UsageError};
use crate::config::Settings;
use crate::exit::ExitStatus;
use crate::model::entry::Status;
use crate::model::{FileName, Isolate};
use crate::pipeline::{Builder, Inspection, Pipeline, Report, RunError, StopKind, Verdict};
use crate::policy::Policy;
use crate::report::progress::{Progress, Show};
use crate::report::{human, json, summary};
use crate::stages::discover::{self, DiscoverOptions, Globs, Named};
use crate::stages::manifest::beside;
use crate::stages::plan::PlanOptions;
use crate::worker::Isolation;

/// Returns the description of a run by these settings, without its work.
pub(super) fn builder(
    settings: &Settings,
    named: Vec<Named>,
    context: &Context<'_>,
) -> Result<Builder, CommandError> {
    let discover = &settings.discover;
    let globs =
        Globs::new(&discover.include, &discover.exclude).map_err(|e| UsageError::new(human::chain(&e)))?;
    let builder = Pipeline::builder();
    let builder = match settings.office()? {
        Some(program) => builder.to_pdf(program),
        None => builder,
    };
    Ok(builder
        .inputs(named)
        .discover(DiscoverOptions {
            hidden: discover.hidden,
            follow: discover.follow,
            gitignore: discover.gitignore,
            globs,
            force_exclude: discover.force_exclude,
            own: [settings.store.clone()].iter().filter_map(|p| std::path::absolute(p).ok()).collect(),
        })
        .plan(PlanOptions {
            convert: settings.convert_mode,
            misnamed: settings.misnamed,
            ..PlanOptions::default()
        })
        .options(settings.converter_options.clone())
        .limits(settings.limits.clone())
        .max_convert_bytes(settings.max_convert_bytes)
        .convert_timeout(settings.convert_timeout)
        .isolation(isolation(settings.isolate)?)
        .isolate(settings.isolate)
        .worker_memory_bytes(settings.worker_memory_bytes)
        .consumer(settings.consumer)
        .policy(Policy { secrets: settings.secrets })
        .name_style(settings.name_style)
        .live_keys(settings.live_keys.clone())
        .jobs(settings.jobs.get())
        .concurrency(settings.concurrency.get())
        .batch_files(settings.batch_files)
        .batch_bytes(settings.batch_bytes)
        .interrupted(Arc::clone(&context.interrupted)))
}

/// Returns where what needs it is converted: in processes of this very program.
fn isolation(isolate: Isolate) -> Result<Isolation, CommandError> {
    if isolate == Isolate::Never {
        return Ok(Isolation::Thread);
    }
    // Even when the file was replaced meanwhile, this is the program that runs.
    let same = Path::new("/proc/self/exe");
    let program = match same.try_exists() {
        Ok(true) => same.to_owned(),
        _ => std::env::current_exe().map_err(CommandError::Process)?,
    };
    Ok(Isolation::Process { program })
}

/// Gives the name of `--name` to the only input.
pub(super) fn with_name(
    builder: Builder,
    name: Option<&FileName>,
    named: &[Named],
) -> Result<Builder, CommandError> {
    let Some(name) = name else { return Ok(builder) };
    match named {
        [Named::Stdin { .. }] => {}
        [Named::Path(path)] if !path.is_dir() => {}
        _ => return Err(UsageError::new("--name needs exactly one file").into()),
    }
    Ok(builder.name(Some(name.as_str().to_owned())))
}

/// Where a run's manifest goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ManifestPlace {
    /// A file of the user's choice; it is replaced.
    Chosen(PathBuf),
    /// The usual file; it is replaced only by a run over the same inputs into the same target.
    Usual(PathBuf),
    /// Standard output.
    Stdout,
}

impl ManifestPlace {
    pub(super) fn of(settings: &Settings, args: &OutputArgs) -> Result<Self, CommandError> {
        if settings.manifest.as_os_str() == "-" {
            return if args.json {
                Err(UsageError::new("--json and `-o -` both want standard output").into())
            } else {
                Ok(Self::Stdout)
            };
        }
        let path = settings.manifest.clone();
        Ok(if args.output.is_some() { Self::Chosen(path) } else { Self::Usual(path) })
    }

    pub(super) fn path(&self) -> Option<PathBuf> {
        match self {
            Self::Chosen(path) | Self::Usual(path) => Some(path.clone()),
            Self::Stdout => None,
        }
    }

    /// Refuses to replace the manifest of another run.
    pub(super) fn guard(&self, pipeline: &Pipeline) -> Result<(), CommandError> {
        let Self::Usual(path) = self else { return Ok(()) };
        if !path.exists() {
            return Ok(());
        }
        let facts = std::fs::read(beside(path, ".run.json")).ok();
        let facts = facts.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        if facts.is_some_and(|facts| pipeline.repeats(&facts)) {
            return Ok(());
        }
        let message = format!("`{}` is the manifest of another run", path.display());
        Err(UsageError::new(message).with_hint("write this one elsewhere with -o FILE").into())
    }
}

/// What the end of a run says besides the report.
#[derive(Debug, Default)]
pub(super) struct Ending<'a> {
    pub(super) store: Option<&'a Path>,
    pub(super) output_dir: Option<&'a Path>,
    pub(super) key_without_target: bool,
    pub(super) allow_empty: bool,
}

/// Runs, shows the progress, and tells the end.
pub(super) fn run(
    pipeline: &Pipeline,
    place: &ManifestPlace,
    args: &OutputArgs,
    ending: &Ending<'_>,
    context: &mut Context<'_>,
) -> Result<ExitStatus, CommandError> {
    let show = match (context.general.quiet, std::io::stderr().is_terminal()) {
        (1.., _) => Show::Nothing,
        (0, false) => Show::Lines,
        (0, true) if args.json => Show::Nothing,
        (0, true) => Show::Bar,
    };
    let report = {
        let warned = context.general.quiet < 2;
        let mut progress = Progress::new(
            show,
            args.json.then_some(&mut *context.stdout),
            warned.then_some(&mut *context.stderr),
            context.colour,
        )
        .with_hashed_paths(context.general.log_paths == LogPaths::Hash);
        let report = pipeline.run(&mut progress)?;
        progress.finish().map_err(CommandError::Stdout)?;
        report
    };
    if *place == ManifestPlace::Stdout {
        copy_manifest(&report, context.stdout)?;
    }
    if args.json {
        json::line(context.stdout, &summary::object(&report)).map_err(CommandError::Stdout)?;
    }
    if context.general.quiet < 2 {
        let path = place.path();
        let facts = summary::Facts {
            manifest: path.as_deref(),
            store: ending.store,
            output_dir: ending.output_dir,
            key_without_target: ending.key_without_target,
        };
        // Nobody is left to tell when standard error is gone.
        drop(summary::write(&report, &facts, context.stderr));
    }
    Ok(status(&report).merge(judge_empty(&report, ending.allow_empty, context)))
}

/// Complains of a run without inputs, unless the user said that it is fine.
pub(super) fn judge_empty(report: &Report, allowed: bool, context: &mut Context<'_>) -> ExitStatus {
    if report.inputs > 0 || allowed {
        return ExitStatus::Success;
    }
    context.complain(&UsageError::new("there is no input"), Some("say --allow-empty if that is fine"));
    ExitStatus::Findings
}

/// Says how much was not looked at because the user stopped it.
pub(super) fn interrupted(report: &Report, context: &mut Context<'_>) -> ExitStatus {
    context.warn(&format!("interrupted; {} of {} inputs had no turn", report.left_undone, report.inputs));
    ExitStatus::Interrupted
}

/// Returns what the user named, if all of it is there.
pub(super) fn inputs(args: &InputArgs) -> Result<Vec<Named>, CommandError> {
    let inputs = named(args, &mut std::io::stdin().lock())?;
    discover::check(&inputs).map_err(RunError::from)?;
    Ok(inputs)
}

fn copy_manifest(report: &Report, out: &mut dyn Write) -> Result<(), CommandError> {
    let Some(path) = report.manifest() else { return Ok(()) };
    let open = std::fs::File::open(path);
    let mut file = open.map_err(|source| CommandError::File { path: path.to_owned(), source })?;
    std::io::copy(&mut file, out).map_err(CommandError::Stdout)?;
    Ok(())
}

/// Returns what a script learns of a run.
fn status(report: &Report) -> ExitStatus {
    let when = |condition: bool, status| if condition { status } else { ExitStatus::Success };
    let stopped = report.stopped.as_ref().map_or(ExitStatus::Success, |stopped| match stopped.kind {
        StopKind::Interrupted => ExitStatus::Interrupted,
        StopKind::Refused => ExitStatus::Stopped,
        StopKind::Budget => ExitStatus::Budget,
        StopKind::Unusable => ExitStatus::Unfinished,
        StopKind::Fault => ExitStatus::Fault,
    });
    stopped
        .merge(when(report.of(Status::Ambiguous) > 0, ExitStatus::Ambiguous))
        .merge(when(report.retryable > 0, ExitStatus::Unfinished))
        .merge(when(report.of(Status::Rejected) + report.of(Status::Failed) > 0, ExitStatus::Findings))
}

/// Prints what would become of each input, and does nothing.
pub(super) fn dry_run(
    pipeline: &Pipeline,
    as_json: bool,
    allow_empty: bool,
    context: &mut Context<'_>,
) -> Result<ExitStatus, CommandError> {
    let report = pipeline.inspect(Inspection::Plan, |verdict| {
        if verdict.entry().had_no_turn() {
            return Ok(());
        }
        let written = if as_json {
            json::line(context.stdout, &summary::verdict(verdict))
        } else {
            let entry = verdict.entry();
            let said = match verdict {
                Verdict::Passes { action, .. } => action.clone(),
                Verdict::Stays(entry) => summary::reasons(entry)
                    .iter()
                    .map(|(code, message, _)| format!("{}: {code}: {message}", entry.status.as_str()))
                    .collect::<Vec<_>>()
                    .join("; "),
            };
            let path = human::printable(&entry.source.path);
            writeln!(context.stdout, "{path}: {}", human::printable(&said))
        };
        written.map_err(CommandError::Stdout)
    })?;
    if report.left_undone > 0 {
        return Ok(interrupted(&report, context));
    }
    Ok(status(&report).merge(judge_empty(&report, allow_empty, context)))
}
