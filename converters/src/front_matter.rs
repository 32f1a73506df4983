//! The properties of a document as YAML front matter (YAML 1.2, section 7.3.1).
//!
//! Every value is a double-quoted scalar on one line, so that no text of a document can end the block, begin
//! another key, or be read as a number, a date or a tag.

use std::fmt::Write;

use crate::Result;
use crate::limits::Meter;

/// A property; the variants are in the order in which they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Property {
    Title,
    Subject,
    Author,
    Company,
    Category,
    Keywords,
    Description,
    Language,
    Created,
    Modified,
}

impl Property {
    fn key(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Subject => "subject",
            Self::Author => "author",
            Self::Company => "company",
            Self::Category => "category",
            Self::Keywords => "keywords",
            Self::Description => "description",
            Self::Language => "language",
            Self::Created => "created",
            Self::Modified => "modified",
        }
    }
}

/// The properties of one document.
#[derive(Debug, Default)]
pub(crate) struct FrontMatter {
    values: Vec<(Property, String)>,
}

impl FrontMatter {
    /// Adds a value, trimmed; an empty one says nothing. Several keywords or authors are joined by `, `; of any other
    /// property the first value counts.
    pub(crate) fn add(&mut self, property: Property, value: &str, meter: &Meter) -> Result<()> {
        let value = value.trim();
        if value.is_empty() {
            return Ok(());
        }
        let known = self.values.iter_mut().find(|(known, _)| *known == property);
        match known {
            Some((Property::Keywords | Property::Author, joined)) => {
                joined.push_str(", ");
                joined.push_str(value);
            }
            Some(_) => return Ok(()),
            None => self.values.push((property, value.to_owned())),
        }
        meter.resident((size_of::<(Property, String)>() + value.len()) as u64)
    }

    /// Returns the block with its fences and a line end, or nothing if there are no properties.
    pub(crate) fn into_yaml(mut self) -> String {
        if self.values.is_empty() {
            return String::new();
        }
        self.values.sort_by_key(|(property, _)| *property);
        let mut out = String::from("---\n");
        for (property, value) in &self.values {
            out.push_str(property.key());
            out.push_str(": \"");
            value.chars().for_each(|c| push_escaped(c, &mut out));
            out.push_str("\"\n");
        }
        out.push_str("---\n");
        out
    }
}

/// Appends a character of a double-quoted scalar: what ends it, and what is not printable, is escaped (section 5.7).
fn push_escaped(c: char, out: &mut String) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ if c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}') =>
        {
            // Writing to a string does not fail.
            let _ = write!(out, "\\u{:04X}", u32::from(c));
        }
        _ => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    #[test]
    fn no_value_leaves_its_quotes() {
        let meter = Meter::new(Limits::default(), 0);
        let mut found = FrontMatter::default();
        let mut add = |property, value| found.add(property, value, &meter).unwrap();
        add(Property::Author, " Ann ");
        add(Property::Author, "Bo");
        add(Property::Title, "a\": \n---\nb: !tag \\ \u{7}\u{85}\u{2028}é");
        add(Property::Title, "second");
        add(Property::Subject, " \t ");
        add(Property::Created, "2024-05-01T10:00:00Z");
        let expected = r#"---
title: "a\": \n---\nb: !tag \\ \u0007\u0085\u2028é"
author: "Ann, Bo"
created: "2024-05-01T10:00:00Z"
---
"#;
        assert_eq!(found.into_yaml(), expected);
        assert_eq!(FrontMatter::default().into_yaml(), "");
    }
}
