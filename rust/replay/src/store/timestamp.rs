//! Times as records have them: ISO 8601 text, with or without a zone.

/// Microseconds since 1970 of an ISO 8601 text; a text without zone is taken as UTC, as upstream does for durations.
pub fn parse_timestamp(text: &str) -> Option<i64> {
    let number = |part: &str| -> Option<i64> {
        (!part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse().ok())?
    };
    if !text.is_ascii() || text.len() < 16 {
        return None;
    }
    let (date, rest) = text.split_at(10);
    let rest = rest.strip_prefix(['T', ' '])?;
    let mut parts = date.splitn(3, '-');
    let (year, month, day) = (number(parts.next()?)?, number(parts.next()?)?, number(parts.next()?)?);
    let zone_at = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at(zone_at);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let mut parts = clock.splitn(3, ':');
    let (hour, minute) = (number(parts.next()?)?, number(parts.next()?)?);
    let second = parts.next().map_or(Some(0), number)?;
    let micros = match fraction {
        "" => 0,
        _ => number(fraction).and_then(|_| number(&format!("{fraction:0<6}")[..6]))?,
    };
    let offset_minutes = match zone {
        "" | "Z" => 0,
        _ => {
            let sign = if zone.starts_with('-') { -1 } else { 1 };
            let (hours, minutes) = match zone[1..].split_once(':') {
                Some(parts) => parts,
                None => (zone.get(1..3)?, zone.get(3..).filter(|text| !text.is_empty()).unwrap_or("0")),
            };
            sign * (number(hours)? * 60 + number(minutes)?)
        }
    };
    let valid = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 61;
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3600 + (minute - offset_minutes) * 60 + second;
    valid.then_some(seconds * 1_000_000 + micros)
}

/// Days from 1970-01-01 in the Gregorian calendar; years are taken to begin in March, so that leap days come last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

/// Microseconds since 1970 as text in UTC without a zone, as Python's `isoformat` writes it: the fraction is left out
/// where it is zero.
pub fn format_timestamp(unix_micros: i64) -> String {
    let (seconds, micros) = (unix_micros.div_euclid(1_000_000), unix_micros.rem_euclid(1_000_000));
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (mut year, mut month, mut day) = (1970 + days.div_euclid(366), 1, 1);
    while days_since_1970(year + 1, 1, 1) <= days {
        year += 1;
    }
    while month < 12 && days_since_1970(year, month + 1, 1) <= days {
        month += 1;
    }
    day += days - days_since_1970(year, month, 1);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    if micros == 0 { text } else { format!("{text}.{micros:06}") }
}

/// The text as Python's `isoformat` would write it: UTC as `+00:00`.
pub(crate) fn iso_column(text: &str) -> String {
    match text.strip_suffix('Z') {
        Some(naive) => format!("{naive}+00:00"),
        None => text.to_owned(),
    }
}

/// Milliseconds between two times, rounded as upstream does: by way of seconds in double precision.
pub(crate) fn duration_ms(from: &str, to: &str) -> Option<i64> {
    let micros = parse_timestamp(to)? - parse_timestamp(from)?;
    Some((micros as f64 / 1e6 * 1000.0) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips() {
        for micros in [0, 1, 951_782_399_999_999, 951_782_400_000_000, 1_795_346_306_627_105, -1, 4_102_444_800_000_000]
        {
            let text = format_timestamp(micros);
            assert_eq!(parse_timestamp(&text), Some(micros), "{text}");
        }
        assert_eq!(format_timestamp(951_782_400_000_000), "2000-02-29T00:00:00");
        assert_eq!(format_timestamp(1_795_346_306_627_105), "2026-11-22T11:18:26.627105");
    }

    #[test]
    fn zones_and_short_forms_are_read() {
        let base = parse_timestamp("2026-11-22T11:18:26");
        for text in
            ["2026-11-22T11:18:26Z", "2026-11-22 12:18:26+01:00", "2026-11-22T10:48:26-0030", "2026-11-22T11:18:26.0"]
        {
            assert_eq!(parse_timestamp(text), base, "{text}");
        }
        for text in [
            "",
            "2026-11-22",
            "2026-13-22T11:18:26",
            "2026-11-22T11",
            "2026-11-22T1x:18:26",
            "2026-11-22T11:18:26.123456x",
            "é026-11-22T11:18",
        ] {
            assert_eq!(parse_timestamp(text), None, "{text}");
        }
    }

    #[test]
    fn duration_is_cut_to_milliseconds() {
        assert_eq!(duration_ms("2026-11-22T11:18:26.627105", "2026-11-22T11:18:29.032445"), Some(2405));
    }
}
