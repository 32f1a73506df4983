//! What odt, ods and odp share: the metered package or flat XML file behind one interface (ODF 1.3 parts 2 and 3).
//!
//! A package keeps styles, properties and content in parts of their own; the flat form has all of them in one
//! stream. Callers ask for a reader over the thing they want and look for its elements by local name, so that the
//! form makes no difference to them: what a reader gives beside the elements sought is passed over.

mod attribute;
pub(crate) mod chart;
mod distinct;
pub(crate) mod flow;
mod list_style;
mod lists;
mod manifest;
pub(crate) mod mathml;
mod objects;
mod properties;
mod source;
pub(crate) mod stories;
mod styles;
mod tally;
mod text;

use std::io::{Read, SeekFrom};

use crate::limits::Meter;
use crate::xml::{self, Event};
use crate::zip::Package;
use crate::{ConvertError, Input, Result};

pub use attribute::{attribute, raw_attribute};
use manifest::Manifest;
pub use properties::Properties;
pub use source::OdfSource;
pub use text::{Character, Plain, read_paragraph};

/// Longer media types are nonsense.
const MAX_MEDIA_TYPE_BYTES: usize = 256;

/// What kind of document a media type says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text, its template, or a master document.
    Text,
    /// A spreadsheet.
    Spreadsheet,
    /// A presentation.
    Presentation,
    /// A drawing.
    Drawing,
    /// A chart.
    Chart,
    /// A formula.
    Formula,
}

impl Kind {
    /// Returns the kind of a media type; templates and flat forms are of the kind of the document itself.
    pub fn of_media_type(media_type: &str) -> Option<Self> {
        let name = media_type.trim().strip_prefix("application/vnd.oasis.opendocument.")?;
        let name = name.strip_suffix("-flat-xml").unwrap_or(name);
        Some(match name.strip_suffix("-template").unwrap_or(name) {
            "text" | "text-master" | "text-web" => Self::Text,
            "spreadsheet" => Self::Spreadsheet,
            "presentation" => Self::Presentation,
            "graphics" => Self::Drawing,
            "chart" => Self::Chart,
            "formula" => Self::Formula,
            _ => return None,
        })
    }
}

enum Form<'a> {
    Package(Package<'a>),
    Flat(&'a mut dyn Input),
}

/// A reader over a part of a document.
pub type OdfReader<'p> = xml::Reader<OdfSource<'p>>;

/// An open OpenDocument file.
pub struct Odf<'a> {
    form: Form<'a>,
    meter: &'a Meter,
    manifest: Manifest,
    kind: Option<Kind>,
}

