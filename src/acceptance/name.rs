//! Names that a platform takes, made of names that files have.
//!
//! It replaces and cuts; it never transliterates, never changes case, and never normalises Unicode, so that a name
//! stays recognisable and equal names stay equal. Names are cut in the middle because both ends carry meaning: the
//! beginning says what it is, the end which one of many. The hash is of the whole name, so that long names that
//! differ only in the middle stay different.

use crate::model::Sha256;
use crate::model::profile::{LengthUnit, NameRules};
use crate::model::text::turns_text;

/// What stands for a character that cannot be sent.
const REPLACEMENT: char = '_';
/// How many digits of the hash stand in a cut name.
const HASH_DIGITS: usize = 8;
/// The longest extension that survives a cut; what is longer is no extension.
const MAX_EXTENSION: usize = 32;

/// Makes a name of the last component of `name`. The result may still be empty, `.` or `..`.
pub(super) fn clean(name: &str, rules: &NameRules) -> String {
    let last = name.rsplit('/').find(|part| !part.is_empty()).unwrap_or_default();
    // Blanks go first: a line break at the end of a name is a blank there, and no `_`.
    let replaced: String =
        last.trim().chars().map(|c| if is_forbidden(c, rules) { REPLACEMENT } else { c }).collect();
    shorten(&replaced, rules.max_length, rules.length_unit)
}

/// Tells whether a character must not be in a name: what the profile forbids; control characters; and invisible ones
/// that reorder or break the line they are shown in.
pub(super) fn is_forbidden(c: char, rules: &NameRules) -> bool {
    c.is_control() || turns_text(c) || rules.forbidden.contains(c)
}

/// Cuts a name in the middle to at most `max` units, keeping its extension, with 8 digits of the whole name's hash
/// where something is left out.
#[must_use]
pub fn shorten(name: &str, max: usize, unit: LengthUnit) -> String {
    if unit.length(name) <= max {
        return name.to_owned();
    }
    let (stem, extension) = match name.rfind('.') {
        Some(dot) if dot > 0 && unit.length(&name[dot..]) <= MAX_EXTENSION.min(max / 2) => name.split_at(dot),
        _ => (name, ""),
    };
    let hash = Sha256::of(name.as_bytes()).short(HASH_DIGITS);
    // Two dashes and the hash; hexadecimal digits count one in both units.
    let room = max.saturating_sub(unit.length(extension) + HASH_DIGITS + 2);
    let tail_room = room / 3;
    let head = unit.prefix(stem, room - tail_room).trim_end();
    let tail = unit.suffix(stem, tail_room).trim_start();
    format!("{head}-{hash}-{tail}{extension}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rules(length_unit: LengthUnit) -> NameRules {
        NameRules { max_length: 255, length_unit, forbidden: "<>:\"|?*\\/".to_owned() }
    }

    #[test]
    fn replaces_what_cannot_be_sent() {
        for (name, expected) in [
            ("a/b/c.txt", "c.txt"),
            ("a/b/", "b"),
            ("C:\\docs\\a.txt", "C__docs_a.txt"),
            (" a b .txt \n", "a b .txt"),
            ("a\nb\u{85}c\u{1b}[1m", "a_b_c_[1m"),
            ("invoice\u{202e}fdp.exe", "invoice_fdp.exe"),
            ("réport «q» 👩\u{200d}🚀.pdf", "réport «q» 👩\u{200d}🚀.pdf"),
            ("???", "___"),
            ("  ", ""),
            ("", ""),
            ("..", ".."),
        ] {
            assert_eq!(clean(name, &rules(LengthUnit::Characters)), expected, "{name:?}");
        }
    }

    #[test]
    fn cuts_in_the_middle_and_keeps_the_extension() {
        let name = format!("{}middle{}.docx.md", "a".repeat(200), "z".repeat(100));
        let cut = clean(&name, &rules(LengthUnit::Characters));
        let hash = Sha256::of(name.as_bytes()).short(8);
        assert_eq!(cut, format!("{}-{hash}-{}.docx.md", "a".repeat(162), "z".repeat(75)));
        assert_eq!(LengthUnit::Characters.length(&cut), 255);
        let other = name.replace("middle", "centre");
        assert_ne!(clean(&other, &rules(LengthUnit::Characters)), cut);
    }

    #[test]
    fn counts_in_the_unit_of_the_profile() {
        let name = format!("{}.txt", "é".repeat(251));
        assert_eq!(clean(&name, &rules(LengthUnit::Characters)), name);
        let cut = clean(&name, &rules(LengthUnit::Bytes));
        assert!(cut.len() <= 255 && cut.ends_with("é.txt"), "{cut}");
    }

    proptest! {
        #[test]
        fn a_cleaned_name_stays_as_it_is(name in "\\PC{0,40}|[a-zé.\u{202e} ]{250,400}|(.|\n){0,300}") {
            for unit in [LengthUnit::Characters, LengthUnit::Bytes] {
                let once = clean(&name, &rules(unit));
                prop_assert!(unit.length(&once) <= 255);
                prop_assert!(!once.chars().any(|c| is_forbidden(c, &rules(unit))));
                prop_assert_eq!(clean(&once, &rules(unit)), once);
            }
        }
    }
}
