//! Dates of cells of type `d`, which are ISO 8601 text (ECMA-376 part 1, 18.17.4.1).

use crate::number_format::{Epoch, serial_of};

/// A date as text and, where it has one, as a serial number.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct IsoDate {
    /// The date with a blank between date and time, without a time of midnight, zone and fraction as stored.
    pub(crate) text: Vec<u8>,
    pub(crate) serial: Option<f64>,
}

/// Reads a date, a time or both; `None` for anything else.
pub(crate) fn parse(stored: &[u8], epoch: Epoch) -> Option<IsoDate> {
    let stored = std::str::from_utf8(stored).ok()?;
    let (date, time) = match stored.split_once(['T', ' ']) {
        Some((date, time)) => (Some(date), Some(time)),
        None if stored.contains(':') => (None, Some(stored)),
        None => (Some(stored), None),
    };
    let date = date.filter(|date| !date.is_empty());
    let time = time.map(|time| time.strip_suffix('Z').unwrap_or(time));
    let days = match date {
        Some(date) => Some(parse_date(date, epoch)?),
        None => None,
    };
    let seconds = match time {
        Some(time) => parse_time(time)?,
        None => 0.0,
    };
    let shown_time = time.filter(|_| date.is_none() || seconds > 0.0);
    let text = match (date, shown_time) {
        (Some(date), Some(time)) => format!("{date} {time}"),
        (Some(text), None) | (None, Some(text)) => text.to_owned(),
        (None, None) => return None,
    };
    Some(IsoDate { text: text.into_bytes(), serial: Some(days.unwrap_or(0.0) + seconds / 86_400.0) })
}

fn parse_date(text: &str, epoch: Epoch) -> Option<f64> {
    let mut fields = text.splitn(3, '-').map(str::parse::<i64>);
    let (year, month, day) = (fields.next()?.ok()?, fields.next()?.ok()?, fields.next()?.ok()?);
    if !(0..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let serial = i32::try_from(serial_of(year, month, day, epoch)).ok()?;
    Some(f64::from(serial))
}

fn parse_time(text: &str) -> Option<f64> {
    // A zone offset does not move the date that the cell shows.
    let text = text.split(['+', '-']).next().unwrap_or(text);
    let mut fields = text.splitn(3, ':');
    let hour: u32 = fields.next()?.parse().ok().filter(|hour| *hour <= 24)?;
    let minute: u32 = fields.next()?.parse().ok().filter(|minute| *minute < 60)?;
    let second: f64 = fields.next().unwrap_or("0").parse().ok()?;
    let in_range = (0.0..61.0).contains(&second);
    in_range.then(|| f64::from(hour * 3600 + minute * 60) + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_times_and_both_are_read() {
        for (stored, text, serial) in [
            ("2021-01-01", "2021-01-01", 44_197.0),
            ("2021-01-01T00:00:00", "2021-01-01", 44_197.0),
            ("2021-01-01T12:00:00Z", "2021-01-01 12:00:00", 44_197.5),
            ("06:00:00.000", "06:00:00.000", 0.25),
            ("1900-02-28", "1900-02-28", 59.0),
        ] {
            let date = parse(stored.as_bytes(), Epoch::Y1900).unwrap();
            assert_eq!(String::from_utf8(date.text).unwrap(), text);
            assert_eq!(date.serial, Some(serial), "{stored}");
        }
        for stored in ["", "T", "soon", "2021-13-01", "2021-01-01Tnoon", "1:2:NaN", "99:00"] {
            assert_eq!(parse(stored.as_bytes(), Epoch::Y1900), None, "{stored}");
        }
    }
}
