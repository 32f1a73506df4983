//! What the stories of a document share: what they look up, and what they count.

use crate::Result;
use crate::limits::Meter;
use crate::markdown::{Form, Writer};
use crate::ooxml::{Ooxml, Relationship};
use crate::options::{Options, TrackChanges};

use super::chunks::Chunks;
use super::comments::{self, Comments};
use super::notes::Notes;
use super::numbering::Numbering;
use super::styles::Styles;
use super::tally::Tally;

/// A document, or a document within the document.
pub(super) struct Document<'a> {
    pub(super) meter: &'a Meter,
    pub(super) options: &'a Options,
    pub(super) styles: Styles,
    pub(super) numbering: Numbering,
    pub(super) comments: Comments,
    pub(super) notes: Notes,
    /// The files inserted into the story being walked.
    pub(super) chunks: Chunks,
    /// Whether it is inserted into another one; what is inserted into it is not read.
    pub(super) is_inserted: bool,
    /// Whether all of it has to stay on one line, because it is inserted into a table cell.
    pub(super) single_line: bool,
    pub(super) tally: Tally,
}

impl<'a> Document<'a> {
    /// Reads what the stories look up, and goes on with the counts of `tally`.
    pub(super) fn open(
        ooxml: &mut Ooxml<'a>,
        relationships: &[Relationship],
        options: &'a Options,
        tally: Tally,
    ) -> Result<Self> {
        let meter = ooxml.meter();
        let mut document = Self {
            meter,
            options,
            styles: Styles::default(),
            numbering: Numbering::default(),
            comments: Comments::default(),
            notes: Notes::default(),
            chunks: Chunks::default(),
            is_inserted: false,
            single_line: false,
            tally,
        };
        if let Some(part) = find(ooxml, relationships, "styles", &mut document.tally)
            && let Some(mut reader) = ooxml.xml(part)?
        {
            document.styles = Styles::read(&mut reader, meter)?;
        }
        if let Some(part) = find(ooxml, relationships, "numbering", &mut document.tally)
            && let Some(mut reader) = ooxml.xml(part)?
        {
            document.numbering = Numbering::read(&mut reader, meter)?;
        }
        comments::read(ooxml, relationships, &mut document)?;
        Ok(document)
    }

    /// Returns what is written.
    pub(super) fn form(&self) -> Form {
        Form::of(self.options)
    }

    /// Makes a writer for one story.
    pub(super) fn writer(&self) -> Writer {
        if self.single_line { Writer::single_line(self.form()) } else { Writer::with(self.form()) }
    }

    /// Returns which state of the document is written.
    pub(super) fn track_changes(&self) -> TrackChanges {
        self.options.track_changes
    }
}

/// Returns the first part of this kind that the package holds.
pub(super) fn find<'r>(
    ooxml: &mut Ooxml<'_>,
    relationships: &'r [Relationship],
    kind: &str,
    tally: &mut Tally,
) -> Option<&'r str> {
    let found = relationships.iter().find(|r| r.kind == kind && !r.external)?;
    if ooxml.package().contains(&found.target) {
        return Some(&found.target);
    }
    tally.missing_parts += 1;
    None
}
