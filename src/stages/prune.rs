//! Decides which stored files are to be deleted. It deletes nothing.
//!
//! Files of the ledger are looked at, and those of others only where the user says so and names them. What belongs to a
//! session, what the platform's tools made, what is under way or of unknown outcome, with the copies that it would replace, and
//! what is protected always stays.

mod lineage;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::Duration;

use globset::{GlobMatcher, GlobSet};
use lineage::Lineages;

use crate::ledger::{OriginRecord, OwnedFile, OwnedState};
use crate::model::profile::Dialect;
use crate::model::prune::{Doomed, PLAN_VERSION, Plan, PruneOrder, Reason};
use crate::model::{FileObject, FileStatus, Sha256, Timestamp};

/// What is to be deleted. Each rule stands alone: one is enough.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// Files created longer ago.
    pub older_than: Option<Duration>,
    /// Files that come from none of the last so many contents of any of their sources.
    pub keep_last: Option<u64>,
    /// Files that a converter's later revision or a newer upload took the place of.
    pub superseded: bool,
    /// Files whose sources are gone.
    pub orphaned: bool,
    /// Files whose content has expired.
    pub expired: bool,
    /// Files of a workspace that is too full.
    pub water: Option<Water>,
    /// Only files whose whole name matches.
    pub names: Option<GlobMatcher>,
    /// Files whose name, or the path of a source, matches stay.
    pub protect: GlobSet,
    /// Whether files of others are deleted, too.
    pub foreign: bool,
    /// Files that had use since then stay.
    pub unused_since: Option<Timestamp>,
}

impl Rules {
    /// Tells whether nothing could ever be deleted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let marks = self.superseded || self.orphaned || self.expired;
        !marks && self.older_than.is_none() && self.keep_last.is_none() && self.water.is_none()
    }
}

/// When a workspace is too full, and what goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Water {
    /// What fits, in bytes.
    pub max: u64,
    /// The share above which it is emptied, in percent.
    pub high: u8,
    /// The share down to which it is emptied, in percent.
    pub low: u8,
    /// What goes first.
    pub order: PruneOrder,
}

impl Water {
    fn share(&self, percent: u8) -> u64 {
        let bytes = u128::from(self.max) * u128::from(percent) / 100;
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }
}

/// The place that is emptied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The target's id.
    pub target_id: String,
    /// The workspace.
    pub workspace: String,
    /// What the target speaks.
    pub dialect: Dialect,
}

/// A file of ours, as the ledger knows it.
#[derive(Debug)]
struct Ours {
    upload_key: Sha256,
    source: String,
    state: OwnedState,
    used_at: Timestamp,
    size_bytes: u64,
}

/// A file as the target lists it.
#[derive(Debug)]
struct Listed {
    file_id: String,
    filename: String,
    size_bytes: u64,
    created_at: Timestamp,
    has_expired: bool,
    /// It belongs to a session, is still being taken in, or is given back as only outputs are.
    is_bound: bool,
    /// It names another purpose than uploads have.
    is_made: bool,
}

/// Looks at all files of a target, one after another, and then at what the ledger knows of them: in this order, so that
/// what is stored meanwhile is either not listed or known.
#[derive(Debug)]
pub struct Planner {
    rules: Rules,
    place: Place,
    now: Timestamp,
    listed: Vec<Listed>,
    seen: HashSet<String>,
    ours: HashMap<String, Ours>,
    lineages: Lineages,
    /// Upload keys that stand for a file that is listed and good.
    stored: HashSet<Sha256>,
    /// Names and sizes of what is under way or may still appear.
    unsettled: HashSet<(String, u64)>,
    used_bytes: u64,
    considered: u64,
    doomed: Vec<Doomed>,
    /// What may go where the workspace is too full.
    spare: Vec<Doomed>,
}

