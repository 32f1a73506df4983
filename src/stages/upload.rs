//! Sends payloads so that none is lost and none is doubled (docs/ledger.md, "States of an upload").
//!
//! Each payload has an intent in the ledger that is durable before its first byte leaves. What cannot have been stored
//! is sent again; what may have been stored is parked, looked for in the target's listing, and adopted only with proof
//! or sent again under another name. What an earlier run stored is not sent at all.

mod attempt;
mod begin;
mod book;
mod clock;
mod ends;
mod held;
mod identity;
mod late;
mod listing;
mod pace;
mod queue;
mod quota;
mod reconcile;
mod send;
mod verify;

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, mpsc};
use std::thread::Scope as Threads;
use std::time::{Duration, UNIX_EPOCH};

pub use clock::{Clock, SystemClock};
pub use identity::{IdentityError, Workspace, workspace};
pub use pace::Exhausted;
pub use quota::{Full, HighWater};

use crate::acceptance::Acceptance;
use crate::ledger::{Ledger, LedgerError, Scope, StoredObject};
use crate::model::budget::{Charges, Exceeded};
use crate::model::entry::WarningEntry;
use crate::model::upload::{NameTag, VerifyRemote};
use crate::model::upload_key::{tag, tagged_name};
use crate::model::{Code, Outcome, Payload, Sha256, Timestamp};
use crate::stages::budget::RunBudget;
use crate::targets::{Target, TargetError, UploadExtra};
use book::Seat;
use held::Ready;
use late::Watched;
use listing::Lister;
use pace::{Pace, Tokens};
use queue::Queue;
use reconcile::Parked;
use verify::Verifier;

/// Senders for each upload at a time: those that rest, or wait for one file, keep no other from being sent.
const SENDERS_EACH: usize = 8;
/// That there was use for a stored file is written down once in this time.
const USE_NOTED_EVERY: Duration = Duration::from_secs(24 * 3600);
/// More senders than this gain nothing.
const MAX_SENDERS: usize = 64;

/// What governs uploads.
#[derive(Debug)]
pub struct UploadOptions {
    /// What travels with each file.
    pub extra: UploadExtra,
    /// How many more attempts follow the first.
    pub retries: u32,
    /// The longest wait that a target can ask for and get.
    pub max_wait: Duration,
    /// How long after an unknown outcome the listing is looked at, twice.
    pub listing_grace: Duration,
    /// When a tag stands in the name that is sent.
    pub name_tag: NameTag,
    /// What names the target takes, with a tag in them.
    pub acceptance: Option<Acceptance>,
    /// Sends what was stored by earlier runs once more.
    pub force: bool,
    /// A stored file that expires sooner is no longer good.
    pub min_ttl: Duration,
    /// Whether ids of earlier runs are looked for before they are reported.
    pub verify: VerifyRemote,
    /// Requests a minute, for all processes together.
    pub requests_per_minute: Option<u32>,
    /// How full a workspace may get.
    pub high_water: HighWater,
    /// What the run may take.
    pub budget: RunBudget,
    /// Whether budgets of periods count requests.
    pub charges_requests: bool,
    /// The folder of the state, where a halt is told.
    pub state_dir: Option<PathBuf>,
    /// The most uploads at a time.
    pub concurrency: usize,
    /// The run, as the ledger names it.
    pub run_id: String,
    /// Time and chance.
    pub clock: Box<dyn Clock>,
}

/// A payload to send, and what its owner needs to know it by.
#[derive(Debug)]
pub struct Job<T> {
    /// What to send.
    pub payload: Box<Payload>,
    /// Its upload key.
    pub key: Sha256,
    /// What it costs of budgets.
    pub charges: Charges,
    /// The owner's.
    pub ticket: T,
}

