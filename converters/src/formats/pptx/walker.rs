//! Walks the XML of one slide or notes page and writes it as Markdown.
//!
//! One loop, no recursion: a stack of small values runs beside the reader's open elements, and each says what its
//! end has to do. Elements that mean nothing here are walked through, so that text survives in wrappers nobody
//! has thought of; what must not be text is skipped by name.

mod graphics;
mod shapes;
mod text;

use crate::markdown::Side;
use crate::ooxml::links::Links;
use crate::ooxml::math::Math;
use crate::output::Output;
use crate::xml::{Event, Reader, Source, Tag};
use crate::{ConvertError, Result};

use super::deck::Deck;
use super::list_styles::{self, Levels};
use super::page::Page;
use super::placeholders::Model;
use super::properties::{RunProperties, is_on};
use super::tally::Tally;
use shapes::Shape;
use text::{Paragraph, Run, TextBody};

/// What the end of an open element has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Other,
    Shape,
    TextBody,
    Paragraph,
    Run,
    Text,
    DisplayMath,
    Math { display: bool },
    InMath,
    MathText,
    Table,
    Row,
    Cell { columns: u64 },
    Alternatives,
}

/// What to do with an element whose start tag was read.
enum Step {
    Into(Open),
    Skip,
    ListStyle,
    ParagraphProperties { level: usize },
    RunProperties(RunProperties),
}

/// The state of an `mc:AlternateContent` before its first branch.
struct Alternatives {
    content_before: u64,
    tally_before: Tally,
}

/// What a walker walks over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Story {
    Slide,
    Notes,
}

/// The walker over one part.
pub(super) struct Walker<'w, 'a> {
    deck: &'w mut Deck<'a>,
    links: &'w Links,
    model: &'w Model,
    story: Story,
    pub(super) page: Page,
    stack: Vec<Open>,
    shapes: Vec<Shape>,
    text_body: TextBody,
    paragraph: Option<Paragraph>,
    run: Option<Run>,
    table_depth: u64,
    alternatives: Vec<Alternatives>,
    math: Option<Math>,
    /// How much text and how many graphics were written so far, to tell whether a branch gave any.
    content: u64,
    held: usize,
}

impl<'w, 'a> Walker<'w, 'a> {
    pub(super) fn new(deck: &'w mut Deck<'a>, links: &'w Links, model: &'w Model, story: Story) -> Self {
        let page = Page::new(deck.form());
        Self {
            deck,
            links,
            model,
            story,
            page,
            stack: Vec::new(),
            shapes: Vec::new(),
            text_body: TextBody::default(),
            paragraph: None,
            run: None,
            table_depth: 0,
            alternatives: Vec::new(),
            math: None,
            content: 0,
            held: 0,
        }
    }

    /// Walks to the end of the element whose start tag came last, handing finished text to `output` if there is one.
    pub(super) fn walk<S: Source>(
        &mut self,
        reader: &mut Reader<S>,
        mut output: Option<&mut Output<'_>>,
    ) -> Result<()> {
        let outer = reader.depth();
        while reader.depth() >= outer {
            let step = match reader.next_event()? {
                Event::Start(tag) => self.start(tag)?,
                Event::Text(text) => {
                    if self.characters(text)? {
                        self.hand_on(output.as_deref_mut())?;
                    }
                    continue;
                }
                Event::End(_) => {
                    let open = self.stack.pop().unwrap_or(Open::Other);
                    if open != Open::Other {
                        self.end(open);
                        self.hand_on(output.as_deref_mut())?;
                    }
                    continue;
                }
                Event::Eof => return Err(ConvertError::corrupt("the slide", "it ends early")),
            };
            match step {
                Step::Into(open) => self.stack.push(open),
                Step::Skip => reader.skip_element()?,
                Step::ListStyle => {
                    let own = list_styles::read(reader)?;
                    self.list_style(own);
                }
                Step::ParagraphProperties { level } => {
                    let bullet = list_styles::read_bullet(reader)?;
                    self.paragraph_properties(level, bullet);
                }
                Step::RunProperties(found) => {
                    let found = found.read_children(reader)?;
                    self.run_properties(found);
                }
            }
        }
        Ok(())
    }

    /// Hands finished text on, and counts what has to be held.
    fn hand_on(&mut self, output: Option<&mut Output<'_>>) -> Result<()> {
        if let Some(output) = output {
            self.page.hand_on(output)?;
        }
        let grown = self.page.grown() + self.math.as_mut().map_or(0, Math::grown);
        self.hold(grown)
    }

    /// Counts text that stays in memory until the slide ends. Slides follow each other, so that only the largest
    /// counts.
    fn hold(&mut self, bytes: usize) -> Result<()> {
        self.held += bytes;
        let more = self.held.saturating_sub(self.deck.held);
        self.deck.held += more;
        self.deck.meter.resident(more as u64)
    }

