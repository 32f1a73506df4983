//! The `xlsx-to-csv` converter.

use crate::{ConvertError, Converter, Input, Meter, Options, Result, Sink};

/// The converter.
#[derive(Debug)]
pub struct XlsxToCsv;

impl Converter for XlsxToCsv {
    fn name(&self) -> &'static str {
        "xlsx-to-csv"
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
