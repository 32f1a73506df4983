//! Texts of servers, made fit for one line of ours.

use crate::model::text::turns_text;

/// The longest text of a server that is shown.
const MAX_CHARACTERS: usize = 200;

/// Replaces control characters and runs of blanks by one blank, and cuts at 200 characters.
#[must_use]
pub fn displayable(text: &str) -> String {
    let blank = |c: char| c.is_whitespace() || c.is_control() || turns_text(c);
    // Long texts are cut before they are split: a refusal may be 64 KiB.
    let start: String = text.chars().take(4 * MAX_CHARACTERS).collect();
    let words: Vec<_> = start.split(blank).filter(|word| !word.is_empty()).collect();
    let line = words.join(" ");
    match line.char_indices().nth(MAX_CHARACTERS) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_without_control_characters() {
        assert_eq!(displayable(" a\r\n\tb\u{1b}[31m \u{202e}c\u{61c}\u{2029}\u{0} "), "a b [31m c");
        assert_eq!(displayable(&"é".repeat(300)), format!("{}…", "é".repeat(200)));
    }
}
