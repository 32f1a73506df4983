//! What the ledger remembers of inputs: one that did not change is neither opened nor converted nor sent.
//!
//! A judgement is everything that an input's entries say before the target has spoken. It is kept under the digest and
//! the name of the input and a fingerprint of all settings that have a part in it; that of an input whose converter has
//! another revision now is not used.

use std::collections::HashMap;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use docferry_converters::Converter;
use docferry_converters::formats::FORMATS;
use docferry_converters::pdf::Splitter;
use serde::{Deserialize, Serialize};

use super::entries::Base;
use super::prepare::{Draft, Part, Ready};
use crate::ledger::{Ledger, LedgerError, Memory as Remembered, Recalled, Scope, SourceStat, StoredObject};
use crate::model::entry::{ConverterEntry, Entry, OutputEntry, SourceEntry, Status, WarningEntry};
use crate::model::upload::Dedupe;
use crate::model::upload_key::{UploadKey, key_name};
use crate::model::{Candidate, NameStyle, Outcome, Payload, Sha256, Source, Timestamp, Violation};

/// Raised when what becomes of an unchanged input changes for another reason than its converter.
const REVISION: u32 = 2;
/// A file that was modified just before it was read may be modified again within the same tick of its file system's
/// clock, and nothing would show it.
const TICK_NS: i64 = 50_000_000;
/// File systems that keep whole seconds have ticks of up to two.
const COARSE_TICK_NS: i64 = 2_000_000_000;

/// What makes judgements of different settings different.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fingerprint(pub(super) [u8; 16]);

impl Fingerprint {
    /// Makes one of a text that names all settings.
    pub(super) fn of(settings: &str) -> Self {
        let digest = Sha256::of(format!("{REVISION}\0{settings}").as_bytes());
        Self(digest.as_bytes().first_chunk().copied().unwrap_or_default())
    }
}

/// The memory of a run.
#[derive(Debug)]
pub(super) struct Memory<'a> {
    pub(super) ledger: &'a Ledger,
    pub(super) scope: Scope,
    pub(super) fingerprint: Fingerprint,
    /// The target and workspace, as upload keys name them.
    pub(super) target_id: &'a str,
    pub(super) workspace: &'a str,
    pub(super) extra: Option<Sha256>,
    pub(super) dedupe: Dedupe,
    /// A stored file that expires before is no longer good.
    pub(super) good_after: Timestamp,
    pub(super) name_style: NameStyle,
    /// Whether unchanged files are read all the same.
    pub(super) rehash: bool,
    /// Whether what is stored is sent again.
    pub(super) force: bool,
    /// Where relative paths begin; without one, sources are known by their content only.
    pub(super) working_dir: Option<PathBuf>,
    /// The revision of each converter, by its name.
    pub(super) revisions: HashMap<&'static str, u32>,
}

/// Returns the revision of each converter, by its name.
pub(super) fn revisions() -> HashMap<&'static str, u32> {
    let converters = FORMATS.iter().filter_map(|spec| spec.converter);
    let splitter: &dyn Converter = &Splitter;
    converters.chain([splitter]).map(|converter| (converter.name(), converter.revision())).collect()
}

/// What is kept of an input.
#[derive(Debug, Serialize, Deserialize)]
struct Judgement {
    source: SourceEntry,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    converter: Option<ConverterEntry>,
    parts: Vec<JudgedPart>,
}

#[derive(Debug, Serialize, Deserialize)]
struct JudgedPart {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    output: Option<OutputEntry>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<WarningEntry>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    violations: Vec<Violation>,
    /// Whether it was sent.
    sent: bool,
    /// How many parts the input became, as this part's entry says it.
    parts: u32,
}

/// What became of an input in an earlier run.
#[derive(Debug)]
pub(super) struct Known {
    judgement: Judgement,
    digest: Sha256,
    pub(super) objects: Vec<StoredObject>,
}

impl<'a> Memory<'a> {
    /// Returns the upload key of a payload.
    pub(super) fn key_of(&self, payload: &Payload) -> Sha256 {
        UploadKey {
            target_id: self.target_id,
            workspace: self.workspace,
            digest: &payload.digest,
            file_name: key_name(payload.file_name.as_str(), self.dedupe),
            media_type: payload.media_type.as_str(),
            extra: self.extra.as_ref(),
        }
        .sha256()
    }

