//! Taking in manifests and exported ledgers, a line at a time: what they say is stored need not be sent again.
//!
//! A manifest does not say which workspace it went to; whoever imports one does.

use std::io::{self, BufRead};

use serde_json::Value as Json;

use super::contents::{self, RECORD_VERSION, Record, Taken};
use super::{Ledger, LedgerError};
use crate::model::entry::{Entry, FileEntry, OutputEntry};
use crate::model::upload::Dedupe;
use crate::model::upload_key::{UploadKey, key_name};
use crate::model::{FileObject, Sha256};

/// How many lines are one transaction.
const CHUNK: usize = 500;

/// What came of an import.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// Files that were not known.
    pub added: u64,
    /// Files, or uploads, that were known and stay as they are.
    pub known: u64,
    /// Lines that name no stored file, or one of another target.
    pub passed: u64,
}

/// Why an import did not get to its end. What came before is taken in.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It cannot be read.
    #[error("reading failed")]
    Read(#[source] io::Error),
    /// A line is neither an entry of a manifest nor one of an exported ledger.
    #[error("line {line} is no entry of a manifest or of an exported ledger")]
    Line {
        /// Its number, from 1.
        line: u64,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// A line was written by a later version.
    #[error("line {line} has version {found}, this version knows up to {known}")]
    Newer {
        /// Its number, from 1.
        line: u64,
        /// Its version.
        found: u64,
        /// The highest that this version knows.
        known: u32,
    },
    /// The manifest's lines need a workspace that they belong to.
    #[error("line {line} is of a manifest, which does not say where its files are")]
    NoScope {
        /// Its number, from 1.
        line: u64,
    },
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// What a manifest does not say of its files: where they are, and what they were sent with.
#[derive(Debug, Clone, Copy)]
pub struct ImportInto<'a> {
    /// The target's id.
    pub target_id: &'a str,
    /// The workspace.
    pub workspace: &'a str,
    /// The target's name: entries of targets that have another one are passed over.
    pub target_name: &'a str,
    /// The digest of the metadata and the purpose that were sent, as in [`UploadKey::extra`].
    pub extra: Option<&'a Sha256>,
    /// What made two files one upload.
    pub dedupe: Dedupe,
}

/// Takes in a manifest. See [`import`].
///
/// # Errors
/// [`ImportError`]; what came before is taken in.
pub fn import_manifest(
    ledger: &Ledger,
    into: &ImportInto<'_>,
    reader: &mut dyn BufRead,
) -> Result<Imported, ImportError> {
    import(ledger, Some(into), reader)
}

/// Takes in a manifest, a journal of one, or an exported ledger, which says itself where its files are. A torn last line
/// is passed over.
///
/// # Errors
/// [`ImportError`]; what came before is taken in.
pub fn import(
    ledger: &Ledger,
    into: Option<&ImportInto<'_>>,
    reader: &mut dyn BufRead,
) -> Result<Imported, ImportError> {
    let mut imported = Imported::default();
    let (mut chunk, mut text, mut line) = (Vec::new(), Vec::new(), 0);
    loop {
        text.clear();
        reader.read_until(b'\n', &mut text).map_err(ImportError::Read)?;
        line += 1;
        if text.is_empty() {
            break;
        }
        match read_line(&text, line, into) {
            Ok(Some(record)) => chunk.push(record),
            Ok(None) => imported.passed += 1,
            Err(ImportError::Line { .. }) if text.last() != Some(&b'\n') => imported.passed += 1,
            Err(error) => {
                take_in(ledger, &mut chunk, &mut imported)?;
                return Err(error);
            }
        }
        if chunk.len() >= CHUNK {
            take_in(ledger, &mut chunk, &mut imported)?;
        }
    }
    take_in(ledger, &mut chunk, &mut imported)?;
    Ok(imported)
}

fn take_in(ledger: &Ledger, chunk: &mut Vec<Record>, imported: &mut Imported) -> Result<(), LedgerError> {
    let records = std::mem::take(chunk);
    let taken = ledger.write(move |desk| {
        records.iter().map(|record| contents::take_in(desk, record)).collect::<Result<Vec<_>, _>>()
    })?;
    for taken in taken {
        match taken {
            Taken::Added => imported.added += 1,
            Taken::Known => imported.known += 1,
        }
    }
    Ok(())
}

fn read_line(text: &[u8], line: u64, into: Option<&ImportInto<'_>>) -> Result<Option<Record>, ImportError> {
    let bad = |source| ImportError::Line { line, source };
    let json: Json = serde_json::from_slice(text).map_err(bad)?;
    if let Some(found) = json.get("ledger_version").and_then(Json::as_u64) {
        if found > u64::from(RECORD_VERSION) {
            return Err(ImportError::Newer { line, found, known: RECORD_VERSION });
        }
        return serde_json::from_value(json).map(Some).map_err(bad);
    }
    let entry: Entry = serde_json::from_value(json).map_err(bad)?;
    let is_stored = entry.status.is_stored();
    match (&entry.file, &entry.output, &entry.target) {
        (Some(file), Some(output), Some(target)) if is_stored => {
            let into = into.ok_or(ImportError::NoScope { line })?;
            let is_there = target.name == into.target_name;
            Ok(is_there.then(|| record(&entry.source.path, file, output, into)))
        }
        _ => Ok(None),
    }
}

fn record(source: &str, file: &FileEntry, output: &OutputEntry, into: &ImportInto<'_>) -> Record {
    let &ImportInto { target_id, workspace, extra, dedupe, target_name: _ } = into;
    let digest = &output.sha256;
    let planned = output.planned_name.as_ref().unwrap_or(&output.file_name);
    let (file_name, media_type) = (key_name(planned, dedupe), output.media_type.as_str());
    let key = UploadKey { target_id, workspace, digest, file_name, media_type, extra };
    Record {
        ledger_version: RECORD_VERSION,
        target_id: target_id.to_owned(),
        workspace: workspace.to_owned(),
        state: "done".to_owned(),
        upload_key: key.sha256(),
        source: source.to_owned(),
        sha256: *digest,
        file_name: output.file_name.clone(),
        media_type: media_type.to_owned(),
        run_id: "import".to_owned(),
        sent_at: file.created_at,
        verified_at: file.verified_at.unwrap_or(file.created_at),
        proof: file.proof,
        file: FileObject {
            file_id: file.file_id.clone(),
            filename: file.filename.clone(),
            size_bytes: file.size_bytes,
            mime_type: file.mime_type.clone(),
            created_at: file.created_at,
            updated_at: None,
            expires_at: file.expires_at,
            downloadable: file.downloadable,
            purpose: None,
            status: file.status.clone(),
            scope: None,
            metadata: None,
            request_id: file.request_id.clone(),
        },
    }
}
