//! Attributes by name: the usual prefix first, then any prefix that no other namespace of ODF uses.
//!
//! Two namespaces share local names on one element (`office:value-type` and `calcext:value-type`), so a look at the
//! local name alone would read the wrong one; yet a writer is free to call its prefixes as it likes.

use std::borrow::Cow;

use crate::xml::{Tag, local_name, unescape_lossy};

/// The prefixes that ODF and its usual writers give to namespaces.
const USUAL: [&[u8]; 26] = [
    b"anim",
    b"calcext",
    b"chart",
    b"config",
    b"db",
    b"dc",
    b"dr3d",
    b"draw",
    b"drawooo",
    b"field",
    b"fo",
    b"form",
    b"loext",
    b"math",
    b"meta",
    b"number",
    b"office",
    b"presentation",
    b"script",
    b"smil",
    b"style",
    b"svg",
    b"table",
    b"tableooo",
    b"text",
    b"xlink",
];

/// Returns the raw value of the attribute with this qualified name, such as `text:style-name`.
pub fn raw_attribute<'a>(tag: Tag<'a>, name: &[u8]) -> Option<&'a [u8]> {
    let mut other = None;
    for (found, value) in tag.attributes() {
        if found == name {
            return Some(value);
        }
        if other.is_none() && local_name(found) == local_name(name) {
            let prefix = found.split(|&byte| byte == b':').next().unwrap_or_default();
            other = (!USUAL.contains(&prefix)).then_some(value);
        }
    }
    other
}

/// Returns the value of the attribute with this qualified name, references resolved.
pub fn attribute<'a>(tag: Tag<'a>, name: &[u8]) -> Option<Cow<'a, str>> {
    raw_attribute(tag, name).map(unescape_lossy)
}
