//! Where rows are: a row that is looked for by its number is near the last one, one that is looked for by a key is not.
//! A number is a hint: what is there is verified, and what is not there is found by its key.

use std::collections::HashMap;

use rusqlite::params;

use super::LedgerError;
use super::writer::Desk;
use crate::model::Sha256;

/// How many judgements wait for their uploads to begin; most begin soon.
const RECENT: usize = 16_384;

/// The judgements of uploads that are about to begin, by the first upload key.
#[derive(Debug, Default)]
pub(super) struct Recent(HashMap<Sha256, i64>);

/// Notes that the first of these uploads, if it begins soon, is that of a judgement.
pub(super) fn expect(desk: &Desk<'_>, keys: &[Sha256], judgement: i64) {
    let Some(first) = keys.first() else { return };
    let mut recent = desk.recent.borrow_mut();
    if recent.0.len() >= RECENT {
        recent.0.clear();
    }
    recent.0.insert(*first, judgement);
}

/// Records where an upload is, if it is one of those.
pub(super) fn note(desk: &Desk<'_>, key: &Sha256, object: i64) -> Result<(), LedgerError> {
    let expected = desk.recent.borrow_mut().0.remove(key);
    let Some(judgement) = expected else { return Ok(()) };
    let sql = "INSERT OR REPLACE INTO place (judgement, object) VALUES (?1, ?2)";
    desk.execute(sql, params![judgement, object]).map(drop)
}
