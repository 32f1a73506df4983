//! Durations of ISO 8601 (`PT36H05M01.5S`) as spreadsheets show them (ODF 1.3 part 3, 19.382).

/// Returns a duration in hours, minutes and seconds (`36:05:01.5`), the seconds cut to whole ones if asked for; `None`
/// for anything else.
pub(super) fn show(text: &str, in_whole_seconds: bool) -> Option<String> {
    let (sign, rest) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let rest = rest.strip_prefix('P')?;
    let (days, time) = rest.split_once('T').unwrap_or((rest, ""));
    let days: u64 = match days.strip_suffix('D') {
        Some(days) => days.parse().ok()?,
        None if days.is_empty() => 0,
        None => return None,
    };
    let (mut hours, mut minutes, mut seconds) = (0u64, 0u64, "0");
    let mut rest = time;
    while let Some(at) = rest.find(|c: char| !c.is_ascii_digit() && c != '.') {
        let (number, tail) = rest.split_at(at);
        match tail.as_bytes().first()? {
            b'H' => hours = number.parse().ok()?,
            b'M' => minutes = number.parse().ok()?,
            b'S' => seconds = number,
            _ => return None,
        }
        rest = tail.get(1..)?;
    }
    if !rest.is_empty() {
        return None;
    }
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let whole: u64 = whole.parse().ok()?;
    let total = days.checked_mul(24)?.checked_add(hours)?.checked_mul(3600)?;
    let total = total.checked_add(minutes.checked_mul(60)?)?.checked_add(whole)?;
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // Spreadsheet programs cut times, they do not round them.
    let fraction = if in_whole_seconds { "" } else { fraction.trim_end_matches('0') };
    let dot = if fraction.is_empty() { "" } else { "." };
    let (hours, minutes, seconds) = (total / 3600, total / 60 % 60, total % 60);
    Some(format!("{sign}{hours:02}:{minutes:02}:{seconds:02}{dot}{fraction}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_shown_in_hours() {
        for (text, shown) in [
            ("PT12H30M05S", Some("12:30:05")),
            ("PT36H05M01.500S", Some("36:05:01.5")),
            ("P1DT1H", Some("25:00:00")),
            ("-PT1M", Some("-00:01:00")),
            ("PT00H00M00.000000000S", Some("00:00:00")),
            ("PT", Some("00:00:00")),
            ("P1Y", None),
            ("PT1X", None),
            ("PT1", None),
            ("PT1.2.3S", None),
            ("12:00", None),
            ("PT99999999999999999999H", None),
        ] {
            assert_eq!(show(text, false).as_deref(), shown, "{text}");
        }
        assert_eq!(show("PT1M59.956S", true).as_deref(), Some("00:01:59"));
    }
}
