//! Date, time and elapsed time sections.
//!
//! Names of months and days are English whatever locale the code asks for: a neutral locale gives the same
//! output everywhere. Locale-dependent formats (`System`) become ISO 8601 with a space between date and time.

use super::calendar::{Epoch, Moment, Ticks};
use super::code::Token;
use super::decimal::Decimal;
use super::number::literal_of;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
/// Elapsed times beyond this many days show as the plain number.
const MAX_ELAPSED_DAYS: f64 = 1e9;
/// ISO 8601 times are rounded to milliseconds and then cut to seconds: the rounding mends binary fractions, and
/// cutting is what spreadsheet programs do where they show a time in full.
const ISO_PLACES: u32 = 3;

/// Which fields an ISO 8601 display has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Iso {
    Date,
    Time,
    DateTime,
    /// Only the fields that are not zero: formats whose meaning differs between locales.
    AsNeeded,
    /// The date always, the time unless it is midnight.
    DateFirst,
}

#[derive(Debug, Clone, PartialEq)]
enum Item {
    Literal(String),
    Year(usize),
    BuddhistYear,
    Month(usize),
    Day(usize),
    Hour(usize),
    Minute(usize),
    Second(usize),
    Fraction(u32),
    Half { long: bool },
    ElapsedHours(usize),
    ElapsedMinutes(usize),
    ElapsedSeconds(usize),
}

/// A compiled date section.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pattern {
    items: Vec<Item>,
    twelve_hours: bool,
    elapsed: bool,
    places: u32,
    /// The fields of ISO 8601, and the digits of the fraction of a second.
    iso: Option<(Iso, u32)>,
}

impl Pattern {
    /// An ISO 8601 display, with `shown` digits of the fraction of a second.
    pub(super) fn iso(iso: Iso, shown: u32) -> Self {
        Self {
            items: Vec::new(),
            twelve_hours: false,
            elapsed: false,
            places: if shown > 0 { shown } else { ISO_PLACES },
            iso: Some((iso, shown)),
        }
    }

    /// Compiles a section; `None` if nothing in it is a date or time.
    pub(super) fn compile(tokens: &[Token]) -> Option<Self> {
        for token in tokens {
            if let Token::System { time } = token {
                return Some(Self::iso(if *time { Iso::Time } else { Iso::Date }, 0));
            }
        }
        let is_field = |t: &Token| matches!(t, Token::Date(..) | Token::Elapsed(..));
        if !tokens.iter().any(is_field) {
            return None;
        }
        let mut items = Vec::with_capacity(tokens.len());
        let mut rest = tokens;
        while let Some((token, tail)) = rest.split_first() {
            rest = tail;
            if *token == Token::Point
                && matches!(items.last(), Some(Item::Second(_) | Item::ElapsedSeconds(_)))
            {
                let places = tail.iter().take_while(|t| **t == Token::Digit(b'0')).count();
                if places > 0 {
                    items.push(Item::Fraction(u32::try_from(places).unwrap_or(3).min(3)));
                    rest = tail.get(places..).unwrap_or_default();
                    continue;
                }
            }
            items.push(item(token, tail, &items));
        }
        let places = items.iter().find_map(|item| match item {
            Item::Fraction(places) => Some(*places),
            _ => None,
        });
        Some(Self {
            twelve_hours: items.iter().any(|item| matches!(item, Item::Half { .. })),
            elapsed: tokens.iter().any(|t| matches!(t, Token::Elapsed(..))),
            places: places.unwrap_or(0),
            items,
            iso: None,
        })
    }

