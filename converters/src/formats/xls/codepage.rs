//! The code page of texts before Excel 97, which a record names ([MS-XLS] 2.4.52).

mod single_byte;

use encoding_rs::{self as encodings, Encoding};

/// How bytes become characters.
#[derive(Debug, Clone, Copy)]
pub(super) enum Codepage {
    Encoding(&'static Encoding),
    /// The characters of the bytes from 0x80 on.
    Characters(&'static str),
}

impl Default for Codepage {
    /// What Excel uses on most machines.
    fn default() -> Self {
        Self::Encoding(encodings::WINDOWS_1252)
    }
}

impl Codepage {
    /// Returns the code page of a number; an unknown one is the default.
    pub(super) fn new(number: u16) -> Self {
        Self::Encoding(match number {
            866 => encodings::IBM866,
            874 => encodings::WINDOWS_874,
            932 => encodings::SHIFT_JIS,
            936 => encodings::GBK,
            949 | 1361 => encodings::EUC_KR,
            950 => encodings::BIG5,
            1250 => encodings::WINDOWS_1250,
            1251 => encodings::WINDOWS_1251,
            1253 => encodings::WINDOWS_1253,
            1254 => encodings::WINDOWS_1254,
            1255 => encodings::WINDOWS_1255,
            1256 => encodings::WINDOWS_1256,
            1257 => encodings::WINDOWS_1257,
            1258 => encodings::WINDOWS_1258,
            10000 | 32768 => encodings::MACINTOSH,
            10001 => encodings::SHIFT_JIS,
            10002 => encodings::BIG5,
            10003 => encodings::EUC_KR,
            10007 | 10017 => encodings::X_MAC_CYRILLIC,
            10008 => encodings::GBK,
            _ => return single_byte::page(number).map_or_else(Self::default, Self::Characters),
        })
    }

    /// Appends bytes as UTF-8.
    pub(super) fn decode(self, bytes: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Encoding(encoding) => {
                let (text, _) = encoding.decode_without_bom_handling(bytes);
                out.extend_from_slice(text.as_bytes());
            }
            Self::Characters(_) if bytes.is_ascii() => out.extend_from_slice(bytes),
            Self::Characters(characters) => {
                for byte in bytes {
                    let high = byte.checked_sub(0x80).and_then(|at| characters.chars().nth(at.into()));
                    let c = high.unwrap_or(char::from(*byte));
                    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_characters_of_their_page() {
        for (number, bytes, expected) in [
            (437, &b"\x81ber \xE1"[..], "über ß"),
            (850, b"\xD0\x9B", "ðø"),
            (852, b"\x88\xA5", "łą"),
            (1252, b"\x80", "€"),
            (32769, b"\xE9", "é"),
            (9999, b"\xE9", "é"),
            (10000, b"\x8E", "é"),
            (932, b"\x8C\xC3", "古"),
        ] {
            let mut out = Vec::new();
            Codepage::new(number).decode(bytes, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected, "{number}");
        }
    }
}
