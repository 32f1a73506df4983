//! The slides of a presentation in their order, each with its notes and comments.
//!
//! A part that a relationship names and the package lacks is a warning; a part that is there but damaged is an
//! error, because half a presentation that looks whole is worse than none. A part that is listed as a slide again is
//! written once: a list of a hundred thousand ids must not become as many slides.

use std::collections::{HashMap, HashSet};

use crate::limits::Meter;
use crate::markdown::{self, Form};
use crate::ooxml::links::Links;
use crate::ooxml::{Ooxml, Relationship, document_properties};
use crate::options::{Comments, HiddenContent};
use crate::output::Output;
use crate::xml::{Event, Reader, Source};
use crate::{ConvertError, Input, Options, Result, Sink};

use super::comments::{self, Authors};
use super::placeholders::{Model, Models, target};
use super::properties::is_on;
use super::tally::Tally;
use super::walker::{Story, Walker};

/// What an id of a slide weighs in memory beside its text.
const ID_BYTES: u64 = 64;

/// What the slides of a presentation share.
pub(super) struct Deck<'a> {
    pub(super) meter: &'a Meter,
    pub(super) options: &'a Options,
    pub(super) tally: Tally,
    /// The most text that a slide held.
    pub(super) held: usize,
    models: Models,
    authors: Authors,
}

/// Converts the presentation in `input`.
pub(super) fn convert(
    input: &mut dyn Input,
    options: &Options,
    meter: &Meter,
    sink: &mut dyn Sink,
) -> Result<()> {
    let mut ooxml = Ooxml::open(input, meter)?;
    let main = ooxml.main_part()?;
    let relationships = ooxml.relationships(&main)?;
    let mut deck = Deck {
        meter,
        options,
        tally: Tally::default(),
        held: 0,
        models: Models::default(),
        authors: Authors::default(),
    };
    deck.tally.macros = u64::from(relationships.iter().any(|r| r.kind == "vbaProject"));
    let slides = slides(&mut ooxml, &main, &relationships, &mut deck)?;
    if options.comments != Comments::Drop {
        deck.read_authors(&mut ooxml, &relationships)?;
    }
    let front =
        if options.front_matter { document_properties::read(&mut ooxml)?.into_yaml() } else { String::new() };
    let mut output = Output::new(meter, sink, deck.form().part_kind(), front);
    let mut has_text = false;
    for slide in slides {
        meter.check_cancelled()?;
        has_text |= deck.slide(&mut ooxml, slide, &mut output)?;
    }
    if !has_text {
        return Err(ConvertError::NoText);
    }
    deck.tally.missing_parts += deck.models.missing;
    deck.tally.report(sink);
    Ok(())
}

/// Reads the list of slides and returns their parts in its order.
fn slides<'r>(
    ooxml: &mut Ooxml<'_>,
    main: &str,
    relationships: &'r [Relationship],
    deck: &mut Deck<'_>,
) -> Result<Vec<&'r str>> {
    let by_id: HashMap<&str, &str> = relationships
        .iter()
        .filter(|r| r.kind == "slide" && !r.external)
        .map(|r| (r.id.as_str(), r.target.as_str()))
        .collect();
    let Some(mut reader) = ooxml.xml(main)? else {
        return Err(ConvertError::corrupt("the package", "its main part is missing"));
    };
    if root(&mut reader)?.0 != b"presentation" {
        return Err(ConvertError::corrupt(main, "it is not a presentation"));
    }
    let (mut listed, mut seen) = (Vec::new(), HashSet::new());
    loop {
        match reader.next_event()? {
            Event::Start(tag) if tag.local() == b"sldId" => {
                // Its own id is a number; the one with a prefix names the relationship.
                let Some((_, id)) = tag.attributes().find(|(name, _)| name.ends_with(b":id")) else {
                    continue;
                };
                match std::str::from_utf8(id).ok().and_then(|id| by_id.get(id)) {
                    Some(part) if seen.insert(*part) => {
                        deck.meter.resident(ID_BYTES)?;
                        listed.push(*part);
                    }
                    Some(_) => deck.tally.repeated_slides += 1,
                    None => deck.tally.missing_parts += 1,
                }
            }
            Event::Eof => return Ok(listed),
            Event::Start(_) | Event::End(_) | Event::Text(_) => {}
        }
    }
}

impl<'a> Deck<'a> {
    /// Returns what is written.
    pub(super) fn form(&self) -> Form {
        Form::of(self.options)
    }

    fn read_authors(&mut self, ooxml: &mut Ooxml<'_>, relationships: &[Relationship]) -> Result<()> {
        for kind in ["commentAuthors", "authors"] {
            if let Some(part) = target(relationships, kind)
                && !self.authors.read(ooxml, part)?
            {
                self.tally.missing_parts += 1;
            }
        }
        Ok(())
    }

