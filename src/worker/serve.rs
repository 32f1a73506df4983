//! The worker's side: gives up what it does not need, then converts what comes over standard input.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::thread;

use docferry_converters::formats::{FORMATS, Format};
use docferry_converters::pdf::Splitter;
use docferry_converters::{ConvertError, Converter, Input, Meter, PartKind, Sink, Warning};

use super::launch::Launch;
use super::protocol::{
    CHUNK_BYTES, Confinement, End, Hello, Kind, PROTOCOL, Part, Request, Warn, broken, read_frame,
    write_facts, write_frame,
};
use super::sandbox::{Kept, confine_process, confine_threads};
use super::{MEMORY_BYTES, probe};

/// The stack of the thread that converts, as in the pool of a run.
const STACK_BYTES: usize = 8 << 20;
/// Documents up to this size are held in memory.
const HELD_BYTES: u64 = 8 << 20;

/// How a worker is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServeOptions {
    /// The memory that it may reserve.
    pub memory_bytes: u64,
    /// The largest document that it is sent.
    pub document_bytes: u64,
    /// The folder for the nameless file that holds a large document; in memory if `None`.
    pub scratch: Option<PathBuf>,
    /// Whether it only tries what it must not be able to do, and says how that went.
    pub probe: bool,
    /// Another program that it runs instead, confined.
    pub launch: Option<Launch>,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            memory_bytes: MEMORY_BYTES,
            document_bytes: 512 << 20,
            scratch: None,
            probe: false,
            launch: None,
        }
    }
}

/// An argument that a worker does not know. Nobody types them.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no argument of a worker")]
pub struct BadArgument(String);

impl ServeOptions {
    /// Reads the arguments that follow `worker`.
    ///
    /// # Errors
    /// [`BadArgument`].
    pub fn from_args(args: impl IntoIterator<Item = OsString>) -> Result<Self, BadArgument> {
        let mut options = Self::default();
        let mut args = args.into_iter();
        while let Some(name) = args.next() {
            let bad = || BadArgument(name.to_string_lossy().into_owned());
            if name == "--probe" {
                options.probe = true;
                continue;
            }
            if name == "--launch" {
                options.launch = Some(Launch::from_args(&mut args).ok_or_else(bad)?);
                break;
            }
            let value = args.next().ok_or_else(bad)?;
            let number = || value.to_str().and_then(|text| text.parse().ok()).ok_or_else(bad);
            match name.to_str() {
                Some("--memory") => options.memory_bytes = number()?,
                Some("--document") => options.document_bytes = number()?,
                Some("--scratch") => options.scratch = Some(value.into()),
                _ => return Err(bad()),
            }
        }
        Ok(options)
    }

    /// Returns the arguments that [`ServeOptions::from_args`] reads.
    #[must_use]
    pub fn to_args(&self) -> Vec<OsString> {
        let (memory, document) = (self.memory_bytes.to_string(), self.document_bytes.to_string());
        let mut args: Vec<OsString> = ["--memory", &memory, "--document", &document].map(Into::into).to_vec();
        if let Some(scratch) = &self.scratch {
            args.extend([OsStr::new("--scratch").to_owned(), scratch.into()]);
        }
        if self.probe {
            args.push("--probe".into());
        }
        args.extend(self.launch.iter().flat_map(Launch::to_args));
        args
    }
}

/// Finds the converter of a format in the table of formats; that of PDFs splits them. Converters of one name may differ
/// between formats.
#[must_use]
pub fn by_format(name: &str) -> Option<&'static dyn Converter> {
    let spec = FORMATS.iter().find(|format| format.name == name)?;
    spec.converter.or_else(|| (spec.format == Format::Pdf).then_some(&Splitter))
}

