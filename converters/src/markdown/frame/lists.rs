//! Items of lists: what stands before them, and where one list ends and another begins.

use super::{Frame, Marker, Previous};

/// An open level of a list.
#[derive(Debug)]
pub(super) struct List {
    pub(super) level: u8,
    /// Where the content of its items begins.
    pub(super) indent: usize,
    /// The number that the next item has to have, and what stands behind it.
    next: Option<(u32, char)>,
}

impl Frame {
    pub(super) fn begin_item(&mut self, level: u8, marker: &Marker) {
        let before = self.lists.iter().find(|list| list.level == level).map(|list| list.next);
        let sibling = before.is_some();
        self.lists.retain(|list| list.level < level);
        let indent = self.lists.last().map_or(0, |list| list.indent);
        let tight = match marker {
            Marker::Bullet => true,
            // Inside an item, only a list that begins with 1 can interrupt its paragraph (CommonMark 5.2).
            Marker::Number { number, .. } => sibling || *number == 1 || indent == 0,
            Marker::Label(_) => false,
        };
        let begins_anew = self.previous == Previous::Item && is_other_list(before.flatten(), marker);
        match self.marks.list_break.filter(|_| begins_anew) {
            Some(list_break) => {
                self.separate();
                self.out.extend(std::iter::repeat_n(' ', indent));
                self.out.push_str(list_break);
                self.separate();
            }
            None if self.previous == Previous::Item && tight => self.out.push('\n'),
            None => self.separate(),
        }
        self.out.extend(std::iter::repeat_n(' ', indent));
        self.push_marker(marker);
        let next = match marker {
            Marker::Number { number, delimiter } => Some((number.saturating_add(1), *delimiter)),
            Marker::Bullet | Marker::Label(_) => None,
        };
        self.lists.push(List { level, indent: indent + marker_width(marker), next });
    }

    pub(super) fn push_marker(&mut self, marker: &Marker) {
        match marker {
            Marker::Bullet => self.out.push_str("- "),
            Marker::Number { number, delimiter } => {
                self.out.push_str(&number.to_string());
                self.out.push(*delimiter);
                self.out.push(' ');
            }
            Marker::Label(_) => {}
        }
    }
}

/// Tells whether an item would be read as the next one of the list before, whose number it does not have.
fn is_other_list(next: Option<(u32, char)>, marker: &Marker) -> bool {
    match (next, marker) {
        (Some((next, before)), Marker::Number { number, delimiter }) => {
            *number != next && *delimiter == before
        }
        _ => false,
    }
}

pub(super) fn marker_width(marker: &Marker) -> usize {
    match marker {
        Marker::Bullet => 2,
        Marker::Number { number, .. } => number.checked_ilog10().map_or(1, |digits| digits as usize + 1) + 2,
        Marker::Label(_) => 0,
    }
}
