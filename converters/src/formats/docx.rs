//! The `docx-to-markdown` converter.

use crate::{ConvertError, Converter, Input, Meter, Options, Result, Sink};

/// The converter.
#[derive(Debug)]
pub struct DocxToMarkdown;

impl Converter for DocxToMarkdown {
    fn name(&self) -> &'static str {
        "docx-to-markdown"
    }

    fn revision(&self) -> u32 {
        1
    }

    fn convert(
        &self,
        _input: &mut dyn Input,
        _options: &Options,
        _meter: &mut Meter,
        _sink: &mut dyn Sink,
    ) -> Result<()> {
        Err(ConvertError::Unsupported("this format".into()))
    }
}
