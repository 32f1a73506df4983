//! Cell references in A1 style.

/// Rows of a sheet.
pub(crate) const MAX_ROWS: u32 = 1_048_576;
/// Columns of a sheet: A to XFD.
pub(crate) const MAX_COLUMNS: u32 = 16_384;

/// Reads a reference as zero-based (row, column); `None` if it names no cell of a sheet.
pub(crate) fn parse(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut column = 0u32;
    let mut rest = bytes;
    while let Some((byte, tail)) = rest.split_first().filter(|(byte, _)| byte.is_ascii_alphabetic()) {
        column = column * 26 + u32::from((byte | 0x20) - b'a') + 1;
        if column > MAX_COLUMNS {
            return None;
        }
        rest = tail;
    }
    let row = row(rest)?;
    Some((row, column.checked_sub(1)?))
}

/// Reads a range such as `A1:B2` as its zero-based first and last (row, column).
pub(crate) fn range(bytes: &[u8]) -> Option<((u32, u32), (u32, u32))> {
    let colon = memchr::memchr(b':', bytes)?;
    let (first, last) = bytes.split_at(colon);
    Some((parse(first)?, parse(last.get(1..)?)?))
}

/// Reads a row number as zero-based; `None` if a sheet has no such row.
pub(crate) fn row(digits: &[u8]) -> Option<u32> {
    let number = number(digits).filter(|row| *row <= MAX_ROWS)?;
    number.checked_sub(1)
}

/// Reads digits as a number of up to nine digits.
pub(crate) fn number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 9 {
        return None;
    }
    digits
        .iter()
        .try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0')))
}

/// Returns the reference of a zero-based (row, column), such as `B3`.
pub(crate) fn show((row, column): (u32, u32)) -> String {
    format!("{}{}", column_name(column), row + 1)
}

/// Returns the letters of a zero-based column, such as `AB`.
pub(crate) fn column_name(column: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + u8::try_from(rest % 26).unwrap_or(0)));
        rest /= 26;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_read_back() {
        for place in [(0, 0), (2, 25), (9, 26), (99, 701), (7, 702), (MAX_ROWS - 1, MAX_COLUMNS - 1)] {
            assert_eq!(parse(show(place).as_bytes()), Some(place));
        }
        assert_eq!(show((2, 27)), "AB3");
    }

    #[test]
    fn only_cells_of_a_sheet_have_references() {
        assert_eq!(parse(b"A1"), Some((0, 0)));
        assert_eq!(parse(b"xfd1048576"), Some((MAX_ROWS - 1, MAX_COLUMNS - 1)));
        for text in
            ["", "A", "1", "A0", "A1048577", "XFE1", "ZZZZZZZZZ1", "A-1", "$A$1", "A1B", "A99999999999"]
        {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }
}
