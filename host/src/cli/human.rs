//! Numbers and times for people.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Bytes in decimal units with three digits at most: "999 B", "1.2 GB", "512 MB".
#[must_use]
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64;
    let mut unit = "B";
    for larger in UNITS {
        // 999.5 and above would be shown as 1000.
        if value < 999.5 {
            break;
        }
        value /= 1000.0;
        unit = larger;
    }
    if value < 9.95 { format!("{value:.1} {unit}") } else { format!("{value:.0} {unit}") }
}

/// A number with its digits in groups: "12,345".
#[must_use]
pub fn count(number: u64) -> String {
    indicatif::HumanCount(number).to_string()
}

/// A number of things: "1 unit", "12,345 units".
#[must_use]
pub fn several(number: u64, thing: &str) -> String {
    format!("{} {thing}{}", count(number), if number == 1 { "" } else { "s" })
}

/// Bytes in a second: "85 MB/s".
#[must_use]
pub fn rate(bytes: u64, time: Duration) -> String {
    let seconds = time.as_secs_f64();
    let rate = if seconds > 0.0 { bytes as f64 / seconds } else { 0.0 };
    format!("{}/s", size(rate as u64))
}

/// "0.4 s", "14 s", "3 min 05 s", "2 h 03 min".
#[must_use]
pub fn period(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// A moment in this machine's time zone: "2026-01-31 23:59:59+01:00", RFC 3339 with a space.
#[must_use]
pub fn time(moment: Timestamp) -> String {
    time_in(moment, TimeZone::system())
}

fn time_in(moment: Timestamp, zone: TimeZone) -> String {
    moment.to_zoned(zone).strftime("%F %T%:z").to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn sizes_have_at_most_three_digits() {
        for (bytes, shown) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (1_234_567_890, "1.2 GB"),
            (9_949_999, "9.9 MB"),
            (9_960_000, "10 MB"),
            (512_000_000, "512 MB"),
            (999_499_999, "999 MB"),
            (999_500_000, "1.0 GB"),
            (u64::MAX, "18 EB"),
        ] {
            assert_eq!(size(bytes), shown);
        }
    }

    #[test]
    fn periods_are_as_exact_as_they_need_to_be() {
        for (milliseconds, shown) in
            [(440, "0.4 s"), (14_900, "14 s"), (185_000, "3 min 05 s"), (7_380_000, "2 h 03 min")]
        {
            assert_eq!(period(Duration::from_millis(milliseconds)), shown);
        }
    }

    #[test]
    fn a_rate_over_no_time_is_no_rate() {
        assert_eq!(rate(100, Duration::ZERO), "0 B/s");
        assert_eq!(rate(170_000_000, Duration::from_secs(2)), "85 MB/s");
    }

    #[test]
    fn times_carry_their_offset() {
        let moment = "2026-01-31T22:59:59Z".parse().unwrap();
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        assert_eq!(time_in(moment, zone), "2026-01-31 23:59:59+01:00");
    }
}
