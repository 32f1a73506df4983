//! `sessions mount`: lists first, adds what is missing, and says of every file where it is.

use std::collections::HashMap;

use serde::Serialize;

use super::Job;
use super::plan::{Mounts, Session, There, Wanted};
use crate::cli::UsageError;
use crate::commands::repeat::Stop;
use crate::commands::{CommandError, Context};
use crate::exit::ExitStatus;
use crate::model::FileObject;
use crate::report::{human, json};
use crate::targets::sessions::Resource;
use crate::targets::{Disposition, TargetError};

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// It was added now.
    Mounted,
    /// It was there.
    Present,
    /// It would be added.
    Planned,
    /// The platform refuses it.
    Refused,
    /// Whether it was added is unknown; the next run looks.
    Unknown,
    /// It was not its turn.
    Left,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Mounted => "mounted",
            Self::Present => "present",
            Self::Planned => "planned",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::Left => "left",
        }
    }
}

/// One file, as it is printed.
#[derive(Debug, Serialize)]
struct Row<'a> {
    status: State,
    /// Where the agent finds it.
    path: &'a str,
    /// What the platform is given.
    mount_path: &'a str,
    /// The stored file.
    file_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_id: Option<String>,
    source: &'a str,
}

impl Row<'_> {
    fn new(wanted: &Wanted, status: State, resource_id: Option<String>) -> Row<'_> {
        Row {
            status,
            path: &wanted.effective,
            mount_path: &wanted.mount_path,
            file_id: &wanted.file_id,
            resource_id,
            source: &wanted.source,
        }
    }

    fn cells(&self) -> Vec<String> {
        let resource = self.resource_id.as_deref().unwrap_or("-");
        [self.status.as_str(), self.file_id, resource, self.path].map(str::to_owned).to_vec()
    }
}

/// Prints what a call that creates a session takes as `resources`.
pub(super) fn print_resources(
    mounts: &Mounts,
    context: &mut Context<'_>,
) -> Result<ExitStatus, CommandError> {
    #[derive(Serialize)]
    struct Item<'a> {
        r#type: &'static str,
        file_id: &'a str,
        mount_path: &'a str,
    }
    let items = mounts.files.iter().map(|wanted| Item {
        r#type: "file",
        file_id: &wanted.file_id,
        mount_path: &wanted.mount_path,
    });
    let items: Vec<_> = items.collect();
    json::line(context.stdout, &items).map_err(CommandError::Stdout)?;
    tell_left_out(mounts, context);
    if let Some(root) = mounts.root.platform().filter(|_| context.general.quiet == 0) {
        writeln!(context.stderr, "the platform takes these paths below {root}")
            .map_err(CommandError::Process)?;
    }
    Ok(ExitStatus::Success)
}

fn tell_left_out(mounts: &Mounts, context: &mut Context<'_>) {
    if mounts.left_out > 0 {
        context
            .warn(&format!("entries of the manifest that store nothing are left out: {}", mounts.left_out));
    }
}

impl Job<'_, '_> {
    pub(super) fn mount(
        &mut self,
        mounts: &Mounts,
        dry_run: bool,
        as_json: bool,
    ) -> Result<ExitStatus, CommandError> {
        tell_left_out(mounts, self.context);
        let there = match self.look(mounts)? {
            Ok(there) => there,
            Err(stop) => return self.ended(stop),
        };
        let mut rows = Vec::new();
        let mut status = ExitStatus::Success;
        let mut stopped = None;
        for (wanted, there) in mounts.files.iter().zip(there) {
            let row = match there {
                There::Mounted { resource_id, .. } => Row::new(wanted, State::Present, Some(resource_id)),
                _ if dry_run => Row::new(wanted, State::Planned, None),
                _ if stopped.is_some() => Row::new(wanted, State::Left, None),
                _ => match self.calls.add(wanted, &mounts.root) {
                    Ok(resource) => self.added(wanted, resource, mounts),
                    Err(stop) => {
                        let (state, end) = self.not_added(wanted, stop);
                        match end {
                            Some(end) => stopped = Some(end),
                            None => status = ExitStatus::Findings,
                        }
                        Row::new(wanted, state, None)
                    }
                },
            };
            if as_json {
                json::line(self.context.stdout, &row).map_err(CommandError::Stdout)?;
            }
            rows.push(row);
        }
        if !as_json {
            let mut table = vec![["STATUS", "FILE", "RESOURCE", "PATH"].map(str::to_owned).to_vec()];
            table.extend(rows.iter().map(Row::cells));
            human::table(self.context.stdout, &table).map_err(CommandError::Stdout)?;
        }
        self.sum_up(&rows, stopped.is_some())?;
        match stopped {
            None => Ok(status),
            Some(Stop::Interrupted { .. }) => Ok(ExitStatus::Interrupted),
            Some(stop) => self.ended(stop),
        }
    }