    /// Appends the date; false, with nothing appended, if the number is none.
    pub(super) fn write(&self, value: Decimal, epoch: Epoch, out: &mut Vec<u8>) -> bool {
        let serial = value.to_f64();
        if self.elapsed {
            if serial.abs() > MAX_ELAPSED_DAYS {
                return false;
            }
            let ticks = Ticks::new(serial, self.places);
            if serial < 0.0 {
                out.push(b'-');
            }
            self.write_items(&Moment::of_day(&ticks), &ticks, out);
            return true;
        }
        let Some(moment) = Moment::from_serial(serial, epoch, self.places) else {
            return false;
        };
        match self.iso {
            Some((iso, shown)) => write_iso((iso, shown), &moment, serial, out),
            None => self.write_items(&moment, &Ticks::new(serial, self.places), out),
        }
        true
    }

    /// Appends the date as ISO 8601 whatever the section asks for, and elapsed time as hours, minutes and seconds;
    /// false, with nothing appended, if the number is none.
    pub(super) fn write_canonical(&self, value: Decimal, epoch: Epoch, out: &mut Vec<u8>) -> bool {
        if self.elapsed {
            let separator = || Item::Literal(":".to_owned());
            let mut items =
                vec![Item::ElapsedHours(1), separator(), Item::Minute(2), separator(), Item::Second(2)];
            if self.places > 0 {
                items.push(Item::Fraction(self.places));
            }
            let hours = Self { items, ..self.clone() };
            return hours.write(value, epoch, out);
        }
        let is_date =
            |item: &Item| matches!(item, Item::Year(_) | Item::BuddhistYear | Item::Month(_) | Item::Day(_));
        let has_date = match self.iso {
            Some((iso, _)) => matches!(iso, Iso::Date | Iso::DateTime),
            None => self.items.iter().any(is_date),
        };
        // What the format shows of a second is not less in this form.
        let shown = self.iso.map_or(self.places, |(_, shown)| shown);
        let iso = if has_date { Iso::DateFirst } else { Iso::AsNeeded };
        Self::iso(iso, shown).write(value, epoch, out)
    }

    fn write_items(&self, moment: &Moment, ticks: &Ticks, out: &mut Vec<u8>) {
        let hour = match (self.twelve_hours, moment.hour % 12) {
            (true, 0) => 12,
            (true, hour) => hour,
            (false, _) => moment.hour,
        };
        for item in &self.items {
            match item {
                Item::Literal(text) => out.extend_from_slice(text.as_bytes()),
                Item::Year(digits) => write_year(moment.year, *digits, out),
                Item::BuddhistYear => write_padded(moment.year + 543, 4, out),
                Item::Month(length) => write_name(moment.month, *length, &MONTHS, out),
                Item::Day(length) if *length > 2 => write_name(moment.weekday + 1, *length, &DAYS, out),
                Item::Day(digits) => write_padded(i64::from(moment.day), *digits, out),
                Item::Hour(digits) => write_padded(i64::from(hour), *digits, out),
                Item::Minute(digits) => write_padded(i64::from(moment.minute), *digits, out),
                Item::Second(digits) => write_padded(i64::from(moment.second), *digits, out),
                Item::Fraction(places) => {
                    out.push(b'.');
                    write_padded(i64::from(ticks.fraction), *places as usize, out);
                }
                Item::Half { long } => {
                    let text = if moment.hour < 12 { "AM" } else { "PM" };
                    out.extend_from_slice(if *long { text } else { &text[..1] }.as_bytes());
                }
                Item::ElapsedHours(digits) => write_padded(ticks.seconds / 3600, *digits, out),
                Item::ElapsedMinutes(digits) => write_padded(ticks.seconds / 60, *digits, out),
                Item::ElapsedSeconds(digits) => write_padded(ticks.seconds, *digits, out),
            }
        }
    }
}

