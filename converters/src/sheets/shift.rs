//! Moves the relative references of a formula, as a shared formula is moved from its first cell to the others
//! (ECMA-376 part 1, 18.3.1.40).
//!
//! Only what is certainly a reference moves: texts, names of sheets, columns of tables, functions and defined names stay.

use super::reference::{MAX_COLUMNS, MAX_ROWS, column_name};

/// Returns the formula as it reads `rows` and `columns` further on.
pub(crate) fn shift(formula: &str, rows: i64, columns: i64) -> String {
    let mut out = String::with_capacity(formula.len() + 8);
    let mut rest = formula;
    while let Some(first) = rest.chars().next() {
        let len = match first {
            '"' | '\'' => quoted_len(rest, first),
            '[' => bracketed_len(rest),
            c if is_word(c) => {
                let len = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                let (word, tail) = rest.split_at(len);
                // A name before `(` is a function, before `!` a sheet.
                let is_name = tail.starts_with(['(', '!']) || begins_sheets(tail, &out);
                match (!is_name).then(|| moved(word, tail, &out, (rows, columns))).flatten() {
                    Some(word) => {
                        out.push_str(&word);
                        rest = tail;
                        continue;
                    }
                    None => len,
                }
            }
            c => c.len_utf8(),
        };
        let (head, tail) = rest.split_at(len);
        out.push_str(head);
        rest = tail;
    }
    out
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '$' | '_' | '.' | '\\')
}

/// Returns the length of a quoted text with its quotes; doubled quotes are part of it.
fn quoted_len(text: &str, quote: char) -> usize {
    let mut at = quote.len_utf8();
    while let Some(found) = text.get(at..).and_then(|rest| rest.find(quote)) {
        at += found + quote.len_utf8();
        if !text.get(at..).is_some_and(|rest| rest.starts_with(quote)) {
            return at;
        }
        at += quote.len_utf8();
    }
    text.len()
}

/// Tells whether a word is the first of a range of sheets, `Jan:Mar!A1`, by what follows and what stands before it.
fn begins_sheets(tail: &str, before: &str) -> bool {
    let Some(rest) = tail.strip_prefix(':').filter(|_| !before.ends_with('!')) else { return false };
    rest.trim_start_matches(is_word).starts_with('!') && rest.starts_with(is_word)
}

/// Returns the length of what stands in brackets: another workbook, or a column of a table, `Table1[[#All],[A1]]`. An
/// apostrophe takes the meaning from the next character.
fn bracketed_len(text: &str) -> usize {
    let (mut depth, mut is_escaped) = (0u32, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\'' => is_escaped = true,
            '[' => depth = depth.saturating_add(1),
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && !is_escaped {
            return at + c.len_utf8();
        }
    }
    text.len()
}

/// Moves a word that is a cell, or the column or row of a range such as `A:B` and `1:2`.
fn moved(word: &str, tail: &str, before: &str, (rows, columns): (i64, i64)) -> Option<String> {
    let in_range = tail.starts_with(':') || before.ends_with(':');
    let (column_fixed, rest) = strip_dollar(word);
    let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (letters, rest) = rest.split_at(letters);
    let (row_fixed, digits) = strip_dollar(rest);
    match (letters.is_empty(), digits.is_empty()) {
        (false, false) => Some(format!(
            "{}{}",
            moved_column(letters, column_fixed, columns)?,
            moved_row(digits, row_fixed, rows)?
        )),
        (false, true) if in_range && !row_fixed => moved_column(letters, column_fixed, columns),
        // A dollar before digits alone was taken for the column's.
        (true, false) if in_range => moved_row(digits, column_fixed || row_fixed, rows),
        _ => None,
    }
}

fn strip_dollar(text: &str) -> (bool, &str) {
    text.strip_prefix('$').map_or((false, text), |rest| (true, rest))
}

fn moved_column(letters: &str, is_fixed: bool, by: i64) -> Option<String> {
    if letters.len() > 3 {
        return None;
    }
    let number = letters.bytes().fold(0i64, |n, b| n * 26 + i64::from((b | 0x20) - b'a') + 1);
    let limit = i64::from(MAX_COLUMNS);
    if number > limit {
        return None;
    }
    if is_fixed {
        return Some(format!("${letters}"));
    }
    // References go round the edge of the sheet, as they do in spreadsheet programs.
    let column = u32::try_from((number - 1 + by).rem_euclid(limit)).ok()?;
    Some(column_name(column))
}

fn moved_row(digits: &str, is_fixed: bool, by: i64) -> Option<String> {
    if digits.len() > 7 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: i64 = digits.parse().ok()?;
    let limit = i64::from(MAX_ROWS);
    if !(1..=limit).contains(&number) {
        return None;
    }
    if is_fixed {
        return Some(format!("${digits}"));
    }
    Some(((number - 1 + by).rem_euclid(limit) + 1).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_relative_references_move() {
        for (formula, expected) in [
            ("A1+$A1+A$1+$A$1", "C2+$A2+C$1+$A$1"),
            ("SUM(A1:B2,Sheet2!C3)", "SUM(C2:D3,Sheet2!E4)"),
            ("\"A1\"&'A1 b'!A1&\"a\"\"A1\"", "\"A1\"&'A1 b'!C2&\"a\"\"A1\""),
            ("LOG10(A1)*RATE2024+Rate_A1", "LOG10(C2)*RATE2024+Rate_A1"),
            ("SUM(A:B)+SUM(1:2)+SUM($1:$2)+SUM($A:C)", "SUM(C:D)+SUM(2:3)+SUM($1:$2)+SUM($A:E)"),
            ("A1:XFD1", "C2:B2"),
            ("Ä1+B", "Ä1+B"),
            ("1.5E3+2", "1.5E3+2"),
            ("'it''s'!A1", "'it''s'!C2"),
            ("\"open", "\"open"),
            ("SUM(Jan:Mar!A1,Q1:Q4!$A1)", "SUM(Jan:Mar!C2,Q1:Q4!$A2)"),
            ("Sheet1!A1:Sheet1!B2", "Sheet1!C2:Sheet1!D3"),
            ("T[A1]+T[[#This Row],[B2]]+T[a']b]+A1", "T[A1]+T[[#This Row],[B2]]+T[a']b]+C2"),
            ("[1]Book!A1+[open A1", "[1]Book!C2+[open A1"),
        ] {
            assert_eq!(shift(formula, 1, 2), expected, "{formula}");
        }
        assert_eq!(shift("A1", -1, -1), "XFD1048576");
    }
}
