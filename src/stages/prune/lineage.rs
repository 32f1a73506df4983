//! Which sources stored files came from, and what became of those since.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use globset::GlobSet;

use crate::ledger::OriginRecord;
use crate::model::Sha256;

/// What all sources of a stored file agree on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Lineage {
    /// They are gone.
    pub is_gone: bool,
    /// It comes from none of their last contents.
    pub is_beyond: bool,
    /// A later revision of its converter made something else of the same contents.
    pub is_superseded: bool,
}

/// The sources of stored files, by upload key. A file without any known source has no lineage, and nothing is concluded
/// from that.
#[derive(Debug)]
pub(super) struct Lineages {
    keep_last: u64,
    protect: GlobSet,
    by_key: HashMap<Sha256, Lineage>,
    protected: HashSet<Sha256>,
    /// The states of the source that is read, the newest first.
    states: Vec<OriginRecord>,
}

impl Lineages {
    pub(super) fn new(keep_last: Option<u64>, protect: GlobSet) -> Self {
        Self {
            keep_last: keep_last.unwrap_or(u64::MAX),
            protect,
            by_key: HashMap::new(),
            protected: HashSet::new(),
            states: Vec::new(),
        }
    }

    /// Takes what a source once became. `stored` are the keys of what is there and good.
    pub(super) fn add(
        &mut self,
        record: OriginRecord,
        stored: &HashSet<Sha256>,
        is_gone: &dyn Fn(&Path) -> bool,
    ) {
        if self.states.first().is_some_and(|first| first.path != record.path) {
            self.close(stored, is_gone);
        }
        self.states.push(record);
    }

    /// Takes the last source. A state that is not stored as a whole takes the place of none: its upload failed, or nobody
    /// knows.
    pub(super) fn close(&mut self, stored: &HashSet<Sha256>, is_gone: &dyn Fn(&Path) -> bool) {
        let states = std::mem::take(&mut self.states);
        let Some(first) = states.first() else { return };
        let path = Path::new(OsStr::from_bytes(&first.path));
        let (is_gone, is_protected) = (is_gone(path), self.protect.is_match(path));
        let mut newer: HashSet<Sha256> = HashSet::new();
        // One content may have become several things, under several options.
        let mut kept: HashSet<Sha256> = HashSet::new();
        let mut whole: Vec<&OriginRecord> = Vec::new();
        for state in &states {
            let is_whole = state.keys.iter().all(|key| stored.contains(key));
            let is_enough = kept.len() as u64 >= self.keep_last;
            if is_whole && !is_enough {
                kept.insert(state.digest);
            }
            let lineage = Lineage {
                is_gone,
                is_beyond: is_enough && !kept.contains(&state.digest),
                is_superseded: whole.iter().any(|later| is_later_revision(later, state)),
            };
            if is_whole {
                whole.push(state);
            }
            for key in state.keys.iter().filter(|key| newer.insert(**key)) {
                let all = self.by_key.entry(*key).or_insert(lineage);
                all.is_gone &= lineage.is_gone;
                all.is_beyond &= lineage.is_beyond;
                all.is_superseded &= lineage.is_superseded;
                if is_protected {
                    self.protected.insert(*key);
                }
            }
        }
    }

    pub(super) fn of(&self, key: &Sha256) -> Option<Lineage> {
        self.by_key.get(key).copied()
    }

    pub(super) fn is_protected(&self, key: &Sha256) -> bool {
        self.protected.contains(key)
    }
}

fn is_later_revision(later: &OriginRecord, state: &OriginRecord) -> bool {
    match (&later.converter, &state.converter) {
        (Some((name, revision)), Some((same, earlier))) => {
            later.digest == state.digest && name == same && revision > earlier
        }
        _ => false,
    }
}
