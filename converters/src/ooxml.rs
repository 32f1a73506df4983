//! What docx, xlsx and pptx share: the metered package, content types and relationships (ECMA-376 part 2, OPC).
//!
//! Parts are found by relationship, never by their usual name, and types are compared by the last segment
//! of their URI, which is the same in transitional and strict documents.

pub(crate) mod chart;
pub(crate) mod description;
pub(crate) mod diagram;
pub(crate) mod document_properties;
pub(crate) mod links;
pub(crate) mod math;

use std::collections::HashMap;
use std::io::SeekFrom;

use crate::limits::Meter;
use crate::xml::{self, Event};
use crate::zip::{Package, PartReader};
use crate::{ConvertError, Input, Result};
use crate::{cfb, encryption};

/// What a content type weighs in memory beside its strings.
const CONTENT_TYPE_BYTES: u64 = 128;

/// A link from one part to another or to the outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relationship {
    /// The id by which the part's XML names it.
    pub id: String,
    /// The last segment of its type, such as `officeDocument`, `hyperlink` or `image`.
    pub kind: String,
    /// The full part name without a leading slash, or the URI if it is external.
    pub target: String,
    /// Whether the target is outside the package. External targets are never fetched.
    pub external: bool,
}

/// The `[Content_Types].xml` of a package.
#[derive(Debug, Clone, Default)]
pub struct ContentTypes {
    by_extension: HashMap<String, String>,
    by_part: HashMap<String, String>,
}

impl ContentTypes {
    /// Returns the content type of a part.
    #[must_use]
    pub fn of(&self, part: &str) -> Option<&str> {
        let part = part.trim_start_matches('/').to_ascii_lowercase();
        if let Some(found) = self.by_part.get(&part) {
            return Some(found);
        }
        let extension = part.rsplit_once('.')?.1;
        self.by_extension.get(extension).map(String::as_str)
    }

    /// Iterates over the content types given to single parts, with the part names in lower case.
    pub fn overrides(&self) -> impl Iterator<Item = (&str, &str)> {
        self.by_part.iter().map(|(part, kind)| (part.as_str(), kind.as_str()))
    }
}

/// An open OOXML package.
#[derive(Debug)]
pub struct Ooxml<'a> {
    package: Package<'a>,
    content_types: ContentTypes,
}

impl<'a> Ooxml<'a> {
    /// Opens the package and reads its content types.
    ///
    /// # Errors
    /// As for [`Package::open`]; a package without `[Content_Types].xml` is [`ConvertError::Corrupt`].
    pub fn open(input: &'a mut dyn Input, meter: &'a Meter) -> Result<Self> {
        let mut package = if is_compound(input)? {
            match encryption::open(&mut *input, meter)? {
                Some(deciphered) => Package::of(Box::new(deciphered), meter)?,
                None => return Err(ConvertError::corrupt("the package", "it is not a ZIP archive")),
            }
        } else {
            Package::open(input, meter)?
        };
        let Some(bytes) = package.read("[Content_Types].xml")? else {
            return Err(ConvertError::corrupt("the package", "it has no [Content_Types].xml"));
        };
        let content_types = parse_content_types(&bytes, meter)?;
        Ok(Self { package, content_types })
    }

    /// Returns the content types.
    #[must_use]
    pub fn content_types(&self) -> &ContentTypes {
        &self.content_types
    }