    /// Looks at what the session has. Nothing is added if anything stands in the way.
    fn look(&mut self, mounts: &Mounts) -> Result<Result<Vec<There>, Stop>, CommandError> {
        let session = match self.calls.resources() {
            Ok(resources) => Session::new(resources, &mounts.root),
            Err(stop) => return Ok(Err(stop)),
        };
        let copies = match self.copies(mounts, &session) {
            Ok(copies) => copies,
            Err(stop) => return Ok(Err(stop)),
        };
        let there: Vec<_> = mounts.files.iter().map(|wanted| session.find(wanted, &copies)).collect();
        self.refuse_taken(mounts, &there)?;
        let missing = there.iter().filter(|there| **there == There::Free).count() as u64;
        let limit = self.calls.target.profile().limits.max_session_files.map(u64::from);
        let total = session.files() + missing;
        if let Some(limit) = limit.filter(|limit| total > *limit && missing > 0) {
            let message = format!(
                "{} files are mounted and {missing} would be added: {total}, and a session of `{}` holds {limit}",
                session.files(),
                self.name
            );
            let hint = "take some out with `docferry sessions unmount`, or use another session";
            return Err(UsageError::new(message).with_hint(hint).into());
        }
        let unproved = there.iter().filter(|there| matches!(there, There::Mounted { is_proved: false, .. }));
        let unproved = unproved.count();
        if unproved > 0 {
            self.context.warn(&format!(
                "{unproved} mounted files are known by their path alone; the target does not show the copies"
            ));
        }
        Ok(Ok(there))
    }

    /// Returns the copies in the session by id, if any path that is wanted has one.
    pub(super) fn copies(
        &mut self,
        mounts: &Mounts,
        session: &Session,
    ) -> Result<HashMap<String, FileObject>, Stop> {
        let is_copy = |wanted: &Wanted| {
            let file_id = session.at(wanted).and_then(|resource| resource.file_id.as_deref());
            file_id.is_some_and(|file_id| file_id != wanted.file_id)
        };
        if !mounts.files.iter().any(is_copy) {
            return Ok(HashMap::new());
        }
        let files = self.calls.files()?;
        Ok(files.into_iter().map(|file| (file.file_id.clone(), file)).collect())
    }

    fn refuse_taken(&mut self, mounts: &Mounts, there: &[There]) -> Result<(), CommandError> {
        let mut taken = 0u64;
        for (wanted, there) in mounts.files.iter().zip(there) {
            let There::Taken { why } = there else { continue };
            taken += 1;
            let message = format!("`{}` (for `{}`) is taken: {why}", wanted.effective, wanted.source);
            self.context.complain(&UsageError::new(message), None);
        }
        if taken == 0 {
            return Ok(());
        }
        let message = format!("nothing was mounted: {taken} of {} paths are taken", there.len());
        Err(UsageError::new(message)
            .with_hint("choose another --mount-root, or unmount what is there")
            .into())
    }

    fn added<'w>(&mut self, wanted: &'w Wanted, resource: Resource, mounts: &Mounts) -> Row<'w> {
        let path = resource.mount_path.as_deref().map(|path| mounts.root.effective(path));
        if let Some(path) = path.filter(|path| *path != wanted.effective) {
            self.context.warn(&format!(
                "`{}` was to be at `{}`; the target says it is at `{path}`",
                wanted.source, wanted.effective
            ));
        }
        Row::new(wanted, State::Mounted, Some(resource.id))
    }

    /// Tells of a file that was not added; returns its state, and the end if nothing else will be.
    fn not_added(&mut self, wanted: &Wanted, stop: Stop) -> (State, Option<Stop>) {
        match stop {
            Stop::Failed { error, is_open: false } if error.kind.disposition() == Disposition::RefuseFile => {
                let message = format!("`{}` ({}): {}", wanted.source, wanted.file_id, error.message);
                let source = TargetError { message, ..*error };
                let error = CommandError::Target { target: self.name.clone(), source };
                self.context.complain(&error, None);
                (State::Refused, None)
            }
            stop @ (Stop::Interrupted { is_open: true } | Stop::Failed { is_open: true, .. }) => {
                (State::Unknown, Some(stop))
            }
            stop => (State::Left, Some(stop)),
        }
    }

    fn sum_up(&mut self, rows: &[Row<'_>], is_stopped: bool) -> Result<(), CommandError> {
        let states =
            [State::Mounted, State::Present, State::Planned, State::Refused, State::Unknown, State::Left];
        let counts = states.into_iter().filter_map(|state| {
            let count = rows.iter().filter(|row| row.status == state).count();
            (count > 0).then(|| format!("{count} {}", state.as_str()))
        });
        let counts = counts.collect::<Vec<_>>().join(", ");
        let rerun = if is_stopped { "; run it again to go on" } else { "" };
        if self.context.general.quiet == 0 || is_stopped {
            writeln!(self.context.stderr, "{counts}{rerun}").map_err(CommandError::Process)?;
        }
        Ok(())
    }
}
