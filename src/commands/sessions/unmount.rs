//! `sessions unmount`: files out of a session. The uploads stay, and so does whatever is no mounted file.

use super::Job;
use super::plan::{Mounts, Session, There};
use crate::commands::CommandError;
use crate::commands::confirm::confirm;
use crate::commands::repeat::Stop;
use crate::exit::ExitStatus;
use crate::report::human;
use crate::targets::sessions::Resource;
use crate::targets::{Disposition, TargetError, TargetErrorKind};

/// What is taken out.
#[derive(Debug)]
pub(super) enum From {
    /// These resources.
    Ids(Vec<String>),
    /// What `mount` made of a manifest.
    Manifest(Mounts),
    /// Every mounted file.
    All,
}

impl Job<'_, '_> {
    pub(super) fn unmount(&mut self, from: &From, yes: bool) -> Result<ExitStatus, CommandError> {
        let mut status = ExitStatus::Success;
        let ids = match from {
            From::Ids(ids) => ids.clone(),
            From::All => match self.calls.resources() {
                Ok(resources) => resources.into_iter().filter(Resource::is_file).map(|one| one.id).collect(),
                Err(stop) => return self.ended(stop),
            },
            From::Manifest(mounts) => match self.mounted(mounts) {
                Ok((ids, taken)) => {
                    if taken > 0 {
                        status = ExitStatus::Findings;
                    }
                    ids
                }
                Err(stop) => return self.ended(stop),
            },
        };
        if ids.is_empty() {
            self.context.warn("nothing of that is mounted");
            return Ok(status);
        }
        let what = format!("take {} file(s) out of the session `{}`?", ids.len(), self.calls.session);
        if !yes && !confirm(self.context, &what, "files are taken out, and nobody can be asked here")? {
            return Ok(ExitStatus::Findings);
        }
        let named = matches!(from, From::Ids(_));
        for (n, id) in ids.iter().enumerate() {
            match self.remove(id, named) {
                Ok(true) => {}
                Ok(false) => {
                    status = ExitStatus::Findings;
                    continue;
                }
                Err(stop) => {
                    let left = ids.len() - n;
                    self.context.warn(&format!("{left} of {} are left; run it again to go on", ids.len()));
                    return self.ended(stop);
                }
            }
            writeln!(self.context.stdout, "{}", human::printable(id)).map_err(CommandError::Stdout)?;
        }
        Ok(status)
    }

    /// Takes one out; `false` after telling why it is not. What a list named and is gone now is out, too.
    fn remove(&mut self, id: &str, named: bool) -> Result<bool, Stop> {
        let error = match self.calls.remove(id) {
            Ok(gone) if gone || !named => return Ok(true),
            Ok(_) => {
                TargetError::new(TargetErrorKind::NotFound, format!("the session has no resource `{id}`"))
            }
            Err(Stop::Failed { error, .. }) if error.kind.disposition() == Disposition::RefuseFile => *error,
            Err(stop) => return Err(stop),
        };
        let error = CommandError::Target { target: self.name.clone(), source: error };
        self.context.complain(&error, None);
        Ok(false)
    }

    /// Returns the resources that hold a manifest's files, and how many of its paths hold something else.
    fn mounted(&mut self, mounts: &Mounts) -> Result<(Vec<String>, u64), Stop> {
        let session = Session::new(self.calls.resources()?, &mounts.root);
        let copies = self.copies(mounts, &session)?;
        let (mut ids, mut taken) = (Vec::new(), 0);
        for wanted in &mounts.files {
            match session.find(wanted, &copies) {
                There::Mounted { resource_id, .. } => ids.push(resource_id),
                There::Taken { why } => {
                    taken += 1;
                    self.context.warn(&format!("`{}` stays: {why}", wanted.effective));
                }
                There::Free => {}
            }
        }
        Ok((ids, taken))
    }
}
