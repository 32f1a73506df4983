//! Walks the content of a text or presentation and writes it as Markdown.
//!
//! One loop, no recursion: a stack of small values runs beside the reader's open elements, and each says what its
//! end has to do. Notes, comments and slides are flows of their own with a writer of their own, one within another.
//! Elements that mean nothing here are walked through, so that text survives in wrappers nobody has thought of; what
//! must not be text is skipped by name, and text outside of any paragraph is not text.

mod blocks;
mod changes;
mod drawing;
mod inline;
mod side;
mod slides;
mod tables;

use std::collections::HashMap;
use std::rc::Rc;

use crate::limits::Meter;
use crate::markdown::{Form, Writer};
use crate::options::HiddenContent;
use crate::output::Output;
use crate::xml::{Event, Reader, Source, Tag};
use crate::{ConvertError, Options, Result};

use super::lists::{Lists, Nest};
use super::objects::{Object, Objects};
use super::styles::{Sheet, Styles};
use super::tally::Tally;
use super::{chart, mathml, raw_attribute};
use changes::Changes;
use drawing::{Control, Frame};
use inline::Run;
use side::Side;
pub(crate) use slides::Masters;
use slides::{Slide, Slides};
use tables::Table;

/// Finished text is handed on in pieces of this size.
const READY_BYTES: usize = 32 << 10;

/// What the flows of a document share.
pub(crate) struct Document<'a> {
    pub(crate) meter: &'a Meter,
    pub(crate) options: &'a Options,
    pub(crate) styles: Styles,
    pub(crate) lists: Lists,
    pub(crate) objects: Objects,
    /// The notes as Markdown, in the order in which the text refers to them.
    pub(crate) notes: Vec<String>,
    pub(crate) tally: Tally,
    /// The master pages of slides.
    pub(crate) masters: Masters,
    changes: Changes,
    controls: HashMap<String, Control>,
}

impl<'a> Document<'a> {
    pub(crate) fn new(meter: &'a Meter, options: &'a Options) -> Self {
        Self {
            meter,
            options,
            styles: Styles::default(),
            lists: Lists::default(),
            objects: Objects::default(),
            notes: Vec::new(),
            tally: Tally::default(),
            masters: Masters::default(),
            changes: Changes::default(),
            controls: HashMap::new(),
        }
    }

    /// Returns what is written.
    pub(crate) fn form(&self) -> Form {
        Form::of(self.options)
    }

    /// Counts something hidden; tells whether it is to be left out.
    fn hide(&mut self) -> bool {
        let exclude = self.options.hidden_content == HiddenContent::Exclude;
        *if exclude { &mut self.tally.hidden_dropped } else { &mut self.tally.hidden } += 1;
        exclude
    }
}

/// What the end of an open element has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Other,
    Paragraph { boxed: bool },
    Run,
    List,
    Item,
    Table,
    Row,
    Cell { repeated: u64, span: u64 },
    Box { boxed: bool },
    Frame,
    PageNumber,
    Side,
}

/// What to do with an element whose start tag was read.
#[derive(Debug, Clone, Copy)]
enum Step {
    Into(Open),
    Skip,
    Styles,
    Author,
    Description,
    Reading,
    Deletion,
    Formula,
    Chart,
    Forms,
    /// The declaration of a text that slides show at their edge.
    Declaration,
}

/// One flow of text with what is open in it.
#[derive(Debug)]
struct Flow {
    writer: Writer,
    side: Side,
    runs: Vec<Run>,
    /// The lists of the flow, and of each text box and cell in it.
    nests: Vec<Nest>,
    tables: Vec<Table>,
    frames: Vec<Frame>,
    /// Of a note: which it is, from 1.
    place: usize,
    /// Of a slide: what stands apart from its text.
    slide: Slide,
    /// Whether the rest of the open paragraph is left out as hidden.
    hides_paragraph: bool,
}

impl Flow {
    fn new(writer: Writer, side: Side) -> Self {
        let nests = vec![Nest::default()];
        Self {
            writer,
            side,
            runs: Vec::new(),
            nests,
            tables: Vec::new(),
            frames: Vec::new(),
            place: 0,
            slide: Slide::default(),
            hides_paragraph: false,
        }
    }
}

/// The walker over one stream.
pub(crate) struct Walker<'w, 'a> {
    document: &'w mut Document<'a>,
    flow: Flow,
    /// The flows around this one.
    outer: Vec<Flow>,
    stack: Vec<Open>,
    /// Bytes of text written so far but for numbers of pages, to tell whether an element gave any.
    text_bytes: u64,
    slides: Slides,
}

impl<'w, 'a> Walker<'w, 'a> {
    pub(crate) fn new(document: &'w mut Document<'a>) -> Self {
        let form = document.form();
        Self {
            document,
            flow: Flow::new(Writer::with(form), Side::Main),
            outer: Vec::new(),
            stack: Vec::new(),
            text_bytes: 0,
            slides: Slides::default(),
        }
    }

