//! Decimal128 as text (IEEE 754-2008 with binary integer coefficients; BSON specification, "Decimal128 Specification").

/// The largest coefficient has 34 digits; what is larger stands for zero.
const LARGEST: u128 = 10_u128.pow(34) - 1;

/// The exponent that is written as 0.
const BIAS: i64 = 6176;

/// The number's text.
pub fn text(bytes: [u8; 16]) -> String {
    let bits = u128::from_le_bytes(bytes);
    let sign = if bits >> 127 == 1 { "-" } else { "" };
    match (bits >> 122) & 0x1f {
        0x1f => return "NaN".to_owned(),
        0x1e => return format!("{sign}Infinity"),
        _ => {}
    }
    let large = (bits >> 125) & 3 == 3;
    let (shift, coefficient) = if large { (111, 0) } else { (113, bits & ((1 << 113) - 1)) };
    let digits = if coefficient > LARGEST { "0".to_owned() } else { coefficient.to_string() };
    let exponent = i64::try_from((bits >> shift) & 0x3fff).unwrap_or(0) - BIAS;
    let count = i64::try_from(digits.len()).unwrap_or(0);
    let adjusted = exponent + count - 1;
    if exponent > 0 || adjusted < -6 {
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        return format!("{sign}{first}{point}{rest}E{adjusted:+}");
    }
    let places = usize::try_from(-exponent).unwrap_or(0);
    if places == 0 {
        return format!("{sign}{digits}");
    }
    let padded = format!("{digits:0>width$}", width = places + 1);
    let (whole, part) = padded.split_at(padded.len() - places);
    format!("{sign}{whole}.{part}")
}

/// The number of a text; none if it isn't one, or can't be kept without rounding.
pub fn parse(text: &str) -> Option<[u8; 16]> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (1_u128 << 127, rest),
        None => (0, text.strip_prefix('+').unwrap_or(text)),
    };
    match rest {
        "NaN" => return Some((0x1f_u128 << 122).to_le_bytes()),
        "Infinity" | "inf" => return Some((sign | 0x1e_u128 << 122).to_le_bytes()),
        _ => {}
    }
    let (number, exponent) = match rest.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, exponent.parse::<i64>().ok()?),
        None => (rest, 0),
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let digits = format!("{whole}{part}");
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    let coefficient: u128 = digits.parse().ok().filter(|number| is_number && *number <= LARGEST)?;
    let places = i64::try_from(part.len()).ok()?;
    let biased = u128::try_from(exponent.checked_sub(places)?.checked_add(BIAS)?).ok()?;
    // 12,287 is the largest exponent.
    (biased <= 12_287).then(|| (sign | biased << 113 | coefficient).to_le_bytes())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn number(sign: u128, exponent: i64, coefficient: u128) -> String {
        let exponent = u128::try_from(exponent + BIAS).unwrap_or(0);
        text((sign << 127 | exponent << 113 | coefficient).to_le_bytes())
    }

    #[test]
    fn numbers_are_written_as_the_specification_does() {
        assert_eq!(number(0, -1, 11), "1.1");
        assert_eq!(number(1, -2, 110), "-1.10");
        assert_eq!(number(0, 0, 0), "0");
        assert_eq!(number(0, -3, 1), "0.001");
        assert_eq!(number(0, 3, 12), "1.2E+4");
        assert_eq!(number(0, -8, 1), "1E-8");
        assert_eq!(text((0x1f_u128 << 122).to_le_bytes()), "NaN");
        for written in ["1.1", "-1.10", "0", "0.001", "1.2E+4", "1E-8", "-0E+3", "NaN", "-Infinity", "0E-6176"] {
            assert_eq!(text(parse(written).unwrap()), written);
        }
        for wrong in ["", "x", "1.x", "1E", "99999999999999999999999999999999999", "1E+99999", "1..2"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
        assert_eq!(text((0x3e_u128 << 122).to_le_bytes()), "-Infinity");
    }
}
