//! Paragraphs, headings, lists, sections, and what stands around them.

use std::borrow::Cow;

use crate::Result;
use crate::markdown::{Block, Marker};
use crate::xml::Tag;

use super::super::lists::{Beginning, Nest};
use super::super::styles::{Family, Resolved};
use super::super::{attribute, raw_attribute};
use super::inline::Run;
use super::side::Side;
use super::{Open, Step, Walker};

impl Walker<'_, '_> {
    /// Elements that stand around paragraphs.
    pub(super) fn start_block(&mut self, tag: Tag<'_>) -> Result<Option<Step>> {
        Ok(Some(match tag.local() {
            b"p" => self.start_paragraph(tag, None),
            b"h" => {
                let level = tag.number::<u8>(b"outline-level").unwrap_or(1).clamp(1, 10);
                self.start_paragraph(tag, Some(level))
            }
            b"list" | b"numbered-paragraph" | b"ordered-list" | b"unordered-list" => self.start_list(tag)?,
            b"list-item" => {
                let start = tag.number(b"start-value");
                self.nest().begin_item(start);
                Step::Into(Open::Item)
            }
            b"list-header" => {
                self.nest().end_item();
                Step::Into(Open::Item)
            }
            b"section" if self.is_hidden_section(tag) && self.document.hide() => Step::Skip,
            b"automatic-styles" => Step::Styles,
            // What a flat file and a stream hold beside text.
            b"font-face-decls" | b"font-decls" | b"styles" | b"master-styles" | b"settings" | b"meta"
                if self.flow.runs.is_empty() && self.outer.is_empty() =>
            {
                Step::Skip
            }
            b"sequence-decls"
            | b"variable-decls"
            | b"user-field-decls"
            | b"dde-connection-decls"
            | b"event-listeners"
            | b"animations"
            | b"par"
            | b"seq"
            | b"binary-data"
            | b"list-style"
            | b"alphabetical-index-auto-mark-file" => Step::Skip,
            name if name.ends_with(b"-source") && name.len() > 7 => Step::Skip,
            b"module" if self.flow.runs.is_empty() => {
                self.document.tally.macros += 1;
                Step::Skip
            }
            b"script" if !self.flow.runs.is_empty() => {
                self.document.tally.macros += 1;
                Step::Skip
            }
            b"forms" => Step::Forms,
            _ => return Ok(None),
        }))
    }

    fn is_hidden_section(&self, tag: Tag<'_>) -> bool {
        match raw_attribute(tag, b"text:display") {
            Some(b"none") => true,
            Some(b"condition") => Self::is_true(tag, b"text:is-hidden"),
            _ => false,
        }
    }

    fn start_paragraph(&mut self, tag: Tag<'_>, heading: Option<u8>) -> Step {
        if self.document.changes.take_join() && self.flow.writer.is_in_paragraph() {
            // Its words are still words of their own.
            self.flow.writer.space();
            self.push_paragraph_run(tag, heading.is_some());
            return Step::Into(Open::Paragraph { boxed: false });
        }
        if self.flow.side == Side::Title {
            // All paragraphs of a slide's title are one heading.
            if self.flow.writer.is_in_paragraph() {
                self.flow.writer.space();
            } else {
                self.flow.writer.begin_paragraph(Block::Heading(2));
            }
            self.push_paragraph_run(tag, true);
            return Step::Into(Open::Paragraph { boxed: false });
        }
        // A paragraph within a paragraph that no frame announces is a text box all the same.
        let boxed = self.flow.writer.is_in_paragraph();
        if boxed {
            self.flow.writer.begin_box();
            self.flow.nests.push(Nest::default());
        }
        let style_name = Self::name(tag, b"text:style-name");
        let style = self.push_paragraph_run(tag, heading.is_some());
        self.begin_block(tag, heading, &style, style_name.as_deref());
        Step::Into(Open::Paragraph { boxed })
    }

