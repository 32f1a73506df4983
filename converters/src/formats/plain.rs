//! The `text-to-utf8` converter: text of any charset, as UTF-8 without a byte order mark.
//!
//! Text that is UTF-8 already passes byte for byte, line ends included: a file that a user can compare with its
//! source is worth more than a tidy one. Charset declarations inside the text (XML, HTML) are left as they
//! are. Two passes over the input, in constant memory: what the charset is shows only at the end.
//!
//! Delimited text can also be rewritten by RFC 4180, and is split between rows where a part would be too large.

mod output;

use crate::charset::{
    self, CHUNK, Charset, CharsetEvidence, Confidence, Decoder, Finding, Hints, count, each_chunk,
};
use crate::options::Newlines;
use crate::warning::{Warning, WarningCode};
use crate::{ConvertError, Converter, Input, Meter, Options, Result, Sink};

use output::Output;

/// Replacement characters beyond one in this many are damage, not blemishes.
const CHARACTERS_PER_REPLACEMENT: u64 = 1000;

/// The converter.
#[derive(Debug)]
pub struct TextToUtf8 {
    /// What stands between fields by the name of the file, for delimited text.
    pub separator: Option<u8>,
}

impl Converter for TextToUtf8 {
    fn name(&self) -> &'static str {
        "text-to-utf8"
    }

    fn revision(&self) -> u32 {
        2
    }

    fn convert(
        &self,
        input: &mut dyn Input,
        options: &Options,
        meter: &mut Meter,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let charset = charset_of(input, options, meter)?;
        let out = match self.separator {
            Some(separator) => Output::table(separator, input.size_bytes(), options, (meter, sink)),
            None => Output::straight(meter, sink)?,
        };
        let mut pass = Pass::new(charset, options, meter, out)?;
        pass.run(input)?;
        pass.finish()
    }
}

fn charset_of(input: &mut dyn Input, options: &Options, meter: &Meter) -> Result<Charset> {
    if input.size_bytes() == 0 {
        return Err(ConvertError::NoText);
    }
    let hints = Hints::of(options);
    for (label, known) in [(&options.charset, hints.label), (&options.default_charset, hints.default)] {
        if let (Some(label), None) = (label, known) {
            return Err(ConvertError::Unsupported(format!("the charset `{label}`")));
        }
    }
    if let Some(charset) = hints.label {
        return charset::with_mark(input, charset);
    }
    match charset::find_with(input, hints, meter)? {
        Finding::Text(charset) => Ok(charset),
        Finding::Undecided(Charset { name, .. }) => {
            let hint = charset::by_label(name).map_or("", |_| "; name it with --charset");
            let what = format!("text in an unknown charset (perhaps {name}{hint})");
            Err(ConvertError::Unsupported(what))
        }
        Finding::Binary => Err(ConvertError::corrupt("the text", "it holds binary bytes")),
    }
}

/// The second pass: decodes, normalises and counts.
struct Pass<'a> {
    charset: Charset,
    decoder: Option<Decoder>,
    newlines: Newlines,
    meter: &'a Meter,
    out: Output<'a>,
    text: String,
    line_ends: LineEnds,
    characters: u64,
    controls: u64,
}

impl<'a> Pass<'a> {
    fn new(charset: Charset, options: &Options, meter: &'a Meter, out: Output<'a>) -> Result<Self> {
        // Bytes that a scan has found to be UTF-8 need no decoder.
        let as_is = charset.name == "UTF-8" && charset.evidence == CharsetEvidence::Valid;
        let decoder = if as_is {
            None
        } else {
            let unknown = || ConvertError::Unsupported(format!("the charset `{}`", charset.name));
            Some(Decoder::new(charset.name).ok_or_else(unknown)?)
        };
        Ok(Self {
            charset,
            decoder,
            newlines: options.newlines,
            meter,
            out,
            text: String::with_capacity(CHUNK),
            line_ends: LineEnds::default(),
            characters: 0,
            controls: 0,
        })
    }

    fn run(&mut self, input: &mut dyn Input) -> Result<()> {
        let start = if self.charset.bom { charset::mark_len(self.charset.name) } else { 0 };
        let meter = self.meter;
        let mut failed = None;
        each_chunk(input, meter, start, u64::MAX, |bytes| {
            failed = self.take(bytes, false).err();
            failed.is_none()
        })?;
        failed.map_or(Ok(()), Err)?;
        self.take(&[], true)
    }

