//! Says what bytes are: content first, then the name. Knows nothing but the table.
//!
//! Never inflates more than a few small parts of a package, and never trusts a size: detection has limits of its
//! own, far below those of a conversion, so that a hostile file costs no more than a plain one. Of the
//! `file-format` crate only the signatures are used: its readers of containers look at fixed places, and call
//! a fifth of all Office files a ZIP or an OLE file.

mod bare_workbook;
mod compound;
mod magic;
mod package;
mod sniff;

use std::borrow::Cow;
use std::io::SeekFrom;

use crate::charset::{self, Charset, CharsetEvidence, Decoder, Finding, Hints, each_chunk};
use crate::csv::{self, Dialect, SAMPLE_BYTES};
use crate::formats::{self, Claim, Family, Format};
use crate::{ConvertError, Input, Meter};

/// Bytes read from the start: the furthest signature known ends at 36 KiB.
const HEAD: usize = 64 << 10;

/// How a format is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// The content alone; the name says nothing.
    Content,
    /// The name alone; the content fits but does not prove it.
    Name,
    /// The content and the name agree.
    Both,
    /// The name claims `claimed`; the content is something else and wins.
    Conflict {
        /// What the name claims.
        claimed: Format,
    },
}

/// What bytes are, and how that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detection {
    /// The format.
    pub format: Format,
    /// The media type, refined by the name within the format.
    pub media_type: Cow<'static, str>,
    /// The charset, for text. A guess of low confidence may be one that converters refuse to decode by.
    pub charset: Option<Charset>,
    /// How it is written, for delimited text.
    pub dialect: Option<Dialect>,
    /// How the format is known.
    pub evidence: Evidence,
}

/// What the content says.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Content {
    /// This format, with its media type where it is finer than the row's.
    Sure(Format, Option<String>),
    /// A container of this kind whose inside cannot be told: damaged, or without a main part.
    Container(Format),
    /// Text; the format is what its first characters look like, if anything.
    Text(Charset, Option<Format>),
    /// Bytes without a signature.
    Binary,
}

/// Says what `input` is. `name` is the file name without folders.
///
/// # Errors
/// [`ConvertError::Io`] if the input cannot be read, [`ConvertError::Cancelled`].
pub fn detect(input: &mut dyn Input, name: Option<&str>, meter: &Meter) -> Result<Detection, ConvertError> {
    detect_with(input, name, Hints::default(), meter)
}

/// Says what `input` is as [`detect`] does, with what the user says about the charset of text.
///
/// # Errors
/// As for [`detect`].
pub fn detect_with(
    input: &mut dyn Input,
    name: Option<&str>,
    hints: Hints,
    meter: &Meter,
) -> Result<Detection, ConvertError> {
    let name = name.unwrap_or_default();
    let claim = formats::claim(name);
    let content = read_content(input, meter, claim.as_ref(), hints)?;
    let mut detection = judge(content, claim, name);
    if let Some((expected, charset)) = detection.format.separator().zip(detection.charset) {
        detection.dialect = read_dialect(input, meter, charset, expected)?;
    }
    Ok(detection)
}

/// Looks at the beginning of delimited text.
fn read_dialect(
    input: &mut dyn Input,
    meter: &Meter,
    charset: Charset,
    expected: u8,
) -> crate::Result<Option<Dialect>> {
    let Some(mut decoder) = Decoder::new(charset.name) else { return Ok(None) };
    let mut text = String::new();
    let start = if charset.bom { charset::mark_len(charset.name) } else { 0 };
    each_chunk(input, meter, start, SAMPLE_BYTES as u64, |bytes| {
        decoder.decode(bytes, false, &mut text);
        true
    })?;
    let sample = text.as_bytes();
    let is_whole = input.size_bytes() <= start + SAMPLE_BYTES as u64;
    Ok(Some(csv::sniff(&sample[..sample.len().min(SAMPLE_BYTES)], is_whole, expected)))
}

fn read_content(
    input: &mut dyn Input,
    meter: &Meter,
    claim: Option<&Claim>,
    hints: Hints,
) -> crate::Result<Content> {
    let head = read_head(input)?;
    if head.is_empty() {
        return Ok(Content::Sure(Format::Empty, None));
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return package::read(input, meter);
    }
    if head.starts_with(&compound::SIGNATURE) {
        return compound::read(input, meter);
    }
    if let Some(format) = magic::unmistakable(&head) {
        return Ok(Content::Sure(format, None));
    }
    if bare_workbook::begins(&head) {
        return Ok(Content::Sure(Format::Xls, None));
    }
    let claims_pdf = claim.is_some_and(|claim| claim.format == Format::Pdf);
    match charset::find_with(input, hints, meter)? {
        Finding::Text(charset)
            if magic::is_pdf_behind_junk(&head) && (claims_pdf || !is_unicode(charset)) =>
        {
            return Ok(Content::Sure(Format::Pdf, None));
        }
        Finding::Text(charset) => {
            return Ok(Content::Text(charset, sniff::sniff(input, &head, charset)?));
        }
        Finding::Undecided(charset) => return Ok(Content::Text(charset, None)),
        Finding::Binary => {}
    }
    if let Some((format, media_type)) = magic::binary(&head) {
        return Ok(Content::Sure(format, media_type));
    }
    // A package may stand behind other bytes, such as the stub of a self-extracting archive; only a name that
    // says so makes it worth the search for an end record.
    if claim.and_then(|claim| claim.format.container()) == Some(Format::Zip) {
        return Ok(match package::read(input, meter)? {
            Content::Container(_) => Content::Binary,
            found => found,
        });
    }
    Ok(Content::Binary)
}