    fn begin_block(&mut self, tag: Tag<'_>, heading: Option<u8>, style: &Resolved, style_name: Option<&str>) {
        let marker = self.item_marker(style, style_name);
        let Some(level) = heading.or(style.heading) else {
            let block = match marker {
                Some((level, marker)) => Block::Item { level, marker },
                None => Block::Paragraph,
            };
            self.flow.writer.begin_paragraph(block);
            return;
        };
        let marker = match marker {
            Some((_, marker)) => Some(marker),
            None if heading.is_some() => self.heading_marker(tag, level),
            None => None,
        };
        if let Some(run) = self.flow.runs.last_mut() {
            run.make_heading();
        }
        self.flow.writer.begin_paragraph(Block::Heading(level));
        if let Some(marker) = marker {
            self.flow.writer.label(&marker);
        }
    }

    fn push_paragraph_run(&mut self, tag: Tag<'_>, is_heading: bool) -> Resolved {
        let name = attribute(tag, b"text:style-name").unwrap_or_default();
        let style = self.document.styles.resolve(Family::Paragraph, &name);
        let mut run = Run::of_paragraph(&style);
        if is_heading {
            run.make_heading();
        }
        self.flow.runs.push(run);
        style
    }

    /// Counts the paragraph if it is the first of a list's item.
    fn item_marker(&mut self, style: &Resolved, style_name: Option<&str>) -> Option<(u8, Marker)> {
        if !self.nest().is_in_list() {
            return None;
        }
        if style.numbered == Some(false) {
            self.nest().end_item();
            return None;
        }
        let fallback = style_name.and_then(|name| self.document.styles.list_of_paragraph(name));
        let mut nest = self.flow.nests.pop()?;
        let found = self.document.lists.next(&mut nest, fallback);
        self.flow.nests.push(nest);
        found
    }

    /// Counts a heading that stands in no list.
    fn heading_marker(&mut self, tag: Tag<'_>, level: u8) -> Option<Marker> {
        if self.nest().is_in_list() || Self::is_true(tag, b"text:is-list-header") {
            return None;
        }
        let outline = self.document.styles.outline()?;
        let start = tag.number(b"start-value");
        let start = start.or_else(|| Self::is_true(tag, b"text:restart-numbering").then_some(1));
        self.document.lists.heading(usize::from(level) - 1, start, &outline)
    }

    pub(super) fn end_paragraph(&mut self, boxed: bool) {
        self.flow.runs.pop();
        self.flow.hides_paragraph = false;
        if self.flow.side == Side::Title || (!boxed && self.document.changes.joins()) {
            return;
        }
        self.flow.writer.end_paragraph();
        if boxed {
            self.flow.nests.pop();
            self.flow.writer.end_box();
        }
    }

    fn start_list(&mut self, tag: Tag<'_>) -> Result<Step> {
        let own = |name| attribute(tag, name).map(Cow::into_owned);
        let style_name = own(b"text:style-name");
        let numbered = tag.local() == b"numbered-paragraph";
        let level = tag.number::<usize>(b"level").unwrap_or(1).saturating_sub(1);
        let beginning = Beginning {
            id: own(b"xml:id").or_else(|| own(b"text:list-id")),
            style: style_name.as_deref().and_then(|name| self.document.styles.list(name)),
            style_name,
            continues: own(b"text:continue-list").or_else(|| own(b"text:list-id").filter(|_| numbered)),
            goes_on: Self::is_true(tag, b"text:continue-numbering"),
            level: numbered.then_some(level),
        };
        let held = [&beginning.id, &beginning.style_name, &beginning.continues];
        self.held(held.into_iter().flatten().map(String::len).sum())?;
        let Some(mut nest) = self.flow.nests.pop() else {
            return Ok(Step::Into(Open::Other));
        };
        self.document.lists.begin(&mut nest, beginning);
        if numbered {
            nest.begin_item(tag.number(b"start-value"));
        }
        self.flow.nests.push(nest);
        Ok(Step::Into(Open::List))
    }

    pub(super) fn end_list(&mut self) -> Result<()> {
        let meter = self.document.meter;
        if let Some(nest) = self.flow.nests.last_mut() {
            self.document.lists.end(nest, meter)?;
        }
        Ok(())
    }
}
