//! Results for people: tables, errors with their causes, sizes.
//!
//! Names come from documents and platforms, so everything that a terminal would obey is escaped. Colour marks a word
//! that stands there anyway; nothing is said by colour alone.

use std::error::Error;
use std::io::{self, Write};

use crate::model::text::turns_text;

/// Whether to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colour {
    /// ANSI colours.
    On,
    /// Plain text.
    #[default]
    Off,
}

/// A colour of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// Something is wrong.
    Red,
    /// Something is doubtful.
    Yellow,
    /// Something is good to know.
    Cyan,
}

impl Colour {
    /// Returns the text, painted if colour is on.
    #[must_use]
    pub fn paint(self, paint: Paint, text: &str) -> String {
        let code = match paint {
            Paint::Red => 31,
            Paint::Yellow => 33,
            Paint::Cyan => 36,
        };
        match self {
            Self::On => format!("\x1b[1;{code}m{text}\x1b[0m"),
            Self::Off => text.to_owned(),
        }
    }
}

/// Writes an error with its causes on one line, and what the user can do on another.
///
/// # Errors
/// What `out` reports.
pub fn error(out: &mut dyn Write, error: &dyn Error, hint: Option<&str>, colour: Colour) -> io::Result<()> {
    writeln!(out, "{} {}", colour.paint(Paint::Red, "error:"), printable(&chain(error)))?;
    match hint {
        Some(hint) => writeln!(out, "{} {}", colour.paint(Paint::Cyan, "hint:"), printable(hint)),
        None => Ok(()),
    }
}

/// Writes something that the user should know.
///
/// # Errors
/// What `out` reports.
pub fn warning(out: &mut dyn Write, message: &str, colour: Colour) -> io::Result<()> {
    writeln!(out, "{} {}", colour.paint(Paint::Yellow, "warning:"), printable(message))
}

/// Returns an error and its causes, joined by ": ".
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// Returns the text with everything escaped that a terminal would obey: control characters and changes of direction.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        match c.is_control() || turns_text(c) {
            true => clean.extend(c.escape_default()),
            false => clean.push(c),
        }
    }
    clean
}

/// Returns a number of bytes for people.
#[must_use]
pub fn size(bytes: u64) -> String {
    let units = [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    match units.into_iter().find(|(_, factor)| bytes >= *factor) {
        Some((unit, factor)) => format!("{}.{} {unit}", bytes / factor, bytes % factor * 10 / factor),
        None => format!("{bytes} B"),
    }
}

/// Breaks a text into lines of up to `width` characters, at blanks only. At least one line, maybe an empty one.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last().map_or(0, |line| line.chars().count());
        let full = line > 0 && line + 1 + word.chars().count() > width;
        if full {
            lines.push(String::new());
        }
        if let Some(last) = lines.last_mut() {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    lines
}

/// Writes rows in columns two spaces apart. The last column is not padded.
///
/// # Errors
/// What `out` reports.
pub fn table(out: &mut dyn Write, rows: &[Vec<String>]) -> io::Result<()> {
    let cells: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| printable(cell)).collect()).collect();
    let columns = cells.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let lengths = cells.iter().filter_map(|row: &Vec<String>| row.get(column));
        lengths.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in &cells {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            let padding = width.saturating_sub(cell.chars().count()) + 2;
            line.extend(std::iter::repeat_n(' ', padding));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_escaped() {
        assert_eq!(printable("a\nb\u{1b}[2J\u{202e}txt.exe"), "a\\nb\\u{1b}[2J\\u{202e}txt.exe");
        assert_eq!(printable("\u{61c}gpj.exe"), "\\u{61c}gpj.exe");
        assert_eq!(printable("Übersicht 表.txt"), "Übersicht 表.txt");
    }

    #[test]
    fn errors_show_causes_once_and_hints_apart() {
        let cause = io::Error::other("disk full");
        let outer = crate::config::ConfigError::Read { path: "a.toml".into(), source: cause };
        let mut out = Vec::new();
        error(&mut out, &outer, Some("make room"), Colour::Off).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "error: `a.toml` cannot be read: disk full\nhint: make room\n");
    }

    #[test]
    fn columns_line_up_and_lines_have_no_blanks_at_their_end() {
        let rows = [vec!["a".to_owned(), "bb".to_owned()], vec!["ccc".to_owned(), String::new()]];
        let mut out = Vec::new();
        table(&mut out, &rows).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "a    bb\nccc\n");
    }

    #[test]
    fn lines_break_at_blanks_and_long_words_stay_whole() {
        assert_eq!(wrap("a bb ccc dddddd e", 4), ["a bb", "ccc", "dddddd", "e"]);
        assert_eq!(wrap("", 4), [""]);
    }

    #[test]
    fn sizes_have_decimal_units() {
        assert_eq!([size(999), size(1_500), size(500_000_000)], ["999 B", "1.5 kB", "500.0 MB"]);
    }
}
