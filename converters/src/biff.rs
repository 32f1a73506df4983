//! What the binary workbooks share, xls ([MS-XLS]) and xlsb ([MS-XLSB]): packed numbers, error values, text.

/// Returns the number of an `RkNumber` ([MS-XLS] 2.5.217): 30 bits of a float or an integer, maybe hundredths.
pub(crate) fn rk(bits: u32) -> f64 {
    let number = if bits & 2 == 0 {
        f64::from_bits(u64::from(bits & !3) << 32)
    } else {
        // The sign is the top bit of the thirty.
        f64::from(bits.cast_signed() >> 2)
    };
    if bits & 1 == 0 { number } else { number / 100.0 }
}

/// Returns the text of an error value ([MS-XLS] 2.5.10).
pub(crate) fn error(code: u8) -> &'static [u8] {
    match code {
        0x00 => b"#NULL!",
        0x07 => b"#DIV/0!",
        0x0F => b"#VALUE!",
        0x17 => b"#REF!",
        0x1D => b"#NAME?",
        0x24 => b"#NUM!",
        0x2B => b"#GETTING_DATA",
        _ => b"#N/A",
    }
}

/// Appends UTF-16LE as UTF-8; what is not well-formed becomes U+FFFD.
pub(crate) fn utf16(bytes: &[u8], out: &mut Vec<u8>) {
    let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let mut encoded = [0; 4];
    for unit in char::decode_utf16(units) {
        let c = unit.unwrap_or(char::REPLACEMENT_CHARACTER);
        out.extend_from_slice(c.encode_utf8(&mut encoded).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_numbers_have_four_forms() {
        for (bits, number) in [
            (0x3FF0_0000, 1.0),
            (0x4059_0001, 1.0),
            (0x0000_0006, 1.0),
            (0x0000_0197, 1.01),
            (0xFFFF_FFFE, -1.0),
            (0xFFFF_FE6F, -1.01),
            (0xC000_0000, -2.0),
        ] {
            assert_eq!(rk(bits), number, "{bits:08X}");
        }
    }

    #[test]
    fn lone_surrogates_are_replaced() {
        let mut out = Vec::new();
        utf16(&[0x41, 0, 0x3D, 0xD8, 0x00, 0xDE, 0x00, 0xDC, 0x42], &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "A😀\u{FFFD}");
    }
}
