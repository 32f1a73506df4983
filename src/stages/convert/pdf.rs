//! A document to PDF by LibreOffice, after a look into it by our own reader.
//!
//! Whatever our reader refuses (damage, a bomb, a password) never reaches LibreOffice; and a live key, which nobody can
//! find in the compressed streams of a PDF, is found in the text or in the parts of the package.

use docferry_converters::options::{Comments, HiddenContent, TrackChanges};
use docferry_converters::zip::Package;
use docferry_converters::{ConvertError, Converter, Options};

use super::spill::SpillSink;
use super::{ConvertOptions, Converted, Stop, attempt, finish, outcome};
use crate::model::{Code, ConverterRef, Failure, Outcome, Sha256};
use crate::policy::KeyScan;
use crate::stages::classify::Classified;
use crate::worker::{Office, Trouble};

/// The name of what makes PDFs.
pub(super) const NAME: &str = "soffice-to-pdf";
/// Raised when LibreOffice is asked for something else.
const REVISION: u32 = 1;
const CHUNK_BYTES: usize = 64 << 10;

/// Makes the PDF; `extension` tells LibreOffice what the document is.
pub(super) fn print(
    classified: &Classified,
    extension: &str,
    reader: Option<&'static dyn Converter>,
    options: &ConvertOptions,
    stop: Stop<'_>,
) -> Result<Converted, Box<Outcome>> {
    let interrupted = stop.interrupted;
    let Some(office) = &options.office else {
        let failure = Failure::new(Code::WorkerUnavailable, "there is no LibreOffice to make a PDF with");
        return Err(Box::new(Outcome::Failed(failure)));
    };
    let holds_live_key = classified.holds_live_key
        || reader.map_or(Ok(false), |reader| text_holds_live_key(classified, reader, options, stop))?
        || package_holds_live_key(classified, options, stop)?;
    let mut sink = SpillSink::new(options);
    let meter = stop.meter(classified, options);
    let mut input = classified.content.input().map_err(|e| outcome(&ConvertError::Io(e), interrupted))?;
    match office.print(extension, input.as_mut(), &meter, &mut sink) {
        Ok(()) => {}
        Err(Trouble::Convert(error)) => return Err(outcome(&error, interrupted)),
        Err(trouble) => return Err(Box::new(Outcome::Failed(super::failure(NAME, &trouble)))),
    }
    let mut converted = finish(classified, sink, reference(office), options, stop)?;
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
    stop: Stop<'_>,
) -> Result<bool, Box<Outcome>> {
    let everything = Options {
        hidden_content: HiddenContent::Include,
        comments: Comments::Keep,
        track_changes: TrackChanges::All,
        front_matter: true,
        ..Options::default()
    };
    let options = ConvertOptions { options: everything, ..options.clone() };
    match attempt(classified, reader, &options, stop) {
        Ok(sink) => {
            let error = |e| outcome(&ConvertError::Sink(e), stop.interrupted);
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

/// Looks into all parts of a package: LibreOffice prints more than has a text form, such as headers of sheets.
fn package_holds_live_key(
    classified: &Classified,
    options: &ConvertOptions,
    stop: Stop<'_>,
) -> Result<bool, Box<Outcome>> {
    if options.live_keys.is_empty() {
        return Ok(false);
    }
    let meter = stop.meter(classified, options);
    let failed = |error: ConvertError| outcome(&error, stop.interrupted);
    let mut input = classified.content.input().map_err(|e| failed(ConvertError::Io(e)))?;
    let Ok(mut package) = Package::open(input.as_mut(), &meter) else { return Ok(false) };
    let names: Vec<String> = package.names().map(str::to_owned).collect();
    for name in names {
        let mut keys = options.live_keys.scan();
        // Our reader took what it needs; others may find a part odd that nobody prints.
        let searched = search(&mut package, &name, &mut keys);
        if let Err(error @ (ConvertError::Io(_) | ConvertError::Cancelled)) = searched {
            return Err(failed(error));
        }
        if keys.found() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn search(package: &mut Package<'_>, name: &str, keys: &mut KeyScan) -> Result<(), ConvertError> {
    let Some(mut part) = package.part(name)? else { return Ok(()) };
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let n = part.fill(&mut chunk)?;
        if n == 0 {
            return Ok(());
        }
        keys.feed(chunk.get(..n).unwrap_or_default());
    }
}

/// Returns which LibreOffice made something: another version makes other PDFs.
fn reference(office: &Office) -> ConverterRef {
    let options_hash = Sha256::of(format!("soffice={}", office.version()).as_bytes()).short(16);
    ConverterRef { name: NAME, revision: REVISION, options_hash }
}
