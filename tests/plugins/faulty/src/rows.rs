//! The rows of a unit, the same whenever they are asked for.

use std::fmt::Write as _;

/// The units that hold rows. The first is small enough to wait between host and plugin as a whole, the last isn't.
pub const UNITS: [(&str, usize); 3] = [("data/few", 3), ("data/some", 5_000), ("data/many", 200_000)];

/// What the unit that holds no rows says.
pub const SCHEMA: &[u8] = b"these are rows";

/// The rows of a unit, each with its line feed.
pub fn of(unit: &str) -> Vec<u8> {
    let rows = UNITS.iter().find(|(name, _)| *name == unit).map_or(0, |(_, rows)| *rows);
    let mut text = String::new();
    for row in 0..rows {
        // Writing into a String can't fail.
        let _ = writeln!(text, "{unit}\trow {row}");
    }
    text.into_bytes()
}

/// How many they are.
pub fn count(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}
