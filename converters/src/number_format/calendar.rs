//! Dates and times of serial numbers (ECMA-376 part 1, 18.17.4).
//!
//! Keeps the 1900 system's leap day that never was: serial 60 is 1900-02-29 and serial 0 is 1900-01-00,
//! because that is what the cell shows; every later date depends on counting it.

/// Where serial numbers count from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Epoch {
    /// Serial 1 is 1900-01-01, and 1900 has a 29 February.
    #[default]
    Y1900,
    /// Serial 0 is 1904-01-01.
    Y1904,
}

const SECONDS_A_DAY: f64 = 86_400.0;
/// The serial of 9999-12-31 in the 1900 system; later dates have no display.
const LAST_DAY: i64 = 2_958_465;
const DAYS_1904: i64 = 1_462;

/// A point in time, split up. `second` has `fraction` as its digits after the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) year: i64,
    pub(super) month: u8,
    pub(super) day: u8,
    /// 0 is Sunday.
    pub(super) weekday: u8,
    pub(super) hour: u8,
    pub(super) minute: u8,
    pub(super) second: u8,
    pub(super) fraction: u32,
}

impl Moment {
    /// Splits a serial number, rounded to `places` digits of a second; `None` if it is no date.
    #[must_use]
    pub(super) fn from_serial(serial: f64, epoch: Epoch, places: u32) -> Option<Self> {
        if !(0.0..=3_000_000.0).contains(&serial) {
            return None;
        }
        let ticks = Ticks::new(serial, places);
        let days = ticks.seconds / 86_400;
        let serial_day = match epoch {
            Epoch::Y1900 => days,
            Epoch::Y1904 => days + DAYS_1904,
        };
        if serial_day > LAST_DAY {
            return None;
        }
        let (year, month, day) = civil(serial_day);
        Some(Self { year, month, day, weekday: small((serial_day + 6) % 7), ..Self::of_day(&ticks) })
    }

    /// Splits the time of day of `ticks`, on day 0.
    #[must_use]
    pub(super) fn of_day(ticks: &Ticks) -> Self {
        Self {
            year: 1900,
            month: 1,
            day: 0,
            weekday: 6,
            hour: small(ticks.seconds / 3600 % 24),
            minute: small(ticks.seconds / 60 % 60),
            second: small(ticks.seconds % 60),
            fraction: ticks.fraction,
        }
    }
}

fn small(number: i64) -> u8 {
    u8::try_from(number).unwrap_or(0)
}

/// A length of time, rounded to a number of digits of a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticks {
    pub(super) seconds: i64,
    pub(super) fraction: u32,
}

impl Ticks {
    /// Rounds the absolute value of `serial` days; the caller keeps it below 10^9 days.
    #[must_use]
    pub(super) fn new(serial: f64, places: u32) -> Self {
        let unit = 10i64.pow(places.min(3));
        #[expect(clippy::cast_precision_loss, reason = "at most 1000")]
        let ticks = (serial.abs() * SECONDS_A_DAY * unit as f64).round();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the cast saturates, and callers bound the value"
        )]
        let ticks = ticks as i64;
        Self { seconds: ticks / unit, fraction: u32::try_from(ticks % unit).unwrap_or(0) }
    }
}

/// Year, month and day of a serial day of the 1900 system.
fn civil(serial_day: i64) -> (i64, u8, u8) {
    match serial_day {
        0 => return (1900, 1, 0),
        60 => return (1900, 2, 29),
        _ => {}
    }
    // Days since 0000-03-01 of the proleptic Gregorian calendar, so that leap days end a year.
    let days = serial_day + if serial_day < 60 { 693_900 } else { 693_899 };
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, small(month), small(day))
}

/// Returns the serial number of a date in the proleptic Gregorian calendar; before 1900-03-01 in the 1900
/// system it counts as a spreadsheet program does.
#[must_use]
pub fn serial_of(year: i64, month: i64, day: i64, epoch: Epoch) -> i64 {
    let shifted_year = year - i64::from(month <= 2);
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let serial = days - 693_899;
    match epoch {
        Epoch::Y1904 => serial - DAYS_1904,
        Epoch::Y1900 if serial < 61 => serial - 1,
        Epoch::Y1900 => serial,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(serial: f64, epoch: Epoch) -> Option<(i64, u8, u8)> {
        Moment::from_serial(serial, epoch, 0).map(|m| (m.year, m.month, m.day))
    }

    #[test]
    fn counts_the_leap_day_of_1900() {
        for (serial, expected) in [
            (0.0, (1900, 1, 0)),
            (1.0, (1900, 1, 1)),
            (59.0, (1900, 2, 28)),
            (60.0, (1900, 2, 29)),
            (61.0, (1900, 3, 1)),
            (366.0, (1900, 12, 31)),
            (36_526.0, (2000, 1, 1)),
            (36_585.0, (2000, 2, 29)),
            (45_000.0, (2023, 3, 15)),
            (2_958_465.0, (9999, 12, 31)),
        ] {
            assert_eq!(date(serial, Epoch::Y1900), Some(expected), "{serial}");
        }
        assert_eq!(date(2_958_466.0, Epoch::Y1900), None);
        assert_eq!(date(-1.0, Epoch::Y1900), None);
        assert_eq!(date(f64::NAN, Epoch::Y1900), None);
        assert_eq!(date(0.0, Epoch::Y1904), Some((1904, 1, 1)));
        assert_eq!(date(40_000.0, Epoch::Y1904), Some((2013, 7, 7)));
    }

    #[test]
    fn serial_of_is_the_inverse() {
        for day in (1..2_958_465i64).step_by(97).filter(|day| *day != 60) {
            #[expect(clippy::cast_precision_loss, reason = "small")]
            let (year, month, dom) = date(day as f64, Epoch::Y1900).unwrap();
            assert_eq!(serial_of(year, i64::from(month), i64::from(dom), Epoch::Y1900), day);
        }
        assert_eq!(serial_of(1904, 1, 2, Epoch::Y1904), 1);
    }

    #[test]
    fn rounds_to_the_asked_digits_and_carries() {
        let noon = Moment::from_serial(36_526.499_999_9, Epoch::Y1900, 0).unwrap();
        assert_eq!((noon.hour, noon.minute, noon.second), (12, 0, 0));
        let exact = Moment::from_serial(0.5 + 0.25 / 86_400.0, Epoch::Y1900, 2).unwrap();
        assert_eq!((exact.second, exact.fraction), (0, 25));
        assert_eq!(Moment::from_serial(7.0, Epoch::Y1900, 0).unwrap().weekday, 6);
    }
}
