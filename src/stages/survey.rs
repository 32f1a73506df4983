//! Looks into PDFs before they are planned: how many pages, whether a password is needed, whether they can be read.
//!
//! Our own reader does it, in bounded memory and where the file is; what it says is data for the plan, for acceptance
//! and for estimates, and ends no input by itself.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use docferry_converters::formats::Format;
use docferry_converters::{ConvertError, Input, Meter, pdf};

use super::classify::Classified;
use super::convert::{ConvertOptions, Stop, outcome};
use crate::model::{Code, Failure, Outcome, PdfFacts};

/// Adds what is known of a PDF; leaves anything else alone.
///
/// # Errors
/// The outcome that ends it here: it changed, cannot be read, or there is no time left.
pub fn survey(
    classified: &mut Classified,
    options: &ConvertOptions,
    interrupted: &Arc<AtomicBool>,
) -> Result<(), Box<Outcome>> {
    if classified.detection.format != Format::Pdf {
        return Ok(());
    }
    let meter = Stop::after(options.timeout, interrupted).meter(classified, options);
    let mut input = classified.content.input().map_err(|e| outcome(&ConvertError::Io(e), interrupted))?;
    classified.pdf = Some(facts(input.as_mut(), &meter, interrupted)?);
    Ok(())
}

/// Returns what is known of a PDF.
///
/// # Errors
/// As for [`survey`].
pub(super) fn facts(
    input: &mut dyn Input,
    meter: &Meter,
    interrupted: &AtomicBool,
) -> Result<PdfFacts, Box<Outcome>> {
    // It reads untrusted bytes: a defect there must cost this file only.
    let surveyed = catch_unwind(AssertUnwindSafe(|| pdf::survey(input, meter)));
    let Ok(surveyed) = surveyed else {
        let failure = Failure::new(Code::ConverterCrashed, "the reader of PDFs panicked; this is a defect");
        return Err(Box::new(Outcome::Failed(failure)));
    };
    Ok(match surveyed {
        Ok(pdf::Survey { pages, is_damaged: false }) => PdfFacts::Sound { pages },
        Ok(pdf::Survey { pages, is_damaged: true }) => PdfFacts::Mended { pages },
        Err(ConvertError::Encrypted) => PdfFacts::Encrypted,
        Err(error @ ConvertError::Corrupt { .. }) => PdfFacts::Broken(error.to_string()),
        Err(error @ ConvertError::Limit(_)) => PdfFacts::TooMuch(error.to_string()),
        Err(error @ ConvertError::Unsupported(_)) => PdfFacts::Unread(error.to_string()),
        Err(error) => return Err(outcome(&error, interrupted)),
    })
}
