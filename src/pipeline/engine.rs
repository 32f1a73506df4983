//! How a target is dealt with: what is sent again, how fast, and how much at all.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use crate::acceptance::Acceptance;
use crate::model::Timestamp;
use crate::model::budget::{BudgetKind, Budgets};
use crate::model::prices::Price;
use crate::model::upload::{Dedupe, NameTag, VerifyRemote};
use crate::stages::budget::RunBudget;
use crate::stages::upload::{HighWater, SystemClock, UploadOptions};
use crate::targets::UploadExtra;

/// How a target is dealt with.
#[derive(Debug, Clone)]
pub struct Engine {
    /// How many attempts follow the first where nothing can have been stored.
    pub retries: u32,
    /// The longest wait that a target can ask for and get.
    pub max_wait: Duration,
    /// How long after an unknown outcome the listing is looked at, twice.
    pub listing_grace: Duration,
    /// When a tag stands in the name that is sent.
    pub name_tag: NameTag,
    /// What makes two files one upload.
    pub dedupe: Dedupe,
    /// Sends what is stored once more.
    pub force: bool,
    /// Reads files again whose size and time did not change.
    pub rehash: bool,
    /// A stored file that expires sooner is no longer good.
    pub min_ttl: Duration,
    /// Whether ids of earlier runs are looked for before they are reported.
    pub verify: VerifyRemote,
    /// Requests a minute, for all processes together.
    pub requests_per_minute: Option<u32>,
    /// How full a workspace may get.
    pub high_water: HighWater,
    /// What the run may take; budgets of periods are told to the ledger.
    pub budgets: Budgets,
    /// What estimates of cost are made with: a model's price, and how often each file is used.
    pub price: Option<(Price, u32)>,
    /// The folder of the state, where a halt is told.
    pub state_dir: Option<PathBuf>,
    /// The name of the run in the ledger; a random one without.
    pub run_id: Option<String>,
}

impl Default for Engine {
    fn default() -> Self {
        Self {
            retries: 4,
            max_wait: Duration::from_secs(15 * 60),
            listing_grace: Duration::from_secs(2),
            name_tag: NameTag::default(),
            dedupe: Dedupe::default(),
            force: false,
            rehash: false,
            min_ttl: Duration::from_secs(3600),
            verify: VerifyRemote::default(),
            requests_per_minute: None,
            high_water: HighWater::default(),
            budgets: Budgets::default(),
            price: None,
            state_dir: None,
            run_id: None,
        }
    }
}

impl Engine {
    /// Returns a name that no other run has.
    #[must_use]
    pub fn new_run_id() -> String {
        let chance = getrandom::u64().unwrap_or_default();
        format!("run_{:x}{chance:016x}", Timestamp::now().unix_micros())
    }

    pub(super) fn options(
        self,
        extra: UploadExtra,
        concurrency: usize,
        acceptance: Option<Acceptance>,
        interrupted: Arc<AtomicBool>,
    ) -> UploadOptions {
        let began = Instant::now();
        UploadOptions {
            extra,
            retries: self.retries,
            max_wait: self.max_wait,
            listing_grace: self.listing_grace,
            name_tag: self.name_tag,
            acceptance,
            force: self.force,
            min_ttl: self.min_ttl,
            verify: self.verify,
            requests_per_minute: self.requests_per_minute,
            high_water: self.high_water,
            charges_requests: self.budgets.periods.iter().any(|budget| budget.kind == BudgetKind::Requests),
            budget: RunBudget::new(&self.budgets, move || began.elapsed()),
            state_dir: self.state_dir,
            concurrency,
            run_id: self.run_id.unwrap_or_else(Self::new_run_id),
            clock: Box::new(SystemClock::new(interrupted)),
        }
    }
}
