//! Takes one input through classify, plan, convert and admit. Runs on a pool thread; never blocks on a channel.

use std::path::Path;

use super::entries::{Base, converter_entry, file_output, payload_output, warning_entry};
use super::ingest::Outbox;
use super::output::OutputDir;
use super::{Pipeline, Work};
use crate::model::entry::{
    ConverterEntry, Entry, OutputEntry, SourceEntry, Status, TargetEntry, WarningEntry,
};
use crate::model::{Candidate, Code, Failure, Outcome, Payload, PdfFacts, Violation};
use crate::stages::admit::{AdmitOptions, Admitted, admit_parts, admit_whole, note};
use crate::stages::classify::{Classified, classify};
use crate::stages::convert::{Means, convert};
use crate::stages::discover::Found;
use crate::stages::plan::{self, Plan, media_type, plan, plan_local};
use crate::stages::survey::survey;

/// What became of an input so far.
#[derive(Debug)]
pub(super) enum Ready {
    /// It has come to its end.
    Final(Vec<Entry>),
    /// An earlier run sent all of it.
    Known(Vec<Entry>),
    /// It is to be sent.
    Send(Vec<Part>),
}

/// A part that is admitted, or already has an entry.
#[derive(Debug)]
pub(super) enum Part {
    /// To be sent; the entry lacks only what the target says.
    Payload(Box<Payload>, Box<Draft>),
    /// Rejected.
    Entry(Box<Entry>),
}

/// An entry without its outcome.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    base: Base,
    part: u32,
    parts: u32,
    output: Option<OutputEntry>,
    converter: Option<ConverterEntry>,
    warnings: Vec<WarningEntry>,
}

impl Draft {
    /// Makes the entry.
    pub(super) fn entry(self, outcome: Outcome) -> Entry {
        let mut entry = self.base.entry(self.part, self.parts, outcome);
        entry.output = self.output;
        entry.converter = self.converter;
        entry.warnings = self.warnings;
        entry
    }
}

impl Draft {
    pub(super) fn source(&self) -> &SourceEntry {
        &self.base.source
    }

    pub(super) fn converter(&self) -> Option<&ConverterEntry> {
        self.converter.as_ref()
    }

    /// Returns what is sent, what was changed on the way, and how many parts there are.
    pub(super) fn told(&self) -> (Option<OutputEntry>, Vec<WarningEntry>, u32) {
        (self.output.clone(), self.warnings.clone(), self.parts)
    }
}

impl Pipeline {
    /// Returns what entries say of the target.
    fn target_entry(&self) -> Option<TargetEntry> {
        let name = match &self.work {
            Work::Ingest { target } => target.profile().name.clone(),
            Work::Check { profile } => profile.name.clone(),
            Work::Convert { .. } => return None,
        };
        Some(TargetEntry { name, consumer: self.consumer })
    }

    pub(super) fn base(&self, candidate: &Candidate, batch: u64) -> Base {
        Base::new(candidate, batch, self.target_entry())
    }

    /// Returns the entry of an input that was left out, if it was.
    pub(super) fn left_out(&self, found: &Found, batch: u64) -> Option<Entry> {
        let mut base = self.base(&found.candidate, batch);
        if let Some((code, message)) = &found.skipped {
            // Nobody knows the size of what is no file.
            base.source.size_bytes = base.source.size_bytes.filter(|size| *size > 0);
            return Some(base.nothing(Outcome::Skipped { code: *code, message: message.clone() }));
        }
        let (code, error) = found.unreadable.as_ref()?;
        Some(base.nothing(Outcome::Failed(Failure::new(*code, error.clone()))))
    }

    /// Returns the entry of an input that never had its turn.
    pub(super) fn not_attempted(&self, candidate: &Candidate, batch: u64, code: Code) -> Entry {
        self.base(candidate, batch).nothing(Outcome::Failed(Failure::of(code)))
    }

