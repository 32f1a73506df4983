//! The `docx-to-markdown` converter: WordprocessingML documents and templates (ECMA-376 part 1, section 17).
//!
//! Streams the main part once; only what is looked up is held (styles, numbering, comments, the text of charts).
//! Headers come first and footers last, each distinct text once; notes follow the body as Markdown footnotes.
//! Layout, fonts and colours are not read. Parts are found by relationship and elements by local name, so strict
//! documents and unusual part names make no difference.

mod chunks;
mod comments;
mod document;
mod field;
mod notes;
mod numbering;
mod properties;
mod stories;
mod styles;
mod tally;
mod walker;

use crate::{Converter, Input, Meter, Options, Result, Sink};

/// The converter.
#[derive(Debug)]
pub struct DocxToMarkdown;

impl Converter for DocxToMarkdown {
    fn name(&self) -> &'static str {
        "docx-to-markdown"
    }

    fn revision(&self) -> u32 {
        2
    }

    fn convert(
        &self,
        input: &mut dyn Input,
        options: &Options,
        meter: &mut Meter,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        stories::convert(input, options, meter, sink)
    }
}
