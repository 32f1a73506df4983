//! How much all uploads together may have ("Files API", storage limits).
//!
//! Only uploads count: not what sessions and tools produced, not the copies of sessions, and nothing that ended. What
//! is stored is counted anew for each upload, for others write to the store too; without a quota nothing is counted.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::app::App;
use super::refusal::Refusal;
use crate::model::{FileObject, Timestamp};
use crate::store::{Position, Store, StoreError};

const READ_AHEAD: usize = 1_000;
const OUTPUT_PURPOSES: [&str; 3] = ["tool_output", "skill_output", "agent_output"];

/// The quota, and whose turn it is to use it.
#[derive(Debug)]
pub(super) struct Quota {
    bytes: Option<u64>,
    turn: Mutex<()>,
}

impl Quota {
    pub(super) fn new(bytes: Option<u64>) -> Self {
        Self { bytes, turn: Mutex::default() }
    }
}

impl App {
    /// Refuses an upload that has no room. No other one is stored until the guard is dropped.
    pub(super) fn make_room(&self, size_bytes: u64) -> Result<Option<MutexGuard<'_, ()>>, Refusal> {
        let Some(quota) = self.quota.bytes else {
            return Ok(None);
        };
        let turn = self.quota.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let used = used_bytes(&self.store, self.clock.now())?;
        match used.checked_add(size_bytes).is_some_and(|sum| sum <= quota) {
            true => Ok(Some(turn)),
            false => Err(Refusal::quota_exceeded()),
        }
    }
}

fn used_bytes(store: &Store, now: Timestamp) -> Result<u64, StoreError> {
    let mut used = 0_u64;
    let mut last: Option<String> = None;
    loop {
        let position = last.as_deref().map_or(Position::Newest, Position::After);
        let page = store.list(position, READ_AHEAD)?;
        let counted = page.files.iter().filter(|file| counts(file, now)).map(|file| file.size_bytes);
        used = counted.fold(used, u64::saturating_add);
        last = page.files.last().map(|file| file.file_id.clone());
        if !page.has_more {
            return Ok(used);
        }
    }
}

fn counts(file: &FileObject, now: Timestamp) -> bool {
    file.scope.is_none()
        && !file.purpose.as_deref().is_some_and(|purpose| OUTPUT_PURPOSES.contains(&purpose))
        && file.expires_at.is_none_or(|end| end > now)
}
