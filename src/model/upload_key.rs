//! The identity of an upload, and the tag that carries it in a file's name.

use serde_json::Value as Json;

use super::Sha256;
use super::digest::Hasher;
use super::profile::NameRules;
use super::upload::Dedupe;

/// How many hexadecimal digits a tag has.
const TAG_DIGITS: usize = 8;
/// What stands before a tag. No platform's rules forbid it, and hardly any name holds it.
const TAG_MARK: char = '~';
/// The longest extension that a tag goes in front of; what is longer is no extension.
const MAX_EXTENSION: usize = 32;

/// What makes an upload the same as another one: where it goes, what is sent, and under which name and type. Neither the
/// path nor the converter counts: equal bytes under equal names are one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadKey<'a> {
    /// The target: its dialect and address, or the id of a local store.
    pub target_id: &'a str,
    /// The workspace within the target.
    pub workspace: &'a str,
    /// The digest of the bytes.
    pub digest: &'a Sha256,
    /// The name, without a tag.
    pub file_name: &'a str,
    /// The media type.
    pub media_type: &'a str,
    /// The digest of metadata and purpose, if something of that is sent.
    pub extra: Option<&'a Sha256>,
}

impl UploadKey<'_> {
    /// Returns the key in its stored form.
    #[must_use]
    pub fn sha256(&self) -> Sha256 {
        let mut hasher = Hasher::default();
        hasher.update(b"docferry upload key 1\0");
        let extra = self.extra.map(Sha256::as_bytes);
        let digest: &[u8] = self.digest.as_bytes();
        let fields = [
            self.target_id.as_bytes(),
            self.workspace.as_bytes(),
            digest,
            self.file_name.as_bytes(),
            self.media_type.as_bytes(),
            extra.map_or(&[], |bytes| bytes.as_slice()),
        ];
        for field in fields {
            // Each length comes first, so that no two lists of fields give the same bytes.
            hasher.update(&(field.len() as u64).to_be_bytes());
            hasher.update(field);
        }
        hasher.finish()
    }
}

/// Returns the digest of what is sent besides the bytes, for [`UploadKey::extra`]; `None` if that is nothing.
#[must_use]
pub fn extra_digest(purpose: Option<&str>, metadata: Option<&Json>) -> Option<Sha256> {
    let metadata_text = metadata.cloned().unwrap_or_default();
    let is_nothing = purpose.is_none() && metadata.is_none();
    (!is_nothing).then(|| Sha256::of(format!("{purpose:?}\0{metadata_text}").as_bytes()))
}

/// Returns the name that an upload key has of a file.
#[must_use]
pub fn key_name(file_name: &str, dedupe: Dedupe) -> &str {
    match dedupe {
        Dedupe::Name => file_name,
        Dedupe::Content => "",
    }
}

/// Returns the tag of an upload that was sent `sends` times before: each send has a tag of its own, else a late copy of
/// one could pass for the other.
#[must_use]
pub fn tag(upload_key: &Sha256, sends: u32) -> String {
    let mut hasher = Hasher::default();
    hasher.update(upload_key.as_bytes());
    hasher.update(&sends.to_be_bytes());
    hasher.finish().short(TAG_DIGITS)
}

/// Puts a tag before the extension of a name, or at its end where it has none; cut in the middle where it is too long.
/// A name that is nothing but an extension (`.env`) gets it in front, because targets go by extensions.
#[must_use]
pub fn tagged_name(name: &str, tag: &str, rules: &NameRules) -> String {
    let unit = rules.length_unit;
    let (stem, extension) = match name.rfind('.') {
        Some(dot) if unit.length(&name[dot..]) <= MAX_EXTENSION => name.split_at(dot),
        _ => (name, ""),
    };
    let room = rules.max_length.saturating_sub(unit.length(extension) + tag.len() + 1);
    if unit.length(stem) <= room {
        return format!("{stem}{TAG_MARK}{tag}{extension}");
    }
    let room = room.saturating_sub(1);
    let tail = room / 3;
    let (head, tail) = (unit.prefix(stem, room - tail).trim_end(), unit.suffix(stem, tail).trim_start());
    format!("{head}-{tail}{TAG_MARK}{tag}{extension}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::profile::LengthUnit;

    fn rules(length_unit: LengthUnit) -> NameRules {
        NameRules { max_length: 64, length_unit, forbidden: "<>:\"|?*\\/".to_owned() }
    }

    fn key<'a>(digest: &'a Sha256, workspace: &'a str, file_name: &'a str) -> UploadKey<'a> {
        UploadKey { target_id: "t", workspace, digest, file_name, media_type: "text/plain", extra: None }
    }

    #[test]
    fn every_field_counts_and_none_runs_into_the_next() {
        let (a, b) = (Sha256::of(b"a"), Sha256::of(b"b"));
        let base = key(&a, "w", "n");
        assert_eq!(base.sha256(), key(&a, "w", "n").sha256());
        let others = [
            UploadKey { target_id: "u", ..base },
            UploadKey { digest: &b, ..base },
            UploadKey { media_type: "text/csv", ..base },
            UploadKey { extra: Some(&a), ..base },
            key(&a, "wn", ""),
            key(&a, "", "wn"),
        ];
        for (at, other) in others.iter().enumerate() {
            assert_ne!(other.sha256(), base.sha256(), "{at}");
            assert!(others[..at].iter().all(|earlier| earlier.sha256() != other.sha256()), "{at}");
        }
    }

    #[test]
    fn what_travels_with_the_bytes_counts() {
        assert_eq!(extra_digest(None, None), None);
        let some = [
            extra_digest(Some("a"), None),
            extra_digest(None, Some(&Json::from("a"))),
            extra_digest(Some("a"), Some(&Json::from("a"))),
        ];
        assert!(some.iter().all(Option::is_some));
        assert!(some[0] != some[1] && some[1] != some[2] && some[0] != some[2]);
    }

    #[test]
    fn tags_differ_by_send() {
        let key = Sha256::of(b"a");
        assert_eq!(tag(&key, 0).len(), 8);
        assert_eq!(tag(&key, 1), tag(&key, 1));
        assert_ne!(tag(&key, 0), tag(&key, 1));
    }

    #[test]
    fn tags_stand_before_the_last_extension() {
        for (name, expected) in [
            ("report.docx.md", "report.docx~1a2b3c4d.md"),
            ("README", "README~1a2b3c4d"),
            (".env", "~1a2b3c4d.env"),
            ("a.", "a~1a2b3c4d."),
            (
                "v1.this is a sentence that is no extension",
                "v1.this is a sentence that is no extension~1a2b3c4d",
            ),
        ] {
            assert_eq!(tagged_name(name, "1a2b3c4d", &rules(LengthUnit::Characters)), expected);
        }
    }

    proptest! {
        #[test]
        fn a_tagged_name_fits(name in "[a-zé. ]{0,20}|[a-zé]{50,80}(\\.[a-z]{1,5})?|.{0,90}") {
            for unit in [LengthUnit::Characters, LengthUnit::Bytes] {
                let tagged = tagged_name(&name, "1a2b3c4d", &rules(unit));
                prop_assert!(unit.length(&tagged) <= 64, "{tagged}");
                prop_assert!(tagged.contains("~1a2b3c4d"));
            }
        }
    }
}
