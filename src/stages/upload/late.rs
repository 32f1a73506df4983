//! Late copies: what was sent again may have been stored the first time, too, and be listed only at the end.

use std::collections::HashSet;
use std::sync::PoisonError;

use super::held::{Held, ids, is_marked};
use super::listing::Unread;
use super::pace::rest;
use super::{Sent, Uploader};
use crate::ledger::LedgerError;
use crate::model::{FileObject, Sha256, Timestamp};

/// What is listed and nobody's.
#[derive(Debug, Default)]
struct Late {
    files: Vec<FileObject>,
    /// Names and sizes that are being sent, or may still appear.
    under_way: HashSet<(String, u64)>,
}

/// What was sent again and is stored.
#[derive(Debug)]
pub(super) struct Watched<T> {
    ticket: T,
    key: Sha256,
    size_bytes: u64,
    first_sent_at: Timestamp,
    names: Vec<String>,
    known: HashSet<String>,
    sent: Sent,
    file: FileObject,
}

impl<T> Watched<T> {
    pub(super) fn new(ticket: T, held: Held<'_>, sent: Sent, file: FileObject) -> Self {
        let mut names = held.old_names;
        names.push(held.file_name);
        Self {
            ticket,
            key: held.key,
            size_bytes: held.size_bytes,
            first_sent_at: held.first_sent_at,
            names,
            known: held.orphans.into_iter().map(|file| file.file_id).collect(),
            sent,
            file,
        }
    }
}

impl<T: Send> Uploader<'_, T> {
    pub(super) fn watch(&self, mut watched: Watched<T>) {
        self.listener.resting(&mut watched.ticket);
        let mut all = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(watched);
        drop(all);
        // The entry waits, but nothing is under way for it any more.
        self.queue.settled();
    }

    /// What was sent again may have been stored the first time, too, and be listed only now: such copies are named.
    pub(super) fn look_at_old_names(&self) {
        let watched = std::mem::take(&mut *self.watched.lock().unwrap_or_else(PoisonError::into_inner));
        match self.late_files(&watched) {
            Ok(late) => watched.into_iter().for_each(|one| self.name_copies(one, &late)),
            Err(error) => {
                let message = format!("late copies of what was sent again could not be looked for: {error}");
                self.listener.notice(message);
                watched.into_iter().for_each(|one| self.listener.settled(one.ticket, one.sent));
            }
        }
    }

    /// Returns what is listed and nobody's since the first of these was sent. Copies of what earlier runs sent again are
    /// told on the way.
    fn late_files(&self, watched: &[Watched<T>]) -> Result<Late, Unread> {
        let broken = |error: LedgerError| Unread::Stop(error.into());
        let old = self.ledger.burned(self.scope, self.clock().now()).map_err(broken)?;
        let earlier: Vec<_> = old.into_iter().filter(|burned| burned.sent_at < self.started).collect();
        let sent = watched.iter().map(|one| one.first_sent_at).chain(earlier.iter().map(|b| b.sent_at));
        let Some(first) = sent.min().filter(|_| !self.is_interrupted()) else { return Ok(Late::default()) };
        let ends = || self.is_interrupted();
        if !watched.is_empty() && !rest(self.clock(), self.options.listing_grace, &ends) {
            return Err(Unread::Ended);
        }
        let mut files = Vec::new();
        self.lister(&ends).each(Some(first.minus(self.skew())), |file| files.push(file))?;
        let all: Vec<&str> = files.iter().map(|file| file.file_id.as_str()).collect();
        let under_way = self.ledger.unsettled(self.scope, self.clock().now()).map_err(broken)?;
        let owned = self.ledger.owned(self.scope, &all).map_err(broken)?;
        files.retain(|file| !owned.contains(&file.file_id));
        for burned in earlier {
            let is_late = |file: &&FileObject| {
                file.filename == burned.file_name
                    && file.size_bytes == burned.size_bytes
                    && file.created_at >= burned.sent_at.minus(self.skew())
            };
            let late: Vec<FileObject> = files.iter().filter(is_late).cloned().collect();
            if !late.is_empty() {
                self.ledger.note_orphans(self.scope, &burned.upload_key, &late).map_err(broken)?;
                let copies = ids(&late).join(", ");
                self.listener.notice(format!("possible extra copies of `{}`: {copies}", burned.file_name));
            }
        }
        Ok(Late { files, under_way })
    }

    fn name_copies(&self, one: Watched<T>, late: &Late) {
        let Watched { ticket, key, size_bytes, first_sent_at, names, known, mut sent, file } = one;
        let earliest = first_sent_at.minus(self.skew());
        let mark = key.to_string();
        let is_copy = |listed: &&FileObject| {
            let is_like = |name: &String| may_be_cleaned(listed, name, &late.under_way);
            let named = names.iter().any(|name| *name == listed.filename || is_like(name));
            let marked = is_marked(listed.metadata.as_ref(), &mark);
            listed.file_id != file.file_id
                && !known.contains(&listed.file_id)
                && listed.size_bytes == size_bytes
                && listed.created_at >= earliest
                && (named || marked)
        };
        let late: Vec<FileObject> = late.files.iter().filter(is_copy).cloned().collect();
        if !late.is_empty() {
            if let Err(error) = self.ledger.note_orphans(self.scope, &key, &late) {
                self.listener.notice(format!("extra copies could not be booked: {error}"));
            }
            sent.possible_orphans.extend(ids(&late));
        }
        self.listener.settled(ticket, sent);
    }
}

/// Tells whether a listed file may be what was sent under another name, on a platform that cleans names. One that has the
/// very name of another upload that is under way, or may still appear, is that one's.
pub(super) fn may_be_cleaned(listed: &FileObject, sent: &str, under_way: &HashSet<(String, u64)>) -> bool {
    is_like(&listed.filename, sent) && !under_way.contains(&(listed.filename.clone(), listed.size_bytes))
}

/// Tells whether a platform that cleans names could have made one of the other.
fn is_like(stored: &str, sent: &str) -> bool {
    let plain =
        |name: &str| name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let (stored_plain, sent_plain): (String, String) = (plain(stored), plain(sent));
    stored != sent && stored_plain == sent_plain
}
