//! Runs one converter over one input: metered, with a deadline, and into a sink that spills to disk.
//!
//! A panic of a converter costs this input only. What cannot be caught (a stack overflow, a refused allocation)
//! cannot come from our own converters by design: they hold bounded memory and bounded depth. Others run in a worker.

mod pdf;
mod spill;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use docferry_converters::formats::{Format, FormatSpec};
use docferry_converters::pdf::Splitter;
use docferry_converters::{
    ConvertError, Converter, LimitExceeded, Limits, Meter, Options, PartKind, Warning,
};
use spill::SpillSink;

use super::classify::{Classified, Content};
use super::survey::facts;
use crate::model::source::OpenError;
use crate::model::{
    Body, Code, ConvertTo, ConverterRef, Failure, Isolate, Outcome, PdfFacts, Sha256, Violation,
};
use crate::policy::LiveKeys;
use crate::worker::{Cause, Job, Office, Pool, Trouble};

/// What governs conversions.
#[derive(Debug, Clone)]
pub struct ConvertOptions {
    /// What the user chose.
    pub options: Options,
    /// The bounds.
    pub limits: Limits,
    /// The largest document that is converted, in bytes.
    pub max_bytes: u64,
    /// The longest time that one conversion may take.
    pub timeout: Duration,
    /// The credentials that must not be in anything that is sent.
    pub live_keys: LiveKeys,
    /// Where outputs spill to; the system's folder for temporary files if `None`.
    pub spill_dir: Option<PathBuf>,
    /// Which converters run in a worker, if there are any.
    pub isolate: Isolate,
    /// The workers; `None` converts everything in this process.
    pub workers: Option<Arc<Pool>>,
    /// What makes PDFs, if somebody wants any.
    pub office: Option<Arc<Office>>,
}

/// What converts a document.
#[derive(Clone, Copy)]
pub enum Means {
    /// A converter of ours: to text or CSV, or of a PDF to several.
    Text(&'static dyn Converter),
    /// LibreOffice, to PDF.
    Pdf {
        /// What the document is, as an extension says it.
        extension: &'static str,
        /// Our converter, which has a look first.
        reader: Option<&'static dyn Converter>,
    },
}

impl Means {
    /// What splits a PDF.
    pub const SPLIT: Self = Self::Text(&Splitter);

    /// Chooses what converts a format to `to`, if anything does. What cannot become a PDF becomes text.
    #[must_use]
    pub fn of(spec: &FormatSpec, to: ConvertTo) -> Option<Self> {
        match to {
            ConvertTo::Pdf if is_printed(spec.format) => {
                Some(Self::Pdf { extension: spec.name, reader: spec.converter })
            }
            ConvertTo::Pdf | ConvertTo::Text => spec.converter.map(Self::Text),
        }
    }

    /// Returns the name, such as `xlsx-to-csv`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text(converter) => converter.name(),
            Self::Pdf { .. } => pdf::NAME,
        }
    }
}

/// Tells whether LibreOffice makes a PDF of a format. It reads others, too; these are documents with pages, sheets or
/// slides into which we look ourselves, or shall.
fn is_printed(format: Format) -> bool {
    use Format as F;
    let text = matches!(format, F::Docx | F::Docm | F::Dotx | F::Dotm | F::Odt | F::Fodt);
    let sheets = matches!(format, F::Xlsx | F::Xlsm | F::Xltx | F::Xlsb | F::Xls | F::Ods | F::Fods);
    text || sheets || matches!(format, F::Pptx | F::Pptm | F::Ppsx | F::Odp | F::Fodp)
}

impl ConvertOptions {
    fn workers_for(&self, converter: &dyn Converter) -> Option<&Pool> {
        let isolated = match self.isolate {
            Isolate::Always => true,
            Isolate::Auto => converter.needs_isolation(),
            Isolate::Never => false,
        };
        self.workers.as_deref().filter(|_| isolated)
    }
}

/// The parts of one conversion.
#[derive(Debug)]
pub struct Converted {
    /// The outputs; none is empty.
    pub parts: Vec<Prepared>,
    /// What was dropped or changed.
    pub warnings: Vec<Warning>,
    /// What converted it.
    pub converter: ConverterRef,
}

