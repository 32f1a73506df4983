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
    /// The character before the output, if the output was handed on meanwhile.
    pub(super) before: Option<char>,
}

/// Longest reference that could be taken for an entity (`&CounterClockwiseContourIntegral;`).
const MAX_ENTITY: usize = 34;
/// An ordered list marker has at most nine digits.
const MAX_LIST_DIGITS: usize = 9;

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
        '~' => next == Some('~') || previous(out, place).is_some_and(|c| !c.is_whitespace()),
        '[' => place.in_link || next == Some('^') || at_start(out, place),
        ']' => place.in_link,
        '(' => out.ends_with(']') && !out.ends_with("\\]"),
        ':' => out.ends_with(']') && line(out, place).is_some_and(|line| line.starts_with('[')),
        '<' => next.is_none_or(|c| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?')),
        '&' => is_entity(rest),
        '|' => place.in_cell,
        '!' => next == Some('['),
        '#' => {
            (at_start(out, place) && next.is_none_or(|c| c == '#' || c.is_whitespace()))
                || (place.in_heading && out.ends_with(' '))
        }
        '>' => at_start(out, place),
        '-' => at_start(out, place) && next.is_none_or(|c| c == '-' || c.is_whitespace()),
        '+' => at_start(out, place) && next.is_none_or(char::is_whitespace),
        '=' => at_start(out, place) && place.line_start.is_some_and(|at| at > 0),
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
