//! The sink of conversions: a budget in memory for all parts of an input, then temporary files.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use docferry_converters::{PartKind, Sink, Warning};

use super::{ConvertOptions, Prepared};
use crate::model::Body;
use crate::model::digest::Hasher;
use crate::policy::{KeyScan, LiveKeys};

/// What all parts of one input may hold in memory together.
const MEMORY_BYTES: usize = 8 << 20;

pub(super) struct SpillSink {
    live_keys: LiveKeys,
    spill_dir: Option<PathBuf>,
    in_memory: usize,
    open: Option<OpenPart>,
    parts: Vec<Prepared>,
    warnings: Vec<Warning>,
}

struct OpenPart {
    label: Option<String>,
    kind: PartKind,
    memory: Vec<u8>,
    file: Option<io::BufWriter<tempfile::NamedTempFile>>,
    size_bytes: u64,
    hasher: Hasher,
    keys: KeyScan,
}

impl SpillSink {
    pub(super) fn new(options: &ConvertOptions) -> Self {
        Self {
            live_keys: options.live_keys.clone(),
            spill_dir: options.spill_dir.clone(),
            in_memory: 0,
            open: None,
            parts: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Returns the parts that hold bytes, and the warnings.
    pub(super) fn finish(mut self) -> io::Result<(Vec<Prepared>, Vec<Warning>)> {
        self.close_part()?;
        Ok((self.parts, self.warnings))
    }

    fn close_part(&mut self) -> io::Result<()> {
        let Some(part) = self.open.take().filter(|part| part.size_bytes > 0) else {
            return Ok(());
        };
        let body = match part.file {
            Some(file) => Body::Spilled(Arc::new(file.into_inner().map_err(io::IntoInnerError::into_error)?)),
            None => Body::Bytes(part.memory.into()),
        };
        self.parts.push(Prepared {
            label: part.label,
            kind: part.kind,
            body,
            size_bytes: part.size_bytes,
            digest: part.hasher.finish(),
            holds_live_key: part.keys.found(),
        });
        Ok(())
    }
}

impl OpenPart {
    fn spill(&mut self, dir: Option<&PathBuf>) -> io::Result<()> {
        let file = match dir {
            Some(dir) => tempfile::NamedTempFile::new_in(dir)?,
            None => tempfile::NamedTempFile::new()?,
        };
        let mut file = io::BufWriter::with_capacity(256 << 10, file);
        file.write_all(&std::mem::take(&mut self.memory))?;
        self.file = Some(file);
        Ok(())
    }
}

impl Sink for SpillSink {
    fn begin_part(&mut self, label: Option<&str>, kind: PartKind) -> io::Result<()> {
        self.close_part()?;
        self.open = Some(OpenPart {
            label: label.map(str::to_owned),
            kind,
            memory: Vec::new(),
            file: None,
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
        if part.file.is_none() && self.in_memory + bytes.len() > MEMORY_BYTES {
            self.in_memory -= part.memory.len();
            part.spill(self.spill_dir.as_ref())?;
        }
        match &mut part.file {
            Some(file) => file.write_all(bytes),
            None => {
                part.memory.extend_from_slice(bytes);
                self.in_memory += bytes.len();
                Ok(())
            }
        }
    }

    fn warn(&mut self, warning: Warning) {
        match self.warnings.iter_mut().find(|known| known.code == warning.code) {
            Some(known) => known.count += warning.count,
            None => self.warnings.push(warning),
        }
    }
}