/// One output of a conversion.
#[derive(Debug)]
pub struct Prepared {
    /// Its label among several.
    pub label: Option<String>,
    /// What it is.
    pub kind: PartKind,
    /// Its bytes.
    pub body: Body,
    /// Their number.
    pub size_bytes: u64,
    /// Their digest.
    pub digest: Sha256,
    /// Whether a live credential is among them.
    pub holds_live_key: bool,
    /// What is known of it if it is a PDF.
    pub pdf: Option<PdfFacts>,
}

/// Converts an input.
///
/// # Errors
/// The outcome that ends it here.
pub fn convert(
    classified: &Classified,
    means: Means,
    options: &ConvertOptions,
    interrupted: &Arc<AtomicBool>,
) -> Result<Converted, Box<Outcome>> {
    if classified.size_bytes > options.max_bytes {
        let message = format!(
            "{} bytes, documents over {} bytes are not converted (raise it with --max-convert-size)",
            classified.size_bytes, options.max_bytes
        );
        return Err(Box::new(Outcome::Rejected(vec![Violation::new(Code::ConvertTooLarge, message)])));
    }
    let stop = Stop::after(options.timeout, interrupted);
    match means {
        Means::Text(converter) => {
            let sink = attempt(classified, converter, options, stop)?;
            finish(classified, sink, reference(converter, &options.options), options, stop)
        }
        Means::Pdf { extension, reader } => pdf::print(classified, extension, reader, options, stop),
    }
}

/// Takes the parts out of the sink.
fn finish(
    classified: &Classified,
    sink: SpillSink,
    converter: ConverterRef,
    options: &ConvertOptions,
    stop: Stop<'_>,
) -> Result<Converted, Box<Outcome>> {
    let interrupted = stop.interrupted;
    // What was hashed must be what was converted: large files are read again from where they are.
    if let Content::File(opened, _) = &classified.content
        && opened.reopen().is_err()
    {
        let failure = Failure::new(Code::Changed, OpenError::Changed.to_string());
        return Err(Box::new(Outcome::Failed(failure)));
    }
    let (mut parts, warnings) = sink.finish().map_err(|e| outcome(&ConvertError::Sink(e), interrupted))?;
    if parts.is_empty() {
        return Err(outcome(&ConvertError::NoText, interrupted));
    }
    for part in parts.iter_mut().filter(|part| part.kind == PartKind::Pdf) {
        part.pdf = Some(look_into(part, classified, options, stop)?);
    }
    Ok(Converted { parts, warnings, converter })
}

/// Counts the pages of a PDF that was made: whoever made it is not believed.
fn look_into(
    part: &Prepared,
    classified: &Classified,
    options: &ConvertOptions,
    stop: Stop<'_>,
) -> Result<PdfFacts, Box<Outcome>> {
    let meter = stop.meter(classified, options);
    match &part.body {
        Body::Bytes(bytes) => facts(&mut std::io::Cursor::new(bytes.clone()), &meter, stop.interrupted),
        Body::Spilled(spill) => facts(&mut spill.reader(), &meter, stop.interrupted),
        Body::File(_) => Ok(PdfFacts::Unread("it is in a file of its own".to_owned())),
    }
}

/// When to stop: now, or at the deadline, which all that is done for one document has in common.
#[derive(Clone, Copy)]
pub(super) struct Stop<'a> {
    /// A time beyond what the clock can show never comes.
    deadline: Option<Instant>,
    interrupted: &'a Arc<AtomicBool>,
}

impl<'a> Stop<'a> {
    pub(super) fn after(timeout: Duration, interrupted: &'a Arc<AtomicBool>) -> Self {
        Self { deadline: Instant::now().checked_add(timeout), interrupted }
    }

    /// Makes the meter of one try.
    pub(super) fn meter(self, classified: &Classified, options: &ConvertOptions) -> Meter {
        let (deadline, interrupted) = (self.deadline, Arc::clone(self.interrupted));
        Meter::new(options.limits.clone(), classified.size_bytes).with_stop(move || {
            interrupted.load(Ordering::Relaxed) || deadline.is_some_and(|deadline| Instant::now() >= deadline)
        })
    }
}

