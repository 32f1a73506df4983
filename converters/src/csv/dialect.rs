//! Finds out how delimited text is written: its separator, its quotes, its line ends.
//!
//! A separator shows by standing equally often in every row. Each candidate is tried on the first MiB, quoted fields
//! respected. What the name says wins where it is borne out; a comma between digits may be a decimal mark, and
//! then any other separator that is borne out wins. Spreadsheet programs write `sep=;` as the first line, which decides.

use crate::warning::{Warning, WarningCode};

/// How much of a text is looked at.
pub const SAMPLE_BYTES: usize = 1 << 20;

/// Separators that are looked for, the rarer in other use the earlier.
const CANDIDATES: [u8; 5] = [0x1F, b'\t', b'|', b';', b','];
/// Rows in a hundred that have to have equally many separators.
const MIN_EQUAL: u64 = 70;
/// What it counts, in rows of a hundred, that the first row, which often names the columns, is one of these.
const FIRST_ROW: u64 = 25;

/// How delimited text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// What stands between fields.
    pub separator: u8,
    /// What stands around fields that hold separators or line ends, if anything does.
    pub quote: Option<u8>,
    /// The length of a first line `sep=;` with its line end; 0 if there is none.
    pub separator_line: usize,
    /// Whether a lone CR ends a row.
    pub cr_ends_rows: bool,
}

impl Dialect {
    /// Warns where text that is kept has another separator than `expected`, which its name says.
    #[must_use]
    pub fn warning(&self, expected: u8) -> Option<Warning> {
        let message = || {
            let (found, expected) = (name(self.separator), name(expected));
            format!(
                "fields are separated by {found}, not by {expected}; --csv-dialect rfc4180 writes commas instead"
            )
        };
        (self.separator != expected).then(|| Warning::new(WarningCode::CsvDelimiter, 1, message()))
    }
}

/// Returns what a separator is, for people.
fn name(separator: u8) -> String {
    match separator {
        b'\t' => "tabs".to_owned(),
        b',' => "commas".to_owned(),
        byte if byte.is_ascii_graphic() => format!("`{}`", char::from(byte)),
        byte => format!("U+{byte:04X}"),
    }
}

/// Finds the dialect of text that begins with `sample`; `is_whole` tells whether nothing follows. `expected` is the
/// separator that the name says.
#[must_use]
pub fn sniff(sample: &[u8], is_whole: bool, expected: u8) -> Dialect {
    let cr_ends_rows = memchr::memchr(b'\n', sample).is_none();
    if let Some((separator, separator_line)) = separator_line(sample) {
        let rows = sample.get(separator_line..).unwrap_or_default();
        let quote = if Look::new(rows, is_whole, separator, Some(b'"')).quotes_are_sound() {
            Some(b'"')
        } else {
            None
        };
        return Dialect { separator, quote, separator_line, cr_ends_rows };
    }
    let mut quote = b'"';
    if memchr::memchr(b'"', sample).is_none() && memchr::memchr(b'\'', sample).is_some() {
        quote = b'\'';
    }
    let mut look = best(sample, is_whole, expected, quote);
    if quote == b'\'' && !(look.quoted >= 2 && look.quoted == look.well_quoted) {
        quote = b'"';
        look = best(sample, is_whole, expected, quote);
    }
    let quote = look.quotes_are_sound().then_some(quote);
    Dialect { separator: look.separator, quote, separator_line: 0, cr_ends_rows }
}

/// Returns the separator that a first line `sep=;` names, and the length of the line.
fn separator_line(sample: &[u8]) -> Option<(u8, usize)> {
    let line = sample.split(|byte| matches!(byte, b'\r' | b'\n')).next()?;
    let [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', separator] = *line else {
        return None;
    };
    let is_plain = separator.is_ascii() && !separator.is_ascii_alphanumeric() && separator != b'"';
    let end = match sample.get(line.len()..)? {
        [b'\r', b'\n', ..] => 2,
        [_, ..] => 1,
        [] => 0,
    };
    is_plain.then_some((separator, line.len() + end))
}

