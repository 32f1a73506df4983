//! The sending side of a run: what the uploader is told, and what it tells.

use std::sync::Arc;
use std::sync::mpsc::Sender;

use super::collect::Message;
use super::memory::{Fingerprint, Known as Recalled, Memory, revisions};
use super::permits::Permit;
use super::prepare::Draft;
use super::report::Stopped;
use super::run::Shared;
use super::{Pipeline, RunError, Work};
use crate::ledger::Ledger;
use crate::model::budget::Charges;
use crate::model::entry::Entry;
use crate::model::upload_key::extra_digest;
use crate::model::{Attempt, Candidate, Code, Failure, NameStyle, Outcome, Payload, Sha256, Timestamp};
use crate::stages::estimate::{self, Known};
use crate::stages::upload::{Clock, Listener, Sent, Stop, Uploader, Workspace, workspace};
use crate::targets::Target;

/// An input's claim to memory, and what its entry says so far. A ticket that goes away before anybody settled it, with a
/// thread that panicked, still says that its input is of unknown outcome.
#[derive(Debug)]
pub(super) struct Ticket {
    draft: Option<Box<Draft>>,
    permit: Option<Arc<Permit>>,
    messages: Sender<Message>,
}

impl Ticket {
    fn tell(&mut self, outcome: Outcome, finish: impl FnOnce(&mut Entry)) {
        let Some(draft) = self.draft.take() else { return };
        let mut entry = draft.entry(outcome);
        finish(&mut entry);
        let _ = self.messages.send(Message::Entry(Box::new(entry), self.permit.take()));
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let Some(output) = self.draft.as_ref().and_then(|draft| draft.told().0) else { return };
        let message = "docferry failed while it was being sent; this is a defect";
        let attempt = Attempt {
            sent_at: Timestamp::now(),
            file_name: output.file_name,
            size_bytes: output.size_bytes,
            failure: Failure::new(Code::UploadAmbiguous, message),
            attempts: 0,
        };
        self.tell(Outcome::Ambiguous(attempt), |_| ());
    }
}

/// Where a run books what it sends.
#[derive(Debug)]
pub(super) struct Books {
    pub(super) ledger: Ledger,
    pub(super) workspace: Workspace,
}

impl Books {
    /// Opens the ledger of the run, and finds the part that belongs to the target's workspace.
    fn open(ledger: Option<&Ledger>, target: &dyn Target, clock: &dyn Clock) -> Result<Self, RunError> {
        let (ledger, workspace) = match ledger {
            Some(ledger) => (ledger.clone(), workspace(ledger, target, clock)?),
            None => {
                let ledger = Ledger::ephemeral()?;
                let name = "default".to_owned();
                let scope = ledger.scope(target.target_id(), &name)?;
                (ledger, Workspace { scope, name })
            }
        };
        Ok(Self { ledger, workspace })
    }
}

impl Pipeline {
    /// Returns where the run books what it sends; `None` if it sends nothing. The target is asked once.
    ///
    /// # Errors
    /// [`RunError`] if nobody can tell which files the target's credential sees.
    pub(super) fn books(&self) -> Result<Option<&Books>, RunError> {
        let Work::Ingest { target } = &self.work else { return Ok(None) };
        if self.books.get().is_none() {
            let books = Books::open(self.ledger.as_ref(), target.as_ref(), self.upload.clock.as_ref())?;
            let _ = self.books.set(books);
        }
        Ok(self.books.get())
    }

    /// Returns the workspace of the target's credential, as the ledger keeps it; `None` if the run sends nothing.
    ///
    /// # Errors
    /// [`RunError`] if nobody can tell.
    pub fn workspace(&self) -> Result<Option<&Workspace>, RunError> {
        Ok(self.books()?.map(|books| &books.workspace))
    }

    /// Returns what this run remembers by.
    pub(super) fn memory<'a>(
        &'a self,
        books: &'a Books,
        target: &'a dyn Target,
        now: Timestamp,
    ) -> Memory<'a> {
        let extra = &self.upload.extra;
        Memory {
            ledger: &books.ledger,
            scope: books.workspace.scope,
            fingerprint: self.fingerprint(target, &books.workspace.name, &books.ledger.salt()),
            target_id: target.target_id(),
            workspace: &books.workspace.name,
            extra: extra_digest(extra.purpose.as_deref(), extra.metadata.as_ref()),
            dedupe: self.dedupe,
            good_after: now.plus(self.upload.min_ttl),
            name_style: self.admit.as_ref().map_or(NameStyle::Base, |admit| admit.name_style),
            rehash: self.rehash,
            force: self.upload.force,
            working_dir: std::path::absolute(".").ok(),
            revisions: revisions(),
        }
    }

    /// Returns what a payload takes of budgets.
    pub(super) fn charges(&self, payload: &Payload) -> Charges {
        let price = self.price.as_ref().map(|(price, references)| (price, *references));
        estimate::charges(&payload.media_type, payload.size_bytes, &Known::of(payload), price)
    }

    /// Names every setting that has a part in what becomes of an input.
    fn fingerprint(&self, target: &dyn Target, workspace: &str, salt: &[u8; 16]) -> Fingerprint {
        let settings = serde_json::json!({
            "target": target.target_id(),
            "workspace": workspace,
            "consumer": self.consumer,
            "dedupe": self.dedupe.to_string(),
            "plan": format!("{:?}", self.plan),
            "options": self.convert.options.canonical(),
            "limits": format!("{:?}", self.convert.limits.named()),
            "max_convert_bytes": self.convert.max_bytes,
            "max_bytes": self.classify.max_bytes,
            "charsets": format!("{:?}", self.classify.charsets),
            "live_keys": self.classify.live_keys.fingerprint(salt).to_string(),
            "admit": self.admit.as_ref().map(|admit| format!(
                "{:?} {:?} {:?} {:?} {:?}",
                admit.acceptance, admit.policy, admit.name_style, admit.name, admit.extra_bytes
            )),
            "extra": format!("{:?}", self.upload.extra),
        });
        Fingerprint::of(&settings.to_string())
    }
}

