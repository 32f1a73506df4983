//! Says what a run would send, before it sends anything: what budgets are held against.
//!
//! Inputs are converted for it and the outputs thrown away; what the ledger knows to be stored costs nothing.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use super::memory::Memory;
use super::prepare::{Part, Ready};
use super::{Pipeline, RunError, Work};
use crate::ledger::LedgerError;
use crate::model::budget::Charges;
use crate::model::{Candidate, Sha256, Timestamp};
use crate::stages::discover::{Found, check, discover};

/// How many inputs are looked at before anything is told of them.
const AT_ONCE: usize = 512;

impl Pipeline {
    /// Tells `each` the path and the charges of everything that would be sent, in order.
    ///
    /// # Errors
    /// [`RunError`] as for a run; nothing is sent and nothing booked.
    pub fn forecast(&self, mut each: impl FnMut(&str, Charges)) -> Result<(), RunError> {
        let Work::Ingest { target } = &self.work else { return Ok(()) };
        check(&self.named)?;
        let Some(books) = self.books()? else { return Ok(()) };
        let memory = self.memory(books, target.as_ref(), Timestamp::now());
        let mut planned = HashSet::new();
        let mut found = discover(&self.named, &self.discover)?;
        let pool = self.pool()?;
        loop {
            let some: Vec<Found> = found.by_ref().take(AT_ONCE).collect();
            if some.is_empty() {
                self.rest();
                return Ok(());
            }
            let told = Mutex::new(Vec::new());
            pool.scope(|scope| {
                for one in some {
                    let (told, memory) = (&told, &memory);
                    scope.spawn(move |_| {
                        let seq = one.candidate.seq;
                        let charges = self.would_send(one, memory);
                        told.lock().unwrap_or_else(PoisonError::into_inner).push((seq, charges));
                    });
                }
            });
            let mut told = told.into_inner().unwrap_or_else(PoisonError::into_inner);
            told.sort_by_key(|(seq, _)| *seq);
            for (_, charges) in told {
                for (path, key, charges) in charges? {
                    // Equal payloads are one upload.
                    if planned.insert(key) {
                        each(&path, charges);
                    }
                }
            }
        }
    }

    fn would_send(
        &self,
        found: Found,
        memory: &Memory<'_>,
    ) -> Result<Vec<(String, Sha256, Charges)>, LedgerError> {
        if self.left_out(&found, 0).is_some() || is_known(memory, &found.candidate)? {
            return Ok(Vec::new());
        }
        let Ready::Send(parts) = self.prepare(found.candidate, 0, None, None) else {
            return Ok(Vec::new());
        };
        let mut charges = Vec::new();
        for part in parts {
            let Part::Payload(payload, draft) = part else { continue };
            let key = memory.key_of(&payload);
            if !memory.has(&key)? {
                charges.push((draft.source().path.clone(), key, self.charges(&payload)));
            }
        }
        Ok(charges)
    }
}

/// Tells whether an earlier run knows what becomes of an input.
fn is_known(memory: &Memory<'_>, candidate: &Candidate) -> Result<bool, LedgerError> {
    Ok(memory.recall(&[candidate])?.pop().flatten().is_some())
}