impl std::fmt::Debug for Odf<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Odf").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl<'a> Odf<'a> {
    /// Opens a package or a flat file.
    ///
    /// # Errors
    /// [`ConvertError::Encrypted`] if the content is, [`ConvertError::Corrupt`] for what is neither a package nor XML
    /// with the root `office:document`, and as for [`Package::open`].
    pub fn open(input: &'a mut dyn Input, meter: &'a Meter) -> Result<Self> {
        if looks_like_xml(input)? {
            return Self::open_flat(input, meter);
        }
        let mut package = Package::open(input, meter)?;
        let manifest = Manifest::read(&mut package)?;
        if manifest.is_encrypted("content.xml") || manifest.is_encrypted("encrypted-package") {
            return Err(ConvertError::Encrypted);
        }
        let named = package.read("mimetype")?.and_then(|bytes| kind_of(&bytes));
        let kind = named.or_else(|| manifest.kind());
        Ok(Self { form: Form::Package(package), meter, manifest, kind })
    }

    fn open_flat(input: &'a mut dyn Input, meter: &'a Meter) -> Result<Self> {
        let mut odf = Self { form: Form::Flat(input), meter, manifest: Manifest::default(), kind: None };
        let mut kind = None;
        if let Some(mut reader) = odf.content()? {
            loop {
                match reader.next_event()? {
                    Event::Start(tag) if tag.local() == b"document" => {
                        kind = raw_attribute(tag, b"office:mimetype").and_then(kind_of);
                        break;
                    }
                    Event::Start(_) | Event::Eof => {
                        return Err(ConvertError::corrupt("the XML", "it is not an OpenDocument file"));
                    }
                    Event::End(_) | Event::Text(_) => {}
                }
            }
        }
        odf.kind = kind;
        Ok(odf)
    }

    /// Returns what the document says it is, if it says so.
    pub fn kind(&self) -> Option<Kind> {
        self.kind
    }

    /// Returns the meter of this conversion.
    pub fn meter(&self) -> &'a Meter {
        self.meter
    }

    /// Tells whether the document is a single XML file.
    pub fn is_flat(&self) -> bool {
        matches!(self.form, Form::Flat(_))
    }

    /// Opens the content: automatic styles, then the body. In a flat file much stands before it.
    ///
    /// # Errors
    /// As for [`Package::part`]. A package without it gives `None`.
    pub fn content(&mut self) -> Result<Option<OdfReader<'_>>> {
        self.open_part("content.xml")
    }

    /// Opens the styles: common styles, automatic styles of master pages, master pages.
    ///
    /// # Errors
    /// As for [`Package::part`]. A package need not have any.
    pub fn styles(&mut self) -> Result<Option<OdfReader<'_>>> {
        self.open_part("styles.xml")
    }

    /// Reads the properties: title, author, dates.
    ///
    /// # Errors
    /// As for [`Package::part`], XML errors, and the memory limit.
    pub fn properties(&mut self) -> Result<Properties> {
        let meter = self.meter;
        match self.open_part("meta.xml")? {
            Some(mut reader) => Properties::read(&mut reader, meter),
            None => Ok(Properties::default()),
        }
    }

    /// Opens the content of an object that is embedded in a package, by the `xlink:href` that names it. `None` if
    /// the package does not hold it, it is encrypted, or it is no OpenDocument object.
    ///
    /// # Errors
    /// As for [`Package::part`].
    pub fn object(&mut self, href: &str) -> Result<Option<OdfReader<'_>>> {
        let folder = href.trim_start_matches("./").trim_matches('/');
        let name = format!("{folder}/content.xml");
        if folder.is_empty() || self.is_flat() || self.manifest.is_encrypted(&name) {
            return Ok(None);
        }
        self.open_part(&name)
    }

    /// Returns the folders of a package that hold the content of an embedded object.
    pub(crate) fn object_folders(&self) -> Vec<String> {
        let Form::Package(package) = &self.form else {
            return Vec::new();
        };
        package.names().filter_map(|name| name.strip_suffix("/content.xml")).map(str::to_owned).collect()
    }

    /// Counts the macro modules of a package. Those of a flat file stand in its content.
    pub fn macros(&self) -> u64 {
        let Form::Package(package) = &self.form else {
            return 0;
        };
        let is_module = |name: &str| {
            let name = name.to_ascii_lowercase();
            let index = ["script-lb.xml", "script-lc.xml", "dialog-lb.xml", "dialog-lc.xml"];
            let basic = name.starts_with("basic/") && name.ends_with(".xml");
            (basic && !index.iter().any(|index| name.ends_with(index)))
                || (name.starts_with("scripts/") && !name.ends_with('/'))
        };
        package.names().filter(|name| is_module(name)).count() as u64
    }

    /// Opens a part of a package, or the whole of a flat file.
    fn open_part(&mut self, name: &str) -> Result<Option<OdfReader<'_>>> {
        let source = match &mut self.form {
            Form::Package(package) => match package.part(name)? {
                Some(part) => OdfSource::part(part),
                None => return Ok(None),
            },
            Form::Flat(input) => {
                input.seek(SeekFrom::Start(0)).map_err(ConvertError::Io)?;
                OdfSource::flat(&mut **input, self.meter)
            }
        };
        // Old writers name the DTD in parts of a package.
        Ok(Some(xml::Reader::new(source, self.meter.limits()).with_doctype_passed_over()))
    }
}

fn kind_of(bytes: &[u8]) -> Option<Kind> {
    let head = bytes.get(..MAX_MEDIA_TYPE_BYTES).unwrap_or(bytes);
    Kind::of_media_type(std::str::from_utf8(head).ok()?)
}

/// Tells whether the first characters are those of XML, in any of its encodings.
fn looks_like_xml(input: &mut dyn Input) -> Result<bool> {
    let mut head = Vec::new();
    input.seek(SeekFrom::Start(0)).map_err(ConvertError::Io)?;
    input.take(64).read_to_end(&mut head).map_err(ConvertError::Io)?;
    let mark =
        [&b"\xEF\xBB\xBF"[..], b"\xFF\xFE", b"\xFE\xFF"].into_iter().find(|mark| head.starts_with(mark));
    let rest = head.get(mark.map_or(0, <[u8]>::len)..).unwrap_or_default();
    Ok(rest.iter().find(|byte| !byte.is_ascii_whitespace() && **byte != 0) == Some(&b'<'))
}

#[cfg(test)]
mod tests;
