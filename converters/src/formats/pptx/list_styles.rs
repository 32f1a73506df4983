//! List styles: whether a paragraph at a level is a list item, and how its items are numbered.
//!
//! A paragraph's own properties win over those of its shape, these over the layout's and the master's
//! (ECMA-376 part 1, sections 19.7.16 and 21.1.2.4). Only bullets are read.

use crate::Result;
use crate::list_number::NumberFormat;
use crate::markdown::Marker;
use crate::xml::{Event, Reader, Source, Tag};

pub(super) const LEVELS: usize = 9;
/// The greatest number at which a list may start (ST_TextBulletStartAtNum).
const MAX_START: u32 = 32_767;

/// What a paragraph begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bullet {
    /// Nothing: it is no item.
    None,
    Sign,
    Number(Scheme),
}

/// How items are numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scheme {
    format: NumberFormat,
    around: Around,
    pub(super) start: u32,
}

/// What stands around a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Around {
    Period,
    Parenthesis,
    Parentheses,
    Nothing,
}

/// The bullets of a list style by level; `None` is "not said here".
pub(super) type Levels = [Option<Bullet>; LEVELS];

/// Fills what `levels` does not say from `others`.
pub(super) fn inherit(levels: &mut Levels, others: &Levels) {
    for (level, other) in levels.iter_mut().zip(others) {
        *level = level.or(*other);
    }
}

/// Reads the children of a list style (`lstStyle`, `bodyStyle`).
pub(super) fn read<S: Source>(reader: &mut Reader<S>) -> Result<Levels> {
    let mut levels = Levels::default();
    let outer = reader.depth();
    while reader.depth() >= outer {
        let Event::Start(tag) = reader.next_event()? else {
            continue;
        };
        // `lvl1pPr` to `lvl9pPr`
        let at = match tag.local() {
            [b'l', b'v', b'l', digit @ b'1'..=b'9', b'p', b'P', b'r'] => usize::from(digit - b'1'),
            _ => continue,
        };
        let bullet = read_bullet(reader)?;
        if let Some(level) = levels.get_mut(at) {
            *level = bullet;
        }
    }
    Ok(levels)
}

/// Reads the children of paragraph properties; returns the bullet that they say.
pub(super) fn read_bullet<S: Source>(reader: &mut Reader<S>) -> Result<Option<Bullet>> {
    let mut found = None;
    let outer = reader.depth();
    while reader.depth() >= outer {
        if let Event::Start(tag) = reader.next_event()? {
            match tag.local() {
                b"buNone" => found = Some(Bullet::None),
                b"buChar" | b"buBlip" => found = Some(Bullet::Sign),
                b"buAutoNum" => found = Some(Bullet::Number(scheme(tag))),
                b"defRPr" => reader.skip_element()?,
                _ => {}
            }
        }
    }
    Ok(found)
}

/// Reads an `ST_TextAutonumberScheme`, such as `alphaLcParenR`.
fn scheme(tag: Tag<'_>) -> Scheme {
    let name = tag.raw(b"type").unwrap_or_default();
    let begins = |prefix: &str| name.starts_with(prefix.as_bytes());
    let ends = |suffix: &str| name.ends_with(suffix.as_bytes());
    let format = match () {
        () if begins("alphaLc") => NumberFormat::LowerLetter,
        () if begins("alphaUc") => NumberFormat::UpperLetter,
        () if begins("romanLc") => NumberFormat::LowerRoman,
        () if begins("romanUc") => NumberFormat::UpperRoman,
        () => NumberFormat::Decimal,
    };
    let around = match () {
        () if ends("ParenBoth") => Around::Parentheses,
        () if ends("ParenR") => Around::Parenthesis,
        () if ends("Plain") => Around::Nothing,
        () => Around::Period,
    };
    let start = tag.number(b"startAt").unwrap_or(1);
    Scheme { format, around, start: start.clamp(1, MAX_START) }
}

/// How far the numbered items of a text have counted, by level.
#[derive(Debug, Default)]
pub(super) struct Counters {
    levels: [Option<(Scheme, u32)>; LEVELS],
}

impl Counters {
    /// Counts a paragraph and returns what it begins with; `None` if it is no item.
    pub(super) fn next(&mut self, level: usize, bullet: Bullet) -> Option<Marker> {
        for deeper in self.levels.iter_mut().skip(level + 1) {
            *deeper = None;
        }
        let counter = self.levels.get_mut(level)?;
        let Bullet::Number(scheme) = bullet else {
            *counter = None;
            return (bullet == Bullet::Sign).then_some(Marker::Bullet);
        };
        let number = match counter {
            Some((before, number)) if *before == scheme => number.saturating_add(1),
            _ => scheme.start,
        };
        *counter = Some((scheme, number));
        Some(scheme.marker(number))
    }
}

impl Scheme {
    fn marker(self, number: u32) -> Marker {
        match (self.format, self.around) {
            (NumberFormat::Decimal, Around::Period) => return Marker::Number { number, delimiter: '.' },
            (NumberFormat::Decimal, Around::Parenthesis) => return Marker::Number { number, delimiter: ')' },
            _ => {}
        }
        let mut label = String::new();
        if self.around == Around::Parentheses {
            label.push('(');
        }
        self.format.write(number, &mut label);
        match self.around {
            Around::Period => label.push('.'),
            Around::Parenthesis | Around::Parentheses => label.push(')'),
            Around::Nothing => {}
        }
        Marker::Label(label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_on_over_deeper_levels_and_begin_anew_after_another_scheme() {
        let numbered =
            |start| Bullet::Number(Scheme { format: NumberFormat::Decimal, around: Around::Period, start });
        let mut counters = Counters::default();
        let mut number = |level, bullet| match counters.next(level, bullet) {
            Some(Marker::Number { number, .. }) => number,
            _ => 0,
        };
        assert_eq!(number(0, numbered(1)), 1);
        assert_eq!(number(1, numbered(5)), 5);
        assert_eq!(number(1, numbered(5)), 6);
        assert_eq!(number(0, numbered(1)), 2, "deeper items do not end the list");
        assert_eq!(number(1, numbered(5)), 5, "an item above does");
        assert_eq!(number(0, numbered(7)), 7, "another start is another list");
        assert_eq!(number(0, Bullet::Sign), 0);
        assert_eq!(number(0, numbered(7)), 7, "so is what stands behind a bullet");
        assert_eq!(number(usize::MAX - 1, numbered(7)), 0, "there is no such level");
    }
}
