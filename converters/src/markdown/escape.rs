//! Writes plain text so that Markdown shows exactly that text, with as few backslashes as will do.
//!
//! A mark is escaped only where it could mean something: a `*` between spaces, a `_` inside a word, a backslash
//! before a letter and a `.` after a word stay as they are. The rules are those of CommonMark 0.31 and of GitHub
//! tables and strikethrough. Where the next character is not known yet, the backslash is written.

/// Where text is about to be written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Where the current line begins in the output, if block marks count in it.
    pub(super) line_start: Option<usize>,
    pub(super) in_cell: bool,
    pub(super) in_heading: bool,
    pub(super) in_link: bool,
    pub(super) is_struck: bool,
    /// The character before the output, if the output was handed on meanwhile.
    pub(super) before: Option<char>,
}

/// Longest reference that could be taken for an entity (`&CounterClockwiseContourIntegral;`).
const MAX_ENTITY: usize = 34;
/// An ordered list marker has at most nine digits.
const MAX_LIST_DIGITS: usize = 9;
/// Bold, italic and struck at once.
const MAX_MARKS: usize = "***~~".len();

const SPECIAL: [bool; 256] = {
    let mut table = [false; 256];
    let marks = b"\\`*_[]<>#+-=~&|!.():";
    let mut i = 0;
    while i < marks.len() {
        table[marks[i] as usize] = true;
        i += 1;
    }
    let mut control = 0;
    while control < 0x20 {
        table[control] = true;
        control += 1;
    }
    table[0x7F] = true;
    table
};

/// Appends `text`, which has no line ends, to `out`.
pub(super) fn append(out: &mut String, text: &str, place: Place) {
    let bytes = text.as_bytes();
    let mut copied = 0;
    let mut at = 0;
    while let Some(n) = bytes[at..].iter().position(|&b| SPECIAL[usize::from(b)]) {
        let special = at + n;
        out.push_str(&text[copied..special]);
        let taken = mark(out, &text[special..], place);
        if taken == 0 {
            copied = special;
            at = special + 1;
            // The character itself is copied with what follows, but it has to be visible to the next decision.
            out.push_str(&text[copied..at]);
            copied = at;
        } else {
            at = special + taken;
            copied = at;
        }
    }
    out.push_str(&text[copied..]);
}

/// Escapes the dollar signs of `out` from `from` on that could end a formula, which `is_open` tells has begun before. Tells
/// whether one may begin behind.
///
/// GitHub, as most who read formulas, takes what stands between two dollar signs for one if there are no spaces inside of
/// them and no digit behind: `$5 and $6` is none.
pub(super) fn close_no_formula(out: &mut String, from: usize, before: Option<char>, is_open: bool) -> bool {
    let Some(first) = out.get(from..).and_then(|new| new.find('$')) else {
        return is_open;
    };
    let tail = out.split_off(from + first);
    let mut is_open = is_open;
    let mut rest = tail.as_str();
    while let Some(at) = rest.find('$') {
        let (head, dollar) = rest.split_at(at);
        out.push_str(head);
        rest = &dollar[1..];
        let next = rest.chars().next();
        let ends = !is_space(out.chars().next_back().or(before)) && !next.is_some_and(|c| c.is_ascii_digit());
        if (is_open && ends) || next == Some('$') {
            out.push('\\');
        } else {
            is_open |= !next.is_some_and(char::is_whitespace);
        }
        out.push('$');
    }
    out.push_str(rest);
    is_open
}

/// Escapes the dollar signs of `out` from `from` on that could begin a formula.
pub(super) fn open_no_formula(out: &mut String, from: usize) {
    let Some(first) = out.get(from..).and_then(|new| new.find('$')) else {
        return;
    };
    let tail = out.split_off(from + first);
    let mut rest = tail.as_str();
    while let Some(at) = rest.find('$') {
        let (head, dollar) = rest.split_at(at);
        out.push_str(head);
        rest = &dollar[1..];
        let is_escaped = out.bytes().rev().take_while(|&byte| byte == b'\\').count() % 2 == 1;
        if !is_escaped && !rest.starts_with(char::is_whitespace) {
            out.push('\\');
        }
        out.push('$');
    }
    out.push_str(rest);
}

/// Appends `text` as it is, but for control characters, which no text holds: they become U+FFFD.
pub(super) fn append_plain(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| byte.is_ascii_control()) {
        let (head, tail) = rest.split_at(at);
        out.push_str(head);
        out.push(char::REPLACEMENT_CHARACTER);
        rest = &tail[1..];
    }
    out.push_str(rest);
}

