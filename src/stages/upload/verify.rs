//! Looks whether ids of earlier runs are still there: any key of a workspace can delete any of its files.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::listing::Unread;
use super::{Stop, Uploader};
use crate::ledger::LedgerError;
use crate::model::upload::VerifyRemote;
use crate::model::{FileObject, FileStatus, Timestamp};
use crate::targets::TargetErrorKind;

/// An id that was seen within this time needs no look.
const SEEN_FOR: Duration = Duration::from_secs(24 * 3600);
/// So many ids are asked for one by one; more by a listing.
const ONE_BY_ONE: usize = 50;

/// What was found out about ids in this run.
#[derive(Debug, Default)]
pub(super) struct Verifier {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
enum State {
    /// Nobody looked.
    #[default]
    Unknown,
    /// These are gone.
    Known(HashSet<String>),
    /// The look failed, and the run ends.
    Failed,
}

impl Verifier {
    /// Returns when the file was last seen, or `None` if it is gone, which the ledger knows then, or nobody can tell.
    pub(super) fn judge<T: Send>(
        &self,
        uploader: &Uploader<'_, T>,
        file: &FileObject,
        seen_at: Timestamp,
    ) -> Result<Option<Timestamp>, Stop> {
        let fresh_since = match uploader.options.verify {
            VerifyRemote::Never => return Ok(Some(seen_at)),
            VerifyRemote::Auto => uploader.started.minus(SEEN_FOR),
            // What was stored a moment ago, perhaps by another process, may not be listed yet.
            VerifyRemote::Always => uploader.started.minus(uploader.options.listing_grace * 2),
        };
        if seen_at >= fresh_since {
            return Ok(Some(seen_at));
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::Unknown) {
            match look(uploader, fresh_since) {
                Ok(gone) => *state = State::Known(gone),
                Err(unread) => {
                    *state = State::Failed;
                    return unread.into_stop().map_or(Ok(None), Err);
                }
            }
        }
        match &*state {
            State::Known(gone) if !gone.contains(&file.file_id) => Ok(Some(uploader.started)),
            _ => Ok(None),
        }
    }
}

/// Looks for every id that nobody has seen since; returns those that are gone.
fn look<T: Send>(uploader: &Uploader<'_, T>, since: Timestamp) -> Result<HashSet<String>, Unread> {
    let (ledger, scope) = (uploader.ledger, uploader.scope);
    let broken = |error: LedgerError| Unread::Stop(error.into());
    let why_not = uploader.ends();
    let mut unseen: HashSet<String> = ledger.unseen(scope, since).map_err(broken)?.into_iter().collect();
    let mut alive = Vec::new();
    let lister = uploader.lister(&why_not);
    let usable = |file: &FileObject| file.status.as_ref() != Some(&FileStatus::Deleted);
    if unseen.len() <= ONE_BY_ONE {
        for id in &unseen {
            match lister.call(|| uploader.target.get(id)) {
                Ok(file) if usable(&file) => alive.push(id.clone()),
                Ok(_) => {}
                Err(Unread::Target(error)) if error.kind == TargetErrorKind::NotFound => {}
                Err(unread) => return Err(unread),
            }
        }
    } else {
        let found = |file: FileObject| {
            if usable(&file) && unseen.contains(&file.file_id) {
                alive.push(file.file_id);
            }
        };
        lister.each(None, found)?;
    }
    for id in &alive {
        unseen.remove(id);
    }
    ledger.verified(scope, &alive, uploader.started).map_err(broken)?;
    let lost: Vec<String> = unseen.iter().cloned().collect();
    ledger.lost(scope, &lost).map_err(broken)?;
    Ok(unseen)
}
