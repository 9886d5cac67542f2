//! Comparing numbers of four types as one kind of number (MongoDB manual, "Comparison/Sort Order": numbers are compared
//! by value, whatever their type).

use std::cmp::Ordering;

/// Whether a type byte is a number's.
#[must_use]
pub fn is_number(tag: u8) -> bool {
    matches!(tag, 0x01 | 0x10 | 0x12 | 0x13)
}

/// The value of a double, int32 or int64, cut to an integer.
#[must_use]
pub fn as_i64(tag: u8, value: &[u8]) -> Option<i64> {
    match tag {
        0x10 => Some(i32::from_le_bytes(*value.first_chunk()?).into()),
        0x12 => Some(i64::from_le_bytes(*value.first_chunk()?)),
        #[expect(clippy::cast_possible_truncation, reason = "saturates, as the server's safeNumberLong does")]
        0x01 => Some(f64::from_le_bytes(*value.first_chunk()?) as i64),
        _ => None,
    }
}

/// The value of a double, int32 or int64.
#[must_use]
pub fn as_f64(tag: u8, value: &[u8]) -> Option<f64> {
    match tag {
        0x01 => Some(f64::from_le_bytes(*value.first_chunk()?)),
        #[expect(clippy::cast_precision_loss, reason = "what the server does, too")]
        _ => as_i64(tag, value).map(|integer| integer as f64),
    }
}

/// A number with 34 digits: the precision of decimal128, to which the server takes everything that it compares with one.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Number {
    Nan,
    Infinite { negative: bool },
    Finite { negative: bool, digits: u128, exponent: i32 },
}

/// Compares two numbers; NaN is the lowest and equal to itself.
pub(super) fn compare(left: (u8, &[u8]), right: (u8, &[u8])) -> Ordering {
    if left.0 == right.0 && left.0 != 0x13 {
        return match (as_i64(left.0, left.1), as_i64(right.0, right.1)) {
            _ if left.0 == 0x01 => compare_doubles(left.1, right.1),
            (left, right) => left.cmp(&right),
        };
    }
    Number::of(left).compare(Number::of(right))
}

fn compare_doubles(left: &[u8], right: &[u8]) -> Ordering {
    let (left, right) = (as_f64(0x01, left).unwrap_or(f64::NAN), as_f64(0x01, right).unwrap_or(f64::NAN));
    left.partial_cmp(&right).unwrap_or_else(|| right.is_nan().cmp(&left.is_nan()))
}

impl Number {
    fn of((tag, value): (u8, &[u8])) -> Self {
        match tag {
            0x13 => value.first_chunk().map_or(Self::Nan, |bytes| decimal128(u128::from_le_bytes(*bytes))),
            0x01 => as_f64(tag, value).map_or(Self::Nan, double),
            _ => {
                let integer = as_i64(tag, value).unwrap_or_default();
                Self::finite(integer < 0, integer.unsigned_abs().into(), 0)
            }
        }
    }

    fn finite(negative: bool, mut digits: u128, mut exponent: i32) -> Self {
        if digits == 0 {
            return Self::Finite { negative: false, digits: 0, exponent: 0 };
        }
        while digits.is_multiple_of(10) {
            digits /= 10;
            exponent += 1;
        }
        Self::Finite { negative, digits, exponent }
    }

    /// -2 for NaN up to 2 for infinity, and finite numbers by their sign.
    fn class(self) -> i8 {
        match self {
            Self::Nan => -3,
            Self::Infinite { negative } => {
                if negative {
                    -2
                } else {
                    2
                }
            }
            Self::Finite { digits: 0, .. } => 0,
            Self::Finite { negative, .. } => {
                if negative {
                    -1
                } else {
                    1
                }
            }
        }
    }

    fn compare(self, other: Self) -> Ordering {
        let by_class = self.class().cmp(&other.class());
        match (self, other) {
            (Self::Finite { negative, digits, exponent }, Self::Finite { digits: others, exponent: power, .. })
                if by_class.is_eq() && digits != 0 =>
            {
                let magnitude = i64::from(exponent) + i64::from(digits.ilog10());
                let theirs = i64::from(power) + i64::from(others.ilog10());
                let larger = magnitude.cmp(&theirs).then_with(|| left_aligned(digits).cmp(&left_aligned(others)));
                if negative { larger.reverse() } else { larger }
            }
            _ => by_class,
        }
    }
}

/// With 38 digits, so that numbers of one magnitude compare like text.
fn left_aligned(digits: u128) -> u128 {
    digits.saturating_mul(10_u128.pow(37_u32.saturating_sub(digits.ilog10())))
}

/// Rust writes the exact digits of a double; the first 34 are taken.
fn double(value: f64) -> Number {
    if value.is_nan() {
        return Number::Nan;
    }
    if value.is_infinite() {
        return Number::Infinite { negative: value < 0.0 };
    }
    let text = format!("{:.33e}", value.abs());
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits = digits.replace('.', "").parse().unwrap_or_default();
    Number::finite(value < 0.0, digits, exponent.parse::<i32>().unwrap_or_default() - 33)
}

/// IEEE 754-2008 decimal128 with a binary significand, as in the BSON specification.
fn decimal128(bits: u128) -> Number {
    let negative = bits >> 127 == 1;
    match (bits >> 122) & 0b1_1111 {
        0b1_1111 => Number::Nan,
        0b1_1110 => Number::Infinite { negative },
        // These significands are larger than 34 digits, which the standard makes zero.
        combination if combination >> 3 == 0b11 => Number::finite(false, 0, 0),
        _ => {
            let exponent = i32::try_from((bits >> 113) & 0x3FFF).unwrap_or_default() - 6176;
            Number::finite(negative, bits & ((1 << 113) - 1), exponent)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn double_of(value: f64) -> (u8, Vec<u8>) {
        (0x01, value.to_le_bytes().to_vec())
    }

    fn decimal_of(text: &str) -> (u8, Vec<u8>) {
        (0x13, text.parse::<bson::Decimal128>().unwrap().bytes().to_vec())
    }

    #[test]
    fn numbers_compare_by_value_whatever_their_type() {
        let ascending = [
            double_of(f64::NAN),
            decimal_of("-Infinity"),
            double_of(f64::MIN),
            (0x12, i64::MIN.to_le_bytes().to_vec()),
            decimal_of("-1.5"),
            (0x10, (-1_i32).to_le_bytes().to_vec()),
            double_of(0.0),
            decimal_of("1E-6176"),
            decimal_of("0.1"),
            double_of(0.1),
            double_of(9_007_199_254_740_992.0),
            (0x12, 9_007_199_254_740_993_i64.to_le_bytes().to_vec()),
            decimal_of("9007199254740993.5"),
            double_of(f64::INFINITY),
        ];
        for (i, left) in ascending.iter().enumerate() {
            for (j, right) in ascending.iter().enumerate() {
                assert_eq!(compare((left.0, &left.1), (right.0, &right.1)), i.cmp(&j), "{left:?} and {right:?}");
            }
        }
    }

    #[test]
    fn zeros_and_equal_values_of_several_types_are_equal() {
        for (left, right) in [
            (double_of(-0.0), (0x10, 0_i32.to_le_bytes().to_vec())),
            (decimal_of("1.50"), double_of(1.5)),
            ((0x12, 7_i64.to_le_bytes().to_vec()), decimal_of("7.000")),
        ] {
            assert_eq!(compare((left.0, &left.1), (right.0, &right.1)), Ordering::Equal);
        }
    }
}