    fn start(&mut self, tag: Tag<'_>) -> Result<Step> {
        if self.shapes.last().is_some_and(|shape| shape.is_dropped) {
            return Ok(Step::Skip);
        }
        if self.math.is_some()
            && let Some(step) = self.start_in_math(tag)
        {
            return Ok(step);
        }
        Ok(match tag.local() {
            b"sp" | b"cxnSp" | b"pic" | b"graphicFrame" | b"grpSp" | b"contentPart" => self.start_shape(tag),
            b"txBody" => self.start_text_body(),
            b"lstStyle" if self.stack.last() == Some(&Open::TextBody) => Step::ListStyle,
            b"p" if self.stack.contains(&Open::TextBody) => self.start_paragraph(),
            b"pPr" if self.stack.last() == Some(&Open::Paragraph) => {
                let level = tag.number::<usize>(b"lvl").unwrap_or(0);
                Step::ParagraphProperties { level: level.min(list_styles::LEVELS - 1) }
            }
            b"r" | b"fld" if self.paragraph.is_some() => self.start_run(tag),
            b"rPr" if self.stack.last() == Some(&Open::Run) => Step::RunProperties(RunProperties::of(tag)),
            b"t" if self.stack.last() == Some(&Open::Run) => Step::Into(Open::Text),
            b"br" if self.paragraph.is_some() => {
                self.line_break();
                // What its own properties say concerns no text.
                Step::Skip
            }
            b"oMath" if self.paragraph.is_some() => {
                let display = self.stack.last() == Some(&Open::DisplayMath);
                self.math = Some(Math::new(tag));
                Step::Into(Open::Math { display })
            }
            b"oMathPara" => Step::Into(Open::DisplayMath),
            b"AlternateContent" => {
                let (content_before, tally_before) = (self.content, self.deck.tally);
                self.alternatives.push(Alternatives { content_before, tally_before });
                Step::Into(Open::Alternatives)
            }
            b"Choice" | b"Fallback" if self.stack.last() == Some(&Open::Alternatives) => self.start_branch(),
            b"spPr" | b"grpSpPr" | b"bodyPr" | b"style" | b"tblPr" | b"tcPr" | b"blipFill" | b"xfrm"
            | b"bg" | b"timing" | b"transition" | b"clrMapOvr" | b"extLst" | b"endParaRPr" | b"rPr"
            | b"pPr" | b"lstStyle" => Step::Skip,
            _ => return self.start_table_or_graphic(tag),
        })
    }

    fn start_table_or_graphic(&mut self, tag: Tag<'_>) -> Result<Step> {
        Ok(Step::Into(match tag.local() {
            b"tbl" => {
                self.table_depth += 1;
                self.deck.meter.table_depth(self.table_depth)?;
                self.page.writer().begin_table(0);
                Open::Table
            }
            b"gridCol" => {
                self.page.writer().add_column();
                Open::Other
            }
            b"tr" if self.table_depth > 0 => {
                self.page.writer().begin_row();
                Open::Row
            }
            b"tc" if self.table_depth > 0 => self.start_cell(tag),
            _ => {
                self.start_graphic(tag)?;
                Open::Other
            }
        }))
    }

    /// Begins a cell. One that another cell covers is given all the same (ECMA-376 part 1, section 21.1.3.16).
    fn start_cell(&mut self, tag: Tag<'_>) -> Open {
        let writer = self.page.writer();
        let is_beside = is_on(tag, b"hMerge");
        if is_beside || is_on(tag, b"vMerge") {
            writer.begin_covered_cell();
        } else {
            writer.begin_cell();
        }
        if is_beside {
            writer.continue_cell(Side::Left);
        }
        Open::Cell { columns: tag.number(b"gridSpan").unwrap_or(1) }
    }

    fn end(&mut self, open: Open) {
        match open {
            Open::Other | Open::DisplayMath | Open::Text | Open::MathText => {}
            Open::Shape => self.end_shape(),
            Open::TextBody => self.text_body = TextBody::default(),
            Open::Paragraph => self.end_paragraph(),
            Open::Run => self.run = None,
            Open::InMath => {
                if let Some(math) = &mut self.math {
                    math.end();
                }
            }
            Open::Math { display } => {
                if let Some(math) = self.math.take() {
                    self.put_formula(&math.finish(), display);
                }
            }
            Open::Table => {
                self.table_depth = self.table_depth.saturating_sub(1);
                self.page.writer().end_table();
            }
            Open::Row => self.page.writer().end_row(),
            Open::Cell { columns } => self.page.writer().end_cell(columns),
            Open::Alternatives => {
                self.alternatives.pop();
            }
        }
    }

    /// The first branch that gives text is the content; the others say the same in other ways.
    fn start_branch(&mut self) -> Step {
        if let Some(before) = self.alternatives.last() {
            if self.content > before.content_before {
                return Step::Skip;
            }
            // The pictures and objects of a branch without text come again in the next one.
            self.deck.tally = before.tally_before;
        }
        Step::Into(Open::Other)
    }

    fn list_style(&mut self, own: Levels) {
        let mut levels = own;
        list_styles::inherit(&mut levels, &self.text_body.levels);
        self.text_body.levels = levels;
    }
}