/// Decides about the special character that `rest` begins with; returns how many bytes it wrote in its own way,
/// or 0 if the character stands for itself.
fn mark(out: &mut String, rest: &str, place: Place) -> usize {
    let mut chars = rest.chars();
    let Some(this) = chars.next() else { return 0 };
    let next = chars.next();
    let escape = match this {
        '\0'..='\u{1F}' | '\u{7F}' => {
            out.push(char::REPLACEMENT_CHARACTER);
            return 1;
        }
        '_' => return underscores(out, rest, place),
        '`' => true,
        '\\' => next.is_none_or(|c| c.is_ascii_punctuation()),
        '*' => {
            !(is_space(previous(out, place)) && next.is_some_and(char::is_whitespace)) || at_start(out, place)
        }
        '~' => {
            place.is_struck
                || next.is_none_or(|c| c == '~')
                || previous(out, place).is_some_and(|c| !c.is_whitespace())
        }
        '[' => place.in_link || next.is_none_or(|c| c == '^') || at_start(out, place),
        ']' => place.in_link,
        '(' => out.ends_with(']') && !out.ends_with("\\]"),
        ':' => {
            (out.ends_with(']') && line(out, place).is_some_and(|line| line.starts_with('[')))
                || (at_further_line(out, place) && next.is_none_or(|c| c == '-'))
        }
        '<' => next.is_none_or(|c| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?')),
        '&' => is_entity(rest),
        '|' => place.in_cell || at_further_line(out, place),
        '!' => next == Some('['),
        '#' => {
            (at_start(out, place) && next.is_none_or(|c| c == '#' || c.is_whitespace()))
                || (place.in_heading && (out.is_empty() || out.ends_with(' ')))
        }
        '>' => is_first(out, place),
        '-' => {
            (at_start(out, place) && next.is_none_or(|c| c == '-' || c.is_whitespace()))
                || (at_further_line(out, place) && matches!(next, Some('|' | ':')))
        }
        '+' => at_start(out, place) && next.is_none_or(char::is_whitespace),
        '=' => at_further_line(out, place),
        '.' | ')' => next.is_none_or(char::is_whitespace) && line(out, place).is_some_and(is_list_number),
        _ => false,
    };
    if escape {
        out.push('\\');
        out.push(this);
        return this.len_utf8();
    }
    0
}

/// Writes a run of underscores: it matters only if it can open emphasis, which no closing run can do without.
fn underscores(out: &mut String, rest: &str, place: Place) -> usize {
    let count = rest.bytes().take_while(|&b| b == b'_').count();
    let opens = !previous(out, place).is_some_and(char::is_alphanumeric)
        && rest[count..].chars().next().is_some_and(|c| !c.is_whitespace());
    if opens {
        out.extend(std::iter::repeat_n("\\_", count));
    } else {
        if at_start(out, place) && count >= 3 {
            out.push('\\');
        }
        out.push_str(&rest[..count]);
    }
    count
}

fn previous(out: &str, place: Place) -> Option<char> {
    out.chars().next_back().or(place.before)
}

fn is_space(previous: Option<char>) -> bool {
    previous.is_none_or(char::is_whitespace)
}

fn at_start(out: &str, place: Place) -> bool {
    place.line_start == Some(out.len())
}

/// Tells whether the next character begins a line that is not the first: it could make a heading or the header of a
/// table of the line before.
fn at_further_line(out: &str, place: Place) -> bool {
    at_start(out, place) && !out.is_empty()
}

/// Tells whether nothing but marks stands before the next character in its line; they may be taken back.
fn is_first(out: &str, place: Place) -> bool {
    line(out, place)
        .is_some_and(|line| line.len() <= MAX_MARKS && line.bytes().all(|b| matches!(b, b'*' | b'~')))
}

fn line(out: &str, place: Place) -> Option<&str> {
    out.get(place.line_start?..)
}

fn is_list_number(line: &str) -> bool {
    !line.is_empty() && line.len() <= MAX_LIST_DIGITS && line.bytes().all(|b| b.is_ascii_digit())
}

fn is_entity(rest: &str) -> bool {
    let name = rest.as_bytes().get(1..).unwrap_or_default();
    let len = name.iter().take(MAX_ENTITY).take_while(|b| b.is_ascii_alphanumeric() || **b == b'#').count();
    len > 0 && name.get(len) == Some(&b';')
}
