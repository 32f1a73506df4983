//! Decides what becomes of an input: pure, from what it is, what the target takes and what the user chose.

use docferry_converters::charset::{Charset, CharsetEvidence};
use docferry_converters::detect::{Detection, Evidence};
use docferry_converters::formats::{Family, Format};

use super::convert::Means;
use crate::acceptance::{Acceptance, Route};
use crate::model::{Code, ConvertMode, ConvertTo, MediaType, Misnamed, Violation};

/// What the user chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PlanOptions {
    /// When documents are converted.
    pub convert: ConvertMode,
    /// What documents become.
    pub to: ConvertTo,
    /// What happens to a file whose content is not what its name claims.
    pub misnamed: Misnamed,
    /// Whether the user asked for something that only the text converter does (line ends, a charset).
    pub rewrite_text: bool,
    /// Whether the user asked for delimited text to be rewritten.
    pub rewrite_tables: bool,
    /// The size in bytes over which delimited text is split between rows.
    pub max_table_bytes: Option<u64>,
    /// The pages over which a PDF is split.
    pub max_pdf_pages: Option<u64>,
}

/// What an input is.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// What its bytes are.
    pub detection: &'a Detection,
    /// Its name.
    pub name: &'a str,
    /// The number of its bytes.
    pub size_bytes: u64,
    /// The pages of a PDF, where they were counted.
    pub pages: Option<u64>,
}

/// What becomes of an input.
#[derive(Clone)]
pub enum Plan {
    /// It is sent as it is.
    PassThrough {
        /// The media type to send.
        media_type: MediaType,
        /// What is appended to its name so that the target takes it.
        append: Option<&'static str>,
    },
    /// It is converted, and the parts are judged.
    Convert {
        /// What converts it.
        means: Means,
    },
    /// It is not sent.
    Reject(Vec<Violation>),
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::PassThrough { media_type, append } => {
                write!(f, "PassThrough({media_type}{})", append.unwrap_or_default())
            }
            Self::Convert { means } => write!(f, "Convert({})", means.name()),
            Self::Reject(violations) => write!(f, "Reject({violations:?})"),
        }
    }
}

/// Decides what becomes of an input.
#[must_use]
pub fn plan(found: Found<'_>, acceptance: &Acceptance, options: PlanOptions) -> Plan {
    let Found { detection, name, size_bytes, .. } = found;
    if let Some(violation) = unusable(detection, options.misnamed) {
        return Plan::Reject(vec![violation]);
    }
    let spec = detection.format.spec();
    let is_text = spec.family == Family::Text;
    let media_type = media_type(detection);
    let route = acceptance.route(name, &media_type, is_text);
    let means = Means::of(spec, options.to);
    let document = means.filter(|_| !is_text);
    if let (ConvertMode::Always, Some(means)) = (options.convert, document) {
        return Plan::Convert { means };
    }
    match (options.convert, route) {
        (ConvertMode::Always | ConvertMode::Auto, Route::AsIs { .. }) if is_split(found, options) => {
            Plan::Convert { means: Means::SPLIT }
        }
        (ConvertMode::Always | ConvertMode::Auto, Route::AsIs { media_type, append }) => {
            let foreign = acceptance.wants_utf8() && !is_plain_utf8(detection.charset);
            let is_too_large = options.max_table_bytes.is_some_and(|max| size_bytes > max);
            let table = detection.format.separator().is_some() && (options.rewrite_tables || is_too_large);
            let rewrite = is_text && (foreign || options.rewrite_text || table);
            match means.filter(|_| rewrite) {
                Some(means) => Plan::Convert { means },
                None => Plan::PassThrough { media_type, append },
            }
        }
        (ConvertMode::Never, Route::AsIs { media_type, append }) => Plan::PassThrough { media_type, append },
        (ConvertMode::Never, Route::NeedsConversion(_)) if means.is_some() => {
            let message = format!("{} has to be converted for this target", spec.title);
            Plan::Reject(vec![Violation::new(Code::ConversionOff, message)])
        }
        (_, Route::NeedsConversion(violation)) => match means {
            Some(means) => Plan::Convert { means },
            None => Plan::Reject(vec![without_converter(violation, spec.title)]),
        },
    }
}

/// A refused media type is only half of the reason where no converter could help.
fn without_converter(violation: Violation, title: &str) -> Violation {
    if violation.code != Code::MediaTypeRefused {
        return violation;
    }
    let message = format!("{}, and there is no converter for {title}", violation.message);
    Violation::new(Code::UnsupportedFormat, message)
}

/// Decides what `convert` does with an input: whatever has a converter is converted, `None` is skipped.
///
/// # Errors
/// The violation for which an input cannot be used at all.
pub fn plan_local(found: Found<'_>, options: PlanOptions) -> Result<Option<Means>, Violation> {
    match unusable(found.detection, options.misnamed) {
        Some(violation) => Err(violation),
        None if is_split(found, options) => Ok(Some(Means::SPLIT)),
        None => Ok(Means::of(found.detection.format.spec(), options.to)),
    }
}

/// Tells whether an input is a PDF of more pages than the user wants.
fn is_split(found: Found<'_>, options: PlanOptions) -> bool {
    found.pages.zip(options.max_pdf_pages).is_some_and(|(pages, most)| pages > most)
}

/// Returns the media type that detection found.
#[must_use]
pub fn media_type(detection: &Detection) -> MediaType {
    detection.media_type.parse().unwrap_or(MediaType::OCTET_STREAM)
}

/// Returns what makes an input useless for every target.
fn unusable(detection: &Detection, misnamed: Misnamed) -> Option<Violation> {
    if detection.format == Format::EncryptedOoxml {
        let message = "the document is encrypted with a password";
        return Some(Violation::new(Code::EncryptedDocument, message));
    }
    let Evidence::Conflict { claimed } = detection.evidence else {
        return None;
    };
    let (found, claimed) = (detection.format.spec(), claimed.spec());
    let binary = claimed.family == Family::Text && matches!(found.family, Family::Binary | Family::Archive);
    if binary {
        let message = format!("the name claims {}, the content is {}", claimed.title, found.title);
        return Some(Violation::new(Code::BinaryContent, message));
    }
    if misnamed == Misnamed::ByContent || is_loosely_named(claimed.format) {
        return None;
    }
    let message = format!("the name claims {}, the content is {}", claimed.title, found.title);
    Some(Violation::new(Code::ContentMismatch, message))
}

/// Old office extensions have always been used for other things: exports of HTML and CSV as `.xls`, RTF as `.doc`.
fn is_loosely_named(claimed: Format) -> bool {
    matches!(claimed, Format::Doc | Format::Xls | Format::Ppt)
}

fn is_plain_utf8(charset: Option<Charset>) -> bool {
    charset.is_none_or(|c| c.name == "UTF-8" && !c.bom && c.evidence == CharsetEvidence::Valid)
}

#[cfg(test)]
mod tests;