/// Returns the look at the sample through its likeliest separator.
fn best(sample: &[u8], is_whole: bool, expected: u8, quote: u8) -> Look {
    let looks = CANDIDATES.map(|separator| Look::new(sample, is_whole, separator, Some(quote)));
    let is_borne_out = |look: &&Look| look.equal() >= MIN_EQUAL;
    let mut rivals: Vec<&Look> = looks.iter().filter(is_borne_out).collect();
    if rivals.iter().any(|look| look.separator != b',') {
        rivals.retain(|look| !(look.separator == b',' && look.is_decimal()));
    }
    let top = rivals.iter().map(|look| look.score()).max().unwrap_or(0);
    let named = rivals.iter().find(|look| look.separator == expected && look.score() * 10 >= top * 9);
    let likeliest = named.or_else(|| rivals.iter().find(|look| look.score() == top));
    match likeliest {
        Some(look) => (*look).clone(),
        None => Look::new(sample, is_whole, expected, Some(quote)),
    }
}

/// What a sample looks like through one separator.
#[derive(Debug, Clone)]
struct Look {
    separator: u8,
    /// Separators of each row that is not empty.
    counts: Vec<u32>,
    /// Separators, and those of them that stand between digits.
    separators: u64,
    between_digits: u64,
    /// Fields that begin with a quote, and those that also end with one.
    quoted: u64,
    well_quoted: u64,
}

impl Look {
    fn new(sample: &[u8], is_whole: bool, separator: u8, quote: Option<u8>) -> Self {
        let mut look = Self {
            separator,
            counts: Vec::new(),
            separators: 0,
            between_digits: 0,
            quoted: 0,
            well_quoted: 0,
        };
        let (mut at, mut row_at, mut count, mut is_start) = (0, 0, 0, true);
        while let Some(&byte) = sample.get(at) {
            if is_start && Some(byte) == quote {
                at = look.skip_quoted(sample, at);
            } else if byte == separator {
                count += 1;
                look.note_separator(sample, at);
                at += 1;
                is_start = true;
                continue;
            } else if matches!(byte, b'\r' | b'\n') {
                if at > row_at {
                    look.counts.push(count);
                }
                (row_at, count) = (at + 1, 0);
                at += 1;
                is_start = true;
                continue;
            } else {
                at += 1;
            }
            is_start = false;
        }
        // The last row of a sample may have been cut.
        if sample.len() > row_at && (is_whole || look.counts.is_empty()) {
            look.counts.push(count);
        }
        look
    }

    /// Returns the place behind a quoted field, or behind the quote at `at` if there is no end to it.
    fn skip_quoted(&mut self, sample: &[u8], at: usize) -> usize {
        self.quoted += 1;
        let Some(&quote) = sample.get(at) else { return at + 1 };
        let mut end = at + 1;
        while let Some(found) = sample.get(end..).and_then(|rest| memchr::memchr(quote, rest)) {
            end += found + 1;
            match sample.get(end) {
                Some(byte) if *byte == quote => end += 1,
                Some(byte) => {
                    let is_well = matches!(byte, b'\r' | b'\n') || *byte == self.separator;
                    self.well_quoted += u64::from(is_well);
                    return end;
                }
                None => {
                    self.well_quoted += 1;
                    return end;
                }
            }
        }
        at + 1
    }

    fn note_separator(&mut self, sample: &[u8], at: usize) {
        let is_digit = |at: Option<usize>| at.and_then(|at| sample.get(at)).is_some_and(u8::is_ascii_digit);
        self.separators += 1;
        self.between_digits += u64::from(is_digit(at.checked_sub(1)) && is_digit(Some(at + 1)));
    }

    /// Returns the commonest number of separators in a row, if it is any, with the number of such rows.
    fn commonest(&self) -> Option<(u32, u64)> {
        let mut sorted: Vec<u32> = self.counts.iter().copied().filter(|count| *count > 0).collect();
        sorted.sort_unstable();
        let runs = sorted.chunk_by(|a, b| a == b);
        runs.filter_map(|run| Some((*run.first()?, run.len() as u64))).max_by_key(|(_, rows)| *rows)
    }

    /// Returns how many of a hundred rows have the commonest number of separators.
    fn equal(&self) -> u64 {
        self.commonest().map_or(0, |(_, rows)| rows * 100 / (self.counts.len() as u64).max(1))
    }

