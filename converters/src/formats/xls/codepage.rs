//! The code page of texts before Excel 97, which a record names ([MS-XLS] 2.4.52).

use encoding_rs::{self as encodings, Encoding};

/// How bytes become characters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Codepage {
    encoding: &'static Encoding,
}

impl Default for Codepage {
    /// What Excel uses on most machines.
    fn default() -> Self {
        Self { encoding: encodings::WINDOWS_1252 }
    }
}

impl Codepage {
    /// Returns the code page of a number; an unknown one is the default.
    pub(super) fn new(number: u16) -> Self {
        let encoding = match number {
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
            10007 => encodings::X_MAC_CYRILLIC,
            _ => return Self::default(),
        };
        Self { encoding }
    }

    /// Appends bytes as UTF-8.
    pub(super) fn decode(self, bytes: &[u8], out: &mut Vec<u8>) {
        let (text, _) = self.encoding.decode_without_bom_handling(bytes);
        out.extend_from_slice(text.as_bytes());
    }
}
