//! What the ledger is told and what it answers.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::model::budget::{BudgetKind, Exceeded, Period};
use crate::model::{Charges, FileObject, NameTag, Proof, Sha256, Timestamp};

/// A target's workspace within a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope(pub(super) i64);

/// An upload that was begun, by its number within a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttemptId {
    pub(super) row: i64,
    /// Stands for the run that it belongs to: once another run has taken it over, it is no longer open by this number.
    pub(super) run: u64,
}

/// What the file system says of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceStat<'a> {
    /// The absolute path.
    pub path: &'a [u8],
    /// The size.
    pub size_bytes: u64,
    /// When it was modified, in nanoseconds since 1970.
    pub modified_ns: i64,
    /// Its number in the file system.
    pub inode: u64,
    /// The file system.
    pub device: u64,
}

/// What is known of an unchanged source.
#[derive(Debug, Clone, PartialEq)]
pub struct Recalled {
    /// The digest of its bytes.
    pub digest: Sha256,
    /// What was decided of it.
    pub judgement: String,
    /// What is stored of it, in the order of the keys.
    pub objects: Vec<StoredObject>,
}

/// What is to be known of a source the next time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Memory {
    /// The absolute path; empty for what has none, such as standard input.
    pub path: Vec<u8>,
    /// Whether a later change would show in size and times, so that the path says enough the next time.
    pub is_settled: bool,
    /// The size.
    pub size_bytes: u64,
    /// When it was modified, in nanoseconds since 1970.
    pub modified_ns: i64,
    /// Its number in the file system.
    pub inode: u64,
    /// The file system.
    pub device: u64,
    /// Where it went.
    pub scope: Scope,
    /// The digest of its bytes.
    pub digest: Sha256,
    /// The name that it was judged under.
    pub file_name: Vec<u8>,
    /// Stands for all settings that decide what becomes of a file.
    pub fingerprint: [u8; 16],
    /// What was decided; the ledger does not look into it.
    pub judgement: String,
    /// The upload keys of its parts, in order.
    pub keys: Vec<Sha256>,
    /// When it was judged.
    pub judged_at: Timestamp,
    /// The converter, by name and revision, if it was converted.
    pub converter: Option<(String, u32)>,
}

/// An upload that is about to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// Its identity.
    pub upload_key: Sha256,
    /// Where the bytes came from, for people.
    pub source: String,
    /// The name to send.
    pub file_name: String,
    /// The name to send where a tag is needed.
    pub tagged_name: String,
    /// The size.
    pub size_bytes: u64,
    /// The media type to send.
    pub media_type: String,
    /// The digest of the bytes.
    pub digest: Sha256,
    /// The run.
    pub run_id: String,
    /// Now.
    pub sent_at: Timestamp,
    /// A stored object that expires before is no longer good.
    pub good_after: Option<Timestamp>,
    /// Whether only what this very run stored counts as stored.
    pub force: bool,
    /// When the name is tagged.
    pub name_tag: NameTag,
    /// What it is charged with.
    pub charges: Charges,
}

/// What begins.
#[derive(Debug, Clone, PartialEq)]
pub enum Begun {
    /// Nothing: it is there.
    Stored(Box<StoredObject>),
    /// The record is durable; send.
    Send {
        /// The attempt.
        attempt: AttemptId,
        /// Whether it is to be sent under the tagged name.
        tagged: bool,
        /// Whether the name that is sent is burned for this size: being the only candidate proves nothing.
        burned: bool,
    },
    /// Nobody knows whether an earlier attempt stored it, and whoever made that attempt is gone. It is ours now.
    Unresolved(Box<Parked>),
    /// Somebody else is at it, or at something that could not be told from it: ask again later.
    Busy,
    /// Nothing: a budget of a period is used up.
    OverBudget(Box<Exceeded>),
}

/// A stored file of ours, and what speaks for keeping it.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnedFile {
    /// The file.
    pub file: FileObject,
    /// Its identity.
    pub upload_key: Sha256,
    /// The name of its source, for people.
    pub source: String,
    /// What it stands for.
    pub state: OwnedState,
    /// When something last had use for it, within a day.
    pub used_at: Timestamp,
}