    fn score(&self) -> u64 {
        let is_first = self.commonest().is_some_and(|(count, _)| self.counts.first() == Some(&count));
        self.equal() + if is_first { FIRST_ROW } else { 0 }
    }

    /// Tells whether nearly all separators stand between digits.
    fn is_decimal(&self) -> bool {
        self.between_digits * 20 >= self.separators * 19
    }

    /// Tells whether quotes at the start of fields are quotes and no inches. A single one that has no end may be a slip.
    fn quotes_are_sound(&self) -> bool {
        self.well_quoted > 0 || self.quoted < 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, expected: u8) -> (char, Option<char>) {
        let dialect = sniff(text.as_bytes(), true, expected);
        (char::from(dialect.separator), dialect.quote.map(char::from))
    }

    #[test]
    fn separators_are_found_by_equal_counts() {
        for (text, expected) in [
            ("a,b,c\n1,2,3\n", ','),
            ("a;b;c\n1;2;3\n", ';'),
            ("a\tb\n1\t2\n", '\t'),
            ("a|b\n1|2\n", '|'),
            ("a\u{1F}b\n1\u{1F}2\n", '\u{1F}'),
            ("a;b;c\r1;2;3\r", ';'),
            // Decimal commas, with and without a row of names.
            ("Ort;Preis;Menge\nA;1,50;2,5\nB;2,50;3,5\nC;3,50;4,5\n", ';'),
            ("1,5;2,5;3,5\n4,5;5,5;6,5\n", ';'),
            ("1,5|2,5\n4,5|5,5\n", '|'),
            ("1,2,3\n4,5,6\n", ','),
            // One comma in each row of prose, none in the names of the columns.
            ("Name;Adresse\nA;Hafen 5, Wick\nB;Kai 7, Oban\nC;Mole 1, Mull\nD;Pier 3, Tiree\n", ';'),
            // Separators of others within quotes.
            ("id,names\n1,\"a;b\"\n2,\"c;d;e\"\n", ','),
            ("id;text\n1;\"a,b\nc,d\"\n2;\"e,f\"\n", ';'),
            // Ragged rows, one column, nothing to see.
            ("a,b,c\n1,2\n3,4,5\n6\n", ','),
            ("name\nSmith, J\nBrown, K\n", ','),
            ("one\ntwo\n", ','),
            ("", ','),
            ("a;b;c", ';'),
        ] {
            assert_eq!(found(text, b',').0, expected, "{text}");
        }
        assert_eq!(found("a,b\n1,2\n", b'\t').0, ',');
        assert_eq!(found("a\tb,c\n1\t2,3\n", b'\t').0, '\t');
        assert_eq!(found("one\ntwo\n", b'\t').0, '\t');
    }

    #[test]
    fn quotes_are_told_from_inches_and_apostrophes() {
        assert_eq!(found("a,b\n\"x\",\"y\"\n", b',').1, Some('"'));
        assert_eq!(found("a;b\n'x;1';'y'\n'z';2\n", b',').1, Some('\''));
        assert_eq!(found("a,b\n'tis,so\n'twas,not\n", b',').1, Some('"'));
        assert_eq!(found("a\tb\n\"Bar\t1\n\"Foo\t2\n\"Baz\t3\n", b'\t').1, None);
        assert_eq!(found("a,b\n1,2\n", b',').1, Some('"'));
    }

    #[test]
    fn a_line_that_names_the_separator_decides() {
        for (text, separator, length) in [
            ("sep=;\r\na,b\r\n", b';', 7),
            ("SEP=|\na", b'|', 6),
            ("sep=\t", b'\t', 5),
            ("sep=,\ra", b',', 6),
        ] {
            let dialect = sniff(text.as_bytes(), true, b',');
            assert_eq!((dialect.separator, dialect.separator_line), (separator, length), "{text}");
        }
        for text in ["sep=ab\n1;2", "sep=x\n", "sep=", "separator=;\n"] {
            assert_eq!(sniff(text.as_bytes(), true, b',').separator_line, 0, "{text}");
        }
    }

    #[test]
    fn a_row_that_the_sample_cuts_does_not_count() {
        assert_eq!(sniff(b"a;b;c\n1;2;3\n4;", false, b',').separator, b';');
        assert_eq!(sniff(b"a,b;c\n1,2;3\n4", false, b',').separator, b',');
    }
}
