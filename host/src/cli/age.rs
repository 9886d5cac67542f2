//! Periods on the command line, where a day has 24 hours.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};

/// "26h", "90m", "30d", "2w", "1d 12h".
pub(super) fn age(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} isn't a period of time; write it like 26h, 30d or 2w");
    let span: Span = text.parse().map_err(|_| wrong())?;
    let signed = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| wrong())?;
    Duration::try_from(signed).ok().filter(|period| !period.is_zero()).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_read_as_people_write_them() {
        for (text, hours) in [
            ("26h", Some(26)),
            ("30d", Some(720)),
            ("2w", Some(336)),
            ("1d 12h", Some(36)),
            ("1 month", None),
            ("0h", None),
            ("-1h", None),
            ("26", None),
            ("soon", None),
        ] {
            assert_eq!(age(text).ok().map(|period| period.as_secs() / 3600), hours, "{text}");
        }
    }
}
