//! How long a server asks to wait.
//!
//! What is negative, past or unreadable counts as absent. A date is compared with the answer's own `Date`, not with
//! our clock; without one it is unreadable. Of the three forms of dates only the one that servers must generate is
//! read (RFC 9110, sections 5.6.7 and 10.2.3).

use std::time::Duration;

use reqwest::header::HeaderMap;
use time::PrimitiveDateTime;
use time::macros::format_description;

/// Reads `retry-after-ms`, then `retry-after` in seconds or as a date.
#[must_use]
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    if let Some(wait) = text("retry-after-ms").and_then(|ms| positive(ms, 0.001)) {
        return Some(wait);
    }
    let value = text("retry-after")?;
    positive(value, 1.0).or_else(|| {
        let wait = date(value)? - date(text("date")?)?;
        Duration::try_from(wait).ok().filter(|wait| !wait.is_zero())
    })
}

fn positive(text: &str, unit_seconds: f64) -> Option<Duration> {
    let number: f64 = text.parse().ok()?;
    Duration::try_from_secs_f64(number * unit_seconds).ok().filter(|wait| !wait.is_zero())
}

/// Reads a date such as `Sun, 06 Nov 1994 08:49:37 GMT`.
#[must_use]
pub fn date(text: &str) -> Option<time::OffsetDateTime> {
    let format = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    PrimitiveDateTime::parse(text, format).ok().map(PrimitiveDateTime::assume_utc)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&'static str, &str)]) -> Option<Duration> {
        let pairs = pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        retry_after(&pairs.collect::<HeaderMap>())
    }

    #[test]
    fn reads_milliseconds_seconds_and_dates() {
        let now = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        for (pairs, expected) in [
            (&[("retry-after", "7")][..], Some(7_000)),
            (&[("retry-after", " 0.25 ")], Some(250)),
            (&[("retry-after", "7"), ("retry-after-ms", "150")], Some(150)),
            (&[("retry-after", "7"), ("retry-after-ms", "soon")], Some(7_000)),
            (&[("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT"), now], Some(30_000)),
            (&[("retry-after", "Sun, 06 Nov 1994 08:49:07 GMT"), now], None),
            (&[("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT")], None),
            (&[("retry-after", "-3")], None),
            (&[("retry-after", "0")], None),
            (&[("retry-after", "inf")], None),
            (&[("retry-after", "NaN")], None),
            (&[("retry-after", "1e300")], None),
            (&[("retry-after", "soon")], None),
            (&[], None),
        ] {
            assert_eq!(read(pairs), expected.map(Duration::from_millis), "{pairs:?}");
        }
    }
}
