//! The sink of conversions: a budget in memory for all parts of an input, then one temporary file for the rest.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use docferry_converters::{LimitExceeded, PartKind, Sink, Warning};

use super::{ConvertOptions, Prepared};
use crate::model::digest::Hasher;
use crate::model::{Body, Spill};
use crate::policy::{KeyScan, LiveKeys};

/// What all parts of one input may hold in memory together.
const MEMORY_BYTES: usize = 8 << 20;
/// The parts of one input. Each has entries of its own, however few bytes it holds.
const MAX_PARTS: u64 = 10_000;
/// The length of a label or message. Both come from documents and stand in the entry of each part.
const MAX_TEXT_BYTES: usize = 4 << 10;

pub(super) struct SpillSink {
    live_keys: LiveKeys,
    spill_dir: Option<PathBuf>,
    in_memory: usize,
    file: Option<SpillFile>,
    open: Option<OpenPart>,
    parts: Vec<Prepared>,
    warnings: Vec<Warning>,
}

struct OpenPart {
    label: Option<String>,
    kind: PartKind,
    memory: Vec<u8>,
    /// Where its bytes begin in the file, if they are there.
    start: Option<u64>,
    size_bytes: u64,
    hasher: Hasher,
    keys: KeyScan,
}

/// The file of all parts that are not in memory.
struct SpillFile {
    file: Arc<File>,
    writer: io::BufWriter<Arc<File>>,
    size_bytes: u64,
}

impl SpillFile {
    fn new(dir: Option<&PathBuf>) -> io::Result<Self> {
        let file = Arc::new(dir.map_or_else(tempfile::tempfile, tempfile::tempfile_in)?);
        let writer = io::BufWriter::with_capacity(256 << 10, Arc::clone(&file));
        Ok(Self { file, writer, size_bytes: 0 })
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.size_bytes += bytes.len() as u64;
        self.writer.write_all(bytes)
    }
}

impl SpillSink {
    pub(super) fn new(options: &ConvertOptions) -> Self {
        Self {
            live_keys: options.live_keys.clone(),
            spill_dir: options.spill_dir.clone(),
            in_memory: 0,
            file: None,
            open: None,
            parts: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Returns the parts that hold bytes, and the warnings.
    pub(super) fn finish(mut self) -> io::Result<(Vec<Prepared>, Vec<Warning>)> {
        self.close_part();
        if let Some(file) = &mut self.file {
            file.writer.flush()?;
        }
        Ok((self.parts, self.warnings))
    }

    fn close_part(&mut self) {
        let Some(part) = self.open.take().filter(|part| part.size_bytes > 0) else {
            return;
        };
        let body = match (part.start, &self.file) {
            (Some(start), Some(spill)) => {
                Body::Spilled(Spill::new(Arc::clone(&spill.file), start, part.size_bytes))
            }
            _ => Body::Bytes(part.memory.into()),
        };
        self.parts.push(Prepared {
            label: part.label,
            kind: part.kind,
            body,
            size_bytes: part.size_bytes,
            digest: part.hasher.finish(),
            holds_live_key: part.keys.found(),
            pdf: None,
        });
    }
}

impl Sink for SpillSink {
    fn begin_part(&mut self, label: Option<&str>, kind: PartKind) -> io::Result<()> {
        self.close_part();
        if self.parts.len() as u64 >= MAX_PARTS {
            let (seen, allowed) = (MAX_PARTS + 1, MAX_PARTS);
            let (what, flag) = ("the number of parts of an input".into(), "--max-csv-size".into());
            return Err(io::Error::other(LimitExceeded { what, seen, allowed, flag }));
        }
        self.open = Some(OpenPart {
            label: label.map(|label| shortened(label.to_owned())),
            kind,
            memory: Vec::new(),
            start: None,
            size_bytes: 0,
            hasher: Hasher::default(),
            keys: match kind {
                PartKind::Markdown => self.live_keys.scan_markdown(),
                PartKind::PlainText | PartKind::Text | PartKind::Csv | PartKind::Pdf => self.live_keys.scan(),
            },
        });
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(part) = self.open.as_mut() else {
            return Err(io::Error::other("a converter wrote before it began a part"));
        };
        part.hasher.update(bytes);
        part.keys.feed(bytes);
        part.size_bytes += bytes.len() as u64;
        if part.start.is_none() && self.in_memory + bytes.len() <= MEMORY_BYTES {
            part.memory.extend_from_slice(bytes);
            self.in_memory += bytes.len();
            return Ok(());
        }
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(SpillFile::new(self.spill_dir.as_ref())?),
        };
        if part.start.is_none() {
            part.start = Some(file.size_bytes);
            self.in_memory -= part.memory.len();
            file.write(&std::mem::take(&mut part.memory))?;
        }
        file.write(bytes)
    }

    fn warn(&mut self, mut warning: Warning) {
        match self.warnings.iter_mut().find(|known| known.code == warning.code) {
            Some(known) => known.count = known.count.saturating_add(warning.count),
            None => {
                warning.message = shortened(warning.message);
                self.warnings.push(warning);
            }
        }
    }
}

/// Cuts what is too long for the entry of each part.
fn shortened(mut text: String) -> String {
    if text.len() > MAX_TEXT_BYTES {
        let end = (0..=MAX_TEXT_BYTES).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(shortened("short".to_owned()), "short");
        let cut = shortened(format!("x{}", "ä".repeat(MAX_TEXT_BYTES)));
        assert_eq!(cut.len(), MAX_TEXT_BYTES - 1 + '…'.len_utf8());
        assert!(cut.ends_with("ä…"));
    }
}
