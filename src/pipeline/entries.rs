//! Makes manifest entries from what the stages learned.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use base64::Engine as _;
use docferry_converters::{Warning, charset};

use crate::model::entry::{
    CharsetConfidence, CharsetEvidence, ConverterEntry, Entry, FileEntry, OutputEntry, SCHEMA_VERSION,
    SourceEntry, Status, TargetEntry, WarningEntry,
};
use crate::model::{
    Block, Candidate, Code, Consumer, ConverterRef, Failure, FileObject, MediaType, Outcome, Payload, Sha256,
    Source,
};
use crate::stages::classify::Classified;

/// What all entries of one input share.
#[derive(Debug, Clone)]
pub(super) struct Base {
    pub(super) seq: u64,
    pub(super) batch: u64,
    pub(super) source: SourceEntry,
    pub(super) target: Option<TargetEntry>,
}

impl Base {
    pub(super) fn new(candidate: &Candidate, batch: u64, target: Option<TargetEntry>) -> Self {
        Self { seq: candidate.seq, batch, source: source_entry(candidate), target }
    }

    /// Adds what reading the input told.
    pub(super) fn learn(&mut self, classified: &Classified) {
        let detection = &classified.detection;
        self.source.size_bytes = Some(classified.size_bytes);
        self.source.sha256 = Some(classified.digest);
        self.source.format = Some(detection.format.spec().name.to_owned());
        self.source.media_type = Some(detection.media_type.to_string());
        self.source.charset = detection.charset.map(|charset| charset.name.to_owned());
        self.source.charset_evidence = detection.charset.map(|charset| evidence(charset.evidence));
        self.source.charset_confidence = detection.charset.map(|charset| confidence(charset.confidence));
    }

    /// Makes the entry of one part.
    pub(super) fn entry(&self, part: u32, parts: u32, outcome: Outcome) -> Entry {
        let mut entry = Entry {
            schema_version: SCHEMA_VERSION,
            seq: self.seq,
            part,
            parts,
            status: Status::Failed,
            batch: self.batch,
            source: self.source.clone(),
            output: None,
            converter: None,
            target: self.target.clone(),
            file: None,
            attempts: 0,
            possible_orphans: Vec::new(),
            content_block: None,
            warnings: Vec::new(),
            violations: Vec::new(),
            error: None,
        };
        apply(&mut entry, outcome);
        entry
    }

    /// Makes the one entry of an input that became nothing.
    pub(super) fn nothing(&self, outcome: Outcome) -> Entry {
        self.entry(0, 0, outcome)
    }
}

fn apply(entry: &mut Entry, outcome: Outcome) {
    match outcome {
        Outcome::Uploaded(object) => stored(entry, Status::Uploaded, object),
        Outcome::Reused(object) => stored(entry, Status::Reused, object),
        Outcome::Adopted(object, proof) => {
            stored(entry, Status::Adopted, object);
            if let Some(file) = &mut entry.file {
                file.proof = Some(proof);
            }
        }
        Outcome::Converted(path) => {
            entry.status = Status::Converted;
            if let (Some(output), Some(path)) = (&mut entry.output, path) {
                output.path = Some(path.to_string_lossy().into_owned());
            }
        }
        Outcome::Skipped { code, message } => {
            entry.status = Status::Skipped;
            entry.error = Some(Failure::new(code, message));
        }
        Outcome::Rejected(violations) => {
            entry.status = Status::Rejected;
            entry.violations = violations;
        }
        Outcome::Failed(failure) => {
            entry.status = Status::Failed;
            entry.error = Some(failure);
        }
        Outcome::Ambiguous(attempt) => {
            entry.status = Status::Ambiguous;
            entry.attempts = attempt.attempts;
            entry.error = Some(attempt.failure);
        }
    }
}

