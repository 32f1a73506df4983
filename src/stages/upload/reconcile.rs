//! Finds out what became of attempts of unknown outcome: one listing serves all that are due.
//!
//! A listed file is adopted only with proof. Without any, the payload is sent again under a name of its own, and what
//! might be a copy is named. Attempts of runs that are gone are looked for first of all, whether or not their payloads
//! come again. Nothing is ever deleted here.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::attempt::differences;
use super::held::{Held, Ready, ids, is_marked};
use super::late::may_be_cleaned;
use super::listing::Unread;
use super::{Job, Sent, Stop, Uploader};
use crate::ledger::{LedgerError, Parked as Known, Resend};
use crate::model::upload::NameTag;
use crate::model::{Code, Failure, FileObject, Outcome, Proof, Timestamp};

/// How often the listing is looked at before a file counts as not stored.
const LOOKS: u32 = 2;
/// How often a listing that cannot be read is tried.
const MAX_BLIND_LOOKS: u32 = 3;
/// How long a late copy may come under a name that was sent and given up.
const BURNED_FOR: Duration = Duration::from_secs(24 * 3600);
/// Dates of answers count whole seconds.
const MIN_SKEW: Duration = Duration::from_secs(1);

/// An attempt of unknown outcome. Without a job it is one of an earlier run whose payload is not at hand.
#[derive(Debug)]
pub(super) struct Parked<'a, T> {
    job: Option<Job<T>>,
    held: Held<'a>,
    failure: Failure,
    due: Duration,
    looks: u32,
    blind: u32,
}

impl<'a, T> Parked<'a, T> {
    pub(super) fn new(job: Option<Job<T>>, held: Held<'a>, failure: Failure, due: Duration) -> Self {
        Self { job, held, failure, due, looks: 0, blind: 0 }
    }

    /// Takes over what an earlier run left.
    pub(super) fn known(job: Option<Job<T>>, known: Known, due: Duration) -> Self {
        let failure = Failure::new(Code::UploadAmbiguous, "an earlier run did not learn what became of it");
        Self::new(job, Held::known(known), failure, due)
    }
}

/// What is not, or may not be, of the attempts in question.
struct Others {
    /// Ids of files that are booked.
    taken: HashSet<String>,
    /// Names and sizes that are being sent, or may still appear.
    under_way: HashSet<(String, u64)>,
}

/// What the listing says of one attempt.
enum Finding {
    /// It is there; the others are copies of it.
    Proven(Box<FileObject>, Proof, Vec<FileObject>),
    /// Something may be it.
    Unproven(Vec<FileObject>),
    /// Nothing is there.
    Nothing,
}