impl Planner {
    /// Begins.
    #[must_use]
    pub fn new(rules: Rules, place: Place, now: Timestamp) -> Self {
        let lineages = Lineages::new(rules.keep_last, rules.protect.clone());
        Self {
            rules,
            place,
            now,
            lineages,
            listed: Vec::new(),
            seen: HashSet::new(),
            ours: HashMap::new(),
            stored: HashSet::new(),
            unsettled: HashSet::new(),
            used_bytes: 0,
            considered: 0,
            doomed: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// Takes a file that the target lists. First all of these.
    pub fn see(&mut self, file: &FileObject) {
        if file.status == Some(FileStatus::Deleted) || !self.seen.insert(file.file_id.clone()) {
            return;
        }
        let has_expired = file.expires_at.is_some_and(|at| at <= self.now);
        if !has_expired {
            self.used_bytes = self.used_bytes.saturating_add(file.size_bytes);
        }
        // Uploads are never given back by the dialects of one platform (docs, build-with-claude/files); the other one
        // names a purpose.
        let is_given_back = file.downloadable == Some(true)
            && matches!(self.place.dialect, Dialect::Anthropic | Dialect::AnthropicBeta);
        self.listed.push(Listed {
            file_id: file.file_id.clone(),
            filename: file.filename.clone(),
            size_bytes: file.size_bytes,
            created_at: file.created_at,
            has_expired,
            is_bound: file.scope.is_some() || file.status == Some(FileStatus::Uploading) || is_given_back,
            is_made: file.purpose.as_deref().is_some_and(|purpose| !matches!(purpose, "user_upload" | "")),
        });
    }

    /// Takes a file of the ledger. Then all of these.
    pub fn own(&mut self, owned: OwnedFile) {
        let OwnedFile { file, upload_key, source, state, used_at } = owned;
        let ours = Ours { upload_key, source, state, used_at, size_bytes: file.size_bytes };
        self.ours.insert(file.file_id, ours);
    }

    /// Takes what a source once became; those of one path come together, the newest first. `is_gone` tells whether nothing
    /// is at a path any more, as far as can be told for certain. At last all of these.
    pub fn origin(&mut self, record: OriginRecord, is_gone: &dyn Fn(&Path) -> bool) {
        if self.stored.is_empty() {
            let good = self.listed.iter().filter(|listed| !listed.has_expired);
            let ours = good.filter_map(|listed| {
                let ours = self.ours.get(&listed.file_id)?;
                (ours.state == OwnedState::Current && ours.size_bytes == listed.size_bytes).then_some(ours)
            });
            self.stored = ours.map(|ours| ours.upload_key).collect();
        }
        self.lineages.add(record, &self.stored, is_gone);
    }

    /// Takes names and sizes under which something is under way or may still appear.
    pub fn unsettled(&mut self, names: HashSet<(String, u64)>) {
        self.unsettled = names;
    }

    /// Returns what is to be deleted. `is_gone` as in [`Planner::origin`].
    #[must_use]
    pub fn finish(mut self, is_gone: &dyn Fn(&Path) -> bool) -> Plan {
        self.lineages.close(&self.stored, is_gone);
        for listed in std::mem::take(&mut self.listed) {
            self.judge(listed);
        }
        self.empty_to_low_water();
        self.doomed.sort_by(|a, b| (a.created_at, &a.file_id).cmp(&(b.created_at, &b.file_id)));
        Plan {
            plan_version: PLAN_VERSION,
            target_id: self.place.target_id,
            workspace: self.place.workspace,
            made_at: self.now,
            considered: self.considered,
            delete: self.doomed,
            seal: None,
        }
    }

    fn judge(&mut self, listed: Listed) {
        if !self.may_go(&listed) {
            return;
        }
        self.considered += 1;
        let ours = self.ours.get(&listed.file_id);
        let is_unfinished = ours.is_some_and(|ours| ours.state == OwnedState::Condemned);
        let reasons = if is_unfinished {
            vec![Reason::Unfinished]
        } else if self.stays(&listed, ours) {
            return;
        } else {
            self.reasons(&listed, ours)
        };
        let (is_spare, has_expired) = (reasons.is_empty(), listed.has_expired);
        let doomed = Doomed {
            source: ours.map(|ours| ours.source.clone()),
            used_at: ours.map(|ours| ours.used_at),
            foreign: ours.is_none(),
            file_id: listed.file_id,
            filename: listed.filename,
            size_bytes: listed.size_bytes,
            created_at: listed.created_at,
            reasons,
        };
        match (is_spare, has_expired) {
            (false, false) => {
                self.used_bytes = self.used_bytes.saturating_sub(doomed.size_bytes);
                self.doomed.push(doomed);
            }
            (false, true) => self.doomed.push(doomed),
            (true, false) => self.spare.push(doomed),
            // It takes no room that could be freed.
            (true, true) => {}
        }
    }

    /// Tells whether a file may be deleted at all.
    fn may_go(&self, listed: &Listed) -> bool {
        match self.ours.get(&listed.file_id) {
            _ if listed.is_bound => false,
            Some(ours) => ours.state != OwnedState::Open && ours.size_bytes == listed.size_bytes,
            None => {
                let is_settled = !self.unsettled.contains(&(listed.filename.clone(), listed.size_bytes));
                self.rules.foreign && !listed.is_made && is_settled
            }
        }
    }

    /// Tells whether a file stays whatever the rules say.
    fn stays(&self, listed: &Listed, ours: Option<&Ours>) -> bool {
        let rules = &self.rules;
        let is_protected = rules.protect.is_match(&listed.filename)
            || ours.is_some_and(|ours| self.lineages.is_protected(&ours.upload_key));
        let is_wanted = rules.names.as_ref().is_none_or(|names| names.is_match(&listed.filename));
        let is_used =
            ours.zip(rules.unused_since).is_some_and(|(ours, unused_since)| ours.used_at >= unused_since);
        is_protected || !is_wanted || is_used
    }

    fn reasons(&self, listed: &Listed, ours: Option<&Ours>) -> Vec<Reason> {
        let rules = &self.rules;
        let lineage = ours.and_then(|ours| self.lineages.of(&ours.upload_key)).unwrap_or_default();
        let is_replaced = ours.is_some_and(|ours| ours.state == OwnedState::Replaced);
        let is_old = rules.older_than.is_some_and(|age| listed.created_at < self.now.minus(age));
        [
            (Reason::OlderThan, is_old),
            (Reason::KeepLast, rules.keep_last.is_some() && lineage.is_beyond),
            (Reason::Superseded, rules.superseded && (lineage.is_superseded || is_replaced)),
            (Reason::Orphaned, rules.orphaned && lineage.is_gone),
            (Reason::Expired, rules.expired && listed.has_expired),
        ]
        .into_iter()
        .filter_map(|(reason, holds)| holds.then_some(reason))
        .collect()
    }

    fn empty_to_low_water(&mut self) {
        let Some(water) = self.rules.water.filter(|water| self.used_bytes > water.share(water.high)) else {
            return;
        };
        let age = |file: &Doomed| match water.order {
            PruneOrder::Oldest => file.created_at,
            PruneOrder::LeastUsed => file.used_at.unwrap_or(file.created_at),
        };
        self.spare.sort_by(|a, b| (age(a), &a.file_id).cmp(&(age(b), &b.file_id)));
        for mut file in self.spare.drain(..) {
            if self.used_bytes <= water.share(water.low) {
                break;
            }
            self.used_bytes = self.used_bytes.saturating_sub(file.size_bytes);
            file.reasons.push(Reason::LowWater);
            self.doomed.push(file);
        }
    }
}

#[cfg(test)]
mod tests;
