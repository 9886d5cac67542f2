//! Exit codes. They are part of the interface: scripts decide by them.

use crate::error::Error;

/// Done.
pub const OK: u8 = 0;
/// It failed, for a reason that has no code of its own.
pub const FAILED: u8 = 1;
/// The command line or the configuration can't be used.
pub const USAGE: u8 = 2;
/// Something that was named isn't there, or we were refused: a wrong password, a missing right.
pub const REFUSED: u8 = 3;
/// A server can't be reached, or was lost.
pub const UNREACHABLE: u8 = 4;
/// Data isn't what it must be.
pub const CORRUPT: u8 = 5;
/// A backup is missing or too old.
pub const STALE: u8 = 6;
/// It was done with `--keep-going`, and something of it failed.
pub const PARTIAL: u8 = 7;
/// Stopped by Ctrl-C or SIGTERM: what a shell reports of an interrupted program.
pub const CANCELLED: u8 = 130;

/// The table for the help.
pub const HELP: &str = "\
Exit codes:
    0  done
    1  failed
    2  the command line or the configuration can't be used
    3  not found, or refused: a wrong password, a missing right
    4  a server can't be reached, or was lost
    5  corrupt data was found
    6  a backup is missing or too old (`status`)
    7  it was done in part: something failed, and --keep-going went on
  130  stopped by Ctrl-C or SIGTERM";

/// The exit code that tells of this error.
#[must_use]
pub fn code(error: &Error) -> u8 {
    match error.code() {
        "invalid-options" => USAGE,
        "not-found" | "permission-denied" | "authentication-failed" => REFUSED,
        "unreachable" => UNREACHABLE,
        "corrupt" => CORRUPT,
        "stale" => STALE,
        "partial" => PARTIAL,
        "cancelled" => CANCELLED,
        _ => FAILED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_error_has_its_exit_code() {
        for (error, exit) in [
            ("invalid-options", 2),
            ("unsupported", 1),
            ("not-found", 3),
            ("already-exists", 1),
            ("permission-denied", 3),
            ("authentication-failed", 3),
            ("unreachable", 4),
            ("conflict", 1),
            ("corrupt", 5),
            ("cancelled", 130),
            ("storage", 1),
            ("plugin", 1),
            ("stale", 6),
            ("partial", 7),
            ("internal", 1),
        ] {
            assert_eq!(code(&Error::from_code(error, "x")), exit, "{error}");
        }
    }

    #[test]
    fn the_help_tells_every_code() {
        for code in [OK, FAILED, USAGE, REFUSED, UNREACHABLE, CORRUPT, STALE, PARTIAL, CANCELLED] {
            assert!(HELP.lines().any(|line| line.trim_start().starts_with(&format!("{code}  "))), "{code}");
        }
    }
}