/// Converts here, or in a worker: there at most twice, and a second time only if the first says little of the document.
fn attempt(
    classified: &Classified,
    converter: &'static dyn Converter,
    options: &ConvertOptions,
    stop: Stop<'_>,
) -> Result<SpillSink, Box<Outcome>> {
    let interrupted = stop.interrupted;
    let workers = options.workers_for(converter);
    let mut again = workers.is_some();
    loop {
        let mut sink = SpillSink::new(options);
        let mut meter = stop.meter(classified, options);
        let mut input = classified.content.input().map_err(|e| outcome(&ConvertError::Io(e), interrupted))?;
        let ran = match workers {
            Some(workers) => {
                let format = classified.detection.format.spec().name;
                let job = Job { format, converter, options: &options.options };
                workers.convert(job, input.as_mut(), &meter, &mut sink)
            }
            None => catch_unwind(AssertUnwindSafe(|| {
                converter.convert(input.as_mut(), &options.options, &mut meter, &mut sink)
            }))
            .map_or(Err(Trouble::Panicked), |result| result.map_err(Trouble::Convert)),
        };
        match ran {
            Ok(()) => return Ok(sink),
            Err(Trouble::Death(death)) if again && death.may_be_innocent() => again = false,
            Err(Trouble::Convert(error)) => return Err(outcome(&error, interrupted)),
            Err(trouble) => return Err(Box::new(Outcome::Failed(failure(converter.name(), &trouble)))),
        }
    }
}

/// Tells what is no answer of a converter, but the end of one.
fn failure(converter: &str, trouble: &Trouble) -> Failure {
    match trouble {
        Trouble::Death(death) => {
            let code = match death.cause {
                Cause::Memory(_) => Code::ConverterMemory,
                _ => Code::ConverterCrashed,
            };
            Failure::new(code, format!("{converter} failed: {}", death.cause))
        }
        Trouble::Unavailable(error) => Failure::new(Code::WorkerUnavailable, error.to_string()),
        Trouble::Panicked | Trouble::Convert(_) => {
            Failure::new(Code::ConverterCrashed, format!("{converter} panicked; this is a defect"))
        }
    }
}

/// Returns which converter made something, with the digest of its options.
#[must_use]
pub fn reference(converter: &dyn Converter, options: &Options) -> ConverterRef {
    let options_hash = Sha256::of(options.canonical().as_bytes()).short(16);
    ConverterRef { name: converter.name(), revision: converter.revision(), options_hash }
}

pub(super) fn outcome(error: &ConvertError, interrupted: &AtomicBool) -> Box<Outcome> {
    let violation = |code| Box::new(Outcome::Rejected(vec![Violation::new(code, error.to_string())]));
    let failure = |code, message: String| Box::new(Outcome::Failed(Failure::new(code, message)));
    match error {
        ConvertError::Encrypted => violation(Code::EncryptedDocument),
        ConvertError::Corrupt { .. } => violation(Code::CorruptDocument),
        ConvertError::Limit(_) => violation(Code::LimitExceeded),
        ConvertError::NoText => violation(Code::NoText),
        ConvertError::Cancelled if interrupted.load(Ordering::Relaxed) => {
            failure(Code::Interrupted, "the run was stopped".to_owned())
        }
        ConvertError::Cancelled => failure(Code::ConverterTimeout, "the deadline passed".to_owned()),
        ConvertError::Io(e) => {
            let changed =
                e.get_ref().is_some_and(<dyn std::error::Error + Send + Sync + 'static>::is::<OpenError>);
            failure(if changed { Code::Changed } else { Code::ReadError }, e.to_string())
        }
        // A limit of the sink is ours and not the disk's.
        ConvertError::Sink(e) => match e.get_ref().filter(|e| e.is::<LimitExceeded>()) {
            Some(limit) => {
                Box::new(Outcome::Rejected(vec![Violation::new(Code::LimitExceeded, limit.to_string())]))
            }
            None => failure(Code::WriteError, e.to_string()),
        },
        // The enum is another crate's and may grow.
        _ => violation(Code::UnsupportedDocument),
    }
}