    /// Takes an input as far as it goes without the target.
    pub(super) fn prepare(
        &self,
        candidate: Candidate,
        batch: u64,
        output: Option<(&OutputDir, &Path)>,
        outbox: Option<Outbox<'_, '_>>,
    ) -> Ready {
        let mut base = self.base(&candidate, batch);
        let mut classified = match classify(candidate, &self.classify) {
            Ok(classified) => classified,
            Err(outcome) => return Ready::Final(vec![base.nothing(*outcome)]),
        };
        let known = outbox
            .and_then(|outbox| outbox.recalled_content(&classified.candidate, batch, classified.digest));
        if let Some(entries) = known {
            return Ready::Known(entries);
        }
        base.learn(&classified);
        if let Err(outcome) = survey(&mut classified, &self.convert, &self.interrupted) {
            return Ready::Final(vec![base.nothing(*outcome)]);
        }
        let notes = misnamed(&classified);
        let mut ready = match (&self.admit, output) {
            (Some(admit), _) => self.for_target(&base, classified, admit),
            (None, Some((dir, reserved))) => Ready::Final(self.to_files(&base, &classified, dir, reserved)),
            // `inspect` judges by a profile; without one there is nowhere to go.
            (None, None) => {
                Ready::Final(vec![self.not_attempted(&classified.candidate, batch, Code::NotAttempted)])
            }
        };
        if let Some(note) = notes {
            add_warning(&mut ready, &note);
        }
        ready
    }

    fn for_target(&self, base: &Base, classified: Classified, admit: &AdmitOptions) -> Ready {
        let name = classified.candidate.source.file_name().to_string_lossy().into_owned();
        match plan(described(&classified, &name), &admit.acceptance, self.plan) {
            Plan::Reject(violations) => Ready::Final(vec![base.nothing(Outcome::Rejected(violations))]),
            Plan::PassThrough { media_type, append } => {
                let warning = delimiter(&classified);
                let mut admitted = admit_whole(classified, media_type, append, admit);
                if admitted.verdict.is_ok() {
                    admitted.warnings.extend(warning);
                }
                draft_parts(base, vec![admitted], None)
            }
            Plan::Convert { means } => self.converted(base, &classified, means, admit),
        }
    }

    fn converted(&self, base: &Base, classified: &Classified, means: Means, admit: &AdmitOptions) -> Ready {
        let secrets =
            admit.policy.judge_names(&classified.candidate.source.file_name().to_string_lossy(), "");
        if !secrets.is_empty() {
            return Ready::Final(vec![base.nothing(Outcome::Rejected(secrets))]);
        }
        match convert(classified, means, &self.convert, &self.interrupted) {
            Err(outcome) => Ready::Final(vec![base.nothing(*outcome)]),
            Ok(converted) => {
                let entry = converter_entry(&converted.converter, &converted.warnings);
                let detected = media_type(&classified.detection);
                let parts =
                    admit_parts(&classified.candidate, classified.digest, &detected, converted, admit);
                draft_parts(base, parts, Some(&entry))
            }
        }
    }

    /// Converts to local files; what has no converter is skipped.
    fn to_files(&self, base: &Base, classified: &Classified, dir: &OutputDir, reserved: &Path) -> Vec<Entry> {
        let means = match plan_local(described(classified, ""), self.plan) {
            Err(violation) => return vec![base.nothing(Outcome::Rejected(vec![violation]))],
            Ok(None) => return vec![base.nothing(self.unconverted(classified))],
            Ok(Some(means)) => means,
        };
        let converted = match convert(classified, means, &self.convert, &self.interrupted) {
            Err(outcome) => return vec![base.nothing(*outcome)],
            Ok(converted) => converted,
        };
        let converter = converter_entry(&converted.converter, &converted.warnings);
        let parts = u32::try_from(converted.parts.len()).unwrap_or(u32::MAX);
        let mut entries = Vec::with_capacity(converted.parts.len());
        for (part, prepared) in (0..parts).zip(converted.parts) {
            let outcome = match dir.write(reserved, &prepared) {
                Ok(path) => Outcome::Converted(Some(path)),
                Err(error) => Outcome::Failed(Failure::new(Code::WriteError, error.to_string())),
            };
            let own_type = prepared.kind.extension().map(|_| prepared.kind.media_type());
            let kind =
                own_type.and_then(|t| t.parse().ok()).unwrap_or_else(|| media_type(&classified.detection));
            let output = match &outcome {
                Outcome::Converted(Some(path)) => {
                    let pages = prepared.pdf.as_ref().and_then(PdfFacts::pages);
                    let (size, digest) = (prepared.size_bytes, prepared.digest);
                    Some(OutputEntry { pages, ..file_output(path, &kind, size, digest, prepared.label) })
                }
                _ => None,
            };
            let mut entry = base.entry(part, parts, outcome);
            entry.output = output;
            entry.converter = Some(converter.clone());
            entries.push(entry);
        }
        entries
    }
}

