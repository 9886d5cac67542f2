//! Sizes and periods as people write them.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A number of bytes: "256 MiB", "1.5 GB", "4096 B".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "u64")]
pub struct Size(u64);

impl Size {
    /// In bytes.
    #[must_use]
    pub fn bytes(self) -> u64 {
        self.0
    }
}

impl From<Size> for u64 {
    fn from(size: Size) -> Self {
        size.0
    }
}

const UNITS: [(&str, u64); 9] = [
    ("b", 1),
    ("kb", 1000),
    ("mb", 1000 * 1000),
    ("gb", 1000 * 1000 * 1000),
    ("tb", 1000 * 1000 * 1000 * 1000),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
];

impl TryFrom<String> for Size {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("{text:?} isn't a size\nhint: write it like \"256 MiB\" or \"1.5 GB\"");
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let unit = unit.trim().to_ascii_lowercase();
        let factor = UNITS.iter().find(|(u, _)| *u == unit).map(|(_, f)| *f).ok_or_else(wrong)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let whole: u64 = whole.parse().map_err(|_| wrong())?;
        let places = u32::try_from(fraction.len()).ok().filter(|p| (1..=9).contains(p)).ok_or_else(wrong)?;
        let fraction: u64 = fraction.parse().map_err(|_| wrong())?;
        // At most 9 digits times 2^40 fits.
        let part = fraction * factor / 10_u64.pow(places);
        whole.checked_mul(factor).and_then(|w| w.checked_add(part)).map(Self).ok_or_else(wrong)
    }
}

/// A period of time: "24h", "90s", "1h 30m".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Period(Duration);

impl Period {
    /// As a duration, never zero.
    #[must_use]
    pub fn duration(self) -> Duration {
        self.0
    }
}

impl TryFrom<String> for Period {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("{text:?} isn't a period of time\nhint: write it like \"24h\", \"90s\" or \"1h 30m\"");
        let signed: jiff::SignedDuration = text.parse().map_err(|_| wrong())?;
        let period = Duration::try_from(signed).map_err(|_| wrong())?;
        if period.is_zero() { Err(wrong()) } else { Ok(Self(period)) }
    }
}

impl fmt::Debug for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Period({:?})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, bytes) in [
            ("256 MiB", Some(256 << 20)),
            ("256MiB", Some(256 << 20)),
            ("1.5 GB", Some(1_500_000_000)),
            ("1.5 gib", Some(3 << 29)),
            ("4096 B", Some(4096)),
            ("0 B", Some(0)),
            ("256", None),
            ("", None),
            ("MiB", None),
            ("1. MiB", None),
            ("1.2.3 MiB", None),
            ("-1 MiB", None),
            ("1.0000000000 B", None),
            ("99999999999 TiB", None),
            ("256 mebibytes", None),
        ] {
            assert_eq!(Size::try_from(text.to_owned()).ok().map(Size::bytes), bytes, "{text}");
        }
    }

    #[test]
    fn periods_are_read_as_people_write_them() {
        for (text, seconds) in [
            ("24h", Some(86_400)),
            ("90s", Some(90)),
            ("1h 30m", Some(5_400)),
            ("1h30m", Some(5_400)),
            ("10 minutes", Some(600)),
            ("0s", None),
            ("-1h", None),
            ("90", None),
            ("", None),
            ("soon", None),
        ] {
            let read = Period::try_from(text.to_owned()).ok().map(|p| p.duration().as_secs());
            assert_eq!(read, seconds, "{text}");
        }
    }
}