/// What the uploader talks to.
#[derive(Debug)]
pub(super) struct Desk<'a> {
    pub(super) shared: &'a Shared<'a>,
    pub(super) messages: Sender<Message>,
}

impl Listener<Ticket> for Desk<'_> {
    fn settled(&self, mut ticket: Ticket, sent: Sent) {
        ticket.tell(sent.outcome, |entry| {
            entry.attempts = sent.attempts;
            entry.warnings.extend(sent.warnings);
            entry.possible_orphans = sent.possible_orphans;
            if let (Some(output), Some(name)) = (&mut entry.output, sent.sent_name) {
                output.planned_name = Some(std::mem::replace(&mut output.file_name, name));
            }
            if let (Some(file), Some(seen)) = (&mut entry.file, sent.verified_at) {
                file.verified_at = Some(seen);
            }
        });
    }

    fn resting(&self, ticket: &mut Ticket) {
        ticket.permit = None;
    }

    fn doubted(&self, file_id: &str) {
        let _ = self.messages.send(Message::Doubted(file_id.to_owned()));
    }

    fn stop(&self, stop: Stop) {
        self.shared.stop(Stopped::from(stop), &self.messages);
    }

    fn why_not(&self) -> Option<Code> {
        self.shared.why_not()
    }

    fn notice(&self, message: String) {
        let _ = self.messages.send(Message::Notice(message));
    }
}

/// What the threads that prepare need to remember and to send.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outbox<'a, 'u> {
    pub(super) memory: &'a Memory<'a>,
    pub(super) uploader: &'a Uploader<'u, Ticket>,
    pub(super) desk: &'a Desk<'a>,
    /// When the input in question was begun to be read.
    pub(super) read_at: Timestamp,
}

impl Outbox<'_, '_> {
    /// Makes the ticket of a payload.
    pub(super) fn ticket(&self, draft: Box<Draft>, permit: Arc<Permit>) -> Ticket {
        Ticket { draft: Some(draft), permit: Some(permit), messages: self.desk.messages.clone() }
    }

    /// Tells the entries of the inputs that did not change since an earlier run and whose files are all still there, each
    /// with the place of its input; returns which inputs these are.
    pub(super) fn recalled(
        &self,
        inputs: &[(&Candidate, u64)],
        tell: &mut dyn FnMut(usize, Entry),
    ) -> Vec<bool> {
        let candidates: Vec<_> = inputs.iter().map(|(candidate, _)| *candidate).collect();
        let known = match self.memory.recall(&candidates) {
            Ok(known) => known,
            Err(error) => {
                self.desk.stop(error.into());
                return Vec::new();
            }
        };
        let known = known.into_iter().zip(inputs).enumerate();
        let told = known.map(|(at, (known, (candidate, batch)))| {
            known.is_some_and(|known| self.entries(known, candidate, *batch, |entry| tell(at, entry)))
        });
        told.collect()
    }

    /// As [`Outbox::recalled`], for an input that was read.
    pub(super) fn recalled_content(
        &self,
        candidate: &Candidate,
        batch: u64,
        digest: Sha256,
    ) -> Option<Vec<Entry>> {
        let known = self.memory.recall_content(candidate, digest, self.read_at);
        let known = known.map_err(|error| self.desk.stop(error.into())).ok()??;
        let mut entries = Vec::new();
        self.entries(known, candidate, batch, |entry| entries.push(entry)).then_some(entries)
    }

    /// Tells the entries, if all files are still there.
    fn entries(&self, known: Recalled, candidate: &Candidate, batch: u64, tell: impl FnMut(Entry)) -> bool {
        let mut seen = Vec::with_capacity(known.objects.len());
        for object in &known.objects {
            match self.uploader.is_alive(object) {
                Ok(Some(at)) => seen.push(at),
                Ok(None) => return false,
                Err(stop) => {
                    self.desk.stop(stop);
                    return false;
                }
            }
        }
        known.entries(self.desk.shared.pipeline.base(candidate, batch), seen, tell);
        true
    }
}

impl Shared<'_> {
    /// Ends the run; the first reason counts.
    pub(super) fn stop(&self, stopped: Stopped, messages: &Sender<Message>) {
        if self.stopped.set(stopped.code).is_ok() {
            let _ = messages.send(Message::Stopped(stopped));
        }
    }
}