/// What a stored file of ours stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnedState {
    /// It is what its identity stands for.
    Current,
    /// A newer upload took its place.
    Replaced,
    /// A newer upload that would take its place is under way or of unknown outcome.
    Open,
    /// It was about to be deleted, and nobody knows whether it was.
    Condemned,
}

/// What a source once became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginRecord {
    /// The absolute path.
    pub path: Vec<u8>,
    /// When it was last judged so.
    pub judged_at: Timestamp,
    /// The digest of its bytes.
    pub digest: Sha256,
    /// The upload keys of its parts.
    pub keys: Vec<Sha256>,
    /// The converter, by name and revision, if it was converted.
    pub converter: Option<(String, u32)>,
}

/// A file that is stored and known.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredObject {
    /// The file.
    pub file: FileObject,
    /// When it was last seen.
    pub verified_at: Timestamp,
    /// When something last had use for it, within a day.
    pub used_at: Option<Timestamp>,
    /// The run that stored it.
    pub run_id: String,
    /// How it is known to be ours, if it was adopted.
    pub proof: Option<Proof>,
    /// Its identity.
    pub upload_key: Sha256,
    /// Ids of files that may be copies of it.
    pub orphans: Vec<String>,
}

/// An attempt of unknown outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct Parked {
    /// The attempt.
    pub attempt: AttemptId,
    /// The name that was sent.
    pub file_name: String,
    /// Whether that name carries a tag.
    pub tagged: bool,
    /// Whether a late copy of an earlier attempt could look the same, so that being the only candidate proves nothing.
    pub burned: bool,
    /// The size.
    pub size_bytes: u64,
    /// The media type that was sent.
    pub media_type: String,
    /// When it was sent last.
    pub sent_at: Timestamp,
    /// How often it was sent under another name before.
    pub sends: u32,
    /// Its identity.
    pub upload_key: Sha256,
    /// The digest of the bytes.
    pub digest: Sha256,
    /// Where the bytes came from, for people.
    pub source: String,
    /// Files that may be copies of it.
    pub orphans: Vec<FileObject>,
    /// The names that it was sent under before, the oldest first.
    pub old_names: Vec<String>,
}

/// How an attempt of unknown outcome is sent again.
#[derive(Debug, Clone, PartialEq)]
pub struct Resend {
    /// The name to send.
    pub tagged_name: String,
    /// Whether that name carries a tag indeed.
    pub tagged: bool,
    /// Now.
    pub sent_at: Timestamp,
    /// Until when a late copy may appear under the old name.
    pub burned_until: Timestamp,
    /// Files that may be copies of it.
    pub orphans: Vec<FileObject>,
}

/// A name and size that a late copy may still appear under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Burned {
    /// The name that was sent.
    pub file_name: String,
    /// The size.
    pub size_bytes: u64,
    /// The media type that was sent.
    pub media_type: String,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// Until when it may appear.
    pub until: Timestamp,
    /// What was sent.
    pub upload_key: Sha256,
}

/// A run, as it can be started again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// Its id.
    pub id: String,
    /// When it began.
    pub started_at: Timestamp,
    /// The working directory.
    pub cwd: PathBuf,
    /// The arguments, without the program.
    pub args: Vec<OsString>,
    /// The manifest, if it goes to a file.
    pub manifest: Option<PathBuf>,
}

/// What a workspace stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Bytes.
    pub bytes: u64,
    /// Files.
    pub files: u64,
    /// When a listing counted it; what was added since is in.
    pub measured_at: Timestamp,
}

/// How many requests a target takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// In a minute.
    pub per_minute: u32,
    /// At once.
    pub burst: u32,
}

/// A budget of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodLimit {
    /// The period.
    pub period: Period,
    /// What it counts.
    pub kind: BudgetKind,
    /// How much there is.
    pub max: u64,
    /// The target that it holds for.
    pub target_id: String,
}

/// What was used of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeriodUsage {
    /// The period.
    pub period: Period,
    /// What is counted.
    pub kind: BudgetKind,
    /// What is done.
    pub used: u64,
    /// What is under way or of unknown outcome.
    pub reserved: u64,
    /// When the next period begins.
    pub resets_at: Timestamp,
}