    fn take(&mut self, bytes: &[u8], last: bool) -> Result<()> {
        let Some(decoder) = &mut self.decoder else {
            return self.write(bytes, last);
        };
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        decoder.decode(bytes, last, &mut text);
        self.characters += count(text.as_bytes(), |byte| byte & 0xC0 != 0x80);
        let written = self.write(text.as_bytes(), last);
        self.text = text;
        written
    }

    fn write(&mut self, text: &[u8], last: bool) -> Result<()> {
        self.controls += count(text, |byte| {
            (byte < 0x20) & !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0C) | (byte == 0x7F)
        });
        match self.newlines {
            Newlines::Keep if text.is_empty() => Ok(()),
            Newlines::Keep => self.out.take(text),
            Newlines::Lf => {
                let changed = self.line_ends.change(text, last);
                if changed.is_empty() {
                    return Ok(());
                }
                self.out.take(changed)
            }
        }
    }

    fn finish(self) -> Result<()> {
        let sink = self.out.finish()?;
        if self.meter.output_bytes() == 0 {
            return Err(ConvertError::NoText);
        }
        let replaced = self.decoder.as_ref().map_or(0, Decoder::replaced);
        let name = self.charset.name;
        if replaced > self.characters / CHARACTERS_PER_REPLACEMENT {
            let reason = format!(
                "{replaced} of {} characters mean nothing in {name}, which is known {}; \
                 name the right charset with --charset",
                self.characters,
                known(self.charset.evidence)
            );
            return Err(ConvertError::corrupt("the text", reason));
        }
        let mut warn = |code, count: u64, message: String| {
            if count > 0 {
                sink.warn(Warning::new(code, count, message));
            }
        };
        let is_guess = self.charset.evidence == CharsetEvidence::Guess;
        let guessed = u64::from(is_guess && self.charset.confidence == Confidence::Low);
        let message = format!("the charset {name} is a guess from little text");
        warn(WarningCode::CharsetGuessed, guessed, message);
        let message = format!("decoded from {name}, known {}", known(self.charset.evidence));
        warn(WarningCode::Transcoded, u64::from(name != "UTF-8"), message);
        let message = "the byte order mark was removed".to_owned();
        warn(WarningCode::BomRemoved, u64::from(self.charset.bom), message);
        let message = format!("bytes that mean nothing in {name} became U+FFFD");
        warn(WarningCode::ReplacedCharacters, replaced, message);
        let message = "line ends became LF".to_owned();
        warn(WarningCode::NewlinesChanged, self.line_ends.changed, message);
        let message = "control characters are part of the text".to_owned();
        warn(WarningCode::ControlCharacters, self.controls, message);
        Ok(())
    }
}

fn known(evidence: CharsetEvidence) -> &'static str {
    match evidence {
        CharsetEvidence::Bom => "by its byte order mark",
        CharsetEvidence::NulPattern => "by its pattern of NUL bytes",
        CharsetEvidence::Valid => "by its validity",
        CharsetEvidence::Declared => "by its own declaration, which still stands in the text",
        CharsetEvidence::Guess => "by a guess",
        CharsetEvidence::Label => "by the option",
        CharsetEvidence::Default => "by your default, as there is too little text to tell",
    }
}

/// Turns CR LF and lone CR into LF across pieces.
#[derive(Default)]
struct LineEnds {
    changed: u64,
    held_cr: bool,
    out: Vec<u8>,
}

impl LineEnds {
    /// Returns the changed text. A CR at the end is held back until it is known what follows.
    fn change(&mut self, text: &[u8], last: bool) -> &[u8] {
        self.out.clear();
        let mut rest = text;
        if self.held_cr && (last || !rest.is_empty()) {
            self.held_cr = false;
            self.end_line(&mut rest);
        }
        while let Some(at) = memchr::memchr(b'\r', rest) {
            self.out.extend_from_slice(&rest[..at]);
            rest = &rest[at + 1..];
            if rest.is_empty() && !last {
                self.held_cr = true;
            } else {
                self.end_line(&mut rest);
            }
        }
        self.out.extend_from_slice(rest);
        &self.out
    }

    /// Writes the LF for a CR that was taken from before `rest`.
    fn end_line(&mut self, rest: &mut &[u8]) {
        self.out.push(b'\n');
        self.changed += 1;
        *rest = rest.strip_prefix(b"\n").unwrap_or(rest);
    }
}
