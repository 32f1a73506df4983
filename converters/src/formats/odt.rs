//! The `odt-to-markdown` converter: OpenDocument texts and templates, packaged or flat (ODF 1.3 part 3).
//!
//! Streams the content once; only what is looked up is held (styles, formulas and charts, notes until the body ends).
//! Headers come first and footers last, each distinct text once; notes follow the body as Markdown footnotes.
//! Layout, fonts and colours are not read.

use crate::{Converter, Input, Meter, Options, Result, Sink, odf};

/// The converter.
#[derive(Debug)]
pub struct OdtToMarkdown;

impl Converter for OdtToMarkdown {
    fn name(&self) -> &'static str {
        "odt-to-markdown"
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
        odf::stories::convert(input, options, meter, sink)
    }
}
