//! The document's properties: who made it, when, and what it is about (ODF 1.3 part 3, section 4.3).

use crate::Result;
use crate::front_matter::{FrontMatter, Property};
use crate::limits::Meter;
use crate::xml::{Event, Reader, Source};

/// What a property weighs in memory beside its text.
const PROPERTY_BYTES: u64 = 48;

/// Properties; those that the document does not have are empty.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Properties {
    /// The title.
    pub title: String,
    /// The subject.
    pub subject: String,
    /// The description.
    pub description: String,
    /// Who began the document, or who wrote it last if that is all it says.
    pub author: String,
    /// Who wrote the document last.
    pub last_author: String,
    /// The keywords, in the order of the document.
    pub keywords: Vec<String>,
    /// The language, as `en-GB`.
    pub language: String,
    /// When the document was made: ISO 8601, to the second.
    pub created: String,
    /// When it was changed last: ISO 8601, to the second.
    pub modified: String,
}

impl Properties {
    /// Reads the `office:meta` of a stream; in a flat file other things follow it, which are not read.
    pub(super) fn read<S: Source>(reader: &mut Reader<S>, meter: &Meter) -> Result<Self> {
        let mut found = Self::default();
        let (mut inside, mut flat) = (false, false);
        loop {
            match reader.next_event()? {
                Event::Start(tag) if !inside => match tag.local() {
                    b"meta" => inside = true,
                    b"document" => flat = true,
                    b"document-meta" => {}
                    _ => reader.skip_element()?,
                },
                Event::Start(tag) => {
                    let name = tag.local().to_vec();
                    let mut text = String::new();
                    reader.text_content(&mut text)?;
                    found.set(&name, text.trim(), meter)?;
                }
                // A flat file is read again for the rest; a part is read to its end, where its checks are made.
                Event::End(b"meta") if flat => break,
                Event::End(b"meta") => inside = false,
                Event::Eof => break,
                Event::End(_) | Event::Text(_) => {}
            }
        }
        if found.author.is_empty() {
            found.author.clone_from(&found.last_author);
        }
        Ok(found)
    }

    /// Returns the properties as YAML front matter.
    ///
    /// # Errors
    /// The memory limit.
    pub(crate) fn front_matter(&self, meter: &Meter) -> Result<String> {
        let mut front = FrontMatter::default();
        for (property, value) in [
            (Property::Title, &self.title),
            (Property::Subject, &self.subject),
            (Property::Author, &self.author),
            (Property::Description, &self.description),
            (Property::Language, &self.language),
            (Property::Created, &self.created),
            (Property::Modified, &self.modified),
        ] {
            front.add(property, value, meter)?;
        }
        for keyword in &self.keywords {
            front.add(Property::Keywords, keyword, meter)?;
        }
        Ok(front.into_yaml())
    }

    fn set(&mut self, name: &[u8], text: &str, meter: &Meter) -> Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        meter.resident(PROPERTY_BYTES + text.len() as u64)?;
        let place = match name {
            b"title" => &mut self.title,
            b"subject" => &mut self.subject,
            b"description" => &mut self.description,
            b"initial-creator" => &mut self.author,
            b"creator" => &mut self.last_author,
            b"language" => &mut self.language,
            b"creation-date" => &mut self.created,
            b"date" => &mut self.modified,
            b"keyword" => {
                self.keywords.push(text.to_owned());
                return Ok(());
            }
            _ => return Ok(()),
        };
        let is_date = matches!(name, b"creation-date" | b"date");
        if place.is_empty() {
            text.clone_into(place);
            if is_date {
                *place = to_the_second(place);
            }
        }
        Ok(())
    }
}

/// Cuts the fraction of a second off, which writers give in nine digits.
fn to_the_second(date: &str) -> String {
    let Some((whole, fraction)) = date.split_once('.') else {
        return date.to_owned();
    };
    let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
    format!("{whole}{zone}")
}
