//! Between values and columns. Numbers beyond what a column holds stop at its ends.

use rusqlite::Row;
use rusqlite::types::Type;

use super::StoredObject;
use crate::model::{Charges, FileObject, Proof, Sha256, Timestamp};

pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn uint(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

pub(super) fn blob(digest: &Sha256) -> &[u8] {
    digest.as_bytes()
}

pub(super) fn time(micros: i64) -> Timestamp {
    Timestamp::from_unix_micros(micros)
}

pub(super) fn digest(row: &Row<'_>, column: &str) -> rusqlite::Result<Sha256> {
    row.get(column).map(Sha256::from_bytes)
}

pub(super) fn charges(row: &Row<'_>) -> rusqlite::Result<Charges> {
    let number = |column| row.get::<_, i64>(column).map(uint);
    Ok(Charges {
        files: number("files")?,
        bytes: number("bytes")?,
        tokens: number("tokens")?,
        cost_micro_usd: number("cost")?,
    })
}

pub(super) fn proof_text(proof: Proof) -> &'static str {
    match proof {
        Proof::Metadata => "metadata",
        Proof::NameTag => "name_tag",
        Proof::SoleCandidate => "sole_candidate",
    }
}

fn parse_proof(text: &str) -> Option<Proof> {
    [Proof::Metadata, Proof::NameTag, Proof::SoleCandidate]
        .into_iter()
        .find(|proof| proof_text(*proof) == text)
}

pub(super) fn file_text(file: &FileObject) -> String {
    // A value of this type has no map with keys that are no strings, which is all that could fail.
    serde_json::to_string(file).unwrap_or_default()
}

pub(super) fn file(row: &Row<'_>, column: &str) -> rusqlite::Result<FileObject> {
    let text = row.get_ref(column)?.as_str()?;
    serde_json::from_str(text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))
}

/// Reads an object that is stored, of a statement whose first columns are `file, verified_at, used_at, run, proof,
/// upload_key`; its copies are looked up apart. A rerun reads one for each file, and columns are found faster by number
/// than by name.
pub(super) fn stored(row: &Row<'_>) -> rusqlite::Result<StoredObject> {
    let text = row.get_ref(0)?.as_str()?;
    let bad = |error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error));
    Ok(StoredObject {
        file: serde_json::from_str(text).map_err(bad)?,
        verified_at: time(row.get(1)?),
        used_at: row.get::<_, Option<i64>>(2)?.map(time),
        run_id: row.get(3)?,
        proof: row.get_ref(4)?.as_str_or_null()?.and_then(parse_proof),
        upload_key: row.get(5).map(Sha256::from_bytes)?,
        orphans: Vec::new(),
    })
}

/// Tells whether what expires then is good for use.
pub(super) fn is_good(expires_at: Option<Timestamp>, good_after: Option<Timestamp>) -> bool {
    match (expires_at, good_after) {
        (Some(expires_at), Some(good_after)) => expires_at > good_after,
        _ => true,
    }
}