/// Serves as a worker until standard input ends, with the converters that `find` knows by the names of formats.
///
/// This process gives up files, network and most system calls for good.
///
/// # Errors
/// The pipes are broken or carry something else; with [`ServeOptions::probe`], something was possible that must not be.
pub fn serve(
    options: &ServeOptions,
    find: &(dyn Fn(&str) -> Option<&'static dyn Converter> + Sync),
) -> io::Result<()> {
    if let Some(launch) = &options.launch {
        return Err(launch.run());
    }
    // A panic costs one document and is told over the pipe; nobody reads this on standard error.
    std::panic::set_hook(Box::new(|_| {}));
    let input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let scratch = options.scratch.as_ref().map(tempfile::tempfile_in).transpose();
    let mut confinement = confine_process(options.memory_bytes, options.document_bytes);
    // Its stack is known, and an overflow of it says so.
    let converting = move || {
        let scratch = scratch.unwrap_or_default();
        let kept = Kept {
            input: input.as_raw_fd(),
            output: output.as_raw_fd(),
            scratch: scratch.as_ref().map(AsRawFd::as_raw_fd),
        };
        confine_threads(&mut confinement, kept);
        if options.probe {
            return probe::run(&confinement, &mut &output);
        }
        let mut worker = Worker { input: BufReader::with_capacity(CHUNK_BYTES, input), output, scratch };
        worker.run(confinement, find)
    };
    thread::scope(|scope| {
        let started = thread::Builder::new().name("convert".to_owned()).stack_size(STACK_BYTES);
        started
            .spawn_scoped(scope, converting)?
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("the worker failed; this is a defect")))
    })
}

struct Worker {
    input: BufReader<File>,
    output: File,
    scratch: Option<File>,
}

impl Worker {
    fn run(
        &mut self,
        confinement: Confinement,
        find: &dyn Fn(&str) -> Option<&'static dyn Converter>,
    ) -> io::Result<()> {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        write_facts(&mut self.output, Kind::Hello, &Hello { protocol: PROTOCOL, version, confinement })?;
        while let Some(frame) = read_frame(&mut self.input)? {
            let request: Request = frame.facts(Kind::Request)?;
            let wanted = (request.converter.as_str(), request.revision);
            let converter = find(&request.format).filter(|c| (c.name(), c.revision()) == wanted);
            let unknown =
                || broken(format!("no converter {} of revision {}", request.converter, request.revision));
            self.convert(&request, converter.ok_or_else(unknown)?)?;
        }
        Ok(())
    }

    fn convert(&mut self, request: &Request, converter: &'static dyn Converter) -> io::Result<()> {
        let (options, limits) = request.settings()?;
        let received = Document::receive(&mut self.input, self.scratch.as_mut(), request.size_bytes)?;
        let mut sink = WireSink::new(&self.output);
        let mut document = match received {
            Ok(document) => document,
            Err(full) => return sink.end(&End::Sink(format!("the file for large documents: {full}"))),
        };
        let mut meter = Meter::new(limits, request.size_bytes);
        let ran = catch_unwind(AssertUnwindSafe(|| {
            converter.convert(document.as_input(), &options, &mut meter, &mut sink)
        }));
        let end = match ran {
            Err(_) => End::Panicked,
            // The parent is gone, or has given up on this document.
            Ok(Err(ConvertError::Sink(e))) => return Err(e),
            Ok(Err(error)) => End::from(&error),
            Ok(Ok(())) => End::Done,
        };
        sink.end(&end)
    }
}

/// The bytes of one document.
enum Document<'a> {
    Held(io::Cursor<Vec<u8>>),
    Stored(Stored<'a>),
}

/// A document in the scratch file.
struct Stored<'a> {
    file: &'a mut File,
    size_bytes: u64,
}

impl<'a> Document<'a> {
    /// Takes a document; the inner error says that there is no room for it here.
    fn receive(
        input: &mut dyn Read,
        scratch: Option<&'a mut File>,
        size_bytes: u64,
    ) -> io::Result<io::Result<Self>> {
        match scratch.filter(|_| size_bytes > HELD_BYTES) {
            None => {
                let mut held = Vec::new();
                let kept = receive(input, size_bytes, &mut held)?;
                Ok(kept.map(|()| Self::Held(io::Cursor::new(held))))
            }
            Some(file) => {
                file.set_len(0)?;
                file.rewind()?;
                let kept = receive(input, size_bytes, file)?;
                file.rewind()?;
                Ok(kept.map(|()| Self::Stored(Stored { file, size_bytes })))
            }
        }
    }