/// A PDF has bytes beyond ASCII that are no UTF-8; a text that only speaks of PDF headers seldom does.
fn is_unicode(charset: Charset) -> bool {
    !matches!(charset.evidence, CharsetEvidence::Guess | CharsetEvidence::Default | CharsetEvidence::Label)
}

fn read_head(input: &mut dyn Input) -> crate::Result<Vec<u8>> {
    input.seek(SeekFrom::Start(0)).map_err(ConvertError::Io)?;
    let mut head = vec![0; HEAD];
    let mut len = 0;
    while len < HEAD {
        match input.read(&mut head[len..]) {
            Ok(0) => break,
            Ok(n) => len += n,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(ConvertError::Io(e)),
        }
    }
    head.truncate(len);
    Ok(head)
}

/// Weighs the content against the name.
fn judge(content: Content, claim: Option<Claim>, name: &str) -> Detection {
    match content {
        // Nothing contradicts any name.
        Content::Sure(Format::Empty, _) => sure(Format::Empty, None, None),
        Content::Sure(Format::Unknown, media_type) => unknown(media_type, claim, name),
        Content::Sure(format, media_type) => sure(format, media_type, claim),
        Content::Container(container) => match claim {
            Some(claim) if claim.format.container() == Some(container) => {
                let evidence = if claim.format == container { Evidence::Both } else { Evidence::Name };
                named(claim, None, evidence)
            }
            claim => sure(container, None, claim),
        },
        Content::Text(charset, looks_like) => text(charset, looks_like, claim, name),
        Content::Binary => match claim {
            Some(claim) if magic::may_lack_signature(claim.format) => named(claim, None, Evidence::Name),
            claim => unknown(None, claim, name),
        },
    }
}

/// Some signatures are two bytes long, so that a name is the better source of a mere media type.
fn unknown(media_type: Option<String>, claim: Option<Claim>, name: &str) -> Detection {
    let claimed = formats::claimed_media_type(name)
        .filter(|kind| claim.is_none() && !kind.starts_with("text/"))
        .map(str::to_owned);
    sure(Format::Unknown, claimed.or(media_type), claim)
}

fn sure(format: Format, media_type: Option<String>, claim: Option<Claim>) -> Detection {
    match claim {
        Some(claim) if claim.format == format => named(claim, None, Evidence::Both),
        claim => Detection {
            format,
            media_type: media_type.map_or(format.spec().media_type.into(), Cow::Owned),
            charset: None,
            dialect: None,
            evidence: match claim {
                None => Evidence::Content,
                Some(claim) if agrees(claim.format, format) => Evidence::Both,
                Some(claim) => Evidence::Conflict { claimed: claim.format },
            },
        },
    }
}

/// Tells whether a name that claims `claimed` is right enough for `format`.
fn agrees(claimed: Format, format: Format) -> bool {
    let encrypted = format == Format::EncryptedOoxml
        && matches!(claimed.base(), Format::Docx | Format::Xlsx | Format::Xlsb | Format::Pptx);
    claimed.base() == format.base() || encrypted
}

fn text(charset: Charset, looks_like: Option<Format>, claim: Option<Claim>, name: &str) -> Detection {
    match claim {
        // A flat OpenDocument file is XML, and its media type says which document it is.
        Some(Claim { format: Format::Xml, .. })
            if matches!(looks_like, Some(Format::Fodt | Format::Fods | Format::Fodp)) =>
        {
            let format = looks_like.unwrap_or(Format::Xml);
            let media_type = format.spec().media_type.into();
            Detection { format, media_type, charset: Some(charset), dialect: None, evidence: Evidence::Both }
        }
        // A root tag without a media type is proof enough of what the name says.
        Some(claim) if looks_like == Some(Format::FlatOdf) && is_flat_odf(claim.format) => {
            named(claim, Some(charset), Evidence::Both)
        }
        // Two text formats never conflict: what looks like HTML may well be Markdown.
        Some(claim) if claim.format.spec().family == Family::Text => {
            named(claim, Some(charset), Evidence::Both)
        }
        Some(claim) if Some(claim.format) == looks_like => named(claim, Some(charset), Evidence::Both),
        claim => {
            let format = looks_like.unwrap_or(Format::PlainText);
            let media_type = formats::claimed_media_type(name)
                .filter(|kind| claim.is_none() && looks_like.is_none() && kind.starts_with("text/"))
                .unwrap_or(format.spec().media_type);
            Detection {
                format,
                media_type: media_type.into(),
                charset: Some(charset),
                dialect: None,
                evidence: claim
                    .map_or(Evidence::Content, |claim| Evidence::Conflict { claimed: claim.format }),
            }
        }
    }
}

fn is_flat_odf(format: Format) -> bool {
    matches!(format, Format::Fodt | Format::Fods | Format::Fodp | Format::FlatOdf)
}

fn named(claim: Claim, charset: Option<Charset>, evidence: Evidence) -> Detection {
    Detection { format: claim.format, media_type: claim.media_type, charset, dialect: None, evidence }
}