    /// Walks to the end of the element whose start tag came last, handing finished text to `output` if there is one.
    pub(crate) fn walk<S: Source>(
        &mut self,
        reader: &mut Reader<S>,
        mut output: Option<&mut Output<'_>>,
    ) -> Result<()> {
        let outer = reader.depth();
        while reader.depth() >= outer {
            let step = match reader.next_event()? {
                Event::Start(tag) => self.start(tag)?,
                Event::Text(text) => {
                    self.characters(text)?;
                    self.hand_on(output.as_deref_mut())?;
                    continue;
                }
                Event::End(_) => {
                    if let Some(open) = self.stack.pop() {
                        self.end(open)?;
                    }
                    self.hand_on(output.as_deref_mut())?;
                    continue;
                }
                Event::Eof => return Err(ConvertError::corrupt("the document", "it ends early")),
            };
            match step {
                Step::Into(open) => self.stack.push(open),
                step => self.read(step, reader)?,
            }
        }
        Ok(())
    }

    /// Tells whether anything but numbers of pages was written.
    pub(crate) fn has_words(&self) -> bool {
        self.text_bytes > 0
    }

    /// Returns the Markdown that was not handed on, and whether there was any text.
    pub(crate) fn finish(mut self) -> (String, bool) {
        while let Some(outer) = self.outer.pop() {
            self.flow = outer;
        }
        let has_text = self.flow.writer.has_text();
        self.document.tally.merged_cells += self.flow.writer.merged();
        (self.flow.writer.finish(), has_text)
    }

    /// Reads the whole of an element that is not walked.
    fn read<S: Source>(&mut self, step: Step, reader: &mut Reader<S>) -> Result<()> {
        match step {
            Step::Into(_) | Step::Skip => reader.skip_element(),
            Step::Styles => {
                self.document.styles.automatic = Sheet::default();
                self.document.styles.automatic.read(reader, self.document.meter)
            }
            Step::Author => self.author(reader),
            Step::Description => self.description(reader),
            Step::Reading => self.reading(reader),
            Step::Deletion => self.document.changes.read_deletion(reader, self.document.meter),
            Step::Formula => {
                let formula = mathml::read(reader, self.document.meter)?;
                self.show(&Object::Formula(formula))
            }
            Step::Chart => {
                let chart = chart::read(reader, self.document.meter, self.document.form())?;
                self.show(&Object::Chart(chart))
            }
            Step::Forms => self.forms(reader),
            Step::Declaration => self.declaration(reader),
        }
    }

    /// Hands finished text on, or counts it if it has to be held.
    fn hand_on(&mut self, output: Option<&mut Output<'_>>) -> Result<()> {
        if let Some(output) = output
            && self.outer.is_empty()
            && !self.flow.writer.is_in_box()
            && let Some(text) = self.flow.writer.take_ready(READY_BYTES)
        {
            output.write(&text)?;
        }
        let grown = self.flow.writer.grown();
        self.held(grown)
    }

    fn start(&mut self, tag: Tag<'_>) -> Result<Step> {
        if let Some(step) = self.start_block(tag)? {
            return Ok(step);
        }
        if let Some(step) = self.start_table(tag)? {
            return Ok(step);
        }
        if let Some(step) = self.start_drawing(tag)? {
            return Ok(step);
        }
        if let Some(step) = self.start_side(tag)? {
            return Ok(step);
        }
        if let Some(step) = self.start_change(tag)? {
            return Ok(step);
        }
        self.start_inline(tag)
    }

    fn end(&mut self, open: Open) -> Result<()> {
        match open {
            Open::Other | Open::PageNumber => {}
            Open::Paragraph { boxed } => self.end_paragraph(boxed),
            Open::Run => {
                self.flow.runs.pop();
            }
            Open::List => self.end_list()?,
            Open::Item => self.nest().end_item(),
            Open::Table => self.end_table(),
            Open::Row => self.end_row()?,
            Open::Cell { repeated, span } => self.end_cell(repeated, span)?,
            Open::Box { boxed } => self.end_box(boxed),
            Open::Frame => self.end_frame(),
            Open::Side => self.end_side()?,
        }
        Ok(())
    }

    /// Returns the innermost lists.
    fn nest(&mut self) -> &mut Nest {
        if self.flow.nests.is_empty() {
            self.flow.nests.push(Nest::default());
        }
        let last = self.flow.nests.len() - 1;
        &mut self.flow.nests[last]
    }

    /// Tells whether what comes now is left out: it was inserted by a rejected change, or is hidden.
    fn is_omitting(&self) -> bool {
        self.flow.hides_paragraph || self.document.changes.is_omitting()
    }

    /// Counts text that stays in memory.
    fn held(&self, bytes: usize) -> Result<()> {
        self.document.meter.resident(bytes as u64)
    }

    fn name(tag: Tag<'_>, attribute: &[u8]) -> Option<Rc<str>> {
        super::attribute(tag, attribute).filter(|name| !name.is_empty()).map(Rc::from)
    }

    fn is_true(tag: Tag<'_>, attribute: &[u8]) -> bool {
        raw_attribute(tag, attribute) == Some(b"true")
    }
}
