//! Texts that are written once however often the document says them, in the order of their first time.

use std::collections::HashSet;

use crate::Result;
use crate::limits::Meter;

/// What a text weighs in memory beside its letters, which are held twice.
const TEXT_BYTES: u64 = 80;

/// Distinct texts.
#[derive(Debug, Default)]
pub(crate) struct Distinct {
    texts: Vec<String>,
    seen: HashSet<String>,
}

impl Distinct {
    /// Adds a text that was not added before; it counts as held in memory.
    pub(crate) fn add(&mut self, text: String, meter: &Meter) -> Result<()> {
        if self.seen.contains(&text) {
            return Ok(());
        }
        meter.resident(TEXT_BYTES + text.len() as u64 * 2)?;
        self.seen.insert(text.clone());
        self.texts.push(text);
        Ok(())
    }

    /// Returns the texts.
    pub(crate) fn into_texts(self) -> Vec<String> {
        self.texts
    }
}
