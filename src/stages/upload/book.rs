//! Books what is stored while other files are sent: many records share one wait for the disk.

use std::sync::mpsc::{Receiver, Sender};

use super::held::Held;
use super::queue::Turn;
use super::{Job, Sent, Uploader};
use crate::ledger::Finishing;
use crate::model::entry::WarningEntry;
use crate::model::{FileObject, FileStatus, Outcome};

/// A payload that is stored, whose record will soon be durable.
#[derive(Debug)]
pub(super) struct Stored<'a, T> {
    job: Job<T>,
    held: Held<'a>,
    object: FileObject,
    warnings: Vec<WarningEntry>,
    finishing: Finishing,
}

/// What a sender has of its own.
#[derive(Debug)]
pub(super) struct Seat<'a, T> {
    pub(super) turn: Turn,
    books: Sender<Stored<'a, T>>,
}

impl<'a, T> Seat<'a, T> {
    pub(super) fn new(books: Sender<Stored<'a, T>>) -> Self {
        Self { turn: Turn::default(), books }
    }
}

impl<'a, T: Send> Uploader<'a, T> {
    /// Has a stored file booked; somebody else waits until it is.
    pub(super) fn stored(
        &self,
        job: Job<T>,
        held: Held<'a>,
        (object, warnings): (FileObject, Vec<WarningEntry>),
        seat: &mut Seat<'a, T>,
    ) {
        let is_taken_in = matches!(object.status, Some(FileStatus::Uploading));
        let hurry = is_taken_in || self.queue.has_later();
        let finishing = match self.ledger.finish_later(held.attempt, &object, &held.orphans, hurry) {
            Ok(finishing) => finishing,
            Err(error) => return self.unbooked(job, held, &object, error),
        };
        let stored = Stored { job, held, object, warnings, finishing };
        if is_taken_in {
            // Waiting for one file keeps no other from being booked, or sent.
            self.queue.give_back(&mut seat.turn);
            self.booked(stored);
        } else if let Err(unsent) = seat.books.send(stored) {
            self.booked(unsent.0);
        }
    }

    /// Waits for records, in the order of their files, until nobody sends any more.
    pub(super) fn book_all(&self, stored: &Receiver<Stored<'a, T>>) {
        for one in stored {
            self.guarded(|| self.booked(one));
        }
    }

    /// Waits until a file is booked and can be used. One that was sent more than once waits for the last look at the
    /// listing.
    fn booked(&self, stored: Stored<'a, T>) {
        let Stored { job, held, object, warnings, finishing } = stored;
        if let Err(error) = finishing.wait() {
            return self.unbooked(job, held, &object, error);
        }
        let file = match self.ready(&object) {
            Ok(file) => file,
            Err(failure) => return self.useless(job, &object, failure, held.requests),
        };
        let mut sent = Sent::new(Outcome::Uploaded(file.clone()));
        sent.warnings = warnings;
        self.settle_or_watch(job, held, sent, file);
    }
}