/// Compiles one token; `before` and `after` tell minutes from months.
fn item(token: &Token, after: &[Token], before: &[Item]) -> Item {
    match token {
        Token::Date(b'y', length) => Item::Year(*length),
        Token::Date(b'e', _) => Item::Year(4),
        Token::Date(b'b', _) => Item::BuddhistYear,
        Token::Date(b'd', length) => Item::Day(*length),
        Token::Date(b'h', length) => Item::Hour(*length),
        Token::Date(b's', length) => Item::Second(*length),
        Token::Date(b'm', length) if *length <= 2 && is_minute(after, before) => Item::Minute(*length),
        Token::Date(b'm', length) => Item::Month(*length),
        Token::Half { long } => Item::Half { long: *long },
        Token::Elapsed(b'h', length) => Item::ElapsedHours(*length),
        Token::Elapsed(b'm', length) => Item::ElapsedMinutes(*length),
        Token::Elapsed(_, length) => Item::ElapsedSeconds(*length),
        Token::Digit(b'0') => Item::Literal("0".to_owned()),
        // Era names (`g`) have no neutral form.
        other => Item::Literal(literal_of(other).to_owned()),
    }
}

/// `m` is a minute right after hours and right before seconds (18.8.31, note to `m`).
fn is_minute(after: &[Token], before: &[Item]) -> bool {
    let last = before.iter().rev().find(|item| !matches!(item, Item::Literal(_) | Item::Half { .. }));
    let next = after.iter().find(|t| matches!(t, Token::Date(..) | Token::Elapsed(..)));
    matches!(last, Some(Item::Hour(_) | Item::ElapsedHours(_)))
        || matches!(next, Some(Token::Date(b's', _) | Token::Elapsed(b's', _)))
}

fn write_iso((iso, shown): (Iso, u32), moment: &Moment, serial: f64, out: &mut Vec<u8>) {
    let midnight =
        moment.hour == 0 && moment.minute == 0 && moment.second == 0 && (shown == 0 || moment.fraction == 0);
    let (date, time) = match iso {
        Iso::Date => (true, false),
        Iso::Time => (false, true),
        Iso::DateTime => (true, true),
        Iso::AsNeeded if serial < 1.0 => (false, true),
        Iso::AsNeeded | Iso::DateFirst => (true, !midnight),
    };
    if date {
        write_padded(moment.year, 4, out);
        out.push(b'-');
        write_padded(i64::from(moment.month), 2, out);
        out.push(b'-');
        write_padded(i64::from(moment.day), 2, out);
    }
    if date && time {
        out.push(b' ');
    }
    if time {
        write_padded(i64::from(moment.hour), 2, out);
        out.push(b':');
        write_padded(i64::from(moment.minute), 2, out);
        out.push(b':');
        write_padded(i64::from(moment.second), 2, out);
        if shown > 0 {
            out.push(b'.');
            write_padded(i64::from(moment.fraction), shown as usize, out);
        }
    }
}

fn write_year(year: i64, digits: usize, out: &mut Vec<u8>) {
    // `yyy` is four digits, too.
    if digits <= 2 {
        write_padded(year % 100, 2, out);
    } else {
        write_padded(year, 4, out);
    }
}

/// Writes a month or day: its number, three letters, its name or (five letters) its initial.
fn write_name(number: u8, length: usize, names: &[&str], out: &mut Vec<u8>) {
    let name = names.get(usize::from(number).saturating_sub(1)).copied().unwrap_or("");
    match length {
        0..=2 => write_padded(i64::from(number), length, out),
        3 => out.extend_from_slice(name.get(..3).unwrap_or(name).as_bytes()),
        5 => out.extend_from_slice(name.get(..1).unwrap_or(name).as_bytes()),
        _ => out.extend_from_slice(name.as_bytes()),
    }
}

fn write_padded(number: i64, digits: usize, out: &mut Vec<u8>) {
    // Nearly all fields have two digits; the general way below costs three times as much.
    if let (0..=99, 2, Ok(small)) = (number, digits, u8::try_from(number)) {
        out.extend_from_slice(&[b'0' + small / 10, b'0' + small % 10]);
        return;
    }
    let mut bytes = [b'0'; 20];
    let mut start = bytes.len();
    let mut rest = number.unsigned_abs();
    while rest > 0 {
        start -= 1;
        bytes[start] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    let start = start.min(bytes.len() - digits.clamp(1, 9));
    out.extend_from_slice(&bytes[start..]);
}
