//! Decodes any charset that [`super::find`] can name, in pieces, counting what has no meaning in it.

use super::by_label;

const REPLACEMENT: char = '\u{FFFD}';

/// Decodes a stream of bytes into UTF-8.
#[derive(Debug)]
pub struct Decoder {
    kind: Kind,
    replaced: u64,
}

#[derive(Debug)]
enum Kind {
    Whatwg(Box<encoding_rs::Decoder>),
    Utf32(Utf32),
}

impl Decoder {
    /// Makes a decoder for the charset of this name or label, or `None` if there is no such charset. A byte order
    /// mark is decoded like any character: skip it before.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let name = by_label(name)?.name;
        let kind = match name {
            "UTF-32LE" => Kind::Utf32(Utf32::new(u32::from_le_bytes)),
            "UTF-32BE" => Kind::Utf32(Utf32::new(u32::from_be_bytes)),
            _ => {
                let encoding = encoding_rs::Encoding::for_label(name.as_bytes())?;
                Kind::Whatwg(Box::new(encoding.new_decoder_without_bom_handling()))
            }
        };
        Some(Self { kind, replaced: 0 })
    }

    /// Returns how many U+FFFD stand for bytes without meaning so far.
    #[must_use]
    pub fn replaced(&self) -> u64 {
        self.replaced
    }

    /// Appends the text of `bytes` to `out`; `last` says that nothing follows.
    pub fn decode(&mut self, bytes: &[u8], last: bool, out: &mut String) {
        match &mut self.kind {
            Kind::Whatwg(decoder) => self.replaced += decode_whatwg(decoder, bytes, last, out),
            Kind::Utf32(decoder) => self.replaced += decoder.decode(bytes, last, out),
        }
    }
}

/// Returns how many characters were replaced.
fn decode_whatwg(decoder: &mut encoding_rs::Decoder, mut bytes: &[u8], last: bool, out: &mut String) -> u64 {
    let mut replaced = 0;
    loop {
        let room = decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(bytes.len());
        out.reserve(room);
        let (result, read) = decoder.decode_to_string_without_replacement(bytes, out, last);
        bytes = &bytes[read..];
        match result {
            encoding_rs::DecoderResult::InputEmpty => return replaced,
            encoding_rs::DecoderResult::OutputFull => {}
            encoding_rs::DecoderResult::Malformed(..) => {
                out.push(REPLACEMENT);
                replaced += 1;
            }
        }
    }
}

/// UTF-32, which WHATWG leaves out.
#[derive(Debug)]
struct Utf32 {
    unit: fn([u8; 4]) -> u32,
    carry: [u8; 4],
    carried: usize,
}

impl Utf32 {
    fn new(unit: fn([u8; 4]) -> u32) -> Self {
        Self { unit, carry: [0; 4], carried: 0 }
    }

    fn decode(&mut self, bytes: &[u8], last: bool, out: &mut String) -> u64 {
        let mut replaced = 0;
        for &byte in bytes {
            self.carry[self.carried] = byte;
            self.carried = (self.carried + 1) % 4;
            if self.carried == 0 {
                let scalar = char::from_u32((self.unit)(self.carry));
                replaced += u64::from(scalar.is_none());
                out.push(scalar.unwrap_or(REPLACEMENT));
            }
        }
        if last && self.carried > 0 {
            self.carried = 0;
            out.push(REPLACEMENT);
            replaced += 1;
        }
        replaced
    }
}
