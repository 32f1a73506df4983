//! Workbooks without a container, as Excel 2 to 4 wrote them, and other programs after them.
//!
//! Their first bytes could begin a text of 16-bit characters, so the records that follow have to be some, too.

/// The numbers of first records, with the lengths that they have ([MS-XLS] 2.4.21 for the last).
const FIRST: [(u16, &[usize]); 4] = [(0x0009, &[4]), (0x0209, &[6]), (0x0409, &[6]), (0x0809, &[8, 16])];
/// What the first record may say that follows: globals, a module, a worksheet, a chart, a macro sheet, a workbook.
const CONTENTS: [u16; 6] = [0x05, 0x06, 0x10, 0x20, 0x40, 0x100];
const END: u16 = 0x000A;
/// Bytes of the longest record.
const MAX_RECORD: usize = 8224;
/// Records that are looked at.
const ENOUGH: usize = 8;

/// Tells whether the bytes begin with the records of a workbook.
pub(super) fn begins(head: &[u8]) -> bool {
    let Some((first, body)) = record(head) else {
        return false;
    };
    let is_first = FIRST.iter().any(|(number, lengths)| *number == first && lengths.contains(&body.len()));
    if !is_first || !body.get(2..4).is_some_and(|content| CONTENTS.contains(&word(content))) {
        return false;
    }
    let mut rest = head.get(4 + body.len()..).unwrap_or_default();
    for seen in 0..ENOUGH {
        match record(rest) {
            Some((END, [])) => return true,
            Some((number, body)) if number != 0 && number < 0x1100 && body.len() <= MAX_RECORD => {
                rest = rest.get(4 + body.len()..).unwrap_or_default();
            }
            // Only a file that is cut ends without its last record.
            None => return seen > 0,
            Some(_) => return false,
        }
    }
    true
}

/// Splits a record into its number and body.
fn record(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let len = usize::from(word(bytes.get(2..4)?));
    Some((word(bytes), bytes.get(4..4 + len)?))
}

fn word(bytes: &[u8]) -> u16 {
    u16::from_le_bytes(bytes.first_chunk().copied().unwrap_or_default())
}
