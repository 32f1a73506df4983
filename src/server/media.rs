//! What a file name's extension says about its media type, for uploads that do not say it themselves.
//!
//! A table of this server alone: what the product believes of formats must not leak into what it is tested against.

use crate::model::MediaType;

/// Extension and media type. Of several rows with one type, the first names files that came without a name.
const TYPES: &[(&str, &str)] = &[
    ("txt", "text/plain"),
    ("log", "text/plain"),
    ("md", "text/markdown"),
    ("csv", "text/csv"),
    ("tsv", "text/tab-separated-values"),
    ("html", "text/html"),
    ("htm", "text/html"),
    ("css", "text/css"),
    ("js", "application/javascript"),
    ("json", "application/json"),
    ("xml", "application/xml"),
    ("yaml", "application/x-yaml"),
    ("yml", "application/x-yaml"),
    ("toml", "application/x-toml"),
    ("py", "text/x-python"),
    ("rs", "text/x-rust"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("svg", "image/svg+xml"),
    ("zip", "application/zip"),
    ("gz", "application/gzip"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("bin", "application/octet-stream"),
];

/// Returns the stored media type of an upload: the part's own, unless it is missing or says nothing.
pub(super) fn stored(part: Option<MediaType>, file_name: &str) -> MediaType {
    part.filter(|media_type| *media_type != MediaType::OCTET_STREAM)
        .or_else(|| of_name(file_name))
        .unwrap_or(MediaType::OCTET_STREAM)
}

/// Returns an extension with its dot for a file that came without a name; empty for a type without one.
pub(super) fn extension(media_type: &MediaType) -> String {
    let row = TYPES.iter().find(|(_, name)| *name == media_type.as_str());
    row.map(|(extension, _)| format!(".{extension}")).unwrap_or_default()
}

fn of_name(file_name: &str) -> Option<MediaType> {
    let (_, extension) = file_name.rsplit_once('.')?;
    let row = TYPES.iter().find(|(known, _)| extension.eq_ignore_ascii_case(known))?;
    row.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_a_media_type() {
        for (extension, media_type) in TYPES {
            assert_eq!(of_name(&format!("a.{extension}")).unwrap().as_str(), *media_type);
        }
    }

    #[test]
    fn a_generic_type_gives_way_to_the_name() {
        let part = || "application/octet-stream".parse().ok();
        assert_eq!(stored(part(), "A.PDF").as_str(), "application/pdf");
        assert_eq!(stored("text/plain".parse().ok(), "a.pdf").as_str(), "text/plain");
        assert_eq!(stored(None, "noext"), MediaType::OCTET_STREAM);
        assert_eq!(extension(&MediaType::OCTET_STREAM), ".bin");
    }
}