/// What became of a payload.
#[derive(Debug)]
pub struct Sent {
    /// The outcome.
    pub outcome: Outcome,
    /// The name that was sent, if it is not the payload's.
    pub sent_name: Option<String>,
    /// How many requests were made to send it.
    pub attempts: u32,
    /// What the target changed.
    pub warnings: Vec<WarningEntry>,
    /// Files that may be copies of it.
    pub possible_orphans: Vec<String>,
    /// When a reused file was last seen on the target.
    pub verified_at: Option<Timestamp>,
}

impl Sent {
    fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            sent_name: None,
            attempts: 0,
            warnings: Vec::new(),
            possible_orphans: Vec::new(),
            verified_at: None,
        }
    }
}

/// What waits, and for what.
#[derive(Debug, Clone, Copy, Default)]
pub struct Waiting {
    /// Payloads that have not come to their end.
    pub files: u64,
    /// Requests that repeated others.
    pub retries: u64,
    /// How long all wait because the target asked for it.
    pub pause: Duration,
}

/// Why a run takes no more work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Stop {
    /// No other file will pass, either.
    #[error(transparent)]
    Target(TargetError),
    /// Patience is at its end.
    #[error(transparent)]
    Exhausted(#[from] Exhausted),
    /// A budget is used up.
    #[error("{0}; {hint}", hint = .0.hint())]
    Budget(Box<Exceeded>),
    /// The workspace is too full.
    #[error(transparent)]
    Full(#[from] Full),
    /// Somebody said halt.
    #[error("{0}")]
    Halted(String),
    /// A thread panicked.
    #[error("a thread that uploads panicked; this is a defect")]
    Defect,
    /// The ledger cannot be written; without it nothing is sent.
    #[error("the ledger: {0}")]
    Ledger(#[from] LedgerError),
}

/// Who hears what becomes of payloads. Called from several threads.
pub trait Listener<T>: Sync {
    /// A payload has come to its end.
    fn settled(&self, ticket: T, sent: Sent);
    /// A payload is stored, and its end is told later: its bytes are no longer needed.
    fn resting(&self, ticket: &mut T);
    /// What this run stored under this id may be another file: the target gave the id twice.
    fn doubted(&self, file_id: &str);
    /// The run shall take no more work.
    fn stop(&self, stop: Stop);
    /// Returns why nothing further is begun, if so.
    fn why_not(&self) -> Option<Code>;
    /// People should know something that no entry says.
    fn notice(&self, message: String);
}

/// What stays of unknown outcome.
#[derive(Debug, Default)]
struct GivenUp {
    keys: HashSet<Sha256>,
    names: HashSet<(String, u64)>,
}

/// Sends payloads to one target.
pub struct Uploader<'a, T> {
    target: &'a dyn Target,
    ledger: &'a Ledger,
    scope: Scope,
    options: &'a UploadOptions,
    listener: &'a dyn Listener<T>,
    queue: Queue<Job<T>, Ready<'a, T>, Parked<'a, T>>,
    /// What was sent again and is stored: late copies of the first attempt are looked for at the end.
    watched: Mutex<Vec<Watched<T>>>,
    /// Keys, and names with sizes, of what stays of unknown outcome: nobody in this run waits for it.
    given_up: Mutex<GivenUp>,
    pace: Pace,
    verifier: Verifier,
    started: Timestamp,
    /// When the last plan to delete files was made; none is made while this ledger is open.
    plan_at: OnceLock<Timestamp>,
}

impl<T> std::fmt::Debug for Uploader<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Uploader").field("options", self.options).finish_non_exhaustive()
    }
}

