//! Where words end: white space collapses, so a text is taken in stretches that have none to collapse.

/// Bytes that are white space or begin it: all of ASCII's, and the lead bytes of the others.
const BLANK: [bool; 256] = {
    let mut table = [false; 256];
    let leads = b" \t\n\x0B\x0C\r\xC2\xE1\xE2\xE3";
    let mut i = 0;
    while i < leads.len() {
        table[leads[i] as usize] = true;
        i += 1;
    }
    table
};

/// Returns how much of `words`, which begins with a visible character, can be written at once: up to white
/// space that is more than one plain space between visible characters.
pub(super) fn plain_len(words: &str) -> usize {
    let bytes = words.as_bytes();
    let mut at = 0;
    while let Some(n) = bytes[at..].iter().position(|&byte| BLANK[usize::from(byte)]) {
        at += n;
        if bytes[at] == b' ' && bytes.get(at + 1).is_some_and(u8::is_ascii_graphic) {
            at += 2;
            continue;
        }
        let c = words[at..].chars().next().unwrap_or(' ');
        if c.is_whitespace() {
            return at;
        }
        at += c.len_utf8();
    }
    bytes.len()
}