impl Pipeline {
    /// Says why nothing converts an input. One that was to be split says so itself, as for a target.
    pub(super) fn unconverted(&self, classified: &Classified) -> Outcome {
        let skipped = |message| Outcome::Skipped { code: Code::NoConverter, message };
        let refused = |code, message| Outcome::Rejected(vec![Violation::new(code, message)]);
        match classified.pdf.clone().filter(|_| self.plan.max_pdf_pages.is_some()) {
            None => {
                skipped(format!("there is no converter for {}", classified.detection.format.spec().title))
            }
            Some(PdfFacts::Sound { pages } | PdfFacts::Mended { pages }) => {
                skipped(format!("the PDF has {pages} pages, which --split-pdf leaves together"))
            }
            Some(PdfFacts::Encrypted) => refused(Code::EncryptedDocument, "the PDF is encrypted".to_owned()),
            Some(PdfFacts::Broken(reason)) => refused(Code::CorruptDocument, reason),
            Some(PdfFacts::TooMuch(limit)) => refused(Code::LimitExceeded, limit),
            Some(PdfFacts::Unread(reason)) => refused(Code::UnsupportedDocument, reason),
        }
    }
}

/// Says of an input what its plan depends on.
pub(super) fn described<'a>(classified: &'a Classified, name: &'a str) -> plan::Found<'a> {
    let pages = classified.pdf.as_ref().and_then(PdfFacts::pages);
    plan::Found { detection: &classified.detection, name, size_bytes: classified.size_bytes, pages }
}

/// Warns of delimited text that is sent as it is and has another separator than its name says.
fn delimiter(classified: &Classified) -> Option<WarningEntry> {
    let detection = &classified.detection;
    warning_entry(&detection.dialect?.warning(detection.format.separator()?)?)
}

/// Warns where the content decided against the name.
fn misnamed(classified: &Classified) -> Option<WarningEntry> {
    let docferry_converters::detect::Evidence::Conflict { claimed } = classified.detection.evidence else {
        return None;
    };
    let (claimed, found) = (claimed.spec().title, classified.detection.format.spec().title);
    Some(note(Code::Misnamed, format!("the name claims {claimed}, the content is {found}")))
}

fn add_warning(ready: &mut Ready, warning: &WarningEntry) {
    let entries: Vec<&mut Vec<WarningEntry>> = match ready {
        // A rejected entry says so already.
        Ready::Final(entries) => entries
            .iter_mut()
            .filter(|entry| entry.status != Status::Rejected)
            .map(|entry| &mut entry.warnings)
            .collect(),
        Ready::Known(_) => Vec::new(),
        Ready::Send(parts) => parts
            .iter_mut()
            .map(|part| match part {
                Part::Payload(_, draft) => &mut draft.warnings,
                Part::Entry(entry) => &mut entry.warnings,
            })
            .collect(),
    };
    for warnings in entries {
        warnings.push(warning.clone());
    }
}

fn draft_parts(base: &Base, admitted: Vec<Admitted>, converter: Option<&ConverterEntry>) -> Ready {
    let parts = u32::try_from(admitted.len()).unwrap_or(u32::MAX);
    let mut made = Vec::with_capacity(admitted.len());
    for (part, one) in (0..parts).zip(admitted) {
        let output = one.verdict.as_ref().ok().map(payload_output);
        let converter = converter.cloned();
        let draft = Draft { base: base.clone(), part, parts, output, converter, warnings: one.warnings };
        made.push(match one.verdict {
            Ok(payload) => Part::Payload(Box::new(payload), Box::new(draft)),
            // An input whose only part is rejected became nothing.
            Err(violations) => {
                let parts = if parts == 1 { 0 } else { parts };
                Part::Entry(Box::new(Draft { parts, ..draft }.entry(Outcome::Rejected(violations))))
            }
        });
    }
    Ready::Send(made)
}
