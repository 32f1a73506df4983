//! Reads an input once: its digest, what it is, and bytes that cannot change any more.
//!
//! Up to 8 MiB stay in memory, so that what was hashed is exactly what is sent; larger files are hashed here
//! and again while they are sent. Nothing is parsed beyond what detection needs.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use bytes::Bytes;
use docferry_converters::charset::Hints;
use docferry_converters::detect::{Detection, detect_with};
use docferry_converters::formats::Format;
use docferry_converters::{ConvertError, Input, Limits, Meter};

use crate::model::digest::Hasher;
use crate::model::source::{OpenError, OpenedFile};
use crate::model::spill::SpillReader;
use crate::model::{Body, Candidate, Code, Failure, Outcome, PdfFacts, Sha256, Source, Spill, Violation};
use crate::policy::LiveKeys;

/// Inputs up to this size are held in memory.
pub const MEMORY_BYTES: u64 = 8 << 20;
const CHUNK: usize = 64 << 10;

/// What bounds the reading of an input.
#[derive(Debug, Clone)]
pub struct ClassifyOptions {
    /// The largest size that anything could become of; larger files are refused unread.
    pub max_bytes: u64,
    /// The credentials that must not be in anything that is sent.
    pub live_keys: LiveKeys,
    /// The limits of detection.
    pub limits: Limits,
    /// What the user says about the charset of text.
    pub charsets: Hints,
}

/// An input that was read once.
#[derive(Debug)]
pub struct Classified {
    /// The input.
    pub candidate: Candidate,
    /// Its bytes.
    pub content: Content,
    /// Their number.
    pub size_bytes: u64,
    /// Their digest.
    pub digest: Sha256,
    /// What they are.
    pub detection: Detection,
    /// Whether a live credential is among them.
    pub holds_live_key: bool,
    /// What is known of a PDF, once it was surveyed.
    pub pdf: Option<PdfFacts>,
}

/// The bytes of an input.
#[derive(Debug)]
pub enum Content {
    /// In memory.
    Memory(Bytes),
    /// In the file they came from.
    File(OpenedFile, File),
    /// In a temporary copy of standard input.
    Spooled(Spill),
}

impl Content {
    /// Returns a reader for converters.
    ///
    /// # Errors
    /// A temporary copy cannot be opened.
    pub fn input(&self) -> io::Result<Box<dyn Input>> {
        Ok(match self {
            Self::Memory(bytes) => Box::new(io::Cursor::new(bytes.clone())),
            Self::File(opened, _) => Box::new(FileInput::new(opened.reopen()?)?),
            Self::Spooled(spill) => Box::new(spill.reader()),
        })
    }

    /// Returns the bytes as the body of an upload.
    #[must_use]
    pub fn into_body(self) -> Body {
        match self {
            Self::Memory(bytes) => Body::Bytes(bytes),
            Self::File(opened, _) => Body::File(opened),
            Self::Spooled(spill) => Body::Spilled(spill),
        }
    }
}

/// A file as an input of a converter.
#[derive(Debug)]
struct FileInput {
    file: File,
    size_bytes: u64,
}

impl FileInput {
    fn new(file: File) -> io::Result<Self> {
        let size_bytes = file.metadata()?.len();
        Ok(Self { file, size_bytes })
    }
}

impl Read for FileInput {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.file.read(out)
    }
}

