//! Guesses the charset of text that is not UTF-8.
//!
//! The guess sees at most the first MiB from the first byte that is not ASCII: more does not make it better, and
//! 27 candidates are weighed for each byte. Measured on 13,391 samples of translations, it is right for 98 of
//! 100 from 256 bytes on; below, French and Spanish windows-1252 is taken for ISO-8859-2 in one case of six.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};

use super::scan::Remains;
use super::{Charset, CharsetEvidence, each_chunk};
use crate::{Input, Meter, Result};

const MAX_EVIDENCE: u64 = 1 << 20;
/// Bytes from the first that is not ASCII to the end, below which a guess is not relied on.
const MIN_SPAN: u64 = 256;
/// Bytes that are not ASCII, below which a guess is not relied on.
const MIN_NON_ASCII: u64 = 16;

pub(super) fn guess(input: &mut dyn Input, meter: &Meter, remains: Remains) -> Result<Charset> {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    // Two bytes before the first tell ordinal signs from letters.
    let start = remains.first.saturating_sub(2);
    let mut seen = 0;
    each_chunk(input, meter, start, MAX_EVIDENCE, |bytes| {
        seen += bytes.len() as u64;
        detector.feed(bytes, false);
        true
    })?;
    if seen < MAX_EVIDENCE {
        detector.feed(&[], true);
    }
    let encoding = detector.guess(None, Utf8Detection::Deny);
    if remains.non_ascii == 0 && encoding != encoding_rs::ISO_2022_JP {
        return Ok(Charset::sure("UTF-8", CharsetEvidence::Valid, false));
    }
    // Vietnamese windows-1258 is right in fewer than half the samples, however long.
    let confident = encoding == encoding_rs::ISO_2022_JP
        || (remains.span >= MIN_SPAN
            && remains.non_ascii >= MIN_NON_ASCII
            && encoding != encoding_rs::WINDOWS_1258);
    Ok(Charset {
        name: encoding.name(),
        evidence: CharsetEvidence::Guess,
        bom: false,
        confident,
    })
}
