//! The `text-to-utf8` converter.

use crate::{ConvertError, Converter, Input, Meter, Options, Result, Sink};

/// The converter.
#[derive(Debug)]
pub struct TextToUtf8;

impl Converter for TextToUtf8 {
    fn name(&self) -> &'static str {
        "text-to-utf8"
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
