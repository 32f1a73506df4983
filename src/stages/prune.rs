//! Decides which stored files are to be deleted. It deletes nothing.
//!
//! Files of the ledger are looked at, and those of others only where the user says so and names them. What belongs to a
//! session, what the platform's tools made, what is under way or of unknown outcome, and what is protected always stays.

mod lineage;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use globset::{GlobMatcher, GlobSet};

pub use lineage::Lineages;

use crate::ledger::OwnedFile;
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
    is_current: bool,
    used_at: Timestamp,
    size_bytes: u64,
}

/// Looks at all files of a target, one after another.
#[derive(Debug)]
pub struct Planner {
    rules: Rules,
    place: Place,
    now: Timestamp,
    ours: HashMap<String, Ours>,
    lineages: Lineages,
    /// Names and sizes of what is under way or may still appear.
    unsettled: HashSet<(String, u64)>,
    seen: HashSet<String>,
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
            ours: HashMap::new(),
            unsettled: HashSet::new(),
            seen: HashSet::new(),
            used_bytes: 0,
            considered: 0,
            doomed: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// Takes a file of the ledger.
    pub fn own(&mut self, owned: OwnedFile) {
        let OwnedFile { file, upload_key, source, is_current, used_at } = owned;
        let ours = Ours { upload_key, source, is_current, used_at, size_bytes: file.size_bytes };
        self.ours.insert(file.file_id, ours);
    }

    /// Returns what takes what is known of sources.
    pub fn lineages(&mut self) -> &mut Lineages {
        &mut self.lineages
    }

    /// Takes names and sizes under which something is under way or may still appear.
    pub fn unsettled(&mut self, names: HashSet<(String, u64)>) {
        self.unsettled = names;
    }

    /// Looks at a file that the target lists.
    pub fn see(&mut self, file: &FileObject) {
        if file.status == Some(FileStatus::Deleted) || !self.seen.insert(file.file_id.clone()) {
            return;
        }
        let has_expired = file.expires_at.is_some_and(|at| at <= self.now);
        if !has_expired {
            self.used_bytes = self.used_bytes.saturating_add(file.size_bytes);
        }
        if !self.is_ours_to_judge(file) {
            return;
        }
        self.considered += 1;
        let ours = self.ours.get(&file.file_id);
        let is_protected = self.rules.protect.is_match(&file.filename)
            || ours.is_some_and(|ours| self.lineages.is_protected(&ours.upload_key));
        let is_wanted = self.rules.names.as_ref().is_none_or(|names| names.is_match(&file.filename));
        if is_protected || !is_wanted {
            return;
        }
        let reasons = self.reasons(file, ours, has_expired);
        let doomed = Doomed {
            file_id: file.file_id.clone(),
            filename: file.filename.clone(),
            size_bytes: file.size_bytes,
            created_at: file.created_at,
            reasons,
            source: ours.map(|ours| ours.source.clone()),
            used_at: ours.map(|ours| ours.used_at),
            foreign: ours.is_none(),
        };
        if !doomed.reasons.is_empty() {
            if !has_expired {
                self.used_bytes = self.used_bytes.saturating_sub(file.size_bytes);
            }
            self.doomed.push(doomed);
        } else if self.rules.water.is_some() {
            self.spare.push(doomed);
        }
    }

    /// Tells whether a file may be deleted at all.
    fn is_ours_to_judge(&self, file: &FileObject) -> bool {
        if file.scope.is_some() || file.status == Some(FileStatus::Uploading) || self.is_output(file) {
            return false;
        }
        match self.ours.get(&file.file_id) {
            Some(ours) => ours.size_bytes == file.size_bytes,
            None => self.rules.foreign && !self.unsettled.contains(&(file.filename.clone(), file.size_bytes)),
        }
    }

    /// Tells whether the platform's tools made a file. Uploads are never given back by the dialects of one platform
    /// (docs, build-with-claude/files); the other one names a purpose.
    fn is_output(&self, file: &FileObject) -> bool {
        let by_purpose =
            file.purpose.as_deref().is_some_and(|purpose| !matches!(purpose, "user_upload" | ""));
        let is_given_back = file.downloadable == Some(true)
            && matches!(self.place.dialect, Dialect::Anthropic | Dialect::AnthropicBeta);
        is_given_back || (by_purpose && !self.ours.contains_key(&file.file_id))
    }

    fn reasons(&self, file: &FileObject, ours: Option<&Ours>, has_expired: bool) -> Vec<Reason> {
        let rules = &self.rules;
        let lineage = ours.and_then(|ours| self.lineages.of(&ours.upload_key)).unwrap_or_default();
        let is_replaced = ours.is_some_and(|ours| !ours.is_current);
        let is_old = rules.older_than.is_some_and(|age| file.created_at < self.now.minus(age));
        [
            (Reason::OlderThan, is_old),
            (Reason::KeepLast, rules.keep_last.is_some() && lineage.is_beyond),
            (Reason::Superseded, rules.superseded && (lineage.is_superseded || is_replaced)),
            (Reason::Orphaned, rules.orphaned && lineage.is_gone),
            (Reason::Expired, rules.expired && has_expired),
        ]
        .into_iter()
        .filter_map(|(reason, holds)| holds.then_some(reason))
        .collect()
    }

    /// Returns what is to be deleted.
    #[must_use]
    pub fn finish(mut self) -> Plan {
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
