//! Formulas of OpenFormula as spreadsheet programs show them: `of:=SUM([.A1:.B2];1)` is `SUM(A1:B2,1)`
//! (ODF 1.3 part 4, sections 5.8 and 5.5).

/// Returns the text of a formula without its equals sign. What is not of a known language stays as it is.
pub(super) fn show(formula: &str) -> String {
    let known = ["of:", "oooc:"].into_iter().find_map(|prefix| formula.strip_prefix(prefix));
    let Some(text) = known else {
        let text = formula.strip_prefix("msoxl:").unwrap_or(formula);
        return text.strip_prefix('=').unwrap_or(text).to_owned();
    };
    let mut out = String::with_capacity(text.len());
    let mut rest = text.trim_start_matches('=');
    // Separators mean other things in an array, `{1;2|3}`.
    let mut in_array = false;
    while let Some(c) = rest.chars().next() {
        let taken = match c {
            '"' => {
                let len = rest.get(1..).and_then(|rest| rest.find('"')).map_or(rest.len(), |at| at + 2);
                out.push_str(rest.get(..len).unwrap_or_default());
                len
            }
            '[' => {
                let len = reference_len(rest);
                show_reference(rest.get(1..len).unwrap_or_default().trim_end_matches(']'), &mut out);
                len
            }
            _ => {
                in_array = c == '{' || (in_array && c != '}');
                out.push(match c {
                    ';' => ',',
                    '|' if in_array => ';',
                    c => c,
                });
                c.len_utf8()
            }
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    out
}

/// Returns the length of a reference with its brackets; a bracket may stand in a quoted sheet name.
fn reference_len(text: &str) -> usize {
    let mut in_name = false;
    for (at, c) in text.char_indices() {
        match c {
            '\'' => in_name = !in_name,
            ']' if !in_name => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Appends a reference such as `.A1:.B2` or `$'Sheet 2'.A1`. A dot stands between sheet and cell.
fn show_reference(reference: &str, out: &mut String) {
    let (mut in_name, mut start) = (false, 0);
    for (at, c) in reference.char_indices() {
        match c {
            '\'' => in_name = !in_name,
            '.' if !in_name => {
                let sheet = reference.get(start..at).unwrap_or_default();
                if !sheet.is_empty() {
                    out.push_str(sheet.strip_prefix('$').unwrap_or(sheet));
                    out.push('!');
                }
                start = at + 1;
            }
            ':' if !in_name => {
                out.push_str(reference.get(start..=at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    out.push_str(reference.get(start..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_and_separators_are_those_of_the_screen() {
        for (formula, shown) in [
            ("of:=SUM([.A1:.B2];1)", "SUM(A1:B2,1)"),
            ("of:=[$'Sheet. 2]'.$A$1]+[Other.B:Other.C]", "'Sheet. 2]'!$A$1+Other!B:Other!C"),
            ("of:=\"a;[.B1]\"&{1;2|3}&IF([.A1];\"\"\"\";2)", "\"a;[.B1]\"&{1,2;3}&IF(A1,\"\"\"\",2)"),
            ("oooc:=SUM([.A1:.A2])", "SUM(A1:A2)"),
            ("msoxl:=SUM(A1,2)", "SUM(A1,2)"),
            ("=A1", "A1"),
            ("of:=[.A1", "A1"),
            ("of:=\"open", "\"open"),
        ] {
            assert_eq!(show(formula), shown, "{formula}");
        }
    }
}