    /// Returns the package.
    pub fn package(&mut self) -> &mut Package<'a> {
        &mut self.package
    }

    /// Returns the meter of this conversion.
    #[must_use]
    pub fn meter(&self) -> &'a Meter {
        self.package.meter()
    }

    /// Returns the name of the part that the package's `officeDocument` relationship points at.
    ///
    /// # Errors
    /// [`ConvertError::Corrupt`] if there is none, or it is not in the package.
    pub fn main_part(&mut self) -> Result<String> {
        let root = self.relationships("")?;
        let main = root.into_iter().find(|r| r.kind == "officeDocument" && !r.external);
        match main {
            Some(r) if self.package.contains(&r.target) => Ok(r.target),
            Some(r) if r.target.is_empty() => {
                Err(ConvertError::corrupt("the package", "its main part lies outside of it"))
            }
            Some(r) => {
                Err(ConvertError::corrupt("the package", format!("its main part `{}` is missing", r.target)))
            }
            None => Err(ConvertError::corrupt("the package", "no relationship names its main part")),
        }
    }

    /// Returns the relationships of a part (`""` for the package); a part without any has an empty list.
    ///
    /// # Errors
    /// As for [`Package::read`], and XML errors.
    pub fn relationships(&mut self, part: &str) -> Result<Vec<Relationship>> {
        let (folder, file) = part.rsplit_once('/').unwrap_or(("", part));
        let separator = if folder.is_empty() { "" } else { "/" };
        let name = format!("{folder}{separator}_rels/{file}.rels");
        let Some(bytes) = self.package.read(&name)? else {
            return Ok(Vec::new());
        };
        let mut reader = xml::Reader::new(bytes.as_slice(), self.meter().limits());
        let mut found = Vec::new();
        loop {
            match reader.next_event()? {
                Event::Start(tag) if tag.local() == b"Relationship" => {
                    let value = |name: &[u8]| tag.value(name).unwrap_or_default().into_owned();
                    let external = value(b"TargetMode").eq_ignore_ascii_case("external");
                    let target = value(b"Target");
                    let target = if external {
                        target
                    } else {
                        let target = resolve_target(folder, &target);
                        // Writers disagree whether names in the directory are encoded as they are in relationships.
                        if self.package.contains(&target) { target } else { percent_decode(&target) }
                    };
                    let kind = value(b"Type");
                    let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
                    let id = value(b"Id");
                    let text = id.len() + kind.len() + target.len();
                    self.meter().resident((size_of::<Relationship>() + text) as u64)?;
                    found.push(Relationship { id, kind, target, external });
                }
                Event::Eof => return Ok(found),
                Event::Start(_) | Event::End(_) | Event::Text(_) => {}
            }
        }
    }

    /// Opens a part as XML, or returns `None` if the package does not hold it.
    ///
    /// # Errors
    /// As for [`Package::part`].
    pub fn xml(&mut self, part: &str) -> Result<Option<xml::Reader<PartReader<'_>>>> {
        let limits = self.meter().limits();
        Ok(self.package.part(part)?.map(|part| xml::Reader::new(part, limits)))
    }
}

/// Tells whether the input is a compound file, which is how office programs store a package with a password.
fn is_compound(input: &mut dyn Input) -> Result<bool> {
    let mut head = [0; cfb::SIGNATURE.len()];
    if input.size_bytes() < head.len() as u64 {
        return Ok(false);
    }
    input.seek(SeekFrom::Start(0)).map_err(ConvertError::Io)?;
    input.read_exact(&mut head).map_err(ConvertError::Io)?;
    Ok(head == cfb::SIGNATURE)
}

fn parse_content_types(bytes: &[u8], meter: &Meter) -> Result<ContentTypes> {
    let mut types = ContentTypes::default();
    let mut reader = xml::Reader::new(bytes, meter.limits());
    loop {
        match reader.next_event()? {
            Event::Start(tag) => {
                let value = |name: &[u8]| tag.value(name).unwrap_or_default();
                let (map, name) = match tag.local() {
                    b"Default" => (&mut types.by_extension, value(b"Extension")),
                    b"Override" => (&mut types.by_part, value(b"PartName")),
                    _ => continue,
                };
                let kind = value(b"ContentType").into_owned();
                meter.resident(CONTENT_TYPE_BYTES + (name.len() + kind.len()) as u64)?;
                map.insert(name.trim_start_matches('/').to_ascii_lowercase(), kind);
            }
            Event::Eof => return Ok(types),
            Event::End(_) | Event::Text(_) => {}
        }
    }
}

/// Resolves a relative target against a folder. What climbs above the package root names no part.
fn resolve_target(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let target = target.split(['#', '?']).next().unwrap_or_default();
    let mut segments: Vec<&str> =
        if target.starts_with('/') { Vec::new() } else { folder.split('/').collect() };
    for segment in target.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                if segments.pop().is_none_or(str::is_empty) {
                    return String::new();
                }
            }
            _ => segments.push(segment),
        }
    }
    segments.retain(|segment| !segment.is_empty());
    segments.join("/")
}

/// Part names are percent-encoded IRIs (ECMA-376 part 2, section 6.2.2.2).
pub(crate) fn percent_decode(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let hex = (first == b'%').then(|| tail.get(..2)).flatten();
        match hex
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok())
        {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_resolve_inside_the_package_only() {
        assert_eq!(resolve_target("word", "footnotes.xml"), "word/footnotes.xml");
        assert_eq!(resolve_target("xl/worksheets", "../media/a%20b.png"), "xl/media/a%20b.png");
        assert_eq!(resolve_target("word", "/xl/workbook.xml"), "xl/workbook.xml");
        assert_eq!(resolve_target("word", "../../etc/passwd"), "");
        assert_eq!(resolve_target("", "word/document.xml"), "word/document.xml");
    }
}