impl<'a, T: Send> Uploader<'a, T> {
    /// Looks at the listing for what is parked until nothing is under way any more.
    pub(super) fn reconcile_all(&self) {
        loop {
            let batch = self.queue.due(|parked: &Parked<'a, T>| {
                self.is_interrupted() || parked.due <= self.clock().monotonic()
            });
            if batch.is_empty() {
                break;
            }
            let tasks = batch.len();
            if catch_unwind(AssertUnwindSafe(|| self.look(batch))).is_err() {
                self.listener.stop(Stop::Defect);
                // Those of the batch that were not settled are lost with it; waiting for them would be for ever.
                (0..tasks).for_each(|_| self.queue.settled());
            }
        }
        self.look_at_old_names();
    }

    pub(super) fn is_interrupted(&self) -> bool {
        self.listener.why_not() == Some(Code::Interrupted)
    }

    /// Takes over what runs that are gone left open. What is found is known before its payload comes, and what is not
    /// leaves neither a lock nor a reservation behind.
    pub(super) fn recover(&self) -> Result<(), Stop> {
        for known in self.ledger.unresolved(self.scope, &self.options.run_id)? {
            self.queue.park_new(Parked::known(None, known, self.clock().monotonic()));
        }
        Ok(())
    }

    fn look(&self, batch: Vec<Parked<'a, T>>) {
        if self.is_interrupted() {
            for one in batch {
                self.remains_unknown(one.job, one.held, one.failure);
            }
            return;
        }
        let since = batch.iter().map(|one| self.earliest(&one.held)).min();
        let until = self.clock().now().plus(self.skew());
        let wanted: HashSet<u64> = batch.iter().map(|one| one.held.size_bytes).collect();
        let mut files = Vec::new();
        let ends = || self.is_interrupted();
        let listed = self.lister(&ends).each(since, |file| {
            let in_time = since.is_none_or(|since| file.created_at >= since) && file.created_at <= until;
            if wanted.contains(&file.size_bytes) && in_time {
                files.push(file);
            }
        });
        match listed {
            Ok(()) => self.judge_all(batch, &files),
            Err(error) => {
                let told = error.to_string();
                if let Unread::Stop(stop) = error {
                    self.listener.stop(stop);
                }
                batch.into_iter().for_each(|one| self.see_nothing(one, &told));
            }
        }
    }

    /// Returns how far the platform's clock and ours may be apart.
    pub(super) fn skew(&self) -> Duration {
        self.target.clock_skew() + MIN_SKEW
    }

    /// Returns the earliest time that the platform may have given what was sent. Where the clock was set since, the time
    /// that has passed counts.
    fn earliest(&self, held: &Held<'_>) -> Timestamp {
        let passed = held.first_sent.map(|at| self.clock().monotonic().saturating_sub(at));
        let by_passed = passed.map(|passed| self.clock().now().minus(passed));
        let at = by_passed.map_or(held.first_sent_at, |at| at.min(held.first_sent_at));
        at.minus(self.skew())
    }

    /// The listing cannot be read: what is unknown stays unknown, now or after some more tries.
    fn see_nothing(&self, mut one: Parked<'a, T>, error: &str) {
        one.blind += 1;
        if one.blind < MAX_BLIND_LOOKS && self.listener.why_not().is_none() {
            one.due = self.clock().monotonic() + self.options.listing_grace * 2;
            return self.queue.park(one);
        }
        one.failure.message = format!("{}; the listing cannot be read: {error}", one.failure.message);
        self.remains_unknown(one.job, one.held, one.failure);
    }

    fn judge_all(&self, batch: Vec<Parked<'a, T>>, files: &[FileObject]) {
        let listed: Vec<&str> = files.iter().map(|file| file.file_id.as_str()).collect();
        let mut others = match self.others(&listed) {
            Ok(others) => others,
            Err(error) => {
                self.listener.stop(error.into());
                return batch
                    .into_iter()
                    .for_each(|one| self.remains_unknown(one.job, one.held, one.failure));
            }
        };
        for one in batch {
            self.guarded(|| self.judge_one(one, files, &mut others));
        }
    }

    /// Finds out which of these ids, and which names and sizes, are others'.
    fn others(&self, listed: &[&str]) -> Result<Others, LedgerError> {
        // What is done between the two is in both.
        let under_way = self.ledger.unsettled(self.scope, self.clock().now())?;
        Ok(Others { taken: self.ledger.taken(self.scope, listed)?, under_way })
    }

    fn judge_one(&self, one: Parked<'a, T>, files: &[FileObject], others: &mut Others) {
        let free = files.iter().filter(|file| !others.taken.contains(&file.file_id)).cloned().collect();
        match self.find(&one.held, free, &others.under_way) {
            Err(error) => self.see_nothing(one, &error.to_string()),
            Ok(Finding::Proven(file, proof, copies)) => {
                let found = std::iter::once(file.as_ref()).chain(&copies);
                others.taken.extend(found.map(|file| file.file_id.clone()));
                self.adopt(one, *file, proof, copies);
            }
            Ok(Finding::Unproven(candidates)) => self.send_again(one, candidates),
            Ok(Finding::Nothing) => self.miss(one),
        }
    }

    /// Compares what is listed and nobody's with one attempt.
    fn find(
        &self,
        held: &Held<'_>,
        free: Vec<FileObject>,
        under_way: &HashSet<(String, u64)>,
    ) -> Result<Finding, Unread> {
        let earliest = self.earliest(held);
        let of_size = |file: &FileObject| file.size_bytes == held.size_bytes && file.created_at >= earliest;
        let mut candidates: Vec<FileObject> = free.into_iter().filter(of_size).collect();
        candidates.sort_by_key(|file| file.created_at);
        if self.target.profile().fields.metadata {
            return self.find_by_metadata(held, candidates);
        }
        let is_named = |file: &FileObject, name: &str| {
            file.filename == name && file.mime_type.eq_ignore_ascii_case(&held.media_type)
        };
        let (mut named, others): (Vec<_>, Vec<_>) =
            candidates.into_iter().partition(|file| is_named(file, &held.file_name));
        // A platform may clean names, and an earlier send may have been stored, too.
        let may_be = |file: &FileObject| {
            let old = held.old_names.iter().any(|name| is_named(file, name));
            old || may_be_cleaned(file, &held.file_name, under_way)
        };
        let mut unproven: Vec<FileObject> = others.into_iter().filter(may_be).collect();
        // A tag is of one send, so two files that carry it are as odd as two without one.
        let alone = !held.burned && (held.tagged || !self.target.profile().shared_writers);
        if alone && named.len() == 1 {
            let proof = if held.tagged { Proof::NameTag } else { Proof::SoleCandidate };
            return Ok(Finding::Proven(Box::new(named.remove(0)), proof, unproven));
        }
        unproven.extend(named);
        Ok(if unproven.is_empty() { Finding::Nothing } else { Finding::Unproven(unproven) })
    }

    /// Our key in the metadata is proof; files without it are not ours.
    fn find_by_metadata(&self, held: &Held<'_>, candidates: Vec<FileObject>) -> Result<Finding, Unread> {
        let key = held.key.to_string();
        let ends = || self.is_interrupted();
        let lister = self.lister(&ends);
        let mut ours = Vec::new();
        for file in candidates {
            let metadata = match &file.metadata {
                Some(metadata) => Some(metadata.clone()),
                // A listing may leave metadata out.
                None => lister.call(|| self.target.get(&file.file_id))?.metadata,
            };
            if is_marked(metadata.as_ref(), &key) {
                ours.push(file);
            }
        }
        if ours.is_empty() {
            return Ok(Finding::Nothing);
        }
        Ok(Finding::Proven(Box::new(ours.remove(0)), Proof::Metadata, ours))
    }

    fn adopt(&self, one: Parked<'a, T>, file: FileObject, proof: Proof, copies: Vec<FileObject>) {
        let Parked { job, mut held, failure, .. } = one;
        held.orphans.extend(copies);
        match self.ledger.finish(held.attempt, &file, Some(proof), &held.orphans) {
            Ok(()) => {}
            // Another process has taken it meanwhile.
            Err(LedgerError::DuplicateId { .. }) => {
                return self.queue.park(Parked::new(job, held, failure, self.clock().monotonic()));
            }
            Err(LedgerError::NotAlone { .. }) => {
                return self.send_again(Parked::new(job, held, failure, Duration::ZERO), vec![file]);
            }
            Err(error) => {
                self.listener.stop(error.into());
                held.orphans.push(file);
                return self.remains_unknown(job, held, failure);
            }
        }
        let Some(job) = job else { return self.queue.settled() };
        let file = match self.ready(&file) {
            Ok(ready) => ready,
            Err(failure) => {
                held.orphans.push(file);
                return self.remains_unknown(Some(job), held, failure);
            }
        };
        let mut sent = Sent::new(Outcome::Adopted(file.clone(), proof));
        sent.warnings = differences(&job.payload, &held.file_name, &file);
        self.settle_or_watch(job, held, sent, file);
    }

    /// Nothing is listed: once more, then it counts as not stored.
    fn miss(&self, mut one: Parked<'a, T>) {
        one.looks += 1;
        if one.looks < LOOKS {
            one.due = self.clock().monotonic() + self.options.listing_grace;
            return self.queue.park(one);
        }
        self.send_again(one, Vec::new());
    }

    /// Sends again, so that the new copy can be told from a late one of the old.
    fn send_again(&self, one: Parked<'a, T>, candidates: Vec<FileObject>) {
        let Parked { job, mut held, failure, .. } = one;
        held.orphans.extend(candidates);
        let Some(job) = job else { return self.abandon(&held) };
        let profile = self.target.profile();
        let (marked, keeps) = (profile.fields.metadata, self.options.name_tag == NameTag::Never);
        // Under the same name and without a mark the copies could not be told apart.
        let blind = keeps && !marked;
        if held.resends >= self.options.retries || self.listener.why_not().is_some() || blind {
            return self.remains_unknown(Some(job), held, failure);
        }
        if held.reservation.is_none() {
            match self.options.budget.reserve(&job.charges) {
                Ok(reservation) => held.reservation = Some(reservation),
                Err(exceeded) => {
                    self.listener.stop(Stop::Budget(Box::new(exceeded)));
                    return self.remains_unknown(Some(job), held, failure);
                }
            }
        }
        let name = match marked {
            true => held.file_name.clone(),
            false => self.tagged(&job.payload, &job.key, held.sends),
        };
        let now = self.clock().now();
        let again = Resend {
            tagged_name: name.clone(),
            tagged: !marked,
            sent_at: now,
            burned_until: now.plus(BURNED_FOR),
            orphans: held.orphans.clone(),
        };
        if let Err(error) = self.ledger.resend(held.attempt, &again) {
            self.listener.stop(error.into());
            return self.remains_unknown(Some(job), held, failure);
        }
        held.old_names.push(std::mem::replace(&mut held.file_name, name));
        held.tagged = !marked;
        held.burned = marked;
        held.sends += 1;
        held.resends += 1;
        self.queue.unpark(Ready::Send(job, Box::new(held)));
    }

    /// Lets go of an attempt of an earlier run that is nowhere to be found.
    fn abandon(&self, held: &Held<'a>) {
        let until = self.clock().now().plus(BURNED_FOR);
        if let Err(error) = self.ledger.abandon(held.attempt, until, &held.orphans) {
            self.listener.stop(error.into());
        }
        if !held.orphans.is_empty() {
            let copies = ids(&held.orphans).join(", ");
            self.listener
                .notice(format!("possible copies of `{}` of an earlier run: {copies}", held.file_name));
        }
        self.queue.settled();
    }
}
