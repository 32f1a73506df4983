//! Judges what would be sent, and names it. The only maker of payloads.

use std::collections::HashSet;

use docferry_converters::{PartKind, Warning};

use super::classify::Classified;
use super::convert::{Converted, Prepared};
use crate::acceptance::{Acceptance, Route};
use crate::model::entry::WarningEntry;
use crate::model::{
    Candidate, Code, ConverterRef, FileName, Lineage, MediaType, NameStyle, Payload, PdfFacts, Sha256,
    Violation,
};
use crate::policy::{LiveKeys, Policy};

/// What governs admission.
#[derive(Debug)]
pub struct AdmitOptions {
    /// What the target takes.
    pub acceptance: Acceptance,
    /// What we let out.
    pub policy: Policy,
    /// What names are made of.
    pub name_style: NameStyle,
    /// A name for the only input.
    pub name: Option<String>,
    /// Credentials that no name that is sent may hold.
    pub live_keys: LiveKeys,
    /// Bytes that travel with each file (purpose, metadata, lifetime).
    pub extra_bytes: u64,
}

/// What admission says of one part.
#[derive(Debug)]
pub struct Admitted {
    /// The payload, or what it breaks.
    pub verdict: Result<Payload, Vec<Violation>>,
    /// What would have been sent.
    pub label: Option<String>,
    /// What admission changed.
    pub warnings: Vec<WarningEntry>,
}

/// Something to judge.
struct Proposal {
    part: u32,
    name: String,
    media_type: MediaType,
    label: Option<String>,
    prepared: Prepared,
    converter: Option<ConverterRef>,
    warnings: Vec<Warning>,
}

/// Judges an input that is sent as it is, under this media type and with this appended to its name.
#[must_use]
pub fn admit_whole(
    classified: Classified,
    media_type: MediaType,
    append: Option<&str>,
    options: &AdmitOptions,
) -> Admitted {
    let Classified { candidate, content, size_bytes, digest, holds_live_key, pdf, .. } = classified;
    let prepared = Prepared {
        label: None,
        kind: PartKind::PlainText,
        body: content.into_body(),
        size_bytes,
        digest,
        holds_live_key,
        pdf,
    };
    let name = format!("{}{}", source_name(&candidate, options), append.unwrap_or_default());
    let proposal =
        Proposal { part: 0, name, media_type, label: None, prepared, converter: None, warnings: Vec::new() };
    judge(proposal, &candidate, digest, options, &mut HashSet::new())
}

/// Judges the parts of a conversion.
#[must_use]
pub fn admit_parts(
    candidate: &Candidate,
    source_digest: Sha256,
    detected: &MediaType,
    converted: Converted,
    options: &AdmitOptions,
) -> Vec<Admitted> {
    let Converted { parts, warnings, converter } = converted;
    let source_name = source_name(candidate, options);
    let mut taken = HashSet::new();
    let mut admitted = Vec::with_capacity(parts.len());
    for (part, prepared) in (0u32..).zip(parts) {
        let name = part_name(&source_name, &prepared);
        let own_type = match prepared.kind.extension() {
            Some(_) => prepared.kind.media_type().parse().unwrap_or(MediaType::TEXT_PLAIN),
            None => detected.clone(),
        };
        let (media_type, append) =
            match options.acceptance.route(&name, &own_type, prepared.kind != PartKind::Pdf) {
                Route::AsIs { media_type, append } => (media_type, append.unwrap_or_default()),
                Route::NeedsConversion(violation) => {
                    let label = prepared.label.clone();
                    admitted.push(Admitted { verdict: Err(vec![violation]), label, warnings: Vec::new() });
                    continue;
                }
            };
        let proposal = Proposal {
            part,
            name: format!("{name}{append}"),
            media_type,
            label: prepared.label.clone(),
            prepared,
            converter: Some(converter.clone()),
            warnings: warnings.clone(),
        };
        admitted.push(judge(proposal, candidate, source_digest, options, &mut taken));
    }
    admitted
}

/// Returns the name of a part: the source's name, the label among several parts, and the extension. A part that keeps
/// the source's name has its label before the extension.
#[must_use]
pub fn part_name(source_name: &str, prepared: &Prepared) -> String {
    let label = prepared.label.as_deref().map(clean_label).unwrap_or_default();
    let dot = if label.is_empty() { "" } else { "." };
    match prepared.kind.extension() {
        Some(extension) => format!("{source_name}{dot}{label}.{extension}"),
        None if label.is_empty() => source_name.to_owned(),
        None => {
            let at = source_name.rfind('.').filter(|at| *at > 0).unwrap_or(source_name.len());
            let (stem, extension) = source_name.split_at(at);
            format!("{stem}-{label}{extension}")
        }
    }
}

