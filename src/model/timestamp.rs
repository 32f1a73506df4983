//! Points in time as the wire and the manifest write them: RFC 3339 in UTC.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A point in time in UTC, kept to the microsecond.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(OffsetDateTime);

/// A text that is no RFC 3339 timestamp.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not an RFC 3339 timestamp")]
pub struct BadTimestamp(String);

impl Timestamp {
    /// Returns the time that the system's clock shows.
    #[must_use]
    pub fn now() -> Self {
        Self::from(SystemTime::now())
    }

    /// Returns the whole seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix_seconds(self) -> i64 {
        self.0.unix_timestamp()
    }

    /// Returns the whole microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix_micros(self) -> i64 {
        i64::try_from(self.0.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
    }

    /// Returns the time `duration` earlier, or the first representable one.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        let earlier =
            time::Duration::try_from(duration).ok().and_then(|duration| self.0.checked_sub(duration));
        Self(earlier.unwrap_or(time::PrimitiveDateTime::MIN.assume_utc()))
    }

    /// Returns nanoseconds since 1970-01-01T00:00:00Z, or the nearest number.
    #[must_use]
    pub fn unix_nanos(self) -> i64 {
        let nanos = self.0.unix_timestamp_nanos();
        i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
    }

    /// Returns the time that lies `micros` microseconds after 1970-01-01T00:00:00Z, or the nearest representable one.
    #[must_use]
    pub fn from_unix_micros(micros: i64) -> Self {
        let nanos = i128::from(micros) * 1_000;
        Self(OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(if micros < 0 {
            time::PrimitiveDateTime::MIN.assume_utc()
        } else {
            time::PrimitiveDateTime::MAX.assume_utc()
        }))
    }

    /// Returns the time `duration` later, or the last representable one.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let later = time::Duration::try_from(duration).ok().and_then(|d| self.0.checked_add(d));
        Self(later.unwrap_or(self.0))
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let time = OffsetDateTime::from(time);
        let micros = time.microsecond();
        Self(time.replace_microsecond(micros).unwrap_or(time))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Ok(year @ 0..=9999) = u32::try_from(self.0.year()) {
            let (hour, minute, second, micros) = self.0.time().as_hms_micro();
            let fields = [
                (year, 4),
                (u32::from(u8::from(self.0.month())), 2),
                (self.0.day().into(), 2),
                (hour.into(), 2),
                (minute.into(), 2),
                (second.into(), 2),
                (micros, 6),
            ];
            return write_fields(f, &fields);
        }
        let format = time::macros::format_description!(
            "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z"
        );
        f.write_str(&self.0.format(format).map_err(|_| fmt::Error)?)
    }
}

/// Writes numbers of so many digits between their separators: what the general way does, many times faster.
fn write_fields(f: &mut fmt::Formatter<'_>, fields: &[(u32, usize)]) -> fmt::Result {
    let mut text = *b"0000-00-00T00:00:00.000000Z";
    let mut end = 0;
    for (number, digits) in fields {
        let mut number = *number;
        for at in (end..end + digits).rev() {
            text[at] = b'0' + u8::try_from(number % 10).unwrap_or(0);
            number /= 10;
        }
        end += digits + 1;
    }
    f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({self})")
    }
}

impl FromStr for Timestamp {
    type Err = BadTimestamp;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        OffsetDateTime::parse(text, &Rfc3339)
            .map(|time| Self(time.to_offset(time::UtcOffset::UTC)))
            .map_err(|_| BadTimestamp(text.to_owned()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Reads the text form without a copy of it.
struct FromText;

impl serde::de::Visitor<'_> for FromText {
    type Value = Timestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an RFC 3339 timestamp")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Timestamp, E> {
        text.parse().map_err(E::custom)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(FromText)
    }
}

impl schemars::JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date-time" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_of_any_length_have_a_text_form() {
        for text in ["0007-01-02T03:04:05.000006Z", "9999-12-31T23:59:59.999999Z"] {
            assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), text);
        }
        assert!(Timestamp::from_unix_micros(i64::MIN).to_string().starts_with('-'));
    }

    #[test]
    fn text_form_is_utc_with_microseconds() {
        let time: Timestamp = "2026-11-20T11:00:00.5+01:00".parse().unwrap();
        assert_eq!(time.to_string(), "2026-11-20T10:00:00.500000Z");
        assert_eq!(time.plus(Duration::from_secs(60)).to_string(), "2026-11-20T10:01:00.500000Z");
        assert_eq!(Timestamp::from_unix_micros(time.unix_micros()), time);
        assert!(Timestamp::from_unix_micros(i64::MAX) > time && Timestamp::from_unix_micros(i64::MIN) < time);
    }
}
