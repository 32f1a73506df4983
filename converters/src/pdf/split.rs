//! A PDF to PDFs of fewer pages.
//!
//! The library that reads it holds the whole document, so it comes behind [`survey`], which refuses what is encrypted,
//! damaged beyond reading or made to explode, and what both count must agree. Equal documents give equal bytes: the
//! pieces hold no time and no random id.

mod pages;
mod part;

use std::collections::HashSet;
use std::io::Write;

use lopdf::{Document, LoadOptions, ObjectId};

use self::pages::Tree;
use self::part::Part;
use super::store::corrupt;
use super::survey;
use crate::limits::check;
use crate::{ConvertError, Converter, Input, Meter, Options, PartKind, Result, Sink, Warning, WarningCode};

/// The pieces of one document; each is a file to send.
const MAX_PARTS: u64 = 10_000;
/// What the library inflates of one stream of the structure; streams of pages stay as they are.
const MAX_INFLATED_BYTES: usize = 64 << 20;
const CHUNK_BYTES: usize = 64 << 10;

/// Splits between pages, by [`Options::split_pdf`].
#[derive(Debug, Clone, Copy)]
pub struct Splitter;

impl Converter for Splitter {
    fn name(&self) -> &'static str {
        "pdf-split"
    }

    fn revision(&self) -> u32 {
        1
    }

    fn needs_isolation(&self) -> bool {
        true
    }

    fn convert(
        &self,
        input: &mut dyn Input,
        options: &Options,
        meter: &mut Meter,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let Some(most) = options.split_pdf else {
            return Err(ConvertError::Unsupported("a split into pieces of no size".to_owned()));
        };
        let surveyed = survey(input, meter)?;
        let parts = surveyed.pages.div_ceil(most.get() as u64);
        check("the number of pieces of a PDF", parts, MAX_PARTS, "--split-pdf")?;
        let document = load(input, meter)?;
        let tree = Tree::of(&document, meter)?;
        if tree.pages.len() as u64 != surveyed.pages {
            return Err(corrupt("its pages are counted in two ways"));
        }
        let all: HashSet<ObjectId> = tree.pages.iter().filter_map(|page| page.id).collect();
        let digits = tree.pages.len().to_string().len();
        let (mut first, mut cut) = (1, 0);
        for chunk in tree.pages.chunks(most.get()) {
            let last = first + chunk.len() - 1;
            let label = format!("p{first:0digits$}-{last:0digits$}");
            sink.begin_part(Some(&label), PartKind::Pdf).map_err(ConvertError::Sink)?;
            let (mut made, unlinked) = Part::make(&document, &tree, &all, chunk, meter)?;
            write(&mut made, meter, sink)?;
            (first, cut) = (last + 1, cut + unlinked);
        }
        let message = format!("{} pages in {parts} pieces of at most {most} pages", surveyed.pages);
        sink.warn(Warning::new(WarningCode::PdfSplit, parts, message));
        warn_of_losses(&document, cut, sink);
        Ok(())
    }
}

fn load(input: &mut dyn Input, meter: &Meter) -> Result<Document> {
    input.seek(std::io::SeekFrom::Start(0)).map_err(ConvertError::Io)?;
    let mut bytes = Vec::new();
    loop {
        meter.check_cancelled()?;
        let mut some = std::io::Read::take(&mut *input, 16 * CHUNK_BYTES as u64);
        if std::io::Read::read_to_end(&mut some, &mut bytes).map_err(ConvertError::Io)? == 0 {
            break;
        }
    }
    let options = LoadOptions { max_decompressed_size: Some(MAX_INFLATED_BYTES), ..LoadOptions::default() };
    let document = Document::load_mem_with_options(&bytes, options);
    let document = document.map_err(|error| corrupt(format!("it cannot be split: {error}")))?;
    if document.is_encrypted() || document.was_encrypted() {
        return Err(ConvertError::Encrypted);
    }
    Ok(document)
}

/// Hands a document to the sink, and keeps the error that writing it may end with.
struct Pipe<'a> {
    meter: &'a Meter,
    sink: &'a mut dyn Sink,
    held: Vec<u8>,
    failed: Option<ConvertError>,
}

impl Write for Pipe<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.held.extend_from_slice(bytes);
        if self.held.len() >= CHUNK_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let written = self.held.chunks(CHUNK_BYTES).try_for_each(|chunk| self.meter.write(self.sink, chunk));
        self.held.clear();
        written.map_err(|error| {
            self.failed = Some(error);
            std::io::Error::other("the sink takes no more")
        })
    }
}

fn write(document: &mut Document, meter: &Meter, sink: &mut dyn Sink) -> Result<()> {
    let mut pipe = Pipe { meter, sink, held: Vec::new(), failed: None };
    let written = document.save_to(&mut pipe).and_then(|()| pipe.flush());
    match (written, pipe.failed) {
        (Ok(()), _) => Ok(()),
        (Err(_), Some(error)) => Err(error),
        (Err(error), None) => Err(ConvertError::Sink(error)),
    }
}

/// What a whole document has and its pieces do not.
const LEFT_OUT: [(&str, &str); 12] = [
    ("Outlines", "outlines"),
    ("AcroForm", "form fields"),
    ("Names", "names and attachments"),
    ("Dests", "named destinations"),
    ("AF", "associated files"),
    ("Collection", "the portfolio"),
    ("PageLabels", "page labels"),
    ("StructTreeRoot", "tags"),
    ("Threads", "article threads"),
    ("Metadata", "XMP metadata"),
    ("OpenAction", "the opening action"),
    ("AA", "actions"),
];

fn warn_of_losses(document: &Document, cut: u64, sink: &mut dyn Sink) {
    let catalog = document.catalog().ok();
    let has = |key: &str| catalog.is_some_and(|catalog| catalog.has(key.as_bytes()));
    let mut lost: Vec<String> =
        LEFT_OUT.iter().filter(|(key, _)| has(key)).map(|(_, what)| (*what).to_owned()).collect();
    if cut > 0 {
        lost.push(format!("{cut} references to pages of other pieces"));
    }
    if !lost.is_empty() {
        let message = format!("left out of the pieces: {}", lost.join(", "));
        sink.warn(Warning::new(WarningCode::SplitDropped, lost.len() as u64, message));
    }
}
