//! Walks the XML of one story (the body, a header, a note) and writes it as Markdown.
//!
//! One loop, no recursion: a stack of small values runs beside the reader's open elements, and each says what its
//! end has to do. Elements that mean nothing here are walked through, so that text survives in wrappers nobody
//! has thought of (content controls, smart tags, custom XML); what must not be text is skipped by name.

mod changes;
mod graphics;
mod paragraphs;
mod runs;
mod tables;

use std::rc::Rc;

use crate::markdown::Writer;
use crate::ooxml::links::Links;
use crate::ooxml::math::Math;
use crate::output::Output;
use crate::xml::{Event, Reader, Source, Tag};
use crate::{ConvertError, Result};

use super::chunks;
use super::document::Document;
use super::field::Fields;
use super::notes::NoteKind;
use super::properties;
use changes::Change;
pub(super) use changes::Changes;
use graphics::Graphic;
use paragraphs::Paragraph;
use runs::Run;

/// Finished text is handed on in pieces of this size.
const READY_BYTES: usize = 32 << 10;

/// What the end of an open element has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Other,
    Paragraph { boxed: bool },
    Run,
    Text,
    Instruction,
    MathText,
    DisplayMath,
    Math { display: bool },
    InMath,
    Hyperlink,
    SimpleField,
    Change(Change),
    Table,
    Row { change: Option<Change> },
    Cell { change: Option<Change> },
    Box,
    Alternatives,
    Graphic,
    Phonetic,
    Ruby,
}

/// What to do with an element whose start tag was read.
enum Step {
    Into(Open),
    Skip,
    RunProperties,
    ParagraphProperties,
    CellProperties,
    RowProperties,
}

/// The state of an `mc:AlternateContent`: how much text there was before its first branch.
struct Alternatives {
    text_before: u64,
    pictures_before: u64,
}

/// The walker over one story.
pub(super) struct Walker<'w, 'a> {
    document: &'w mut Document<'a>,
    links: &'w Links,
    pub(super) writer: Writer,
    stack: Vec<Open>,
    paragraphs: Vec<Paragraph>,
    runs: Vec<Run>,
    fields: Fields,
    hyperlinks: Vec<Option<Rc<str>>>,
    spans: Vec<u64>,
    /// How many insertions and deletions are open that are walked through.
    inserted: u32,
    deleted: u32,
    table_depth: u64,
    alternatives: Vec<Alternatives>,
    graphics: Vec<Graphic>,
    math: Option<Math>,
    /// The reading of a ruby text, held until its base was written.
    phonetic: Option<String>,
    /// Bytes of text written so far, to tell whether a branch gave any.
    text_bytes: u64,
    pictures: u64,
    /// Whether the paragraph before lost its end to a tracked change.
    joins_next: bool,
    /// The id of the last paragraph, where somebody asks for it.
    paragraph_id: Option<String>,
    notes_paragraph_id: bool,
}

impl<'w, 'a> Walker<'w, 'a> {
    pub(super) fn new(document: &'w mut Document<'a>, links: &'w Links, writer: Writer) -> Self {
        Self {
            document,
            links,
            writer,
            stack: Vec::new(),
            paragraphs: Vec::new(),
            runs: Vec::new(),
            fields: Fields::default(),
            hyperlinks: Vec::new(),
            spans: Vec::new(),
            inserted: 0,
            deleted: 0,
            table_depth: 0,
            alternatives: Vec::new(),
            graphics: Vec::new(),
            math: None,
            phonetic: None,
            text_bytes: 0,
            pictures: 0,
            joins_next: false,
            paragraph_id: None,
            notes_paragraph_id: false,
        }
    }