impl Seek for FileInput {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl Input for FileInput {
    fn size_bytes(&self) -> u64 {
        self.size_bytes
    }
}

impl Input for SpillReader {
    fn size_bytes(&self) -> u64 {
        self.size_bytes()
    }
}

/// Reads and classifies an input.
///
/// # Errors
/// The outcome that ends it here.
pub fn classify(candidate: Candidate, options: &ClassifyOptions) -> Result<Classified, Box<Outcome>> {
    let Reading { content, size_bytes, digest, holds_live_key } = read(&candidate, options)?;
    let name = candidate.source.file_name().to_string_lossy().into_owned();
    let detection = detection(&content, &name, size_bytes, options)?;
    Ok(Classified { candidate, content, size_bytes, digest, detection, holds_live_key, pdf: None })
}

/// Bytes with what one pass over them told.
struct Reading {
    content: Content,
    size_bytes: u64,
    digest: Sha256,
    holds_live_key: bool,
}

fn read(candidate: &Candidate, options: &ClassifyOptions) -> Result<Reading, Box<Outcome>> {
    let Source::Path(path) = &candidate.source else {
        return spool(&mut io::stdin().lock(), options);
    };
    check_size(candidate.size_bytes, options)?;
    let (opened, file) = OpenedFile::open(path, candidate.follow).map_err(open_outcome)?;
    check_size(opened.size_bytes(), options)?;
    if opened.size_bytes() > MEMORY_BYTES {
        return hash_file(opened, file, options);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(opened.size_bytes()).unwrap_or(0));
    // One byte more than expected shows that it grew.
    (&file).take(opened.size_bytes() + 1).read_to_end(&mut bytes).map_err(|e| read_outcome(&e))?;
    if bytes.len() as u64 != opened.size_bytes() {
        return Err(failed(Code::Changed, OpenError::Changed.to_string()));
    }
    let holds_live_key = options.live_keys.found_in(&bytes);
    let digest = Sha256::of(&bytes);
    Ok(Reading {
        size_bytes: bytes.len() as u64,
        content: Content::Memory(bytes.into()),
        digest,
        holds_live_key,
    })
}

fn hash_file(opened: OpenedFile, mut file: File, options: &ClassifyOptions) -> Result<Reading, Box<Outcome>> {
    let mut pass = Pass::new(options);
    let mut chunk = vec![0; CHUNK];
    loop {
        let n = file.read(&mut chunk).map_err(|e| read_outcome(&e))?;
        if n == 0 {
            break;
        }
        pass.take(&chunk[..n]);
        if pass.size_bytes > opened.size_bytes() {
            break;
        }
    }
    // The same file with the same size and time: what was hashed is what is there.
    if pass.size_bytes != opened.size_bytes() || opened.reopen().is_err() {
        return Err(failed(Code::Changed, OpenError::Changed.to_string()));
    }
    Ok(pass.finish(Content::File(opened, file)))
}

/// Copies standard input into memory, and from there into a temporary file when it is large.
fn spool(input: &mut dyn Read, options: &ClassifyOptions) -> Result<Reading, Box<Outcome>> {
    let mut pass = Pass::new(options);
    let mut memory = Vec::new();
    let mut file = None;
    let mut chunk = vec![0; CHUNK];
    loop {
        let n = input.read(&mut chunk).map_err(|e| read_outcome(&e))?;
        if n == 0 {
            break;
        }
        pass.take(&chunk[..n]);
        check_size(pass.size_bytes, options)?;
        memory.extend_from_slice(&chunk[..n]);
        if pass.size_bytes > MEMORY_BYTES {
            let spill = match &mut file {
                Some(file) => file,
                None => file.insert(tempfile::tempfile().map_err(|e| write_outcome(&e))?),
            };
            spill.write_all(&memory).map_err(|e| write_outcome(&e))?;
            memory.clear();
        }
    }
    let content = match file {
        Some(mut file) => {
            file.write_all(&memory).and_then(|()| file.flush()).map_err(|e| write_outcome(&e))?;
            Content::Spooled(Spill::new(Arc::new(file), 0, pass.size_bytes))
        }
        None => Content::Memory(memory.into()),
    };
    Ok(pass.finish(content))
}

/// What one pass over bytes tells.
struct Pass {
    hasher: Hasher,
    size_bytes: u64,
    keys: crate::policy::KeyScan,
}

impl Pass {
    fn new(options: &ClassifyOptions) -> Self {
        Self { hasher: Hasher::default(), size_bytes: 0, keys: options.live_keys.scan() }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.keys.feed(bytes);
        self.size_bytes += bytes.len() as u64;
    }

    fn finish(self, content: Content) -> Reading {
        let Self { hasher, size_bytes, keys } = self;
        Reading { content, size_bytes, digest: hasher.finish(), holds_live_key: keys.found() }
    }
}

fn detection(
    content: &Content,
    name: &str,
    size: u64,
    options: &ClassifyOptions,
) -> Result<Detection, Box<Outcome>> {
    let meter = Meter::new(options.limits.clone(), size);
    let mut input = content.input().map_err(|e| read_outcome(&e))?;
    // Detection reads untrusted bytes: a defect there must cost this file only.
    let detected = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        detect_with(input.as_mut(), Some(name), options.charsets, &meter)
    }));
    let detection = match detected {
        Ok(Ok(detection)) => detection,
        Ok(Err(ConvertError::Io(e))) => return Err(read_outcome(&e)),
        Ok(Err(e)) => return Err(failed(Code::ReadError, e.to_string())),
        Err(_) => {
            return Err(failed(Code::ConverterCrashed, "detection failed"));
        }
    };
    if size == 0 || detection.format == Format::Empty {
        let violation = Violation::new(Code::EmptyFile, "the file holds no bytes");
        return Err(Box::new(Outcome::Rejected(vec![violation])));
    }
    Ok(detection)
}

fn check_size(size_bytes: u64, options: &ClassifyOptions) -> Result<(), Box<Outcome>> {
    if size_bytes <= options.max_bytes {
        return Ok(());
    }
    let message = format!("{size_bytes} bytes, nothing over {} bytes can be taken", options.max_bytes);
    Err(rejected(Code::FileTooLarge, message))
}

fn open_outcome(error: OpenError) -> Box<Outcome> {
    match error {
        OpenError::Io(error) => read_outcome(&error),
        OpenError::NotRegular => {
            Box::new(Outcome::Skipped { code: Code::SpecialFile, message: OpenError::NotRegular.to_string() })
        }
        // Discovery saw a regular file under this name.
        OpenError::Symlink | OpenError::Changed => failed(Code::Changed, OpenError::Changed.to_string()),
    }
}

fn read_outcome(error: &io::Error) -> Box<Outcome> {
    let code = match error.kind() {
        io::ErrorKind::NotFound => Code::NotFound,
        io::ErrorKind::PermissionDenied => Code::Unreadable,
        _ if error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<OpenError>) => {
            Code::Changed
        }
        _ => Code::ReadError,
    };
    failed(code, error.to_string())
}

fn write_outcome(error: &io::Error) -> Box<Outcome> {
    failed(Code::WriteError, error.to_string())
}

fn failed(code: Code, message: impl Into<String>) -> Box<Outcome> {
    Box::new(Outcome::Failed(Failure::new(code, message)))
}

fn rejected(code: Code, message: impl Into<String>) -> Box<Outcome> {
    Box::new(Outcome::Rejected(vec![Violation::new(code, message)]))
}
