//! The `odp-to-markdown` converter: OpenDocument presentations and templates, packaged or flat (ODF 1.3 part 3).
//!
//! Slides come in their order, a line between them; a title is a heading, speaker notes are a quotation below their
//! slide. What the master page shows on every slide is not repeated; footers that slides share are written once,
//! at the end.

use crate::{Converter, Input, Meter, Options, Result, Sink, odf};

/// The converter.
#[derive(Debug)]
pub struct OdpToMarkdown;

impl Converter for OdpToMarkdown {
    fn name(&self) -> &'static str {
        "odp-to-markdown"
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
