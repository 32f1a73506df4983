//! List styles: what the items of each level begin with (ODF 1.3 part 3, sections 16.30 to 16.34).

use std::rc::Rc;

use crate::Result;
use crate::limits::Meter;
use crate::list_number::NumberFormat;
use crate::markdown::Marker;
use crate::xml::{Event, Reader, Source, Tag};

use super::{attribute, raw_attribute};

/// Levels of a list; deeper ones look like the last.
pub(super) const LEVELS: usize = 10;
/// Longer prefixes and suffixes are no label.
const MAX_AFFIX_BYTES: usize = 256;
/// What a list style weighs in memory beside its text.
const LIST_BYTES: u64 = 1024;
/// Numbers that CommonMark takes in a list.
const MAX_NUMBER: u32 = 999_999_999;
/// Letters of more places are no label.
const MAX_LETTERS: u32 = 26 * 26 * 26;

/// What the items of a level begin with.
#[derive(Debug, Clone, Default)]
enum Level {
    #[default]
    Bullet,
    Number(Number),
}

#[derive(Debug, Clone)]
struct Number {
    format: NumberFormat,
    /// Whether letters repeat after z (`aa`, `bb`) instead of counting on (`aa`, `ab`).
    letters_repeat: bool,
    prefix: Rc<str>,
    suffix: Rc<str>,
    /// How many levels the number shows.
    shown: usize,
    start: u32,
}

/// The levels of a list.
#[derive(Debug, Default)]
pub(crate) struct ListStyle {
    levels: [Option<Level>; LEVELS],
}

/// Reads the list style whose start tag came last; it counts as held in memory.
pub(super) fn read<S: Source>(reader: &mut Reader<S>, meter: &Meter) -> Result<ListStyle> {
    meter.resident(LIST_BYTES)?;
    let mut style = ListStyle::default();
    let outer = reader.depth();
    while reader.depth() >= outer {
        let Event::Start(tag) = reader.next_event()? else {
            continue;
        };
        let level = match tag.local() {
            b"list-level-style-bullet" | b"list-level-style-image" => Level::Bullet,
            b"list-level-style-number" | b"outline-level-style" => Level::Number(read_number(tag)),
            _ => continue,
        };
        if let Level::Number(number) = &level {
            meter.resident((number.prefix.len() + number.suffix.len()) as u64)?;
        }
        let at = tag.number::<usize>(b"level").and_then(|at| at.checked_sub(1));
        if let Some(place) = at.and_then(|at| style.levels.get_mut(at)) {
            *place = Some(level);
        }
    }
    Ok(style)
}

fn read_number(tag: Tag<'_>) -> Number {
    let affix = |name: &[u8]| -> Rc<str> {
        attribute(tag, name).filter(|text| text.len() <= MAX_AFFIX_BYTES).unwrap_or_default().into()
    };
    let count = |name: &[u8]| -> Option<u32> {
        std::str::from_utf8(raw_attribute(tag, name)?).ok()?.trim().parse().ok()
    };
    let shown = count(b"text:display-levels").and_then(|shown| usize::try_from(shown).ok());
    Number {
        format: match raw_attribute(tag, b"style:num-format").unwrap_or_default() {
            b"" => NumberFormat::None,
            b"a" => NumberFormat::LowerLetter,
            b"A" => NumberFormat::UpperLetter,
            b"i" => NumberFormat::LowerRoman,
            b"I" => NumberFormat::UpperRoman,
            format if format.starts_with(b"01") => NumberFormat::Padded(2),
            format if format.starts_with(b"1st") => NumberFormat::Ordinal,
            _ => NumberFormat::Decimal,
        },
        letters_repeat: raw_attribute(tag, b"style:num-letter-sync") == Some(b"true"),
        prefix: affix(b"style:num-prefix"),
        suffix: affix(b"style:num-suffix"),
        shown: shown.unwrap_or(1).clamp(1, LEVELS),
        start: count(b"text:start-value").unwrap_or(1),
    }
}

impl ListStyle {
    fn level(&self, at: usize) -> Option<&Level> {
        self.levels.get(at.min(LEVELS - 1))?.as_ref()
    }

    /// Returns the number that a level begins with.
    pub(super) fn start(&self, at: usize) -> u32 {
        match self.level(at) {
            Some(Level::Number(number)) => number.start,
            Some(Level::Bullet) | None => 1,
        }
    }

    /// Returns what an item of the level `at` begins with, given the numbers of all levels; `None` if that is nothing.
    pub(super) fn marker(&self, at: usize, numbers: &[u32; LEVELS]) -> Option<Marker> {
        let Level::Number(own) = self.level(at)? else {
            return Some(Marker::Bullet);
        };
        let at = at.min(LEVELS - 1);
        let delimiter = match &*own.suffix {
            "." => Some('.'),
            ")" => Some(')'),
            _ => None,
        };
        if own.format == NumberFormat::Decimal
            && own.shown == 1
            && own.prefix.is_empty()
            && numbers[at] <= MAX_NUMBER
            && let Some(delimiter) = delimiter
        {
            return Some(Marker::Number { number: numbers[at], delimiter });
        }
        let mut label = own.prefix.to_string();
        if own.format != NumberFormat::None {
            let first = (at + 1).saturating_sub(own.shown);
            let mut is_first = true;
            for (level, value) in numbers.iter().enumerate().take(at + 1).skip(first) {
                let Some(Level::Number(number)) = self.level(level) else { continue };
                if number.format == NumberFormat::None {
                    continue;
                }
                if !std::mem::take(&mut is_first) {
                    label.push('.');
                }
                number.write(*value, &mut label);
            }
        }
        label.push_str(&own.suffix);
        let label = label.trim();
        (!label.is_empty()).then(|| Marker::Label(label.to_owned()))
    }
}

impl Number {
    fn write(&self, number: u32, out: &mut String) {
        let first = match self.format {
            NumberFormat::LowerLetter => b'a',
            NumberFormat::UpperLetter => b'A',
            _ => return self.format.write(number, out),
        };
        if self.letters_repeat || !(27..=MAX_LETTERS).contains(&number) {
            return self.format.write(number, out);
        }
        let (mut rest, mut letters) = (number, Vec::new());
        while rest > 0 {
            rest -= 1;
            letters.push(first.saturating_add(u8::try_from(rest % 26).unwrap_or(0)));
            rest /= 26;
        }
        out.extend(letters.iter().rev().map(|letter| char::from(*letter)));
    }
}