    /// Tells whether something of this key is stored and good, or under way, and so booked already.
    pub(super) fn has(&self, key: &Sha256) -> Result<bool, LedgerError> {
        if self.ledger.is_open(self.scope, key)? {
            return Ok(true);
        }
        Ok(!self.force && self.ledger.stored(self.scope, key, Some(self.good_after))?.is_some())
    }

    /// Returns what became of inputs that did not change since, without opening them, in their order.
    pub(super) fn recall(&self, candidates: &[&Candidate]) -> Result<Vec<Option<Known>>, LedgerError> {
        if self.rehash || self.force {
            return Ok(Vec::new());
        }
        let paths: Vec<_> = candidates.iter().map(|candidate| self.absolute(candidate)).collect();
        let stats: Vec<_> = candidates
            .iter()
            .zip(&paths)
            .map(|(candidate, path)| SourceStat {
                // No source is known by an empty path.
                path: path.as_ref().map(|path| path.as_os_str().as_bytes()).unwrap_or_default(),
                size_bytes: candidate.size_bytes,
                modified_ns: candidate.modified.unix_nanos(),
                inode: candidate.identity.1,
                device: candidate.identity.0,
            })
            .collect();
        let recalled =
            self.ledger.recall_all(self.scope, &stats, &self.fingerprint.0, Some(self.good_after))?;
        Ok(recalled.into_iter().map(|recalled| self.known(recalled?)).collect())
    }

    /// Returns what became of equal bytes under the same name.
    pub(super) fn recall_content(
        &self,
        candidate: &Candidate,
        digest: Sha256,
        read_at: Timestamp,
    ) -> Result<Option<Known>, LedgerError> {
        if self.force {
            return Ok(None);
        }
        let name = self.name_of(candidate);
        let good_after = Some(self.good_after);
        let recalled =
            self.ledger.recall_content(self.scope, (&digest, &name), &self.fingerprint.0, good_after)?;
        let Some(recalled) = recalled else { return Ok(None) };
        let text = recalled.judgement.clone();
        let known = self.known(recalled);
        if let Some(known) = &known {
            let keys = known.objects.iter().map(|object| object.upload_key).collect();
            let converter = known.judgement.converter.as_ref();
            self.remember(candidate, converter, (digest, text, keys), read_at);
        }
        Ok(known)
    }

    /// Returns the absolute path of a file, without asking the system for each of them where it begins.
    fn absolute(&self, candidate: &Candidate) -> Option<PathBuf> {
        match &candidate.source {
            Source::Path(path) => std::path::absolute(self.working_dir.as_ref()?.join(path)).ok(),
            Source::Stdin { .. } => None,
        }
    }

    /// Returns what the names that are sent are made of.
    fn name_of(&self, candidate: &Candidate) -> Vec<u8> {
        match self.name_style {
            NameStyle::Base => candidate.source.file_name().as_bytes().to_vec(),
            NameStyle::Path => candidate.relative.as_bytes().to_vec(),
        }
    }

    fn known(&self, recalled: Recalled) -> Option<Known> {
        let judgement: Judgement = serde_json::from_str(&recalled.judgement).ok()?;
        let is_current = |converter: &ConverterEntry| {
            self.revisions.get(converter.name.as_str()).is_none_or(|revision| *revision == converter.revision)
        };
        let sent = judgement.parts.iter().filter(|part| part.sent).count();
        let fits = sent == recalled.objects.len() && judgement.converter.as_ref().is_none_or(is_current);
        fits.then_some(Known { judgement, digest: recalled.digest, objects: recalled.objects })
    }

    /// Keeps what was found out about an input. `read_at` is when its reading began.
    pub(super) fn keep(&self, candidate: &Candidate, ready: &Ready, read_at: Timestamp) {
        let Some((judgement, keys)) = self.judgement(ready) else { return };
        let Some(digest) = judgement.source.sha256 else { return };
        let Ok(text) = serde_json::to_string(&judgement) else { return };
        self.remember(candidate, judgement.converter.as_ref(), (digest, text, keys), read_at);
    }