fn stored(entry: &mut Entry, status: Status, object: FileObject) {
    entry.status = status;
    let consumer = entry.target.as_ref().map(|target| target.consumer);
    entry.content_block = content_block(consumer, &object);
    entry.file = Some(FileEntry {
        file_id: object.file_id,
        filename: object.filename,
        mime_type: object.mime_type,
        size_bytes: object.size_bytes,
        created_at: object.created_at,
        expires_at: object.expires_at,
        downloadable: object.downloadable,
        status: object.status,
        request_id: object.request_id,
        proof: None,
        verified_at: None,
    });
}

/// Returns the content block that refers to a stored file; a session mounts its files, which needs none.
fn content_block(consumer: Option<Consumer>, object: &FileObject) -> Option<serde_json::Value> {
    let consumer = consumer.filter(|consumer| *consumer != Consumer::Sessions)?;
    Some(Block::of(consumer, &object.mime_type).json(&object.file_id))
}

/// Describes what a payload sends.
pub(super) fn payload_output(payload: &Payload) -> OutputEntry {
    OutputEntry {
        file_name: payload.file_name.to_string(),
        planned_name: None,
        media_type: payload.media_type.to_string(),
        size_bytes: payload.size_bytes,
        sha256: payload.digest,
        pages: payload.pages,
        part_label: payload.lineage.part_label.clone(),
        path: None,
    }
}

/// Describes what was written to a local file.
pub(super) fn file_output(
    path: &Path,
    media_type: &MediaType,
    size_bytes: u64,
    digest: Sha256,
    label: Option<String>,
) -> OutputEntry {
    OutputEntry {
        file_name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        planned_name: None,
        media_type: media_type.to_string(),
        size_bytes,
        sha256: digest,
        pages: None,
        part_label: label,
        path: Some(path.to_string_lossy().into_owned()),
    }
}

/// Describes the converter and what it dropped.
pub(super) fn converter_entry(converter: &ConverterRef, warnings: &[Warning]) -> ConverterEntry {
    ConverterEntry {
        name: converter.name.to_owned(),
        revision: converter.revision,
        options_hash: converter.options_hash.clone(),
        warnings: warnings.iter().filter_map(warning_entry).collect(),
    }
}

/// Describes what a conversion dropped or changed.
pub(super) fn warning_entry(warning: &Warning) -> Option<WarningEntry> {
    let code = Code::by_name(warning.code.as_str())?;
    Some(WarningEntry { code, message: warning.message.clone(), count: warning.count })
}

fn source_entry(candidate: &Candidate) -> SourceEntry {
    let (path, path_bytes, known) = match &candidate.source {
        Source::Path(path) => {
            let bytes = path.as_os_str().as_bytes();
            let exact = std::str::from_utf8(bytes).is_err();
            let encoded = exact.then(|| base64::engine::general_purpose::STANDARD.encode(bytes));
            (path.to_string_lossy().into_owned(), encoded, true)
        }
        Source::Stdin { .. } => ("-".to_owned(), None, false),
    };
    SourceEntry {
        path,
        path_bytes,
        relative: candidate.relative.as_path().to_string_lossy().into_owned(),
        size_bytes: known.then_some(candidate.size_bytes),
        modified: known.then_some(candidate.modified),
        sha256: None,
        format: None,
        media_type: None,
        charset: None,
        charset_evidence: None,
        charset_confidence: None,
    }
}

fn evidence(evidence: charset::CharsetEvidence) -> CharsetEvidence {
    match evidence {
        charset::CharsetEvidence::Bom => CharsetEvidence::Bom,
        charset::CharsetEvidence::NulPattern => CharsetEvidence::Pattern,
        charset::CharsetEvidence::Valid => CharsetEvidence::Utf8,
        charset::CharsetEvidence::Declared => CharsetEvidence::Declared,
        charset::CharsetEvidence::Guess => CharsetEvidence::Guess,
        charset::CharsetEvidence::Label => CharsetEvidence::Label,
        charset::CharsetEvidence::Default => CharsetEvidence::Default,
    }
}

fn confidence(confidence: charset::Confidence) -> CharsetConfidence {
    match confidence {
        charset::Confidence::Certain => CharsetConfidence::Certain,
        charset::Confidence::High => CharsetConfidence::High,
        charset::Confidence::Low => CharsetConfidence::Low,
    }
}