/// Labels come from documents: white space and separators become `_`, so that `Q1 Sales` gives `Q1_Sales`.
fn clean_label(label: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '(' | ')' | '+' | '&' | ',');
    let cleaned: String = label.trim().chars().map(|c| if plain(c) { c } else { '_' }).collect();
    cleaned.trim_matches('.').to_owned()
}

fn source_name(candidate: &Candidate, options: &AdmitOptions) -> String {
    if let Some(name) = &options.name {
        return name.clone();
    }
    match options.name_style {
        NameStyle::Base => candidate.source.file_name().to_string_lossy().into_owned(),
        NameStyle::Path => candidate.relative.as_path().to_string_lossy().replace('/', "__"),
    }
}

fn judge(
    proposal: Proposal,
    candidate: &Candidate,
    source_digest: Sha256,
    options: &AdmitOptions,
    taken: &mut HashSet<FileName>,
) -> Admitted {
    let Proposal { part, name, media_type, label, prepared, converter, warnings } = proposal;
    let mut notes = Vec::new();
    let file_name = match options.acceptance.clean_name(&name) {
        Ok((cleaned, changed)) => {
            let unique = distinct(cleaned, taken, &options.acceptance);
            if changed || unique.as_str() != name {
                notes.push(note(Code::NameCleaned, format!("sent as `{unique}`")));
            }
            unique
        }
        Err(violation) => {
            return Admitted { verdict: Err(vec![violation]), label, warnings: notes };
        }
    };
    let source_name = candidate.source.file_name().to_string_lossy();
    for finding in options.policy.warn_of_names(&source_name, file_name.as_str()) {
        notes.push(note(finding.code, finding.message));
    }
    let mut violations = violations(&source_name, &file_name, &media_type, &prepared, options);
    if let Some(facts) = &prepared.pdf {
        let verdict = options.acceptance.check_pdf(facts);
        violations.extend(verdict.violations);
        notes.extend(verdict.notes.into_iter().map(|(code, message)| note(code, message)));
    }
    if !violations.is_empty() {
        // Nothing is sent, so that nothing is to be said of how; and a name may be what must not be shown.
        return Admitted { verdict: Err(violations), label, warnings: Vec::new() };
    }
    let payload = Payload {
        seq: candidate.seq,
        part,
        file_name,
        media_type,
        size_bytes: prepared.size_bytes,
        digest: prepared.digest,
        pages: prepared.pdf.as_ref().and_then(PdfFacts::pages),
        body: prepared.body,
        lineage: Lineage {
            source: candidate.source.clone(),
            source_digest,
            converter,
            part_label: label.clone(),
            warnings,
        },
    };
    Admitted { verdict: Ok(payload), label, warnings: notes }
}

/// Returns all rules that a payload would break, of the target and of ours.
fn violations(
    source_name: &str,
    file_name: &FileName,
    media_type: &MediaType,
    prepared: &Prepared,
    options: &AdmitOptions,
) -> Vec<Violation> {
    let mut found = options.acceptance.check(file_name, media_type, prepared.size_bytes, options.extra_bytes);
    found.extend(options.policy.judge_names(source_name, file_name.as_str()));
    if prepared.holds_live_key {
        found.push(Violation::new(Code::SecretContent, "the content holds the credential of this run"));
    }
    if options.live_keys.found_in(file_name.as_str().as_bytes()) {
        found.push(Violation::new(Code::SecretContent, "the name holds the credential of this run"));
    }
    found
}

/// Two parts of a source never share a name: the later one gets `-2`, `-3`, … before its extension.
fn distinct(name: FileName, taken: &mut HashSet<FileName>, acceptance: &Acceptance) -> FileName {
    let mut candidate = name.clone();
    let mut n = 2u32;
    while !taken.insert(candidate.clone()) {
        let (stem, extension) = name.split_extension();
        candidate = match acceptance.clean_name(&format!("{stem}-{n}{extension}")) {
            Ok((cleaned, _)) => cleaned,
            Err(_) => return name,
        };
        n += 1;
    }
    candidate
}

/// Makes a warning that happened once.
pub(crate) fn note(code: Code, message: String) -> WarningEntry {
    WarningEntry { code, message, count: 1 }
}

#[cfg(test)]
mod tests;