impl<'a, T: Send> Uploader<'a, T> {
    /// Makes an uploader; nothing happens before [`Uploader::start`].
    #[must_use]
    pub fn new(
        target: &'a dyn Target,
        (ledger, scope): (&'a Ledger, Scope),
        options: &'a UploadOptions,
        listener: &'a dyn Listener<T>,
    ) -> Self {
        Self {
            target,
            ledger,
            scope,
            options,
            listener,
            queue: Queue::new(options.concurrency),
            watched: Mutex::default(),
            given_up: Mutex::default(),
            pace: Pace::new(options.concurrency, options.max_wait, options.requests_per_minute),
            verifier: Verifier::default(),
            started: options.clock.now(),
            plan_at: OnceLock::new(),
        }
    }

    /// Starts the threads. They end when [`Uploader::close`] was called and every job is settled.
    pub fn start<'scope>(&'scope self, threads: &'scope Threads<'scope, '_>) {
        if let Err(stop) = self.check_room().and_then(|()| self.recover()) {
            self.listener.stop(stop);
        }
        threads.spawn(|| self.begin_all());
        let (books, stored) = mpsc::channel();
        for _ in 0..(self.options.concurrency * SENDERS_EACH).min(MAX_SENDERS) {
            let seat = Seat::new(books.clone());
            threads.spawn(|| self.send_all(seat));
        }
        threads.spawn(move || self.book_all(&stored));
        threads.spawn(|| self.reconcile_all());
    }

    /// Takes a payload.
    pub fn push(&self, job: Job<T>) {
        self.queue.push(job);
    }

    /// No further payload will come.
    pub fn close(&self) {
        self.queue.close();
    }

    /// Returns what waits, and for what.
    #[must_use]
    pub fn waiting(&self) -> Waiting {
        Waiting {
            files: self.queue.under_way(),
            retries: self.pace.retries(),
            pause: self.pace.pause_left(self.clock()),
        }
    }

    /// Makes sure that a reported id is alive: returns when the platform had it, or `None` if it is gone, or nobody
    /// can tell. See [`VerifyRemote`].
    ///
    /// # Errors
    /// Why nobody can tell.
    pub fn is_alive(&self, object: &StoredObject) -> Result<Option<Timestamp>, Stop> {
        let seen = self.verifier.judge(self, &object.file, object.verified_at)?;
        // Between a plan and what is deleted by it, every use counts.
        let plan_at = self.plan_at.get_or_init(|| match self.ledger.plan_at() {
            Ok(plan_at) => plan_at.unwrap_or(Timestamp::from(UNIX_EPOCH)),
            Err(_) => self.started,
        });
        let noted_since = self.started.minus(USE_NOTED_EVERY).max(*plan_at);
        if seen.is_some() && object.used_at.is_none_or(|at| at <= noted_since) {
            self.ledger.note_use(self.scope, &object.file.file_id, self.started);
        }
        Ok(seen)
    }

    fn clock(&self) -> &dyn Clock {
        self.options.clock.as_ref()
    }

    fn tokens(&self) -> Tokens<'_> {
        Tokens {
            ledger: self.ledger,
            target_id: self.target.target_id(),
            budget: &self.options.budget,
            charges_periods: self.options.charges_requests,
        }
    }

    fn lister<'l>(&'l self, why_not: &'l dyn Fn() -> bool) -> Lister<'l> {
        Lister { target: self.target, pace: &self.pace, tokens: self.tokens(), clock: self.clock(), why_not }
    }

    /// Returns what tells sleepers that the run ends.
    fn ends(&self) -> impl Fn() -> bool {
        || self.listener.why_not().is_some()
    }

    /// Returns the name of a payload with the tag of its next send.
    fn tagged(&self, payload: &Payload, key: &Sha256, sends: u32) -> String {
        let tag = tag(key, sends);
        let name = &payload.file_name;
        let taken =
            self.options.acceptance.as_ref().and_then(|acceptance| acceptance.tag_name(name, &tag).ok());
        match taken {
            Some(name) => name.to_string(),
            None => tagged_name(name.as_str(), &tag, &self.target.profile().names),
        }
    }

    fn settle(&self, ticket: T, sent: Sent) {
        if let Outcome::Failed(failure) = &sent.outcome
            && !failure.code.is_no_turn()
            && let Err(exceeded) = self.options.budget.note_error()
        {
            self.listener.stop(Stop::Budget(Box::new(exceeded)));
        }
        self.listener.settled(ticket, sent);
        self.queue.settled();
    }
}

#[cfg(test)]
mod tests;
