//! Mutations within the parts of ZIP packages, packed again with right sizes and checksums.

use std::io::{Cursor, Read as _, Write as _};

use super::records::{self, Dialect};
use super::rng::Rng;
use super::{bytes, xml};

/// A part of a package.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// Unpacks a package, or returns `None` if it is not a sound one.
pub(crate) fn unpack(bytes: &[u8]) -> Option<Vec<Part>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).ok()?;
    let mut parts = Vec::new();
    for n in 0..archive.len() {
        let mut entry = archive.by_index(n).ok()?;
        let mut bytes = Vec::new();
        let name = entry.name().ok()?.into_owned();
        (&mut entry).take(bytes::MAX_BYTES as u64).read_to_end(&mut bytes).ok()?;
        parts.push(Part { name, bytes });
    }
    (!parts.is_empty()).then_some(parts)
}

/// Packs parts, mostly without compression: that is quicker, and what inflates has cases of its own.
pub(crate) fn pack(rng: &mut Rng, parts: &[Part]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for part in parts {
        let method =
            if rng.one_in(16) { zip::CompressionMethod::Deflated } else { zip::CompressionMethod::Stored };
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        // The writer takes no name twice, which leaves a part out.
        if writer.start_file(part.name.as_str(), options).is_ok() {
            let _ = writer.write_all(&part.bytes);
        }
    }
    writer.finish().map(Cursor::into_inner).unwrap_or_default()
}

/// Parts in which nothing stands that a reader shows.
const DULL: [&str; 6] = ["theme/", "docProps/", "fontTable", "webSettings", "Thumbnails/", "media/"];

/// Changes the parts once. `other` is another package of the same format.
pub(crate) fn mutate(rng: &mut Rng, parts: &mut Vec<Part>, other: &[Part]) -> String {
    if parts.is_empty() {
        return "no parts".to_owned();
    }
    let mut at = rng.below(parts.len());
    for _ in 0..4 {
        let name = &parts[at].name;
        let is_dull = DULL.iter().any(|dull| name.contains(dull)) || (is_plumbing(name) && !rng.one_in(8));
        if !is_dull {
            break;
        }
        at = rng.below(parts.len());
    }
    let name = parts[at].name.clone();
    let done = match rng.below(40) {
        0 => {
            parts.remove(at);
            "drop part"
        }
        1 => {
            parts[at].bytes = parts[rng.below(parts.len())].bytes.clone();
            "copy part"
        }
        2 if !other.is_empty() => {
            let theirs = rng.pick(other).clone();
            parts.retain(|part| part.name != theirs.name);
            parts.push(theirs);
            "take part"
        }
        3 => {
            parts[at].name = parts[rng.below(parts.len())].name.replace('/', "//");
            "rename part"
        }
        _ => content(rng, &mut parts[at], other),
    };
    format!("{done} in {name}")
}

fn is_plumbing(name: &str) -> bool {
    name.ends_with(".rels") || name == "[Content_Types].xml" || name == "META-INF/manifest.xml"
}

fn content(rng: &mut Rng, part: &mut Part, other: &[Part]) -> &'static str {
    let same =
        other.iter().find(|theirs| theirs.name == part.name).or_else(|| other.iter().find(|_| rng.one_in(4)));
    let theirs = same.map_or(&[][..], |theirs| &*theirs.bytes);
    if part.name.ends_with(".bin") {
        return records::mutate(rng, Dialect::Biff12, &mut part.bytes, theirs);
    }
    if part.bytes.first() == Some(&b'<') || part.bytes.starts_with(b"\xef\xbb\xbf<") {
        let done = xml::mutate(rng, &mut part.bytes, theirs);
        if !rng.one_in(4) {
            xml::mend(&mut part.bytes);
        }
        return done;
    }
    bytes::mutate(rng, &mut part.bytes, theirs)
}
