//! The bytes behind a reader: a part of a package, or the flat file itself.

use crate::limits::Meter;
use crate::xml::Source;
use crate::zip::PartReader;
use crate::{ConvertError, Input, Result};

/// Where the XML of a document comes from.
pub struct OdfSource<'p>(Bytes<'p>);

enum Bytes<'p> {
    Part(Box<PartReader<'p>>),
    Flat { input: &'p mut dyn Input, meter: &'p Meter, read: u64 },
}

impl std::fmt::Debug for OdfSource<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("OdfSource").field(&self.name()).finish()
    }
}

impl<'p> OdfSource<'p> {
    pub(super) fn part(part: PartReader<'p>) -> Self {
        Self(Bytes::Part(Box::new(part)))
    }

    /// Reads `input` from where it stands.
    pub(super) fn flat(input: &'p mut dyn Input, meter: &'p Meter) -> Self {
        Self(Bytes::Flat { input, meter, read: 0 })
    }
}

impl Source for OdfSource<'_> {
    fn fill(&mut self, out: &mut [u8]) -> Result<usize> {
        let (input, meter, read) = match &mut self.0 {
            Bytes::Part(part) => return part.fill(out),
            Bytes::Flat { input, meter, read } => (input, meter, read),
        };
        loop {
            match input.read(out) {
                Ok(n) => {
                    *read += n as u64;
                    meter.inflated(n as u64, *read, *read)?;
                    return Ok(n);
                }
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(ConvertError::Io(e)),
            }
        }
    }

    fn name(&self) -> &str {
        match &self.0 {
            Bytes::Part(part) => part.name(),
            Bytes::Flat { .. } => "the XML",
        }
    }
}
