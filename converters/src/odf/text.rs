//! The characters of a paragraph: white space as ODF counts it, and the elements that stand for characters
//! (ODF 1.3 part 3, section 6.1).

use crate::Result;
use crate::limits::Meter;
use crate::xml::{Event, Reader, Source, Tag};

use super::raw_attribute;

/// More spaces in one element are not text, whatever its count says.
const MAX_SPACES: usize = 1024;

/// An element that stands for characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Character {
    /// This many spaces, within bounds.
    Spaces(usize),
    /// A tab.
    Tab,
    /// A line end within the paragraph.
    LineBreak,
}

impl Character {
    /// Returns what an element stands for, if it is one of these.
    pub fn of(tag: Tag<'_>) -> Option<Self> {
        Some(match tag.local() {
            b"s" => {
                let count = raw_attribute(tag, b"text:c").and_then(|count| std::str::from_utf8(count).ok());
                // What is no number, or too large for one, still was at least one space.
                let count = count.and_then(|count| count.trim().parse::<usize>().ok()).unwrap_or(1);
                Self::Spaces(count.min(MAX_SPACES))
            }
            b"tab" | b"tab-stop" => Self::Tab,
            b"line-break" => Self::LineBreak,
            _ => return None,
        })
    }
}

/// Collects the plain text of one paragraph: runs of white space become one space, none stands at the start.
#[derive(Debug)]
pub struct Plain {
    text: String,
    /// Whether white space that comes now is dropped.
    after_space: bool,
}

impl Default for Plain {
    fn default() -> Self {
        Self { text: String::new(), after_space: true }
    }
}

impl Plain {
    /// Appends character data.
    pub fn characters(&mut self, text: &str) {
        for c in text.chars() {
            if !matches!(c, ' ' | '\t' | '\r' | '\n') {
                self.text.push(c);
                self.after_space = false;
            } else if !self.after_space {
                self.text.push(' ');
                self.after_space = true;
            }
        }
    }

    /// Appends what an element stands for.
    pub fn character(&mut self, character: Character) {
        match character {
            Character::Spaces(count) => self.text.extend(std::iter::repeat_n(' ', count)),
            Character::Tab => self.text.push('\t'),
            Character::LineBreak => self.text.push('\n'),
        }
        self.after_space = false;
    }

    /// Returns the length in bytes so far.
    pub fn size_bytes(&self) -> usize {
        self.text.len()
    }

    /// Returns the text.
    pub fn finish(self) -> String {
        self.text
    }
}

/// Appends the plain text of the paragraph whose start tag came last to `out`: neither its notes and comments nor the
/// readings of ruby texts. What is appended counts as held in memory.
///
/// # Errors
/// As for [`Reader::next_event`], and the memory limit.
pub fn read_paragraph<S: Source>(reader: &mut Reader<S>, meter: &Meter, out: &mut String) -> Result<()> {
    let outer = reader.depth();
    let mut plain = Plain::default();
    let mut told = 0;
    while reader.depth() >= outer {
        match reader.next_event()? {
            Event::Start(tag) => {
                if let Some(character) = Character::of(tag) {
                    plain.character(character);
                } else if matches!(tag.local(), b"note" | b"annotation" | b"ruby-text" | b"tracked-changes") {
                    reader.skip_element()?;
                }
            }
            Event::Text(text) => plain.characters(text),
            Event::End(_) => {}
            Event::Eof => break,
        }
        meter.resident((plain.text.len() - told) as u64)?;
        told = plain.text.len();
    }
    out.push_str(&plain.finish());
    Ok(())
}
