//! Characters of names and messages that others chose.

/// Tells whether a character makes others stand elsewhere than they are, or breaks their line, and shows as nothing itself:
/// marks of direction (Unicode 16.0, section 23.2; UAX 9, section 2), separators of lines and paragraphs (section 5.8), and
/// the byte order mark. Control characters are [`char::is_control`].
#[must_use]
pub fn turns_text(c: char) -> bool {
    matches!(
        c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_of_direction_turns_text_and_no_letter_does() {
        let found: Vec<u32> = ('\0'..=char::MAX).filter(|c| turns_text(*c)).map(u32::from).collect();
        let expected = [
            vec![0x61c, 0x200e, 0x200f],
            (0x2028..=0x202e).collect(),
            (0x2066..=0x2069).collect(),
            vec![0xfeff],
        ];
        assert_eq!(found, expected.concat());
    }
}
