//! What is to be deleted at a target, and why: a plan that can be looked at before anything happens.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::settings::{UnknownChoice, choices};
use super::{FileObject, Sha256, Timestamp};

/// The version of [`Plan`].
pub const PLAN_VERSION: u32 = 1;

choices! {
    /// What is deleted first where a workspace is too full.
    PruneOrder {
        /// What was created first.
        #[default]
        Oldest => "oldest",
        /// What had no use for the longest time.
        LeastUsed => "least-used",
    }
}

/// Why a file is to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// It is older than wanted.
    OlderThan,
    /// Its sources had enough other contents since.
    KeepLast,
    /// A later revision of its converter, or a newer upload, took its place.
    Superseded,
    /// Its sources are gone.
    Orphaned,
    /// Its content has expired.
    Expired,
    /// The workspace is too full.
    LowWater,
    /// Its deletion was begun and did not come to its end.
    Unfinished,
}

impl Reason {
    /// Returns the stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OlderThan => "older-than",
            Self::KeepLast => "keep-last",
            Self::Superseded => "superseded",
            Self::Orphaned => "orphaned",
            Self::Expired => "expired",
            Self::LowWater => "low-water",
            Self::Unfinished => "unfinished",
        }
    }
}

/// A file that is to be deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Doomed {
    /// Its id.
    pub file_id: String,
    /// The stored name.
    pub filename: String,
    /// The stored size.
    pub size_bytes: u64,
    /// When it was created.
    pub created_at: Timestamp,
    /// Why.
    pub reasons: Vec<Reason>,
    /// The name of its source, if it is ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// When something last had use for it, if it is ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_at: Option<Timestamp>,
    /// Whether it is of somebody else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub foreign: bool,
}

impl Doomed {
    /// Tells whether a file is the one that was looked at.
    #[must_use]
    pub fn is_same(&self, file: &FileObject) -> bool {
        (&self.file_id, &self.filename, self.size_bytes, self.created_at)
            == (&file.file_id, &file.filename, file.size_bytes, file.created_at)
    }
}

/// What is to be deleted at a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The version of this form, [`PLAN_VERSION`].
    pub plan_version: u32,
    /// The target's id.
    pub target_id: String,
    /// The workspace.
    pub workspace: String,
    /// When the files were looked at.
    pub made_at: Timestamp,
    /// How many files could be deleted by any rule.
    pub considered: u64,
    /// The files, the oldest first.
    pub delete: Vec<Doomed>,
    /// Stands for all other fields and the ledger that the plan was made with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<Sha256>,
}

impl Plan {
    /// Returns the bytes that the plan frees.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.delete.iter().fold(0, |sum, file| sum.saturating_add(file.size_bytes))
    }

    /// Seals the plan with the salt of a ledger.
    #[must_use]
    pub fn sealed(mut self, salt: &[u8; 16]) -> Self {
        self.seal = None;
        self.seal = Some(self.digest(salt));
        self
    }

    /// Tells whether the plan is as it was made, with the ledger of this salt.
    #[must_use]
    pub fn is_intact(&self, salt: &[u8; 16]) -> bool {
        let bare = Self { seal: None, ..self.clone() };
        self.seal == Some(bare.digest(salt))
    }

    fn digest(&self, salt: &[u8; 16]) -> Sha256 {
        // No field is a map with keys that are no strings, which is all that could fail.
        let text = serde_json::to_vec(self).unwrap_or_default();
        Sha256::of(&[b"docferry plan\0", salt.as_slice(), &text].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_that_was_edited_is_known() {
        let plan = Plan {
            plan_version: PLAN_VERSION,
            target_id: "local:x".to_owned(),
            workspace: "default".to_owned(),
            made_at: "2026-11-30T00:00:00Z".parse().unwrap(),
            considered: 2,
            delete: Vec::new(),
            seal: None,
        };
        assert!(!plan.is_intact(&[1; 16]), "it is not sealed");
        let sealed = plan.sealed(&[1; 16]);
        let read: Plan = serde_json::from_str(&serde_json::to_string(&sealed).unwrap()).unwrap();
        assert!(read.is_intact(&[1; 16]));
        assert!(!read.is_intact(&[2; 16]), "it is of another ledger");
        assert!(!Plan { considered: 3, ..read }.is_intact(&[1; 16]));
    }
}