    fn as_input(&mut self) -> &mut dyn Input {
        match self {
            Self::Held(cursor) => cursor,
            Self::Stored(stored) => stored,
        }
    }
}

/// Reads all of a document, even where `out` takes no more, which the inner error says: what follows is the next request.
fn receive(input: &mut dyn Read, size_bytes: u64, out: &mut dyn Write) -> io::Result<io::Result<()>> {
    let (mut left, mut kept) = (size_bytes, Ok(()));
    while left > 0 {
        let frame = read_frame(input)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let length = frame.body.len() as u64;
        if frame.kind != Kind::Bytes || length > left {
            return Err(broken("something else than the rest of a document"));
        }
        kept = kept.and_then(|()| out.write_all(&frame.body));
        left -= length;
    }
    Ok(kept)
}

impl Read for Stored<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.file.read(out)
    }
}

impl Seek for Stored<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl Input for Stored<'_> {
    fn size_bytes(&self) -> u64 {
        self.size_bytes
    }
}

/// Sends outputs in chunks and keeps warnings until the end, where equal ones are one.
struct WireSink<'a> {
    output: BufWriter<&'a File>,
    chunk: Vec<u8>,
    warnings: Vec<Warning>,
}

impl<'a> WireSink<'a> {
    fn new(output: &'a File) -> Self {
        let output = BufWriter::with_capacity(CHUNK_BYTES, output);
        Self { output, chunk: Vec::with_capacity(CHUNK_BYTES), warnings: Vec::new() }
    }

    fn send_chunk(&mut self) -> io::Result<()> {
        if !self.chunk.is_empty() {
            write_frame(&mut self.output, Kind::Bytes, &self.chunk)?;
            self.chunk.clear();
        }
        Ok(())
    }

    fn end(mut self, end: &End) -> io::Result<()> {
        self.send_chunk()?;
        for warning in &self.warnings {
            write_facts(&mut self.output, Kind::Warn, &Warn::from(warning))?;
        }
        write_facts(&mut self.output, Kind::End, end)?;
        self.output.flush()
    }
}

impl Sink for WireSink<'_> {
    fn begin_part(&mut self, label: Option<&str>, kind: PartKind) -> io::Result<()> {
        self.send_chunk()?;
        write_facts(&mut self.output, Kind::Part, &Part::new(label, kind))
    }

    fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let room = CHUNK_BYTES.saturating_sub(self.chunk.len()).min(bytes.len());
            let (now, later) = bytes.split_at(room);
            self.chunk.extend_from_slice(now);
            bytes = later;
            if self.chunk.len() >= CHUNK_BYTES {
                self.send_chunk()?;
            }
        }
        Ok(())
    }

    fn warn(&mut self, warning: Warning) {
        match self.warnings.iter_mut().find(|known| known.code == warning.code) {
            Some(known) => known.count = known.count.saturating_add(warning.count),
            None => self.warnings.push(warning),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_without_room_is_read_to_its_end() {
        let mut sent = Vec::new();
        for body in [b"abc", b"def", b"ghi"] {
            write_frame(&mut sent, Kind::Bytes, body).unwrap();
        }
        let (mut sent, mut room) = (sent.as_slice(), [0; 4]);
        let kept = receive(&mut sent, 9, &mut room.as_mut_slice()).unwrap();
        assert!(kept.is_err() && sent.is_empty());
    }

    #[test]
    fn arguments_come_back_as_they_went() {
        let options = ServeOptions {
            memory_bytes: 1,
            document_bytes: 2,
            scratch: Some(PathBuf::from("/var/tmp")),
            probe: true,
            launch: Some(Launch {
                folder: "/var/tmp/x".into(),
                cpu_seconds: 3,
                file_bytes: 4,
                program: "/usr/bin/soffice".into(),
                args: vec!["--headless".into(), "--probe".into()],
            }),
        };
        assert_eq!(ServeOptions::from_args(options.to_args()).unwrap(), options);
        assert!(ServeOptions::from_args(["--launch".into(), "/x".into()]).is_err());
        assert!(ServeOptions::from_args(["--memory".into()]).is_err());
        assert!(ServeOptions::from_args(["--colour".into(), "red".into()]).is_err());
    }
}