    fn remember(
        &self,
        candidate: &Candidate,
        converter: Option<&ConverterEntry>,
        (digest, judgement, keys): (Sha256, String, Vec<Sha256>),
        read_at: Timestamp,
    ) {
        let path = self.absolute(candidate);
        self.ledger.remember(Remembered {
            path: path.map(|path| path.into_os_string().into_vec()).unwrap_or_default(),
            is_settled: is_settled(candidate, read_at),
            size_bytes: candidate.size_bytes,
            modified_ns: candidate.modified.unix_nanos(),
            inode: candidate.identity.1,
            device: candidate.identity.0,
            scope: self.scope,
            digest,
            file_name: self.name_of(candidate),
            fingerprint: self.fingerprint.0,
            judgement,
            keys,
            judged_at: read_at,
            converter: converter.map(|converter| (converter.name.clone(), converter.revision)),
        });
    }

    fn judgement(&self, ready: &Ready) -> Option<(Judgement, Vec<Sha256>)> {
        let mut keys = Vec::new();
        let mut parts = Vec::new();
        let mut source = None;
        let mut converter = None;
        match ready {
            Ready::Known(_) => return None,
            // Only what would be said again of the same bytes is kept: a failure may be over.
            Ready::Final(entries) => {
                for entry in entries {
                    parts.push(rejected(entry)?);
                    source = Some(&entry.source);
                    converter = entry.converter.as_ref();
                }
            }
            Ready::Send(ready) => {
                for part in ready {
                    match part {
                        Part::Entry(entry) => {
                            parts.push(rejected(entry)?);
                            source = Some(&entry.source);
                        }
                        Part::Payload(payload, draft) => {
                            keys.push(self.key_of(payload));
                            parts.push(draft.judged());
                            source = Some(draft.source());
                            converter = draft.converter();
                        }
                    }
                }
            }
        }
        let source = bare(source?);
        Some((Judgement { source, converter: converter.cloned(), parts }, keys))
    }
}

impl Draft {
    fn judged(&self) -> JudgedPart {
        let (output, warnings, parts) = self.told();
        JudgedPart { output, warnings, violations: Vec::new(), sent: true, parts }
    }
}

fn rejected(entry: &Entry) -> Option<JudgedPart> {
    (entry.status == Status::Rejected).then(|| JudgedPart {
        output: entry.output.clone(),
        warnings: entry.warnings.clone(),
        violations: entry.violations.clone(),
        sent: false,
        parts: entry.parts,
    })
}

/// Leaves out what depends on where the file lies.
fn bare(source: &SourceEntry) -> SourceEntry {
    SourceEntry {
        path: String::new(),
        path_bytes: None,
        relative: String::new(),
        modified: None,
        ..source.clone()
    }
}

impl Known {
    /// Makes the entries of the input anew; `verified_at` is when each of its files was last seen.
    pub(super) fn entries(self, mut base: Base, verified_at: Vec<Timestamp>, mut tell: impl FnMut(Entry)) {
        let Judgement { source, converter, parts } = self.judgement;
        base.source = SourceEntry {
            path: base.source.path,
            path_bytes: base.source.path_bytes,
            relative: base.source.relative,
            modified: base.source.modified,
            sha256: Some(self.digest),
            ..source
        };
        let mut stored = self.objects.into_iter().zip(verified_at);
        for (number, part) in (0u32..).zip(parts) {
            let (outcome, seen, orphans) = match part.sent.then(|| stored.next()).flatten() {
                Some((object, seen)) => (Outcome::Reused(object.file), Some(seen), object.orphans),
                None => (Outcome::Rejected(part.violations), None, Vec::new()),
            };
            let mut entry = base.entry(number, part.parts, outcome);
            entry.output = part.output;
            entry.converter.clone_from(&converter);
            entry.warnings = part.warnings;
            entry.possible_orphans = orphans;
            if let Some(file) = &mut entry.file {
                file.verified_at = seen;
            }
            tell(entry);
        }
    }
}

/// Tells whether a later change of the file would show in its time of modification.
fn is_settled(candidate: &Candidate, read_at: Timestamp) -> bool {
    let modified = candidate.modified.unix_nanos();
    let tick = if modified % 1_000_000_000 == 0 { COARSE_TICK_NS } else { TICK_NS };
    modified.saturating_add(tick) < read_at.unix_nanos()
}
