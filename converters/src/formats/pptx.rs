//! The `pptx-to-markdown` converter: PresentationML presentations, shows and templates (ECMA-376 part 1, section 19).
//!
//! Slides come in the order of the presentation, one part at a time: the title as a heading, then the shapes in
//! document order, notes and comments as quotations. Of layouts and masters only the list styles are read, to tell
//! list items from paragraphs; their texts are prompts and decoration. Position, size and colour are not read.

mod comments;
mod deck;
mod list_styles;
mod page;
mod placeholders;
mod properties;
mod tally;
mod walker;

use crate::{Converter, Input, Meter, Options, Result, Sink};

/// The converter.
#[derive(Debug)]
pub struct PptxToMarkdown;

impl Converter for PptxToMarkdown {
    fn name(&self) -> &'static str {
        "pptx-to-markdown"
    }

    fn revision(&self) -> u32 {
        1
    }

    fn convert(
        &self,
        input: &mut dyn Input,
        options: &Options,
        meter: &mut Meter,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        deck::convert(input, options, meter, sink)
    }
}
