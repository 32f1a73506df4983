//! A document to PDF by LibreOffice, after a look into it by our own reader.
//!
//! Whatever our reader refuses (damage, a bomb, a password) never reaches LibreOffice; and a live key, which nobody can
//! find in the compressed streams of a PDF, is found in the text.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use docferry_converters::options::{Comments, HiddenContent, TrackChanges};
use docferry_converters::{ConvertError, Converter, Meter, Options};

use super::spill::SpillSink;
use super::{ConvertOptions, Converted, attempt, finish, outcome, stop};
use crate::model::{Code, ConverterRef, Failure, Outcome, Sha256};
use crate::stages::classify::Classified;
use crate::worker::{Office, Trouble};

/// The name of what makes PDFs.
pub(super) const NAME: &str = "soffice-to-pdf";
/// Raised when LibreOffice is asked for something else.
const REVISION: u32 = 1;

/// Makes the PDF; `extension` tells LibreOffice what the document is.
pub(super) fn print(
    classified: &Classified,
    extension: &str,
    reader: Option<&'static dyn Converter>,
    options: &ConvertOptions,
    interrupted: &Arc<AtomicBool>,
) -> Result<Converted, Box<Outcome>> {
    let Some(office) = &options.office else {
        let failure = Failure::new(Code::WorkerUnavailable, "there is no LibreOffice to make a PDF with");
        return Err(Box::new(Outcome::Failed(failure)));
    };
    let holds_live_key = classified.holds_live_key
        || reader
            .map_or(Ok(false), |reader| text_holds_live_key(classified, reader, options, interrupted))?;
    let deadline = Instant::now().checked_add(options.timeout);
    let mut sink = SpillSink::new(options);
    let meter =
        Meter::new(options.limits.clone(), classified.size_bytes).with_stop(stop(deadline, interrupted));
    let mut input = classified.content.input().map_err(|e| outcome(&ConvertError::Io(e), interrupted))?;
    match office.print(extension, input.as_mut(), &meter, &mut sink) {
        Ok(()) => {}
        Err(Trouble::Convert(error)) => return Err(outcome(&error, interrupted)),
        Err(trouble) => return Err(Box::new(Outcome::Failed(super::failure(NAME, &trouble)))),
    }
    let mut converted = finish(classified, sink, reference(office), interrupted)?;
    for part in &mut converted.parts {
        part.holds_live_key |= holds_live_key;
    }
    Ok(converted)
}

/// Reads everything that the document says, seen or not.
fn text_holds_live_key(
    classified: &Classified,
    reader: &'static dyn Converter,
    options: &ConvertOptions,
    interrupted: &Arc<AtomicBool>,
) -> Result<bool, Box<Outcome>> {
    let everything = Options {
        hidden_content: HiddenContent::Include,
        comments: Comments::Keep,
        track_changes: TrackChanges::All,
        ..Options::default()
    };
    let options = ConvertOptions { options: everything, ..options.clone() };
    match attempt(classified, reader, &options, interrupted) {
        Ok(sink) => {
            let error = |e| outcome(&ConvertError::Sink(e), interrupted);
            Ok(sink.finish().map_err(error)?.0.iter().any(|part| part.holds_live_key))
        }
        // Pictures alone make a fine PDF, and LibreOffice may read what we do not.
        Err(refused)
            if matches!(&*refused, Outcome::Rejected(all)
            if all.iter().all(|v| matches!(v.code, Code::NoText | Code::UnsupportedDocument))) =>
        {
            Ok(false)
        }
        Err(outcome) => Err(outcome),
    }
}

/// Returns which LibreOffice made something: another version makes other PDFs.
fn reference(office: &Office) -> ConverterRef {
    let options_hash = Sha256::of(format!("soffice={}", office.version()).as_bytes()).short(16);
    ConverterRef { name: NAME, revision: REVISION, options_hash }
}