    /// Walks to the end of the element whose start tag came last, handing finished text to `output` if there is one.
    pub(super) fn walk<S: Source>(
        &mut self,
        reader: &mut Reader<S>,
        mut output: Option<&mut Output<'_>>,
    ) -> Result<()> {
        let outer = reader.depth();
        self.stack.clear();
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
                Step::Skip => reader.skip_element()?,
                Step::RunProperties => {
                    let found = properties::read_run(reader, &self.document.styles)?;
                    self.run_properties(found);
                }
                Step::ParagraphProperties => {
                    let found = properties::read_paragraph(reader, &self.document.styles)?;
                    self.paragraph_properties(found);
                }
                Step::CellProperties => {
                    let found = properties::read_cell(reader)?;
                    self.cell_properties(found);
                    self.change_of_open(found.changes, reader)?;
                }
                Step::RowProperties => {
                    let found = properties::read_row(reader)?;
                    self.row_properties(found);
                    if found.hidden && self.hide() {
                        self.skip_open(reader)?;
                    } else {
                        self.change_of_open(found.changes, reader)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Walks as [`Walker::walk`] does and returns the id of the last paragraph.
    pub(super) fn walk_noting_paragraph<S: Source>(
        &mut self,
        reader: &mut Reader<S>,
    ) -> Result<Option<String>> {
        self.notes_paragraph_id = true;
        self.walk(reader, None)?;
        Ok(self.paragraph_id.take())
    }

    /// Hands finished text on, or counts it if it has to be held.
    fn hand_on(&mut self, output: Option<&mut Output<'_>>) -> Result<()> {
        if let Some(output) = output
            && !self.writer.is_in_box()
            && let Some(text) = self.writer.take_ready(READY_BYTES)
        {
            output.write(&text)?;
        }
        let grown = self.writer.grown() + self.math.as_mut().map_or(0, Math::grown);
        self.held(grown)
    }

    fn start(&mut self, tag: Tag<'_>) -> Result<Step> {
        let local = tag.local();
        if self.graphics.last().is_some_and(Graphic::is_dropped) {
            return Ok(Step::Skip);
        }
        if self.math.is_some()
            && let Some(step) = self.start_in_math(tag)
        {
            return Ok(step);
        }
        Ok(match local {
            b"p" => {
                if self.notes_paragraph_id {
                    self.paragraph_id = tag.value(b"paraId").map(Into::into);
                }
                self.start_paragraph()
            }
            b"r" => self.start_run(),
            b"t" => Step::Into(Open::Text),
            b"pPr" if matches!(self.stack.last(), Some(Open::Paragraph { .. })) => Step::ParagraphProperties,
            b"rPr" if self.stack.last() == Some(&Open::Run) => Step::RunProperties,
            b"tbl" | b"gridCol" | b"tr" | b"tc" => self.start_in_table(local)?,
            b"trPr" if matches!(self.stack.last(), Some(Open::Row { .. })) => Step::RowProperties,
            b"tcPr" if matches!(self.stack.last(), Some(Open::Cell { .. })) => Step::CellProperties,
            b"txbxContent" | b"txBody" => {
                self.writer.begin_box();
                Step::Into(Open::Box)
            }
            b"AlternateContent" => {
                self.alternatives
                    .push(Alternatives { text_before: self.text_bytes, pictures_before: self.pictures });
                Step::Into(Open::Alternatives)
            }
            b"Choice" | b"Fallback" if self.stack.last() == Some(&Open::Alternatives) => self.start_branch(),
            _ => self.start_in_paragraph(tag)?,
        })
    }

    /// Elements that stand within paragraphs, and those to skip.
    fn start_in_paragraph(&mut self, tag: Tag<'_>) -> Result<Step> {
        Ok(match tag.local() {
            b"hyperlink" => {
                let id = tag.value(b"id").unwrap_or_default();
                let target = self.links.hyperlink(&id).map(|target| match tag.value(b"anchor") {
                    Some(anchor) if !target.contains('#') => format!("{target}#{anchor}").into(),
                    _ => Rc::clone(target),
                });
                self.hyperlinks.push(target);
                self.refresh_style();
                Step::Into(Open::Hyperlink)
            }
            b"fldSimple" => {
                self.fields.begin();
                self.fields.instruction(&tag.value(b"instr").unwrap_or_default());
                self.fields.separate();
                self.refresh_style();
                Step::Into(Open::SimpleField)
            }
            b"fldChar" => {
                self.field_character(tag)?;
                Step::Into(Open::Other)
            }
            b"instrText" => Step::Into(Open::Instruction),
            b"ins" | b"moveTo" => self.start_change(Change::Insertion),
            b"del" | b"moveFrom" => self.start_change(Change::Deletion),
            b"delText" => self.start_deleted(Open::Text),
            b"delInstrText" => self.start_deleted(Open::Instruction),
            b"ruby" => Step::Into(Open::Ruby),
            b"rt" if self.stack.contains(&Open::Ruby) => {
                self.phonetic = Some(String::new());
                Step::Into(Open::Phonetic)
            }
            b"oMath" => {
                let display = self.stack.last() == Some(&Open::DisplayMath);
                self.math = Some(Math::new(tag));
                Step::Into(Open::Math { display })
            }
            b"oMathPara" => Step::Into(Open::DisplayMath),
            b"footnoteReference" => self.note(NoteKind::Footnote, tag)?,
            b"endnoteReference" => self.note(NoteKind::Endnote, tag)?,
            b"commentReference" => self.comment(tag)?,
            b"altChunk" => {
                let id = tag.value(b"id").unwrap_or_default();
                let written = chunks::write(&id, self.document, &mut self.writer)?;
                self.document.tally.unsupported += u64::from(!written);
                Step::Skip
            }
            b"subDoc" => {
                self.document.tally.unsupported += 1;
                Step::Skip
            }
            _ => self.start_character(tag)?,
        })
    }

    /// Elements that stand for characters, and those to skip.
    fn start_character(&mut self, tag: Tag<'_>) -> Result<Step> {
        match tag.local() {
            b"br" | b"cr" => self.line_break(),
            b"tab" | b"ptab" => self.space(),
            b"noBreakHyphen" => self.put("\u{2011}")?,
            b"sym" => self.symbol(tag)?,
            b"checkBox" | b"checked" | b"default" | b"ddList" | b"result" | b"listEntry" => {
                self.form_field(tag)?;
            }
            b"sdtPr" | b"sdtEndPr" | b"customXmlPr" | b"smartTagPr" | b"tblPr" | b"tblPrEx" | b"sectPr"
            | b"rPr" | b"pPr" | b"bodyPr" | b"lstStyle" | b"spPr" | b"style" | b"ctrlPr" => {
                return Ok(Step::Skip);
            }
            _ => return self.start_graphic(tag),
        }
        Ok(Step::Into(Open::Other))
    }

    fn end(&mut self, open: Open) -> Result<()> {
        match open {
            Open::Other | Open::DisplayMath | Open::Text | Open::Instruction | Open::MathText => {}
            Open::Paragraph { boxed } => self.end_paragraph(boxed)?,
            Open::Run => {
                self.runs.pop();
            }
            Open::Hyperlink => {
                self.hyperlinks.pop();
                self.refresh_style();
            }
            Open::SimpleField => self.end_field()?,
            Open::Change(change) => self.end_change(change),
            Open::Table => {
                self.table_depth = self.table_depth.saturating_sub(1);
                self.writer.end_table();
            }
            Open::Row { change } => self.end_row(change),
            Open::Cell { change } => self.end_cell(change),
            Open::Box => self.writer.end_box(),
            Open::Alternatives => {
                self.alternatives.pop();
            }
            Open::Graphic => self.end_graphic()?,
            Open::InMath => {
                if let Some(math) = &mut self.math {
                    math.end();
                }
            }
            Open::Math { display } => {
                if let Some(math) = self.math.take() {
                    self.put_formula(&math.finish(), display)?;
                }
            }
            Open::Phonetic => {}
            Open::Ruby => {
                if let Some(reading) = self.phonetic.take().filter(|reading| !reading.trim().is_empty()) {
                    self.put(&format!("({reading})"))?;
                }
            }
        }
        Ok(())
    }

    /// The first branch that gives text is the content; the others say the same in other ways.
    fn start_branch(&mut self) -> Step {
        match self.alternatives.last() {
            Some(before) if self.text_bytes > before.text_before => Step::Skip,
            Some(before) => {
                // The pictures of a branch without text come again in the next one.
                let again = self.pictures - before.pictures_before;
                self.pictures -= again;
                self.document.tally.pictures = self.document.tally.pictures.saturating_sub(again);
                Step::Into(Open::Other)
            }
            None => Step::Into(Open::Other),
        }
    }

    /// Counts text that stays in memory until a text box or the paragraph ends.
    fn held(&self, bytes: usize) -> Result<()> {
        self.document.meter.resident(bytes as u64)
    }
}