    /// Writes a slide with its notes and comments; tells whether there is any text.
    fn slide(&mut self, ooxml: &mut Ooxml<'a>, part: &str, output: &mut Output<'_>) -> Result<bool> {
        if self.options.hidden_content == HiddenContent::Exclude && self.is_hidden(ooxml, part)? {
            self.tally.hidden_dropped += 1;
            return Ok(false);
        }
        let relationships = ooxml.relationships(part)?;
        let links = Links::follow(ooxml, &relationships, self.form())?;
        self.tally.missing_parts += links.missing();
        let model = self.models.of_slide(ooxml, &relationships)?;
        let Some(mut reader) = ooxml.xml(part)? else {
            self.tally.missing_parts += 1;
            return Ok(false);
        };
        let (name, is_hidden) = root(&mut reader)?;
        if name != b"sld" {
            return Err(ConvertError::corrupt(part, "it is not a slide"));
        }
        self.tally.hidden += u64::from(is_hidden);
        output.begin_slide();
        let mut walker = Walker::new(self, &links, &model, Story::Slide);
        walker.walk(&mut reader, Some(output))?;
        let mut page = walker.page;
        let mut has_text = page.has_text();
        self.tally.merged_cells += page.merged();
        page.finish(output)?;
        to_end(&mut reader)?;
        if let Some(notes) = target(&relationships, "notesSlide") {
            has_text |= self.notes(ooxml, notes, output)?;
        }
        for comments in relationships.iter().filter(|r| r.kind == "comments" && !r.external) {
            has_text |= self.comments(ooxml, &comments.target, output)?;
        }
        Ok(has_text)
    }

    /// Tells whether a slide is not part of the show.
    fn is_hidden(&mut self, ooxml: &mut Ooxml<'_>, part: &str) -> Result<bool> {
        match ooxml.xml(part)? {
            Some(mut reader) => Ok(root(&mut reader)?.1),
            None => Ok(false),
        }
    }

    /// Writes the notes of a slide as a quotation.
    fn notes(&mut self, ooxml: &mut Ooxml<'a>, part: &str, output: &mut Output<'_>) -> Result<bool> {
        let links = Links::read(ooxml, part, self.form())?;
        self.tally.missing_parts += links.missing();
        let Some(mut reader) = ooxml.xml(part)? else {
            self.tally.missing_parts += 1;
            return Ok(false);
        };
        if root(&mut reader)?.0 != b"notes" {
            return Err(ConvertError::corrupt(part, "it is not a page of notes"));
        }
        let model = Model::default();
        let mut walker = Walker::new(self, &links, &model, Story::Notes);
        walker.walk(&mut reader, None)?;
        let mut page = walker.page;
        to_end(&mut reader)?;
        // Programs make a page for every slide; one that is empty still has its number.
        if !page.has_text() {
            return Ok(false);
        }
        self.tally.merged_cells += page.merged();
        output.begin_section();
        output.write(&markdown::quotation(self.form(), &page.take_text()))?;
        Ok(true)
    }

    /// Writes the comments on a slide, each as a quotation.
    fn comments(&mut self, ooxml: &mut Ooxml<'_>, part: &str, output: &mut Output<'_>) -> Result<bool> {
        let Some(mut reader) = ooxml.xml(part)? else {
            self.tally.missing_parts += 1;
            return Ok(false);
        };
        let comments = comments::read(&mut reader, &self.authors, self.form(), self.meter)?;
        if self.options.comments == Comments::Drop {
            self.tally.comments_dropped += comments.len() as u64;
            return Ok(false);
        }
        for comment in &comments {
            output.begin_section();
            output.write(comment)?;
        }
        Ok(!comments.is_empty())
    }
}

/// Reads the start tag of the root element; returns its local name, and whether it says that it is not shown.
fn root<S: Source>(reader: &mut Reader<S>) -> Result<(Vec<u8>, bool)> {
    loop {
        match reader.next_event()? {
            Event::Start(tag) => {
                let is_hidden = tag.raw(b"show").is_some() && !is_on(tag, b"show");
                return Ok((tag.local().to_vec(), is_hidden));
            }
            Event::Eof => return Ok((Vec::new(), false)),
            Event::End(_) | Event::Text(_) => {}
        }
    }
}

/// Reads what follows the root element, so that the part's checks are made.
fn to_end<S: Source>(reader: &mut Reader<S>) -> Result<()> {
    while !matches!(reader.next_event()?, Event::Eof) {}
    Ok(())
}
